"""The environment of every test: a home of its own, and nothing of the person who runs it."""

from __future__ import annotations

import os
import sysconfig
from pathlib import Path

SCRIPTS = Path(sysconfig.get_path("scripts"))


def guarded(environment: dict[str, str], home: Path) -> dict[str, str]:
    """`environment` with `home` as HOME, our settings gone and our `session-cli` first on PATH."""
    kept = {
        name: value
        for name, value in environment.items()
        if not name.startswith(("CONFIGHUB_", "SESSION_"))
    }
    path = os.pathsep.join([str(SCRIPTS), environment.get("PATH", os.defpath)])
    return {**kept, "HOME": str(home), "PATH": path}
