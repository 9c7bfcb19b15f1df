"""The cluster of the demo: every owner, what is skipped, and something that is not ready."""

from __future__ import annotations

import json
from pathlib import Path

from session_cli.cluster.ownership import OWNERS
from session_cli.cluster.workloads import SKIPPED_NAMESPACES, workloads_in

DUMP = Path(__file__).parents[1] / "atk" / "demo" / "cluster.json"


def test_the_demo_cluster_shows_every_owner_and_what_is_skipped() -> None:
    document = json.loads(DUMP.read_bytes())
    workloads = workloads_in(document)
    namespaces = {item["metadata"]["namespace"] for item in document["items"]}

    assert len(workloads) >= 36
    assert {workload.owner.name for workload in workloads} == set(OWNERS)
    assert namespaces & SKIPPED_NAMESPACES
    assert any(workload.ready < workload.desired for workload in workloads)
