"""Whether a job that nobody waits for any more may still change what is here."""

from __future__ import annotations

from pathlib import Path

import pytest
from processes import Command

from session_cli import console
from session_cli.errors import Unavailable
from session_cli.store import locate
from session_cli.tui.permit import Permit, PermittedStore


@pytest.fixture
def store(quick: Command, sessions: Path) -> PermittedStore:
    quick("save", "scan")
    return PermittedStore(locate(str(sessions), None, "import"), console.ignore, Permit())


def test_what_has_begun_to_change_something_is_waited_for(store: PermittedStore) -> None:
    with store.writing():
        assert not store.permit.end()
    # it goes on as long as it takes
    with store.writing():
        assert not store.permit.end()


def test_what_comes_too_late_changes_nothing(store: PermittedStore) -> None:
    assert store.permit.end()

    with pytest.raises(Unavailable, match="did not answer in time"):
        store.writing()
    with pytest.raises(Unavailable):
        store.changing()
    assert store.permit.end()
