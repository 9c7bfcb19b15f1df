"""The text of a log as it may leave this machine: whole lines, and no credentials in them.

It depends on the log alone, and not on how far it was read before: what was sent of a log can be
found again in it, however often it has grown since.
"""

from __future__ import annotations

import re
from hashlib import sha256
from typing import TYPE_CHECKING

from session_cli.redaction import masked

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import BinaryIO

# of one log; a hub takes no more
LONGEST = 16 * 1024 * 1024
# so much is looked at together
BLOCK = 256 * 1024
LONGEST_LINE = 64 * 1024
# lines before a seam that are looked at with the one after it
AROUND = 8
_CUT = "[the log goes on; only its first 16 MiB are kept here]\n"
_OVERLONG = "[the log goes on, with a line of over 64 KiB; it is kept up to here]\n"
_BEGIN = re.compile(r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY")
_END = re.compile(r"-----END[^-\n]*-----")


class Text:
    """What of an open log may leave, read from its beginning; `size` bytes of the log count."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        file.seek(0)
        self._blocks = _bounded(_blocks(_without_keys(_whole_lines(file, size))))
        self._buffer = b""
        self._hash = sha256()
        # how many bytes of it were taken
        self.at = 0

    @property
    def digest(self) -> str:
        """The sha256 of what was taken so far."""
        return self._hash.hexdigest()

    def take(self, limit: int) -> bytes:
        """What comes next: as many whole lines as `limit` bytes have room for; b"" at the end."""
        self._fill(limit)
        piece = self._buffer[:limit]
        return self._took(piece[: piece.rfind(b"\n") + 1])

    def skip(self, count: int) -> bool:
        """Takes the next `count` bytes; whether there were as many."""
        while count:
            self._fill(min(count, BLOCK))
            piece = self._took(self._buffer[:count])
            if not piece:
                return False
            count -= len(piece)
        return True

    def is_at_end(self) -> bool:
        """Whether all was taken."""
        self._fill(1)
        return not self._buffer

    def _fill(self, count: int) -> None:
        while len(self._buffer) < count:
            block = next(self._blocks, b"")
            if not block:
                return
            self._buffer += block

    def _took(self, piece: bytes) -> bytes:
        self._buffer = self._buffer[len(piece) :]
        self._hash.update(piece)
        self.at += len(piece)
        return piece


def _whole_lines(file: BinaryIO, size: int) -> Iterator[str]:
    """Those within the first `size` bytes; the last one may still be written."""
    while True:
        line = file.readline(LONGEST_LINE + 1)
        size -= len(line)
        if len(line) > LONGEST_LINE:
            yield _OVERLONG
            return
        if not line.endswith(b"\n") or size < 0:
            return
        yield line.decode("utf-8", "replace")


def _without_keys(lines: Iterable[str]) -> Iterator[str]:
    """Without private keys, which have many lines; what has no end is hidden to the last line."""
    is_in_key = False
    for line in lines:
        if is_in_key:
            end = _END.search(line)
            if end is None:
                continue
            line, is_in_key = line[end.end() :], False
            if not line.strip():
                continue
        begins = list(_BEGIN.finditer(line))
        if begins and not _END.search(line, begins[-1].end()):
            line, is_in_key = line[: begins[-1].start()] + "[hidden]\n", True
        yield line


def _blocks(lines: Iterable[str]) -> Iterator[str]:
    """The lines, masked many at a time: a name may stand on one and its value on the next."""
    block: list[str] = []
    size = 0
    for line in lines:
        if size >= 2 * BLOCK or (size >= BLOCK and _is_seam(block[-AROUND:], line)):
            yield _masked(block)
            block, size = [], 0
        block.append(line)
        size += len(line)
    if block:
        yield _masked(block)


def _masked(lines: Iterable[str]) -> str:
    text = masked("".join(lines))
    # what is hidden may go on over the end of the last line
    return text if text.endswith("\n") else f"{text}\n"


def _is_seam(before: list[str], line: str) -> bool:
    """Whether what is before and this line say the same apart as they do together."""
    if not before[-1].strip() or not line.strip():
        return False
    text = "".join(before)
    return masked(text + line) == masked(text) + masked(line)


def _bounded(blocks: Iterable[str]) -> Iterator[bytes]:
    """As bytes, no more than a hub takes of one log."""
    room = LONGEST - len(_CUT)
    for block in blocks:
        raw = block.encode()
        if len(raw) > room:
            yield raw[: raw.rfind(b"\n", 0, room) + 1] + _CUT.encode()
            return
        room -= len(raw)
        yield raw
