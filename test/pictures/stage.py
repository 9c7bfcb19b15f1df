"""Where scenes are played: a scratch HOME, the demo's cluster and ConfigHub, a stopped clock."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from guard import guarded
from pictures.camera import watch
from tui.screen import Screen

ROOT = Path(__file__).parents[2]
ATK = ROOT / "test" / "atk"
# Friday, 9 January 2026, 14:30:25 UTC
FRIDAY = 1767969025
HOUR = 3600
# the demo's cub, slower while a file says so, or without a login
CUB = """#!/bin/sh
if [ -e "$DEMO_HOME/slow" ]; then sleep 1; fi
if [ -e "$DEMO_HOME/expired" ]; then
  echo 'Failed: HTTP 401 for req abc: authentication problem. Try logging in (again) with' \\
    'cub auth login' >&2
  exit 1
fi
exec '{demo}/cub' "$@"
"""


class Stage:
    """One HOME, one ConfigHub; the programs run in it as real processes."""

    def __init__(self, folder: Path) -> None:
        self.home, self.hub, self.bin = folder / "home", folder / "hub", folder / "bin"
        for each in (self.home, self.hub, self.bin):
            each.mkdir()
        cub = self.bin / "cub"
        cub.write_text(CUB.format(demo=ATK / "demo"))
        cub.chmod(0o755)
        (self.bin / "kubectl").symlink_to(ATK / "demo" / "kubectl")
        self.sessions = self.home / ".confighub" / "sessions"
        self.now = FRIDAY

    def __enter__(self) -> Stage:
        return self

    def __exit__(self, *_: object) -> None:
        for path in self.hub.glob("worker-*.alive"):
            # a worker ends when its file is gone
            path.unlink()

    @property
    def environment(self) -> dict[str, str]:
        """What the programs are told by their environment."""
        kept = guarded(dict(os.environ), self.home)
        return {
            **{name: "" for name in os.environ if name not in kept},
            **{name: value for name, value in kept.items() if name != "TERM"},
            "DEMO_HOME": str(self.hub),
            "SESSION_CLI_NOW": str(self.now),
            "PATH": f"{self.bin}:{kept['PATH']}",
            "PS1": "$ ",
            "TMPDIR": str(self.home),
        }

    def play(self, *command: str, columns: int = 120, rows: int = 40) -> Screen:
        """A command in a terminal, in the folder of the checkout."""
        return watch(list(command), self.environment, columns, rows, cwd=str(ROOT))

    def set(self, name: str, is_so: bool = True) -> None:
        """Whether cub is `slow`, or the login `expired`."""
        path = self.hub / name
        path.touch() if is_so else path.unlink(missing_ok=True)

    def change_hub(self, change: Callable[[dict[str, Any]], object]) -> None:
        """Somebody else changes what is in ConfigHub's spaces."""
        path = self.hub / "confighub.json"
        hub = json.loads(path.read_text())
        change(hub["spaces"])
        path.write_text(json.dumps(hub))
