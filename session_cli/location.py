"""Where a session is kept: the folder, the pointer in it and the type."""

from __future__ import annotations

import posix
import sys

from session_cli.errors import BadInput
from session_cli.steps import TYPES


class Location:
    """The folder, the pointer and the type; `folder` is None where HOME names no folder."""

    def __init__(self, folder: str | None, pointer: str | None, type_: str) -> None:
        self.folder = folder
        self.pointer = pointer
        self.type = type_


def locate(folder: str | None, pointer: str | None, type_: str | None) -> Location:
    """What the options say, else the environment, else `~/.confighub/sessions`."""
    type_ = type_ or _variable(b"CONFIGHUB_SESSION_TYPE") or "import"
    if type_ not in TYPES:
        raise BadInput(f"unknown type '{type_}'; it is one of {', '.join(TYPES)}")
    # a folder given here is not to be mixed with a pointer that the environment has for another
    pointer = pointer or (None if folder else _variable(b"CONFIGHUB_SESSION_FILE"))
    folder = folder or _variable(b"CONFIGHUB_SESSION_DIR") or _home_folder()
    if pointer is None and folder is not None:
        pointer = f"{folder.rstrip('/') or '/'}/{type_}-latest.json"
    return Location(folder, pointer, type_)


def _variable(name: bytes) -> str | None:
    value = posix.environ.get(name)
    return value.decode(sys.getfilesystemencoding(), "surrogateescape") if value else None


def _home_folder() -> str | None:
    home = _variable(b"HOME")
    if home is None or not home.startswith("/"):
        return None
    try:
        posix.stat(home + "/.")
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError:
        # there is a HOME; what is wrong with it is told when something in it is asked for
        pass
    return home.rstrip("/") + "/.confighub/sessions"
