"""Asks the cluster, and turns what a person chooses from it into DATA."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from session_cli import console
from session_cli import document as doc
from session_cli.commands._events import Stream, scratch_option
from session_cli.commands._group import Group
from session_cli.commands._options import text_option
from session_cli.commands._output import answer_rows, answer_text
from session_cli.commands._state import from_option, read_lines, state_of
from session_cli.errors import SessionError, Unavailable
from session_cli.store import Location
from session_cli.store.latest import Latest
from session_cli.text import import_boxes, lists
from session_cli.times import age, ago, now, utc
from session_cli.words import counted, plain
from session_cli.workflow import choices
from session_cli.workflow.scan import scan_result
from session_cli.workflow.state import SessionState
from session_cli.workflow.units import app_space_of
from session_cli.workflow.view import saved_view

# only `scan` needs what runs kubectl; the lists are felt at each key
if TYPE_CHECKING:
    from session_cli.cluster.kubectl import Kubectl
    from session_cli.cluster.ownership import Owner
    from session_cli.cluster.workloads import Workload

namespace_option = click.option("--namespace", metavar="NAME", help="Only this namespace.")


@click.group("cluster", cls=Group, short_help="Scan the cluster, turn choices into DATA.")
def command() -> None:
    """Ask the cluster through kubectl, and turn what is chosen from it into DATA for `save`.

    \b
    Examples:
      session-cli cluster scan --scratch "$(mktemp -d)"
      session-cli cluster rows workloads
      session-cli cluster choose namespaces payment-prod | session-cli save review -
    """


@command.command("scan")
@click.option("--context", help="The kube context, else the current one.")
@scratch_option
def scan(context: str | None, scratch: str) -> int:
    """Scan the cluster, and hand over the DATA to save.

    The DATA comes as a file in the scratch folder. A scan in which some kinds could not be listed
    is reported as partial, never as empty.

    \b
    Example:
      session-cli cluster scan --scratch "$(mktemp -d)"
    """
    from session_cli.cluster.kubectl import Kubectl
    from session_cli.cluster.workloads import workloads_in

    with Stream(scratch) as stream:
        kubectl = Kubectl(context, stream.tick)
        stream.say(f"scanning {kubectl.context}")
        uid = kubectl.uid()
        answer = kubectl.scan()
        workloads = workloads_in({"kind": "List", "items": answer.objects})
        paths = _paths(kubectl, workloads, answer.complaints)
        result = scan_result(workloads, answer.complaints, paths, utc(now()))
        for complaint in answer.complaints:
            stream.say(f"! partial: {complaint}")
        places = counted(len(result["namespaces"]), "namespace")
        stream.say(f"{counted(len(workloads), 'workload')} in {places}")
        stream.save({"cluster_context": kubectl.context, "cluster_uid": uid, "scan_result": result})
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


ROWS = {
    "owners": lists.owner_rows,
    "namespaces": lists.namespace_rows,
    "workloads": lists.workload_rows,
    "readiness": lists.readiness_rows,
    "left-out": lists.left_out_rows,
}


@command.command("rows")
@click.argument("view", type=click.Choice(list(ROWS)))
@namespace_option
@click.option("--owner", metavar="NAME", help="Only what this one deploys.")
@click.option("--width", type=click.IntRange(min=1), help="Characters that fit into a row.")
@text_option
@from_option
@click.pass_obj
def rows(
    location: Location,
    view: str,
    namespace: str | None,
    owner: str | None,
    width: int | None,
    is_text: bool,
    source: Path | None,
) -> int:
    """Print a list to choose from.

    Each line has an id, a mark and a text, with tabs between. The mark is `x` for what is chosen
    by default and `-` for what cannot be chosen.

    \b
    Example:
      session-cli cluster rows workloads --namespace payment-prod --text
    """
    state = state_of(location, source).narrowed(namespace, owner)
    answer_rows(ROWS[view](state, width), is_text)
    return 0


@command.command("heading")
@namespace_option
@from_option
@click.pass_obj
def heading(location: Location, namespace: str | None, source: Path | None) -> int:
    """Print which cluster was scanned, when, and what is in it.

    \b
    Example:
      session-cli cluster heading
    """
    state = state_of(location, source).narrowed(namespace, None)
    answer_text(import_boxes.cluster_heading(state, namespace))
    return 0


@command.command("view")
@from_option
@click.pass_obj
def view_(location: Location, source: Path | None) -> int:
    """Print the view in which `map` was left, a fact a line.

    The context of the scan comes first; then the name of the view, owner, namespace, filter,
    cursor, and its age in words. After a change of the cluster all but the name and the age are
    empty; without a saved view all are.

    \b
    Example:
      session-cli --type map cluster view
    """
    context = state_of(location, source).cluster_context or ""
    saved = _saved(location)
    facts = saved_view(saved, context)
    left = ago(age(saved.updated_at, now())) if any(facts) else ""
    console.write_stdout("".join(f"{plain(line)}\n" for line in [context, *facts, left]).encode())
    return 0


def _saved(location: Location) -> SessionState:
    """The latest state; empty if it cannot be read: the cluster can be shown without it."""
    try:
        session = Latest(location, console.warn).read_session()
    except SessionError:
        return SessionState({})
    return SessionState(session.state if session else {})


CHOICES = {"namespaces": choices.with_namespaces, "workloads": choices.with_workloads}


@command.command("choose")
@click.argument("what", type=click.Choice(list(CHOICES)))
@click.argument("ids", nargs=-1)
@click.option(
    "--ids",
    "listed",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A file with further ids, one on a line.",
)
@from_option
@click.pass_obj
def choose(
    location: Location, what: str, ids: tuple[str, ...], listed: Path | None, source: Path | None
) -> int:
    """Print the DATA that saves a choice of namespaces or workloads.

    \b
    Example:
      session-cli cluster choose namespaces payment-prod | session-cli save review -
    """
    wanted = [*ids, *(read_lines(listed) if listed else ())]
    console.write_stdout(doc.dump(CHOICES[what](state_of(location, source), wanted)))
    return 0


@command.command("app-space")
@click.argument("name", required=False)
@click.option("--slug", is_flag=True, help="Print what ConfigHub calls it, not DATA.")
@click.pass_obj
def app_space(location: Location, name: str | None, slug: bool) -> int:
    """Print the DATA that saves the App Space.

    Without NAME it is the suggested one.

    \b
    Example:
      session-cli cluster app-space payment-team | session-cli save select -
    """
    state = state_of(location)
    data = choices.with_app_space(state, name or app_space_of(state))
    console.write_stdout(
        f"{data['selections']['app_space']}\n".encode() if slug else doc.dump(data)
    )
    return 0
