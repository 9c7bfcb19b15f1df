"""Asks the cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from session_cli.commands import _gone
from session_cli.commands._group import Group
from session_cli.commands._report import Report, report_options
from session_cli.errors import Unavailable
from session_cli.times import now, utc
from session_cli.words import counted
from session_cli.workflow.scan import scan_result

if TYPE_CHECKING:
    from session_cli.cluster.kubectl import Kubectl
    from session_cli.cluster.ownership import Owner
    from session_cli.cluster.workloads import Workload


@click.group("cluster", cls=Group, gone=_gone.CLUSTER, short_help="Scan the cluster.")
def command() -> None:
    """Ask the cluster through kubectl.

    \b
    Example:
      session-cli cluster scan | session-cli save scan -
    """


@command.command("scan")
@click.option("--context", help="The kube context, else the current one.")
@report_options
def scan(context: str | None, as_json: bool) -> int:
    """Scan the cluster, and print the DATA to save.

    What happens is printed on stderr. A scan in which some kinds could not be listed is reported
    as partial, never as empty.

    \b
    With --json one report: {"step": null, "data": DATA,
      "said": [what happened], "box": null}

    \b
    Examples:
      session-cli cluster scan | session-cli save scan -
      session-cli cluster scan --json | jq .said
    """
    from session_cli.cluster.kubectl import Kubectl
    from session_cli.cluster.workloads import workloads_in

    with Report(as_json) as report:
        kubectl = Kubectl(context)
        report.say(f"scanning {kubectl.context}")
        uid = kubectl.uid()
        answer = kubectl.scan()
        workloads = workloads_in({"kind": "List", "items": answer.objects})
        paths = _paths(kubectl, workloads, answer.complaints)
        result = scan_result(workloads, answer.complaints, paths, utc(now()))
        for complaint in answer.complaints:
            report.say(f"! partial: {complaint}")
        places = counted(len(result["namespaces"]), "namespace")
        report.say(f"{counted(len(workloads), 'workload')} in {places}")
        report.save({"cluster_context": kubectl.context, "cluster_uid": uid, "scan_result": result})
    return 0


def _paths(
    kubectl: Kubectl, workloads: tuple[Workload, ...], complaints: list[str]
) -> dict[tuple[str, str, str], str]:
    """Where the Kustomizations and Applications that own something deploy from.

    They only help to name things: where they cannot be read, the scan is partial and still counts.
    """
    found: dict[tuple[str, str, str], str] = {}
    for kind in sorted({_deployer(workload.owner) for workload in workloads} - {""}):
        try:
            found |= {(kind, *place): path for place, path in kubectl.paths(kind).items()}
        except Unavailable as error:
            complaints.append(str(error))
    return found


def _deployer(owner: Owner) -> str:
    kind = owner.ref.kind if owner.ref else ""
    return kind if kind in ("Kustomization", "Application") else ""
