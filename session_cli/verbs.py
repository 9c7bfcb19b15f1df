"""The six verbs of the shell functions, as plain functions: each returns its exit code."""

from __future__ import annotations

import sys

from session_cli import document as doc
from session_cli.console import ignore, warn, write_stdout
from session_cli.errors import BadInput, Unreadable
from session_cli.store.latest import Latest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from session_cli.document import Document
    from session_cli.store import Location
    from session_cli.store.latest import Found


def init(location: Location) -> int:
    """Makes the folder, takes away the rights of others, and archives what is too old."""
    from session_cli.store.store import Store, not_saved

    store = Store(location, warn)
    store.prepare()
    try:
        store.tighten()
        if store.has_something():
            from session_cli.store.housekeeping import tidy

            tidy(store)
    except OSError as error:
        raise not_saved(store.folder.path, error) from None
    return 0


def exists(location: Location) -> int:
    """0 when `load` would print a session, else 1."""
    found = Latest(location, ignore).find()
    return 0 if found and (found.state is not None or found.raw) else 1


def load(location: Location) -> int:
    """The latest state, byte for byte."""
    found = read_latest(location)
    if found and found.raw:
        write_stdout(found.raw)
    return 0


def get_step(location: Location) -> int:
    """The step, `none` without a state, `null` without a step in it."""
    write_stdout(_step_of(read_latest(location)))
    return 0


def read_latest(location: Location) -> Found | None:
    """The latest session; what was lost is told. Unreadable when it is too large to be shown."""
    found = Latest(location, warn).find()
    if found and found.problem:
        if found.is_withheld:
            raise Unreadable(f"{found.problem}; the next save begins anew and keeps it in corrupt/")
        warn(found.problem)
    return found


def _step_of(found: Found | None) -> bytes:
    if found is None:
        return b"none\n"
    if found.state is not None:
        return doc.text_of(found.state.get("step"))
    return b"none\n" if found.raw is None else _steps_in(found.raw)


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
    """Saves; `raw_data` is the argument as given: `-` is stdin, None is stdin if it is for us."""
    step = _in_utf8(step)
    data = _data(raw_data)
    from session_cli.store.store import Store

    Store(location, warn).save(step, data, session, if_revision)
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


def _data(raw: bytes | None) -> Document:
    if raw is None or raw == b"-":
        raw = _from_stdin(raw)
    return _without_secrets(doc.parse_data(raw)) if raw else {}


def _from_stdin(asked: bytes | None) -> bytes:
    """What stdin holds; `asked` is `-`, or None where it counts only if it is meant for us."""
    from session_cli import stdin

    if not asked and not stdin.is_meant_for_us():
        return b""
    try:
        raw = stdin.read_all(warn).strip()
    except OSError as error:
        raise BadInput(f"standard input cannot be read: {error.strerror}") from None
    if asked and not raw:
        raise BadInput("no DATA came on standard input; nothing was saved")
    return raw


def _without_secrets(data: Document) -> Document:
    if not data:
        return data
    from session_cli.redaction import without_secrets

    kept, dropped = without_secrets(data)
    if dropped:
        warn(f"not kept, for it looks like a credential: {', '.join(dropped)}")
    return kept


def clear(location: Location) -> int:
    """Drops the pointer to the latest session; the snapshots stay."""
    from session_cli.store.store import Store

    Store(location, warn).clear()
    return 0
