"""What is printed arrives whole, however slowly it is read, and harms nobody where it is not."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

# more than a pipe takes at once
LINES = 40_000
PRINT = f"""
from session_cli.tui.printing import print_lines
print_lines(["\\u2713 begins"])
print_lines(map(str, range({LINES})))
print_lines(["ends"])
"""
COMMAND = [sys.executable, "-c", PRINT]


def test_a_stdout_that_is_not_waited_for_loses_nothing() -> None:
    source, sink = os.pipe()
    os.set_blocking(sink, False)
    environment = {**os.environ, "LC_ALL": "C.UTF-8"}
    with subprocess.Popen(COMMAND, stdout=sink, env=environment), open(source) as answer:
        os.close(sink)
        lines = answer.read().splitlines()

    assert lines == ["✓ begins", *map(str, range(LINES)), "ends"]


def test_a_stdout_that_takes_nothing_is_no_failure() -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(COMMAND, stdout=full, stderr=subprocess.PIPE)
    assert (done.returncode, done.stderr) == (0, b"")

    source, sink = os.pipe()
    os.close(source)
    done = subprocess.run(COMMAND, stdout=sink, stderr=subprocess.PIPE)
    os.close(sink)
    assert (done.returncode, done.stderr) == (0, b"")
