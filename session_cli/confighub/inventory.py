"""Lists what is in ConfigHub: spaces, and in them Units, workers and targets."""

from __future__ import annotations

import json
from collections.abc import Collection

from session_cli.confighub.answers import (
    Row,
    fact_of,
    member,
    rows_in,
    slug_of,
    text_at,
    texts_at,
)
from session_cli.confighub.cub import Cub, CubFailed, NoAnswer, NotLoggedIn, in_space
from session_cli.confighub.entities import Target, Unit, Worker

# newer lists contain only the columns of their table, unless others are selected
LABELS, ALL_COLUMNS = "--select=Labels", "--select=*"


def spaces(cub: Cub) -> list[str]:
    """The slugs of the organization's spaces."""
    found = [slug_of(row, "Space") for row in rows_in(cub.ask("space", "list"))]
    return [slug for slug in found if slug]


def units(cub: Cub, space: str, *columns: str) -> list[Unit]:
    """The Units of a space, with the columns that a list has by itself, or with those selected."""
    answer = cub.ask("unit", "list", *in_space(space), optional=columns)
    found = [_unit(row) for row in rows_in(answer)]
    return [unit for unit in found if unit.slug]


def list_with_labels(cub: Cub, space: str, slugs: Collection[str]) -> list[Unit]:
    """The Units of a space with their labels.

    When the list shows no labels at all, those Units that have one of the `slugs` are asked for
    one by one.
    """
    found = units(cub, space, LABELS)
    if any(unit.labels for unit in found):
        return found
    asked = (_get_labels(cub, space, each) if each.slug in slugs else each for each in found)
    return [unit for unit in asked if unit]


def _get_labels(cub: Cub, space: str, listed: Unit) -> Unit | None:
    try:
        return unit(cub, space, listed.slug)
    except (NoAnswer, NotLoggedIn):
        raise
    except CubFailed:
        return listed._replace(labels=None)


def unit(cub: Cub, space: str, slug: str) -> Unit | None:
    """The Unit of that slug with its labels; None when there is none."""
    try:
        row = cub.ask("unit", "get", *in_space(space), slug)
    except CubFailed as error:
        if "not found" not in error.stderr.lower():
            raise
        return None
    return _unit(row)


def _unit(row: Row) -> Unit:
    labels = texts_at(row, "Unit", "Labels") or texts_at(row, "Labels")
    return Unit(slug_of(row, "Unit"), labels, text_at(row, "UnitStatus", "Status"))


def workers(cub: Cub, space: str) -> list[Worker]:
    """The workers of a space."""
    answer = cub.ask("worker", "list", *in_space(space))
    found = [_worker(row) for row in rows_in(answer)]
    return [worker for worker in found if worker.slug]


def _worker(row: Row) -> Worker:
    facts = (fact_of(row, "BridgeWorker", name) for name in ("Slug", "Condition", "LastSeenAt"))
    return Worker(*facts)


def targets(cub: Cub, space: str) -> list[Target]:
    """The targets of a space."""
    # what a target deploys to is in its parameters, which newer lists do not show by themselves
    answer = cub.ask("target", "list", *in_space(space), optional=(ALL_COLUMNS,))
    found = [
        Target(slug_of(row, "Target"), _kube_context(row), text_at(row, "Target", "ProviderType"))
        for row in rows_in(answer)
    ]
    return [target for target in found if target.slug]


def _kube_context(row: Row) -> str:
    """The context in the target's parameters, which are JSON inside a string; else ""."""
    parameters = member(row, "Target", "Parameters") or member(row, "Parameters")
    if isinstance(parameters, str):
        try:
            parameters = json.loads(parameters)
        except ValueError:
            return ""
    return text_at(parameters, "KubeContext")
