"""The view of the cluster that somebody left, as far as it can be come back to."""

from __future__ import annotations

from session_cli.workflow.state import Members, SessionState

VIEWS = ("owners", "namespaces", "workloads")


def left_view(state: SessionState, context: str) -> tuple[str, ...]:
    """Name, owner, namespace, filter and cursor of the view in a state; empty where there is none.

    In another cluster than it was left in only its name means anything.
    """
    view = Members(state.members.get("view"))
    name = view.text("name")
    if name not in VIEWS:
        return ("",) * 5
    if view.text_or_none("context") != context:
        return name, "", "", "", ""
    others = ("owner", "namespace", "filter", "cursor")
    return name, *(view.text(key) for key in others)
