"""The `cub` of the tests: its dialects, its faults, and what it keeps on record."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from processes import Answer, Command, runner
from waiting import end, eventually

STAND_IN = Path(__file__).parent / "standin" / "cub"
MANIFEST = b"kind: Deployment\n"
CREATE = ("unit", "create", "--space", "team")

Start = Callable[..., "subprocess.Popen[bytes]"]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder in which the stand-in finds its scenario and keeps all it knows."""
    monkeypatch.setenv("CUB_HOME", str(tmp_path))
    return tmp_path


@pytest.fixture
def scenario(home: Path) -> Callable[..., None]:
    def write(**keys: Any) -> None:
        (home / "scenario.json").write_text(json.dumps(keys))

    return write


@pytest.fixture
def cub(home: Path) -> Command:
    """The stand-in, with a space to put things in."""
    command = runner(str(STAND_IN))
    assert command("space", "create", "team").code == 0
    return command


@pytest.fixture
def start(cub: Command) -> Iterator[Start]:
    """Starts a call that may go on for ever; it is killed in the end."""
    started: list[subprocess.Popen[bytes]] = []

    def run(*arguments: str) -> subprocess.Popen[bytes]:
        streams = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE}
        started.append(subprocess.Popen([STAND_IN, *arguments], **streams))
        return started[-1]

    yield run
    for process in started:
        with process:
            process.kill()


def calls(home: Path) -> list[Any]:
    return [json.loads(line)["argv"] for line in (home / "calls.jsonl").open()]


def rows(command: Command, kind: str) -> list[Any]:
    """What the list of `kind` in the space holds."""
    listed = json.loads(command(kind.lower(), "list", "--space", "team", "--json").stdout)
    return [row["BridgeWorker" if kind == "worker" else kind.capitalize()] for row in listed]


def slugs(command: Command, kind: str = "unit") -> list[str]:
    return [row["Slug"] for row in rows(command, kind)]


def condition(command: Command) -> str | None:
    return next((row["Condition"] for row in rows(command, "worker")), None)


def outcome(answer: Answer) -> tuple[int, bool, str]:
    """The exit code, whether stdout is JSON, and what stderr says first."""
    first = answer.stderr.partition("\n")[0]
    return answer.code, answer.stdout[:1] in (b"[", b"{"), first


DEPRECATED = "Flag --json has been deprecated, use -o json"
NO_O = "Error: unknown shorthand flag: 'o' in -o"


@pytest.mark.parametrize(
    ("dialect", "arguments", "expected"),
    [
        ("old", "space list -o json", (1, False, NO_O)),
        ("old", "space list --json", (0, True, "")),
        ("old", "space list --select=Labels", (1, False, "Error: unknown flag: --select")),
        ("august", "space list -o json", (1, False, NO_O)),
        ("august", "space list --select=Labels --json", (0, True, "")),
        ("old", "context get --json", (1, False, "Error: unknown flag: --json")),
        ("old", "space create x --allow-exists", (1, False, "Error: unknown flag: --allow-exists")),
        ("both", "space list -o json", (0, True, "")),
        ("both", "--json space list", (0, True, "")),
        ("both", "context get --json", (0, True, "")),
        ("new", "space -o json list", (0, True, "")),
        ("new", "space list --json", (0, True, DEPRECATED)),
        ("new", "space create x --set-context", (1, False, "Error: unknown flag: --set-context")),
    ],
)
def test_each_dialect_has_its_flags(
    cub: Command, scenario: Callable[..., None], dialect: str, arguments: str, expected: object
) -> None:
    scenario(dialect=dialect)

    assert outcome(cub(*arguments.split())) == expected


IDS = {"Slug", "UnitID", "SpaceID", "OrganizationID"}
COLUMNS = {"HeadRevisionNum", "LastAppliedRevisionNum"}
ALL = {"Labels", "ToolchainType", "CreatedAt"}


@pytest.mark.parametrize(
    ("dialect", "select", "held"),
    [
        ("old", [], IDS | COLUMNS | ALL),
        ("august", [], IDS | COLUMNS),
        ("august", ["--select", "Labels"], {*IDS, "Labels"}),
        ("both", [], IDS | COLUMNS),
        ("new", [], IDS | COLUMNS),
        ("new", ["--select=Labels"], {*IDS, "Labels"}),
        ("new", ["--select", "*"], IDS | COLUMNS | ALL),
        ("new", ["--columns", "Unit.Slug,Unit.Labels.app"], {*IDS, "Labels"}),
        ("newest", [], IDS | COLUMNS | ALL),
    ],
)
def test_a_list_holds_the_columns_that_are_asked_for(
    cub: Command, scenario: Callable[..., None], dialect: str, select: list[str], held: set[str]
) -> None:
    assert cub(*CREATE, "api", "-", "--label", "app=payment", stdin=MANIFEST).code == 0
    scenario(dialect=dialect)

    listed = cub("unit", "list", "--space", "team", *select, "--json")
    got = cub("unit", "get", "api", "--space", "team", "--json")

    [row] = json.loads(listed.stdout)
    told = row["Unit"].keys() & (IDS | COLUMNS | ALL)
    assert told == held
    assert json.loads(got.stdout)["Unit"]["Labels"] == {"app": "payment"}


def test_labels_that_a_unit_has_none_of_are_not_even_an_empty_object(
    cub: Command, scenario: Callable[..., None]
) -> None:
    assert cub(*CREATE, "api", "-", stdin=MANIFEST).code == 0
    scenario(dialect="new")

    [row] = json.loads(cub("unit", "list", "--space", "team", "--select=Labels", "--json").stdout)

    assert row["Unit"].keys() == IDS


@pytest.mark.parametrize(("dialect", "has_parameters"), [("both", True), ("new", False)])
def test_the_targets_of_newer_releases_say_no_more_what_they_deploy_to(
    cub: Command, scenario: Callable[..., None], dialect: str, has_parameters: bool
) -> None:
    target = {"Slug": "own", "TargetID": "1", "Parameters": "{}"}
    scenario(dialect=dialect, targets=[{"Target": target}])
    call = ("target", "list", "--space", "team", "--json")

    plain, full = (json.loads(cub(*call, *more).stdout) for more in ([], ["--select", "*"]))

    assert ("Parameters" in plain[0]["Target"]) == has_parameters
    assert full == [{"Target": target}]


def test_a_unit_is_there_though_its_triggers_did_not_run(
    cub: Command, scenario: Callable[..., None]
) -> None:
    scenario(triggers="stuck")

    waited, at_once = cub(*CREATE, "a"), cub(*CREATE, "--wait=false", "b")

    assert waited == Answer(1, b"", "Failed: triggers didn't execute on unit a\n")
    assert at_once.code == 0
    assert slugs(cub) == ["a", "b"]


@pytest.mark.parametrize("dialect", ["old", "august", "both", "new", "newest"])
def test_what_else_sets_the_dialects_apart(
    cub: Command, scenario: Callable[..., None], dialect: str
) -> None:
    scenario(dialect=dialect)
    new = dialect in ("new", "newest")

    unit = json.loads(cub(*CREATE, "api", "-", "--json", stdin=MANIFEST).stdout)
    status, context, apply = cub("auth", "status"), cub("context", "get"), cub("unit", "apply")

    assert ("Data" in unit) != new
    assert (b"Authenticated" in status.stdout, b"Usage:" in status.stdout) == (new, not new)
    assert b"User Email" in context.stdout
    assert (b"default" in context.stdout) != new
    assert [answer.code for answer in (status, context, apply)] == [0, 0, 0]
    assert b"Usage:" in apply.stdout


def test_a_login_that_ran_out_still_has_its_context(
    cub: Command, scenario: Callable[..., None]
) -> None:
    scenario(login="expired", dialect="new", org="other", user="ada@example.com")

    context = cub("context", "get", "-o", "json")
    failed = [cub("space", "list"), cub("auth", "status"), cub(*CREATE, "api", "-", stdin=b"x")]

    assert json.loads(context.stdout)["metadata"]["organizationName"] == "other"
    assert json.loads(context.stdout)["coordinate"]["user"] == "ada@example.com"
    assert [answer.code for answer in failed] == [1, 1, 1]
    told = [one.stderr for one in (failed[0], failed[2])]
    assert all("HTTP 401 for req abc: authentication problem" in stderr for stderr in told)
    assert failed[1].stderr.startswith("Failed: not authenticated: access token expired at 2026")


def test_without_a_login_not_even_the_context_is_reported(
    cub: Command, scenario: Callable[..., None]
) -> None:
    scenario(login="none")

    assert cub("context", "get", "--json").stderr.startswith("Failed: you must be authenticated")
    assert (cub("space", "list").code, cub("version").code) == (1, 0)


def test_every_call_is_on_record_and_so_is_its_manifest(home: Path, cub: Command) -> None:
    cub(*CREATE, "Payment.API", "-", "--label", "app=payment", stdin=MANIFEST)
    cub("space", "list", "--nonsense")

    assert calls(home)[-2:] == [
        [*CREATE, "Payment.API", "-", "--label", "app=payment"],
        ["space", "list", "--nonsense"],
    ]
    assert (home / "manifests" / "payment-api").read_bytes() == MANIFEST


def test_a_fault_strikes_at_its_nth_call_only(cub: Command, scenario: Callable[..., None]) -> None:
    fault = {"match": ["unit", "create"], "nth": 2, "do": "fail", "stderr": "Failed: no", "code": 3}
    scenario(faults=[fault])

    done = [cub(*CREATE, name, "-", stdin=b"") for name in "abc"]

    assert [answer.code for answer in done] == [0, 3, 0]
    assert done[1].stderr == "Failed: no\n"
    assert slugs(cub) == ["a", "c"]


@pytest.mark.parametrize(("do", "kept"), [("text", []), ("text-after", ["api"])])
def test_text_instead_of_json(
    cub: Command, scenario: Callable[..., None], do: str, kept: list[str]
) -> None:
    scenario(faults=[{"match": ["unit", "create", "api"], "do": do, "text": "<html>"}])

    done = cub(*CREATE, "api", "--json")

    assert (done.code, done.stdout) == (0, b"<html>\n")
    assert slugs(cub) == kept


def test_a_slow_call_is_slow_and_answers(cub: Command, scenario: Callable[..., None]) -> None:
    scenario(faults=[{"match": ["space", "list"], "do": "slow", "seconds": 0.5}])
    before = time.monotonic()

    assert outcome(cub("space", "list", "--json")) == (0, True, "")
    assert time.monotonic() - before >= 0.5


@pytest.mark.parametrize(("do", "kept"), [("hang", []), ("die-after", ["api"])])
def test_a_call_that_never_answers(
    home: Path, cub: Command, scenario: Callable[..., None], start: Start, do: str, kept: list[str]
) -> None:
    scenario(faults=[{"match": ["unit", "create"], "nth": 1, "do": do}])

    hanging = start(*CREATE, "api", "--json")
    eventually(lambda: (home / "counts.json").exists())
    eventually(lambda: slugs(cub) == kept)
    # time enough for a call that does not hang to be over
    assert cub(*CREATE, "later").code == 0

    assert hanging.poll() is None
    hanging.send_signal(signal.SIGTERM)
    assert hanging.communicate() == (b"", None)
    assert slugs(cub) == [*kept, "later"]


def test_calls_at_once_lose_nothing(cub: Command, start: Start) -> None:
    names = [f"unit-{number}" for number in range(12)]

    for process in [start(*CREATE, name) for name in names]:
        assert end(process) == 0

    assert sorted(slugs(cub)) == sorted(names)


def test_conditions_come_as_told_and_targets_after_them(
    cub: Command, scenario: Callable[..., None], start: Start
) -> None:
    conditions = [[0, "Unresponsive"], [1, "Ready"]]
    scenario(conditions=conditions)
    start("worker", "run", "dev", "--space", "team")

    assert eventually(lambda: condition(cub)) == "Unresponsive"
    eventually(lambda: condition(cub) == "Ready")
    assert slugs(cub, "target") == []
    eventually(lambda: slugs(cub, "target") == ["dev-kubernetes-yaml-kind-demo"])
    scenario(conditions=conditions, no_targets=True)
    assert slugs(cub, "target") == []
    scenario(conditions=conditions, targets=[{"Target": {"Slug": "own", "TargetID": "1"}}])
    assert slugs(cub, "target") == ["own"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_a_worker_that_ends_is_disconnected(
    cub: Command, start: Start, number: signal.Signals
) -> None:
    worker = start("worker", "run", "dev", "--space", "team")
    assert eventually(lambda: condition(cub)) != "Disconnected"

    worker.send_signal(number)
    code = end(worker)

    assert condition(cub) == "Disconnected"
    assert code == (-number if number == signal.SIGKILL else 0)


def test_a_worker_lives_as_long_as_told(
    cub: Command, scenario: Callable[..., None], start: Start
) -> None:
    scenario(worker_lives=0.2)

    assert end(start("worker", "run", "dev", "--space", "team")) == 0
    assert condition(cub) == "Disconnected"
