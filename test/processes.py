"""Commands as real processes, with what they leave."""

from __future__ import annotations

import ctypes
import os
import sys
import traceback
from collections.abc import Callable, Mapping
from socket import socket, socketpair
from tempfile import TemporaryFile
from typing import Any, NamedTuple, NoReturn

import waiting

# PR_SET_PTRACER and PR_SET_PTRACER_ANY of prctl(2)
LET_TRACE, ANYBODY = 0x59616D61, ctypes.c_ulong(-1)


class Answer(NamedTuple):
    """What a finished process left: exit code, stdout as bytes, stderr as text."""

    code: int
    stdout: bytes
    stderr: str


Command = Callable[..., Answer]


def runner(*command: str) -> Command:
    """A function that runs `command` with further arguments and answers when it has ended.

    `stdin` bytes come through a pipe, None is /dev/null; in `env` None unsets a variable; any
    other keyword (`cwd`, `umask`, ...) goes to `subprocess.run`.
    """

    def run(
        *arguments: str | bytes,
        stdin: bytes | None = None,
        env: Mapping[str, str | None] | None = None,
        **options: Any,
    ) -> Answer:
        variables = {**os.environ, **(env or {})}
        options["env"] = {name: value for name, value in variables.items() if value is not None}
        done = waiting.run([*command, *arguments], stdin, **options)
        return Answer(done.returncode, done.stdout, done.stderr.decode("utf-8", "replace"))

    return run


def forked(main: Callable[[], int], attend: Callable[[int], None] | None = None) -> Command:
    """The same for a function of ours: a fork of this process runs it, without a start of Python.

    Only `stdin` and `env` are known to it. It begins when `attend` has seen its process id.
    """

    def run(
        *arguments: str | bytes,
        stdin: bytes | None = None,
        env: Mapping[str, str | None] | None = None,
    ) -> Answer:
        source, sink = os.pipe()
        gate, its_gate = socketpair()
        with TemporaryFile() as out, TemporaryFile() as err, gate:
            pid = os.fork()
            if pid == 0:
                os.close(sink)
                gate.close()
                if attend is not None:
                    _be_attended(its_gate)
                files = source if stdin is not None else os.open(os.devnull, os.O_RDONLY)
                _become(main, [*map(os.fsdecode, arguments)], env or {}, (files, out, err))
            os.close(source)
            its_gate.close()
            if attend is not None and gate.recv(1):
                attend(pid)
            gate.close()
            _feed(sink, stdin or b"")
            _, status = os.waitpid(pid, 0)
            out.seek(0)
            err.seek(0)
            stderr = err.read().decode("utf-8", "replace")
            return Answer(os.waitstatus_to_exitcode(status), out.read(), stderr)

    return run


def _be_attended(gate: socket) -> None:
    """Waits for those who will look at what this process does from here on."""
    with gate:
        # it fails where they may anyway
        ctypes.CDLL(None).prctl(LET_TRACE, ANYBODY, 0, 0, 0)
        gate.send(b".")
        gate.recv(1)


def _feed(sink: int, data: bytes) -> None:
    try:
        with open(sink, "wb") as file:
            file.write(data)
    except BrokenPipeError:
        # it reads no more than it needs
        pass


def _become(
    main: Callable[[], int],
    arguments: list[str],
    env: Mapping[str, str | None],
    files: tuple[Any, Any, Any],
) -> NoReturn:
    """Runs `main` as a program of its own would be, and ends."""
    code = 1
    try:
        for number, file in enumerate(files):
            os.dup2(file if isinstance(file, int) else file.fileno(), number)
        sys.stdin = open(0, closefd=False)  # noqa: SIM115
        sys.stdout = open(1, "w", closefd=False)  # noqa: SIM115
        sys.stderr = open(2, "w", closefd=False)  # noqa: SIM115
        for name, value in env.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value
        sys.argv = ["session-cli", *arguments]
        code = main()
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
