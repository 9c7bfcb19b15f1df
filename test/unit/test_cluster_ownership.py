from __future__ import annotations

import pytest

from session_cli.cluster.ownership import Owner, Reference, owner_of, unit_slug_of

KUSTOMIZATION = {"kustomize.toolkit.fluxcd.io/name": "apps"}
HELM_RELEASE = {"helm.toolkit.fluxcd.io/name": "loki"}
ARGO_LABEL = {"argocd.argoproj.io/instance": "order-prod"}
HELM = {"app.kubernetes.io/managed-by": "Helm"}
UNIT = {"confighub.com/UnitSlug": "order-refunds"}
TRACKING_ID = {"argocd.argoproj.io/tracking-id": "events:apps/Deployment:order-prod/order-events"}
RELEASE = {"meta.helm.sh/release-name": "cache", "meta.helm.sh/release-namespace": "order-prod"}


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
            {"argocd.argoproj.io/tracking-id": "team-a_events:apps/Deployment:shop/events"},
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
        pytest.param({}, {}, Owner("Native"), id="nobody"),
        pytest.param(
            {"kustomize.toolkit.fluxcd.io/name": "", "argocd.argoproj.io/instance": ""},
            {"argocd.argoproj.io/tracking-id": ":apps/Deployment:a/b"},
            Owner("Native"),
            id="empty labels",
        ),
    ],
)
def test_a_workload_names_its_owner(
    labels: dict[str, str], annotations: dict[str, str], owner: Owner
) -> None:
    assert owner_of(labels, annotations) == owner


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
    found = owner_of(labels, annotations).ref

    assert found is not None
    assert found.kind == ref


def test_the_label_of_an_argo_application_wins_over_its_tracking_id() -> None:
    owner = owner_of(ARGO_LABEL, TRACKING_ID)

    assert owner.ref == Reference("Application", "argocd", "order-prod")


@pytest.mark.parametrize(
    ("labels", "annotations", "slug"),
    [
        pytest.param(UNIT, {}, "order-refunds", id="label"),
        pytest.param({}, UNIT, "order-refunds", id="annotation"),
        pytest.param({**KUSTOMIZATION, **UNIT}, {}, "order-refunds", id="deployed by flux"),
        pytest.param({}, {"confighub.com/UnitSlug": ""}, None, id="empty annotation"),
        pytest.param(KUSTOMIZATION, {}, None, id="not in confighub"),
    ],
)
def test_a_unit_is_known_whoever_deploys_it(
    labels: dict[str, str], annotations: dict[str, str], slug: str | None
) -> None:
    assert unit_slug_of(labels, annotations) == slug
