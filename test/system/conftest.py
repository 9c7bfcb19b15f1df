"""What the durability tests share."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import click
import pytest
from processes import Command, forked
from system.faults import strace_works as strace_works

from session_cli import quick as quick_path
from session_cli.cli import VERBS
from session_cli.cli import cli as all_verbs


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


def load_verbs() -> None:
    """Imports what a fork would import each time."""
    context = click.Context(all_verbs)
    assert [verb for verb in VERBS if all_verbs.get_command(context, verb) is None] == []


@pytest.fixture
def forked_cli() -> Command:
    """As `cli`, but a fork of this process runs it, which takes no start of Python."""
    load_verbs()
    return forked(quick_path.main)
