"""A running hub for the tests that only ask it things."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hub.running import RunningHub


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHub]:
    """One hub for a module."""
    running = RunningHub(tmp_path_factory.mktemp("hub") / "store").start()
    yield running
    running.stop()


@pytest.fixture
def own_hub(tmp_path: Path) -> Iterator[RunningHub]:
    """A hub of the test's own, started by it."""
    running = RunningHub(tmp_path / "store")
    yield running
    if running.process and running.process.poll() is None:
        running.stop()


@pytest.fixture(scope="module")
def tls_hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHub]:
    """One that a proxy shows as https://hub.example."""
    yield from _serve_as("https://hub.example", tmp_path_factory)


@pytest.fixture(scope="module")
def plain_hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHub]:
    """One that others reach without TLS."""
    yield from _serve_as("http://hub.example", tmp_path_factory)


def _serve_as(public_url: str, folders: pytest.TempPathFactory) -> Iterator[RunningHub]:
    arguments = ("--public-url", public_url)
    running = RunningHub(folders.mktemp("hub") / "store", arguments=arguments).start()
    yield running
    running.stop()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Those of a module run in one worker: each that runs some of them would start their hubs."""
    for item in items:
        if item.path.parent == Path(__file__).parent:
            item.add_marker(pytest.mark.xdist_group(item.path.stem))
