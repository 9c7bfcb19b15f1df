"""The command line of the demo's `cub`: its words and flags, and rows as text."""

from __future__ import annotations

import re
import sys

from cub_columns import select_columns
from cub_hub import Failure, refused

TYPE_CHECKING = False  # typing would slow down every start
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from cub_hub import Hub

    Row = dict[str, Any]
    Answer = tuple[Any, str]

SHORTHANDS = {"o": "output", "t": "toolchain", "e": "env", "h": "help"}
SWITCHES = set(
    "allow-exists debug help include-secret json no-header quiet set-context verbose wait".split()
)
VALUES = set(
    "change-desc columns context env executable label output select space target timeout toolchain"
    " where".split()
)
EVERYWHERE = set("context debug help json no-header output quiet verbose".split())
WHERE_SLUG = re.compile(r"\s*Slug\s*=\s*'([^']*)'\s*")


class Call:
    """The words and the flags of a call; the flags may come anywhere."""

    def __init__(self, argv: list[str]) -> None:
        self.words: list[str] = []
        self.flags: dict[str, list[str]] = {}
        self.manifest = b""
        rest = list(argv)
        while rest:
            self._take(rest.pop(0), rest)
        size = 1 if self.words[:1] == ["version"] else 2
        self.verb, self.names = " ".join(self.words[:size]), self.words[size:]

    def _take(self, word: str, rest: list[str]) -> None:
        if word == "-" or not word.startswith("-"):
            self.words.append(word)
            return
        if word.startswith("--"):
            name, given, value = word[2:].partition("=")
        else:
            name, given = SHORTHANDS.get(word[1], ""), word[2:]
            value = given.removeprefix("=")
        if name not in SWITCHES | VALUES:
            raise unknown(word)
        if name in VALUES and not given:
            if not rest:
                raise Failure(f"Error: flag needs an argument: {word}")
            value = rest.pop(0)
        self.flags.setdefault(name, []).append(value)

    def has(self, switch: str) -> bool:
        return switch in self.flags and self.flags[switch][-1] != "false"

    def flag(self, name: str) -> str:
        return self.flags.get(name, [""])[-1]

    def name(self, place: int = 0) -> str:
        if len(self.names) <= place:
            raise Failure(f"Error: accepts {place + 1} arg(s), received {len(self.names)}")
        return self.names[place]

    def labels(self) -> dict[str, str]:
        """Split at commas first, as `cub` does: a value with a comma or a second = is refused."""
        pairs = [pair for label in self.flags.get("label", []) for pair in label.split(",")]
        for pair in pairs:
            if pair.count("=") != 1:
                raise Failure(f"Failed: invalid label {pair!r}")
        return dict(pair.split("=") for pair in pairs)


def unknown(flag: str) -> Failure:
    if flag.startswith("--"):
        return Failure(f"Error: unknown flag: {flag.partition('=')[0]}")
    return Failure(f"Error: unknown shorthand flag: '{flag[1]}' in {flag}")


def check_flags(call: Call, flags: str) -> None:
    allowed = EVERYWHERE | set(flags.split())
    for name in call.flags:
        if name not in allowed:
            raise unknown(f"--{name}")
    if call.flag("output") not in ("", "json"):
        raise Failure(f"Error: output format {call.flag('output')} is not supported, only json")


def read_manifest(source: str) -> bytes:
    if source == "-":
        return sys.stdin.buffer.read()
    try:
        with open(source.removeprefix("file://"), "rb") as file:
            return file.read()
    except OSError as error:
        raise Failure(f"Failed: {source}: {error.strerror}") from None


def table(rows: Iterable[Iterable[object]]) -> str:
    return "\n".join("  ".join(f"{cell!s:<28}" for cell in row).rstrip() for row in rows)


def listed(hub: Hub, call: Call, kind: str, rows: list[Row], *columns: str) -> Answer:
    """The rows that `--where` selects, and a table of their `columns` as text."""
    if call.flag("where"):
        where = WHERE_SLUG.fullmatch(call.flag("where"))
        if not where:
            raise refused(400, f"invalid where clause {call.flag('where')!r}")
        rows = [row for row in rows if row[kind]["Slug"] == where[1]]
    header = [] if call.has("no-header") else [("Name", *columns)]
    lines = [[row[kind].get(column, "") for column in ("Slug", *columns)] for row in rows]
    if hub.chooses_columns or call.flag("select"):
        rows = select_columns(call, kind, rows, hub.more_columns)
    return rows, table([*header, *lines])


def created(kind: str, slug: str, identity: str) -> str:
    return f"Successfully created {kind} {slug} ({identity})"
