"""cub, as the programs call it: stopped with their work, and bounded as the environment says.

The script that starts a program has refused what is no number.
"""

from __future__ import annotations

import os

from session_cli.confighub.cub import ASK_SECONDS, Cub
from session_cli.confighub.readiness import WAIT_SECONDS
from session_cli.tui.work import Work


def cub_for(work: Work) -> Cub:
    """cub; the work notes what a failed call printed."""
    seconds = float(os.environ.get("CONFIGHUB_CALL_SECONDS") or ASK_SECONDS)
    return Cub(seconds, work.tick, work.note)


def wait_seconds() -> float:
    """The timeout of a whole wait, in seconds."""
    return float(os.environ.get("CONFIGHUB_WAIT_SECONDS") or WAIT_SECONDS)
