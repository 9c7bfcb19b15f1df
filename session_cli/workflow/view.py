"""The view of the cluster that somebody left, as far as it can be come back to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

VIEWS = ("owners", "namespaces", "workloads")


def left_view(state: Mapping[str, Any], context: str) -> tuple[str, ...]:
    """Name, owner, namespace, filter and cursor of the view in a state; empty where there is none.

    In another cluster than it was left in only its name means anything.
    """
    view = state.get("view")
    facts = view if isinstance(view, dict) and view.get("name") in VIEWS else {}
    is_same = facts.get("context") == context
    kept = ("name", "owner", "namespace", "filter", "cursor") if is_same else ("name",)
    texts = (facts.get(key) for key in kept)
    return tuple(text if isinstance(text, str) else "" for text in texts) + ("",) * (5 - len(kept))
