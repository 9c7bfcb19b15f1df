"""Pages of a list: their paths, and what counts as one."""

from __future__ import annotations

import json
from typing import Any

import pytest

from session_cli.cluster.pages import base_path, in_order, is_expired, page_path, read_page


@pytest.mark.parametrize(
    ("server", "path"),
    [
        ("https://10.0.0.1:6443", ""),
        ("https://10.0.0.1:6443/", ""),
        ("https://rancher.example.com/k8s/clusters/c-m-x1", "/k8s/clusters/c-m-x1"),
        ("HTTPS://gate.example.com:443/a%2Fb/prod/?x=1#y", "/a%2Fb/prod"),
        ("https://[fd00::1]:6443/east", "/east"),
        ("localhost:8080", ""),
        ("gate.example.com/prod", "/prod"),
        ("", ""),
    ],
)
def test_the_path_of_a_server_comes_before_all_others(server: str, path: str) -> None:
    assert base_path(server) == path


@pytest.mark.parametrize(
    ("asked", "path"),
    [
        (("Deployment", "", 0, ""), "/apis/apps/v1/deployments"),
        (("DaemonSet", "", 500, ""), "/apis/apps/v1/daemonsets?limit=500"),
        (
            ("StatefulSet", "pay-prod", 500, "aB-_9"),
            "/apis/apps/v1/namespaces/pay-prod/statefulsets?limit=500&continue=aB-_9",
        ),
        # a token may be anything
        (
            ("Deployment", "a/../b", 1, "é&limit=0#=\ud800"),
            "/apis/apps/v1/namespaces/a%2F..%2Fb/deployments"
            "?limit=1&continue=%C3%A9%26limit%3D0%23%3D%3F",
        ),
    ],
)
def test_a_path_leads_to_one_page(asked: tuple[str, str, int, str], path: str) -> None:
    assert page_path(*asked) == path


def page(**members: Any) -> bytes:
    return json.dumps({"kind": "DeploymentList", "metadata": {}, **members}).encode()


def test_the_objects_of_a_page_are_as_kubectl_shows_them() -> None:
    metadata = {"name": "api", "managedFields": [{}]}
    raw = page(items=[{"metadata": metadata, "spec": {}}, 7], metadata={"continue": "next"})

    objects, token = read_page(raw, "Deployment")

    assert objects == [
        {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "api"}, "spec": {}}
    ]
    assert token == "next"


def test_integers_are_as_large_as_they_are() -> None:
    [one], _ = read_page(page(items=[{"spec": {"replicas": 10**30 + 1}}]), "Deployment")

    assert one["spec"]["replicas"] == 10**30 + 1


@pytest.mark.parametrize("items", [[], None])
def test_a_page_without_objects_is_empty(items: list[Any] | None) -> None:
    assert read_page(page(items=items), "Deployment") == ([], "")


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"", "no list of objects"),
        (b"[]", "no list of objects"),
        (page(items={}), "no list of objects"),
        (page(kind="DaemonSetList", items=[]), "no list of objects"),
        (page(kind="Status", status="Failure"), "no list of objects"),
        (page(items=[])[:-1], "something that is not JSON"),
        (b"[" * 200_000, "something that is not JSON"),
        (b'{"kind": "\xff"}', "something that is not JSON"),
    ],
)
def test_what_is_no_page_of_that_kind_says_what_it_is(raw: bytes, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        read_page(raw, "Deployment")


@pytest.mark.parametrize(
    ("stderr", "expired"),
    [
        ("Error from server (Expired): The provided continue parameter is too old\n", True),
        ("W1129 10:00:00 x\nError from server (Gone): too old resource version\n", True),
        (
            "Error from server: the server responded with the status code 410 but did not return"
            " more information\n",
            True,
        ),
        ("Error from server (Forbidden): (Expired): no\n", False),
        ("error: You must be logged in to the server (the token is Expired)\n", False),
        ("", False),
    ],
)
def test_a_list_that_the_server_no_longer_knows(stderr: str, expired: bool) -> None:
    assert is_expired(stderr) is expired


def test_members_are_in_the_order_of_their_names() -> None:
    mixed = {"b": [{"d": 1, "c": None}], "a": {"z": "", "y": True}}

    ordered = json.dumps(in_order(mixed))

    assert ordered == '{"a": {"y": true, "z": ""}, "b": [{"c": null, "d": 1}]}'
