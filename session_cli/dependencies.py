"""What a checkout needs of the interpreter that runs it, and the session-cli that may run instead.

Where pip has installed us it has installed what we need. The source of a checkout may be run by
any Python, and there an old Click can be imported and fails later. `importlib.metadata` knows its
version but takes as long as importing Click; the folders that pip leaves beside the packages have
it in their names.
"""

from __future__ import annotations

import posix  # os would cost every start a millisecond
import sys

from session_cli import __version__

TYPE_CHECKING = False  # typing would cost a start more than all of ours
if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = __file__.rpartition("/session_cli/")[0] or "."
# set for the session-cli that runs instead: it must not look for another one
STANDS_IN = b"SESSION_CLI_STANDS_IN"
ANSWER_SECONDS = 10


class Missing:
    """A package that is not there, or too old: `found` is the version that is there, or None."""

    def __init__(self, name: str, needed: str, found: str | None) -> None:
        self.name = name
        self.needed = needed
        self.found = found

    def __str__(self) -> str:
        if self.found is None:
            return f"no {self.name}"
        return f"{self.name} {self.found} in place of {self.needed}"


def find_missing() -> list[Missing]:
    """What this checkout needs and its interpreter lacks; nothing where pip installed us."""
    needed = _read_requirements()
    found = _find_installed() if needed else {}
    return [
        Missing(name, version, found.get(_normalize(name)))
        for name, version in needed
        if _normalize(name) not in found or _is_older(found[_normalize(name)], version)
    ]


def describe_missing(missing: list[Missing]) -> str:
    """One sentence that ends with the command that installs what is missing."""
    from os.path import dirname, realpath
    from shlex import quote

    root = realpath(ROOT)
    # make leaves a .venv that looks complete as it is
    is_own = realpath(dirname(sys.executable)) == realpath(f"{root}/.venv/bin")
    command = f"make -C {quote(root)} {'clean install' if is_own else 'install'}"
    return (
        f"this needs more than {sys.executable} has ({', '.join(map(str, missing))}); init, exists,"
        f" load, save, clear and get-step work without them; for the other verbs run: {command}"
    )


def find_stand_in() -> str | None:
    """The path of the session-cli on PATH, when it has our version; else None.

    None also when we run in the place of another one already.
    """
    from session_cli.errors import SessionError
    from session_cli.processes import run

    path = next(_find_on_path("session-cli"), None)
    if path is None or STANDS_IN in posix.environ:
        return None
    try:
        answer = run([path, "--version"], ANSWER_SECONDS)
    except SessionError:
        return None
    return path if answer.stdout.split()[-1:] == [__version__.encode()] else None


def _find_on_path(name: str) -> Iterator[str]:
    from os import X_OK, access, fsdecode, get_exec_path
    from os.path import isfile

    for folder in map(fsdecode, filter(None, get_exec_path())):
        if isfile(f"{folder}/{name}") and access(f"{folder}/{name}", X_OK):
            yield f"{folder}/{name}"


def _read_requirements() -> list[tuple[str, str]]:
    """(name, least version) of each requirement in setup.cfg, which writes all of them with >=."""
    try:
        with open(f"{ROOT}/setup.cfg", encoding="utf-8") as file:
            lines = file.read().splitlines()
    except OSError:
        return []
    if not {"name = session-cli", "install_requires ="} <= set(lines):
        return []
    needed = []
    for line in lines[lines.index("install_requires =") + 1 :]:
        name, has_version, version = line.strip().partition(">=")
        if not has_version:
            break
        needed.append((name, version))
    return needed


def _find_installed() -> dict[str, str]:
    """The versions of all installed packages; the first in the search path counts."""
    found: dict[str, str] = {}
    for place in sys.path:
        try:
            entries = posix.listdir(place or ".")
        except OSError:
            continue
        for entry in entries:
            stem, dot, _ = entry.rpartition(".")
            if dot and entry.endswith((".dist-info", ".egg-info")):
                name, _, version = stem.partition("-")
                found.setdefault(_normalize(name), version.partition("-")[0])
    return found


def _normalize(name: str) -> str:
    """The one spelling of a package's name."""
    return name.lower().replace("-", "_").replace(".", "_")


def _is_older(version: str, than: str) -> bool:
    """Whether `version` is older; an unknown one counts as new enough."""
    return bool(version) and _number(version) < _number(than)


def _number(version: str) -> tuple[int, ...]:
    """8.2.0rc1 as (8, 2, 0)."""
    numbers = []
    for part in version.split("."):
        digits = part[: len(part) - len(part.lstrip("0123456789"))]
        if not digits:
            break
        numbers.append(int(digits))
    return tuple(numbers)
