"""Commands as real processes, with what they leave."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import waiting


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
