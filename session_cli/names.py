"""The names of snapshots and sessions: `<type>-<UTC second>[-N]`, and their order."""

from __future__ import annotations

TYPE_CHECKING = False  # typing would cost a start more than all of ours
if TYPE_CHECKING:
    from collections.abc import Iterator

STAMP_LENGTH = len("2026-01-09-143022")
SUFFIX = ".json"
Key = tuple[str, int]
# as many of a folder's names are sampled to guess which are the newest
SAMPLE = 1000


def is_stamp(text: str) -> bool:
    """Whether `text` is a second written as `2026-01-09-143022`."""
    if len(text) != STAMP_LENGTH or not text[4] == text[7] == text[10] == "-":
        return False
    digits = text.replace("-", "")
    return (
        len(digits) == STAMP_LENGTH - 3
        and digits.isascii()
        and digits.isdigit()
        and "01" <= text[5:7] <= "12"
        and "01" <= text[8:10] <= "31"
        and text[11:13] < "24"
        and text[13:15] < "60"
        and text[15:] < "61"
    )


def parse_id(type_: str, session_id: object) -> Key | None:
    """(stamp, N) of an id such as `import-2026-01-09-143022-2`; None when it is not well-formed."""
    if not isinstance(session_id, str) or not session_id.startswith(type_ + "-"):
        return None
    rest = session_id[len(type_) + 1 :]
    stamp, number = rest[:STAMP_LENGTH], rest[STAMP_LENGTH:]
    if not is_stamp(stamp):
        return None
    if not number:
        return stamp, 1
    digits = number[1:]
    well_formed = number[0] == "-" and digits.isascii() and digits.isdigit() and len(digits) < 10
    if not well_formed or digits[0] == "0" or digits == "1":
        return None
    return stamp, int(digits)


def parse_name(type_: str, name: str) -> Key | None:
    """(stamp, N) of a snapshot's file name; None when it is not exactly ours."""
    return parse_id(type_, name[: -len(SUFFIX)]) if name.endswith(SUFFIX) else None


def format_id(type_: str, key: Key) -> str:
    """The id of the snapshot that (stamp, N) orders."""
    stamp, number = key
    return f"{type_}-{stamp}" if number == 1 else f"{type_}-{stamp}-{number}"


def newest_first(type_: str, names: list[str], since: str = "", until: str = "") -> Iterator[Key]:
    """The keys of the snapshots among `names`, newest first, from one second to another, inclusive.

    A caller that needs only a few does not wait until all are sorted: those above a name near the
    top of a sample are sorted first, the rest later.
    """
    prefix = type_ + "-"
    # "/" sorts behind all that can follow a second in our names, ":" behind all digits
    first, after = prefix + since, prefix + (until + "/" if until else ":")
    sample = names[:: len(names) // SAMPLE + 1]
    upper = sorted(name for name in sample if first <= name < after)[-3:]
    # cut to the second: within a second the names do not sort as text
    bound = max(first, upper[0][: len(prefix) + STAMP_LENGTH]) if upper else first
    yield from _sorted_keys(type_, [name for name in names if bound <= name < after])
    if bound > first:
        yield from _sorted_keys(type_, [name for name in names if first <= name < bound])


def _sorted_keys(type_: str, names: list[str]) -> list[Key]:
    return sorted((key for key in (parse_name(type_, name) for name in names) if key), reverse=True)


def next_key(newest: Key | None, stamp: str) -> Key:
    """The next free (stamp, N): names only grow, also when the clock goes back."""
    if newest is None or stamp > newest[0]:
        return stamp, 1
    return newest[0], newest[1] + 1


def uuid7(epoch: float, random: bytes) -> str:
    """A version 7 UUID (RFC 9562) of the millisecond `epoch` and ten random bytes."""
    bits = int(epoch * 1000) << 80 | int.from_bytes(random, "big")
    bits = bits & ~(0xF << 76) | 0x7 << 76
    bits = bits & ~(0x3 << 62) | 0x2 << 62
    digits = f"{bits:032x}"
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
