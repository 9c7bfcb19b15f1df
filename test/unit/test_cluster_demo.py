from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from session_cli.cluster.ownership import OWNERS
from session_cli.cluster.workloads import SKIPPED_NAMESPACES, owner_counts, workloads_in

ROOT = Path(__file__).parents[2]
DEMO = ROOT / "test" / "demo"
DUMP = DEMO / "cluster.json"


def run_import_data(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, DEMO / "import_data.py", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def data_at(step: str) -> Any:
    return json.loads(run_import_data(step, DUMP).stdout)


def test_the_demo_cluster_shows_every_owner_and_what_is_skipped() -> None:
    document = json.loads(DUMP.read_bytes())
    workloads = workloads_in(document)
    namespaces = {item["metadata"]["namespace"] for item in document["items"]}

    assert len(workloads) >= 36
    assert tuple(owner_counts(workloads)) == OWNERS
    assert namespaces & SKIPPED_NAMESPACES
    assert any(workload.ready < workload.desired for workload in workloads)


def test_the_scan_counts_every_workload_once() -> None:
    scan = data_at("review")["scan_result"]

    assert scan["workloads_detected"] == sum(scan["owners"].values())
    assert {"payment-prod", "order-prod"} <= set(scan["namespaces"])
    assert not SKIPPED_NAMESPACES & set(scan["namespaces"])


def test_each_selected_workload_becomes_a_unit_and_none_that_already_is_one() -> None:
    selected = data_at("select")["selections"]["selected_workloads"]
    units = data_at("worker_connecting")["confighub"]["units_created"]

    assert [workload["name"] for workload in selected] == units
    assert {workload["namespace"] for workload in selected} == {"payment-prod", "order-prod"}
    assert len(set(units)) == len(units)
    assert "order-refunds" not in units


@pytest.mark.parametrize(
    ("step", "data"),
    [
        ("scan", {"cluster_context": "kind-atk"}),
        ("connect", {"selections": {"app_space": "payment-team", "hub": "platform-team"}}),
        ("targets_waiting", {"confighub": {"worker_status": "connected"}}),
        ("verify", {"confighub": {"worker_status": "ready"}}),
        ("complete", {}),
    ],
)
def test_a_step_saves_what_the_one_before_it_brought(step: str, data: object) -> None:
    assert data_at(step) == data


def test_a_log_names_its_session() -> None:
    log = "/logs/tui-import-2026-01-09-143022.log"

    data = json.loads(run_import_data("scan", DUMP, log).stdout)

    assert data["log_file"] == log
    assert data["session_id"] == "import-2026-01-09-143022"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["scan"], "usage:"),
        (["nowhere", DUMP], "no step nowhere"),
        (["scan", "absent.json"], "absent.json"),
        (["scan", __file__], "test_cluster_demo.py: "),
    ],
    ids=["no dump", "unknown step", "absent dump", "dump that is no JSON"],
)
def test_what_cannot_be_answered_is_one_line_on_stderr(
    arguments: list[str | Path], message: str
) -> None:
    done = run_import_data(*arguments)

    assert done.returncode == 1
    assert done.stdout == ""
    assert message in done.stderr
    assert len(done.stderr.splitlines()) == 1
