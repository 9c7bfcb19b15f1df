"""A probe: asks kubectl and cub about what a saved session depends on, and decides nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby

from session_cli.cluster.kubectl import Kubectl
from session_cli.cluster.listing import Answer
from session_cli.cluster.workloads import KINDS, workloads_in
from session_cli.confighub import inventory
from session_cli.confighub.connection import check_login
from session_cli.confighub.cub import Cub, NotLoggedIn
from session_cli.confighub.entities import Target, Unit, Worker
from session_cli.confighub.planning import candidate_slugs
from session_cli.errors import Unavailable
from session_cli.progress import Progress
from session_cli.recheck.drift import Cluster, ConfigHub
from session_cli.workflow.state import Identity, ImportState, Place
from session_cli.workflow.units import app_space_of

# for more namespaces than these, one list of everything takes less time
MANY_NAMESPACES = 20


def cluster(
    state: ImportState, asked: str | None, progress: Progress, tick: Callable[[], None]
) -> Cluster:
    """The cluster of the session, on its own context where that still is one.

    `asked` is the context that the person named, if any.
    """
    context = asked or state.cluster_context or ""
    try:
        current = _current(tick)
        kubectl = Kubectl(context or current, tick)
        if context not in kubectl.contexts() and current and not asked:
            kubectl.context = current
        uid, unidentified = kubectl.identity()
        kinds = _kinds(state, kubectl)
        owners, problem = _owners(state.with_kinds(kinds), kubectl, progress)
    except Unavailable as error:
        return Cluster(context, "", None, None, str(error))
    return Cluster(kubectl.context, current, uid, owners, problem, unidentified, kinds)


def _current(tick: Callable[[], None]) -> str:
    """The current context; "" when none is set: the session has its own."""
    try:
        return Kubectl(None, tick).context
    except Unavailable:
        return ""


def _kinds(state: ImportState, kubectl: Kubectl) -> dict[Place, str]:
    """The kinds of those chosen workloads that were saved without one."""
    found: dict[Place, str] = {}
    for namespace, group in groupby(sorted(state.kindless), key=lambda place: place[0]):
        asked = [(kind, name) for _, name in group for kind in KINDS]
        for each in workloads_in(
            {"kind": "List", "items": kubectl.get_named(namespace, asked).objects}
        ):
            found.setdefault((each.namespace, each.name), each.kind)
    return found


def _owners(
    state: ImportState, kubectl: Kubectl, progress: Progress
) -> tuple[dict[Identity, str] | None, str]:
    """The owners of the chosen workloads now; None and the reason when one is not known."""
    chosen = sorted(record.identity for record in state.chosen)
    owners: dict[Identity, str] = {}
    if len({namespace for namespace, _, _ in chosen}) > MANY_NAMESPACES:
        progress.bar(0, 0, "workloads of all namespaces")
        everything = kubectl.scan()
        if not everything.complaints:
            owners = _owners_in(everything)
            return {key: owners[key] for key in chosen if key in owners}, ""
    for namespace, group in groupby(chosen, key=lambda each: each[0]):
        progress.bar(len(owners), len(chosen), f"workloads of {namespace}")
        answer = kubectl.get_named(namespace, [(kind, name) for _, kind, name in group])
        if answer.complaints:
            return None, answer.complaints[0]
        owners |= _owners_in(answer)
    return owners, ""


def _owners_in(answer: Answer) -> dict[Identity, str]:
    found = workloads_in({"kind": "List", "items": answer.objects})
    return {(each.namespace, each.kind, each.name): each.owner.name for each in found}


def confighub(state: ImportState, cub: Cub, progress: Progress) -> ConfigHub:
    """ConfigHub, as far as it can be asked."""
    progress.bar(0, 0, "ConfigHub")
    space = app_space_of(state)
    login, spaces, units, workers, targets = None, None, None, None, None
    try:
        login = check_login(cub)
        spaces = inventory.spaces(cub)
        known = space in spaces
        units, workers, targets = _contents(cub, space, state) if known else ([], [], [])
    except NotLoggedIn as error:
        return ConfigHub(None, None, None, None, None, str(error), expired=True)
    except Unavailable as error:
        return ConfigHub(login, spaces, units, workers, targets, str(error))
    return ConfigHub(login, spaces, units, workers, targets)


def _contents(
    cub: Cub, space: str, state: ImportState
) -> tuple[Sequence[Unit], Sequence[Worker], Sequence[Target]]:
    units = inventory.list_with_labels(cub, space, candidate_slugs(state))
    return units, inventory.workers(cub, space), inventory.targets(cub, space)
