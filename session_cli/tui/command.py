"""How session-cli is called from a shell that knows nothing of ours, as short as can be."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from shlex import quote

from session_cli.store import locate

ROOT = Path(__file__).resolve().parents[2]
# the demo puts these before the PATH of the person
DEMO_PLACES = 2


def session_cli_command(sessions: str, is_demo: bool) -> str:
    """The command line up to the verb, for that sessions folder."""
    usual = locate(None, None, "import").folder
    places = [] if sessions == usual else ["--dir", sessions]
    return " ".join(map(quote, [program(is_demo), *places]))


def program(is_demo: bool) -> str:
    """The program of this tree, as it is called from here, else that of PATH."""
    own = Path(".venv/bin/session-cli")
    ours = ROOT / own
    places = os.environ.get("PATH", "").split(":")[DEMO_PLACES if is_demo else 0 :]
    found = shutil.which("session-cli", path=":".join(places))
    if not ours.exists() or (found and _is_same(Path(found), ours)):
        return "session-cli"
    return str(own if _is_same(own, ours) else ours)


def _is_same(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return False
