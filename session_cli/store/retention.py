"""How long sessions are kept. Pure: facts and the time in, what to do and why out."""

from __future__ import annotations

from session_cli.times import DAY, age, ago

TYPE_CHECKING = False  # typing would cost a start more than all of ours
if TYPE_CHECKING:
    from collections.abc import Sequence

ARCHIVE_AFTER = 7 * DAY
PARTIAL_IMPORT_KEPT = 30 * DAY
UNSYNCED_KEPT = 30 * DAY
SESSIONS_KEPT = 10
SNAPSHOTS_KEPT = 10
ARCHIVED_TYPE = "import"


class Facts:
    """What retention needs to know of a session; `touched_at` is None where it is not known."""

    def __init__(
        self,
        session_id: str,
        touched_at: float | None,
        *,
        archived: bool = False,
        latest: bool = False,
        in_use: bool = False,
        unsynced: bool = False,
        partial: bool = False,
    ) -> None:
        self.session_id = session_id
        self.touched_at = touched_at
        self.archived = archived
        self.latest = latest
        self.in_use = in_use
        self.unsynced = unsynced
        self.partial = partial


class Action:
    """What happens to a session: `verb` is `archive` or `delete`, `why` a few words."""

    def __init__(self, verb: str, session_id: str, why: str) -> None:
        self.verb = verb
        self.session_id = session_id
        self.why = why


def plan(newest_first: Sequence[Facts], type_: str, now: float) -> list[Action]:
    """What to do with the sessions of a type, oldest first; those not in the list are kept."""
    actions = [_decide(rank, facts, type_, now) for rank, facts in enumerate(newest_first)]
    return [action for action in reversed(actions) if action]


def _decide(rank: int, facts: Facts, type_: str, now: float) -> Action | None:
    untouched = age(facts.touched_at, now)
    if untouched is None or facts.in_use:
        return None
    if rank >= SESSIONS_KEPT and not _is_protected(facts, untouched):
        return Action("delete", facts.session_id, f"older than the newest {SESSIONS_KEPT} sessions")
    if type_ == ARCHIVED_TYPE and not facts.archived and untouched > ARCHIVE_AFTER:
        return Action("archive", facts.session_id, f"last touched {ago(untouched)}")
    return None


def _is_protected(facts: Facts, untouched: float) -> bool:
    unfinished = facts.partial and untouched < PARTIAL_IMPORT_KEPT
    unsynced = facts.unsynced and untouched < UNSYNCED_KEPT
    return facts.latest or unsynced or unfinished


def select_superseded(oldest_first: Sequence[str]) -> Sequence[str]:
    """The snapshots of one session that need not be kept: all but its first and its newest ten."""
    return oldest_first[1:-SNAPSHOTS_KEPT]
