"""What there is in ConfigHub: spaces, and in them Units, workers and targets."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any, NamedTuple

from session_cli.confighub.cub import (
    Cub,
    CubFailed,
    NoAnswer,
    NotLoggedIn,
    in_space,
    member,
    rows,
    text_at,
)
from session_cli.workflow.naming import slugify

# what most workers serve, as it stands in the slugs of targets
TOOLCHAIN = "kubernetes-yaml"
READY = frozenset(("ready", "connected", "online"))
# a list holds the columns of its table and no others, unless it is asked for them
LABELS, EVERYTHING = "--select=Labels", "--select=*"


class Unit(NamedTuple):
    """A Unit: its labels say which workload it was made of, if we made it.

    They are None where cub does not let us see them.
    """

    slug: str
    labels: dict[str, str] | None
    status: str = ""


class Worker(NamedTuple):
    """A worker; what the real rows hold beyond this, its secret among it, is not kept."""

    slug: str
    condition: str
    last_seen_at: str

    @property
    def is_ready(self) -> bool:
        """Whether it is connected, in the words of any release."""
        return self.condition.lower() in READY


class Target(NamedTuple):
    """A target; `context` is the kube context that it deploys to, empty where it does not say."""

    slug: str
    context: str
    provider: str

    def is_for(self, context: str, worker: str) -> bool:
        """Whether it deploys to the cluster of that kube context.

        Where it names none its slug tells, and that exactly, for `prod` is not `eu-prod`: it is
        `<worker>-<context>` or `<worker>-kubernetes-yaml-<context>`. `worker` is the slug of the
        session's worker: one that runs inside the cluster says `cluster` for the context.
        """
        if self.context:
            return self.context == context
        named = slugify(context)
        own = self.slug.removeprefix(f"{worker}-") if worker else self.slug
        if own != self.slug and own in ("cluster", f"{TOOLCHAIN}-cluster"):
            return True
        reported = self.slug.partition(f"-{TOOLCHAIN}-")[2] or own
        return bool(named) and reported == named


def spaces(cub: Cub) -> list[str]:
    """The slugs of the organization's spaces."""
    found = [_slug(row, "Space") for row in rows(cub.ask("space", "list"))]
    return [slug for slug in found if slug]


def units(cub: Cub, space: str, *wishes: str) -> list[Unit]:
    """The Units of a space, with what a list shows of itself or by `wishes`."""
    answer = cub.ask("unit", "list", *in_space(space), wishes=wishes)
    found = [_unit(row) for row in rows(answer)]
    return [unit for unit in found if unit.slug]


def labelled_units(cub: Cub, space: str, telling: Collection[str]) -> list[Unit]:
    """The Units of a space with their labels.

    Where the list shows none at all, the Units of the `telling` slugs are looked at one by one.
    """
    found = units(cub, space, LABELS)
    if any(unit.labels for unit in found):
        return found
    looked = (_looked_at(cub, space, each) if each.slug in telling else each for each in found)
    return [unit for unit in looked if unit]


def _looked_at(cub: Cub, space: str, listed: Unit) -> Unit | None:
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
        if "not found" not in error.all_said.lower():
            raise
        return None
    return _unit(row)


def _unit(row: dict[str, Any]) -> Unit:
    return Unit(_slug(row, "Unit"), _labels(row), text_at(row, "UnitStatus", "Status"))


def workers(cub: Cub, space: str) -> list[Worker]:
    """The workers of a space."""
    answer = cub.ask("worker", "list", *in_space(space))
    found = [
        Worker(_slug(row, "BridgeWorker"), _text(row, "Condition"), _text(row, "LastSeenAt"))
        for row in rows(answer)
    ]
    return [worker for worker in found if worker.slug]


def _text(row: dict[str, Any], name: str) -> str:
    return text_at(row, "BridgeWorker", name) or text_at(row, name)


def targets(cub: Cub, space: str) -> list[Target]:
    """The targets of a space."""
    # what a target deploys to is in its parameters, which newer lists do not show
    answer = cub.ask("target", "list", *in_space(space), wishes=(EVERYTHING,))
    found = [
        Target(_slug(row, "Target"), _kube_context(row), text_at(row, "Target", "ProviderType"))
        for row in rows(answer)
    ]
    return [target for target in found if target.slug]


def _slug(row: dict[str, Any], kind: str) -> str:
    return text_at(row, kind, "Slug") or text_at(row, "Slug")


def _labels(row: dict[str, Any]) -> dict[str, str]:
    labels = member(row, "Unit", "Labels") or member(row, "Labels") or {}
    texts = labels.items() if isinstance(labels, dict) else ()
    return {key: text for key, text in texts if isinstance(text, str)}


def _kube_context(row: dict[str, Any]) -> str:
    """The context in the target's parameters, which are JSON inside a string."""
    parameters = member(row, "Target", "Parameters") or member(row, "Parameters")
    if isinstance(parameters, str):
        try:
            parameters = json.loads(parameters)
        except ValueError:
            return ""
    return text_at(parameters, "KubeContext")
