"""What the durability tests share."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import pytest
from processes import Command
from system.faults import strace_works as strace_works


class Look(NamedTuple):
    """What the reading verbs answer: the exit code of `exists`, the stdout of the others."""

    exists: int
    state: bytes
    step: bytes


@pytest.fixture
def look(quick: Command) -> Callable[[], Look]:
    """Asks `exists`, `load` and `get-step`, of which the latter two must not fail."""

    def ask() -> Look:
        load, step = quick("load"), quick("get-step")
        assert (load.code, step.code) == (0, 0), load.stderr
        return Look(quick("exists").code, load.stdout, step.stdout)

    return ask
