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
    is_refused(
        cli("start", "--resume"),
        3,
        "no session to resume",
        "start one with session-cli map-import,",
    )
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


WENT = {
    "cluster rows workloads": "use 'session-cli map --once' or 'session-cli get",
    "cluster heading": "use 'session-cli map --once'",
    "cluster view --help": "use 'session-cli --type map get view'",
    "cluster choose namespaces x": "use 'session-cli map-import --yes --namespace NAME'",
    "cluster app-space": "use 'session-cli map-import --app-space NAME'",
    "confighub intent": "use 'session-cli confighub create'",
    "confighub journey --asking": "use 'session-cli map-confighub --once'",
    "confighub space --slug x": "use 'session-cli map-confighub --once --space NAME'",
    "confighub tree --text": "use 'session-cli map-confighub --once'",
    "cluster scan --scratch /tmp": "--scratch of cluster scan went",
    "check --scratch=/nowhere": "the DATA comes on stdout",
    "confighub create --scratch .": "--scratch of confighub create went",
    "confighub survey --from file": "it begins with the latest session of its type",
}


@pytest.mark.parametrize("arguments", WENT)
def test_what_went_names_what_to_use(cli: Command, arguments: str) -> None:
    is_refused(cli(*arguments.split()), 2, "went with the bash screens", WENT[arguments])


@pytest.mark.parametrize("words", [["cluster"], ["confighub"], ["check"]])
def test_what_went_is_in_no_help(cli: Command, words: list[str]) -> None:
    text = cli(*words, "--help").stdout.decode()

    for gone in ("rows", "choose", "heading", "journey", "tree", "intent", "--scratch", "--from"):
        assert f" {gone} " not in text


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("check --width 3", "--width"),
        ("check --call-seconds 0", "--call-seconds"),
        ("confighub create --call-seconds soon", "soon"),
        ("confighub worker", "--log"),
        ("confighub targets --wait-seconds -1", "--wait-seconds"),
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
    "confighub create",
    "confighub worker --log log",
    "confighub targets",
    "confighub verify",
    "check",
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
    "render tab cluster",
    "render tab confighub",
    "render step select",
    "render step connect",
    "check --json",
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

    answer = cli("check")

    assert (answer.code, answer.stdout) == (3, b"")
    assert "no session" in answer.stderr
    assert "Traceback" not in answer.stderr
