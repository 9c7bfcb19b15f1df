"""The verbs behind map-import that need no cluster: their answers, exit codes and errors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from builders import make_state
from processes import Answer, Command

from session_cli.steps import TYPES


def record(name: str, namespace: str = "pay-prod", **members: Any) -> dict[str, Any]:
    return {"namespace": namespace, "kind": "Deployment", "name": name, "owner": "Flux", **members}


SCAN = {
    "cluster_context": "kind-atk",
    "scan_result": {
        "workloads": [
            record("api", ready=1, desired=1),
            record("web", ready=0, desired=1),
            record("done", "order-dev", unit="order-done"),
        ]
    },
}


def save(cli: Command, data: object = SCAN, step: str = "review") -> None:
    assert cli("save", step, "-", stdin=json.dumps(data).encode()).code == 0


def write_state(sessions: Path, state: object) -> None:
    """A latest session that no save of ours would have written."""
    sessions.mkdir(parents=True)
    (sessions / "import-latest.json").write_text(json.dumps(state))


def is_refused(answer: Answer, code: int, *words: str) -> None:
    """Exit code and one line that says why, nothing else."""
    assert (answer.code, answer.stdout) == (code, b""), answer.stderr
    assert answer.stderr.startswith("session-cli: ")
    assert answer.stderr.count("\n") == 1, answer.stderr
    assert "Traceback" not in answer.stderr
    for word in words:
        assert word in answer.stderr


@pytest.mark.parametrize(
    ("step", "options", "beginning"),
    [
        (None, [], b"new\n"),
        (None, ["--new"], b"new\n"),
        (None, ["--no-ask"], b"new\n"),
        ("review", [], b"ask\n"),
        ("review", ["--no-ask"], b"resume\n"),
        ("review", ["--resume"], b"resume\n"),
        ("review", ["--new"], b"new\n"),
        ("complete", [], b"show\n"),
        ("complete", ["--resume"], b"show\n"),
        ("complete", ["--no-ask"], b"new\n"),
    ],
)
def test_start_says_how_a_tui_begins(
    cli: Command, step: str | None, options: list[str], beginning: bytes
) -> None:
    if step:
        save(cli, step=step)

    assert cli("start", *options) == (0, beginning, "")


def test_start_says_why_there_is_nothing_to_resume(cli: Command, sessions: Path) -> None:
    is_refused(cli("start", "--resume"), 3, "no session to resume", "map-import")
    assert not sessions.exists()

    write_state(sessions, make_state(version="2.0"))
    is_refused(cli("start"), 4, "newer version")
    assert cli("start", "--new").stdout == b"new\n"


@pytest.mark.parametrize("type_", TYPES)
def test_steps_are_listed_in_their_order(cli: Command, type_: str) -> None:
    answer = cli("--type", type_, "steps")

    lines = [line.split("\t") for line in answer.stdout.decode().splitlines()]
    assert (answer.code, dict(lines)) == (0, TYPES[type_])
    assert [name for name, _ in lines] == list(TYPES[type_])


def test_rows_are_id_mark_and_text(cli: Command) -> None:
    save(cli)

    answer = cli("cluster", "rows", "workloads")

    assert answer.code == 0
    assert [line.split("\t")[:2] for line in answer.stdout.decode().splitlines()] == [
        ["pay-prod/Deployment/api", "x"],
        ["pay-prod/Deployment/web", "x"],
        ["order-dev/Deployment/done", "-"],
    ]
    assert cli("cluster", "rows", "owners").stdout.startswith(b"Flux\t \t")


def test_rows_can_be_made_of_a_file(cli: Command, tmp_path: Path) -> None:
    file = tmp_path / "data"
    file.write_text(json.dumps(SCAN))

    answer = cli("cluster", "rows", "namespaces", "--from", str(file))

    assert [line.split(b"\t")[0] for line in answer.stdout.splitlines()] == [
        b"pay-prod",
        b"order-dev",
    ]


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"", "is not JSON"),
        (b"{", "is not JSON"),
        (b"\xff", "is not JSON"),
        (b"[" * 10**5, "is not JSON"),
    ],
    ids=["empty", "torn", "not UTF-8", "deep"],
)
def test_a_file_that_is_not_json_is_bad_input(
    cli: Command, tmp_path: Path, raw: bytes, words: str
) -> None:
    save(cli)
    file = tmp_path / "data"
    file.write_bytes(raw)

    is_refused(cli("cluster", "rows", "owners", "--from", str(file)), 2, words)
    is_refused(cli("confighub", "tree", "--opened", str(file)), 2, words)


def test_a_file_of_ids_that_is_no_text_is_bad_input(cli: Command, tmp_path: Path) -> None:
    save(cli)
    file = tmp_path / "ids"
    file.write_bytes(b"pay-prod\xff\n")

    is_refused(cli("cluster", "choose", "workloads", "--ids", str(file)), 2, "is not UTF-8")


def test_a_choice_is_data_for_save(cli: Command, tmp_path: Path) -> None:
    save(cli)
    ids = tmp_path / "ids"
    ids.write_text("pay-prod/Deployment/web\n")

    data = cli("cluster", "choose", "namespaces", "pay-prod").stdout
    assert cli("save", "review", "-", stdin=data).code == 0
    data = cli("cluster", "choose", "workloads", "--ids", str(ids)).stdout
    assert cli("save", "select", "-", stdin=data).code == 0
    data = cli("cluster", "app-space", "Pay Team").stdout
    assert cli("save", "connect", "-", stdin=data).code == 0

    assert json.loads(cli("load").stdout)["selections"] == {
        "namespaces": ["pay-prod"],
        "reviewed_namespaces": ["pay-prod"],
        "selected_workloads": [record("web", unit="web")],
        "app_space": "pay-team",
    }


def test_the_app_space_is_suggested(cli: Command) -> None:
    save(cli, {**SCAN, "selections": {"selected_workloads": [record("api"), record("web")]}})

    assert cli("cluster", "app-space", "--slug").stdout == b"pay-team\n"
    selections = json.loads(cli("cluster", "app-space").stdout)["selections"]
    assert selections["app_space"] == "pay-team"
    assert [each["unit"] for each in selections["selected_workloads"]] == ["api", "web"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("cluster choose namespaces typo", "no workload was found in namespace typo"),
        ("cluster choose workloads pay-prod/Deployment/typo", "pay-prod/Deployment/typo"),
        ("cluster app-space ...", "no letter or digit"),
        ("cluster rows pods", "pods"),
        ("cluster choose", "Choose from: namespaces, workloads;"),
        ("cluster choose workloads --ids /nowhere", "/nowhere"),
        ("cluster scan", "--scratch"),
        ("cluster scan --scratch /nowhere", "/nowhere"),
        ("check --scratch /tmp --width 3", "--width"),
        ("check --scratch /tmp --call-seconds 0", "--call-seconds"),
        ("confighub create --scratch /tmp --call-seconds soon", "soon"),
        ("confighub worker --scratch /tmp", "--log"),
        ("confighub targets --scratch /tmp --wait-seconds -1", "--wait-seconds"),
        ("start --later", "--later"),
        ("steps now", "now"),
    ],
)
def test_what_cannot_be_used_is_refused_in_one_line(
    cli: Command, arguments: str, words: str
) -> None:
    save(cli)
    before = cli("load")

    is_refused(cli(*arguments.split()), 2, words)
    assert cli("load") == before


NEED_A_SESSION = [
    "cluster rows owners",
    "cluster choose workloads x",
    "cluster app-space",
    "confighub intent",
    "confighub create --scratch .",
    "confighub worker --scratch . --log log",
    "confighub targets --scratch .",
    "confighub verify --scratch .",
    "check --scratch .",
    "render step select",
    "render held",
]


@pytest.mark.parametrize("arguments", NEED_A_SESSION)
def test_without_a_session_one_is_to_be_begun(
    cli: Command, sessions: Path, tmp_path: Path, arguments: str
) -> None:
    is_refused(cli(*arguments.split(), cwd=tmp_path), 3, "no session")
    assert not sessions.exists()


HOSTILE: list[Any] = [
    {},
    {"step": ["scan"], "cluster_context": 7, "scan_result": [], "selections": "x", "confighub": 3},
    {
        "step": "\x1b[2J",
        "cluster_context": "\x1b]0;owned\x07",
        "scan_result": {"workloads": [None, 7, {}, record("a", namespace=[]), record("\t\n\x1b")]},
        "selections": {
            "namespaces": [[], {}, None, "x"],
            "selected_workloads": [{"namespace": {}, "name": []}, 3, record("日本", unit=["x"])],
            "app_space": {"a": 1},
        },
        "confighub": {"units_failed": [3, {"unit": []}], "units_created": {}, "worker_slug": []},
    },
    {"scan_result": {"workloads": [record("a", labels={"app": 3}, path=[], ready="x")]}},
]
ASK = [
    "start --no-ask",
    "cluster rows owners",
    "cluster rows namespaces",
    "cluster rows workloads",
    "cluster choose workloads",
    "cluster choose namespaces",
    "cluster app-space",
    "cluster app-space --slug",
    "confighub intent",
    "render tab cluster",
    "render tab confighub",
    "render step select",
    "render step connect",
    "check --scratch .",
]


@pytest.mark.parametrize("state", HOSTILE, ids=["empty", "odd", "hostile", "labels"])
def test_a_state_that_somebody_broke_is_answered_anyway(
    cli: Command, sessions: Path, tmp_path: Path, state: Any
) -> None:
    write_state(sessions, state)
    # neither kubectl nor cub is there
    env = {"PATH": "/nowhere"}

    for arguments in ASK:
        answer = cli(*arguments.split(), cwd=tmp_path, env=env)
        assert (answer.code, answer.stderr) == (0, ""), arguments
        assert b"\x1b" not in answer.stdout
        assert b"\x07" not in answer.stdout


@pytest.mark.parametrize("raw", [b"", b"\0\0", b"{", b"[1]", b'{"a":1}{"a":2}'])
def test_a_session_that_is_damaged_is_none(cli: Command, sessions: Path, raw: bytes) -> None:
    sessions.mkdir(parents=True)
    (sessions / "import-latest.json").write_bytes(raw)

    answer = cli("cluster", "rows", "owners")

    assert (answer.code, answer.stdout) == (3, b"")
    assert "no session" in answer.stderr
    assert "Traceback" not in answer.stderr
