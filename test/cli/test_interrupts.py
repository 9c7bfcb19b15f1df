"""Ctrl-C: it ends a verb, unless whoever calls it would not have it interrupted."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from guard import SCRIPTS
from waiting import end


def ignore() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def heed() -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.mark.parametrize(
    ("prepare", "code", "saved"), [(heed, 130, False), (ignore, 0, True)], ids=["heed", "ignore"]
)
def test_a_save_is_interrupted_only_where_its_caller_is(
    sessions: Path, prepare: Callable[[], None], code: int, saved: bool
) -> None:
    save = subprocess.Popen(
        [sys.executable, SCRIPTS / "session-cli", "save", "scan", "-"],
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=prepare,
    )
    assert save.stdin and save.stderr
    # it says that it waits, so it is up
    assert b"waiting for DATA" in save.stderr.readline()
    os.kill(save.pid, signal.SIGINT)
    if saved:
        save.stdin.write(b"{}")
    save.stdin.close()

    assert end(save) == code
    assert (sessions / "import-latest.json").exists() == saved
