"""A folder that is a small disk of its own, so that it can be full."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from pathlib import Path

import pytest

# keeps the mount namespace, and the small disk in it, for as long as its stdin is open
KEEP = 'mount -t tmpfs -o size="$2",mode=700 tmpfs "$1" && echo mounted && exec cat'


class SmallDisk:
    """The disk is there for the programs that `inside` starts; the tests see it at `seen`."""

    def __init__(self, folder: Path, size: str) -> None:
        self.folder = folder
        folder.mkdir(parents=True)
        if shutil.which("unshare") is None or shutil.which("nsenter") is None:
            pytest.skip("unshare or nsenter is not installed: no small disk can be mounted")
        own_users = [] if os.geteuid() == 0 else ["-Ur"]
        self.keeper = subprocess.Popen(
            ["unshare", *own_users, "--mount", "sh", "-c", KEEP, "sh", str(folder), size],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert self.keeper.stdout and self.keeper.stderr
        if self.keeper.stdout.readline() != b"mounted\n":
            pytest.skip(f"mounting is refused here: {self.keeper.stderr.read().decode().strip()}")
        users = ["-U", "--preserve-credentials"] if own_users else []
        self.inside = ["nsenter", "-t", str(self.keeper.pid), *users, "-m"]
        self.seen = Path(f"/proc/{self.keeper.pid}/root{folder}")

    def fill(self) -> None:
        """Leaves no byte."""
        with open(self.seen / "ballast", "ab", buffering=0) as file:
            for size in (4096, 1):
                with contextlib.suppress(OSError):
                    while file.write(b"x" * size):
                        pass

    def free(self) -> None:
        """Makes room again."""
        (self.seen / "ballast").unlink()

    def close(self) -> None:
        """Takes the disk away."""
        self.keeper.communicate()
