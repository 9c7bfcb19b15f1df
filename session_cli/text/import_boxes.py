"""The boxes of an import: tabs, decisions, drift, and who else has the session. Pure."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from session_cli import times
from session_cli.steps import COMPLETE, label
from session_cli.text.boxes import Line, Paragraph, box, pair, visible
from session_cli.text.session_boxes import panel_content, short_panel_content
from session_cli.words import counted, holder_lines
from session_cli.workflow.state import ImportState

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from session_cli.confighub.planning import Explained
    from session_cli.recheck.drift import Item
    from session_cli.sync.status import SyncFacts
    from session_cli.workflow.state import HubFacts, Record, SessionState

    Holder = Mapping[str, object]

# from this width on the whole panel has room beside another box
WIDE = 100
BAR_WIDTH = 24
ROWS_SHOWN = 8
COMPLAINTS_SHOWN = 3
PROBLEMS_SHOWN = 3

_SIGNS = {"ok": "✓", "changed": "!", "gone": "✗", "unknown": "?"}


def cluster_box(state: ImportState, now: float, width: int) -> str:
    """The CLUSTER box: what the scan found, by owner and by namespace."""
    records = state.records
    if not records:
        return box("CLUSTER", [["Nothing was scanned yet."]], width)
    age = times.ago(times.age(state.scan.scanned_at, now))
    owners = Counter(record.owner for record in records)
    most = max(owners.values())
    return box(
        "CLUSTER",
        [
            [
                f"Cluster: {state.cluster_context or 'unknown'}, scanned {age}",
                f"{counted(len(records), 'workload')} in"
                f" {_namespaces(records)}{_readiness(records)}",
            ],
            [_bar(owner, number, most) for owner, number in owners.most_common()],
            [f"! Partial: {complaint}" for complaint in state.scan.partial[:ROWS_SHOWN]],
        ],
        width,
    )


def cluster_heading(state: ImportState, namespace: str | None) -> str:
    """The lines above a list of `map`: the cluster, when it was scanned, what was found."""
    records, scanned, complaints = state.records, state.scan.scanned_at, state.scan.partial
    when = "at an unknown time" if scanned is None else f"{times.minute(scanned)} UTC"
    place = _namespaces(records) if namespace is None else f"namespace {namespace}"
    hidden = len(complaints) - COMPLAINTS_SHOWN
    lines = [
        f"Cluster {state.cluster_context or 'unknown'}, scanned {when}",
        f"{counted(len(records), 'workload')} in {place}{_readiness(records)}",
        *(f"! partial: {complaint}" for complaint in complaints[:COMPLAINTS_SHOWN]),
        *([f"! and {counted(hidden, 'further complaint')}"] if hidden > 0 else []),
    ]
    return "\n".join(visible(line) for line in lines)


def _namespaces(records: Sequence[Record]) -> str:
    return counted(len({record.namespace for record in records}), "namespace")


def _readiness(records: Sequence[Record]) -> str:
    if not records:
        return ""
    waiting = sum(not record.is_ready for record in records)
    return f", {waiting} not ready" if waiting else ", all ready"


def _bar(name: str, number: int, most: int) -> str:
    return f"{name:10} {'█' * max(1, round(BAR_WIDTH * number / most))} {number}"


def confighub_tab(
    state: ImportState | None, now: float, width: int, sync: SyncFacts | None = None
) -> str:
    """The ConfigHub tab: CONNECTION, as it was saved, beside SESSION STATE.

    Below WIDE columns the panel is the short one; where they cannot stand side by side, it stands
    below the other.
    """
    facts = _connection((state or ImportState({})).confighub)
    panel = (panel_content if width >= WIDE else short_panel_content)(state, now, sync)
    title = f"CONNECTION, {_age(state, now)}" if state else "CONNECTION"
    ending: Paragraph = ["ALL SET"] if state and state.step == COMPLETE else []
    return pair((title, [list[Line](facts), ending]), ("SESSION STATE", panel), width)


def _age(state: SessionState, now: float) -> str:
    age = times.age(state.updated_at, now)
    # words of a bounded width, for they are in a title
    return "as it was saved" if age is None else f"saved {times.ago(age)}"


def _connection(facts: HubFacts) -> list[str]:
    units, targets = facts.units_created, facts.targets
    worker, status = facts.worker_slug, facts.worker_status
    return [
        _sign(
            bool(facts.user), f"Logged in as {facts.user}" if facts.user else "Not connected yet"
        ),
        *([f"  of {facts.org}"] if facts.org else []),
        _sign(bool(units), f"{counted(len(units), 'Unit')} imported"),
        _sign(status == "ready", f"Worker: {worker}, {status}" if worker else "No worker"),
        _sign(bool(targets), counted(len(targets), "Target")),
    ]


def _sign(is_there: bool, text: str) -> str:
    return f"{'✓' if is_there else '○'} {text}"


def app_space_box(state: ImportState, width: int) -> str:
    """The APP SPACE box of step 3: the App Space, and the Units that go into it."""
    # imported only here: no other box needs what naming Units takes
    from session_cli.workflow.units import app_space_of, units_in

    units = units_in(state)
    # the line about those that are not shown takes the place of one
    shown = units if len(units) <= ROWS_SHOWN else units[: ROWS_SHOWN - 1]
    lines = [f"{unit.slug}  ({_labels(unit.labels)})" for unit in shown]
    return box(
        "APP SPACE",
        [
            [f"App Space: {app_space_of(state)}"],
            [f"{counted(len(units), 'Unit')}, one for each workload:"],
            [*(f"  {line}" for line in lines), *_more(len(units) - len(shown))],
        ],
        width,
    )


def _labels(labels: dict[str, str]) -> str:
    shown = (labels.get(key) for key in ("app", "variant", "owner"))
    return ", ".join(text for text in shown if text)


def _more(hidden: int) -> list[str]:
    return [f"  and {hidden} more"] if hidden else []


def connect_box(state: ImportState, width: int) -> str:
    """The CONNECT box of step 4: who is about to create what, and where."""
    from session_cli.workflow.units import app_space_of, units_in

    facts = state.confighub
    created = len({unit.slug for unit in units_in(state)} & set(facts.units_created))
    there = f" ({created} of them already exist)" if created else ""
    return box(
        "CONNECT",
        [
            [
                f"Logged in as {facts.user or 'unknown'}",
                f"Organization: {facts.org or 'unknown'}",
                f"App Space: {app_space_of(state)}",
                f"Units: {len(state.chosen)}{there}",
            ],
            [f"! {unit or '?'}: {why or '?'}" for unit, why in facts.units_failed[:PROBLEMS_SHOWN]],
            [_what_create_does(len(state.chosen), created)],
            ["Then a worker is started on this machine, unless one is connected already."],
        ],
        width,
    )


def _what_create_does(units: int, existing: int) -> str:
    if existing and existing >= units:
        return "All of them exist already; nothing is created."
    what = (
        counted(units - existing, "more Unit")
        if existing
        else f"the App Space, unless it exists, and {counted(units, 'Unit')}"
    )
    return f"Creates {what}, one for each workload; nothing in the cluster changes."


def names_taken_box(unclear: Sequence[Explained], width: int) -> str:
    """The NAMES TAKEN box of step 4: the Units that may or may not be ours."""
    from session_cli.workflow.units import made_of

    shown = unclear if len(unclear) <= ROWS_SHOWN else unclear[: ROWS_SHOWN - 1]
    return box(
        "NAMES TAKEN",
        [
            [f"{made_of(unit.labels)}: {why}" for unit, why in shown],
            [*_more(len(unclear) - len(shown))],
            ["The existing Units are not changed. Ours can have other names, or be left out."],
        ],
        width,
    )


def holder_words(holder: Holder, now: float) -> tuple[str, str]:
    """Who has a session open, in two lines: the process, and the person, and since when."""
    age = times.age(times.parse(holder.get("since")), now)
    return holder_lines(holder)[0], f"by {holder.get('user', '?')}, opened {times.ago(age)}"


def open_elsewhere_box(holder: Holder, now: float, width: int) -> str:
    """The OPEN ELSEWHERE box: who has the session, and what can be done."""
    return box(
        "OPEN ELSEWHERE",
        [
            ["This session is open in another terminal:"],
            [f"  {line}" for line in holder_words(holder, now)],
            [
                "The other terminal is warned at its next save;"
                " its unsaved choices go to conflicts/."
            ],
            [("[L] Look", "[N] New session", "[T] Take over", "[Q] Quit")],
        ],
        width,
    )


def taken_over_box(holder: Holder, state: SessionState, now: float, width: int, script: str) -> str:
    """The TAKEN OVER box, in place of NOT SAVED: who resumed the session meanwhile."""
    who = (
        ["Another terminal resumed this session:", f"  {', '.join(holder_words(holder, now))}"]
        if holder
        else ["Another program saved this session meanwhile:"]
    )
    return box(
        "TAKEN OVER",
        [
            [*who, f"  at {label('import', state.step or '')}"],
            ["Nothing is lost: your unsaved choices are kept in conflicts/."],
            ["Resume it with:"],
            [f"  {script} --resume"],
        ],
        width,
    )


def archived_box(session_id: str, command: str, width: int) -> str:
    """The TAKEN OVER box of a session that another terminal archived or ended.

    The line with `command` that brings it back stands below the box, where nothing breaks it.
    """
    text = box(
        "TAKEN OVER",
        [
            ["Another terminal archived or ended this session:"],
            [f"  {session_id}"],
            ["What was saved of it is intact."],
        ],
        width,
    )
    return f"{text}\n  Bring it back with:\n    {visible(command)} resume {session_id}"


def lost_box(session_id: str, folder: str, width: int) -> str:
    """The NOT SAVED box of a session of which no intact snapshot is left."""
    return box(
        "NOT SAVED",
        [
            ["This session no longer exists; no intact snapshot is left:"],
            [f"  {session_id}", f"  in {folder}"],
            ["Units created in ConfigHub still exist, and a new import finds them."],
        ],
        width,
    )


def drift_box(items: Sequence[Item], step: str, refused: bool, width: int) -> str:
    """The SINCE YOU LEFT box: what still holds, item by item, and where the import resumes."""
    shown = [item for item in items if item.verdict != "ok"][: 2 * ROWS_SHOWN]
    fine = [item for item in items if item.verdict == "ok"][:ROWS_SHOWN]
    hidden = len(items) - len(shown) - len(fine)
    ending = (
        "This session cannot resume on this cluster. Switch back to its cluster, or start a new"
        " session."
        if refused
        else f"Resumes at: {label('import', step)}"
    )
    return box(
        "SINCE YOU LEFT",
        [
            [f"{_SIGNS[item.verdict]} {item.verdict:8} {item.words}" for item in [*fine, *shown]],
            [f"and {hidden} more"] if hidden > 0 else [],
            [ending],
        ],
        width,
    )
