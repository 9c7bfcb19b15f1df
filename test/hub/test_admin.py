"""`session-hub admin`: the same commands beside a running hub and without one."""

from __future__ import annotations

import json
import socket
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hub.running import SESSIONS, RunningHub, state
from processes import Answer
from waiting import run

from session_hub.program import cli

COMMANDS = (
    "org add",
    "user add",
    "user list",
    "user disable",
    "team add",
    "team join",
    "team leave",
    "token add",
    "token list",
    "token revoke",
    "transfer",
    "login-link",
)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHub]:
    """A hub that runs."""
    hub = RunningHub(tmp_path_factory.mktemp("served") / "store").start()
    yield hub
    hub.stop()


@pytest.fixture(scope="module", params=["beside a running hub", "without a hub"])
def either(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> RunningHub:
    """A store, with its hub or alone."""
    if request.param == "beside a running hub":
        found: RunningHub = request.getfixturevalue("served")
        return found
    hub = RunningHub(tmp_path_factory.mktemp("alone") / "store").start()
    hub.stop()
    return hub


def admin(hub: RunningHub, *words: str) -> Answer:
    """What a command answers to people."""
    done = run(hub.command("admin " + " ".join(words)))
    return Answer(done.returncode, done.stdout, done.stderr.decode())


def refused(hub: RunningHub, *words: str) -> str:
    """The one line of a command that did nothing."""
    answer = admin(hub, *words)
    assert (answer.code, answer.stdout) == (1, b"")
    assert answer.stderr.count("\n") == 1
    return answer.stderr


def test_what_was_made_stands_in_id_and_a_token_in_token(either: RunningHub) -> None:
    org = either.admin("org", "add", "acme")
    assert org == {"id": org["id"], "org": "acme"}
    sam = either.admin("user", "add", "sam", "--org", "acme", "--admin")
    assert sam == {"id": sam["id"], "user": "sam", "org": "acme", "admin": True}
    team = either.admin("team", "add", "payments", "--org", "acme")
    joined = either.admin("team", "join", "payments", "sam", "--org", "acme")
    assert joined == {"id": team["id"], "team": "payments", "user": "sam", "org": "acme"}
    token = either.admin("token", "add", "sam", "--org", "acme", "--name", "ci")
    assert token["token"].startswith("chs_")
    listed = either.admin("token", "list", "sam")["tokens"]
    assert [(each["id"], each["name"], each["revoked_at"]) for each in listed] == [
        (token["id"], "ci", None)
    ]
    assert token["token"] not in json.dumps(listed)


def test_a_token_alone_is_printed_for_a_pipe(either: RunningHub) -> None:
    either.admin("user", "add", "pia", "--org", "home")
    answer = admin(either, "token", "add", "pia", "--org", "home")
    assert answer.stdout.decode().split()[0].startswith("chs_")
    assert len(answer.stdout.split()) == 1
    assert answer.stderr == ""


def test_the_database_has_only_the_hash_of_a_token(either: RunningHub) -> None:
    either.admin("user", "add", "hal", "--org", "home")
    token = either.admin("token", "add", "hal", "--org", "home")["token"]
    stored = b"".join(path.read_bytes() for path in either.folder.glob("hub.sqlite*"))
    assert b"hal" in stored
    assert token.encode() not in stored


SENTENCES = {
    "org add home": "there is an organization home already",
    "org add a/b": "'a/b' is no name",
    "user add kim --org nowhere": "there is no organization nowhere",
    "user disable nobody": "there is no user nobody",
    "team join nowhere kim --org home": "there is no team nowhere in home",
    "team leave crew kim --org home": "kim is not in the team crew of home",
    "token add kim --org other": "kim is not in other",
    "token revoke 0": "there is no token with the id 0",
    "transfer import-2026-01-09-143022 kim": "is no session's id",
    "transfer 019b0d2e-6c1f-7c55-8f0e-3f1d2c4b5a69 kim": "there is no session 019b0d2e",
}


def test_what_cannot_be_done_is_one_line(served: RunningHub) -> None:
    for words in ("org add other", "user add kim --org home", "team add crew --org home"):
        served.admin(*words.split())
    for words, sentence in SENTENCES.items():
        assert sentence in refused(served, *words.split())


def test_wrong_use_is_one_line_and_exit_2(tmp_path: Path) -> None:
    hub = RunningHub(tmp_path / "store")
    for words in (["user", "add"], ["user", "add", "sam"], ["token", "add", "x", "--nmae", "y"]):
        answer = admin(hub, *words)
        assert answer.code == 2
        assert answer.stderr.startswith("session-hub: ")
        assert f"see 'session-hub admin {words[0]} add --help'" in answer.stderr.lower()
        assert answer.stderr.count("\n") == 1


@pytest.mark.parametrize("words", COMMANDS)
def test_the_help_has_an_example(words: str) -> None:
    answer = CliRunner().invoke(cli, ["admin", *words.split(), "--help"])
    assert f"\n    session-hub admin {words}" in answer.output


def test_a_store_that_is_not_there_is_not_made_by_a_typing_error(tmp_path: Path) -> None:
    hub = RunningHub(tmp_path / "stroe")
    assert f"there is no store in {tmp_path}/stroe" in refused(hub, "token", "list")
    assert not hub.folder.exists()


def test_a_store_can_be_prepared_before_the_hub_first_runs(own_hub: RunningHub) -> None:
    own_hub.admin("org", "add", "acme")
    token = own_hub.add_person("sam", "acme")
    own_hub.start()
    assert "chs_" not in own_hub.printed
    assert own_hub.save(state(), token).json()["owner"]["name"] == "sam"


def test_a_path_too_deep_for_a_socket_is_no_hindrance(tmp_path: Path) -> None:
    hub = RunningHub(tmp_path.joinpath(*["d" * 50] * 5, "store")).start()
    assert len(str(hub.folder)) > 200
    try:
        assert hub.admin("org", "add", "acme")["org"] == "acme"
        assert (hub.folder / "hub.socket").exists()
    finally:
        hub.stop()


def status(hub: RunningHub, token: str) -> int:
    return hub.ask("GET", SESSIONS, token=token).status


def test_h12_a_revoked_token_ends_at_once(served: RunningHub) -> None:
    served.admin("user", "add", "rob", "--org", "home")
    made = served.admin("token", "add", "rob", "--org", "home")
    other = served.admin("token", "add", "rob", "--org", "home")
    assert status(served, made["token"]) == 200

    served.admin("token", "revoke", made["id"])

    assert status(served, made["token"]) == 401
    assert status(served, other["token"]) == 200
    # again is no error, and does not move the time
    before = served.admin("token", "list", "rob")
    served.admin("token", "revoke", made["id"])
    assert served.admin("token", "list", "rob") == before


def test_h12_a_disabled_user_is_out_at_once_and_comes_back_with_a_new_token(
    served: RunningHub,
) -> None:
    token = served.add_person("dan")
    created = served.save(state(created_at="2026-03-01T00:00:00Z"), token)
    assert served.admin("user", "disable", "dan")["tokens"] == 1
    assert status(served, token) == 401
    assert "dan is disabled" in refused(served, "token", "add", "dan", "--org", "home")

    new = served.add_person("dan")

    assert status(served, token) == 401
    assert served.ask("GET", created.headers["location"], token=new).status == 200


def test_who_left_a_team_no_longer_sees_what_is_shared_with_it(served: RunningHub) -> None:
    owner, member = served.add_person("olga"), served.add_person("mike")
    served.admin("team", "add", "ops", "--org", "home")
    for name in ("olga", "mike"):
        served.admin("team", "join", "ops", name, "--org", "home")
    path = served.save(state(created_at="2026-03-02T00:00:00Z"), owner).headers["location"]
    shared = served.ask("PUT", f"{path}/share", {"scope": "team", "team": "ops"}, token=owner)
    assert shared.status == 200, shared.body
    assert served.ask("GET", path, token=member).status == 200

    served.admin("team", "leave", "ops", "mike", "--org", "home")

    assert served.ask("GET", path, token=member).status == 404


def test_a_transfer_makes_it_theirs_and_is_noted(served: RunningHub) -> None:
    giver, taker = served.add_person("gina"), served.add_person("theo")
    created = served.save(state(created_at="2026-03-03T00:00:00Z"), giver)
    path, unique = created.headers["location"], created.json()["id"]
    device = '0e8f4b1e-2f5c-4c9e-9d1a-5b7f0c3a2d11; name="laptop"'
    lease = served.ask("PUT", f"{path}/lease", {}, token=giver, Session_Device=device)
    assert lease.status == 200

    moved = served.admin("transfer", unique, "theo")

    assert (moved["from"], moved["to"], moved["id"]) == ("gina", "theo", unique)
    assert served.ask("GET", path, token=taker).json()["owner"]["name"] == "theo"
    lost = served.save(
        state("review", created_at="2026-03-03T00:00:00Z", id=unique),
        giver,
        If_Match=created.headers["etag"],
        Session_Lease=lease.json()["token"],
    )
    assert (lost.status, lost.json()["type"]) == (403, "/problems/handed-over")
    assert audit_of(served, "admin.transfer")[-1]["to"] == "theo"
    assert "theo's already" in refused(served, "transfer", unique, "theo")


def audit_of(hub: RunningHub, action: str) -> list[dict[str, Any]]:
    """The details of the records of that action, oldest first."""
    connection = sqlite3.connect(f"file:{hub.folder}/hub.sqlite?mode=ro", uri=True)
    try:
        rows = connection.execute(
            "select detail from audit where action = ? order by audit_id", (action,)
        ).fetchall()
        return [json.loads(row[0]) for row in rows]
    finally:
        connection.close()


def test_a_transfer_to_somebody_who_is_disabled_is_refused(served: RunningHub) -> None:
    served.admin("user", "add", "gone", "--org", "home")
    served.admin("user", "disable", "gone")
    created = served.save(state(created_at="2026-07-01T00:00:00Z"))
    line = refused(served, "transfer", created.json()["id"], "gone")
    assert "gone is disabled: 'session-hub admin user add gone --org home' enables them" in line
    assert served.ask("GET", created.headers["location"]).status == 200


def ask_socket(hub: RunningHub, line: bytes) -> bytes:
    """What the running hub answers to one line."""
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(30)
    connection.connect(str(hub.folder / "hub.socket"))
    with connection:
        connection.sendall(line)
        connection.shutdown(socket.SHUT_WR)
        return connection.recv(4096)


NONSENSE = (
    b'{"command": "org burn", "arguments": {}}',
    b'{"command": "org add", "arguments": {"name": "x"}}',
    b'{"command": "org add", "arguments": {"org": 7}}',
    b'{"command": "org add", "arguments": {"org": null}}',
    b'{"command": "user add", "arguments": {"user": "x", "org": "home", "is_admin": "no"}}',
    b'{"command": "token list", "arguments": {"user": ["x"]}}',
    b'{"command": "token list", "arguments": {"store": "x"}}',
    b'{"command": "token list", "arguments": []}',
    b'{"command": ["token list"], "arguments": {}}',
    b'{"command": "token list"}',
    b'{"command": "org add", "arguments": {"org": "\\udcff"}}',
    b"{}",
    b"[]",
    b"7",
    b"",
    b"\xff",
    b"x" * 99999,
)


def test_the_socket_answers_nonsense_with_a_sentence(served: RunningHub) -> None:
    """A command of another version, and what is none; the hub goes on, and logs no failure."""
    for line in NONSENSE:
        answer = ask_socket(served, line + b"\n")
        if len(line) < 99999:
            assert "of another version" in json.loads(answer)["error"], line
    assert served.admin("token", "list")["tokens"]
    assert '"level":"error"' not in served.log.read_text()


@pytest.mark.parametrize(
    ("command", "arguments", "refusal"),
    [
        ("user add", {"user": "zoe", "org": "home"}, ""),
        ("org add", {"org": "twins"}, "there is an organization twins already"),
        ("team add", {"team": "twins", "org": "home"}, "there is a team twins in home already"),
    ],
)
def test_the_same_command_many_times_at_once_is_done_once(
    served: RunningHub, command: str, arguments: dict[str, str], refusal: str
) -> None:
    line = json.dumps({"command": command, "arguments": arguments}).encode() + b"\n"
    with ThreadPoolExecutor(6) as pool:
        answers = [json.loads(each) for each in pool.map(ask_socket, [served] * 6, [line] * 6)]
    ids = {answer["result"]["id"] for answer in answers if "result" in answer}
    errors = [answer["error"] for answer in answers if "error" in answer]
    assert len(ids) == 1
    assert errors == ([refusal] * 5 if refusal else [])


NOT_TEXT = b"\xff"


@pytest.mark.parametrize(
    "words",
    [
        ("token add", "sam", "--org", "home", "--name", NOT_TEXT),
        ("token revoke", NOT_TEXT),
        ("token list", NOT_TEXT),
        ("org add", NOT_TEXT),
    ],
)
def test_what_is_no_text_is_one_line_and_exit_2(either: RunningHub, words: tuple[Any, ...]) -> None:
    done = run([*either.command(f"admin {words[0]}"), *words[1:]])
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr == b"session-hub: '\\udcff' is not UTF-8 text\n"


def test_a_token_has_a_name_of_one_line(either: RunningHub) -> None:
    either.admin("user", "add", "una", "--org", "home")
    for name in ("two\nlines", "\x1b[31mred", " blank", "", "x" * 101, "a\u202eb"):
        done = run([*either.command("admin token add"), "una", "--org", "home", "--name", name])
        assert (done.returncode, done.stdout) == (1, b"")
        assert done.stderr.count(b"\n") == 1
        assert b"is no name for a token" in done.stderr
    either.admin("token", "add", "una", "--org", "home", "--name", "old laptop")


def test_a_name_in_the_store_does_not_reach_the_terminal_as_it_is(either: RunningHub) -> None:
    """A device may have signed in with any."""
    token = either.admin("token", "list")["tokens"][0]["id"]
    connection = sqlite3.connect(either.folder / "hub.sqlite", timeout=30)
    with connection:
        connection.execute("update tokens set name = ? where id = ?", ("a\n\x1b[31mred", token))
    connection.close()
    listed = admin(either, "token", "list").stdout
    assert b"a\\n\\x1b[31mred" in listed
    assert b"\x1b" not in listed


def test_people_are_listed_with_what_they_are(either: RunningHub) -> None:
    either.admin("org", "add", "listed")
    either.admin("user", "add", "ann", "--org", "listed", "--admin")
    either.admin("user", "add", "bob", "--org", "listed")
    either.admin("team", "add", "payments", "--org", "listed")
    either.admin("team", "join", "payments", "bob", "--org", "listed")
    either.admin("user", "disable", "bob")

    found = either.admin("user", "list", "--org", "listed")["users"]

    assert [(each["user"], each["admin"], each["disabled"], each["teams"]) for each in found] == [
        ("ann", True, False, []),
        ("bob", False, True, ["payments"]),
    ]
    lines = admin(either, "user", "list", "--org", "listed").stdout.decode().splitlines()
    assert lines == ["listed  ann  administrator", "listed  bob  disabled  teams: payments"]


def test_adding_somebody_again_takes_no_right_away(either: RunningHub) -> None:
    either.admin("user", "add", "kim", "--org", "home", "--admin")

    assert either.admin("user", "add", "kim", "--org", "home")["admin"] is True
    assert either.admin("user", "add", "kim", "--org", "home", "--no-admin")["admin"] is False


def test_nobody_who_is_disabled_joins_a_team(either: RunningHub) -> None:
    either.admin("team", "add", "closed", "--org", "home")
    either.admin("user", "add", "gus", "--org", "home")
    either.admin("user", "disable", "gus")

    answer = admin(either, "team", "join", "closed", "gus", "--org", "home")

    assert answer.code == 1
    assert "gus is disabled" in answer.stderr
