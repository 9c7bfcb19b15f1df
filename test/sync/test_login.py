"""Signing in to a hub and out of it, and what is kept of that."""

from __future__ import annotations

import json
import os
import posix
import pty
import re
import signal
import stat
import subprocess
from pathlib import Path
from typing import Any
from uuid import uuid4

import pexpect
import pytest
import waiting
from guard import SCRIPTS
from hub.browsing import Browser
from hub.running import RunningHub, free_port
from processes import Answer, Command, runner
from sync.answering import Stranger, problem, reply, serving
from system.conftest import forked_cli as forked_cli

from session_cli.store.folder import Folder
from session_cli.store.sidecar import Sidecar, list_sidecars, write_sidecar
from session_cli.sync.account import note_pin, read_account
from session_cli.sync.device import find_device

ME = {
    "instance_id": "i",
    "org": {"id": "o", "name": "home"},
    "user": {"id": "u", "name": "alex"},
}
CLI = str(SCRIPTS / "session-cli")


@pytest.fixture
def cli(forked_cli: Command) -> Command:
    """A fork of this process runs the verbs, but where a terminal or a signal is looked at."""
    return forked_cli


def login(cli: Command, url: str, token: str, **more: Any) -> Answer:
    """Signs in with a token on standard input."""
    return cli("login", url, "--token", "-", stdin=f"{token}\n".encode(), **more)


def kept(sessions: Path, name: str) -> Any:
    """What a file in `.sync/` holds; None without one."""
    path = sessions / ".sync" / name
    return json.loads(path.read_bytes()) if path.exists() else None


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def files_with(folder: Path, secret: str) -> list[str]:
    """The files below a folder that have a secret in them."""
    paths = [path for path in folder.rglob("*") if path.is_file()]
    return sorted(path.name for path in paths if secret.encode() in path.read_bytes())


def person(hub: RunningHub) -> tuple[str, str]:
    """(name, token) of somebody new at the hub."""
    name = f"p{uuid4().hex[:10]}"
    return name, hub.add_person(name)


# a token


def test_a_token_signs_in_and_is_kept_for_its_owner_alone(
    hub: RunningHub, home: Path, sessions: Path
) -> None:
    name, token = person(hub)

    answer = login(runner(CLI), hub.url.upper() + "/", f"  {token} ", umask=0)

    assert answer.code == 0
    assert answer.stdout.decode() == f"signed in to {hub.url} as {name} (home)\n"
    assert "only you can read them until you share them, and whoever runs the hub" in answer.stderr
    assert kept(sessions, "login.json") == {"url": hub.url, "token": token}
    assert kept(sessions, "account.json")["pin"]["user"]["name"] == name
    assert files_with(home, token) == ["login.json"]
    assert mode(sessions / ".sync") == 0o700
    assert {mode(path) for path in (sessions / ".sync").iterdir()} == {0o600}
    assert token not in answer.stderr


def test_a_token_that_is_typed_is_not_shown(hub: RunningHub, sessions: Path) -> None:
    _, token = person(hub)
    terminal = pexpect.spawn(CLI, ["login", hub.url, "--token", "-"], timeout=30)
    terminal.expect_exact("Token: ")
    terminal.sendline(token)
    terminal.expect_exact(f"signed in to {hub.url}")
    shown = terminal.before + terminal.read()

    assert terminal.wait() == 0
    assert token.encode() not in shown
    assert kept(sessions, "login.json")["token"] == token


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (b"", "empty"),
        (b" \n\t\n", "empty"),
        (b"chs_one\nchs_two\n", "more than one line"),
        (b"chs_one\r\nX-Evil: 1", "more than one line"),
        (b"chs_one two\n", "characters in it"),
        (b"chs_\xc3\xb6\n", "characters in it"),
        (b"chs_\xff\n", "characters in it"),
        (b"chs_\0\n", "characters in it"),
        (b"chs_\x1b[2J\n", "characters in it"),
        (b"x" * 5_000, "longer than"),
        (b"x" * 500_000, "longer than"),
    ],
)
def test_what_is_no_token_is_refused_and_not_shown(
    cli: Command, hub: RunningHub, sessions: Path, given: bytes, why: str
) -> None:
    answer = cli("login", hub.url, "--token", "-", stdin=given)

    assert (answer.code, answer.stdout) == (2, b"")
    assert why in answer.stderr
    assert "chs_" not in answer.stderr
    assert kept(sessions, "login.json") is None


def test_no_token_is_taken_from_the_command_line(
    cli: Command, hub: RunningHub, sessions: Path
) -> None:
    answer = cli("login", hub.url, "--token", hub.token)

    assert (answer.code, answer.stdout) == (2, b"")
    assert "--token -" in answer.stderr
    assert hub.token not in answer.stderr
    assert kept(sessions, "login.json") is None


def test_a_token_that_the_hub_does_not_know_is_not_kept(
    cli: Command, hub: RunningHub, sessions: Path
) -> None:
    answer = login(cli, hub.url, "chs_of-nobody")

    assert (answer.code, answer.stdout) == (4, b"")
    assert f"{hub.url} does not accept this token" in answer.stderr
    assert kept(sessions, "login.json") is None
    assert kept(sessions, "account.json") is None


def test_a_hub_that_is_away_signs_nobody_in(cli: Command, sessions: Path) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    for answer in (login(cli, url, "chs_token"), cli("login", url)):
        assert (answer.code, answer.stdout) == (8, b"")
        assert f"nothing answers at {url}" in answer.stderr
    assert kept(sessions, "login.json") is None


@pytest.mark.parametrize(
    "url", ["http://hub.example", "hub.example", "https://a:b@hub.example", ""]
)
def test_an_address_that_cannot_be_used_is_refused(cli: Command, sessions: Path, url: str) -> None:
    answer = login(cli, url, "chs_token")

    assert answer.code == 2
    assert len(answer.stderr.splitlines()) == 1
    assert not sessions.exists()


def test_where_nothing_can_be_kept_nobody_is_asked(cli: Command, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    with serving(Stranger(lambda _: reply(200, ME))) as stranger:
        for answer in (
            login(cli, stranger.url, "chs_token", env={"HOME": ""}),
            login(cli, stranger.url, "chs_token", env={"CONFIGHUB_SESSION_DIR": str(blocked)}),
        ):
            assert answer.code == 7, answer
            assert len(answer.stderr.splitlines()) == 1
        assert stranger.requests == []


def test_a_link_in_the_way_is_not_written_through(
    cli: Command, hub: RunningHub, sessions: Path, tmp_path: Path
) -> None:
    (sessions / ".sync").mkdir(mode=0o700, parents=True)
    for name in ("login.json", "account.json"):
        (tmp_path / name).write_text("theirs")
        (sessions / ".sync" / name).symlink_to(tmp_path / name)

    assert login(cli, hub.url, hub.token).code == 0

    assert [(tmp_path / name).read_text() for name in ("login.json", "account.json")] == [
        "theirs",
        "theirs",
    ]
    assert kept(sessions, "login.json")["token"] == hub.token


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b'{"url": 7}', b"\0" * 100])
def test_a_damaged_sign_in_is_none_and_is_replaced(
    cli: Command, hub: RunningHub, sessions: Path, damage: bytes
) -> None:
    login(cli, hub.url, hub.token)
    for name in ("login.json", "account.json", "device.json"):
        (sessions / ".sync" / name).write_bytes(damage)

    assert cli("whoami").code == 4
    assert login(cli, hub.url, hub.token).code == 0
    assert cli("whoami").code == 0


# what was there before


def test_sessions_begun_before_are_counted_and_noted(
    cli: Command, hub: RunningHub, sessions: Path
) -> None:
    cli("save", "scan", env={"SESSION_CLI_NOW": "1780000000"})
    cli("clear")
    cli("save", "scan", env={"SESSION_CLI_NOW": "1780000100"})

    answer = login(cli, hub.url, hub.token)

    assert "2 sessions begun before stay here until 'session-cli sync --all'" in answer.stderr
    before = kept(sessions, "account.json")["before"]
    assert before == ["import-2026-05-28-202820", "import-2026-05-28-202640"]


def test_the_same_person_signs_in_again_and_what_was_before_stays_so(
    cli: Command, hub: RunningHub, sessions: Path
) -> None:
    cli("save", "scan", env={"SESSION_CLI_NOW": "1780000000"})
    name, token = person(hub)
    login(cli, hub.url, token)
    cli("clear")
    cli("save", "scan", env={"SESSION_CLI_NOW": "1780000100"})
    cli("logout")

    again = hub.admin("token", "add", name, "--org", "home")["token"]
    answer = login(cli, hub.url, str(again))

    assert "1 session begun before stays here" in answer.stderr
    assert "replaced" not in answer.stderr
    assert kept(sessions, "account.json")["before"] == ["import-2026-05-28-202640"]


def test_somebody_else_signs_in_and_all_that_is_there_was_before(
    cli: Command, hub: RunningHub, sessions: Path
) -> None:
    name, token = person(hub)
    login(cli, hub.url, token)
    cli("save", "scan", env={"SESSION_CLI_NOW": "1780000000"})

    answer = login(cli, hub.url, hub.token)

    assert f"you were signed in to {hub.url} as {name} (home); that is replaced" in answer.stderr
    assert kept(sessions, "account.json")["before"] == ["import-2026-05-28-202640"]
    assert kept(sessions, "login.json")["token"] == hub.token


def test_a_token_of_the_environment_is_meant_for_the_latest_session(
    cli: Command, hub: RunningHub, sessions: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cli("save", "scan", env={"SESSION_CLI_NOW": "1780000000"})
    cli("clear")
    cli("save", "scan", env={"SESSION_CLI_NOW": "1780000100"})
    # what is imported early on the path of a save reads it as it was at the start
    monkeypatch.setitem(posix.environ, b"CONFIGHUB_SESSIONS_URL", f" {hub.url}/\n".encode())
    monkeypatch.setitem(posix.environ, b"CONFIGHUB_SESSIONS_TOKEN", f"{hub.token}\n".encode())
    folder = Folder(str(sessions), "import")
    account = read_account(folder)
    assert account and (account.url, account.token) == (hub.url, hub.token)
    assert (account.pin, account.is_from_environment) == (None, True)

    pin = {"instance": "i", "org": ME["org"], "user": ME["user"]}
    note_pin(folder, account, pin)

    assert account.before == ["import-2026-05-28-202640"]
    again = read_account(folder)
    assert again and (again.pin, again.before) == (pin, account.before)


# a code that a person types


class Login:
    """`session-cli login URL`, which waits for somebody."""

    def __init__(self, url: str, **env: str) -> None:
        self.process = subprocess.Popen(
            [CLI, "login", url],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, **env},
        )
        assert self.process.stderr
        self.said = b""

    def wait_for(self, words: bytes) -> str:
        """All that it has said on stderr, once these words are among it."""
        assert self.process.stderr
        while words not in self.said:
            piece = os.read(self.process.stderr.fileno(), 65536)
            assert piece, self.said
            self.said += piece
        return self.said.decode()

    def end(self) -> Answer:
        """What it has left."""
        out, err = waiting.communicate(self.process)
        return Answer(self.process.returncode, out, (self.said + err).decode())


def test_a_person_lets_a_device_in_on_the_page(
    hub: RunningHub, home: Path, sessions: Path, cli: Command
) -> None:
    name, token = person(hub)
    waiting_one = Login(hub.url)
    said = waiting_one.wait_for(b"Ctrl-C gives up.\n")
    assert f"  {hub.url}/device\n" in said
    code = re.search(r"^  ([A-Z]{4}-[A-Z]{4})$", said, re.M)
    assert code
    browser = Browser(hub).sign_in(token)
    browser.post("/device/answer", {"code": code[1], "answer": "approve"})

    answer = waiting_one.end()

    assert answer.code == 0, answer
    assert answer.stdout.decode() == f"signed in to {hub.url} as {name} (home)\n"
    given = kept(sessions, "login.json")["token"]
    assert given != token
    assert files_with(home, given) == ["login.json"]
    assert given not in answer.stderr
    device = kept(sessions, "device.json")
    assert (
        cli("whoami").stdout.decode() == f"{name} (home) at {hub.url}, as device {device['name']}\n"
    )
    tokens = hub.ask("GET", "/api/v1/tokens", token=given).json()["items"]
    assert device["name"] in [each["name"] for each in tokens]


class Hub(Stranger):
    """A hub that answers each poll with the next of `polls`, and the last one again and again."""

    def __init__(self, *polls: bytes | None, **begun: Any) -> None:
        super().__init__(self.say)
        self.polls = list(polls)
        self.begun = {
            "device_code": "secret-of-the-device",
            "user_code": "BCDF-GHJK",
            "verification_uri": "http://127.0.0.1/device",
            "interval": 1,
            "expires_in": 60,
            **begun,
        }
        self.polled = 0

    def say(self, request: bytes) -> bytes | None:
        line = request.partition(b"\r\n")[0]
        if b"/auth/device " in line:
            return reply(200, self.begun)
        if b"/me " in line:
            return reply(200, ME)
        if b"/revoke " in line:
            return reply(200, b"")
        self.polled += 1
        return self.polls.pop(0) if len(self.polls) > 1 else self.polls[0]


PENDING = reply(400, {"error": "authorization_pending"})
SLOW_DOWN = reply(400, {"error": "slow_down"})
DENIED = reply(400, {"error": "access_denied"})
EXPIRED = reply(400, {"error": "expired_token"})
UNKNOWN = reply(400, {"error": "invalid_grant", "error_description": "Start\x1b[2J again."})
GRANTED = reply(200, {"access_token": "chs_given", "token_type": "Bearer"})


def test_a_hub_that_is_away_while_one_waits_is_waited_for(cli: Command, sessions: Path) -> None:
    page = reply(502, b"<html>", "text/html", Hub_Version="")
    with serving(Hub(PENDING, None, page, GRANTED)) as stranger:
        answer = cli("login", stranger.url)

    assert answer.code == 0, answer
    assert answer.stderr.count("waiting for it") == 1
    assert kept(sessions, "login.json")["token"] == "chs_given"
    assert "chs_given" not in answer.stderr
    assert "secret-of-the-device" not in answer.stderr


@pytest.mark.parametrize(
    ("said", "code", "words"),
    [
        (DENIED, 6, "somebody denied it on the page"),
        (EXPIRED, 4, "nobody typed the code on the page in time"),
        (UNKNOWN, 8, "does not let this device sign in: Start\\x1b[2J again"),
        (reply(200, {"access_token": "two words"}), 8, "gave no token that can be used"),
        (reply(200, {}), 8, "gave no token that can be used"),
        (problem(404, "not-found"), 8, "does not let this device sign in"),
    ],
    ids=["denied", "expired", "unknown", "no token", "nothing", "a problem"],
)
def test_a_sign_in_that_ends_leaves_nothing(
    cli: Command, sessions: Path, said: bytes, code: int, words: str
) -> None:
    with serving(Hub(said)) as stranger:
        answer = cli("login", stranger.url)

    assert (answer.code, answer.stdout) == (code, b"")
    assert words in answer.stderr
    assert kept(sessions, "login.json") is None


def test_a_code_that_nobody_types_is_not_waited_for_longer_than_it_lives(
    cli: Command, sessions: Path
) -> None:
    with serving(Hub(PENDING, expires_in=3)) as stranger:
        answer = cli("login", stranger.url)

    assert answer.code == 4
    assert f"session-cli login {stranger.url}" in answer.stderr
    assert 0 < stranger.polled < 3
    assert kept(sessions, "login.json") is None


def test_a_hub_that_stays_away_is_named_at_the_end(cli: Command) -> None:
    with serving(Hub(None, expires_in=3)) as stranger:
        answer = cli("login", stranger.url)

    assert answer.code == 8
    assert "answered nothing" in answer.stderr.splitlines()[-1]


def test_a_client_that_asks_too_often_slows_down(cli: Command) -> None:
    with serving(Hub(SLOW_DOWN, PENDING, expires_in=5)) as stranger:
        answer = cli("login", stranger.url)

    assert answer.code == 4
    # six seconds between two are more than there are
    assert stranger.polled == 1


def test_what_the_hub_wants_shown_obeys_no_terminal(cli: Command) -> None:
    hostile = {
        "verification_uri": "https://e\x1b]0;x\x07\n  https://evil",
        "user_code": "A\x9b2J\r",
    }
    with serving(Hub(DENIED, **hostile)) as stranger:
        answer = cli("login", stranger.url)

    assert answer.stderr.replace("\n", "").isprintable()
    assert "  https://e\\x1b]0;x\\x07\\n  https://evil\n" in answer.stderr
    assert "  A\\x9b2J\\r\n" in answer.stderr


@pytest.mark.parametrize(
    "begun",
    [{"user_code": ""}, {"verification_uri": None}, {"device_code": 7}, {"user_code": "x" * 9000}],
)
def test_a_hub_that_names_no_code_lets_nobody_in(cli: Command, begun: dict[str, Any]) -> None:
    with serving(Hub(GRANTED, **begun)) as stranger:
        answer = cli("login", stranger.url)

    assert answer.code == 8
    assert "it names no page or no code" in answer.stderr


def test_too_many_sign_ins_are_said(cli: Command) -> None:
    with serving(Stranger(lambda _: problem(429, "rate-limited", "Wait a minute."))) as stranger:
        answer = cli("login", stranger.url)

    assert answer.code == 8
    assert "lets no device sign in now: Wait a minute" in answer.stderr


def test_ctrl_c_gives_up_and_keeps_nothing(sessions: Path) -> None:
    with serving(Hub(PENDING)) as stranger:
        waiting_one = Login(stranger.url)
        waiting_one.wait_for(b"Ctrl-C gives up.\n")
        waiting_one.process.send_signal(signal.SIGINT)
        answer = waiting_one.end()

    assert (answer.code, answer.stdout) == (130, b"")
    assert "Traceback" not in answer.stderr
    assert kept(sessions, "login.json") is None


def test_a_token_that_cannot_be_kept_is_ended(cli: Command, sessions: Path) -> None:
    cli("init")
    with serving(Hub(GRANTED)) as stranger:
        (sessions / ".sync").mkdir(mode=0o700)
        # a folder where the file should be
        (sessions / ".sync" / "login.json" / "in the way").mkdir(parents=True)
        answer = cli("login", stranger.url)

    assert answer.code == 7, answer
    assert b"POST /api/v1/auth/revoke" in stranger.requests[-1]
    assert stranger.requests[-1].endswith(b"token=chs_given")


# signing out


def test_signing_out_ends_the_token_at_the_hub(
    cli: Command, hub: RunningHub, home: Path, sessions: Path
) -> None:
    _, token = person(hub)
    login(cli, hub.url, token)

    answer = cli("logout")

    assert (answer.code, answer.stdout.decode()) == (0, f"signed out of {hub.url}\n")
    assert answer.stderr == ""
    assert files_with(home, token) == []
    assert hub.ask("GET", "/api/v1/me", token=token).status == 401
    assert cli("whoami").code == 4


def test_signing_out_does_not_need_the_hub(cli: Command, hub: RunningHub, sessions: Path) -> None:
    login(cli, hub.url, hub.token)
    url = f"http://127.0.0.1:{free_port()}"
    record = {**kept(sessions, "login.json"), "url": url}
    (sessions / ".sync" / "login.json").write_text(json.dumps(record))

    answer = cli("logout")

    assert (answer.code, answer.stdout.decode()) == (0, f"signed out of {url}\n")
    assert "the token was not ended at the hub: nothing answers" in answer.stderr
    assert hub.token not in answer.stderr
    assert kept(sessions, "login.json") is None


def test_who_is_not_signed_in_is_not_signed_out(cli: Command, sessions: Path) -> None:
    answer = cli("logout")

    assert (answer.code, answer.stdout) == (1, b"")
    assert not sessions.exists()


def test_what_the_environment_says_is_not_signed_out(
    cli: Command, hub: RunningHub, sessions: Path
) -> None:
    login(cli, hub.url, hub.token)

    answer = cli("logout", env={"CONFIGHUB_SESSIONS_TOKEN": hub.token})

    assert (answer.code, answer.stdout) == (6, b"")
    assert "CONFIGHUB_SESSIONS_TOKEN" in answer.stderr
    assert kept(sessions, "login.json") is not None
    assert hub.ask("GET", "/api/v1/me").status == 200


# who one is


def test_whoami_in_json(cli: Command, hub: RunningHub, sessions: Path) -> None:
    login(cli, hub.url, hub.token)

    said = json.loads(cli("whoami", "--json").stdout)

    me = hub.ask("GET", "/api/v1/me").json()
    device = kept(sessions, "device.json")
    assert said == {
        "url": hub.url,
        "instance": me["instance_id"],
        "org": me["org"],
        "user": me["user"],
        "device": {"id": device["id"], "name": device["name"]},
        "from_environment": False,
    }


def test_the_environment_signs_in_without_a_login(
    cli: Command, hub: RunningHub, home: Path, sessions: Path
) -> None:
    name, token = person(hub)
    env = {"CONFIGHUB_SESSIONS_URL": hub.url, "CONFIGHUB_SESSIONS_TOKEN": token}

    answer = cli("whoami", "--json", env=env)

    assert json.loads(answer.stdout)["user"]["name"] == name
    assert json.loads(answer.stdout)["from_environment"] is True
    assert files_with(home, token) == []


@pytest.mark.parametrize(
    ("env", "code", "words"),
    [
        ({}, 4, "'session-cli login URL'"),
        ({"TOKEN": "chs_x"}, 4, "CONFIGHUB_SESSIONS_TOKEN is set, but not CONFIGHUB_SESSIONS_URL"),
        ({"URL": "http://127.0.0.1:1"}, 4, "there is no token for http://127.0.0.1:1"),
        ({"URL": "http://hub.example"}, 2, "CONFIGHUB_SESSIONS_URL: http://hub.example is not"),
        ({"URL": "http://127.0.0.1:1", "TOKEN": "a b"}, 2, "CONFIGHUB_SESSIONS_TOKEN: the token"),
    ],
)
def test_what_is_missing_to_be_signed_in_is_said(
    cli: Command, env: dict[str, str], code: int, words: str
) -> None:
    given = {f"CONFIGHUB_SESSIONS_{name}": value for name, value in env.items()}
    for verb in ("whoami", "open"):
        answer = cli(verb, env=given)
        assert (answer.code, answer.stdout) == (code, b"")
        assert words in answer.stderr
        assert len(answer.stderr.splitlines()) == 1


def test_a_stored_token_goes_only_where_it_was_stored_for(cli: Command, hub: RunningHub) -> None:
    login(cli, hub.url, hub.token)
    with serving(Stranger(lambda _: reply(200, ME))) as stranger:
        for verb in ("whoami", "open"):
            answer = cli(verb, env={"CONFIGHUB_SESSIONS_URL": stranger.url})
            assert answer.code == 4
        assert stranger.connections == 0


def test_a_save_does_not_mind_what_the_environment_says(cli: Command) -> None:
    env = {"CONFIGHUB_SESSIONS_URL": "ftp://nowhere", "CONFIGHUB_SESSIONS_TOKEN": "\x1b"}

    assert cli("save", "scan", env=env) == (0, b"", "")


def test_whoami_says_that_the_sessions_here_are_those_of_somebody_else(
    cli: Command, hub: RunningHub
) -> None:
    name, token = person(hub)
    login(cli, hub.url, token)

    answer = cli("whoami", env={"CONFIGHUB_SESSIONS_TOKEN": hub.token})

    assert answer.code == 0
    assert f"synced as {name} (home) before" in answer.stderr


def test_a_name_that_the_hub_gives_obeys_no_terminal(cli: Command, sessions: Path) -> None:
    hostile = {**ME, "user": {"id": "u", "name": "\x1b[2Jalex\nroot"}}
    with serving(Stranger(lambda _: reply(200, hostile))) as stranger:
        for answer in (login(cli, stranger.url, "chs_x"), cli("whoami"), cli("whoami", "--json")):
            assert answer.code == 0
            assert b"\x1b" not in answer.stdout
            assert b"alex\nroot" not in answer.stdout


# the page


def test_a_link_opens_the_page_once(cli: Command, hub: RunningHub) -> None:
    name, token = person(hub)
    login(cli, hub.url, token)

    answer = cli("open")

    assert answer.code == 0
    link = answer.stdout.decode().strip()
    assert link.startswith(f"{hub.url}/sign-in/")
    browser = Browser(hub)
    path = link.removeprefix(hub.url)
    assert browser.post(path).status == 303
    assert name in browser.get("/").body.decode()
    assert Browser(hub).post(path).status == 404


def test_a_link_in_json(cli: Command, hub: RunningHub) -> None:
    login(cli, hub.url, hub.token)

    said = json.loads(cli("open", "--json").stdout)

    assert said["expires_in"] == 60
    assert said["url"].startswith(hub.url)


def on_a_terminal(*words: str, env: dict[str, str]) -> tuple[int, str]:
    """(exit code, all that is shown) of `session-cli` whose stdout is a terminal."""
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [CLI, *words],
        stdin=subprocess.DEVNULL,
        stdout=slave,
        stderr=slave,
        env={**os.environ, **env},
    )
    os.close(slave)
    shown = b""
    while True:
        try:
            piece = os.read(master, 65536)
        except OSError:
            # all of it has ended
            break
        shown += piece
    os.close(master)
    return waiting.end(process), shown.decode()


def test_on_a_terminal_a_browser_opens_the_link(
    cli: Command, hub: RunningHub, tmp_path: Path
) -> None:
    login(cli, hub.url, hub.token)
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\nprintf %s "$1" > {tmp_path}/opened\n')
    browser.chmod(0o700)

    code, shown = on_a_terminal("open", env={"BROWSER": str(browser)})

    assert code == 0
    assert f"opened {hub.url} in your browser" in shown
    assert "/sign-in/" not in shown
    opened = waiting.eventually(lambda: (tmp_path / "opened").exists() and (tmp_path / "opened"))
    assert opened.read_text().startswith(f"{hub.url}/sign-in/")


def test_where_there_is_no_browser_the_link_is_printed(cli: Command, hub: RunningHub) -> None:
    login(cli, hub.url, hub.token)

    code, shown = on_a_terminal("open", env={"BROWSER": "/no/such/browser", "PATH": "/none"})

    assert code == 0
    assert f"{hub.url}/sign-in/" in shown


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "javascript:alert(1)", "--help", "https://a b", "https://\x1b", 7]
)
def test_a_link_that_no_browser_may_be_given_is_not_opened(cli: Command, url: Any) -> None:
    def answer(request: bytes) -> bytes:
        return reply(200, {"url": url} if b"/links" in request else ME)

    with serving(Stranger(answer)) as stranger:
        login(cli, stranger.url, "chs_x")
        opened = cli("open")

    assert (opened.code, opened.stdout) == (8, b"")
    assert "made no link that a browser can open" in opened.stderr


@pytest.mark.parametrize(
    ("said", "code"),
    [
        (problem(403, "forbidden"), 6),
        (problem(429, "rate-limited"), 8),
        (problem(404, "not-found"), 3),
        (problem(401, "unauthenticated"), 4),
        (problem(503, "unavailable"), 8),
    ],
)
def test_why_there_is_no_link_is_said(cli: Command, said: bytes, code: int) -> None:
    def answer(request: bytes) -> bytes:
        return said if b"/links" in request else reply(200, ME)

    with serving(Stranger(answer)) as stranger:
        login(cli, stranger.url, "chs_x")
        opened = cli("open")

    assert (opened.code, opened.stdout) == (code, b"")
    assert len(opened.stderr.splitlines()) == 1


def test_the_page_of_a_session_that_there_is_not(cli: Command, hub: RunningHub) -> None:
    login(cli, hub.url, hub.token)

    assert cli("open", "import-2026-01-09-143022").code == 3


# the device


def test_a_device_stays_the_same(cli: Command, hub: RunningHub, sessions: Path) -> None:
    _, token = person(hub)
    login(cli, hub.url, token)
    before = kept(sessions, "device.json")
    cli("logout")
    login(cli, hub.url, hub.token)

    assert kept(sessions, "device.json") == before
    assert before["name"] == os.uname().nodename


@pytest.mark.parametrize("change", [{"machine": "another"}, {"folder": [1, 2]}, {"id": "x"}])
def test_a_copied_home_is_a_new_device_that_holds_nothing(
    sessions: Path, change: dict[str, Any]
) -> None:
    folder = Folder(str(sessions), "import")
    first = find_device(folder)
    sidecar = Sidecar(str(uuid4()), "import-2026-01-09-143022")
    sidecar.lease = {"token": "1.held-by-the-first", "fence": 1}
    sidecar.content = "content"
    write_sidecar(folder, sidecar)
    path = sessions / ".sync" / "device.json"
    path.write_text(json.dumps({**json.loads(path.read_bytes()), **change}))

    second = find_device(folder)

    assert second.id != first.id
    [left] = list_sidecars(folder)
    assert (left.lease, left.content) == (None, "content")
    assert find_device(folder).id == second.id


def test_a_machine_that_was_renamed_is_the_same_device(sessions: Path) -> None:
    folder = Folder(str(sessions), "import")
    first = find_device(folder)
    path = sessions / ".sync" / "device.json"
    path.write_text(json.dumps({**json.loads(path.read_bytes()), "name": "as it was called"}))

    assert find_device(folder).id == first.id
    assert json.loads(path.read_bytes())["name"] == first.name


# help


@pytest.mark.parametrize("verb", ["login", "logout", "whoami", "open"])
def test_help_has_an_example(cli: Command, verb: str) -> None:
    answer = cli(verb, "--help")

    assert answer.code == 0
    assert f"  session-cli {verb}" in answer.stdout.decode()


def test_the_shell_completes_the_session_of_a_page(cli: Command) -> None:
    cli("save", "scan", env={"SESSION_CLI_NOW": "1780000000"})

    answer = cli(
        env={
            "_SESSION_CLI_COMPLETE": "bash_complete",
            "COMP_WORDS": "session-cli open import-",
            "COMP_CWORD": "2",
        }
    )

    assert b"import-2026-05-28-202640" in answer.stdout
