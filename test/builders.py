"""Documents for tests, as plain values that each call makes anew."""

from __future__ import annotations

from typing import Any

from session_cli.workflow.state import ImportState


def make_state(**changes: Any) -> dict[str, Any]:
    """The state of an import that waits for its worker, with top-level `changes` laid over it."""
    return {
        "version": "1.0",
        "type": "import",
        "created_at": "2026-01-09T14:30:22Z",
        "updated_at": "2026-01-09T14:45:33Z",
        "cluster_context": "kind-atk",
        "step": "worker_connecting",
        "steps_completed": ["scan", "review", "select", "connect"],
        "scan_result": {
            "namespaces": ["payment-prod", "order-prod"],
            "workloads_detected": 12,
            "owners": {"Flux": 8, "ArgoCD": 3, "Native": 1},
        },
        "selections": {
            "app_space": "payment-team",
            "hub": "platform-team",
            "selected_workloads": [
                {"namespace": "payment-prod", "name": "payment-api", "owner": "Flux"},
                {"namespace": "payment-prod", "name": "payment-worker", "owner": "Flux"},
            ],
        },
        "confighub": {
            "authenticated": True,
            "org": "acme-corp",
            "user": "user@example.com",
            "units_created": ["payment-api", "payment-worker"],
            "worker_slug": "dev",
            "worker_status": "connecting",
        },
        **changes,
    }


def make_record(name: str, namespace: str = "shop-prod", **members: Any) -> dict[str, Any]:
    """A ready Deployment as a scan keeps it, with `members` laid over it."""
    base = {"namespace": namespace, "kind": "Deployment", "name": name, "owner": "Native"}
    return {**base, "ready": 1, "desired": 1, **members}


def make_scan(*records: dict[str, Any], **selections: Any) -> ImportState:
    """The state after a scan that found these records."""
    return ImportState({"scan_result": {"workloads": list(records)}, "selections": selections})
