from __future__ import annotations

import itertools
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from session_cli.cluster.ownership import Owner
from session_cli.cluster.workloads import Workload
from session_cli.workflow.naming import app_of, slugify, suggest_app_space, variant_of

NAME = "app.kubernetes.io/name"
INSTANCE = "app.kubernetes.io/instance"


def make_workload(
    namespace: str = "shop", name: str = "cart", labels: dict[str, str] | None = None
) -> Workload:
    return Workload(
        kind="Deployment",
        namespace=namespace,
        name=name,
        owner=Owner("Native"),
        unit=None,
        ready=1,
        desired=1,
        labels=labels or {},
    )


@pytest.mark.parametrize(
    ("labels", "namespace", "app"),
    [
        pytest.param({NAME: "order", "app": "x"}, "shop-prod", "order", id="recommended label"),
        pytest.param({"app": "order"}, "shop-prod", "order", id="app label"),
        pytest.param({NAME: "", "app": ""}, "shop-prod", "shop", id="empty labels"),
        pytest.param({}, "shop-prod", "shop", id="namespace with a variant at its end"),
        pytest.param({}, "staging-shop", "shop", id="namespace with a variant at its start"),
        pytest.param({}, "my-namespace", "my-namespace", id="namespace without a variant"),
        pytest.param({}, "shop-products", "shop-products", id="a longer word is no variant"),
        pytest.param({}, "default", "cart", id="default says nothing"),
        pytest.param({}, "cert-manager", "cart", id="cert-manager says nothing"),
        pytest.param({}, "ingress-nginx", "cart", id="ingress-nginx says nothing"),
        pytest.param({}, "local-path-two", "cart", id="local-path says nothing"),
    ],
)
def test_the_app_is_recognised_by_the_first_sign(
    labels: dict[str, str], namespace: str, app: str
) -> None:
    assert app_of(make_workload(namespace, "cart", labels)) == app


@pytest.mark.parametrize(
    ("path", "labels", "namespace", "variant"),
    [
        pytest.param(
            "./clusters/Production/apps", {"env": "dev"}, "shop-test", "prod", id="path first"
        ),
        pytest.param("apps/staging/prod", {}, "shop", "staging", id="first segment of a path"),
        pytest.param("./apps/productive", {}, "shop", None, id="path without a variant"),
        pytest.param(
            "", {NAME: "cart", INSTANCE: "cart-dev", "env": "qa"}, "shop", "dev", id="instance"
        ),
        pytest.param(
            "", {NAME: "cart", INSTANCE: "cart-eu-west"}, "shop", "eu-west", id="rest of instance"
        ),
        pytest.param("", {INSTANCE: "shop-testing"}, "shop", "test", id="end of instance"),
        pytest.param(
            "", {NAME: "cart", INSTANCE: "cart"}, "shop-prod", "prod", id="instance is the app"
        ),
        pytest.param(
            "", {"environment": "Stage", "env": "dev"}, "shop", "staging", id="environment label"
        ),
        pytest.param("", {"env": "development"}, "shop-prod", "dev", id="env label"),
        pytest.param("", {"env": ""}, "shop-prod", "prod", id="empty env label"),
        pytest.param("", {}, "shop-stg", "stg", id="end of namespace"),
        pytest.param("", {}, "uat-shop", "uat", id="start of namespace"),
        pytest.param("", {}, "dev-shop-prod", "prod", id="end of namespace before its start"),
        pytest.param("", {}, "shop", None, id="nothing"),
        pytest.param("", {}, "prod", None, id="a variant alone is no affix"),
        pytest.param("", {}, "default", None, id="default says nothing"),
    ],
)
def test_the_variant_is_recognised_by_the_first_sign(
    path: str, labels: dict[str, str], namespace: str, variant: str | None
) -> None:
    assert variant_of(make_workload(namespace, "cart", labels), path) == variant


@pytest.mark.parametrize(
    ("workloads", "space"),
    [
        pytest.param(
            [make_workload("payment-prod", name) for name in ("payment-api", "payment-worker")],
            "payment-team",
            id="namespace",
        ),
        pytest.param([make_workload("myapp-dev")], "myapp-team", id="namespace of one workload"),
        pytest.param([make_workload("my-namespace")], "my-namespace-team", id="no variant"),
        pytest.param(
            [
                make_workload(labels={NAME: "order"}),
                make_workload(labels={NAME: "pay"}),
                make_workload("other", labels={"app": "pay"}),
            ],
            "pay-team",
            id="most frequent app",
        ),
        pytest.param(
            [make_workload("shop-prod", labels={NAME: "cart"})],
            "shop-team",
            id="an app that is the workload's own name does not count",
        ),
        pytest.param([make_workload("default")], "imported-team", id="nothing tells"),
        pytest.param([], "imported-team", id="no workloads"),
        pytest.param(
            [make_workload("default", labels={NAME: "支払い"})], "imported-team", id="wide"
        ),
        pytest.param([make_workload(labels={NAME: "My_App"})], "my-app-team", id="made a slug"),
    ],
)
def test_an_app_space_is_suggested(workloads: list[Workload], space: str) -> None:
    assert suggest_app_space(workloads) == space


def test_apps_that_are_equally_frequent_suggest_the_same_space_in_any_order() -> None:
    workloads = [make_workload(labels={NAME: app}) for app in ("pay", "order", "shop")]

    spaces = {suggest_app_space(order) for order in itertools.permutations(workloads)}

    assert spaces == {"order-team"}


@pytest.mark.parametrize(
    ("text", "slug"),
    [
        ("payment-api", "payment-api"),
        ("Payment API", "payment-api"),
        ("a__b--c..d", "a-b-c-d"),
        ("--edge--", "edge"),
        ("ünï-code", "n-code"),
        ("支払い", ""),
        ("", ""),
        ("n" * 250, "n" * 128),
        ("n" * 127 + "-tail", "n" * 127),
    ],
    ids=["slug", "words", "marks", "edges", "accents", "wide", "empty", "long", "cut at a hyphen"],
)
def test_a_text_is_made_a_slug(text: str, slug: str) -> None:
    assert slugify(text) == slug


@given(st.text())
def test_a_slug_is_empty_or_what_confighub_takes_and_stays_as_it_is(text: str) -> None:
    slug = slugify(text)

    assert slug == "" or (re.fullmatch("[a-z0-9](-?[a-z0-9])*", slug) and len(slug) <= 128)
    assert slugify(slug) == slug
