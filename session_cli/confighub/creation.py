"""Spaces and Units, created once: what is there already is found and not created again."""

from __future__ import annotations

from typing import NamedTuple

from session_cli.confighub import inventory
from session_cli.confighub.cub import (
    Cub,
    CubFailed,
    Exists,
    NoAnswer,
    NotLoggedIn,
    in_space,
    text_at,
)
from session_cli.workflow.units import is_made_of, made_of, names_workload

CREATED, FOUND = "created", "found"
# what ConfigHub does with a new Unit may take long, and fail: it is there by then
AT_ONCE = "--wait=false"


class Creation(NamedTuple):
    """CREATED or FOUND, and what cub complained of all the same."""

    how: str
    remark: str = ""


def ensure_space(cub: Cub, slug: str) -> str:
    """CREATED or FOUND, once there is a space of that slug."""
    if slug in inventory.spaces(cub):
        return FOUND
    try:
        cub.ask("space", "create", slug)
    except Exists:
        return FOUND
    except NoAnswer:
        if slug not in inventory.spaces(cub):
            raise
    return CREATED


def create_unit(
    cub: Cub, space: str, slug: str, labels: dict[str, str], manifest: bytes
) -> Creation:
    """What became of it, once there is a Unit of that slug; a failure is looked into.

    Refuses (Exists) when a Unit of that slug holds another workload, or may do so.
    """
    words = [word for key, text in labels.items() for word in ("--label", f"{key}={text}")]
    call = ("unit", "create", *in_space(space), *words, slug, "-")
    try:
        answer = cub.ask(*call, stdin=manifest, wishes=(AT_ONCE,))
        if text_at(answer, "Slug") or text_at(answer, "Unit", "Slug"):
            return Creation(CREATED)
        raise CubFailed(f"'cub unit create' did not say which Unit it created for {slug}")
    except NotLoggedIn:
        raise
    except CubFailed as error:
        return _created_all_the_same(cub, space, slug, labels, error)


def _created_all_the_same(
    cub: Cub, space: str, slug: str, labels: dict[str, str], error: CubFailed
) -> Creation:
    """How it came to be there, if it is; else why it could not be created."""
    try:
        found = inventory.unit(cub, space, slug)
    except CubFailed:
        raise error from None
    if not found:
        raise error
    told = found.labels or {}
    is_same = is_made_of(told, labels)
    if isinstance(error, Exists):
        if is_same:
            return Creation(FOUND)
    # we looked a moment ago and the name was free, so what labels leave open is ours
    elif names_workload(told) and is_same is not False:
        return Creation(CREATED, _remark(error))
    holder = made_of(told) if names_workload(told) else "which no label tells the workload"
    then = "try again, and it gets another name"
    if names_workload(told) and is_same is None:
        holder += " in a cluster that may be another"
        then = "try again in a terminal, which asks about it"
    raise Exists(
        f"a Unit {slug} is there already, of {holder}; {then}",
        error.said,
        error.all_said,
    )


def _remark(error: CubFailed) -> str:
    return error.said or str(error)
