"""The state document: reading it strictly, writing it canonically, and what a save makes of it."""

from __future__ import annotations

from session_cli.errors import BadInput
from session_cli.names import format_id, parse_id
from session_cli.steps import completed_after
from session_cli.times import utc

TYPE_CHECKING = False  # typing would cost a start more than all of ours
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Document = dict[str, Any]

VERSION = "1.0"
MAX_BYTES = 16 * 1024 * 1024
MAX_DEPTH = 64
ORDER = (
    "version type session_id id created_at updated_at revision step steps_completed"
    " log_file cluster_context scan_result selections confighub"
).split()
TOOL_OWNED = "version type session_id id created_at updated_at resumed_at revision step".split()
WHITESPACE = " \t\n\r"
BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class NotADocument(Exception):
    """The bytes are not one JSON object; the message says why in a few words."""


class Number(float):
    """A number that keeps its digits as they were written, which a float does not."""

    __slots__ = ("text",)
    text: str


def _parse_number(text: str) -> float:
    number = Number(text)
    if number - number != 0:
        raise ValueError(f"the number {text[:20]} is out of range")
    number.text = text
    return number


def parse_integer(text: str) -> int | Number:
    """The integer in `text`; one that is too long for Python to convert keeps its digits."""
    try:
        return int(text)
    except ValueError:
        number = Number(f"{text[:1]}1e308" if text[:1] == "-" else "1e308")
        number.text = text
        return number


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _build_object(pairs: list[tuple[str, Any]]) -> Document:
    members = dict(pairs)
    if len(members) != len(pairs):
        _refuse_duplicates(pairs)
    return members


def _refuse_duplicates(pairs: list[tuple[str, Any]]) -> None:
    seen: set[str] = set()
    for key, _ in pairs:
        if key in seen:
            raise ValueError(f"duplicate key {key[:40]!r}")
        seen.add(key)


class _Strictness:
    """The attributes that the C scanner reads; `import json` costs half an interpreter start."""

    strict = True
    object_hook = None
    array_hook = None
    parse_float = staticmethod(_parse_number)
    parse_constant = staticmethod(_refuse_constant)

    def __init__(
        self,
        pairs_hook: Callable[[list[tuple[str, Any]]], Document] | None,
        parse_int: Callable[[str], Any],
    ) -> None:
        self.object_pairs_hook = pairs_hook
        self.parse_int = parse_int
        self.memo: dict[str, str] = {}


def _scanner(
    pairs_hook: Callable[[list[tuple[str, Any]]], Document] | None,
) -> Callable[[str, int], tuple[Any, int]]:
    """`int` itself is the fastest; numbers too long for it are parsed again, more slowly."""
    quick = _scanner_with(pairs_hook, int)

    def scan_one(text: str, index: int) -> tuple[Any, int]:
        try:
            return quick(text, index)
        except ValueError:
            return _scanner_with(pairs_hook, parse_integer)(text, index)

    return scan_one


def _scanner_with(
    pairs_hook: Callable[[list[tuple[str, Any]]], Document] | None,
    parse_int: Callable[[str], Any],
) -> Callable[[str, int], tuple[Any, int]]:
    """`_json` is private to CPython: where it is not as expected, the public decoder is used."""
    try:
        from _json import make_scanner

        return make_scanner(_Strictness(pairs_hook, parse_int))  # type: ignore[arg-type]
    except (ImportError, AttributeError, TypeError):
        from json import JSONDecoder

        return JSONDecoder(
            object_pairs_hook=pairs_hook,
            parse_int=parse_int,
            parse_float=_parse_number,
            parse_constant=_refuse_constant,
        ).raw_decode


# states are read many at a time; DATA is read once
_scan_state = _scanner(None)

try:
    from _json import encode_basestring
except ImportError:
    from json.encoder import py_encode_basestring as encode_basestring
quote = encode_basestring


def _skip_blanks(text: str, index: int) -> int:
    while index < len(text) and text[index] in WHITESPACE:
        index += 1
    return index


def scan(text: str) -> Any:
    """Every JSON value in `text`; raises NotADocument where it stops being JSON."""
    yield from _scan(text, _scan_state)


def _scan(text: str, scanner: Callable[[str, int], tuple[Any, int]]) -> Any:
    index = _skip_blanks(text, 0)
    while index < len(text):
        try:
            value, index = scanner(text, index)
        except RecursionError:
            raise NotADocument("it is nested too deep") from None
        # before Python 3.12 the C scanner without `json.decoder` raises SystemError, no message
        except (StopIteration, SystemError):
            raise NotADocument(f"it is not JSON: {_describe_fault(text, index)}") from None
        except ValueError as error:
            raise NotADocument(f"it is not JSON: {error}") from None
        yield value
        index = _skip_blanks(text, index)


def _describe_fault(text: str, index: int) -> str:
    """What is wrong and where, in the words of the public decoder."""
    from json import JSONDecoder

    try:
        JSONDecoder().raw_decode(text, index)
    except ValueError as error:
        return str(error)
    return "a bad value"


def _parse_object(
    raw: bytes, pairs_hook: Callable[[list[tuple[str, Any]]], Document] | None
) -> Document:
    raw = raw.removeprefix(BYTE_ORDER_MARK)
    if not raw.strip(b" \t\n\r\0"):
        raise NotADocument("it is full of NUL bytes" if raw.strip() else "it is empty")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise NotADocument(f"it is not UTF-8 (byte {error.start})") from None
    values = _scan(text, _scanner(pairs_hook) if pairs_hook else _scan_state)
    first = next(values)
    if not isinstance(first, dict):
        raise NotADocument("it is not a JSON object")
    for _ in values:
        raise NotADocument("it contains more than one JSON value")
    return first


def parse_state(raw: bytes) -> Document:
    """The one JSON object in a state file; of duplicate keys the last counts, as in jq."""
    return _parse_object(raw, None)


def parse_data(raw: bytes) -> Document:
    """The one JSON object that DATA is; raises BadInput where anything about it is in doubt."""
    if len(raw) > MAX_BYTES:
        raise BadInput(f"DATA is larger than {MAX_BYTES // 1024 // 1024} MiB; nothing was saved")
    try:
        data = _parse_object(raw, _build_object)
    except NotADocument as reason:
        raise BadInput(f"DATA cannot be saved: {reason}; give one JSON object") from None
    refuse_deep(data)
    _refuse_bad_steps(data)
    # only an escape can put an unpaired surrogate into valid UTF-8
    if b"\\ud" in raw.lower():
        dump(data)
    return data


def refuse_deep(document: Document) -> None:
    """Raises BadInput when a state or DATA is nested too deep to be saved."""
    if is_deep(document):
        raise BadInput(f"the state is nested over {MAX_DEPTH} levels deep; nothing was saved")


def is_deep(document: Document) -> bool:
    """Whether a state or DATA is nested too deep to be saved."""
    level: list[Any] = [document]
    depth = 0
    while level and depth <= MAX_DEPTH:
        depth += 1
        level = [
            value
            for container in level
            for value in (container.values() if type(container) is dict else container)
            if type(value) is dict or type(value) is list
        ]
    return depth > MAX_DEPTH


def _refuse_bad_steps(data: Document) -> None:
    names = data.get("steps_completed", [])
    if type(names) is not list or not all(isinstance(name, str) for name in names):
        raise BadInput("steps_completed must be a list of step names; nothing was saved")


def dump(value: Any) -> bytes:
    """`value` in canonical form: two-space indent, UTF-8, final newline."""
    try:
        return (_dump(value, "\n") + "\n").encode("utf-8")
    except UnicodeEncodeError:
        raise BadInput("DATA contains an unpaired surrogate; nothing was saved") from None
    except RecursionError:
        raise BadInput(
            f"the state is nested over {MAX_DEPTH} levels deep; nothing was saved"
        ) from None


def _dump(value: Any, margin: str) -> str:
    kind = type(value)
    if kind is str:
        return quote(value)
    inner = margin + "  "
    if kind is dict:
        if not value:
            return "{}"
        members = [
            quote(key) + ": " + (quote(item) if type(item) is str else _dump(item, inner))
            for key, item in value.items()
        ]
        return "{" + inner + ("," + inner).join(members) + margin + "}"
    if kind is list:
        if not value:
            return "[]"
        items = [quote(item) if type(item) is str else _dump(item, inner) for item in value]
        return "[" + inner + ("," + inner).join(items) + margin + "]"
    return _dump_scalar(value)


def _dump_scalar(value: Any) -> str:
    if value is None:
        return "null"
    if value is True:
        return "true"
    if value is False:
        return "false"
    return value.text if type(value) is Number else repr(value)


def text_of(value: Any) -> bytes:
    """`value` as `jq -r` prints it: a string as it is, anything else in canonical form."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace") + b"\n"
    return dump(value).replace(b"\x7f", b"\\u007f")


def merge(target: Document, patch: Document) -> Document:
    """RFC 7396: members of `patch` replace, null removes, objects are merged in turn."""
    merged = dict(target)
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        elif isinstance(value, dict):
            inner = merged.get(key)
            merged[key] = merge(inner if isinstance(inner, dict) else {}, value)
        else:
            merged[key] = value
    return merged


def is_newer(document: Document) -> bool:
    """Whether a later major version of the schema wrote it."""
    major = str(document.get("version", VERSION)).partition(".")[0].lstrip("0")
    ours = VERSION.partition(".")[0]
    return major.isascii() and major.isdigit() and (len(major), major) > (len(ours), ours)


def revision_of(document: Document) -> int:
    """How many times the session was saved; 0 for a state that we never saved."""
    revision = document.get("revision")
    return revision if type(revision) is int and 0 < revision < 2**53 else 0


def session_id_of(document: Document, type_: str, file_id: str) -> str:
    """The session a state belongs to: as it says, else by when it was created, else `file_id`.

    What is not a well-formed id is ignored: ids become parts of paths.
    """
    session_id = wanted_id(type_, document)
    if session_id:
        return session_id
    created = document.get("created_at")
    if isinstance(created, str) and len(created) == 20 and created[10] + created[19] == "TZ":
        candidate = f"{type_}-{created[:10]}-{created[11:19].replace(':', '')}"
        if parse_id(type_, candidate):
            return candidate
    return file_id


def earliest_second(type_: str, session_id: str, state: Document) -> str:
    """The second before which a session has no snapshot: a script may have chosen its id."""
    created = session_id_of({"created_at": state.get("created_at")}, type_, session_id)
    return min((parse_id(type_, each) or ("", 0))[0] for each in (session_id, created))


def new_session(type_: str, session_id: str, unique: str, now: float) -> Document:
    """The empty state of a session that starts now."""
    return {
        "version": VERSION,
        "type": type_,
        "session_id": session_id,
        "id": unique,
        "created_at": utc(now),
        "revision": 0,
    }


def wanted_id(type_: str, data: Document) -> str | None:
    """The id in a state, or in the DATA of a first save, when it is well-formed."""
    key = parse_id(type_, data.get("session_id"))
    return format_id(type_, key) if key else None


def is_ours(state: Document) -> bool:
    """Whether we wrote `state`: those of the draft and of other programs lack these members."""
    return "id" in state and revision_of(state) > 0


class Data:
    """DATA of a save, taken apart once.

    `members` are what a save may set, `claims` what only we set. `session_id` is the session that
    DATA says it belongs to; empty where it says none, or no id of ours.
    """

    __slots__ = ("claims", "members", "session_id")

    def __init__(self, type_: str, document: Document) -> None:
        self.members = {key: value for key, value in document.items() if key not in TOOL_OWNED}
        self.claims = {key: document[key] for key in TOOL_OWNED if key in document}
        self.session_id = wanted_id(type_, document) or ""

    @property
    def has_revision(self) -> bool:
        """Whether DATA says which revision it was loaded from."""
        return "revision" in self.claims

    def conflict(self, session_id: str, uuid: object, revision: int) -> str | None:
        """Why this may not be merged into that session at that revision; None if it may.

        DATA that carries the session's id and an older revision would take back what was saved
        since. A session that was started in the second in which another was deleted has the same
        id, and another UUID.
        """
        if not self.session_id:
            return None
        if self.session_id != session_id:
            latest = session_id or "a session without an id"
            return f"DATA belongs to {self.session_id}, but the latest is {latest}"
        if None not in (uuid, self.claims.get("id")) and uuid != self.claims["id"]:
            return f"DATA belongs to another session that was also called {session_id}"
        loaded = self.claims.get("revision")
        if isinstance(loaded, (int, float)) and loaded < revision:
            return (
                f"DATA is from revision {loaded!r} of {session_id}, which is at {revision} by now"
            )
        return None

    def ignored_keys(self, current: Document) -> list[str]:
        """The claims that differ from what is there: they are not taken over."""
        return [key for key, value in self.claims.items() if value != current.get(key)]


def advance(current: Document, step: str, data: Data, now: float) -> Document:
    """What `save step data` makes of `current`: merged, moved to `step`, one revision on."""
    state = merge(current, data.members)
    state["steps_completed"] = _complete_steps(current, data.members, step)
    state.update(updated_at=utc(now), revision=revision_of(current) + 1, step=step)
    return order_members(state)


def _complete_steps(current: Document, data: Document, step: str) -> list[str]:
    names = current.get("steps_completed")
    completed = [name for name in names if isinstance(name, str)] if type(names) is list else []
    given: list[str] = data.get("steps_completed", completed)
    if given != completed:
        return given
    left = current.get("step")
    before = left if isinstance(left, str) else None
    return completed_after(current["type"], completed, before, step)


def order_members(state: Document) -> Document:
    """`state` with its members in canonical order: ours first, the rest as they were."""
    ours = {key: state[key] for key in ORDER if key in state}
    return {**ours, **{key: value for key, value in state.items() if key not in ours}}


def encode(state: Document) -> bytes:
    """The bytes of a state file; raises BadInput for a state too deep or too large to save."""
    raw = dump(state)
    # in canonical form only a line indented this far can be too deep
    if b"\n" + b"  " * MAX_DEPTH in raw:
        refuse_deep(state)
    if len(raw) > MAX_BYTES:
        raise BadInput(f"the state would exceed {MAX_BYTES // 1024 // 1024} MiB; nothing was saved")
    return raw


def head(raw: bytes) -> Document:
    """The scalars that a canonical file starts with; empty for a file of another form.

    `raw` may be cut: only the first lines are read, and the rest may be damaged.
    """
    lines = raw.split(b"\n")
    scalars = []
    for line in lines[1:]:
        if not (line.startswith(b'  "') and line.endswith(b",")):
            break
        scalars.append(line)
    if lines[0] != b"{" or not scalars:
        return {}
    try:
        return parse_state(b"{" + b"".join(scalars)[:-1] + b"}")
    except NotADocument:
        return {}


def head_members(raw: bytes) -> Document:
    """The members that are whole in the first lines of a canonical file; `raw` may be cut."""
    try:
        # only a member of the outermost object is indented by two blanks
        return parse_state(raw.rpartition(b'\n  "')[0].rstrip(b",") + b"}")
    except NotADocument:
        return {}
