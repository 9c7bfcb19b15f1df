"""Workloads as a Kubernetes API server keeps them, for tests that need a cluster."""

from __future__ import annotations

import json
from typing import Any
from uuid import NAMESPACE_DNS, uuid5

Object = dict[str, Any]

CREATED = "2025-06-04T13:57:44Z"
CHANGED = "2025-11-26T07:50:39Z"
KINDS = ("Deployment", "StatefulSet", "DaemonSet")
OWNERS = ("Flux", "ArgoCD", "Helm", "ConfigHub", "Native")
ROLES = ("api", "worker", "web", "cache", "gateway")
VARIANTS = ("prod", "staging", "dev")
MANAGERS = {"Flux": "kustomize-controller", "ArgoCD": "argocd-controller", "Helm": "helm"}


def make_uid(*words: str) -> str:
    """The same uid for the same words, whichever test asks."""
    return str(uuid5(NAMESPACE_DNS, "/".join(words)))


def make_workload(
    namespace: str,
    name: str,
    kind: str = "Deployment",
    owner: str = "Native",
    ready: int = 1,
    desired: int = 1,
    **labels: str,
) -> Object:
    """A workload with all that a server adds to it; `labels` come on top of the owner's own."""
    owner_labels, annotations = owner_marks(owner, kind, namespace, name)
    labels = {"app.kubernetes.io/name": name, **owner_labels, **labels}
    manifest = {
        "apiVersion": "apps/v1",
        "kind": kind,
        "metadata": {"annotations": {}, "labels": labels, "name": name, "namespace": namespace},
        "spec": make_spec(kind, name, desired),
    }
    uid = make_uid(namespace, kind, name)
    metadata = {
        "annotations": {**annotations, **server_annotations(kind, manifest)},
        "creationTimestamp": CREATED,
        "generation": 3,
        "labels": labels,
        "managedFields": managed_fields(MANAGERS.get(owner, "kubectl-client-side-apply")),
        "name": name,
        "namespace": namespace,
        "resourceVersion": str(100_000 + int(uid[:4], 16)),
        "uid": uid,
    }
    return {**manifest, "metadata": metadata, "status": make_status(kind, ready, desired)}


def owner_marks(
    owner: str, kind: str, namespace: str, name: str
) -> tuple[dict[str, str], dict[str, str]]:
    """The labels and the annotations by which a workload names its owner."""
    if owner == "Flux":
        group = "kustomize.toolkit.fluxcd.io"
        return {f"{group}/name": "apps", f"{group}/namespace": "flux-system"}, {}
    if owner == "ArgoCD":
        tracking = f"{namespace}:apps/{kind}:{namespace}/{name}"
        return {}, {"argocd.argoproj.io/tracking-id": tracking}
    if owner == "Helm":
        release = {"release-name": name, "release-namespace": namespace}
        labels = {"app.kubernetes.io/managed-by": "Helm", "helm.sh/chart": f"{name}-1.4.2"}
        return labels, {f"meta.helm.sh/{key}": value for key, value in release.items()}
    if owner == "ConfigHub":
        space = {"confighub.com/SpaceName": f"{namespace}-team"}
        return {"confighub.com/UnitSlug": name}, space
    assert owner == "Native", owner
    return {}, {}


def server_annotations(kind: str, manifest: Object) -> dict[str, str]:
    applied = json.dumps(manifest, separators=(",", ":"), sort_keys=True) + "\n"
    revision = {
        "Deployment": {"deployment.kubernetes.io/revision": "3"},
        "DaemonSet": {"deprecated.daemonset.template.generation": "3"},
    }
    last_applied = {"kubectl.kubernetes.io/last-applied-configuration": applied}
    return {**revision.get(kind, {}), **last_applied}


def managed_fields(manager: str) -> list[Object]:
    applied = {
        "f:metadata": {"f:annotations": {".": {}}, "f:labels": {".": {}}},
        "f:spec": {"f:selector": {}, "f:template": {"f:spec": {"f:containers": {}}}},
    }
    observed = {"f:status": {"f:conditions": {".": {}}, "f:observedGeneration": {}}}
    common = {"apiVersion": "apps/v1", "fieldsType": "FieldsV1"}
    return [
        {**common, "fieldsV1": applied, "manager": manager, "operation": "Update", "time": CREATED},
        {
            **common,
            "fieldsV1": observed,
            "manager": "kube-controller-manager",
            "operation": "Update",
            "subresource": "status",
            "time": CHANGED,
        },
    ]


def make_spec(kind: str, name: str, desired: int) -> Object:
    labels = {"app.kubernetes.io/name": name}
    spec: Object = {
        "revisionHistoryLimit": 10,
        "selector": {"matchLabels": labels},
        "template": {
            "metadata": {"creationTimestamp": None, "labels": labels},
            "spec": make_pod_spec(name),
        },
    }
    if kind == "DaemonSet":
        rolling = {"maxSurge": 0, "maxUnavailable": 1}
        return {**spec, "updateStrategy": {"rollingUpdate": rolling, "type": "RollingUpdate"}}
    if kind == "StatefulSet":
        return {**spec, "podManagementPolicy": "OrderedReady", "replicas": desired} | {
            "serviceName": name,
            "updateStrategy": {"rollingUpdate": {"partition": 0}, "type": "RollingUpdate"},
        }
    rolling = {"maxSurge": "25%", "maxUnavailable": "25%"}
    return {**spec, "progressDeadlineSeconds": 600, "replicas": desired} | {
        "strategy": {"rollingUpdate": rolling, "type": "RollingUpdate"}
    }


def make_pod_spec(name: str) -> Object:
    container = {
        "env": [{"name": "LOG_LEVEL", "value": "info"}],
        "image": f"registry.example.com/{name}:1.4.2",
        "imagePullPolicy": "IfNotPresent",
        "name": name,
        "ports": [{"containerPort": 8080, "name": "http", "protocol": "TCP"}],
        "resources": {"requests": {"cpu": "50m", "memory": "64Mi"}},
        "terminationMessagePath": "/dev/termination-log",
        "terminationMessagePolicy": "File",
    }
    return {
        "containers": [container],
        "dnsPolicy": "ClusterFirst",
        "restartPolicy": "Always",
        "schedulerName": "default-scheduler",
        "securityContext": {},
        "terminationGracePeriodSeconds": 30,
    }


def make_status(kind: str, ready: int, desired: int) -> Object:
    """Counts of zero are left out where the server leaves them out."""
    status: Object
    if kind == "DaemonSet":
        status = {"currentNumberScheduled": desired, "desiredNumberScheduled": desired}
        counts = {"numberAvailable": ready, "updatedNumberScheduled": desired}
        return {**status, "numberMisscheduled": 0, "numberReady": ready} | {
            "observedGeneration": 3,
            **{key: count for key, count in counts.items() if count},
        }
    counts = {"readyReplicas": ready, "updatedReplicas": desired}
    if kind == "StatefulSet":
        status = {"availableReplicas": ready, "collisionCount": 0, "replicas": desired}
    else:
        counts |= {"availableReplicas": ready, "replicas": desired}
        status = {"conditions": [make_condition(ready >= desired)]}
    counts = {key: count for key, count in counts.items() if count}
    return {"observedGeneration": 3, **status, **counts}


def make_condition(available: bool) -> Object:
    reason = "MinimumReplicasAvailable" if available else "MinimumReplicasUnavailable"
    return {
        "lastTransitionTime": CREATED,
        "lastUpdateTime": CHANGED,
        "message": f"Deployment {'has' if available else 'does not have'} minimum availability.",
        "reason": reason,
        "status": str(available),
        "type": "Available",
    }


def make_cluster(workloads: int, namespaces: int) -> list[Object]:
    """So many workloads, of every kind and owner, spread evenly; every seventh is not ready."""
    return [make_nth(number, namespaces) for number in range(workloads)]


def make_nth(number: int, namespaces: int) -> Object:
    place, row = number % namespaces, number // namespaces
    return make_workload(
        f"app-{place:03}-{VARIANTS[place % len(VARIANTS)]}",
        f"{ROLES[row % len(ROLES)]}-{row:03}",
        KINDS[number % 11 % len(KINDS)],
        OWNERS[number % len(OWNERS)],
        ready=int(number % 7 != 0) * 2,
        desired=2,
    )
