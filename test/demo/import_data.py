"""Prints the DATA that an import saves on moving to a step, worked out from a cluster dump."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from session_cli.cluster.naming import app_space, slugify
from session_cli.cluster.workloads import Workload, owner_counts, workloads_in

Data = dict[str, object]

CHOSEN_NAMESPACES = ("order-prod", "payment-prod")


def main(arguments: list[str]) -> None:
    if len(arguments) not in (2, 3):
        sys.exit("usage: import_data.py <step> <dump.json> [log_file]")
    step, dump, *log_file = arguments
    try:
        data = data_by_step(workloads_in(json.loads(Path(dump).read_bytes())))
    except (OSError, ValueError) as error:
        sys.exit(f"import_data.py: {dump}: {error}")
    if step not in data:
        sys.exit(f"import_data.py: no step {step}, only {', '.join(data)}")
    print(json.dumps(data[step] | _log(*log_file), ensure_ascii=False, indent=2))


def data_by_step(workloads: Sequence[Workload]) -> dict[str, Data]:
    """Return for each step what the step before it brought about."""
    chosen = [w for w in workloads if w.namespace in CHOSEN_NAMESPACES and not w.unit_slug]
    return {
        "scan": {"cluster_context": "kind-atk"},
        "review": {
            "scan_result": {
                "namespaces": sorted({w.namespace for w in workloads}),
                "workloads_detected": len(workloads),
                "owners": owner_counts(workloads),
            }
        },
        "select": {
            "selections": {
                "selected_workloads": [
                    {"namespace": w.namespace, "name": w.name, "owner": w.owner.name}
                    for w in chosen
                ]
            }
        },
        "connect": {"selections": {"app_space": app_space(chosen), "hub": "platform-team"}},
        "worker_connecting": {
            "confighub": {
                "authenticated": True,
                "org": "acme-corp",
                "user": "user@example.com",
                "units_created": [slugify(w.name) for w in chosen],
                "worker_slug": "dev",
                "worker_status": "connecting",
            }
        },
        "targets_waiting": {"confighub": {"worker_status": "connected"}},
        "verify": {"confighub": {"worker_status": "ready"}},
        "complete": {},
    }


def _log(log_file: str = "") -> Data:
    # A session and its log carry the same stamp: the log is tui-<session_id>.log.
    session_id = Path(log_file).stem.removeprefix("tui-")
    return {"session_id": session_id, "log_file": log_file} if log_file else {}


if __name__ == "__main__":
    main(sys.argv[1:])
