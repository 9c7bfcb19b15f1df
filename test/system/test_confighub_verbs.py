"""The verbs of steps 4 to 7, run by forks: what they create, tell and hand over to be saved."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from guard import SCRIPTS
from processes import Answer, Command, runner
from tui.cluster_objects import make_workload
from tui.world import STANDIN, World
from waiting import communicate, eventually

DIALECTS = ["old", "august", "both", "new", "newest"]
NAMES = ["api", "db", "web", "worker"]
UNITS = [f"pay-{name}" for name in NAMES]
UID = "uid-of-kube-system"


@pytest.fixture
def world(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """Four workloads in a cluster, behind a kubectl that is as quick as a test wants it."""
    with World(home, tmp_path) as made:
        for name, value in made.environment.items():
            monkeypatch.setenv(name, value)
        put_in_cluster(made, [make_workload("pay-prod", name) for name in UNITS])
        yield made


def put_in_cluster(world: World, objects: list[dict[str, Any]]) -> None:
    """A kubectl that answers with the objects, whatever it is asked but for the cluster's uid."""
    (world.bin / "objects").write_text(json.dumps({"kind": "List", "items": objects}))
    answers_as(world, UID)


def answers_as(world: World, uid: str) -> None:
    """The cluster of that uid answers from now on; without one it does not let us see it."""
    namespace = json.dumps({"kind": "Namespace", "metadata": {"name": "kube-system", "uid": uid}})
    told = f"echo '{namespace}'" if uid else "echo 'Forbidden: not yours' >&2; exit 1"
    (world.bin / "kubectl").write_text(
        f"#!/bin/sh\ncase $* in *kube-system*) {told}; exit ;; esac\ncat '{world.bin}/objects'\n"
    )
    (world.bin / "kubectl").chmod(0o755)


class Done(NamedTuple):
    """What a verb left: its exit code, what happened, the DATA if any, its error, its box."""

    code: int
    said: list[str]
    saved: list[dict[str, Any]]
    stderr: str
    facts: dict[str, Any]
    box: str | None


def as_done(answer: Answer) -> Done:
    report = json.loads(answer.stdout or "{}")
    data = report.get("data", {})
    return Done(
        answer.code,
        report.get("said", []),
        [data] if data else [],
        answer.stderr,
        data.get("confighub", {}),
        report.get("box"),
    )


@pytest.fixture
def cli(forked_cli: Command) -> Command:
    """The program as a fork: how it starts is not what is looked at here."""
    return forked_cli


@pytest.fixture
def confighub(cli: Command) -> Callable[..., Done]:
    """Runs a verb of `confighub`, then saves what it hands over, as a script does."""

    def run(verb: str, *options: str, save: bool = False) -> Done:
        done = as_done(cli("confighub", verb, "--json", *options))
        for data in done.saved if save else []:
            assert cli("save", "connect", json.dumps(data)).code == 0
        return done

    return run


def choose(cli: Command, step: str = "connect", **facts: Any) -> None:
    """A session in which the four workloads and the App Space `pay-team` are chosen."""
    chosen = [
        {"namespace": "pay-prod", "kind": "Deployment", "name": name, "owner": "Native"}
        | {"unit": name}
        for name in UNITS
    ]
    data = {
        "cluster_context": "kind-atk",
        "cluster_uid": UID,
        "selections": {"app_space": "pay-team", "selected_workloads": chosen},
        "confighub": facts,
    }
    assert cli("save", step, json.dumps(data)).code == 0


def cub(*arguments: str, stdin: bytes | None = None) -> Answer:
    return runner(str(STANDIN / "cub"))(*arguments, stdin=stdin)


def units_there() -> list[str]:
    listed = cub("unit", "list", "--space", "pay-team", "-o", "json")
    return [row["Unit"]["Slug"] for row in json.loads(listed.stdout)]


def test_a_fork_does_what_the_program_does(world: World, cli: Command) -> None:
    choose(cli)
    seen = []
    for run in (cli, runner(str(SCRIPTS / "session-cli"))):
        done = as_done(run("confighub", "create", "--json"))
        seen.append((done.code, done.said, done.facts, done.stderr, world.created()))
        shutil.rmtree(world.cub_home)
        world.cub_home.mkdir()

    assert seen[0] == seen[1]
    assert seen[0][0] == 0


def test_a_login_is_data_to_save(world: World, confighub: Callable[..., Done]) -> None:
    done = confighub("login")

    assert (done.code, done.stderr) == (0, "")
    assert done.facts["user"] == "user@example.com"
    assert (done.facts["org"], done.facts["authenticated"]) == ("acme-corp", True)


@pytest.mark.parametrize("login", ["none", "expired"])
def test_without_a_login_nothing_is_saved(
    world: World, confighub: Callable[..., Done], login: str
) -> None:
    world.scenario(dialect="new", login=login)

    done = confighub("login")

    assert (done.code, done.saved, done.said) == (8, [], [])
    assert "log in with 'cub auth login'" in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_space_and_a_unit_for_each_workload_are_created_once(
    world: World, cli: Command, confighub: Callable[..., Done], dialect: str
) -> None:
    world.scenario(dialect=dialect)
    choose(cli)

    first, again = confighub("create", save=True), confighub("create")

    assert (first.code, first.stderr, again.code) == (0, "", 0)
    assert first.said == ["App Space pay-team created", *(f"Unit {u} created" for u in UNITS)]
    assert again.said[0] == "App Space pay-team already exists"
    assert set(again.said[1:]) == {f"Unit {unit} already exists" for unit in UNITS}
    assert first.saved[-1]["confighub"] == {
        "units_created": UNITS,
        "units_pending": None,
        "units_failed": None,
    }
    assert sorted(set(world.created())) == UNITS
    assert all("--space" in argv for argv in world.calls("unit"))
    manifest = (world.cub_home / "manifests" / "pay-api").read_text()
    assert "kind: Deployment" in manifest
    assert "managedFields" not in manifest
    assert "status:" not in manifest


def test_another_cluster_that_answers_by_now_gets_nothing_into_confighub(
    world: World, cli: Command, confighub: Callable[..., Done]
) -> None:
    choose(cli)
    answers_as(world, "uid-of-another")

    done = confighub("create")

    assert (done.code, done.saved, world.calls()) == (6, [], [])
    assert "another cluster answers as kind-atk, not the one that was scanned" in done.stderr


@pytest.mark.parametrize(("scanned", "answers"), [(UID, ""), (None, "uid-of-another"), (None, "")])
def test_a_cluster_that_is_not_known_to_be_another_is_accepted(
    world: World,
    cli: Command,
    confighub: Callable[..., Done],
    scanned: str | None,
    answers: str,
) -> None:
    choose(cli)
    assert cli("save", "connect", json.dumps({"cluster_uid": scanned})).code == 0
    answers_as(world, answers)

    assert confighub("create").facts["units_created"] == UNITS


def test_a_unit_that_was_created_and_not_recorded_is_adopted(
    world: World, cli: Command, confighub: Callable[..., Done]
) -> None:
    choose(cli)
    assert confighub("create").code == 0

    # nothing of that was saved: the terminal was killed
    done = confighub("create")

    assert (done.code, done.facts["units_created"]) == (0, UNITS)
    assert sorted(world.created()) == UNITS


def test_a_unit_that_fails_does_not_keep_the_others(
    world: World, cli: Command, confighub: Callable[..., Done]
) -> None:
    choose(cli)
    refusal = {"do": "fail", "nth": 2, "stderr": "Failed: HTTP 400: token=abc123 is bad"}
    world.scenario(faults=[{"match": ["unit", "create"], **refusal}])

    done = confighub("create", save=True)
    world.scenario()
    again = confighub("create", save=True)

    assert done.code == 9
    assert "1 of 4 Units could not be created; the first, pay-db" in done.stderr
    assert done.facts["units_created"] == ["pay-api", "pay-web", "pay-worker"]
    assert done.facts["units_pending"] == ["pay-db"]
    assert [each["unit"] for each in done.facts["units_failed"]] == ["pay-db"]
    assert "abc123" not in json.dumps(done)
    assert (again.code, units_there()) == (0, ["pay-api", "pay-web", "pay-worker", "pay-db"])
    assert set(again.facts["units_created"]) == set(UNITS)
    assert again.facts["units_failed"] is None


def test_what_was_made_is_reported_when_the_login_expires_in_the_middle(
    world: World, cli: Command, confighub: Callable[..., Done]
) -> None:
    choose(cli)
    refused = {"do": "fail", "nth": 2, "stderr": "Failed: HTTP 400 for req 1: no"}
    expired = {"do": "fail", "nth": 3, "stderr": "Failed: HTTP 401 for req 1: expired"}
    world.scenario(faults=[{"match": ["unit", "create"], **how} for how in (refused, expired)])

    done = confighub("create")

    assert done.code == 8
    assert "log in with 'cub auth login'" in done.stderr
    assert done.facts["units_created"] == ["pay-api"]
    assert done.facts["units_pending"] == ["pay-db", "pay-web", "pay-worker"]
    assert [each["unit"] for each in done.facts["units_failed"]] == ["pay-db"]
    assert len(world.calls("unit", "create")) == 3


def test_a_cub_that_answers_nothing_any_more_is_not_asked_for_ever(
    world: World, cli: Command, confighub: Callable[..., Done]
) -> None:
    choose(cli)
    world.scenario(faults=[{"match": ["unit", "create"], "do": "text", "text": "Usage:\n  cub"}])

    done = confighub("create")

    assert done.code == 8
    assert "printed its help instead of JSON" in done.stderr
    assert len(done.facts["units_failed"]) == 3


def test_a_creation_that_hangs_is_bounded_by_call_seconds(
    world: World, cli: Command, confighub: Callable[..., Done]
) -> None:
    choose(cli)
    world.scenario(faults=[{"match": ["space", "list"], "do": "hang"}])

    done = confighub("create", "--call-seconds", "0.4")

    assert (done.code, done.saved) == (8, [])
    assert "'cub space list' timed out after 0.4 s" in done.stderr


def put_in_space(slug: str, **labels: str) -> None:
    """A Unit in the App Space that was not made here."""
    words = [word for each in labels.items() for word in ("--label", "=".join(each))]
    assert cub("space", "create", "pay-team", "--allow-exists").code == 0
    made = cub("unit", "create", "--space", "pay-team", *words, slug, "-", stdin=b"x")
    assert made.code == 0


ANOTHER = {"namespace": "order-prod", "kind": "Deployment", "workload": "pay-db"}


def test_a_workload_that_is_gone_and_one_whose_name_is_taken_are_failures(
    world: World, cli: Command, confighub: Callable[..., Done]
) -> None:
    choose(cli)
    put_in_cluster(world, [make_workload("pay-prod", name) for name in UNITS[1:]])
    put_in_space("pay-db", app="db")

    done = confighub("create")

    assert done.code == 9
    why = {each["unit"]: each["why"] for each in done.facts["units_failed"]}
    assert why["pay-api"] == "its workload is no longer in the cluster"
    assert why["pay-db"].startswith(
        "Deployment pay-prod/pay-db is left out: a Unit pay-db already exists, and its labels"
    )
    assert done.facts["units_created"] == ["pay-web", "pay-worker"]


def chosen_units(done: Done) -> list[str]:
    return [each["unit"] for each in done.saved[-1]["selections"]["selected_workloads"]]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_unit_gets_another_name_where_another_workload_has_it(
    world: World, cli: Command, confighub: Callable[..., Done], dialect: str
) -> None:
    choose(cli)
    put_in_space("pay-db", **ANOTHER)
    world.scenario(dialect=dialect)

    names = confighub("names", save=True)
    made = confighub("create", save=True)
    again = confighub("names")

    assert (names.code, names.stderr, made.code) == (0, "", 0)
    assert names.said == [
        "Deployment pay-prod/pay-db becomes Unit pay-db-pay-prod:"
        " the name pay-db is taken by Deployment order-prod/pay-db"
    ]
    assert chosen_units(names) == ["pay-api", "pay-db-pay-prod", "pay-web", "pay-worker"]
    assert names.box is None
    assert made.facts["units_created"] == chosen_units(names)
    assert (again.said, again.saved) == ([], [])


@pytest.mark.parametrize(
    ("taken", "units"),
    [
        ("rename", ["pay-api", "pay-db-pay-prod", "pay-web", "pay-worker"]),
        ("leave", ["pay-api", "pay-web", "pay-worker"]),
    ],
)
def test_where_nothing_tells_whose_unit_has_the_name_a_person_is_asked(
    cli: Command, confighub: Callable[..., Done], world: World, taken: str, units: list[str]
) -> None:
    choose(cli)
    put_in_space("pay-db")

    asked = confighub("names", save=True)
    answered = confighub("names", "--taken", taken, save=True)
    made = confighub("create", save=True)

    assert asked.code == 0
    assert "pay-db" in (asked.box or "")
    [undecided] = asked.facts["units_failed"]
    assert undecided["unit"] == "pay-db"
    selected = json.loads(cli("get", "selections.selected_workloads").stdout)
    assert [each["unit"] for each in selected] == units
    assert answered.facts == {"units_failed": None}
    assert (made.code, made.facts["units_created"]) == (0, units)
    assert "pay-db" not in world.created()[1:]


def test_when_all_are_left_out_nothing_is_left_to_import(
    cli: Command, confighub: Callable[..., Done], world: World
) -> None:
    choose(cli)
    for slug in UNITS:
        put_in_space(slug)

    done = confighub("names", "--taken", "leave")

    assert (done.code, done.saved) == (9, [])
    assert "no workload is left to import" in done.stderr


def test_the_units_of_an_identity_unknown_are_ours_where_they_are_recorded(
    cli: Command, confighub: Callable[..., Done], world: World
) -> None:
    choose(cli, units_created=["pay-api"])
    for name in ("pay-api", "pay-db"):
        put_in_space(name, **{**ANOTHER, "namespace": "pay-prod", "workload": name})

    done = confighub("create")

    assert done.code == 9
    assert done.facts["units_created"] == ["pay-api", "pay-web", "pay-worker"]
    [failed] = done.facts["units_failed"]
    assert "for Deployment pay-prod/pay-db in a cluster that may be another" in failed["why"]


def test_a_unit_of_a_cluster_unknown_that_somebody_creates_meanwhile_is_not_ours(
    cli: Command, confighub: Callable[..., Done], world: World
) -> None:
    choose(cli)
    labels = "namespace=pay-prod,kind=Deployment,workload=pay-db"
    with (world.bin / "kubectl").open("a") as script:
        script.write(f"cub unit create --space pay-team --label {labels} pay-db - </dev/null >&2\n")

    first, again = confighub("create", save=True), confighub("create")

    assert (first.code, again.code) == (9, 9)
    why = "a Unit pay-db already exists, for Deployment pay-prod/pay-db in a cluster that may be"
    for done in (first, again):
        [failed] = done.facts["units_failed"]
        assert why in failed["why"]
        assert "pay-db" not in done.facts["units_created"]
        assert done.facts["units_pending"] is None


def test_a_unit_that_a_fault_hides_is_created_with_a_remark(
    cli: Command, confighub: Callable[..., Done], world: World
) -> None:
    choose(cli)
    world.scenario(triggers="stuck", unknown_flags=["wait"])

    done = confighub("create")

    assert (done.code, done.facts["units_created"]) == (0, UNITS)
    said = "Unit pay-api created; cub reported: Failed: triggers didn't execute on unit pay-api"
    assert said in done.said


def test_the_import_is_not_complete_with_the_units_of_another_cluster(
    cli: Command, confighub: Callable[..., Done], world: World
) -> None:
    choose(cli, "verify", units_created=UNITS, worker_slug="dev")
    labels = {"namespace": "pay-prod", "kind": "Deployment"}
    for name in UNITS:
        uid = UID if name == "pay-api" else "uid-of-another"
        put_in_space(name, **labels, workload=name, **{"cluster-uid": uid})

    done = confighub("verify")

    assert done.code == 9
    assert "! 1 of 4 Units" in done.said


@pytest.mark.parametrize(
    ("origin", "code"),
    [
        ({"spaceSlug": "web-prod", "unitSlug": "pay-api"}, 9),
        ({"spaceSlug": "pay-team", "unitSlug": "released"}, 9),
        # ours, which somebody deleted
        ({"spaceSlug": "pay-team", "unitSlug": "pay-api"}, 0),
    ],
)
def test_a_workload_that_is_a_unit_already_gets_no_second_one_though_it_was_chosen(
    world: World,
    cli: Command,
    confighub: Callable[..., Done],
    origin: dict[str, str],
    code: int,
) -> None:
    choose(cli)
    objects = [make_workload("pay-prod", name) for name in UNITS]
    objects[0]["metadata"]["annotations"]["confighub.com/origin"] = json.dumps(origin)
    put_in_cluster(world, objects)

    done = confighub("create")

    assert done.code == code
    why = f"its workload already is Unit {origin['unitSlug']} in space {origin['spaceSlug']}"
    failed = [{"unit": "pay-api", "why": why}] if code else None
    assert done.facts["units_failed"] == failed


def test_a_workload_that_cannot_be_read_is_not_called_gone(
    world: World, cli: Command, confighub: Callable[..., Done]
) -> None:
    choose(cli)
    (world.bin / "kubectl").write_text("#!/bin/sh\necho 'Forbidden: not yours' >&2; exit 1\n")

    done = confighub("create")

    assert done.code == 9
    assert {each["why"] for each in done.facts["units_failed"]} == {
        "its manifest cannot be read: Forbidden: not yours"
    }


def test_people_read_what_happens_while_the_data_goes_to_save(world: World, cli: Command) -> None:
    choose(cli)

    done = cli("confighub", "create")

    assert done.code == 0
    assert json.loads(done.stdout)["confighub"]["units_created"] == UNITS
    lines = done.stderr.splitlines()
    assert "App Space pay-team created" in lines
    assert "[0/4] Unit pay-api" in lines
    assert "Unit pay-api created" in lines
    assert cli("save", "connect", "-", stdin=done.stdout).code == 0


def test_what_was_created_until_a_signal_came_is_data_to_save(world: World, cli: Command) -> None:
    choose(cli)
    world.scenario(faults=[{"match": ["unit", "create"], "nth": 3, "do": "hang"}])
    with subprocess.Popen(
        [SCRIPTS / "session-cli", "confighub", "create"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        eventually(lambda: len(world.created()) == 3)
        process.send_signal(signal.SIGTERM)
        out, _ = communicate(process)

    assert process.returncode == 128 + signal.SIGTERM
    assert json.loads(out)["confighub"]["units_created"] == UNITS[:2]


def test_a_failure_without_data_gives_a_script_nothing_to_save(world: World, cli: Command) -> None:
    world.scenario(login="none")

    done = cli("confighub", "login")

    assert (done.code, done.stdout) == (8, b"")
    assert json.loads(cli("confighub", "login", "--json").stdout) == {
        "step": None,
        "data": {},
        "said": [],
        "box": None,
    }


def test_a_survey_needs_no_session(world: World, cli: Command) -> None:
    assert cub("space", "create", "pay-team").code == 0

    done = cli("--type", "confighub", "confighub", "survey")

    assert done.code == 0
    assert "pay-team" in done.stdout.decode()
    assert cli("--type", "confighub", "save", "view", "-", stdin=done.stdout).code == 0
    world.scenario(login="none")
    again = cli("--type", "confighub", "confighub", "survey")
    assert again.code == 8
    assert "pay-team" in again.stdout.decode()


def test_without_a_cluster_nothing_is_created(
    world: World, cli: Command, confighub: Callable[..., Done]
) -> None:
    assert cli("save", "connect").code == 0

    done = confighub("create")

    assert (done.code, world.calls()) == (2, [])
    assert "scan one first" in done.stderr
