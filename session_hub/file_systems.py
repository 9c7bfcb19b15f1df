"""Where a store may be: SQLite's files are safe only on a disk of this machine."""

from __future__ import annotations

import subprocess
from pathlib import Path

# f_type of statfs(2), as linux/magic.h and the file systems themselves have it
NETWORK = {
    0x6969: "NFS",
    0x517B: "SMB",
    0xFF534D42: "CIFS",
    0xFE534D42: "SMB2",
    0x01021997: "9p",
    0x5346414F: "AFS",
    0x00C36400: "Ceph",
}
FUSE = 0x65735546


def is_network(magic: int) -> bool:
    """Whether the number is that of a file system whose files are on another machine."""
    return magic in NETWORK


def magic_of(folder: Path) -> int | None:
    """f_type of the folder's file system; None where it cannot be found out, as on macOS."""
    try:
        # Python has no f_type, and its place in the struct is not the same on all processors
        done = subprocess.run(["stat", "-f", "-c", "%t", folder], capture_output=True, check=True)
        return int(done.stdout, 16)
    except (OSError, subprocess.CalledProcessError, ValueError):
        return None
