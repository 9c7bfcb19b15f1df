"""The view of the cluster that a person left, for `map` to open again."""

from __future__ import annotations

from session_cli.workflow.members import Members
from session_cli.workflow.state import SessionState

VIEWS = ("owners", "namespaces", "workloads")


def saved_view(state: SessionState, context: str) -> tuple[str, ...]:
    """Name, owner, namespace, filter and cursor of the view in a state; "" for each without one.

    In another cluster than the one it was left in, only its name is of use.
    """
    view = Members(state.members.get("view"))
    name = view.text("name")
    if name not in VIEWS:
        return ("",) * 5
    if view.text_or_none("context") != context:
        return name, "", "", "", ""
    others = ("owner", "namespace", "filter", "cursor")
    return name, *(view.text(key) for key in others)
