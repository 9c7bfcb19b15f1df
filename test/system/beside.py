"""The original draft's functions and ours, played beside each other in homes that are alike."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable
from pathlib import Path
from shlex import quote
from tempfile import TemporaryDirectory
from typing import NamedTuple

import waiting

TEST = Path(__file__).parent.parent
ENTRIES = ["shim", "executable"]
LIBRARIES = {
    "draft": f"source {quote(str(TEST / 'draft' / 'session.sh'))}",
    "shim": f"source {quote(str(TEST / 'atk' / 'lib' / 'session.sh'))}",
    "executable": r"""
SESSION_DIR="$HOME/.confighub/sessions"
SESSION_FILE="$SESSION_DIR/import-latest.json"
ask() { session-cli --dir "$SESSION_DIR" --file "$SESSION_FILE" "$@"; }
session_init() { ask init; }
session_exists() { ask exists; }
session_load() { ask load; }
session_clear() { ask clear; }
session_get_step() { ask get-step; }
session_save() {
  if ((${#2} > 30000)); then printf '%s' "$2" | ask save -- "$1" -
  else ask save -- "$1" ${2:+"$2"}
  fi
}
""",
}
# 2026-01-09T15:00:00Z: the states from the spec are fresh, so that session_init archives none
SOON = "1767970800"
# Where a call stands in the script: it shows its stdout and what became of its exit code.
CALLERS = {
    "a plain line": "CALL; printf '<%s>\\n' $?",
    "set -euo pipefail": "(set -euo pipefail; CALL; printf '<went on>'); printf '<%s>\\n' $?",
    "if": "(set -euo pipefail; if CALL; then printf '<yes>'; else printf '<%s>' $?; fi)",
    "a subshell": "(CALL); printf '<%s>\\n' $?",
    "a substitution": 'answer="$(CALL)"; printf \'%s<%s>\\n\' "$answer" $?',
    "a loop behind a pipe": "printf 'one\\ntwo\\n' | while read -r line; do"
    " CALL; printf '%s<%s>\\n' \"$line\" $?; done",
    "a loop over a file": "printf 'one\\ntwo\\n' >lines; while read -r line; do"
    " CALL; printf '%s<%s>\\n' \"$line\" $?; done <lines",
    "odd options": "(set -fC; shopt -s nullglob failglob nocasematch; IFS=0/-; CALL;"
    " printf '<%s>\\n' $?)",
    "posix mode": "(set -o posix; CALL; printf '<%s>\\n' $?)",
}


class Outcome(NamedTuple):
    """How a script ended, and what it printed."""

    code: int
    stdout: bytes


def script(calls: Iterable[str], caller: str = "a plain line") -> str:
    """The lines of bash in which `caller` makes each of the `calls`."""
    return "\n".join(CALLERS[caller].replace("CALL", call) for call in calls)


def play(
    library: str, text: str, state: bytes | None = None, *, snapshot: str | None = None
) -> Outcome:
    """What the script `text` does with the functions of `library`, in a new home.

    The home holds `state`, if any, as a plain file, or as the file `snapshot` with a link to it.
    """
    with TemporaryDirectory() as folder:
        home, here = Path(folder, "home"), Path(folder, "here")
        sessions = home / ".confighub" / "sessions"
        here.mkdir()
        (home if state is None else sessions).mkdir(parents=True)
        if state is not None:
            pointer = sessions / "import-latest.json"
            (sessions / (snapshot or pointer.name)).write_bytes(state)
            if snapshot:
                pointer.symlink_to(snapshot)
        done = waiting.run(
            ["bash", "-c", f"{LIBRARIES[library]}\n{text}"],
            cwd=here,
            env={**os.environ, "HOME": str(home), "SESSION_CLI_NOW": SOON},
            stderr=subprocess.DEVNULL,
        )
    return Outcome(done.returncode, done.stdout)
