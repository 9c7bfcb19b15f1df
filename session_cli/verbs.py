"""The six verbs of the shell functions, as plain functions: each returns its exit code."""

from __future__ import annotations

import sys

from session_cli import document as doc
from session_cli.console import ignore, warn, write_stdout
from session_cli.errors import BadInput
from session_cli.store.files import not_saved
from session_cli.store.latest import Binding, Corrupt, Latest, Readable

TYPE_CHECKING = False  # typing would cost a start more than all of ours
if TYPE_CHECKING:
    from session_cli.document import Document
    from session_cli.store import Location
    from session_cli.store.latest import Found


def init(location: Location) -> int:
    """Makes the folder, takes away the rights of other users, archives and deletes old sessions."""
    from session_cli.store.store import Store

    store = Store(location, warn)
    store.prepare()
    try:
        store.tighten()
        if store.has_sessions():
            from session_cli.store.housekeeping import tidy

            tidy(store)
    except OSError as error:
        raise not_saved(store.folder.path, error) from None
    return 0


def exists(location: Location) -> int:
    """Returns 0 when `load` would print a session, else 1; prints nothing."""
    found = Latest(location, ignore).find()
    return 0 if isinstance(found, (Readable, Corrupt)) and found.raw else 1


def load(location: Location) -> int:
    """Prints the latest state, byte for byte; nothing without one."""
    found = Latest(location, warn).read()
    if isinstance(found, (Readable, Corrupt)):
        write_stdout(found.raw)
    return 0


def get_step(location: Location) -> int:
    """Prints the step: `none` without a state, `null` without a step in it."""
    write_stdout(_step_of(Latest(location, warn).read()))
    return 0


def _step_of(found: Found | None) -> bytes:
    if isinstance(found, Readable):
        return doc.text_of(found.state.get("step"))
    return _steps_in(found.raw) if isinstance(found, Corrupt) else b"none\n"


def _steps_in(raw: bytes) -> bytes:
    """What `jq -r .step || echo none` makes of bytes that are not one object."""
    steps = b""
    try:
        for value in doc.scan(raw.decode("utf-8", "replace").strip("\0")):
            if value is not None and not isinstance(value, dict):
                return steps + b"none\n"
            steps += doc.text_of(value and value.get("step"))
    except doc.NotADocument:
        return steps + b"none\n"
    return steps


def save(
    location: Location,
    step: str,
    raw_data: bytes | None,
    session: str | None = None,
    if_revision: int | None = None,
) -> int:
    """Merges DATA into the latest state, moves it to `step` and saves it.

    `raw_data` is the argument as given: `-` is stdin, None is stdin if it is meant for us.

    `session` and `if_revision` bind the save: Refused unless they are the latest ones.
    """
    step = _in_utf8(step)
    data = doc.Data(location.type, _parse(raw_data))
    from session_cli.store.store import Store

    if not location.is_synced:
        Store(location, warn).save(step, data, Binding(session, if_revision))
        return 0
    from session_cli.sync.pending import prepare, start_push

    store = Store(location, warn)
    prepare(store)
    store.save(step, data, Binding(session, if_revision))
    start_push(store.folder)
    return 0


def _in_utf8(step: str) -> str:
    """The step that the caller wrote, whatever the locale made of the argument."""
    if not step:
        raise BadInput("save needs a step, such as: session-cli save review")
    if step.startswith("{"):
        raise BadInput("the step comes first, then DATA: session-cli save review DATA")
    try:
        return step.encode(sys.getfilesystemencoding(), "surrogateescape").decode("utf-8")
    except UnicodeError:
        raise BadInput("the step is not UTF-8; nothing was saved") from None


def _parse(raw: bytes | None) -> Document:
    if raw is None or raw == b"-":
        raw = _read_stdin(raw)
    return _without_secrets(doc.parse_data(raw)) if raw else {}


def _read_stdin(argument: bytes | None) -> bytes:
    """All of stdin; `argument` is `-`, or None where stdin counts only if it is meant for us."""
    from session_cli import stdin

    if not argument and not stdin.is_meant_for_us():
        return b""
    try:
        raw = stdin.read_all(warn).strip()
    except OSError as error:
        raise BadInput(f"standard input cannot be read: {error.strerror}") from None
    if argument and not raw:
        raise BadInput("no DATA on standard input; nothing was saved")
    return raw


def _without_secrets(data: Document) -> Document:
    if not data:
        return data
    from session_cli.redaction import without_secrets

    kept, dropped = without_secrets(data)
    if dropped:
        warn(f"dropped from DATA (looks like a credential): {', '.join(dropped)}")
    return kept


def clear(location: Location) -> int:
    """Drops the pointer to the latest session; the snapshots stay."""
    from session_cli.store.store import Store

    Store(location, warn).clear()
    return 0
