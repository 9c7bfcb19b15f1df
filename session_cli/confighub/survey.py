"""What ConfigHub holds for whoever is logged in, as the connection state that is saved of it.

The connection state is the member `confighub` of a state document: facts about the login, the
spaces, their workers and targets, when all that was asked, and why it could not be asked the last
time. It holds no Units, which may be thousands: those of a space are asked when it is opened.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from session_cli.confighub import inventory
from session_cli.confighub.connection import connection
from session_cli.confighub.cub import Cub, CubFailed, NoAnswer, NotLoggedIn, member, rows, text_at
from session_cli.confighub.inventory import Target, Worker
from session_cli.errors import BadInput, SessionError
from session_cli.processes import NotInstalled
from session_cli.progress import Progress
from session_cli.text.hub_overview import Facts, count_of
from session_cli.words import counted

# in the DATA, null takes away what an earlier survey had to say
NOTHING_KNOWN: dict[str, Any] = dict.fromkeys(
    "has_cub authenticated user org org_id server asked_at checked_at problem only partial counts"
    " spaces workers targets".split()
)


class Space(NamedTuple):
    """A space and how many things are in it; None where this release of cub does not say."""

    slug: str
    units: int | None
    workers: int | None
    targets: int | None


def facts_in(state: Mapping[str, Any]) -> Facts:
    """The connection state that a state document holds."""
    facts = state.get("confighub")
    return facts if isinstance(facts, dict) else {}


def taken(cub: Cub, only: str | None, progress: Progress, at: str) -> dict[str, Any]:
    """The connection state as it is now; of the space `only`, if one is named.

    Workers and targets are asked space by space, where there are any: a space that does not let
    us see them is told as partial. BadInput where there is no space of that name.
    """
    login = connection(cub)
    progress.say(f"logged in as {login.user} of {login.org or login.org_id or 'an organization'}")
    found = [_named(cub, only)] if only else _spaces(cub)
    progress.say(f"{counted(len(found), 'space')}")
    workers: list[dict[str, str]] = []
    targets: list[dict[str, str]] = []
    partial: list[str] = []
    for place, space in enumerate(found):
        progress.bar(place, len(found), f"workers and targets of {space.slug}")
        try:
            if space.workers != 0:
                workers += [_told_worker(space.slug, w) for w in inventory.workers(cub, space.slug)]
            if space.workers != 0 or space.targets != 0:
                targets += [_told_target(space.slug, t) for t in inventory.targets(cub, space.slug)]
        except (NoAnswer, NotLoggedIn):
            raise
        except CubFailed as error:
            partial.append(f"{space.slug}: {error.said or error}")
            progress.say(f"! partial: {partial[-1]}")
    spaces = [_with_numbers(space, workers, targets) for space in found]
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


def not_taken(known: Facts, error: SessionError, at: str) -> dict[str, Any]:
    """What is known after ConfigHub could not be asked: all that was before, and why."""
    return {
        **NOTHING_KNOWN,
        **known,
        "has_cub": not isinstance(error, NotInstalled),
        "authenticated": False if isinstance(error, NotLoggedIn) else None,
        "problem": str(error),
        "asked_at": at,
    }


def contents(cub: Cub, space: str, progress: Progress) -> dict[str, Any]:
    """What is in a space, its Units included."""
    progress.bar(0, 3, f"Units of {space}")
    units = [{"slug": u.slug, "status": u.status} for u in inventory.units(cub, space)]
    progress.bar(1, 3, f"{counted(len(units), 'Unit')}; workers of {space}")
    workers = [_told_worker(space, worker) for worker in inventory.workers(cub, space)]
    progress.bar(2, 3, f"{counted(len(units), 'Unit')}; targets of {space}")
    targets = [_told_target(space, target) for target in inventory.targets(cub, space)]
    return {"space": space, "units": units, "workers": workers, "targets": targets}


def _spaces(cub: Cub) -> list[Space]:
    found = [_space(row) for row in rows(cub.ask("space", "list"))]
    return sorted((space for space in found if space.slug), key=lambda space: space.slug)


def _named(cub: Cub, slug: str) -> Space:
    try:
        return _space(cub.ask("space", "get", slug))
    except CubFailed as error:
        if "not found" not in error.all_said.lower():
            raise
        raise BadInput(
            f"there is no space {slug} that you can see; 'cub space list' shows those there are"
        ) from None


def _space(row: Any) -> Space:
    by_toolchain = member(row, "TargetCountByToolchainType")
    numbers = by_toolchain.values() if isinstance(by_toolchain, dict) else None
    return Space(
        text_at(row, "Space", "Slug") or text_at(row, "Slug"),
        count_of(member(row, "TotalUnitCount")),
        count_of(member(row, "TotalBridgeWorkerCount")),
        None if numbers is None else sum(count_of(number) or 0 for number in numbers),
    )


def _with_numbers(
    space: Space, workers: list[dict[str, str]], targets: list[dict[str, str]]
) -> Space:
    """The space with the numbers of what was found, which are newer than those in its own row."""

    def number(told: list[dict[str, str]]) -> int:
        return sum(each["space"] == space.slug for each in told)

    return space._replace(workers=number(workers), targets=number(targets))


def _told_worker(space: str, worker: Worker) -> dict[str, str]:
    return {"space": space, **worker._asdict()}


def _told_target(space: str, target: Target) -> dict[str, str]:
    return {"space": space, **target._asdict()}
