"""What a test of the TUIs gets: a cluster, a ConfigHub and a terminal to look at both."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from tui.world import World


@pytest.fixture
def world(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """A cluster of twelve workloads behind the real kubectl, and ConfigHub's stand-in."""
    if not shutil.which("kubectl"):
        pytest.skip("kubectl is not installed: no import can be played")
    with World(home, tmp_path) as made:
        for name, value in made.environment.items():
            monkeypatch.setenv(name, value)
        yield made
