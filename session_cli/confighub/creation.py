"""Creates spaces and Units in ConfigHub, and never twice: one that already exists is found."""

from __future__ import annotations

from typing import NamedTuple

from session_cli.confighub import inventory
from session_cli.confighub.answers import slug_of
from session_cli.confighub.cub import Cub, CubFailed, Exists, NoAnswer, NotLoggedIn, in_space
from session_cli.workflow.units import is_made_of, made_of, names_workload

CREATED, FOUND = "created", "found"
# without it cub waits for what ConfigHub then does with the new Unit, which may take long, or fail
NO_WAIT = "--wait=false"


class Creation(NamedTuple):
    """CREATED or FOUND, and what cub complained about even so."""

    how: str
    remark: str = ""


def ensure_space(cub: Cub, slug: str) -> str:
    """Makes sure that the space exists; CREATED or FOUND says how."""
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
    """Makes sure that the Unit exists. When cub fails, ConfigHub is asked whether it does.

    Raises Exists when the slug belongs to a Unit of another workload, or may do so.
    """
    words = [word for key, text in labels.items() for word in ("--label", f"{key}={text}")]
    call = ("unit", "create", *in_space(space), *words, slug, "-")
    try:
        answer = cub.ask(*call, stdin=manifest, optional=(NO_WAIT,))
        if slug_of(answer, "Unit"):
            return Creation(CREATED)
        raise CubFailed(f"'cub unit create' printed no Unit for {slug}")
    except NotLoggedIn:
        raise
    except CubFailed as error:
        return _find_after_failure(cub, space, slug, labels, error)


def _find_after_failure(
    cub: Cub, space: str, slug: str, labels: dict[str, str], error: CubFailed
) -> Creation:
    """How the Unit came to exist, if it does; else raises why it could not be created."""
    try:
        found = inventory.unit(cub, space, slug)
    except CubFailed:
        raise error from None
    if not found:
        raise error
    existing = found.labels or {}
    is_same = is_made_of(existing, labels)
    if isinstance(error, Exists):
        if is_same:
            return Creation(FOUND)
    # the slug was free a moment ago, so a Unit whose labels do not contradict ours is ours
    elif names_workload(existing) and is_same is not False:
        return Creation(CREATED, error.reason or str(error))
    raise Exists(
        f"a Unit {slug} already exists, {_describe_conflict(existing, is_same)}",
        error.reason,
        error.stderr,
    )


def _describe_conflict(existing: dict[str, str], is_same: bool | None) -> str:
    """Which workload the Unit is for, as far as its labels say, and what to do about it."""
    if not names_workload(existing):
        return "and its labels do not say for which workload; try again to give ours another name"
    if is_same is None:
        return (
            f"for {made_of(existing)} in a cluster that may be another one;"
            " resume the import in a terminal to decide"
        )
    return f"for {made_of(existing)}; try again to give ours another name"
