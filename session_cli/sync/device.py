"""This device, as a hub knows it: an id that stays, and a name.

A copied home must not pass for the device that it was copied from: where the machine or the folder
is another one, the device is new, and holds nothing open.
"""

from __future__ import annotations

import posix  # os would cost every start a millisecond

from session_cli.names import uuid7
from session_cli.store.files import GONE, not_saved
from session_cli.store.lock import WriteLock
from session_cli.store.sidecar import (
    is_uuid,
    list_sidecars,
    read_record,
    set_lease,
    write_record,
)
from session_cli.sync.account import make_folder
from session_cli.times import now

TYPE_CHECKING = False  # typing would cost a start more than all of ours
if TYPE_CHECKING:
    from session_cli.document import Document
    from session_cli.store.folder import Folder

DEVICE = "device.json"
MACHINE = "/etc/machine-id"
UNNAMED = "a device without a name"
LONGEST_NAME = 64


class Device:
    """A folder of sessions on a machine: the UUID that it has at hubs, and the machine's name."""

    __slots__ = ("id", "name")

    def __init__(self, unique: str, name: str) -> None:
        self.id = unique
        self.name = name


def find_device(folder: Folder) -> Device:
    """This device; one that is new here is noted first. Takes the write lock then.

    Raises NotSaved when it cannot be noted.
    """
    try:
        make_folder(folder)
        found = _read(folder)
        if found is None:
            with WriteLock(folder.path):
                # another process may have been first
                found = _read(folder) or _mint(folder)
    except OSError as error:
        raise not_saved(folder.path, error) from None
    return found


def _read(folder: Folder) -> Device | None:
    """The device as noted; None where that is another one, or was called something else."""
    record = read_record(folder, DEVICE) or {}
    unique = record.get("id")
    if not isinstance(unique, str) or not is_uuid(unique) or record != _record(folder, unique):
        return None
    return Device(unique, record["name"])


def _mint(folder: Folder) -> Device:
    before = read_record(folder, DEVICE) or {}
    wanted = _record(folder, str(before.get("id")))
    is_renamed = is_uuid(before.get("id")) and {**before, "name": wanted["name"]} == wanted
    if not is_renamed:
        # the leases are those of the device that this was
        _forget_leases(folder)
        wanted["id"] = uuid7(now(), posix.urandom(10))
    write_record(folder, DEVICE, wanted)
    return Device(wanted["id"], wanted["name"])


def _forget_leases(folder: Folder) -> None:
    for sidecar in list_sidecars(folder):
        if sidecar.lease is not None:
            set_lease(folder, sidecar, None)


def _record(folder: Folder, unique: str) -> Document:
    place = posix.stat(folder.path)
    return {
        "id": unique,
        "name": _host_name(),
        "machine": _machine(),
        "folder": [place.st_dev, place.st_ino],
    }


def _host_name() -> str:
    """What the machine is called, as a header can have it."""
    name = "".join(c for c in posix.uname().nodename if c.isprintable() and c not in '"\\')
    return name.strip()[:LONGEST_NAME] or UNNAMED


def _machine() -> str:
    """What the system calls itself; "" where it does not."""
    try:
        fd = posix.open(MACHINE, posix.O_RDONLY | posix.O_NONBLOCK | posix.O_CLOEXEC)
    except OSError as error:
        if error.errno in GONE:
            return ""
        raise
    try:
        return posix.read(fd, 100).decode("ascii", "replace").strip()
    finally:
        posix.close(fd)
