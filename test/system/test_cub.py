"""ConfigHub through a `cub` of each dialect: what it answers, and what its failures mean."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tui.world import World

from session_cli.confighub import inventory
from session_cli.confighub.answers import rows_in, text_at
from session_cli.confighub.connection import Connection, check_login
from session_cli.confighub.creation import CREATED, FOUND, Creation, create_unit, ensure_space
from session_cli.confighub.cub import Cub, CubFailed, Exists, NoAnswer, NotLoggedIn
from session_cli.errors import BadInput, Unavailable
from session_cli.processes import NotInstalled

LABELS = {
    "app": "payment",
    "namespace": "payment-prod",
    "kind": "Deployment",
    "workload": "api",
    "cluster-uid": "uid-of-kube-system",
}
MANIFEST = b"kind: Deployment\nmetadata: {name: \xe6\x97\xa5}\n"
UNREACHABLE = (
    'Failed: Get "https://hub.confighub.com/api/organization": dial tcp: lookup hub.confighub.com:'
    " no such host"
)
LOGIN = Connection("user@example.com", "acme-corp", "org_01DEMO", "https://hub.confighub.com")
DIALECTS = ["old", "august", "both", "new", "newest"]


# auth_status.go
VERIFYING = (
    "Failed: failed to reach server https://hub.confighub.com to verify authentication:"
    ' Get "https://hub.confighub.com/api/me"'
)
ANSWERED = (
    "Failed: unexpected response from server https://hub.confighub.com while verifying"
    " authentication"
)


@pytest.fixture
def world(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with World(home, tmp_path) as made:
        for name, value in made.environment.items():
            monkeypatch.setenv(name, value)
        yield made


@pytest.fixture(params=DIALECTS)
def dialect(world: World, request: pytest.FixtureRequest) -> str:
    world.scenario(dialect=request.param)
    return str(request.param)


@pytest.fixture
def team(world: World) -> Cub:
    """cub, once there is a space `team`."""
    cub = Cub()
    assert ensure_space(cub, "team") == CREATED
    return cub


def create(cub: Cub, slug: str = "api", **labels: str) -> str:
    return create_unit(cub, "team", slug, {**LABELS, **labels}, MANIFEST).how


def slugs(cub: Cub) -> list[str]:
    return [unit.slug for unit in inventory.units(cub, "team")]


def labelled(cub: Cub) -> list[inventory.Unit]:
    return inventory.list_with_labels(cub, "team", ["api"])


def fault(world: World, dialect: str, *words: str, **how: Any) -> None:
    world.scenario(dialect=dialect, faults=[{"match": list(words), **how}])


def test_who_is_logged_in_is_understood_in_each_dialect(world: World, dialect: str) -> None:
    assert check_login(Cub()) == LOGIN


def test_that_nobody_is_logged_in_is_understood_in_each_dialect(world: World, dialect: str) -> None:
    world.scenario(dialect=dialect, login="none")

    with pytest.raises(NotLoggedIn, match="cub auth login"):
        check_login(Cub())


def test_a_login_that_has_expired_is_none(world: World, dialect: str) -> None:
    world.scenario(dialect=dialect, login="expired")

    with pytest.raises(NotLoggedIn, match="log in with 'cub auth login'") as refusal:
        check_login(Cub())

    # older releases tell only when they are asked for something
    is_told = "token expired" in refusal.value.reason
    assert is_told or "401" in refusal.value.reason


@pytest.mark.parametrize(
    ("said", "failure"),
    [
        ("Failed: HTTP 429 for req 1: too many requests", CubFailed),
        ("Failed: HTTP 500 for req 1: context canceled", CubFailed),
        ("Failed: open /home/u/.confighub/config.yaml: permission denied", CubFailed),
        ("", CubFailed),
        (UNREACHABLE, NoAnswer),
        ("Failed: HTTP 401 for req 1: no", NotLoggedIn),
        ("Failed: no current context", NotLoggedIn),
        ("panic: runtime error: invalid memory address\n\ngoroutine 1 [running]:", NotLoggedIn),
        ("Failed: open /home/u/.confighub/config.yaml: no such file or directory", NotLoggedIn),
    ],
)
def test_nobody_is_logged_in_only_where_cub_says_so_or_has_no_context(
    world: World, said: str, failure: type[CubFailed]
) -> None:
    fault(world, "new", "context", "get", do="fail", stderr=said)

    with pytest.raises(CubFailed) as refusal:
        check_login(Cub())

    assert type(refusal.value) is failure
    is_told = "not logged in to ConfigHub" in str(refusal.value)
    assert is_told is (failure is NotLoggedIn)


@pytest.mark.parametrize(
    ("said", "outcome"),
    [
        (UNREACHABLE, NoAnswer),
        ("Failed: HTTP 403 for req 1: not yours", LOGIN),
    ],
)
def test_where_only_a_call_tells_whether_a_login_counts_one_is_made(
    world: World, said: str, outcome: Any
) -> None:
    fault(world, "old", "organization", "list", do="fail", stderr=said)

    if outcome == LOGIN:
        assert check_login(Cub()) == LOGIN
    else:
        with pytest.raises(outcome, match="check the network"):
            check_login(Cub())


def test_what_there_is_is_the_same_in_each_dialect(world: World, dialect: str, team: Cub) -> None:
    targets = [
        {"Target": {"Slug": "dev-x", "TargetID": "1", "Parameters": parameters}}
        for parameters in ('{"KubeContext": "kind-atk"}', "not JSON", None)
    ]
    world.scenario(dialect=dialect, targets=targets)
    create(team)
    assert team.run(["worker", "create", "dev", "--space", "team"]).code == 0
    cub = Cub()

    [unit] = labelled(cub)
    [worker] = inventory.workers(cub, "team")
    found = inventory.targets(cub, "team")

    assert "team" in inventory.spaces(cub)
    assert (unit.slug, unit.labels) == ("api", LABELS)
    assert (worker.slug, worker.condition, worker.is_ready) == ("dev", "Disconnected", False)
    assert [target.context for target in found] == ["kind-atk", "", ""]
    assert found[0].is_for("kind-atk", "dev")


@pytest.mark.parametrize(
    ("slug", "context", "is_for"),
    [
        ("dev-kubernetes-yaml-kind-atk", "kind-atk", True),
        ("dev-kind-atk", "kind-atk", True),
        ("kind-atk", "kind-atk", True),
        ("other-kubernetes-yaml-kind-atk", "kind-atk", True),
        ("dev-kubernetes-yaml-cluster", "kind-atk", True),
        ("other-kubernetes-yaml-cluster", "kind-atk", False),
        ("dev-kubernetes-yaml-nonprod", "prod", False),
        ("dev-kubernetes-yaml-kind-prod", "prod", False),
        ("dev-production", "prod", False),
        ("dev-prod-east", "prod", False),
        ("dev-eu-prod", "prod", False),
        ("dev-staging", "dev", False),
        ("dev-kubernetes-yaml-staging-cluster", "prod-cluster", False),
        ("dev-anything", "日本", False),
        ("dev-kubernetes-yaml-eks-eu-1-shop", "arn:eks:eu-1/shop", False),
        ("dev-kubernetes-yaml-arn-eks-eu-1-shop", "arn:eks:eu-1/shop", True),
    ],
)
def test_a_target_that_names_no_context_is_recognised_by_its_slug(
    slug: str, context: str, is_for: bool
) -> None:
    assert inventory.Target(slug, "", "").is_for(context, "dev") is is_for


@pytest.mark.parametrize(
    ("slug", "said"),
    [
        ("authentication-service", "Failed: unit authentication-service: invalid config data"),
        ("tls-proxy", "Failed: unit tls-proxy: invalid manifest"),
        ("permission-service", "Failed: unit permission-service: invalid manifest"),
    ],
)
def test_the_name_of_a_unit_says_nothing_about_the_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, slug: str, said: str
) -> None:
    cub = tmp_path / "cub"
    cub.write_text(f"#!/bin/sh\necho '{said}' >&2\nexit 1\n")
    cub.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)

    with pytest.raises(CubFailed) as failed:
        Cub().ask("unit", "create", "--space", "team", slug, "-")

    assert type(failed.value) is CubFailed
    assert str(failed.value) == f"'cub unit create' failed: {said}"


def test_the_dialect_is_found_out_once(world: World, dialect: str) -> None:
    cub = Cub()
    for _ in range(3):
        inventory.spaces(cub)

    assert len(world.calls("space", "list")) == (4 if dialect in ("old", "august") else 3)


@pytest.mark.usefixtures("dialect")
def test_the_secret_of_a_worker_is_not_kept(world: World, team: Cub) -> None:
    assert team.run(["worker", "create", "dev", "--space", "team"]).code == 0
    hub = json.loads((world.cub_home / "confighub.json").read_bytes())
    secret = hub["spaces"]["team"]["workers"]["dev"]["secret"]

    found = inventory.workers(team, "team")

    assert secret in json.dumps(team.ask("worker", "list", "--space", "team"))
    assert secret not in repr(found)


@pytest.mark.usefixtures("dialect")
def test_every_call_names_its_space(world: World, team: Cub) -> None:
    create(team)
    for ask in (inventory.units, inventory.workers, inventory.targets):
        assert isinstance(ask(team, "team"), list)
        with pytest.raises(BadInput, match="no App Space yet"):
            ask(team, "")

    asked = [argv for kind in ("unit", "worker", "target") for argv in world.calls(kind)]
    assert len(asked) >= 4
    assert all(argv[argv.index("--space") + 1] == "team" for argv in asked)


@pytest.mark.usefixtures("dialect")
def test_a_unit_is_created_once_with_its_labels_and_its_manifest(world: World, team: Cub) -> None:
    assert (create(team), create(team)) == (CREATED, FOUND)

    [unit] = labelled(team)
    assert unit.labels == LABELS
    assert (world.cub_home / "manifests" / "api").read_bytes() == MANIFEST


@pytest.mark.usefixtures("dialect")
def test_a_unit_that_holds_another_workload_is_not_taken_for_ours(team: Cub) -> None:
    create(team)

    with pytest.raises(CubFailed, match="a Unit api already exists, for Deployment payment-prod"):
        create(team, namespace="order-prod")
    with pytest.raises(CubFailed, match="a Unit api already exists"):
        create(team, kind="DaemonSet")


@pytest.mark.usefixtures("dialect")
@pytest.mark.parametrize(("theirs", "ours"), [("", ""), ("", "uid-b"), ("uid-a", "")])
def test_a_unit_of_a_cluster_unknown_that_came_meanwhile_is_not_taken_for_ours(
    team: Cub, theirs: str, ours: str
) -> None:
    without = {key: text for key, text in LABELS.items() if key != "cluster-uid"}
    there, wanted = ({**without, **({"cluster-uid": u} if u else {})} for u in (theirs, ours))
    assert create_unit(team, "team", "api", there, MANIFEST).how == CREATED

    with pytest.raises(Exists, match="for Deployment payment-prod/api in a cluster that may be"):
        create_unit(team, "team", "api", wanted, MANIFEST)


def test_a_unit_without_labels_is_not_taken_for_ours(dialect: str, team: Cub) -> None:
    made = team.run(["unit", "create", "--space", "team", "api", "-"], MANIFEST)
    assert made.code == 0

    with pytest.raises(CubFailed, match="a Unit api already exists, and its labels do not say"):
        create(team)

    assert [unit.labels for unit in labelled(team)] == [{}]


def test_labels_that_a_list_does_not_show_are_looked_for_unit_by_unit(
    world: World, dialect: str, team: Cub
) -> None:
    create(team)
    create(team, "other")
    bare = json.dumps([{"Unit": {"Slug": slug}} for slug in ("api", "other")])
    fault(world, dialect, "unit", "list", do="text", text=bare)

    found = labelled(team)

    assert [(unit.slug, unit.labels) for unit in found] == [("api", LABELS), ("other", {})]
    assert len(world.calls("unit", "get")) == 1


def test_labels_that_nothing_shows_are_unknown_and_not_none(
    world: World, dialect: str, team: Cub
) -> None:
    create(team)
    bare = json.dumps([{"Unit": {"Slug": "api"}}])
    faults: list[dict[str, Any]] = [{"match": ["unit", "list"], "do": "text", "text": bare}]
    faults += [{"match": ["unit", "get"], "do": "fail", "stderr": "Failed: HTTP 403 for req 1: no"}]
    world.scenario(dialect=dialect, faults=faults)

    assert labelled(team) == [inventory.Unit("api", None)]


def test_a_unit_that_waits_for_its_triggers_is_created_at_once(
    world: World, dialect: str, team: Cub
) -> None:
    world.scenario(dialect=dialect, triggers="stuck")

    assert create_unit(team, "team", "api", LABELS, MANIFEST) == Creation(CREATED)
    assert len(world.calls("unit", "create")) == 1


def test_a_unit_whose_triggers_do_not_run_is_created_with_a_remark(
    world: World, dialect: str, team: Cub
) -> None:
    # one that does not know how not to wait
    world.scenario(dialect=dialect, triggers="stuck", unknown_flags=["wait"])

    made = create_unit(team, "team", "api", LABELS, MANIFEST)

    assert made == Creation(CREATED, "Failed: triggers didn't execute on unit api")
    assert slugs(team) == ["api"]


@pytest.mark.usefixtures("dialect")
def test_a_space_is_created_once(team: Cub, world: World) -> None:
    assert ensure_space(team, "team") == FOUND
    assert len([argv for argv in world.calls("space", "create") if argv[2] == "team"]) <= 2


@pytest.mark.parametrize(
    ("how", "outcome", "there"),
    [
        pytest.param({"do": "text-after", "text": "Created!"}, CREATED, True, id="text after"),
        pytest.param({"do": "text", "text": "Created!"}, NoAnswer, False, id="text, nothing done"),
        pytest.param({"do": "text", "text": "Usage:\n  cub"}, NoAnswer, False, id="help"),
        pytest.param({"do": "text", "text": "{}"}, CubFailed, False, id="an empty object"),
        pytest.param({"do": "fail", "stderr": "Failed: no"}, CubFailed, False, id="fails"),
    ],
)
def test_only_what_was_done_counts_as_created(
    world: World, dialect: str, team: Cub, how: dict[str, Any], outcome: Any, there: bool
) -> None:
    fault(world, dialect, "unit", "create", **how)

    if outcome == CREATED:
        assert create(team) == CREATED
    else:
        with pytest.raises(outcome):
            create(team)

    assert slugs(team) == (["api"] if there else [])


def test_a_creation_that_hangs_is_bounded(world: World, team: Cub) -> None:
    fault(world, "both", "unit", "create", do="hang")
    with pytest.raises(NoAnswer, match=r"'cub unit create' timed out after 0\.5 s"):
        create(Cub(timeout=0.5))

    assert slugs(team) == []


def test_a_creation_that_hangs_after_it_was_done_is_found(world: World, team: Cub) -> None:
    fault(world, "both", "unit", "create", do="die-after")

    assert create(Cub(timeout=4)) == CREATED


def test_an_answer_that_tells_nothing_is_not_taken_for_another_workload(
    world: World, team: Cub
) -> None:
    create(team)
    fault(world, "both", "unit", "create", do="text", text="done")

    with pytest.raises(CubFailed, match="already exists, for Deployment payment-prod"):
        create(team, namespace="order-prod")


@pytest.mark.parametrize(
    ("how", "outcome"),
    [
        ({"do": "text-after", "text": "Created"}, CREATED),
        ({"do": "text", "text": "Created"}, NoAnswer),
        ({"do": "fail", "stderr": "Failed: HTTP 400: space new already exists"}, FOUND),
    ],
    ids=["text after", "text", "somebody was faster"],
)
def test_a_space_counts_as_created_when_it_is_there(
    world: World, how: dict[str, Any], outcome: Any
) -> None:
    fault(world, "both", "space", "create", **how)

    if isinstance(outcome, str):
        assert ensure_space(Cub(), "new") == outcome
    else:
        with pytest.raises(outcome):
            ensure_space(Cub(), "new")


def test_a_verb_that_was_removed_is_a_failure_though_it_exits_with_0(
    world: World, dialect: str, team: Cub
) -> None:
    assert team.run(["unit", "apply"]).code == 0

    with pytest.raises(NoAnswer, match="'cub unit apply' printed its help instead of JSON"):
        team.ask("unit", "apply")
    assert team.ask_text("unit", "apply") is None
    assert team.ask_text("nonsense") is None


def test_a_call_that_hangs_is_bounded_and_it_is_said_which(world: World) -> None:
    fault(world, "both", "space", "list", do="hang")
    ticks: list[int] = []

    with pytest.raises(NoAnswer, match=r"'cub space list' timed out after 0\.6 s"):
        inventory.spaces(Cub(0.6, lambda: ticks.append(1)))

    assert ticks


@pytest.mark.parametrize(
    ("said", "failure", "hint"),
    [
        ("Failed: HTTP 401 for req 1: no", NotLoggedIn, "cub auth login"),
        ("Failed: you must be authenticated to do this", NotLoggedIn, "cub auth login"),
        ("Failed: token expired", NotLoggedIn, "cub auth login"),
        ("Failed: HTTP 403 for req 1: token lacks it", CubFailed, "ask an admin"),
        ("Failed: permission denied", CubFailed, "ask an admin"),
        ("dial tcp: lookup hub.confighub.com: no such host", NoAnswer, "check the network"),
        (UNREACHABLE, NoAnswer, "check the network"),
        (f"{VERIFYING}: dial tcp: lookup hub.x: no such host", NoAnswer, "check the network"),
        (f"{VERIFYING}: context deadline exceeded", NoAnswer, "check the network"),
        (f"{VERIFYING}: x509: certificate has expired", NoAnswer, "check the network"),
        (f"{VERIFYING}: proxyconnect tcp: EOF", NoAnswer, "check the network"),
        (f"{VERIFYING}: Proxy Authentication Required", NoAnswer, "check the network"),
        (f"{ANSWERED}: 502 Bad Gateway", NoAnswer, "check the network"),
        (f"{ANSWERED}: 403 Forbidden", CubFailed, "ask an admin"),
        (f"{ANSWERED}: 404 Not Found", CubFailed, "404 Not Found$"),
        (
            "Failed: not authenticated: server https://network.tls.io rejected the access token"
            " (401 Unauthorized). Ask the user to run 'cub auth login'",
            NotLoggedIn,
            "cub auth login",
        ),
        (
            'Failed: not authenticated: no access token found for context "x509-handshake".',
            NotLoggedIn,
            "cub auth login",
        ),
        (
            "Failed: not authenticated: access token expired at 2026-01-01T00:00:00Z. Ask the user",
            NotLoggedIn,
            "cub auth login",
        ),
        ("Failed: no refresh token found. Please run 'cub auth login'", NotLoggedIn, "cub auth"),
        ("Failed: HTTP 503 for req 1: later", NoAnswer, "check the network"),
        ("read tcp 10.0.0.1:443: connection reset by peer", NoAnswer, "check the network"),
        ("tls: failed: x509: certificate has expired", NoAnswer, "check the network"),
        ("Failed: not logged in. Run 'cub auth login'", NotLoggedIn, "cub auth login"),
        ("panic: nil map\n\ngoroutine 1 [running]:\nauth.go:401", CubFailed, "panic: nil map"),
        ("Failed: HTTP 400 for req 1: unit x already exists", Exists, "already exists"),
        ("Failed: HTTP 400 for req 1: bad unit authentication", CubFailed, "bad unit"),
        ("Failed: HTTP 404 for req 1: unit network-forbidden-expired", CubFailed, "HTTP 404"),
        ("first line\nFailed: token=abc123 is bad", CubFailed, r"token=\[hidden\] is bad"),
        ("", CubFailed, "no error message, exit code 1"),
    ],
)
def test_a_failure_says_what_to_do_about_it(
    world: World, said: str, failure: type[CubFailed], hint: str
) -> None:
    fault(world, "both", "unit", "list", do="fail", stderr=said)

    with pytest.raises(CubFailed, match=hint) as refusal:
        inventory.units(Cub(), "team")

    assert type(refusal.value) is failure
    assert "'cub unit list' failed: " in str(refusal.value)
    assert "abc123" not in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_without_cub_it_is_said_where_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")

    with pytest.raises(NotInstalled, match="brew install confighubai/tap/cub") as refusal:
        check_login(Cub())
    assert isinstance(refusal.value, Unavailable)


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        ([{"a": 1}, 7, None], [{"a": 1}]),
        ({"items": [{"a": 1}]}, [{"a": 1}]),
        ({"Total": 1, "Units": [{"a": 1}]}, [{"a": 1}]),
        ({"items": None}, []),
        (None, []),
    ],
)
def test_rows_come_bare_or_in_an_envelope(answer: object, found: list[Any]) -> None:
    assert list(rows_in(answer)) == found


@pytest.mark.parametrize("answer", [{}, {"message": "upgrade cub"}, "text", 7])
def test_what_is_no_list_is_not_taken_for_an_empty_one(answer: object) -> None:
    with pytest.raises(NoAnswer, match="a list"):
        list(rows_in(answer))


def test_members_are_found_however_a_release_writes_them() -> None:
    row = {"unit": {"slug": "api", "SpaceID": "1"}, "Slug": 7}

    assert text_at(row, "Unit", "Slug") == "api"
    assert text_at(row, "Unit", "spaceId") == "1"
    assert [text_at(row, "Slug"), text_at(row, "Unit", "No", "Way"), text_at(None, "x")] == [""] * 3
