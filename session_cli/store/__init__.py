"""The sessions folder; this package alone touches it. Here: where it and its pointer are."""

from __future__ import annotations

import posix  # os would cost every start a millisecond
import sys
from errno import ENOENT, ENOTDIR

from session_cli.errors import BadInput
from session_cli.steps import TYPES

# the hub that a script names for what it does
HUB_URL = b"CONFIGHUB_SESSIONS_URL"
IN_HOME = "/.confighub/sessions"
SYNCED_TYPE = "import"


class Location:
    """The folder, the pointer and the type; `folder` is None where HOME names no folder."""

    def __init__(self, folder: str | None, pointer: str | None, type_: str) -> None:
        self.folder = folder
        self.pointer = pointer
        self.type = type_

    @property
    def is_default(self) -> bool:
        """Whether it is the folder used when none is named."""
        home = _variable(b"HOME") or ""
        return self.folder == home.rstrip("/") + IN_HOME

    @property
    def is_synced(self) -> bool:
        """Whether what is saved here goes to a hub: somebody has signed in, and it is an import."""
        if self.type != SYNCED_TYPE or not self.folder:
            return False
        if _variable(HUB_URL):
            return True
        try:
            posix.stat(self.folder + "/.sync/login.json")
        except OSError as error:
            # one that cannot be looked at may be there
            return error.errno not in (ENOENT, ENOTDIR)
        return True

    def command(self, *words: str) -> str:
        """The session-cli command line with `words` for this location, for a person to type."""
        from shlex import quote

        usual = locate(None, None, None)
        folder = self.folder if self.folder != usual.folder else None
        type_ = self.type if self.type != usual.type else None
        pointer = self.pointer if self.pointer != locate(folder, None, type_).pointer else None
        places = {"--dir": folder, "--file": pointer, "--type": type_}
        options = [word for name, value in places.items() if value for word in (name, value)]
        return " ".join(quote(word) for word in ("session-cli", *options, *words))


def locate(folder: str | None, pointer: str | None, type_: str | None) -> Location:
    """What the options say, else the environment, else `~/.confighub/sessions`."""
    type_ = type_ or _variable(b"CONFIGHUB_SESSION_TYPE") or "import"
    if type_ not in TYPES:
        raise BadInput(f"unknown type '{type_}'; choose one of {', '.join(TYPES)}")
    # a folder given as an option does not go with a pointer from the environment
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
        # there is a HOME; the first access to something in it reports what is wrong
        pass
    return home.rstrip("/") + IN_HOME
