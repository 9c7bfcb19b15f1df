"""Step 4: the App Space and one Unit for each chosen workload, none of them twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from session_cli.cluster.kubectl import Kubectl
from session_cli.cluster.manifest import as_yaml, cleaned
from session_cli.cluster.workloads import workloads_in
from session_cli.confighub import inventory
from session_cli.confighub.creation import create_unit, ensure_space
from session_cli.confighub.cub import Cub, CubFailed, Exists, NoAnswer, NotLoggedIn
from session_cli.confighub.planning import Plan, failed_slugs, planned, telling_slugs
from session_cli.errors import Refused, Unfinished
from session_cli.processes import NotInstalled
from session_cli.progress import Progress
from session_cli.redaction import without_secrets
from session_cli.workflow.choices import app_space_of, units_in
from session_cli.workflow.state import Record, identity
from session_cli.workflow.units import Unit, made_of

# a cub that does not answer will not answer the next thousand calls either
SILENT_CALLS = 3
ASKED = "'map-import --resume' in a terminal asks about it"

Fetch = Callable[[str, Sequence[tuple[str, str]]], list[dict[str, Any]]]


def intent(state: Mapping[str, Any]) -> dict[str, Any]:
    """DATA to save before anything is created: what is about to be.

    What is left out is not: after a crash a Unit of that slug would be taken for ours.
    """
    not_ours = failed_slugs(state)
    slugs = [unit.slug for unit in units_in(state) if unit.slug not in not_ours]
    return {"confighub": {"units_pending": slugs}}


def left_out(plan: Plan) -> list[dict[str, str]] | None:
    """The Units that are not to be created while nobody has settled whose they are, and why."""
    return [_failure(unit.slug, _left_out_because(unit, why)) for unit, why in plan.unclear] or None


def _failure(slug: str, why: str) -> dict[str, str]:
    return {"unit": slug, "why": why}


def _left_out_because(unit: Unit, why: str) -> str:
    return f"{made_of(unit.labels)} is left out: {why}; {ASKED}"


def plan(cub: Cub, state: Mapping[str, Any], makes_way: bool = False) -> Plan:
    """What of the session's Units is in its App Space, and what the others are to be called."""
    space = app_space_of(state)
    found = []
    if space in inventory.spaces(cub):
        found = inventory.labelled_units(cub, space, telling_slugs(state))
    return planned(state, found, makes_way)


class Import:
    """The Units of one session on their way into one App Space."""

    def __init__(self, cub: Cub, state: Mapping[str, Any], progress: Progress) -> None:
        self.cub = cub
        self.progress = progress
        self.state = state
        self.space = app_space_of(state)
        self.units = units_in(state)
        self.there: list[str] = []
        self.failed: dict[str, str] = {}
        self.not_ours: set[str] = set()
        self.silent = 0

    def run(self, kubectl: Kubectl) -> None:
        """Creates what is missing; Unfinished when something could not be.

        Refused where another cluster answers by now: its manifests are not those that were chosen.
        """
        self._refuse_another_cluster(kubectl)
        how = ensure_space(self.cub, self.space)
        self.progress.say(f"App Space {self.space} {'is there' if how == 'found' else how}")
        found = inventory.labelled_units(self.cub, self.space, telling_slugs(self.state))
        for unit, live, why in _with_manifests(self._adopt(planned(self.state, found)), kubectl):
            self._create(unit, live, why)
        self._report()
        if self.failed:
            slug, why = next(iter(self.failed.items()))
            raise Unfinished(
                f"{len(self.failed)} of {len(self.units)} Units could not be created;"
                f" the first, {slug}: {why}"
            )

    def _refuse_another_cluster(self, kubectl: Kubectl) -> None:
        scanned, answers = self.state.get("cluster_uid"), kubectl.uid()
        if isinstance(scanned, str) and scanned and answers and answers != scanned:
            raise Refused(
                f"another cluster answers as {kubectl.context} than the one that was scanned;"
                " switch back to it, or start a new session with --new"
            )

    def _adopt(self, plan: Plan) -> list[Unit]:
        """Takes note of the Units that are there already; those to be created."""
        self.units = [*plan.there, *plan.missing, *(each.unit for each in plan.unclear)]
        for unit in plan.there:
            self.there.append(unit.slug)
            self.progress.say(f"Unit {unit.slug} is there already")
        for unit, why in plan.unclear:
            self.not_ours.add(unit.slug)
            self._fail(unit, _left_out_because(unit, why))
        if self.there or self.failed:
            self._report()
        return plan.missing

    def _create(self, unit: Unit, live: dict[str, Any] | None, why: str) -> None:
        number = len(self.there) + len(self.failed)
        self.progress.bar(number, len(self.units), f"Unit {unit.slug}")
        why = why if live is None else _elsewhere(live, unit, self.space)
        if live is None or why:
            self._fail(unit, why)
            return
        manifest = cleaned(live)
        try:
            made = create_unit(self.cub, self.space, unit.slug, unit.labels, as_yaml(manifest))
        except (NotLoggedIn, NotInstalled):
            self._report()
            raise
        except CubFailed as error:
            if isinstance(error, Exists):
                self.not_ours.add(unit.slug)
            self._fail(unit, str(error))
            self._give_up_on_silence(error)
            return
        self.silent = 0
        self.there.append(unit.slug)
        remark = f"; cub said: {made.remark}" if made.remark else ""
        self.progress.say(f"Unit {unit.slug} {made.how}{remark}")
        self._warn_of_secrets(unit, manifest)
        self._report()

    def _warn_of_secrets(self, unit: Unit, manifest: dict[str, Any]) -> None:
        """Whoever wrote a password into a manifest should know where it is now."""
        _, places = without_secrets(manifest)
        if places:
            what = ", ".join(places)
            self.progress.say(f"! Unit {unit.slug} holds what looks like a credential: {what}")

    def _give_up_on_silence(self, error: CubFailed) -> None:
        self.silent = self.silent + 1 if isinstance(error, NoAnswer) else 0
        if self.silent == SILENT_CALLS:
            self._report()
            raise error

    def _fail(self, unit: Unit, why: str) -> None:
        self.failed[unit.slug] = why
        self.progress.say(f"! Unit {unit.slug}: {why}")

    def _report(self) -> None:
        settled = {*self.there, *self.not_ours}
        pending = [unit.slug for unit in self.units if unit.slug not in settled]
        failed = [_failure(slug, why) for slug, why in self.failed.items()]
        self.progress.bar(len(self.there) + len(self.failed), len(self.units), "Units")
        self.progress.save(
            {
                "confighub": {
                    "units_created": list(self.there),
                    "units_pending": pending or None,
                    "units_failed": failed or None,
                }
            }
        )


def _with_manifests(
    units: Sequence[Unit], kubectl: Kubectl
) -> Iterator[tuple[Unit, dict[str, Any] | None, str]]:
    """Each Unit with the live object of its workload; where there is none, None and why."""
    for namespace, group in groupby(units, key=lambda unit: str(unit.record["namespace"])):
        some = list(group)
        answer = kubectl.named(namespace, [(u.record["kind"], u.record["name"]) for u in some])
        why = "its workload is gone from the cluster"
        if answer.complaints:
            why = f"its manifest cannot be read: {answer.complaints[0]}"
        live = {_identity(each): each for each in answer.objects}
        for unit in some:
            yield unit, live.get(identity(unit.record)), why


def _elsewhere(live: dict[str, Any], unit: Unit, space: str) -> str:
    """Why a workload is not to have this Unit: it is another one of ConfigHub; else nothing.

    It may have been chosen before ConfigHub delivered it, or before we knew how that is told.
    """
    for workload in workloads_in({"kind": "List", "items": [live]}):
        known = workload.unit
        if known and (known.name != unit.slug or known.namespace not in ("", space)):
            place = f" in space {known.namespace}" if known.namespace else ""
            return f"its workload is Unit {known.name}{place} already"
    return ""


def _identity(live: Record) -> tuple[str, str, str]:
    metadata = live.get("metadata") or {}
    return str(metadata.get("namespace")), str(live.get("kind")), str(metadata.get("name"))
