"""Who the hub says that somebody is: by this an account is known again. Pure.

A pin is `{"instance": id of the hub, "org": {"id", "name"}, "user": {"id", "name"}}`. A hub that
moved to another address, or was restored, keeps its instance; names are for people.
"""

from __future__ import annotations

TYPE_CHECKING = False  # typing would cost a start more than all of ours
if TYPE_CHECKING:
    from session_cli.document import Document


def is_same_person(pin: Document | None, other: Document | None) -> bool:
    """Whether two pins are one person in one organization of one hub; names do not count."""
    if pin is None or other is None:
        return False
    return _identity(pin) == _identity(other)


def parse_pin(value: object) -> Document | None:
    """`value` as a pin; None when it is none."""
    if not isinstance(value, dict):
        return None
    org, user = _named(value.get("org")), _named(value.get("user"))
    instance = value.get("instance")
    if not (isinstance(instance, str) and instance and org and user):
        return None
    return {"instance": instance, "org": org, "user": user}


def _identity(pin: Document) -> tuple[object, object, object]:
    return pin["instance"], pin["org"]["id"], pin["user"]["id"]


def _named(value: object) -> Document | None:
    """`{"id", "name"}` of what has both."""
    if not isinstance(value, dict):
        return None
    found = {key: value.get(key) for key in ("id", "name")}
    return found if all(isinstance(each, str) and each for each in found.values()) else None
