from __future__ import annotations

from typing import Any

import pytest

from session_cli.cluster.ownership import Owner, Reference
from session_cli.cluster.workloads import Workload, workloads_in


def kubectl_list(*items: object) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "List", "items": list(items)}


def make_item(
    kind: str = "Deployment", namespace: str = "shop", name: str = "cart", **fields: Any
) -> dict[str, Any]:
    metadata = {"namespace": namespace, "name": name, **fields.pop("metadata", {})}
    return {"apiVersion": "apps/v1", "kind": kind, "metadata": metadata, **fields}


def make_flux_item(namespace: str) -> dict[str, Any]:
    labels = {"kustomize.toolkit.fluxcd.io/name": "apps"}
    return make_item(namespace=namespace, metadata={"labels": labels})


def test_a_deployment_becomes_a_workload() -> None:
    labels = {"app": "cart", "argocd.argoproj.io/instance": "shop"}
    item = make_item(
        metadata={"labels": labels, "annotations": {"confighub.com/UnitSlug": "cart-prod"}},
        spec={"replicas": 3},
        status={"readyReplicas": 2},
    )

    assert workloads_in(kubectl_list(item)) == (
        Workload(
            kind="Deployment",
            namespace="shop",
            name="cart",
            owner=Owner("ArgoCD", Reference("Application", "argocd", "shop")),
            unit=Reference("Unit", "", "cart-prod"),
            ready=2,
            desired=3,
            labels=labels,
        ),
    )


REFERENCE = {"apiVersion": "monitoring.coreos.com/v1", "kind": "Prometheus", "name": "k8s"}
BY_PROMETHEUS = Owner("Operator", Reference("Prometheus", "", "k8s"))


@pytest.mark.parametrize(
    ("references", "owner"),
    [
        pytest.param([{**REFERENCE, "controller": True}], BY_PROMETHEUS, id="controller"),
        pytest.param([REFERENCE], Owner("Native"), id="no controller"),
        pytest.param([{**REFERENCE, "controller": False}], Owner("Native"), id="expressly none"),
        pytest.param([{**REFERENCE, "controller": "true"}], Owner("Native"), id="a string"),
        pytest.param(
            [{**REFERENCE, "name": "other"}, {**REFERENCE, "controller": True}],
            BY_PROMETHEUS,
            id="several",
        ),
        pytest.param(
            [None, 7, {"controller": True}, {**REFERENCE, "kind": ["x"], "controller": True}],
            Owner("Native"),
            id="what are none",
        ),
        pytest.param({"controller": True}, Owner("Native"), id="no list"),
        pytest.param(None, Owner("Native"), id="null"),
    ],
)
def test_an_operator_is_recognised_by_the_reference_to_a_controller(
    references: object, owner: Owner
) -> None:
    item = make_item("StatefulSet", metadata={"ownerReferences": references})

    [found] = workloads_in(kubectl_list(item))

    assert found.owner == owner


def test_a_tracking_id_is_of_the_workload_itself_or_of_another() -> None:
    def owner(kind: str, namespace: str, name: str) -> str:
        tracking_id = "mon:apps/StatefulSet:t/prometheus-k8s"
        annotations = {"argocd.argoproj.io/tracking-id": tracking_id}
        item = make_item(kind, namespace, name, metadata={"annotations": annotations})
        [found] = workloads_in(kubectl_list(item))
        return found.owner.name

    assert owner("StatefulSet", "t", "prometheus-k8s") == "ArgoCD"
    assert owner("Deployment", "t", "prometheus-k8s") == "Native"
    assert owner("StatefulSet", "u", "prometheus-k8s") == "Native"
    assert owner("StatefulSet", "t", "prometheus") == "Native"


@pytest.mark.parametrize(
    ("metadata", "is_terminating"),
    [({}, False), ({"deletionTimestamp": None}, False), ({"deletionTimestamp": "2026"}, True)],
)
def test_a_workload_that_is_being_deleted_is_terminating(
    metadata: dict[str, Any], is_terminating: bool
) -> None:
    [found] = workloads_in(kubectl_list(make_item(metadata=metadata)))

    assert found.is_terminating is is_terminating


def test_workloads_come_by_namespace_then_kind_then_name() -> None:
    items = [
        make_item("DaemonSet", "a", "a"),
        make_item("StatefulSet", "a", "b"),
        make_item("Deployment", "b", "a"),
        make_item("StatefulSet", "a", "a"),
        make_item("Deployment", "a", "z"),
    ]

    found = workloads_in(kubectl_list(*items))

    assert [(each.namespace, each.kind, each.name) for each in found] == [
        ("a", "Deployment", "z"),
        ("a", "StatefulSet", "a"),
        ("a", "StatefulSet", "b"),
        ("a", "DaemonSet", "a"),
        ("b", "Deployment", "a"),
    ]


@pytest.mark.parametrize(
    ("namespace", "kept"),
    [
        ("kube-system", False),
        ("kube-public", False),
        ("kube-node-lease", False),
        ("local-path-storage", False),
        ("flux-system", False),
        ("argocd", False),
        ("default", True),
        ("cert-manager", True),
        ("kube-tools", True),
    ],
)
def test_only_the_namespaces_of_the_cluster_itself_are_skipped(namespace: str, kept: bool) -> None:
    assert bool(workloads_in(kubectl_list(make_item(namespace=namespace)))) is kept


@pytest.mark.parametrize(
    ("kind", "spec", "status", "pods"),
    [
        pytest.param("Deployment", {"replicas": 3}, {"readyReplicas": 2}, (2, 3), id="deployment"),
        pytest.param("StatefulSet", {"replicas": 2}, {"readyReplicas": 2}, (2, 2), id="stateful"),
        pytest.param(
            "DaemonSet",
            {},
            {"numberReady": 3, "desiredNumberScheduled": 4},
            (3, 4),
            id="daemon set",
        ),
        pytest.param("DaemonSet", {}, {}, (0, 0), id="daemon set without a node"),
        pytest.param("Deployment", {"replicas": 0}, {}, (0, 0), id="scaled to nothing"),
        pytest.param("Deployment", {"replicas": 2}, {}, (0, 2), id="nothing ready"),
        pytest.param("Deployment", {}, {}, (0, 1), id="one replica by default"),
        pytest.param("Deployment", None, None, (0, 1), id="no spec"),
        pytest.param(
            "Deployment", {"replicas": "many"}, {"readyReplicas": True}, (0, 1), id="no numbers"
        ),
    ],
)
def test_ready_and_desired_pods_are_counted(
    kind: str, spec: object, status: object, pods: tuple[int, int]
) -> None:
    (found,) = workloads_in(kubectl_list(make_item(kind, spec=spec, status=status)))

    assert (found.ready, found.desired) == pods


@pytest.mark.parametrize(
    "item",
    [
        pytest.param(None, id="null"),
        pytest.param("cart", id="string"),
        pytest.param([], id="array"),
        pytest.param({}, id="empty object"),
        pytest.param(make_item("CronJob"), id="another kind"),
        pytest.param(make_item(kind=["Deployment"]), id="kind that is no string"),  # type: ignore[arg-type]
        pytest.param(make_item(apiVersion="apps.kruise.io/v1"), id="same kind of another group"),
        pytest.param(make_item(metadata={"name": None}), id="no name"),
        pytest.param(make_item(metadata={"name": ""}), id="empty name"),
        pytest.param(make_item(metadata={"namespace": 7}), id="namespace that is no string"),
        pytest.param({**make_item(), "metadata": None}, id="no metadata"),
    ],
)
def test_an_item_that_is_no_workload_is_passed_over(item: object) -> None:
    found = workloads_in(kubectl_list(item, make_item(name="kept")))

    assert [each.name for each in found] == ["kept"]


@pytest.mark.parametrize("labels", [None, [], "app=cart", {"app": None}], ids=str)
def test_labels_that_say_nothing_are_no_labels(labels: object) -> None:
    (found,) = workloads_in(kubectl_list(make_item(metadata={"labels": labels})))

    assert found.labels == {}
    assert found.owner == Owner("Native")


@pytest.mark.parametrize("name", ["n" * 250, "支払い-ünï", "a\u202eb"], ids=["long", "wide", "rtl"])
def test_any_name_is_kept_as_it_is(name: str) -> None:
    (found,) = workloads_in(kubectl_list(make_item(name=name)))

    assert found.name == name


def test_an_empty_cluster_has_no_workloads() -> None:
    assert workloads_in(kubectl_list()) == ()


@pytest.mark.parametrize(
    "document",
    [
        pytest.param(None, id="null"),
        pytest.param([], id="array"),
        pytest.param({}, id="empty object"),
        pytest.param(make_item(), id="one deployment"),
        pytest.param({"kind": "Status", "items": []}, id="another kind"),
        pytest.param({"kind": "List"}, id="no items"),
        pytest.param({"kind": "List", "items": None}, id="null items"),
        pytest.param({"kind": "List", "items": {}}, id="items that are no array"),
    ],
)
def test_a_document_that_is_no_list_is_refused(document: object) -> None:
    with pytest.raises(ValueError, match="not the List of items that kubectl get -o json prints"):
        workloads_in(document)


def test_workloads_can_be_put_in_a_set() -> None:
    found = workloads_in(kubectl_list(make_item(), make_flux_item("shop")))

    assert set(found) == {*found}
