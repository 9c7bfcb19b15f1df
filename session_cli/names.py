"""The names of snapshots and sessions: `<type>-<UTC second>[-N]`, and their order."""

from __future__ import annotations

STAMP_LENGTH = len("2026-01-09-143022")
SUFFIX = ".json"
Key = tuple[str, int]


def is_stamp(text: str) -> bool:
    """Whether `text` is a second written as `2026-01-09-143022`."""
    parts = text.split("-")
    if len(text) != STAMP_LENGTH or [len(part) for part in parts] != [4, 2, 2, 6]:
        return False
    if not (text.isascii() and "".join(parts).isdigit()):
        return False
    clock = parts[3]
    return (
        "01" <= parts[1] <= "12"
        and "01" <= parts[2] <= "31"
        and clock[:2] < "24"
        and clock[2:4] < "60"
        and clock[4:] < "61"
    )


def parse_id(type_: str, session_id: object) -> Key | None:
    """(stamp, N) of an id such as `import-2026-01-09-143022-2`; None when it is not ours."""
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


def following(newest: Key | None, stamp: str) -> Key:
    """The next free (stamp, N): names only grow, also when the clock does not."""
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
