"""The latest session, saved and cleared: each change is made whole, under the write lock."""

from __future__ import annotations

import posix  # os would cost every start a millisecond

from session_cli import document as doc
from session_cli.errors import BadInput, NotSaved, Refused, SessionError
from session_cli.names import parse_id, parse_name
from session_cli.steps import TYPES
from session_cli.store.commit import (
    adopt,
    adopt_state,
    commit,
    damaged_path,
    drop_pointer,
    new_uuid,
    refuse_newer,
    refuse_unknown_file,
)
from session_cli.store.files import exists, make_folder, not_saved, read_note, split, unsynced
from session_cli.store.latest import ANY_SESSION, WHERE_THINGS_ARE, Damage, Latest, Readable
from session_cli.store.lock import WriteLock
from session_cli.times import now

TYPE_CHECKING = False  # typing would cost a start more than all of ours
if TYPE_CHECKING:
    from typing import NoReturn

    from session_cli.document import Data, Document
    from session_cli.store.latest import Binding, Found, Intact

PRUNE_EVERY = 8
# what a session that was ended keeps when DATA names its id again
CARRIED_ON = ("id", "created_at")


class Store(Latest):
    """The latest session, with what changes it."""

    def writing(self) -> Writing:
        """A block that holds the write lock."""
        return Writing(self)

    def changing(self, binding: Binding = ANY_SESSION) -> Changing:
        """A block that holds the write lock and has the latest session, adopted and checked."""
        return Changing(self, binding)

    def finish_interrupted(self) -> None:
        """Finishes what a crash left, if it left something; else no lock is taken."""
        if exists(self.pending_removal) or exists(self.pending_receipt):
            with self.writing():
                pass

    def prepare(self) -> None:
        """Makes the folder if it is missing; raises NotSaved where there cannot be one."""
        if not self.folder.path:
            raise NotSaved(
                "not saved: HOME is not set to a folder; set it, or name a folder with --dir"
                " or CONFIGHUB_SESSION_DIR"
            )
        self._refuse_strange_name()
        self._refuse_home_of_another()
        try:
            self.folder.make()
            make_folder(split(self.pointer)[0])
        except OSError as error:
            raise not_saved(self.folder.path, error) from None

    def _refuse_strange_name(self) -> None:
        place, name = split(self.pointer)
        is_snapshot = any(parse_name(type_, name) for type_ in TYPES)
        if not name or (is_snapshot and self.is_our_folder(place)):
            what = "is the name of a snapshot" if name else "names a folder"
            raise BadInput(f"{self.pointer} {what}; --file takes a name of its own, for a pointer")

    def _refuse_home_of_another(self) -> None:
        owner = self.other_owner_of_home()
        if owner:
            raise NotSaved(
                f"not saved: {split(self.folder.path)[0]} belongs to user {owner}, and you are"
                f" root: run this as that user (sudo -u '#{owner}'), or name another folder with"
                " --dir or CONFIGHUB_SESSION_DIR"
            )

    def other_owner_of_home(self) -> int:
        """The user whose ~/.confighub this is, when we are root in their home; else 0.

        What root makes there would be closed to its owner for good.
        """
        if posix.geteuid() != 0 or not self.location.is_default:
            return 0
        try:
            return posix.stat(split(self.folder.path)[0]).st_uid
        except OSError:
            # there is none yet, or the first access to it reports what is wrong
            return 0

    def tighten(self) -> None:
        """Takes away the rights of others on the folder, or warns, once, that it cannot."""
        if not self.folder.is_open():
            return
        path, warned = self.folder.path, self.folder.at(".open-to-others")
        if self.folder.tighten():
            self.warn(f"{path} was open to other users; now only you can read it")
        elif read_note(warned) is None:
            self.warn(
                f"{path} is open to other users, and its file system does not allow a change;"
                " choose a folder on another one with --dir or CONFIGHUB_SESSION_DIR"
            )
            self.folder.write_note(warned, "told")

    def save(self, step: str, data: Data, binding: Binding = ANY_SESSION) -> Document:
        """Makes `data`, merged into the latest state and moved to `step`, the latest; returns it.

        Raises Refused, with the DATA kept in conflicts/, when `binding` or the session that DATA
        names is not the latest one.
        """
        self.prepare()
        with self.writing():
            if self.location.is_default:
                self.tighten()
            found = self._read_for_save()
            self._check(found, step, data, binding)
            current = self._current(found, data)
            ignored = data.ignored_keys(current)
            if ignored:
                self.warn(f"ignored in DATA: {', '.join(ignored)} (only session-cli sets these)")
            state = doc.advance(current, step, data, now())
            self.commit(found, state)
        return state

    def _read_for_save(self) -> Found | None:
        found = self.follow()
        refuse_unknown_file(self, found)
        if isinstance(found, Damage):
            corrupt = self.folder.at("corrupt")
            kept = f"; the damaged file is kept in {corrupt}" if damaged_path(found) else ""
            self.warn(found.problem + kept)
        return found

    def _check(self, found: Found | None, step: str, data: Data, binding: Binding) -> None:
        """Raises unless `data` may be merged into what was found."""
        why = binding.conflict(found)
        session_id = found.session_id if isinstance(found, Readable) else ""
        if not why and isinstance(found, Readable):
            refuse_newer(self, found.state)
            why = data.conflict(session_id, found.state.get("id"), found.highest_revision)
        elif not why and data.has_revision:
            session_id, earlier = data.session_id, self._find_earlier(data)
            uuid, revision = (
                (earlier.state.get("id"), earlier.highest_revision) if earlier else (None, 0)
            )
            why = data.conflict(session_id, uuid, revision)
        if why:
            self._refuse(why, session_id, step, data)

    def _refuse(self, why: str, session_id: str, step: str, data: Data) -> NoReturn:
        advice = ""
        if data.members:
            from shlex import quote

            path = self.folder.keep_conflict(session_id or self.type, doc.dump(data.members))
            command = f"{self.location.command('save', step, '-')} <{quote(path)}"
            advice = f"; your DATA is kept in {path}; to save it anyway: {command}"
        raise Refused(f"not saved: {why} ({WHERE_THINGS_ARE}){advice}")

    def _current(self, found: Found | None, data: Data) -> Document:
        """The state that DATA is merged into; an empty one where a session starts."""
        if isinstance(found, Readable):
            return adopt_state(self, found)
        current = doc.new_session(self.type, data.session_id, new_uuid(), now())
        earlier = self._find_earlier(data)
        if earlier:
            current.update({key: earlier.state[key] for key in CARRIED_ON if key in earlier.state})
            current["revision"] = earlier.highest_revision
        return current

    def _find_earlier(self, data: Data) -> Intact | None:
        """The newest snapshot of the session that DATA names, when it was ended before."""
        started = parse_id(self.type, data.session_id)
        # no snapshot of it is older than its id
        return self.newest_intact(data.session_id, started[0]) if started else None

    def commit(self, found: Found | None, state: Document) -> None:
        """Publishes `state` as the latest in place of `found`; prunes at every eighth revision."""
        name = commit(self, found, state)
        if state["revision"] % PRUNE_EVERY == 0:
            self._prune_snapshots(state, name)

    def _prune_snapshots(self, state: Document, name: str) -> None:
        from session_cli.store.removal import prune_snapshots

        try:
            prune_snapshots(self, state, name)
        except (OSError, SessionError) as error:
            self.warn(f"saved, but older snapshots could not be removed: {error}")

    def has_sessions(self) -> bool:
        """Whether there is a session that retention could be about."""
        return any(self.folder.paths_since()) or exists(self.pointer)

    def clear(self) -> None:
        """Drops the pointer; the snapshots stay."""
        try:
            if not self.folder.path or not exists(self.pointer):
                return
        except OSError as error:
            raise not_saved(self.pointer, error) from None
        self.prepare()
        with self.writing():
            try:
                drop_pointer(self)
            except OSError as error:
                if exists(self.pointer):
                    raise
                done = "cleared, but a power loss may undo it"
                raise unsynced(done, self.folder.path, error) from None


class Writing:
    """Holds the write lock; what a crash interrupted is finished first.

    An OSError in the block becomes NotSaved.
    """

    def __init__(self, store: Store) -> None:
        self.store = store
        self.lock = WriteLock(store.folder.path)

    def __enter__(self) -> Found | None:
        self.lock.__enter__()
        try:
            self._finish_interrupted()
            return self._enter()
        except BaseException as error:
            self.__exit__(type(error), error, None)
            raise

    def _finish_interrupted(self) -> None:
        if exists(self.store.pending_removal):
            from session_cli.store.removal import finish_removal

            finish_removal(self.store)
        if exists(self.store.pending_receipt):
            from session_cli.store.received import finish_receipt

            finish_receipt(self.store)

    def _enter(self) -> Found | None:
        return None

    def __exit__(self, _: object, error: object, __: object) -> None:
        self.lock.__exit__()
        if isinstance(error, OSError):
            raise not_saved(self.store.folder.path, error) from None


class Changing(Writing):
    """Holds the write lock, and yields the latest session; its pointer is a link by then.

    Raises Refused unless that is the session that `binding` names.
    """

    def __init__(self, store: Store, binding: Binding) -> None:
        super().__init__(store)
        self.binding = binding

    def _enter(self) -> Found | None:
        adopt(self.store)
        found = self.store.follow()
        self.binding.check(found)
        return found
