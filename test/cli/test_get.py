"""Values for scripts and for people: what a terminal would obey is spelt out, digits are kept."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from processes import Command

NAME = "import-2026-01-09-143022.json"
# a control sequence in one character, DEL, a change of direction, a line separator
ACTING = "a\x9b2J\x7f\u202eb\u2028\U000e0001"
ESCAPED = r"a\u009b2J\u007f\u202eb\u2028\udb40\udc01"
LONG = "7" * 5000


@pytest.fixture
def keep(sessions: Path) -> None:
    """A session with such characters where another program may have put them."""
    write(sessions, json.dumps({**STATE, "server": {ACTING: ACTING}, "list": [[ACTING], ACTING]}))


STATE = {
    "session_id": "import-2026-01-09-143022",
    "step": ACTING,
    "cluster_context": ACTING,
    "revision": 1,
    "created_at": "2026-01-09T14:30:22Z",
    "updated_at": "2026-01-09T14:30:22Z",
}


def write(sessions: Path, text: str) -> None:
    sessions.mkdir(parents=True, mode=0o700)
    (sessions / NAME).write_text(text, "utf-8")
    (sessions / NAME).chmod(0o600)
    (sessions / "import-latest.json").symlink_to(NAME)


@pytest.mark.usefixtures("keep")
@pytest.mark.parametrize(
    ("path", "lines"),
    [
        ("server", [f'{{"{ESCAPED}": "{ESCAPED}"}}']),
        ("list", [f'["{ESCAPED}"]', r"a\x9b2J\x7f\u202eb\u2028\U000e0001"]),
        (
            "[list, null, revision, server.x]",
            [f'[["{ESCAPED}"], "{ESCAPED}"]', "null", "1", "null"],
        ),
        ("[`[]`, `{}`, `true`, `1.5`]", ["[]", "{}", "true", "1.5"]),
        ("keys(server)", [r"a\x9b2J\x7f\u202eb\u2028\U000e0001"]),
    ],
)
def test_whatever_lines_prints_is_one_printable_line_each(
    cli: Command, path: str, lines: list[str]
) -> None:
    answer = cli("get", path, "--lines")

    assert answer.stdout.decode().split("\n") == [*lines, ""]


@pytest.mark.usefixtures("keep")
@pytest.mark.parametrize(
    "verb",
    [["get", "@"], ["status", "--json"], ["list", "--json"], ["history", "--json"]],
    ids=" ".join,
)
def test_json_says_the_same_and_moves_no_terminal(cli: Command, verb: list[str]) -> None:
    shown = cli(*verb).stdout.decode()

    assert shown.replace("\n", "").isprintable()
    assert ESCAPED in shown
    assert ACTING in json.dumps(json.loads(shown), ensure_ascii=False)


@pytest.mark.usefixtures("keep")
def test_what_is_asked_for_raw_is_as_it_is_kept(cli: Command, sessions: Path) -> None:
    assert cli("get", "step", "--raw").stdout == f"{ACTING}\n".encode()
    assert cli("load").stdout == (sessions / NAME).read_bytes()


@pytest.mark.parametrize("number", [LONG, f"-{LONG}"])
def test_an_integer_of_any_length_keeps_its_digits(
    cli: Command, quick: Command, sessions: Path, number: str
) -> None:
    write(sessions, f'{{"session_id": "import-2026-01-09-143022", "step": "scan", "n": {number}}}')

    assert quick("get-step").stdout == b"scan\n"
    assert cli("status").code == cli("list").code == cli("render", "panel").code == 0
    assert cli("get", "n").stdout == cli("get", "n", "--raw").stdout == f"{number}\n".encode()
    assert cli("get", "[n]", "--lines").stdout == f"{number}\n".encode()
    assert quick("save", "review", f'{{"m": {number}}}') == (0, b"", "")
    assert f'"n": {number},\n  "m": {number}\n' in quick("load").stdout.decode()


@pytest.mark.parametrize(
    "key", ["revision", "created_at", "step", "confighub", "steps_completed", "type"]
)
def test_such_an_integer_is_no_harm_wherever_it_stands(
    cli: Command, quick: Command, sessions: Path, key: str
) -> None:
    write(sessions, f'{{"session_id": "import-2026-01-09-143022", "{key}": {LONG}}}')

    for verb in ("status", "status --json", "list --json", "history", "render status", "doctor"):
        assert "foresee" not in cli(*verb.split()).stderr
    assert quick("save", "review") == (0, b"", "")
