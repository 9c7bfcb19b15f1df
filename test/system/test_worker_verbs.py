"""Steps 5 to 7 as processes: one worker and no second, a target for the cluster, all verified."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from guard import SCRIPTS
from processes import Command, runner
from tui.world import STANDIN, World
from waiting import communicate, eventually

from session_cli.confighub import readiness
from session_cli.confighub.cub import Cub
from session_cli.workflow.state import ImportState

UNITS = ["pay-api", "pay-db"]
READY = [[0, "Ready"]]


@pytest.fixture
def world(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """A ConfigHub with the App Space `pay-team` in it."""
    with World(home, tmp_path) as made:
        for name, value in made.environment.items():
            monkeypatch.setenv(name, value)
        assert cub("space", "create", "pay-team") == 0
        yield made


def cub(*arguments: str) -> int:
    return runner(str(STANDIN / "cub"))(*arguments, stdin=b"kind: Deployment\n").code


def save(cli: Command, **facts: Any) -> None:
    chosen = [
        {"namespace": "pay", "kind": "Deployment", "name": name, "owner": "Native", "unit": name}
        for name in UNITS
    ]
    selections = {"app_space": "pay-team", "selected_workloads": chosen}
    data: dict[str, Any] = {"cluster_context": "kind-atk", "cluster_uid": "uid-of-kube-system"}
    data |= {"selections": selections, "confighub": facts}
    assert cli("save", "worker_connecting", json.dumps(data)).code == 0


class Done(NamedTuple):
    """What a verb left: its exit code, its lines, the facts to save, its error."""

    code: int
    said: list[str]
    bars: list[str]
    facts: dict[str, Any]
    stderr: str


@pytest.fixture
def confighub(cli: Command, tmp_path: Path) -> Callable[..., Done]:
    def run(verb: str, *options: str, seconds: float = 20, people: bool = False) -> Done:
        log = ["--log", str(tmp_path / "worker.log")] if verb == "worker" else []
        wait = ["--wait-seconds", str(seconds)] if verb != "verify" else []
        how = [] if people else ["--json"]
        answer = cli("confighub", verb, *how, *log, *wait, *options)
        report = json.loads(answer.stdout or "{}")
        bars = [line for line in answer.stderr.splitlines() if line.startswith("[")]
        facts = (report if people else report.get("data", {})).get("confighub", {})
        return Done(answer.code, report.get("said", []), bars, facts, answer.stderr)

    return run


Run = Callable[..., Done]


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_one_worker_is_started_where_there_is_none(
    world: World, cli: Command, confighub: Run, tmp_path: Path
) -> None:
    world.scenario(conditions=READY)
    save(cli)

    done = confighub("worker")

    assert (done.code, done.stderr) == (0, "")
    assert done.facts["worker_slug"] == "dev"
    assert done.facts["worker_status"] == "ready"
    assert world.workers() == [done.facts["worker_pid"]]
    assert done.facts["worker_host"] == os.uname().nodename
    assert world.calls("worker", "run") == [["worker", "run", "dev", "--space", "pay-team"]]
    assert "Worker dev connects" in (tmp_path / "worker.log").read_text()
    assert done.said[-1] == "worker dev is connected (Ready)"


def test_a_worker_that_is_connected_is_found_and_no_second_started(
    world: World, cli: Command, confighub: Run
) -> None:
    world.scenario(conditions=READY)
    assert cub("worker", "create", "other", "--space", "pay-team") == 0
    save(cli)

    done = confighub("worker")

    assert (done.code, done.facts) == (0, {"worker_slug": "other", "worker_status": "ready"})
    assert world.calls("worker", "run") == []


def test_the_known_worker_comes_before_others_that_are_connected(
    world: World, cli: Command, confighub: Run
) -> None:
    world.scenario(conditions=READY)
    for slug in ("first", "mine"):
        assert cub("worker", "create", slug, "--space", "pay-team") == 0
    save(cli, worker_slug="mine")

    assert confighub("worker").facts["worker_slug"] == "mine"


def test_a_worker_that_an_earlier_run_started_is_waited_for(
    world: World, cli: Command, confighub: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.scenario(conditions=[[0, "Disconnected"]])
    save(cli)
    first = confighub("worker", seconds=0.5)
    assert first.code == 9
    assert "timed out after 0.5 s waiting for a worker to connect" in first.stderr
    assert first.facts["worker_status"] == "connecting"
    save(cli, **first.facts)
    # in which `ps` would cut a command line short
    monkeypatch.setenv("COLUMNS", "60")

    again = confighub("worker", seconds=0.5)
    world.scenario(conditions=READY)
    connected = confighub("worker")

    assert (again.code, connected.code) == (9, 0)
    assert len(world.calls("worker", "run")) == 1
    assert is_alive(first.facts["worker_pid"])


def test_a_worker_of_another_space_is_not_waited_for(
    world: World, cli: Command, confighub: Run
) -> None:
    world.scenario(conditions=[[0, "Disconnected"]])
    save(cli)
    first = confighub("worker", seconds=0.5)
    assert cub("space", "create", "other-team") == 0
    save(cli, **first.facts)
    assert cli("save", "worker_connecting", '{"selections": {"app_space": "other-team"}}').code == 0

    world.scenario(conditions=READY)
    assert confighub("worker").code == 0

    assert [argv[-1] for argv in world.calls("worker", "run")] == ["pay-team", "other-team"]
    assert is_alive(first.facts["worker_pid"])


def test_a_process_that_is_no_worker_is_not_taken_for_one(
    world: World, cli: Command, confighub: Run
) -> None:
    world.scenario(conditions=[[0, "Disconnected"]])
    # the pid of the earlier worker may be anybody's by now
    save(cli, worker_slug="dev", worker_pid=os.getpid(), worker_host=os.uname().nodename)

    confighub("worker", seconds=0.2)

    assert len(world.calls("worker", "run")) == 1


def test_the_conditions_of_a_worker_are_shown_until_it_is_ready(
    world: World, cli: Command, confighub: Run
) -> None:
    world.scenario(conditions=[[0, "NotReady"], [0.8, "Ready"]])
    save(cli)

    done = confighub("worker", people=True)

    assert done.code == 0
    told = [bar.partition("] ")[2] for bar in done.bars]
    assert told[0] == "worker dev: not registered"
    assert told[-1] == "worker dev: Ready"
    assert len(set(told)) == len(told)
    assert {bar.partition("/")[2].partition("]")[0] for bar in done.bars} == {"20"}


@pytest.mark.parametrize(
    ("script", "why"),
    [
        ("echo 'fatal: token=abc123 refused' >&2; exit 1", "fatal: token=[hidden] refused"),
        ("exit 1", "no output"),
        (r"printf '\033[1;31mFailed:\033[0m no\n\033[0m\n' >&2; exit 1", "Failed: no\n"),
    ],
)
def test_a_worker_that_ends_at_once_is_reported_with_its_last_words(
    world: World, cli: Command, confighub: Run, script: str, why: str
) -> None:
    (world.bin / "cub").unlink()
    (world.bin / "cub").write_text(
        f'#!/bin/sh\nif [ "$1 $2" = "worker run" ]; then {script}; fi\nexec {STANDIN}/cub "$@"\n'
    )
    (world.bin / "cub").chmod(0o755)
    save(cli)

    done = confighub("worker")

    assert done.code == 9
    assert f"worker dev exited: {why}" in done.stderr


def test_a_moment_without_an_answer_does_not_end_the_wait(
    world: World, cli: Command, confighub: Run
) -> None:
    fault = {"match": ["worker", "list"], "nth": 1, "do": "text", "text": "try later"}
    world.scenario(conditions=READY, faults=[fault])
    assert cub("worker", "create", "dev", "--space", "pay-team") == 0
    save(cli)

    done = confighub("worker", people=True)

    assert done.code == 0
    assert "printed text" in done.bars[0]


@pytest.mark.parametrize(
    ("silence", "words"),
    [
        ({"do": "fail", "stderr": "Failed: dial tcp: no such host"}, "no such host; check the net"),
        ({"do": "text", "text": "Usage:\n  cub"}, "printed its help instead of JSON"),
        ({"do": "text", "text": ""}, "printed nothing instead of JSON"),
    ],
)
@pytest.mark.parametrize("verb", ["worker", "targets"])
def test_a_list_that_cannot_be_had_is_not_an_empty_one(
    world: World, cli: Command, confighub: Run, verb: str, silence: dict[str, str], words: str
) -> None:
    world.scenario(faults=[{"match": [verb.removesuffix("s"), "list"], **silence}])
    save(cli)

    done = confighub(verb, seconds=0.5)

    assert (done.code, done.facts, world.calls("worker", "run")) == (8, {}, [])
    assert words in done.stderr


def test_an_expired_login_ends_the_wait_at_once(world: World, cli: Command, confighub: Run) -> None:
    save(cli)
    world.scenario(login="expired")

    for verb in ("worker", "targets", "verify"):
        done = confighub(verb)
        assert done.code == 8
        assert "log in with 'cub auth login'" in done.stderr

    # nothing was asked a second time
    assert len(set(map(tuple, world.calls()))) == len(world.calls())
    assert world.calls("worker", "run") == []


def target(slug: str, context: str | None) -> dict[str, Any]:
    parameters = None if context is None else json.dumps({"KubeContext": context})
    return {"Target": {"Slug": slug, "TargetID": slug, "Parameters": parameters}}


def test_a_target_for_the_cluster_is_waited_for(world: World, cli: Command, confighub: Run) -> None:
    world.scenario(targets=[target("dev-a", "kind-other"), target("dev-b", "kind-atk")])
    save(cli)

    done = confighub("targets")

    assert (done.code, done.facts) == (0, {"targets": ["dev-b"]})
    assert done.said == ["target dev-b is registered"]


def test_a_target_that_does_not_say_its_context_is_recognised_by_its_name(
    world: World, cli: Command, confighub: Run
) -> None:
    world.scenario(targets=[target("dev-kubernetes-yaml-kind-atk", None)])
    save(cli)

    assert confighub("targets").facts == {"targets": ["dev-kubernetes-yaml-kind-atk"]}


def test_targets_of_other_clusters_are_named_when_ours_does_not_come(
    world: World, cli: Command, confighub: Run
) -> None:
    world.scenario(targets=[target("dev-kind-atk", "kind-other")])
    save(cli)

    done = confighub("targets", seconds=0)
    world.scenario(targets=[])
    none = confighub("targets", seconds=0.2)

    assert (done.code, none.code, done.facts) == (9, 9, {})
    assert "waiting for a target for kind-atk (found: dev-kind-atk)" in done.stderr
    assert "(found: none)" in none.stderr


def test_an_import_is_verified_item_by_item(world: World, cli: Command, confighub: Run) -> None:
    save(cli)
    nothing = confighub("verify")
    for slug in UNITS:
        labels = f"namespace=pay,kind=Deployment,workload={slug},cluster-uid=uid-of-kube-system"
        assert cub("unit", "create", "--space", "pay-team", "--label", labels, slug, "-") == 0
    world.scenario(conditions=READY, targets=[target("dev-b", "kind-atk")])
    assert cub("worker", "create", "dev", "--space", "pay-team") == 0

    everything = confighub("verify")
    forbidden = "daemonsets.apps is forbidden"
    scan = json.dumps({"scan_result": {"partial": [forbidden, 7]}})
    assert cli("save", "verify", scan).code == 0
    partial = confighub("verify")

    assert (partial.code, partial.said) == (
        0,
        [*everything.said, f"! the scan was partial: {forbidden}"],
    )
    assert nothing.code == 9
    assert nothing.said == ["! 0 of 2 Units", "! no worker", "! no target"]
    for missing in ("Unit pay-api", "Unit pay-db", "no worker", "no target for kind-atk"):
        assert missing in nothing.stderr
    assert (everything.code, everything.stderr) == (0, "")
    assert everything.said == ["ok 2 of 2 Units", "ok worker dev: Ready", "ok target dev-b"]


def test_the_secret_of_a_worker_reaches_nobody(
    world: World, cli: Command, confighub: Run, sessions: Path
) -> None:
    world.scenario(conditions=READY)
    save(cli)
    done = confighub("worker")
    save(cli, **done.facts)
    hub = json.loads((world.cub_home / "confighub.json").read_bytes())
    secret = hub["spaces"]["pay-team"]["workers"]["dev"]["secret"]

    verified = confighub("verify")

    assert secret not in repr(done) + repr(verified)
    files = [path for path in sessions.rglob("*") if path.is_file()]
    assert all(secret not in path.read_text("utf-8") for path in files)


class Left(Exception):
    """Nobody waits any more."""


class Unheard:
    """Progress that nobody listens to."""

    def say(self, text: str) -> None:
        pass

    def bar(self, done: int, total: int, text: str, unit: str = "") -> None:
        pass

    def save(self, data: dict[str, Any]) -> None:
        pass


def test_the_wait_between_two_questions_ends_at_a_tick_that_raises(world: World) -> None:
    asked, answered = world.bin / "asked", world.bin / "answered"
    (world.bin / "cub").unlink()
    (world.bin / "cub").write_text(
        f"#!/bin/sh\necho x >>'{asked}'\necho '[]'\necho x >>'{answered}'\n"
    )
    (world.bin / "cub").chmod(0o755)

    def tick() -> None:
        if answered.exists():
            raise Left

    state = ImportState({"selections": {"app_space": "pay-team"}, "cluster_context": "kind-atk"})
    with pytest.raises(Left):
        readiness.await_target(Cub(tick=tick), state, Unheard(), 3)

    assert asked.read_text() == "x\n"


def test_a_wait_that_is_terminated_reports_what_there_was(world: World, cli: Command) -> None:
    world.scenario(conditions=READY)
    assert cub("worker", "create", "dev", "--space", "pay-team") == 0
    save(cli, worker_slug="dev")
    verb = ["confighub", "targets", "--json"]
    with subprocess.Popen(
        [SCRIPTS / "session-cli", *verb], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        eventually(lambda: len(world.calls("target", "list")) > 1)
        # the call has ended, and the next comes after a second
        time.sleep(0.5)
        process.send_signal(signal.SIGTERM)
        out, err = communicate(process)

    assert (process.returncode, err) == (128 + signal.SIGTERM, b"")
    assert json.loads(out)["step"] is None
