from __future__ import annotations

import json

import pytest

from session_cli.cluster.ownership import Owner, Reference, Signs, owner_of, unit_of

KUSTOMIZATION = {"kustomize.toolkit.fluxcd.io/name": "apps"}
HELM_RELEASE = {"helm.toolkit.fluxcd.io/name": "loki"}
ARGO_LABEL = {"argocd.argoproj.io/instance": "order-prod"}
HELM = {"app.kubernetes.io/managed-by": "Helm"}
UNIT = {"confighub.com/UnitSlug": "order-refunds"}
TRACKING_ID = {"argocd.argoproj.io/tracking-id": "events:apps/Deployment:order-prod/order-events"}
ORIGIN = {
    "confighub.com/origin": json.dumps(
        {
            "spaceId": "1",
            "spaceSlug": "web-prod",
            "unitId": "2",
            "unitSlug": "released",
            "revisionNum": 4,
        }
    )
}
RELEASED = Reference("Unit", "web-prod", "released")
PROMETHEUS = {
    "apiVersion": "monitoring.coreos.com/v1",
    "kind": "Prometheus",
    "name": "k8s",
    "uid": "0198f3a2-7c1e-7b5d-9a44-2f1f5c6b7a80",
}
RELEASE = {"meta.helm.sh/release-name": "cache", "meta.helm.sh/release-namespace": "order-prod"}


def make_signs(
    labels: dict[str, str], annotations: dict[str, str], *controllers: dict[str, str]
) -> Signs:
    """Those of the Deployment order-prod/order-events."""
    return Signs("Deployment", "order-prod", "order-events", labels, annotations, controllers)


def tracked(tracking_id: str) -> dict[str, str]:
    return {"argocd.argoproj.io/tracking-id": tracking_id}


@pytest.mark.parametrize(
    ("labels", "annotations", "owner"),
    [
        pytest.param(
            KUSTOMIZATION,
            {},
            Owner("Flux", Reference("Kustomization", "flux-system", "apps")),
            id="flux kustomization",
        ),
        pytest.param(
            {**KUSTOMIZATION, "kustomize.toolkit.fluxcd.io/namespace": "team-a"},
            {},
            Owner("Flux", Reference("Kustomization", "team-a", "apps")),
            id="flux kustomization of a namespace",
        ),
        pytest.param(
            HELM_RELEASE,
            {},
            Owner("Flux", Reference("HelmRelease", "flux-system", "loki")),
            id="flux helm release",
        ),
        pytest.param(
            {**HELM_RELEASE, "helm.toolkit.fluxcd.io/namespace": "monitoring"},
            {},
            Owner("Flux", Reference("HelmRelease", "monitoring", "loki")),
            id="flux helm release of a namespace",
        ),
        pytest.param(
            ARGO_LABEL,
            {},
            Owner("ArgoCD", Reference("Application", "argocd", "order-prod")),
            id="argo cd label",
        ),
        pytest.param(
            {"argocd.argoproj.io/instance": "team-a_order-prod"},
            {},
            Owner("ArgoCD", Reference("Application", "team-a", "order-prod")),
            id="argo cd label of an application in another namespace",
        ),
        pytest.param(
            {},
            TRACKING_ID,
            Owner("ArgoCD", Reference("Application", "argocd", "events")),
            id="argo cd tracking id",
        ),
        pytest.param(
            {},
            tracked("team-a_events:apps/Deployment:order-prod/order-events"),
            Owner("ArgoCD", Reference("Application", "team-a", "events")),
            id="argo cd tracking id of an application in another namespace",
        ),
        pytest.param(
            HELM, RELEASE, Owner("Helm", Reference("Release", "order-prod", "cache")), id="helm"
        ),
        pytest.param(HELM, {}, Owner("Helm"), id="helm without its release"),
        pytest.param(
            {}, RELEASE, Owner("Native"), id="a release that no longer manages the workload"
        ),
        pytest.param(
            {"app.kubernetes.io/managed-by": "helm"}, {}, Owner("Native"), id="helm in lower case"
        ),
        pytest.param(
            UNIT,
            {"confighub.com/SpaceName": "order-team"},
            Owner("ConfigHub", Reference("Unit", "order-team", "order-refunds")),
            id="confighub label",
        ),
        pytest.param(
            {},
            UNIT,
            Owner("ConfigHub", Reference("Unit", "", "order-refunds")),
            id="confighub annotation",
        ),
        pytest.param({}, ORIGIN, Owner("ConfigHub", RELEASED), id="confighub origin"),
        pytest.param({}, {}, Owner("Native"), id="nobody"),
        pytest.param(
            {"kustomize.toolkit.fluxcd.io/name": "", "argocd.argoproj.io/instance": ""},
            tracked(":apps/Deployment:order-prod/order-events"),
            Owner("Native"),
            id="empty labels",
        ),
    ],
)
def test_a_workload_names_its_owner(
    labels: dict[str, str], annotations: dict[str, str], owner: Owner
) -> None:
    assert owner_of(make_signs(labels, annotations)) == owner


@pytest.mark.parametrize(
    ("labels", "annotations", "ref"),
    [
        pytest.param(
            {**KUSTOMIZATION, **HELM_RELEASE}, {}, "Kustomization", id="kustomization, helm release"
        ),
        pytest.param({**HELM_RELEASE, **ARGO_LABEL}, {}, "HelmRelease", id="helm release, argo cd"),
        pytest.param({**HELM_RELEASE, **HELM}, RELEASE, "HelmRelease", id="helm release, helm"),
        pytest.param({**ARGO_LABEL, **HELM}, RELEASE, "Application", id="argo cd label, helm"),
        pytest.param(HELM, {**TRACKING_ID, **RELEASE}, "Application", id="tracking id, helm"),
        pytest.param({**HELM, **UNIT}, RELEASE, "Release", id="helm, confighub"),
    ],
)
def test_of_two_owners_the_earlier_in_precedence_wins(
    labels: dict[str, str], annotations: dict[str, str], ref: str
) -> None:
    found = owner_of(make_signs(labels, annotations)).ref

    assert found is not None
    assert found.kind == ref


def test_the_label_of_an_argo_application_may_be_stale_and_its_tracking_id_is_not() -> None:
    owner = owner_of(make_signs(ARGO_LABEL, TRACKING_ID))

    assert owner.ref == Reference("Application", "argocd", "events")


OF_ANOTHER = {
    "group": "events:argoproj.io/Deployment:order-prod/order-events",
    "no group": "events:/Deployment:order-prod/order-events",
    "kind": "events:apps/StatefulSet:order-prod/order-events",
    "kind in lower case": "events:apps/deployment:order-prod/order-events",
    "namespace": "events:apps/Deployment:order-dev/order-events",
    "no namespace": "events:apps/Deployment:/order-events",
    "name": "events:apps/Deployment:order-prod/order",
    "longer name": "events:apps/Deployment:order-prod/order-events-2",
    "name with a colon": "events:rbac.authorization.k8s.io/ClusterRole:/system:events",
    "operator": "mon:monitoring.coreos.com/Prometheus:t/k8s",
}


@pytest.mark.parametrize("tracking_id", OF_ANOTHER.values(), ids=OF_ANOTHER)
def test_a_tracking_id_of_another_object_came_with_a_copy_and_so_did_the_label(
    tracking_id: str,
) -> None:
    assert owner_of(make_signs({}, tracked(tracking_id))) == Owner("Native")
    assert owner_of(make_signs(ARGO_LABEL, tracked(tracking_id))) == Owner("Native")


@pytest.mark.parametrize(
    "malformed",
    [
        "",
        "events",
        ":",
        "::",
        "events:apps/Deployment",
        "events:Deployment:order-prod/order-events",
        "events:apps/Deployment:order-events",
        ":apps/Deployment:order-prod/order-events",
        "events:apps/v1/Deployment:order-prod/order-events",
        "events:apps/Deployment:order-prod/order-events/x",
    ],
)
def test_a_tracking_id_that_is_none_says_nothing(malformed: str) -> None:
    assert owner_of(make_signs({}, tracked(malformed))) == Owner("Native")
    assert owner_of(make_signs(ARGO_LABEL, tracked(malformed))).name == "ArgoCD"


def test_an_operator_comes_before_every_other_owner() -> None:
    labels, annotations = {**KUSTOMIZATION, **ARGO_LABEL, **HELM, **UNIT}, {**TRACKING_ID, **ORIGIN}

    owner = owner_of(make_signs(labels, annotations, PROMETHEUS))

    assert owner == Owner("Operator", Reference("Prometheus", "", "k8s"))


@pytest.mark.parametrize(
    ("changes", "is_operator"),
    [
        pytest.param({"apiVersion": "v1", "kind": "ConfigMap"}, True, id="core object"),
        pytest.param({"apiVersion": "apps/v1", "kind": "ReplicaSet"}, False, id="apps"),
        pytest.param({"apiVersion": "batch/v1", "kind": "Job"}, False, id="batch"),
        pytest.param({"apiVersion": "apps.kruise.io/v1"}, True, id="a group that is called alike"),
        pytest.param({"apiVersion": ""}, False, id="no version"),
        pytest.param({"kind": ""}, False, id="no kind"),
        pytest.param({"name": ""}, False, id="no name"),
    ],
)
def test_an_operator_is_a_controller_that_is_none_of_kubernetes_own(
    changes: dict[str, str], is_operator: bool
) -> None:
    owner = owner_of(make_signs({}, {}, {**PROMETHEUS, **changes}))

    assert (owner.name == "Operator") is is_operator


@pytest.mark.parametrize(
    ("labels", "annotations", "unit"),
    [
        pytest.param(UNIT, {}, Reference("Unit", "", "order-refunds"), id="label"),
        pytest.param({}, UNIT, Reference("Unit", "", "order-refunds"), id="annotation"),
        pytest.param(
            {**KUSTOMIZATION, **UNIT},
            {"confighub.com/SpaceName": "order-team"},
            Reference("Unit", "order-team", "order-refunds"),
            id="deployed by flux",
        ),
        pytest.param({}, ORIGIN, RELEASED, id="origin"),
        pytest.param({}, {**ORIGIN, **TRACKING_ID}, RELEASED, id="origin, deployed by argo cd"),
        pytest.param(UNIT, ORIGIN, RELEASED, id="origin and an older label"),
        pytest.param(
            {},
            {"confighub.com/origin": '{"unitSlug": "released"}'},
            Reference("Unit", "", "released"),
            id="origin without a space",
        ),
        pytest.param({}, {"confighub.com/UnitSlug": ""}, None, id="empty annotation"),
        pytest.param(KUSTOMIZATION, {}, None, id="not in confighub"),
    ],
)
def test_a_unit_is_known_whoever_deploys_it(
    labels: dict[str, str], annotations: dict[str, str], unit: Reference | None
) -> None:
    assert unit_of(labels, annotations) == unit


def test_argo_cd_deploys_what_is_a_unit_of_confighub() -> None:
    owner = owner_of(make_signs({}, {**TRACKING_ID, **ORIGIN}))

    assert owner == Owner("ArgoCD", Reference("Application", "argocd", "events"))


@pytest.mark.parametrize(
    "origin",
    [
        "",
        "released",
        "{",
        "null",
        "7",
        '"released"',
        "[]",
        '["unitSlug"]',
        "{}",
        '{"unitSlug": null}',
        '{"unitSlug": 7}',
        '{"unitSlug": ""}',
        '{"unitSlug": ["released"]}',
        '{"unitSlug": {"a": "b"}}',
        '{"unitSlug": "released", "spaceSlug": 7}',
        '{"unitSlug": "released", "spaceSlug": null}',
        pytest.param("[" * 100_000, id="deep"),
        pytest.param('{"revisionNum": ' + "9" * 5000 + "}", id="long number"),
    ],
)
def test_an_origin_that_names_no_unit_is_ignored(origin: str) -> None:
    annotations = {"confighub.com/origin": origin}

    assert unit_of({}, annotations) is None
    assert owner_of(make_signs({}, annotations)) == Owner("Native")
    assert unit_of(UNIT, annotations) == Reference("Unit", "", "order-refunds")
