"""Drift: compares a saved session with what a probe found, and says what no longer holds. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from session_cli.confighub.entities import Connection, Target, Unit, Worker
from session_cli.confighub.planning import make_plan
from session_cli.steps import position
from session_cli.workflow.scan import counted_result
from session_cli.workflow.state import HubFacts, Identity, ImportState, Place, Record, SessionState
from session_cli.workflow.units import app_space_of

OK, CHANGED, GONE, UNKNOWN = "ok", "changed", "gone", "unknown"


class Cluster(NamedTuple):
    """What kubectl said; `owners` are those of the chosen workloads that are still there.

    None is what could not be asked; `unidentified` is the reason for the uid, `problem` for the
    owners or for everything.
    """

    context: str
    current_context: str
    uid: str | None
    owners: Mapping[Identity, str] | None
    problem: str = ""
    unidentified: str = ""
    kinds: Mapping[Place, str] = {}


class ConfigHub(NamedTuple):
    """What cub said; None is what could not be asked, and `problem` is the reason.

    `expired`: the login is no longer valid; else ConfigHub did not answer.
    """

    login: Connection | None
    spaces: Sequence[str] | None
    units: Sequence[Unit] | None
    workers: Sequence[Worker] | None
    targets: Sequence[Target] | None
    problem: str = ""
    expired: bool = False


class Item(NamedTuple):
    """One thing that the session depends on: its verdict, and the step to redo without it."""

    verdict: str
    words: str
    breaks: str | None = None


class Drift(NamedTuple):
    """The items, the step to resume at, whether to refuse, and the DATA that is true now.

    `other_login`: cub is logged in as another user or organization; the person must agree before
    anything is created there.
    """

    items: list[Item]
    step: str
    refused: bool
    data: dict[str, Any]
    other_login: bool = False


def compare(state: ImportState, cluster: Cluster, hub: ConfigHub | None) -> Drift:
    """What holds and what does not; `hub` is None for a session that never used ConfigHub."""
    state = state.with_kinds(cluster.kinds)
    if cluster.owners is not None:
        cluster = cluster._replace(owners=_without_ours(state, cluster.owners))
    cluster_items, refused = _cluster(state, cluster)
    items = [*cluster_items, *(() if refused else _workloads(state, cluster))]
    if hub and not refused:
        items += _confighub(state, hub, cluster.context)
    step = _step(state)
    broken = [item.breaks for item in items if item.breaks]
    first = min([step, *broken], key=lambda name: position("import", name) or 0)
    data = {} if refused else _current_data(state, cluster, hub)
    return Drift(items, first, refused, data, _is_other_login(state.confighub, hub))


def _without_ours(state: ImportState, owners: Mapping[Identity, str]) -> Mapping[Identity, str]:
    """The owners; the recorded one where ConfigHub now delivers a Unit of this session."""
    created = set(state.confighub.units_created)
    before = {
        each.identity: each.owner
        for each in state.chosen
        if each.unit_slug in created and owners.get(each.identity) == "ConfigHub"
    }
    return {**owners, **before}


def is_past(state: SessionState, step: str) -> bool:
    """Whether the session is at a later step than `step`."""
    here, there = position("import", _step(state)), position("import", step)
    return here is not None and there is not None and here > there


def _step(state: SessionState) -> str:
    return state.step if state.step and position("import", state.step) is not None else "scan"


def _cluster(state: ImportState, seen: Cluster) -> tuple[list[Item], bool]:
    """The items about the cluster itself, and whether it is another one."""
    context, uid = state.cluster_context, state.cluster_uid
    if context is None:
        return [], False
    if seen.context not in ("", context) and not (seen.uid and uid is not None):
        words = f"cannot confirm that context {seen.context} is the same cluster"
        return [Item(CHANGED, f"cluster {context}: {words}")], True
    if seen.uid is None:
        why = seen.unidentified or seen.problem or "its uid is not known"
        return [Item(UNKNOWN, f"cluster {context}: {why}")], False
    if uid is not None and uid != seen.uid:
        words = f"cluster {context}: another cluster answers as {seen.context}"
        return [Item(CHANGED, words)], True
    items = [Item(OK, f"cluster {seen.context}")]
    if seen.context != context:
        items = [Item(CHANGED, f"cluster {context} is called {seen.context} now")]
    elif seen.current_context not in ("", context):
        words = f"kubectl is on {seen.current_context} now; this session stays with {context}"
        items.append(Item(CHANGED, words))
    return items, False


def _workloads(state: ImportState, seen: Cluster) -> Iterator[Item]:
    chosen = state.chosen
    if not chosen:
        return
    if seen.owners is None:
        yield Item(UNKNOWN, f"{len(chosen)} workloads: {seen.problem}")
        return
    unchanged = 0
    for record in chosen:
        owner = seen.owners.get(record.identity)
        name = f"{record.kind} {record.namespace}/{record.name}"
        if owner is None:
            yield Item(GONE, name, "review")
        elif owner != record.owner:
            yield Item(CHANGED, f"{name} belongs to {owner} now, not {record.owner}", "review")
        else:
            unchanged += 1
    if unchanged:
        yield _count(unchanged, len(chosen), "workloads")


def _count(good: int, total: int, what: str) -> Item:
    """How many of them are as they were: that is all right only where it is all of them."""
    return Item(OK if good == total else CHANGED, f"{good} of {total} {what}")


def _confighub(state: ImportState, hub: ConfigHub, context: str) -> Iterator[Item]:
    facts = state.confighub
    if hub.login is None:
        if hub.expired:
            yield Item(GONE, f"login: {hub.problem}", "connect")
        else:
            yield Item(UNKNOWN, f"ConfigHub: {hub.problem}")
        return
    yield from _login(facts, hub.login)
    if not is_past(state, "connect") and not facts.units_created:
        return
    space = app_space_of(state)
    if hub.spaces is None:
        yield Item(UNKNOWN, f"App Space {space}: {hub.problem}")
    elif space not in hub.spaces:
        yield Item(GONE, f"App Space {space}", "connect")
    else:
        yield Item(OK, f"App Space {space}")
        yield from _units(state, hub)
        yield from _worker(state, hub)
        yield from _target(state, hub, context)


def _login(facts: HubFacts, login: Connection) -> Iterator[Item]:
    if facts.user not in (None, login.user):
        yield Item(CHANGED, f"user: {login.user} now, not {facts.user}", "connect")
    elif _is_other_org(facts, login):
        names = login.org or login.org_id, facts.org
        now, before = names if names[0] != names[1] else (login.org_id, facts.org_id)
        yield Item(CHANGED, f"organization: {now} now, not {before}", "connect")
    elif _is_other_server(facts, login):
        yield Item(CHANGED, f"server: {login.server} now, not {facts.server}", "connect")
    else:
        yield Item(OK, f"login {login.user}")


def _is_other_login(facts: HubFacts, hub: ConfigHub | None) -> bool:
    login = hub.login if hub else None
    if login is None:
        return False
    return (
        facts.user not in (None, login.user)
        or _is_other_org(facts, login)
        or _is_other_server(facts, login)
    )


def _is_other_server(facts: HubFacts, login: Connection) -> bool:
    if not facts.server or not login.server:
        return False
    return facts.server.rstrip("/") != login.server.rstrip("/")


def _is_other_org(facts: HubFacts, login: Connection) -> bool:
    """Whether the id or the name is another one; what is unknown on either side is ignored."""
    pairs = ((facts.org_id, login.org_id), (facts.org, login.org))
    return any(before and now and before != now for before, now in pairs)


def _units(state: ImportState, hub: ConfigHub) -> Iterator[Item]:
    recorded = state.confighub.units_created
    if hub.units is None:
        yield Item(UNKNOWN, f"{len(recorded)} Units: {hub.problem}")
        return
    existing = _find_units(state, hub.units)
    taken = {unit.slug for unit in hub.units}
    missing = [slug for slug in recorded if slug not in existing]
    for slug in missing:
        if slug in taken:
            yield Item(CHANGED, f"Unit {slug} does not belong to this session", "connect")
        else:
            yield Item(GONE, f"Unit {slug}", "connect")
    if len(recorded) > len(missing):
        yield _count(len(recorded) - len(missing), len(recorded), "Units")
    for slug in sorted(set(existing) - set(recorded)):
        yield Item(OK, f"Unit {slug} was created, but that was not saved")


def _find_units(state: ImportState, found: Sequence[Unit]) -> list[str]:
    """The slugs of the session's Units that exist: those recorded first, then the others.

    One whose workload is no longer chosen is recognised by its cluster.
    """
    recorded = state.confighub.units_created
    uid = state.cluster_uid
    ours = {unit.slug for unit in found if uid and (unit.labels or {}).get("cluster-uid") == uid}
    chosen = [unit.slug for unit in make_plan(state, found).existing]
    kept = [slug for slug in recorded if slug in ours or slug in chosen]
    return [*kept, *(slug for slug in chosen if slug not in recorded)]


def _worker(state: ImportState, hub: ConfigHub) -> Iterator[Item]:
    slug = state.confighub.worker_slug
    if not is_past(state, "worker_connecting") or not slug:
        return
    if hub.workers is None:
        yield Item(UNKNOWN, f"worker {slug}: {hub.problem}")
        return
    worker = next((each for each in hub.workers if each.slug == slug), None)
    if worker is None:
        yield Item(GONE, f"worker {slug}", "worker_connecting")
    elif not worker.is_ready:
        yield Item(CHANGED, f"worker {slug} is {worker.condition}", "worker_connecting")
    else:
        yield Item(OK, f"worker {slug}")


def _target(state: ImportState, hub: ConfigHub, context: str) -> Iterator[Item]:
    if not is_past(state, "targets_waiting"):
        return
    if hub.targets is None:
        yield Item(UNKNOWN, f"targets: {hub.problem}")
    elif any(target.is_for(context, state.confighub.worker_slug) for target in hub.targets):
        yield Item(OK, f"target for {context}")
    else:
        yield Item(GONE, f"target for {context}", "targets_waiting")


def _current_data(state: ImportState, cluster: Cluster, hub: ConfigHub | None) -> dict[str, Any]:
    """DATA for what has changed: workloads that are gone or have another owner, Units that exist.

    The worker and the targets are not in it: their steps find out.
    """
    return {
        **_cluster_data(state, cluster),
        **_workload_data(state, cluster),
        **_unit_data(state, hub),
    }


def _cluster_data(state: ImportState, seen: Cluster) -> dict[str, Any]:
    if state.cluster_context is None or not seen.uid:
        return {}
    current = {"cluster_context": seen.context, "cluster_uid": seen.uid}
    return {key: value for key, value in current.items() if state.text(key) != value}


def _workload_data(state: ImportState, seen: Cluster) -> dict[str, Any]:
    if not seen.uid and state.cluster_uid is not None:
        # it may be another cluster: nothing of the session is given up for that
        return {}
    chosen, owners = state.chosen, seen.owners
    if owners is not None and any(owners.get(each.identity) != each.owner for each in chosen):
        data = {"selections": _chosen_data(_with_owners(chosen, chosen, owners))}
        # another program may only have counted them
        if state.records:
            data["scan_result"] = counted_result(_with_owners(state.records, chosen, owners))
        return data
    return {"selections": _chosen_data(chosen)} if seen.kinds else {}


def _unit_data(state: ImportState, hub: ConfigHub | None) -> dict[str, Any]:
    if hub is None or hub.units is None:
        return {}
    existing = _find_units(state, hub.units)
    if existing == state.confighub.units_created:
        return {}
    return {"confighub": {"units_created": existing}}


def _chosen_data(records: Sequence[Record]) -> dict[str, Any]:
    return {"selected_workloads": [record.members for record in records]}


def _with_owners(
    records: Sequence[Record], chosen: Sequence[Record], owners: Mapping[Identity, str]
) -> list[Record]:
    """The records without those chosen ones that are gone, with the owners that they have now."""
    asked = {record.identity for record in chosen}
    return [
        record.replace(owner=owners.get(record.identity, record.owner))
        for record in records
        if record.identity not in asked or record.identity in owners
    ]
