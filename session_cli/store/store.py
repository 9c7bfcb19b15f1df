"""The latest session, saved and cleared so that a crash leaves the old state or the new."""

from __future__ import annotations

import posix

from session_cli import document as doc
from session_cli.errors import (
    BadInput,
    NotSaved,
    Refused,
    SessionError,
    Unreadable,
    Unsynced,
    advice,
)
from session_cli.names import SUFFIX, Key, following, format_id, parse_id, parse_name, uuid7
from session_cli.steps import TYPES
from session_cli.store.files import (
    NO_LINKS,
    Damaged,
    absolute,
    exists,
    forget,
    holds,
    is_link,
    link_target,
    make_folder,
    noted,
    read_file,
    reason,
    remove,
    replace,
    split,
    sync_folder,
)
from session_cli.store.latest import Found, Latest
from session_cli.store.lock import WriteLock
from session_cli.times import now, stamp, utc

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import NoReturn

    from session_cli.document import Document

THIN_OUT_EVERY = 8
WHERE_THINGS_ARE = "'session-cli status' shows where things are"
# what a session that was ended keeps when its id is asked for again
CARRIED_ON = ("id", "created_at")


class Store(Latest):
    """The latest session, with what changes it; every change is made under the write lock."""

    def writing(self) -> Writing:
        """A block in which the folder is ours to change."""
        return Writing(self)

    def prepare(self) -> None:
        """The folder, made if missing; NotSaved where there cannot be one."""
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

    def _refuse_home_of_another(self) -> None:
        owner = self.other_owner_of_home()
        if owner:
            raise NotSaved(
                f"not saved: {split(self.folder.path)[0]} belongs to user {owner}, and you are"
                f" root: do it as that user (sudo -u '#{owner}'), or name another folder with --dir"
                " or CONFIGHUB_SESSION_DIR"
            )

    def other_owner_of_home(self) -> int:
        """The user whose ~/.confighub this is, when we are root in their home; else 0.

        What root makes there would be shut to its owner for good.
        """
        if posix.geteuid() != 0 or not self.location.is_default:
            return 0
        try:
            return posix.stat(split(self.folder.path)[0]).st_uid
        except OSError:
            # there is none yet, or what is wrong with it is told by whoever uses it
            return 0

    def tighten(self) -> None:
        """Takes away the rights of others on the folder, and says so; what stays open, once."""
        if not self.folder.is_open():
            return
        path, told = self.folder.path, self.folder.at(".open-to-others")
        if self.folder.tighten():
            self.say(f"{path} was open to others; now only you can read it")
        elif noted(told) is None:
            self.say(
                f"{path} is open to others, and its file system does not let us change that; name"
                " a folder on another one with --dir or CONFIGHUB_SESSION_DIR"
            )
            self.folder.note(told, "told")

    def _refuse_strange_name(self) -> None:
        place, name = split(self.pointer)
        is_snapshot = any(parse_name(type_, name) for type_ in TYPES)
        if not name or (is_snapshot and self.is_our_folder(place)):
            what = "is the name of a snapshot" if name else "names a folder"
            raise BadInput(f"{self.pointer} {what}; --file takes a name of its own, for a pointer")

    def _refuse_foreign_pointer(self, found: Found | None) -> None:
        """What stands at a pointer of the caller's choosing may be anybody's: it is not moved."""
        place, name = split(self.pointer)
        if not found or not found.problem or found.pointed or is_link(self.pointer):
            return
        ours = name == f"{self.type}-latest{SUFFIX}" and self.is_our_folder(place)
        if not ours and (found.raw is None or found.raw.strip()):
            raise NotSaved(f"not saved: {found.problem}; it may be somebody's: give another --file")

    def save(
        self,
        step: str,
        data: Document,
        session: str | None = None,
        if_revision: int | None = None,
    ) -> None:
        """Makes `data`, merged into the latest state and moved to `step`, the latest state.

        `session` and `if_revision` bind the save: Refused unless they are the latest ones.
        """
        self.prepare()
        with self.writing():
            if self.location.is_default:
                self.tighten()
            found = self.follow()
            self._refuse_foreign_pointer(found)
            self._tell_damage(found)
            why = self._unbound(found, session, if_revision)
            if why:
                self._refuse_save(why, self.session_of(found), step, data)
            if found and found.state:
                self.refuse_newer(found.state)
                current = self.adopted(found)
            else:
                current = self._fresh(data)
            why = doc.conflict(self.type, current, data)
            if why:
                self._refuse_save(why, current["session_id"], step, data)
            ignored = doc.ignored_keys(current, data)
            if ignored:
                self.say(f"ignored in DATA: {', '.join(ignored)} (only session-cli sets these)")
            self.commit(found, doc.advanced(current, step, data, now()))

    def _tell_damage(self, found: Found | None) -> None:
        if found and found.problem:
            place = self._damaged_path(found) and self.folder.at("corrupt")
            self.say(f"{found.problem}; its bytes go to {place}" if place else found.problem)

    def adopted(self, found: Found) -> Document:
        """The found state with everything that a session of ours has, its own history kept."""
        if not found.name:
            # before it gets a snapshot, which would be one too many
            doc.refuse_deep(found.state or {})
        name = found.name or self._take_over(found)
        adopted = self.adopted_state(found.state or {}, name)
        # what was lost had a revision, too, and somebody may know it by that
        return {**adopted, "revision": found.published} if found.problem else adopted

    def adopted_state(self, state: Document, name: str) -> Document:
        """`state`, which stands in the snapshot `name`, with everything that ours have."""
        return {
            "version": doc.VERSION,
            "created_at": utc(now()),
            "id": self._unique(),
            **(state if doc.is_ours(state) else self._kept(state)),
            "type": self.type,
            "session_id": self.session_id(state, name),
        }

    def _kept(self, state: Document) -> Document:
        doc.refuse_deep(state)
        return self._cleaned(state)

    def _cleaned(self, state: Document) -> Document:
        """What another program wrote, without its credentials."""
        from session_cli.redaction import without_secrets

        kept, dropped = without_secrets(state)
        if dropped:
            self.say(f"not kept, for it looks like a credential: {', '.join(dropped)}")
        return kept

    def _take_over(self, found: Found) -> str:
        """Gives a pointer that is a plain file a snapshot of its own; the name of it."""
        raw = found.raw or b""
        if found.state and not doc.is_newer(found.state) and not doc.is_deep(found.state):
            kept = self._cleaned(found.state)
            if kept != found.state:
                found.state, raw = kept, doc.dump(kept)
        newest = next(self.folder.names_since(), None)
        if newest and holds(self.folder.at(newest), raw):
            return newest
        return self._publish(self.folder.newest_key(), lambda _: raw)

    def _fresh(self, data: Document) -> Document:
        """The empty state of a new session; an id in DATA that we know is gone on with."""
        wanted = doc.wanted_id(self.type, data)
        current = doc.new_session(self.type, wanted or "", self._unique(), now())
        # none of its snapshots is older than it is itself
        began = parse_id(self.type, wanted)
        past = self.newest_intact(wanted or "", began[0]) if began else None
        if past:
            carried_on = {key: past.state[key] for key in CARRIED_ON if key in past.state}
            current.update(carried_on, revision=past.published)
        return current

    def intact(self, path: str) -> Document | None:
        """The state in the snapshot at `path` in the folder; None when it is damaged or shut."""
        try:
            return doc.parse_state(read_file(self.folder.at(path)))
        except (Damaged, doc.NotADocument, OSError):
            return None

    @staticmethod
    def _unique() -> str:
        return uuid7(now(), posix.urandom(10))

    def refuse_unbound(
        self, found: Found | None, session: str | None, if_revision: int | None
    ) -> None:
        """Refused unless the latest session is the one that the caller means, if it names one."""
        why = self._unbound(found, session, if_revision)
        if why:
            raise Refused(f"not done: {why}; {WHERE_THINGS_ARE}")

    def _unbound(
        self, found: Found | None, session: str | None, if_revision: int | None
    ) -> str | None:
        if session is None and if_revision is None:
            return None
        latest = self.session_of(found)
        revision = doc.revision_of(found.state) if found and found.state else 0
        if session not in (None, latest):
            now_there = f"it is {latest}" if latest else "there is none"
            return f"the latest session is not {session}: {now_there}"
        if if_revision not in (None, revision):
            return f"{latest or 'no session'} is at revision {revision}, not {if_revision}"
        return None

    def session_of(self, found: Found | None) -> str | None:
        """The id of a found session; None when there is none or nothing of it is intact."""
        return self.session_id(found.state, found.name or "") if found and found.state else None

    def _refuse_save(self, why: str, latest: str | None, step: str, data: Document) -> NoReturn:
        kept, told = doc.own_members(data), ""
        if kept:
            from shlex import quote

            path = self.folder.keep_conflict(latest or self.type, doc.dump(kept))
            command = f"{self.location.command('save', step, '-')} <{quote(path)}"
            told = f"; your DATA is kept in {path}; to save it all the same: {command}"
        raise Refused(f"not saved: {why} ({WHERE_THINGS_ARE}){told}")

    def refuse_newer(self, state: Document) -> None:
        """Unreadable when a later version wrote `state`: we would lose what we do not know."""
        if doc.is_newer(state):
            raise Unreadable(
                f"{self.pointer} was written by version {state.get('version')} of the schema,"
                f" newer than {doc.VERSION}; it is left as it is: upgrade session-cli,"
                " or start over with 'session-cli new'"
            )

    def commit(self, found: Found | None, state: Document) -> None:
        """Publishes `state` and makes it the latest; whatever was damaged is set aside."""

        given = state["session_id"]

        def encoded(session_id: str) -> bytes:
            state["session_id"] = given or session_id
            return doc.encode(state)

        name = self._publish(self._newest_key(found), encoded)
        try:
            self.make_latest(name, state["session_id"], found)
        except OSError as error:
            if self._points_to(name):
                raise unsynced("saved, but it may not survive a power loss", self, error) from None
            # what was not saved is not to turn up later as if it had been
            forget(self.folder.at(name))
            raise
        self.folder.seal(name)
        if state["revision"] % THIN_OUT_EVERY == 0:
            self._thin_out(state, name)

    def _points_to(self, name: str) -> bool:
        try:
            return split(link_target(self.pointer) or "")[1] == name
        except ValueError:
            # where links cannot be made the pointer is a copy
            return holds(self.pointer, read_file(self.folder.at(name)))

    def _newest_key(self, found: Found | None) -> Key | None:
        pointed = parse_name(self.type, found.pointed) if found and found.pointed else None
        if pointed and found and not found.problem:
            return pointed
        return max(filter(None, (pointed, self.folder.newest_key())), default=None)

    def _publish(self, newest: Key | None, encoded: Callable[[str], bytes]) -> str:
        """Publishes what `encoded` makes of the snapshot's id under the next free name."""
        key = following(newest, stamp(now()))
        while True:
            session_id = format_id(self.type, key)
            try:
                if exists(self.folder.at(f"archive/{session_id}{SUFFIX}")):
                    raise FileExistsError
                self.folder.publish(session_id + SUFFIX, encoded(session_id))
            except FileExistsError:
                key = following(key, key[0])
            else:
                return session_id + SUFFIX

    def make_latest(self, name: str, session_id: str, found: Found | None) -> None:
        """Flips the pointer to `name`; the order of the steps is what a crash cannot break."""
        if self.current_session() != session_id:
            self.folder.note(self.session_link, session_id)
            self.folder.sync()
        damaged = self._damaged_path(found)
        if damaged:
            self.folder.keep_damaged(damaged)
        self._flip(name)
        self.folder.sync()
        place = split(self.pointer)[0]
        if not self.is_our_folder(place):
            sync_folder(place)
        if damaged and damaged != self.pointer:
            forget(damaged)

    def _damaged_path(self, found: Found | None) -> str | None:
        if not found or not found.problem:
            return None
        path = self.folder.at(found.pointed) if found.pointed else self.pointer
        return path if exists(path) else None

    def _flip(self, name: str) -> None:
        place, _ = split(self.pointer)
        beside = self.is_our_folder(place)
        try:
            self.folder.point(self.pointer, name if beside else absolute(self.folder.at(name)))
        except OSError as error:
            if error.errno not in NO_LINKS:
                raise
            replace(self.pointer, read_file(self.folder.at(name)))

    def _thin_out(self, state: Document, name: str) -> None:
        from session_cli.store.thinning import thin_out

        try:
            thin_out(self, state, name)
        except (OSError, SessionError) as error:
            self.say(f"saved, but older snapshots could not be removed: {error}")

    def repair(self) -> None:
        """Points to the newest intact state again, from a link; what is damaged is set aside."""
        found = self.follow()
        if found and found.state:
            if found.problem or found.name is None:
                name = found.name or ""
                if not name or not exists(self.folder.at(name)):
                    name = self._take_over(found)
                self.make_latest(name, self.session_id(found.state, name), found)
        elif found:
            self.drop_pointer()

    def adopt(self) -> None:
        """Makes a link of a pointer that is a plain file, as the draft leaves it."""
        if exists(self.pointer) and not is_link(self.pointer):
            found = self.follow()
            if found and found.state and not found.problem and not doc.is_newer(found.state):
                self.repair()

    def has_something(self) -> bool:
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
                self.drop_pointer()
            except OSError as error:
                if exists(self.pointer):
                    raise
                raise unsynced("cleared, but a power loss may undo it", self, error) from None

    def drop_pointer(self) -> None:
        """No session is the latest any more; what only the pointer held is kept."""
        if not is_link(self.pointer):
            self._keep_plain_pointer()
        remove(self.pointer)
        try:
            sync_folder(split(self.pointer)[0])
        finally:
            # recovery is not to bring back what was let go
            remove(self.session_link)

    def _keep_plain_pointer(self) -> None:
        found = self.follow()
        self._refuse_foreign_pointer(found)
        if found and found.problem:
            self.folder.keep_damaged(self.pointer)
        elif found:
            self._take_over(found)


class Writing:
    """Holds the write lock; says in our words what the disk refused."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.lock = WriteLock(store.folder.path)

    def __enter__(self) -> None:
        self.lock.__enter__()
        try:
            self._finish_leaving()
        except BaseException as error:
            self.lock.__exit__()
            self.__exit__(type(error), error, None)
            raise

    def _finish_leaving(self) -> None:
        """What a crash interrupted is done before anything else is begun."""
        if exists(self.store.leaving_link):
            from session_cli.store.removal import finish_leaving

            finish_leaving(self.store)

    def __exit__(self, _: object, error: object, __: object) -> None:
        self.lock.__exit__()
        if isinstance(error, OSError):
            raise not_saved(self.store.folder.path, error) from None


def not_saved(path: str, error: OSError) -> NotSaved:
    """The failure to tell when the disk or the rights refuse to change `path`."""
    # of two, the second is the place to be written to
    place = error.filename2 or error.filename or path
    return NotSaved(f"not saved: {place}: {reason(error)}; {advice(error)}")


def unsynced(done: str, store: Store, error: OSError) -> Unsynced:
    """The failure to tell when something was done that the disk may not have yet."""
    path = error.filename or store.folder.path
    return Unsynced(f"{done}: {path}: {reason(error)}; see to that disk, then save once more")
