"""The same arguments through the quick path and through Click: same answers, same files.

What cannot be used is refused with exit 2 and one line, and nothing is written.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from shutil import copytree
from typing import Any, NamedTuple

import pytest
from builders import make_state
from processes import Answer, Command, forked, runner

from session_cli.cli import main

NOW = "1767969022"  # 2026-01-09 14:30:22 UTC
ID = "import-2026-01-09-143022"
MIB = 1024 * 1024


class Call(NamedTuple):
    """One call, what its stdin holds (None: nothing), and what it should leave."""

    arguments: list[str | bytes]
    stdin: bytes | None = None
    code: int = 0
    stdout: bytes = b""


class Place:
    """A sessions folder of its own for one of the two ways into the program."""

    def __init__(self, command: Command, folder: Path) -> None:
        self.command = command
        self.folder = folder

    def run(self, *arguments: str | bytes, stdin: bytes | None = None) -> Answer:
        environment = {"CONFIGHUB_SESSION_DIR": str(self.folder), "SESSION_CLI_NOW": NOW}
        answer = self.command(*arguments, stdin=stdin, env=environment)
        return answer._replace(stderr=answer.stderr.replace(str(self.folder), "FOLDER"))

    def files(self) -> dict[str, str | bytes]:
        """What stands in the folder: where links point, what files hold, without the random id."""
        return {
            str(path.relative_to(self.folder)): str(path.readlink())
            if path.is_symlink()
            else re.sub(rb'"id": "[0-9a-f-]{36}"', b'"id": "..."', path.read_bytes())
            for path in sorted(self.folder.rglob("*"))
            if path.is_symlink() or path.is_file()
        }


@pytest.fixture
def by_quick(quick: Command, tmp_path: Path) -> Place:
    return Place(quick, tmp_path / "quick")


@pytest.fixture
def by_click(tmp_path: Path) -> Place:
    return Place(forked(main), tmp_path / "click")


@pytest.fixture
def by_process(tmp_path: Path) -> Place:
    """Click in a Python of its own."""
    click = "import sys; from session_cli.cli import main; sys.exit(main())"
    return Place(runner(sys.executable, "-c", click), tmp_path / "process")


@pytest.fixture(params=["by_quick", "by_click"])
def place(request: pytest.FixtureRequest) -> Place:
    found: Place = request.getfixturevalue(request.param)
    return found


def bad(name: str, *arguments: str | bytes, stdin: bytes | None = None) -> Any:
    return pytest.param(Call([*arguments], stdin, 2), id=name)


def bad_data(name: str, data: str | bytes) -> Any:
    return bad(name, "save", "scan", data)


def bad_stdin(name: str, data: bytes) -> Any:
    return bad(name, "save", "scan", "-", stdin=data)


DEEP = b'{"a":' * 65 + b"0" + b"}" * 65

BAD_CALLS = [
    bad("an unknown verb", "import"),
    bad("a verb in capitals", "SAVE", "scan"),
    bad("an unknown option", "save", "--force", "scan"),
    bad("an unknown option behind the step", "save", "scan", "--force"),
    bad("an unknown global option", "--verbose", "save", "scan"),
    bad("an unknown option of a reader", "load", "--raw"),
    bad("a word too many", "save", "scan", "{}", "{}"),
    bad("a word too many for a reader", "get-step", "scan"),
    bad("an option without its value", "save", "--session"),
    bad("a global option without its value", "--dir"),
    bad("an unknown type", "--type", "backup", "save", "scan"),
    bad("a revision that is no number", "save", "--if-revision", "two", "scan"),
    bad("a negative revision", "save", "--if-revision", "-1", "scan"),
    bad("an empty revision", "save", "--if-revision=", "scan"),
    bad("no step", "save"),
    bad("an empty step", "save", ""),
    bad("an empty step with data", "save", "", "{}"),
    bad("a step that is not UTF-8", "save", b"sc\xe1n"),
    bad("a step that looks like an option", "save", "-x"),
    bad_data("a list", '["scan"]'),
    bad_data("a string", '"scan"'),
    bad_data("a number", "7"),
    bad_data("null", "null"),
    bad_data("white space", " "),
    bad_data("a word", "scan"),
    bad_data("single quotes", "{'a': 1}"),
    bad_data("a cut object", '{"a": '),
    bad_data("two objects", "{} {}"),
    bad_data("an object and more", '{"a": 1}}'),
    bad_data("a key twice", '{"a": 1, "a": 2}'),
    bad_data("NaN", '{"a": NaN}'),
    bad_data("a number beyond any float", '{"a": 1e400}'),
    bad_data("65 deep", DEEP),
    bad_data("20,000 deep", b"[" * 20_000),
    bad_data("not UTF-8", b'{"a": "\xff"}'),
    bad_data("half a surrogate pair", '{"a": "\\ud800"}'),
    bad_data("a control character", '{"a": "\x1b[2J"}'),
    bad_data("a line break in a string", '{"a": "b\nc"}'),
    bad_data("a key of two lines twice", '{"a\\nb": 1, "a\\nb": 1}'),
    bad_data("completed steps that are no list", '{"steps_completed": "scan"}'),
    bad_stdin("nothing on stdin", b""),
    bad_stdin("white space on stdin", b" \n"),
    bad_stdin("a list on stdin", b"[]\n"),
    bad_stdin("NULs on stdin", b"\0" * 4096),
    bad_stdin("not UTF-8 on stdin", '{"a": "é"}'.encode("latin-1")),
    bad_stdin("UTF-16 on stdin", '{"a": 1}'.encode("utf-16")),
    bad_stdin("200,000 deep on stdin", b'{"a":' * 200_000),
    bad_stdin("over 16 MiB on stdin", b'{"a": "' + b"x" * 16 * MIB + b'"}'),
    bad("a pipe that brings no object", "save", "scan", stdin=b"workloads: 12\n"),
]


@pytest.mark.parametrize("call", BAD_CALLS)
def test_what_cannot_be_used_is_refused_in_one_line_and_nothing_is_written(
    place: Place, call: Call
) -> None:
    answer = place.run(*call.arguments, stdin=call.stdin)

    assert_refused(answer, 2)
    assert not place.folder.exists()


@pytest.mark.parametrize("call", BAD_CALLS)
def test_a_refusal_is_the_same_by_both_ways_and_leaves_the_session_as_it_was(
    by_quick: Place, by_click: Place, call: Call
) -> None:
    by_quick.run("save", "review", '{"n": 1}')
    copytree(by_quick.folder, by_click.folder, symlinks=True)
    before = by_quick.files()

    answer = by_quick.run(*call.arguments, stdin=call.stdin)

    assert by_click.run(*call.arguments, stdin=call.stdin) == answer
    assert by_click.files() == by_quick.files() == before


@pytest.mark.parametrize("verb", ["init", "exists", "load", "save", "clear", "get-step"])
def test_a_process_of_its_own_answers_as_the_fork_does(
    by_click: Place, by_process: Place, verb: str
) -> None:
    step = ["review"] if verb == "save" else []
    for place in (by_click, by_process):
        place.run("save", "scan", "{}")

    for words in ([*step], [*step, "{}", "{}"]):
        ours, theirs = by_click.run(verb, *words), by_process.run(verb, *words)
        assert (ours.code, without_id(ours.stdout), ours.stderr) == (
            theirs.code,
            without_id(theirs.stdout),
            theirs.stderr,
        )
    assert by_click.files() == by_process.files()


def assert_refused(answer: Answer, code: int) -> None:
    assert (answer.code, answer.stdout) == (code, b"")
    assert answer.stderr.endswith("\n")
    line = answer.stderr[:-1]
    assert line.isprintable(), line
    assert line.startswith("session-cli: ")
    assert len(line) < 300


def test_two_halves_that_are_too_large_together_are_refused(place: Place) -> None:
    half = b"x" * 9 * MIB
    assert place.run("save", "scan", "-", stdin=b'{"a": "%s"}' % half).code == 0
    before = place.files()

    answer = place.run("save", "review", "-", stdin=b'{"b": "%s"}' % half)

    assert_refused(answer, 2)
    assert "16 MiB" in answer.stderr
    assert place.files() == before


@pytest.mark.parametrize("version", ["2.0", "10", 3])
def test_a_state_of_a_newer_version_is_shown_and_never_rewritten(
    place: Place, version: object
) -> None:
    place.run("save", "scan")
    raw = json.dumps(make_state(version=version, session_id=ID, future={"of": "it"})).encode()
    (place.folder / f"{ID}.json").write_bytes(raw)
    before = place.files()

    assert_refused(place.run("save", "review", '{"a": 1}'), 4)
    assert place.files() == before
    assert place.run("load") == (0, raw, "")
    assert place.run("get-step") == (0, b"worker_connecting\n", "")
    assert place.run("exists").code == 0


def good(*arguments: str | bytes, stdin: bytes | None = None, out: bytes = b"") -> Call:
    return Call([*arguments], stdin, 0, out)


def state(revision: int, step: str, completed: list[str], **members: Any) -> bytes:
    """What `load` prints of the session that began at NOW, but for its random id."""
    written = "2026-01-09T14:30:22Z"
    ours = {
        "version": "1.0",
        "type": "import",
        "session_id": ID,
        "id": "...",
        "created_at": written,
    }
    moving = {"updated_at": written, "revision": revision, "step": step}
    whole = {**ours, **moving, "steps_completed": completed, **members}
    return json.dumps(whole, indent=2, ensure_ascii=False).encode() + b"\n"


NUMBERS = b" 18446744073709551616,\n    1.10,\n    1e2,\n    -0.0\n"

SEQUENCES = {
    "without a session": [
        good("load"),
        good("get-step", out=b"none\n"),
        Call(["exists"], code=1),
        good("clear"),
    ],
    "an empty folder": [good("init"), good("init"), Call(["exists"], code=1), good("clear")],
    "from the first save to clear": [
        good("save", "scan"),
        good("exists"),
        good("get-step", out=b"scan\n"),
        good("load", out=state(1, "scan", [])),
        good("init"),
        good("clear"),
        Call(["exists"], code=1),
        good("load"),
    ],
    "seven steps": [
        good("save", "scan", '{"scan_result": {"workloads_detected": 12}}'),
        good("save", "review"),
        good("save", "select", ""),
        good("save", "connect", '{"selections": {"app_space": "zahlung-straße"}}'),
        good("save", "worker_connecting", '{"scan_result": null, "x": {"y": null}}'),
        good("save", "select", "{}"),
        good(
            "load",
            out=state(
                6, "select", ["scan", "review"], selections={"app_space": "zahlung-straße"}, x={}
            ),
        ),
    ],
    "data from stdin": [
        good("save", "scan", "-", stdin=b'{"from": "a dash"}'),
        good("save", "review", stdin=b'\n{"and": "a pipe"}\n'),
        good("save", "select", stdin=b"\n"),
        good("save", "select", "{}", stdin=b"not read"),
        good("save", "select", "", stdin=b"not read"),
        good(
            "load",
            out=state(5, "select", ["scan", "review"], **{"from": "a dash", "and": "a pipe"}),
        ),
    ],
    "bound to the session": [
        good("save", "scan"),
        good("save", "--session", ID, "review"),
        good("save", "--if-revision", "2", f"--session={ID}", "select", '{"n": 1}'),
        Call(["save", "--if-revision", "2", "connect", '{"n": 2}'], code=6),
        Call(["save", "--session", f"{ID}-7", "connect"], code=6),
        good("load", out=state(3, "select", ["scan", "review"], n=1)),
    ],
    "words that look like options": [
        good("save", "--", "--force", '{"n": 1}'),
        good("save", "--", "--help"),
        good("get-step", out=b"--help\n"),
        good("save", "--", "-", "-", stdin=b'{"m": 2}'),
        good("get-step", out=b"-\n"),
        good("save", "--session", ID, "--", "$(x) 'y' \"z\"\n🚀", "{}"),
        good("get-step", out="$(x) 'y' \"z\"\n🚀\n".encode()),
    ],
    "options behind the step": [
        Call(["save", "scan", "{}", "--session", ""], code=6),
        good("save", "scan", "{}"),
        good("save", "review", "--if-revision", "1"),
        good("get-step", out=b"review\n"),
    ],
    "numbers keep their digits": [
        good("save", "scan", '{"n": [18446744073709551616, 1.10, 1e2, -0.0]}'),
        good("load", out=state(1, "scan", [], n=[1]).replace(b" 1\n", NUMBERS)),
    ],
    "a credential": [
        good("save", "connect", '{"confighub": {"org": "acme", "token": "hunter2"}}'),
        good("load", out=state(1, "connect", [], confighub={"org": "acme"})),
    ],
    "members that are ours": [
        good("save", "scan"),
        good("save", "review", '{"revision": 99, "session_id": "mine", "step": "verify"}'),
        good("load", out=state(2, "review", ["scan"])),
    ],
    "another type": [
        good("--type", "map", "save", "view", '{"filter": "Flux"}'),
        good("--type=map", "get-step", out=b"view\n"),
        good("get-step", out=b"none\n"),
        good("--type", "map", "clear"),
        Call(["--type", "map", "exists"], code=1),
    ],
}


@pytest.mark.parametrize("calls", SEQUENCES.values(), ids=SEQUENCES)
def test_the_six_verbs_answer_and_write_the_same_by_both_ways(
    by_quick: Place, by_click: Place, calls: list[Call]
) -> None:
    for call in calls:
        answer = by_quick.run(*call.arguments, stdin=call.stdin)
        assert answer.code == call.code, answer.stderr
        assert without_id(answer.stdout) == call.stdout
        same = by_click.run(*call.arguments, stdin=call.stdin)
        assert (same.code, without_id(same.stdout)) == (answer.code, without_id(answer.stdout))
        assert same.stderr == answer.stderr
        assert by_click.files() == by_quick.files()


def without_id(stdout: bytes) -> bytes:
    return re.sub(rb'"id": "[0-9a-f-]{36}"', b'"id": "..."', stdout)
