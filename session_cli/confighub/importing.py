"""Step 4: creates the App Space and one Unit for each chosen workload, none of them twice."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

from session_cli.cluster.kubectl import Kubectl
from session_cli.cluster.manifest import as_yaml, clean
from session_cli.cluster.objects import Object, identity_of
from session_cli.cluster.workloads import workloads_in
from session_cli.confighub import inventory
from session_cli.confighub.creation import FOUND, create_unit, ensure_space
from session_cli.confighub.cub import Cub, CubFailed, Exists, NoAnswer, NotLoggedIn
from session_cli.confighub.planning import (
    Explained,
    Plan,
    assign_slugs,
    candidate_slugs,
    failed_slugs,
    leave_out_unclear,
    make_plan,
)
from session_cli.errors import Refused, Unfinished
from session_cli.processes import NotInstalled
from session_cli.progress import Progress
from session_cli.redaction import without_secrets
from session_cli.workflow.state import ImportState
from session_cli.workflow.units import Unit, app_space_of, made_of, units_in

# after as many calls in a row without an answer, the next thousand will not be answered either
MOST_UNANSWERED = 3
# without a command: how this program was called says whoever called it, in the next line
HOW_TO_DECIDE = "resume the import in a terminal to decide"


def intent(state: ImportState) -> dict[str, Any]:
    """DATA to save before anything is created: the slugs of the Units about to be created.

    Those that are left out are not in it: after a crash a Unit of such a slug would pass for ours.
    """
    not_ours = failed_slugs(state)
    slugs = [unit.slug for unit in units_in(state) if unit.slug not in not_ours]
    return {"confighub": {"units_pending": slugs}}


def list_left_out(plan: Plan) -> list[dict[str, str]] | None:
    """The Units that are not created until a person has decided about them, and why."""
    return [_failure(unit.slug, _explain_left_out(unit, why)) for unit, why in plan.unclear] or None


def _failure(slug: str, why: str) -> dict[str, str]:
    return {"unit": slug, "why": why}


def _explain_left_out(unit: Unit, why: str) -> str:
    return f"{made_of(unit.labels)} is left out: {why}; {HOW_TO_DECIDE}"


def plan(cub: Cub, state: ImportState, *, rename_unclear: bool = False) -> Plan:
    """Which of the session's Units exist in its App Space, and what the others are called."""
    space = app_space_of(state)
    found = []
    if space in inventory.spaces(cub):
        found = inventory.list_with_labels(cub, space, candidate_slugs(state))
    return make_plan(state, found, rename_unclear=rename_unclear)


def decide_names(
    cub: Cub, state: ImportState, progress: Progress, taken: str | None
) -> tuple[Sequence[Explained], dict[str, Any]]:
    """What each Unit of the session is called: those that are unclear, and the DATA to save.

    `taken` is `rename` or `leave` once a person has decided about names that an unknown Unit has;
    until then such Units are left out. Unfinished when none is left.
    """
    found = plan(cub, state, rename_unclear=taken == "rename")
    for unit, why in found.renamed:
        progress.say(f"{made_of(unit.labels)} becomes Unit {unit.slug}: {why}")
    chosen = (leave_out_unclear if taken == "leave" else assign_slugs)(state, found)
    if found.unclear and not chosen:
        raise Unfinished("no workload is left to import; go back and choose others")
    data: dict[str, Any] = {}
    if chosen != state.chosen:
        data["selections"] = {"selected_workloads": [each.members for each in chosen]}
    undecided = None if taken else list_left_out(found)
    if undecided or failed_slugs(state):
        data["confighub"] = {"units_failed": undecided}
    return found.unclear, data


class Import:
    """Creates the Units of one session in its App Space, and reports what became of each."""

    def __init__(self, cub: Cub, state: ImportState, progress: Progress) -> None:
        self.cub = cub
        self.progress = progress
        self.state = state
        self.space = app_space_of(state)
        self.units = units_in(state)
        self.existing: list[str] = []
        self.failed: dict[str, str] = {}
        self.not_ours: set[str] = set()
        self.unanswered = 0

    def run(self, kubectl: Kubectl) -> None:
        """Creates what is missing; Unfinished when something could not be created.

        Refused when another cluster answers now: its manifests are not the ones that were chosen.
        """
        self._refuse_another_cluster(kubectl)
        how = ensure_space(self.cub, self.space)
        self.progress.say(f"App Space {self.space} {_describe(how)}")
        found = inventory.list_with_labels(self.cub, self.space, candidate_slugs(self.state))
        missing = self._adopt(make_plan(self.state, found))
        for unit, live, why in _fetch_manifests(missing, kubectl):
            self._create(unit, live, why)
        self._report()
        if self.failed:
            slug, why = next(iter(self.failed.items()))
            raise Unfinished(
                f"{len(self.failed)} of {len(self.units)} Units could not be created;"
                f" the first, {slug}: {why}"
            )

    def _refuse_another_cluster(self, kubectl: Kubectl) -> None:
        scanned, answers = self.state.cluster_uid, kubectl.uid()
        if scanned and answers and answers != scanned:
            raise Refused(
                f"another cluster answers as {kubectl.context}, not the one that was scanned;"
                " switch back to that one, or start a new session with --new"
            )

    def _adopt(self, plan: Plan) -> list[Unit]:
        """Records the Units that exist, and those that are unclear; returns those to create."""
        self.units = [*plan.existing, *plan.missing, *(each.unit for each in plan.unclear)]
        for unit in plan.existing:
            self.existing.append(unit.slug)
            self.progress.say(f"Unit {unit.slug} already exists")
        for unit, why in plan.unclear:
            self.not_ours.add(unit.slug)
            self._record_failure(unit, _explain_left_out(unit, why))
        if self.existing or self.failed:
            self._report()
        return plan.missing

    def _create(self, unit: Unit, live: Object | None, why: str) -> None:
        number = len(self.existing) + len(self.failed)
        self.progress.bar(number, len(self.units), f"Unit {unit.slug}")
        why = why if live is None else _reason_against(live, unit, self.space)
        if live is None or why:
            self._record_failure(unit, why)
            return
        manifest = clean(live)
        try:
            made = create_unit(self.cub, self.space, unit.slug, unit.labels, as_yaml(manifest))
        except (NotLoggedIn, NotInstalled):
            self._report()
            raise
        except CubFailed as error:
            if isinstance(error, Exists):
                self.not_ours.add(unit.slug)
            self._record_failure(unit, str(error))
            self._stop_if_unanswered(error)
            return
        self.unanswered = 0
        self.existing.append(unit.slug)
        remark = f"; cub reported: {made.remark}" if made.remark else ""
        self.progress.say(f"Unit {unit.slug} {_describe(made.how)}{remark}")
        self._warn_of_secrets(unit, manifest)
        self._report()

    def _warn_of_secrets(self, unit: Unit, manifest: Object) -> None:
        """A password in a manifest is now in ConfigHub, too, and the person should know."""
        _, paths = without_secrets(manifest)
        if paths:
            what = ", ".join(paths)
            self.progress.say(f"! Unit {unit.slug} contains what looks like a credential: {what}")

    def _stop_if_unanswered(self, error: CubFailed) -> None:
        self.unanswered = self.unanswered + 1 if isinstance(error, NoAnswer) else 0
        if self.unanswered == MOST_UNANSWERED:
            self._report()
            raise error

    def _record_failure(self, unit: Unit, why: str) -> None:
        self.failed[unit.slug] = why
        self.progress.say(f"! Unit {unit.slug}: {why}")

    def _report(self) -> None:
        settled = {*self.existing, *self.not_ours}
        pending = [unit.slug for unit in self.units if unit.slug not in settled]
        failed = [_failure(slug, why) for slug, why in self.failed.items()]
        self.progress.bar(len(self.existing) + len(self.failed), len(self.units), "Units")
        self.progress.save(
            {
                "confighub": {
                    "units_created": list(self.existing),
                    "units_pending": pending or None,
                    "units_failed": failed or None,
                }
            }
        )


def _describe(how: str) -> str:
    return "already exists" if how == FOUND else how


def _fetch_manifests(
    units: Sequence[Unit], kubectl: Kubectl
) -> Iterator[tuple[Unit, Object | None, str]]:
    """Each Unit with the live object of its workload, or with None and the reason."""
    for namespace, group in groupby(units, key=lambda unit: unit.record.namespace):
        some = list(group)
        answer = kubectl.get_named(namespace, [(u.record.kind, u.record.name) for u in some])
        why = "its workload is no longer in the cluster"
        if answer.complaints:
            why = f"its manifest cannot be read: {answer.complaints[0]}"
        live = {identity_of(each): each for each in answer.objects}
        for unit in some:
            yield unit, live.get(unit.record.identity), why


def _reason_against(live: Object, unit: Unit, space: str) -> str:
    """Why no Unit is to be created for the workload: it is another Unit already; else "".

    It may have been chosen before ConfigHub delivered it, or by a release that did not look.
    """
    for workload in workloads_in({"kind": "List", "items": [live]}):
        known = workload.unit
        if known and (known.name != unit.slug or known.namespace not in ("", space)):
            place = f" in space {known.namespace}" if known.namespace else ""
            return f"its workload already is Unit {known.name}{place}"
    return ""
