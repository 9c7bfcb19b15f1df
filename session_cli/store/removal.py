"""Sessions leave: moved to the archive or removed, noted first, finished after a crash."""

from __future__ import annotations

from session_cli.errors import NotSaved, Unsynced
from session_cli.names import STAMP_LENGTH
from session_cli.store import retention
from session_cli.store.catalog import Snapshot, latest_id, snapshots
from session_cli.store.events import log
from session_cli.store.files import (
    exists,
    is_link,
    link_target,
    noted,
    reason,
    remove,
    split,
    sync_folder,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from session_cli.store.catalog import Seen
    from session_cli.store.retention import Action
    from session_cli.store.store import Store

# as many as the leaving link can name: a path may be no longer than 1,024 bytes everywhere
SESSIONS_AT_ONCE = 24
PAST = {"archive": "archived", "delete": "deleted"}


def take_away(
    store: Store, actions: Sequence[Action], owned: Callable[[str], list[Snapshot]]
) -> None:
    """Does actions of one kind; notes them first, and whoever writes next finishes them.

    What fails before a snapshot has left is undone: nobody is to do it later, unasked.
    """
    before = Before(store)
    store.folder.note(store.leaving_link, _as_text(actions))
    leaving: list[Snapshot] = []
    try:
        store.folder.sync()
        _drop_if_latest(store, actions)
        leaving = [each for action in actions for each in reversed(owned(action.session_id))]
        _move_out(store, actions[0].verb, leaving)
    except OSError as error:
        is_whole = all(exists(store.folder.at(each.path)) for each in leaving)
        if is_whole and before.is_put_back(leaving):
            raise
        ids = ", ".join(action.session_id for action in actions)
        raise NotSaved(
            f"begun and not finished: {error.filename or store.folder.path}: {reason(error)};"
            f" {ids} is {PAST[actions[0].verb]} by the next verb that writes"
        ) from None
    try:
        _announce(store, actions)
    except OSError as error:
        path = error.filename or store.folder.path
        raise Unsynced(f"done, but a power loss may undo it: {path}: {reason(error)}") from None


class Before:
    """Where the pointer and the session link led before something was to leave."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.target = link_target(store.pointer) if is_link(store.pointer) else None
        self.session_id = store.current_session()

    def is_put_back(self, staying: Sequence[Snapshot]) -> bool:
        """Puts both back, and takes the note away; whether that was done.

        Of the snapshots that stay, none is to be in the archive as well.
        """
        folder = self.store.folder
        try:
            folder.take_back([each.name for each in staying if not each.archived])
            if self.target and not exists(self.store.pointer):
                if self.session_id:
                    folder.note(self.store.session_link, self.session_id)
                folder.point(self.store.pointer, self.target)
                sync_folder(split(self.store.pointer)[0])
            remove(self.store.leaving_link)
            folder.sync()
        except OSError:
            return False
        return True


def _as_text(actions: Sequence[Action]) -> str:
    ids = " ".join(action.session_id for action in actions)
    return f"{actions[0].verb}/{ids}/{actions[0].why}"


def _from_text(text: str) -> list[Action]:
    verb, _, rest = text.partition("/")
    ids, _, why = rest.partition("/")
    return [retention.Action(verb, each, why) for each in ids.split()] if verb in PAST else []


def finish_leaving(store: Store) -> None:
    """Does what the leaving link says that somebody has begun; tells what cannot be done."""
    actions = _from_text(noted(store.leaving_link) or "")
    try:
        if actions:
            _drop_if_latest(store, actions)
            owned = owned_by_each(store, {})
            leaving = [each for a in actions for each in reversed(owned.get(a.session_id, []))]
            _move_out(store, actions[0].verb, leaving)
            _announce(store, actions)
            return
    except OSError as error:
        ids = ", ".join(action.session_id for action in actions)
        store.say(f"{ids} could not be {PAST[actions[0].verb]}: {reason(error)}; ask for it again")
    remove(store.leaving_link)


def _drop_if_latest(store: Store, actions: Sequence[Action]) -> None:
    if latest_id(store, store.follow()) in [action.session_id for action in actions]:
        store.drop_pointer()


def _announce(store: Store, actions: Sequence[Action]) -> None:
    for action in actions:
        store.say(line_about(store, action))
        log(store, PAST[action.verb], action.session_id, action.why)
    remove(store.leaving_link)
    store.folder.sync()


def _move_out(store: Store, verb: str, oldest_first: list[Snapshot]) -> None:
    if verb == "archive":
        store.folder.archive([each.name for each in oldest_first if not each.archived])
    else:
        for each in oldest_first:
            store.folder.remove(each.path)
        if any(each.archived for each in oldest_first):
            sync_folder(store.folder.at("archive"))
    store.folder.sync()


def line_about(store: Store, action: retention.Action) -> str:
    """The line that says that `action` was done, and how to undo it."""
    done = f"{PAST[action.verb]} {action.session_id}"
    if action.verb == "archive":
        done += f"; {store.location.command('resume', action.session_id)} brings it back"
    return f"{done} ({action.why})"


def owned_by_each(store: Store, seen: Seen, since: str = "") -> dict[str, list[Snapshot]]:
    """The snapshots of each session, newest first, from the second `since` on."""
    owned: dict[str, list[Snapshot]] = {}
    for snapshot in snapshots(store):
        if second_of(store, snapshot) < since:
            break
        if snapshot.name not in seen:
            seen[snapshot.name] = store.session_at(snapshot.path), None
        session_id = seen[snapshot.name][0]
        if session_id:
            owned.setdefault(session_id, []).append(snapshot)
    return owned


def second_of(store: Store, snapshot: Snapshot) -> str:
    """The second in a snapshot's name."""
    return snapshot.name[len(store.type) + 1 :][:STAMP_LENGTH]
