"""The scan of the cluster that an import begins with, as DATA."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from session_cli.cluster.kubectl import Kubectl
from session_cli.cluster.ownership import Owner
from session_cli.cluster.workloads import Workload, workloads_in
from session_cli.errors import Unavailable
from session_cli.progress import Progress
from session_cli.times import now, utc
from session_cli.words import counted
from session_cli.workflow.scan import scan_result


def take_scan(context: str | None, progress: Progress, tick: Callable[[], None]) -> dict[str, Any]:
    """Scans the cluster of the context, else of the current one; the DATA to save.

    A scan in which some kinds could not be listed is partial. Unavailable when there is no answer.
    """
    kubectl = Kubectl(context, tick)
    progress.say(f"scanning {kubectl.context}")
    uid = kubectl.uid()
    answer = kubectl.scan()
    workloads = workloads_in({"kind": "List", "items": answer.objects})
    paths = _find_paths(kubectl, workloads, answer.complaints)
    result = scan_result(workloads, answer.complaints, paths, utc(now()))
    for complaint in answer.complaints:
        progress.say(f"! partial: {complaint}")
    places = counted(len(result["namespaces"]), "namespace")
    progress.say(f"{counted(len(workloads), 'workload')} in {places}")
    return {"cluster_context": kubectl.context, "cluster_uid": uid, "scan_result": result}


def _find_paths(
    kubectl: Kubectl, workloads: Sequence[Workload], complaints: list[str]
) -> dict[tuple[str, str, str], str]:
    """Where the Kustomizations and Applications that own something deploy from.

    They only help to name things: where they cannot be read, the scan is partial and still counts.
    """
    kinds = sorted({_deployer(workload.owner) for workload in workloads} - {""})
    try:
        return kubectl.paths(kinds) if kinds else {}
    except Unavailable as error:
        complaints.append(str(error))
        return {}


def _deployer(owner: Owner) -> str:
    kind = owner.ref.kind if owner.ref else ""
    return kind if kind in ("Kustomization", "Application") else ""
