"""The boxes about sessions on other devices, and of other people. Pure.

What is offered is what `sync.offers` found: sessions of the person's that another device saved
last, and handoffs. A time of the hub is shown as it is: its clock is not ours.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from session_cli import times
from session_cli.steps import label, progress
from session_cli.text.boxes import Keys, Line, Paragraph, box
from session_cli.text.columns import Table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from session_cli.sync.holder import Holder
    from session_cli.sync.offers import Handoff, Offered

SHOWN = 2


def offer_paragraphs(
    sessions: Sequence[Offered], handoffs: Sequence[Handoff], uuid: str
) -> list[Paragraph]:
    """What is offered, with its keys; `uuid` is that of the session which the box is about.

    The newest come first; of many only a few are shown.
    """
    mine: list[Line] = [session_line(each, uuid) for each in sessions[:SHOWN]]
    theirs: list[Line] = [handoff_line(each) for each in handoffs[:SHOWN]]
    return [
        _with_key(mine, len(sessions), "[P] Pull"),
        _with_key(theirs, len(handoffs), "[A] Accept or decline"),
    ]


def _with_key(lines: list[Line], total: int, key: str) -> Paragraph:
    if not lines:
        return []
    more: list[Line] = [f"and {total - SHOWN} more"] if total > SHOWN else []
    return [*lines, *more, (key,)]


def session_line(offer: Offered, uuid: str = "") -> str:
    """`On desktop 5 minutes ago: kind-atk, step 6 of 7`."""
    is_same = offer.uuid == uuid
    what = place_of(offer) if is_same else f"{cluster_of(offer)}, {place_of(offer)}"
    still_open = f", open on {offer.holder.device or '?'}" if offer.holder else ""
    start = "This session on" if is_same else "On"
    return f"{start} {offer.device or '?'} {times.ago(offer.age)}: {what}{still_open}"


def handoff_line(handoff: Handoff) -> str:
    """`From alex: kind-prod, step 4 of 7`."""
    session = handoff.session
    return f"From {handoff.giver}: {cluster_of(session)}, {place_of(session)}"


def session_choices(sessions: Sequence[Offered]) -> Table:
    """The sessions to choose one from."""
    return _choices(
        ("CLUSTER", "STEP", "DEVICE", "SAVED"),
        sessions,
        [(cluster_of(each), place_of(each), each.device, times.ago(each.age)) for each in sessions],
    )


def handoff_choices(handoffs: Sequence[Handoff]) -> Table:
    """The handoffs to choose one from."""
    sessions = [each.session for each in handoffs]
    return _choices(
        ("FROM", "CLUSTER", "STEP", "NOTE"),
        sessions,
        [
            (each.giver, cluster_of(each.session), place_of(each.session), each.note)
            for each in handoffs
        ],
    )


def _choices(
    headings: Sequence[str], sessions: Sequence[Offered], cells: Sequence[tuple[str, ...]]
) -> Table:
    uuids = [each.uuid for each in sessions]
    return Table(headings, uuids, cells, lambda _: ("", "", "", ""), keys=(0, 1))


def place_of(offer: Offered) -> str:
    """`step 6 of 7`, or the step in words where it has no number."""
    place = progress("import", offer.step)
    return f"step {place[0]} of {place[1]}" if place else label("import", offer.step).lower()


def cluster_of(offer: Offered) -> str:
    """The cluster that it imports."""
    return offer.cluster or "no cluster yet"


def found_elsewhere_box(
    sessions: Sequence[Offered], handoffs: Sequence[Handoff], width: int
) -> str:
    """The RESUME SESSION? box where there is nothing to resume here, only on other devices."""
    return box(
        "RESUME SESSION?",
        [
            ["No previous session on this machine."],
            *offer_paragraphs(sessions, handoffs, ""),
            [("[I] Start import",)],
        ],
        width,
    )


def handoff_box(handoff: Handoff, width: int) -> str:
    """The OFFERED TO YOU box: whose import it is, how far, and what they say about it."""
    session = handoff.session
    step = label("import", session.step)
    place = f" ({place_of(session)})" if progress("import", session.step) else ""
    return box(
        "OFFERED TO YOU",
        [
            [f"{handoff.giver} offers you this import:"],
            [f"Cluster: {cluster_of(session)}", f"Step: {step}{place}"],
            [f"Note: {handoff.note}"] if handoff.note else [],
            [f"If you accept, it is yours, and {handoff.giver} cannot save it any more."],
            [("[A] Accept", "[X] Decline", "[B] Back")],
        ],
        width,
    )


def open_on_device_box(holder: Holder | None, keys: Keys, width: int) -> str:
    """The OPEN ELSEWHERE box: which device has the session, and what can be done."""
    return box(
        "OPEN ELSEWHERE",
        [
            ["This session is open on another device:"],
            [f"  {line}" for line in holder_words(holder)],
            ["If you take it over, that device is warned at its next step; what it saved is kept."],
            [keys],
        ],
        width,
    )


def lost_to_device_box(holder: Holder | None, said: str, step: str, keys: Keys, width: int) -> str:
    """The TAKEN OVER box of a session that another device took; `said` is what the hub says."""
    return box(
        "TAKEN OVER",
        [
            ["Another device has this session now:"] if holder else [said],
            [f"  {line}" for line in holder_words(holder)] if holder else [],
            [f"Nothing is lost: what you did is saved here, at {label('import', step)}."],
            [keys],
        ],
        width,
    )


def holder_words(holder: Holder | None) -> tuple[str, str]:
    """Who has a session open, in two lines: the device, and the person."""
    if holder is None:
        return "which one, the hub does not say", ""
    moment = times.parse(holder.since)
    since = f"{times.minute(moment)} UTC" if moment is not None else holder.since or "?"
    return f"on {holder.device or '?'}", f"by {holder.user or '?'}, since {since}"
