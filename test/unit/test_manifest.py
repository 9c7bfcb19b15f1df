"""A manifest for a Unit: what the server added is gone, and nothing of what a person wrote."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tui.cluster_objects import KINDS, make_workload

from session_cli.cluster.manifest import as_yaml, clean

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
SERVER_SIDE = {
    "managedFields": [{"manager": "kubectl"}],
    "creationTimestamp": "2026-01-09T14:30:22Z",
    "resourceVersion": "12",
    "uid": "0198f3a2-7c1e-7b5d-9a44-2f1f5c6b7a80",
    "generation": 3,
    "selfLink": "/apis/apps/v1/x",
    "ownerReferences": [{"kind": "App"}],
    "deletionTimestamp": "2026-01-09T14:30:22Z",
    "deletionGracePeriodSeconds": 30,
    "finalizers": ["foregroundDeletion"],
    "generateName": "api-",
}


@pytest.mark.parametrize("kind", KINDS)
def test_what_the_server_added_is_gone(kind: str) -> None:
    live = make_workload("shop-prod", "api", kind, "Flux")
    live["metadata"] |= SERVER_SIDE

    manifest = clean(live)

    assert manifest.keys() == {"apiVersion", "kind", "metadata", "spec"}
    assert manifest["metadata"].keys() == {"name", "namespace", "labels"}
    assert manifest["metadata"]["labels"] == live["metadata"]["labels"]
    text = json.dumps(manifest)
    assert "creationTimestamp" not in text
    assert "last-applied" not in text
    assert manifest["spec"]["selector"] == live["spec"]["selector"]


@pytest.mark.parametrize("key", SERVER_SIDE)
def test_each_member_that_the_server_keeps_goes(key: str) -> None:
    live = {"kind": "Deployment", "metadata": {"name": "api", key: SERVER_SIDE[key]}, "status": {}}

    assert clean(live) == {"kind": "Deployment", "metadata": {"name": "api"}}


def test_annotations_of_people_stay_and_those_of_the_server_go() -> None:
    annotations = {
        LAST_APPLIED: "{}",
        "deployment.kubernetes.io/revision": "3",
        "deprecated.daemonset.template.generation": "3",
        "confighub.com/SpaceName": "shop-team",
        "note": "uid: keep me",
    }

    kept = clean({"metadata": {"annotations": annotations}})

    assert kept["metadata"]["annotations"] == {
        "confighub.com/SpaceName": "shop-team",
        "note": "uid: keep me",
    }
    assert clean({"metadata": {"annotations": {LAST_APPLIED: "{}"}}}) == {"metadata": {}}


def test_what_only_is_called_like_a_member_of_the_server_stays() -> None:
    names = [*SERVER_SIDE, "status"]
    spec = {
        "template": {
            "metadata": {"labels": dict.fromkeys(names, "x"), "annotations": {LAST_APPLIED: "x"}},
            "spec": {
                "containers": [
                    {
                        "name": "status",
                        "env": [{"name": name, "value": "uid: 7"} for name in names],
                        "args": ["uid:", "status:", "generation: 3"],
                    }
                ],
                "volumes": [{"configMap": {"items": [{"key": name} for name in names]}}],
                "status": {"uid": 1},
            },
        },
        "data": dict.fromkeys(names, "x"),
        "status": "x",
        "uid": "x",
    }
    labels = dict.fromkeys(names, "x")
    live = {"metadata": {"name": "uid", "labels": labels}, "spec": spec, "data": labels}

    assert clean(live) == live


def test_a_pod_template_loses_its_empty_creation_time_and_no_other() -> None:
    def of(metadata: object) -> Any:
        return clean({"spec": {"template": {"metadata": metadata}}})["spec"]["template"]

    assert of({"creationTimestamp": None, "labels": {"a": "b"}}) == {
        "metadata": {"labels": {"a": "b"}}
    }
    assert of({"creationTimestamp": "2026"}) == {"metadata": {"creationTimestamp": "2026"}}
    assert of({"labels": {"creationTimestamp": None}}) == {
        "metadata": {"labels": {"creationTimestamp": None}}
    }


def test_the_live_object_is_left_alone() -> None:
    live = make_workload("shop-prod", "api")
    before = copy.deepcopy(live)

    manifest = clean(live)
    manifest["metadata"]["labels"]["app"] = "changed"
    manifest["spec"]["template"]["spec"]["containers"].clear()

    assert live == before


def test_a_manifest_reads_well_and_only_what_is_in_doubt_is_quoted() -> None:
    manifest = {
        "apiVersion": "apps/v1",
        "metadata": {"name": "api", "labels": {"on": "08", "app.kubernetes.io/name": "api"}},
        "spec": {"replicas": 2, "paused": False, "x": None, "image": "example.com:5000/api:1.4.2"},
        "args": ["--port=80", "a b", "line\n"],
    }

    assert as_yaml(manifest).decode() == (
        "apiVersion: apps/v1\n"
        "metadata:\n"
        "  name: api\n"
        "  labels:\n"
        '    "on": "08"\n'
        "    app.kubernetes.io/name: api\n"
        "spec:\n"
        "  replicas: 2\n"
        "  paused: false\n"
        "  x: null\n"
        "  image: example.com:5000/api:1.4.2\n"
        "args:\n"
        '- "--port=80"\n'
        '- "a b"\n'
        '- "line\\n"\n'
    )


anything = st.recursive(
    st.none() | st.integers() | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["metadata", "spec", "template", "annotations", "status", "uid", "x"]),
            inner,
        )
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(["metadata", "spec", "status", "data"]), anything))
def test_any_object_can_be_cleaned_and_once_is_enough(live: dict[str, Any]) -> None:
    before = copy.deepcopy(live)

    once = clean(live)

    assert clean(once) == once
    assert live == before
    assert {k: v for k, v in live.items() if k == "data"} == {
        k: v for k, v in once.items() if k == "data"
    }
