"""What the TUIs show beside the boxes of sessions, as text. Pure; see `boxes` for its form."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from session_cli import times
from session_cli.steps import COMPLETE, label
from session_cli.text.boxes import NARROWEST_PAIR, Line, Paragraph, box, pair, visible
from session_cli.text.session_boxes import Document, held_words, panel_content
from session_cli.words import counted
from session_cli.workflow.state import count, records_in, selected_in

if TYPE_CHECKING:
    from collections.abc import Sequence

    from session_cli.confighub.planning import Explained
    from session_cli.recheck.drift import Item
    from session_cli.text.hub_overview import Stage
    from session_cli.workflow.state import Record

BAR_WIDTH = 24
ROWS_SHOWN = 8
COMPLAINTS_SHOWN = 3
HINT_INDENT = 11

_SIGNS = {"ok": "✓", "changed": "!", "gone": "✗", "unknown": "?"}


def cluster(document: Document, now: float, width: int) -> str:
    """The CLUSTER box: what the scan found, by owner and by namespace."""
    records = records_in(document)
    if not records:
        return box("CLUSTER", [["Nothing was scanned yet."]], width)
    scan = _part(document, "scan_result")
    age = times.ago(times.age(times.parse(scan.get("scanned_at")), now))
    owners = Counter(str(record["owner"]) for record in records)
    return box(
        "CLUSTER",
        [
            [
                f"Cluster: {_text(document, 'cluster_context') or 'unknown'}, scanned {age}",
                f"{counted(len(records), 'workload')} in"
                f" {counted(len({each['namespace'] for each in records}), 'namespace')}"
                f"{_readiness(records)}",
            ],
            [_bar(owner, number, max(owners.values())) for owner, number in owners.most_common()],
            [f"! Partial: {complaint}" for complaint in _texts(scan.get("partial"))[:ROWS_SHOWN]],
        ],
        width,
    )


def cluster_heading(document: Document, namespace: str | None) -> str:
    """The lines above a list of `map`: the cluster, when it was scanned, what was found."""
    records = records_in(document)
    scan = _part(document, "scan_result")
    scanned = times.parse(scan.get("scanned_at"))
    place = (
        f"namespace {namespace}"
        if namespace is not None
        else counted(len({each["namespace"] for each in records}), "namespace")
    )
    complaints = _texts(scan.get("partial"))
    hidden = len(complaints) - COMPLAINTS_SHOWN
    lines = [
        f"Cluster {_text(document, 'cluster_context') or 'unknown'}, scanned"
        f" {'at an unknown time' if scanned is None else times.minute(scanned) + ' UTC'}",
        f"{counted(len(records), 'workload')} in {place}{_readiness(records)}",
        *(f"! partial: {complaint}" for complaint in complaints[:COMPLAINTS_SHOWN]),
        *([f"! and {counted(hidden, 'further complaint')}"] if hidden > 0 else []),
    ]
    return "\n".join(visible(line) for line in lines)


def _readiness(records: Sequence[Record]) -> str:
    waiting = sum(count(each.get("ready")) < count(each.get("desired")) for each in records)
    if not records:
        return ""
    return f", {waiting} not ready" if waiting else ", all ready"


def _bar(name: str, number: int, most: int) -> str:
    return f"{name:10} {'█' * max(1, round(BAR_WIDTH * number / most))} {number}"


def confighub(document: Document | None, now: float, width: int) -> str:
    """The ConfigHub tab: CONNECTION, as it was saved, beside SESSION STATE."""
    state = document or {}
    if width < NARROWEST_PAIR:
        facts = ", ".join(line.strip() for line in _connection(state)[0] if isinstance(line, str))
        return box("SESSION STATE", [[facts], *panel_content(document, now)], width)
    connection = f"CONNECTION, {_age(state, now)}" if document else "CONNECTION"
    return pair(
        (connection, _connection(state)), ("SESSION STATE", panel_content(document, now)), width
    )


def _age(state: Document, now: float) -> str:
    age = times.age(times.parse(state.get("updated_at")), now)
    # words of a bounded width: they stand in a title
    return "as it was saved" if age is None else f"saved {times.ago(age)}"


def _connection(state: Document) -> list[Paragraph]:
    facts = _part(state, "confighub")
    user, org = _text(facts, "user"), _text(facts, "org")
    units, targets = _texts(facts.get("units_created")), _texts(facts.get("targets"))
    worker, status = _text(facts, "worker_slug"), _text(facts, "worker_status")
    lines = [
        _sign(bool(user), f"Logged in as {user}" if user else "Not connected yet"),
        *([f"  of {org}"] if org else []),
        _sign(bool(units), f"{counted(len(units), 'Unit')} imported"),
        _sign(status == "ready", f"Worker: {worker}, {status}" if worker else "No worker"),
        _sign(bool(targets), counted(len(targets), "Target")),
    ]
    ending: Paragraph = ["ALL SET"] if state.get("step") == COMPLETE else []
    return [list[Line](lines), ending]


def _sign(is_there: bool, text: str) -> str:
    return f"{'✓' if is_there else '○'} {text}"


def proposal(document: Document, width: int) -> str:
    """The APP SPACE box of step 3: the App Space, and the Units that go into it."""
    # only here: to name Units takes what no other box needs
    from session_cli.workflow.choices import app_space_of, units_in

    units = units_in(document)
    # a row for those that are not shown is one of the rows
    shown = units if len(units) <= ROWS_SHOWN else units[: ROWS_SHOWN - 1]
    lines = [f"{unit.slug}  ({_labels(unit.labels)})" for unit in shown]
    return box(
        "APP SPACE",
        [
            [f"App Space: {app_space_of(document)}"],
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


def connect(document: Document, width: int) -> str:
    """The CONNECT box of step 4: who is about to create what, and where."""
    from session_cli.workflow.choices import app_space_of

    facts = _part(document, "confighub")
    created = len(_texts(facts.get("units_created")))
    chosen = len(selected_in(document))
    there = f" ({created} of them are there already)" if created else ""
    failed = facts.get("units_failed")
    listed = failed if isinstance(failed, list) else []
    problems = [each for each in listed if isinstance(each, dict)]
    return box(
        "CONNECT",
        [
            [
                f"Logged in as {_text(facts, 'user') or 'unknown'}",
                f"Organization: {_text(facts, 'org') or 'unknown'}",
                f"App Space: {app_space_of(document)}",
                f"Units: {chosen}{there}",
            ],
            [f"! {each.get('unit')}: {each.get('why')}" for each in problems[:3]],
            ["Then a worker is started on this machine, unless one is connected already."],
        ],
        width,
    )


def taken_names(unclear: Sequence[Explained], width: int) -> str:
    """The NAMES TAKEN box of step 4: the Units of which nothing tells whether they are ours."""
    from session_cli.workflow.units import made_of

    shown = unclear if len(unclear) <= ROWS_SHOWN else unclear[: ROWS_SHOWN - 1]
    return box(
        "NAMES TAKEN",
        [
            [f"{made_of(unit.labels)}: {why}" for unit, why in shown],
            [*_more(len(unclear) - len(shown))],
            ["Nothing of what is there is changed. Ours can have another name, or be left out."],
        ],
        width,
    )


def held(holder: Document, width: int) -> str:
    """The OPEN ELSEWHERE box: who has the session, and what can be done."""
    pid, host, user, since = (holder.get(key, "?") for key in ("pid", "host", "user", "since"))
    return box(
        "OPEN ELSEWHERE",
        [
            ["This session is open in another terminal:"],
            [f"  process {pid} on {host}", f"  by {user}, since {since}"],
            ["Whoever has it learns of a takeover at the next save, and keeps what is not saved."],
            [("[L] Look", "[N] New session", "[T] Take over", "[Q] Quit")],
        ],
        width,
    )


def taken_over(holder: Document, document: Document, width: int, script: str) -> str:
    """The TAKEN OVER box, in place of NOT SAVED: who went on with the session meanwhile."""
    who = (
        ["Another terminal went on with this session:", f"  {held_words(holder)}"]
        if holder
        else ["Another program saved this session meanwhile:"]
    )
    return box(
        "TAKEN OVER",
        [
            [*who, f"  at {label('import', _text(document, 'step'))}"],
            ["Nothing of that is lost. What you chose last is kept beside it."],
            ["Come back to the session with:"],
            [f"  {script} --resume"],
        ],
        width,
    )


def put_away(session_id: str, command: str, width: int) -> str:
    """The same for a session that is the latest no more: another was begun, or there is none.

    The command stands below the box, where nothing breaks it.
    """
    told = box(
        "TAKEN OVER",
        [
            ["Another terminal put this session away:"],
            [f"  {session_id}"],
            ["What was saved of it is still there."],
        ],
        width,
    )
    return f"{told}\n  Bring it back with:\n    {visible(command)} resume {session_id}"


def gone(session_id: str, folder: str, width: int) -> str:
    """The same for a session of which nothing is left to come back to."""
    return box(
        "NOT SAVED",
        [
            ["This session is gone; nothing intact of it is left:"],
            [f"  {session_id}", f"  in {folder}"],
            ["What was created in ConfigHub is still there, and a new import finds it."],
        ],
        width,
    )


def report(items: Sequence[Item], step: str, refused: bool, width: int) -> str:
    """The SINCE YOU LEFT box: what still holds, item by item, and where the import goes on."""
    shown = [item for item in items if item.verdict != "ok"][: 2 * ROWS_SHOWN]
    fine = [item for item in items if item.verdict == "ok"][:ROWS_SHOWN]
    hidden = len(items) - len(shown) - len(fine)
    ending = (
        "It cannot be gone on with here. Start a new session, or go back to its cluster."
        if refused
        else f"It goes on at: {label('import', step)}"
    )
    return box(
        "SINCE YOU LEFT",
        [
            [_told(item) for item in [*fine, *shown]],
            [f"and {hidden} more"] if hidden > 0 else [],
            [ending],
        ],
        width,
    )


def journey(heading: str, stages: Sequence[Stage], width: int) -> str:
    """The lines above the tree of `map-confighub`: the stages, each with what to type next."""
    lines = _folded(heading, width, 0)
    for stage in stages:
        lines += _folded(f"{stage.sign} {stage.name:8} {stage.words}", width, HINT_INDENT)
        if stage.hint:
            lines += _folded(" " * HINT_INDENT + f"type: {stage.hint}", width, HINT_INDENT + 6)
    return "\n".join(lines)


def _folded(text: str, width: int, indent: int) -> list[str]:
    from textwrap import wrap

    return wrap(visible(text), width, subsequent_indent=" " * indent, break_on_hyphens=False)


def _told(item: Item) -> Line:
    return f"{_SIGNS[item.verdict]} {item.verdict:8} {item.words}"


def _part(document: Document, key: str) -> Document:
    value = document.get(key)
    return value if isinstance(value, dict) else {}


def _text(document: Document, key: str) -> str:
    value = document.get(key)
    return value if isinstance(value, str) else ""


def _texts(value: object) -> list[str]:
    return [text for text in value if isinstance(text, str)] if isinstance(value, list) else []
