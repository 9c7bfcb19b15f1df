"""Sessions that are far along already, and the ConfigHub that goes with them, without the walk."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from guard import SCRIPTS
from processes import Answer, runner
from tui.world import World

UNITS = ["payment-api", "payment-worker"]
STEPS = "scan review select connect worker_connecting targets_waiting verify complete".split()
RECORDS = [
    {"namespace": "payment-prod", "kind": "Deployment", "name": name, "owner": "Flux"}
    for name in UNITS
]
LOGIN = {
    "authenticated": True,
    "user": "user@example.com",
    "org": "acme-corp",
    "org_id": "org_01DEMO",
    "server": "https://hub.confighub.com",
}


def target(context: str = "kind-atk") -> dict[str, Any]:
    """A target as cub lists it."""
    parameters = json.dumps({"KubeContext": context, "WaitTimeout": "2m0s"})
    row = {"Slug": f"dev-kubernetes-yaml-{context}", "TargetID": "42", "ProviderType": "Kubernetes"}
    return {"Target": {**row, "Parameters": parameters}, "BridgeWorker": {"Slug": "dev"}}


FINE: dict[str, Any] = {"conditions": [[0, "Ready"]], "targets": [target()]}


def state(world: World, step: str = "verify", **changes: Any) -> dict[str, Any]:
    """The DATA of a session that has come to the step with two of the workloads."""
    selected = [{**record, "unit": record["name"]} for record in RECORDS]
    found: dict[str, Any] = {
        "steps_completed": STEPS[: STEPS.index(step)],
        "cluster_context": "kind-atk",
        "cluster_uid": world.server.uid,
        "scan_result": {
            "namespaces": ["payment-prod"],
            "workloads_detected": 2,
            "owners": {"Flux": 2},
            "scanned_at": "2026-01-09T14:30:25Z",
            "workloads": [{**record, "ready": 1, "desired": 1} for record in RECORDS],
        },
        "selections": {
            "namespaces": ["payment-prod"],
            "app_space": "payment-team",
            "selected_workloads": selected,
        },
    }
    if STEPS.index(step) >= STEPS.index("connect"):
        found["confighub"] = {**LOGIN}
    if STEPS.index(step) > STEPS.index("connect"):
        found["confighub"] |= {"units_created": UNITS, "worker_slug": "dev"}
    return {**found, **changes}


def chosen(uid: str, team: str, *places: str, **facts: Any) -> dict[str, Any]:
    """What a session has saved when it creates Units of all Deployments `namespace/name` there."""
    records = [dict(zip(("namespace", "name"), place.split("/"), strict=True)) for place in places]
    records = [{**each, "kind": "Deployment", "owner": "Native"} for each in records]
    namespaces = sorted({each["namespace"] for each in records})
    workloads = [
        {**each, "ready": 1, "desired": 1, "labels": {"app.kubernetes.io/name": each["name"]}}
        for each in records
    ]
    return {
        "cluster_uid": uid,
        "scan_result": {
            "namespaces": namespaces,
            "workloads_detected": len(records),
            "owners": {"Native": len(records)},
            "scanned_at": "2026-01-09T14:30:25Z",
            "workloads": workloads,
        },
        "selections": {
            "namespaces": namespaces,
            "reviewed_namespaces": namespaces,
            "app_space": team,
            "selected_workloads": [{**each, "unit": each["name"]} for each in records],
        },
        "confighub": {**LOGIN, **facts},
    }


def save(world: World, step: str = "verify", **changes: Any) -> dict[str, Any]:
    """Begins a session at the step; the state on the disk."""
    data = json.dumps(state(world, step, **changes)).encode()
    command = [*world.inside, str(SCRIPTS / "session-cli")]
    answer = runner(*command)("save", step, "-", stdin=data)
    assert answer.code == 0, answer
    return world.state


def fill(world: World, *units: str, worker: str = "dev", **scenario: Any) -> None:
    """The App Space with these Units, else both, and a worker; nothing of it was started by us."""
    labels = {"namespace": "payment-prod", "kind": "Deployment", "cluster-uid": world.server.uid}
    made = {unit: {**labels, "workload": unit} for unit in units or UNITS}
    hub = {"spaces": {"payment-team": space("payment-team", made, worker=worker)}}
    (world.cub_home / "confighub.json").write_text(json.dumps(hub))
    world.scenario(**{**FINE, **scenario})


def workload_labels(place: str, uid: str, team: str) -> dict[str, str]:
    """The labels of the Unit that an import makes of the Deployment `namespace/name`."""
    namespace, name = place.split("/")
    told = {"app": name, "variant": namespace.rpartition("-")[2], "owner": "Native"}
    made_of = {"namespace": namespace, "kind": "Deployment", "workload": name, "cluster-uid": uid}
    return {**told, **made_of, "team": team.removesuffix("-team")}


def imported(world: World, slug: str, units: dict[str, tuple[str, str]]) -> None:
    """The space as imports leave it; `units` are the slugs, each of (cluster, namespace/name)."""
    labels = {unit: workload_labels(place, uid, slug) for unit, (uid, place) in units.items()}
    hub = {"spaces": {slug: space(slug, labels, worker="dev")}}
    (world.cub_home / "confighub.json").write_text(json.dumps(hub))
    manifests = world.cub_home / "manifests"
    manifests.mkdir(exist_ok=True)
    for unit, each in labels.items():
        (manifests / unit).write_text(f"metadata:\n  namespace: {each['namespace']}\n")


def known(world: World, slug: str) -> dict[str, Any]:
    """What imports go by in the space: its slug, its Units with all labels, its workers."""
    found = json.loads((world.cub_home / "confighub.json").read_text())["spaces"][slug]
    units = {unit: each["Labels"] for unit, each in found["units"].items()}
    return {"slug": found["Space"]["Slug"], "units": units, "workers": [*found["workers"]]}


def space(slug: str, units: dict[str, dict[str, str]], worker: str) -> dict[str, Any]:
    """A space as the stand-in for cub keeps it, of Units with these labels."""
    kept = {"slug": worker, "id": "1", "secret": "ch_0", "target_id": "42", "created": 0.0}
    return {
        "Space": {"SpaceID": f"id of {slug}", "Slug": slug},
        "units": {
            unit: {"UnitID": f"id of {unit}", "Slug": unit, "Labels": labels}
            for unit, labels in units.items()
        },
        "workers": {worker: {**kept, "has_target": False, "started": None, "stopped": None}},
    }


def delete(world: World, kind: str, slug: str) -> None:
    """Somebody else deletes it in ConfigHub: a space, a Unit or a worker."""
    path = world.cub_home / "confighub.json"
    hub = json.loads(path.read_text())
    spaces = hub["spaces"]
    del (spaces if kind == "space" else spaces["payment-team"][f"{kind}s"])[slug]
    path.write_text(json.dumps(hub))


def reason(answer: Answer) -> str:
    """The one line that says why it ended so; after it may stand how to go on."""
    first, *rest = answer.stderr.splitlines()
    after = ("map-import: saved at step ", "map-import: the worker started here is still running; ")
    assert all(line.startswith(after) for line in rest), answer.stderr
    return first


def snapshots(world: World) -> dict[str, bytes]:
    """Every file of the sessions folder that is a session's, with what is in it."""
    return {path.name: path.read_bytes() for path in sorted(world.sessions.glob("import-*.json"))}


def tree(folder: Path) -> dict[str, bytes | None]:
    """All that is in a folder: files with what is in them, folders and links without."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        if path.is_file() and not path.is_symlink()
        else None
        for path in sorted(folder.rglob("*"))
    }
