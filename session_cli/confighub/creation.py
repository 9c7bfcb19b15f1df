"""Spaces and Units, created once: what is there already is found and not created again."""

from __future__ import annotations

from session_cli.cluster.units import IDENTITY_LABELS
from session_cli.confighub.cub import Cub, CubFailed, Exists, NoAnswer, in_space, text_at
from session_cli.confighub.inventory import Unit, spaces, units

ELSEWHERE = "choose another App Space for this one"
CREATED, FOUND = "created", "found"


def ensure_space(cub: Cub, slug: str) -> str:
    """CREATED or FOUND, once there is a space of that slug."""
    if slug in spaces(cub):
        return FOUND
    try:
        cub.ask("space", "create", slug)
    except Exists:
        return FOUND
    except NoAnswer:
        if slug not in spaces(cub):
            raise
    return CREATED


def create_unit(cub: Cub, space: str, slug: str, labels: dict[str, str], manifest: bytes) -> str:
    """CREATED or FOUND, once there is a Unit of that slug; an answer that tells nothing is checked.

    Refuses (CubFailed) when a Unit of that slug holds another workload.
    """
    words = [word for key, text in labels.items() for word in ("--label", f"{key}={text}")]
    try:
        answer = cub.ask("unit", "create", *in_space(space), *words, slug, "-", stdin=manifest)
    except Exists:
        _refuse_other_workload(_unit(cub, space, slug), labels)
        return FOUND
    except NoAnswer:
        unit = _unit(cub, space, slug)
        if not unit:
            raise
        _refuse_other_workload(unit, labels)
        return CREATED
    if not (text_at(answer, "Slug") or text_at(answer, "Unit", "Slug")):
        raise CubFailed(f"'cub unit create' did not say which Unit it created for {slug}")
    return CREATED


def _unit(cub: Cub, space: str, slug: str) -> Unit | None:
    return next((unit for unit in units(cub, space) if unit.slug == slug), None)


def _refuse_other_workload(unit: Unit | None, labels: dict[str, str]) -> None:
    if unit and not is_of(unit, labels):
        raise CubFailed(f"a Unit {unit.slug} is there already, of {_workload(unit)}; {ELSEWHERE}")


def _workload(unit: Unit) -> str:
    kind, namespace, name = (unit.labels.get(k, "?") for k in ("kind", "namespace", "workload"))
    return f"{kind} {namespace}/{name}"


def is_of(unit: Unit, labels: dict[str, str]) -> bool:
    """Whether the Unit may be the one of the workload with these labels.

    One that does not say where it comes from is taken for it: its slug is the workload's.
    """
    mine = ((key, labels.get(key)) for key in IDENTITY_LABELS)
    return all(unit.labels.get(key, value) == value for key, value in mine if value)
