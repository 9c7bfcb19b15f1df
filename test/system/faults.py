"""System calls that change files: recorded with strace, then made to fail one by one."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import pytest
import waiting
from processes import Answer, forked

CHANGING = "openat write fsync close link unlink symlink rename mkdir chmod".split()
# some processors have only these
CHANGING += "linkat unlinkat symlinkat renameat renameat2 mkdirat fchmodat".split()
# the program runs at its own pace but for the calls that are looked for; that needs -f, and with it
# each line begins with a process id
STRACE = ["strace", "-f", "--seccomp-bpf"]
CALL = re.compile(r"(?:\d+ +)?(\w+)\((.*)\) += ")
Main = Callable[[], int]
PATH = re.compile(r'"(/[^"]*)"|\d<(/[^>]*)>')


class Call(NamedTuple):
    """The `nth` call of `name` that touches `path` in one run of a program."""

    name: str
    path: str
    nth: int

    def __str__(self) -> str:
        return f"{self.name} {self.nth} on {Path(self.path).name}"


class Strace:
    """Runs commands in the environment `env`, and looks at or into their system calls."""

    def __init__(self, env: Mapping[str, str], log: Path) -> None:
        self.env, self.log = env, log

    def record(self, command: list[str], names: list[str] = CHANGING) -> tuple[list[str], Answer]:
        """One line for each call of one of `names`, and what the command answered."""
        options = ["-y", "-s", "0", "-o", str(self.log), "-e", f"trace={any_of(names)}"]
        answer = run([*STRACE, *options, *command], self.env)
        return self.log.read_text("utf-8").splitlines(), answer

    def run_with(self, fault: str, call: Call, command: list[str]) -> Answer:
        """Runs `command` with `fault` (`error=EIO`, `signal=KILL`) at `call`, and only there."""
        inject = f"inject={call.name}:{fault}:when={call.nth}"
        options = ["-qq", "-P", call.path, "-o", str(self.log), "-e", f"trace={call.name}"]
        # a program that is killed where it stops for a filter leaves no line
        tool = ["strace"] if fault.startswith("signal") else STRACE
        answer = run([*tool, *options, "-e", inject, *command], self.env)
        self._assert_that_came(call)
        return answer

    def _assert_that_came(self, call: Call) -> None:
        happened = self.log.read_text("utf-8")
        assert "INJECTED" in happened or "= ?" in happened, f"{call} did not come: {happened}"

    def record_fork(
        self, main: Main, words: list[str], names: list[str] = CHANGING
    ) -> tuple[list[str], Answer]:
        """As `record`, but a fork of this process is looked at, which takes no start of Python."""
        answer = self._fork(["-y", "-s", "0", "-e", f"trace={any_of(names)}"], main, words)
        return self.log.read_text("utf-8").splitlines(), answer

    def fork_with(self, fault: str, call: Call, main: Main, words: list[str]) -> Answer:
        """As `run_with`, but in a fork of this process, which takes no start of Python."""
        inject = f"inject={call.name}:{fault}:when={call.nth}"
        options = ["-P", call.path, "-e", f"trace={call.name}", "-e", inject]
        answer = self._fork(options, main, words)
        self._assert_that_came(call)
        return answer

    def _fork(self, options: list[str], main: Main, words: list[str]) -> Answer:
        tracers = []

        def attend(pid: int) -> None:
            command = ["strace", *options, "-o", str(self.log), "-p", str(pid)]
            tracer = subprocess.Popen(
                command, env=self.env, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE
            )
            tracers.append(tracer)
            assert tracer.stderr
            lines = [b""]
            while not lines[-1].endswith(b" attached\n"):
                lines.append(tracer.stderr.readline())
                assert lines[-1], lines

        answer = forked(main, attend)(*words, env={**dict.fromkeys(os.environ), **self.env})
        for tracer in tracers:
            waiting.communicate(tracer)
        return answer

    def run_without(self, names: list[str], error: str, command: list[str]) -> Answer:
        """Runs `command` where every call of `names` fails with `error`."""
        inject = f"inject={any_of(names)}:error={error}"
        options = ["-qq", "-o", str(self.log), "-e", f"trace={any_of(names)}", "-e", inject]
        return run([*STRACE, *options, *command], self.env)

    def run_around(self, call: Call, meanwhile: Callable[[], object], command: list[str]) -> Answer:
        """Runs `command`, and `meanwhile` between `call` and whatever comes next in it."""
        inject = f"inject={call.name}:signal=STOP:when={call.nth}"
        options = ["-D", "-qqq", "-P", call.path, "-o", str(self.log), "-e", f"trace={call.name}"]
        self.log.write_bytes(b"")
        program = subprocess.Popen(
            ["strace", *options, "-e", inject, *command],
            env=self.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        waiting.eventually(
            lambda: b"stopped by SIGSTOP" in self.log.read_bytes() or program.poll() is not None
        )
        assert program.poll() is None, f"{call} did not come"
        try:
            meanwhile()
        finally:
            program.send_signal(signal.SIGCONT)
            out, err = waiting.communicate(program)
        return Answer(program.returncode, out, without_chatter(err))


def any_of(names: list[str]) -> str:
    """A set of calls as strace wants it; a `?` allows for what a processor does not have."""
    return ",".join(f"?{name}" for name in names)


def run(command: list[str], env: Mapping[str, str]) -> Answer:
    """Runs `command` in exactly this environment, with nothing on stdin."""
    done = waiting.run(command, env=env)
    return Answer(done.returncode, done.stdout, without_chatter(done.stderr))


def without_chatter(stderr: bytes) -> str:
    """What the command said: strace itself tells of every link among the paths that it watches."""
    lines = stderr.decode("utf-8", "replace").splitlines(keepends=True)
    return "".join(line for line in lines if "strace: Requested path" not in line)


def changes(trace: list[str], below: Path) -> Iterator[Call]:
    """The calls in `trace` that changed, or were to change, something below a folder."""
    made: set[str] = set()
    for call, arguments in counted(trace, below):
        if "O_CREAT" in arguments:
            made.add(call.path)
        elif call.name == "openat" or (call.name == "close" and call.path not in made):
            continue
        yield call


def counted(trace: list[str], below: Path) -> Iterator[tuple[Call, str]]:
    """Every call in `trace` that touches something below a folder, with its arguments."""
    count: Counter[tuple[str, str]] = Counter()
    for name, arguments, paths in touching(trace, below):
        count.update((name, path) for path in paths)
        yield Call(name, paths[0], count[name, paths[0]]), arguments


def touching(trace: list[str], below: Path) -> Iterator[tuple[str, str, list[str]]]:
    """(name, arguments, paths) of each call in `trace` that touches something below a folder."""
    for line in trace:
        call = CALL.match(line)
        if call is None:
            continue
        paths = [quoted or opened for quoted, opened in PATH.findall(call[2])]
        paths = [path for path in paths if Path(path).is_relative_to(below)]
        if paths:
            yield call[1], call[2], paths


@pytest.fixture(scope="session")
def strace_works() -> None:
    """Skips where system calls cannot be made to fail."""
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed: no system call can be made to fail")
    trial = subprocess.run(
        [*STRACE, "-o", "/dev/null", "true"], capture_output=True, text=True, check=False
    )
    if trial.returncode:
        pytest.skip(f"ptrace is refused here: {trial.stderr.strip()}")
