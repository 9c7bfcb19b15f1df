"""What is sent to every route by schemathesis, which reads /openapi.json, finds no fault (H10)."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hub.running import RunningHub

from session_hub import openapi
from session_hub.routes import ROUTES, Route

# by seed, what is asked: the bounds of every value, which are the same for all seeds, once
PHASES = {1: "examples,coverage", 2: "fuzzing,stateful", 3: "fuzzing,stateful"}
CONFIG = Path(__file__).with_name("schemathesis.toml")
# a stream never ends, and the run would end its own token
LEFT_OUT = ("watchSessions", "deleteToken")


def test_schemathesis_finds_nothing_with_three_seeds(tmp_path: Path) -> None:
    hubs = [RunningHub(tmp_path / str(seed) / "store").start() for seed in PHASES]
    try:
        runs = [start_run(hub, seed) for hub, seed in zip(hubs, PHASES, strict=True)]
        printed = [run.communicate()[0] for run in runs]
    finally:
        for hub in hubs:
            hub.stop()
    for run, text, hub in zip(runs, printed, hubs, strict=True):
        assert run.returncode == 0, text
        assert "Traceback" not in hub.log.read_text()


def start_run(hub: RunningHub, seed: int) -> subprocess.Popen[str]:
    """All checks on all routes; those of the coverage phase are many, so the others are few."""
    command = [
        str(Path(sys.executable).with_name("schemathesis")),
        "--config-file",
        str(CONFIG),
        "run",
        f"{hub.url}/openapi.json",
        "--checks=all",
        f"--phases={PHASES[seed]}",
        "--max-examples=8",
        f"--seed={seed}",
        "--continue-on-failure",
        "--warnings=off",
        "--no-color",
        # 429 is an answer like others; what it hides is tried again
        "--rate-limit=auto",
        *(f"--exclude-operation-id={name}" for name in LEFT_OUT if name in names()),
        "-H",
        f"Authorization: Bearer {hub.token}",
    ]
    return subprocess.Popen(
        command,
        cwd=hub.folder.parent,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "HOME": str(hub.folder.parent)},
    )


def names() -> set[str]:
    return {row.operation for row in ROUTES}


# pages are for people, and have no description
DESCRIBED = [row for row in ROUTES if not row.is_page]


@pytest.mark.parametrize("row", DESCRIBED, ids=lambda row: row.operation)
def test_every_route_is_described(row: Route) -> None:
    """The table has no row that /openapi.json can only name."""
    assert row.operation in openapi.OPERATIONS
    assert row.handler.__doc__


def test_the_description_names_every_problem(hub: RunningHub) -> None:
    described = hub.ask("GET", "/openapi.json", token="").json()["paths"]
    for row in DESCRIBED:
        answers = described[row.path][row.method.lower()]["responses"]
        slugs = [
            slug
            for answer in answers.values()
            for media, content in answer.get("content", {}).items()
            if media == openapi.PROBLEM
            for slug in content["schema"]["allOf"][1]["properties"]["type"]["enum"]
        ]
        assert {f"/problems/{slug}" for slug in row.problems} <= set(slugs)
        assert {str(status) for status in row.answers} <= answers.keys()
