"""The folder of a store on this machine: whose it is, and who works on it."""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path

from session_cli.errors import BadInput, Locked, SessionError
from session_hub import file_systems

LOCK = "hub.lock"
# so long a hub that is being stopped, or a command, may still have the store
LOCK_SECONDS = 5.0
_POLL_SECONDS = 0.05


def default_folder() -> Path:
    """Where the store is unless --data says otherwise; raises BadInput where that is nowhere."""
    given = os.environ.get("SESSION_HUB_DATA")
    if given:
        return Path(given)
    data, home = os.environ.get("XDG_DATA_HOME"), os.environ.get("HOME", os.path.expanduser("~"))
    folder = Path(data or Path(home, ".local", "share"), "session-hub")
    if not folder.is_absolute():
        raise BadInput(
            f"the store would be in {folder}, which is no absolute path: choose its folder with"
            " --data, or set HOME"
        )
    return folder


def prepare(folder: Path) -> list[str]:
    """Makes the folder, for its owner alone; what is to be said of it. Raises SessionError."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise _unusable(folder, error) from None
    magic = file_systems.magic_of(folder)
    if magic is not None and file_systems.is_network(magic):
        raise BadInput(
            f"{folder} is on a network file system ({file_systems.NETWORK[magic]}), where SQLite"
            " can lose what was saved: choose a folder on a disk of this machine with --data"
        )
    if magic == file_systems.FUSE:
        return [f"{folder} is on a FUSE file system: make sure that it is a disk of this machine"]
    return []


def lock(folder: Path, seconds: float = LOCK_SECONDS) -> int:
    """The lock of the store, held while the descriptor is open; raises Locked after `seconds`."""
    try:
        descriptor = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise _unusable(folder, error) from None
    until = time.monotonic() + seconds
    while not _try(descriptor):
        if time.monotonic() >= until:
            os.close(descriptor)
            raise Locked(
                f"another session-hub works on the store in {folder}: stop it, or choose another"
                " folder with --data"
            )
        time.sleep(_POLL_SECONDS)
    return descriptor


def _try(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextlib.contextmanager
def locked(folder: Path, seconds: float = LOCK_SECONDS) -> Iterator[None]:
    """The store is this process's own; raises Locked."""
    descriptor = lock(folder, seconds)
    try:
        yield
    finally:
        os.close(descriptor)


def _unusable(folder: Path, error: OSError) -> SessionError:
    return SessionError(
        f"cannot write in {folder}: {error.strerror or error}; choose another folder with --data,"
        " or SESSION_HUB_DATA"
    )
