"""Surveys what ConfigHub has for the person who is logged in.

The result is the connection state, the member `confighub` of a state document: the login, the
spaces, their workers and targets, when they were asked for, and why the last attempt failed. Units
are not in it, for there may be thousands: those of a space are asked for when it is opened.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from session_cli.confighub import inventory
from session_cli.confighub.answers import count_at, rows_in, slug_of, total_at
from session_cli.confighub.connection import check_login
from session_cli.confighub.cub import Cub, CubFailed, NoAnswer, NotLoggedIn
from session_cli.confighub.hub_state import HubState
from session_cli.errors import BadInput, SessionError
from session_cli.processes import NotInstalled
from session_cli.progress import Progress
from session_cli.words import counted

# one worker or target, as it is saved
Facts = dict[str, str]

# in DATA, null removes what an earlier survey saved
NOTHING_KNOWN: dict[str, Any] = dict.fromkeys(
    "has_cub authenticated user org org_id server asked_at checked_at problem only partial counts"
    " spaces workers targets".split()
)


class Space(NamedTuple):
    """A space and how many things are in it; None when this release of cub does not say."""

    slug: str
    units: int | None
    workers: int | None
    targets: int | None


def take_survey(cub: Cub, only: str | None, progress: Progress, at: str) -> dict[str, Any]:
    """Asks for the connection state, of every space or of the space `only`; `at` is the time now.

    Workers and targets are asked for space by space; a space that does not let us see them is
    listed under `partial`. BadInput when there is no space of that name.
    """
    login = check_login(cub)
    progress.say(f"logged in as {login.user} of {login.org or login.org_id or 'an organization'}")
    found = [_find_space(cub, only)] if only else _list_spaces(cub)
    progress.say(f"{counted(len(found), 'space')}")
    workers, targets, partial = _ask_each_space(cub, found, progress)
    spaces = [_recount(space, workers, targets) for space in found]
    return {
        **NOTHING_KNOWN,
        **login._asdict(),
        "has_cub": True,
        "authenticated": True,
        "asked_at": at,
        "checked_at": at,
        "only": only,
        "partial": partial or None,
        "counts": {
            "spaces": len(spaces),
            "units": sum(space.units or 0 for space in spaces),
            "workers": len(workers),
            "targets": len(targets),
        },
        "spaces": [space._asdict() for space in spaces],
        "workers": workers,
        "targets": targets,
    }


def _ask_each_space(
    cub: Cub, spaces: list[Space], progress: Progress
) -> tuple[list[Facts], list[Facts], list[str]]:
    """The workers and targets of the spaces, and why some spaces did not show theirs."""
    workers: list[Facts] = []
    targets: list[Facts] = []
    partial: list[str] = []
    for place, space in enumerate(spaces):
        progress.bar(place, len(spaces), f"workers and targets of {space.slug}")
        try:
            if space.workers != 0:
                workers += _worker_facts(cub, space.slug)
            if space.workers != 0 or space.targets != 0:
                targets += _target_facts(cub, space.slug)
        except (NoAnswer, NotLoggedIn):
            raise
        except CubFailed as error:
            partial.append(f"{space.slug}: {error.reason or error}")
            progress.say(f"! partial: {partial[-1]}")
    return workers, targets, partial


def keep_known(known: HubState, error: SessionError, at: str) -> dict[str, Any]:
    """The connection state after a survey that failed: what was known before, and the error."""
    return {
        **NOTHING_KNOWN,
        **known.members,
        "has_cub": not isinstance(error, NotInstalled),
        "authenticated": False if isinstance(error, NotLoggedIn) else None,
        "problem": str(error),
        "asked_at": at,
    }


def list_contents(cub: Cub, space: str, progress: Progress) -> dict[str, Any]:
    """Asks for what is in a space, including its Units."""
    progress.bar(0, 3, f"Units of {space}")
    units = [{"slug": u.slug, "status": u.status} for u in inventory.units(cub, space)]
    progress.bar(1, 3, f"{counted(len(units), 'Unit')}; workers of {space}")
    workers = _worker_facts(cub, space)
    progress.bar(2, 3, f"{counted(len(units), 'Unit')}; targets of {space}")
    targets = _target_facts(cub, space)
    return {"space": space, "units": units, "workers": workers, "targets": targets}


def _list_spaces(cub: Cub) -> list[Space]:
    found = [_space(row) for row in rows_in(cub.ask("space", "list"))]
    return sorted((space for space in found if space.slug), key=lambda space: space.slug)


def _find_space(cub: Cub, slug: str) -> Space:
    try:
        return _space(cub.ask("space", "get", slug))
    except CubFailed as error:
        if "not found" not in error.stderr.lower():
            raise
        raise BadInput(
            f"no space {slug}, or you may not see it; 'cub space list' lists those you can see"
        ) from None


def _space(row: Any) -> Space:
    return Space(
        slug_of(row, "Space"),
        count_at(row, "TotalUnitCount"),
        count_at(row, "TotalBridgeWorkerCount"),
        total_at(row, "TargetCountByToolchainType"),
    )


def _recount(space: Space, workers: list[Facts], targets: list[Facts]) -> Space:
    """The space with the numbers of what was found, which are newer than those in its own row."""

    def number(facts: list[Facts]) -> int:
        return sum(each["space"] == space.slug for each in facts)

    return space._replace(workers=number(workers), targets=number(targets))


def _worker_facts(cub: Cub, space: str) -> list[Facts]:
    return [{"space": space, **each._asdict()} for each in inventory.workers(cub, space)]


def _target_facts(cub: Cub, space: str) -> list[Facts]:
    return [{"space": space, **each._asdict()} for each in inventory.targets(cub, space)]
