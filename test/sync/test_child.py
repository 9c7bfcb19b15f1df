"""Who sends what was saved: one process, which nobody waits for and which holds nothing."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import waiting
from guard import SCRIPTS
from sync import proxy as behaviours
from sync.conftest import People
from sync.homes import Home, refuse_traceback
from sync.proxy import Behaviour, Proxy
from system.folders import tree

SLOW: dict[str, Behaviour] = {
    "never answers": behaviours.black_hole,
    "answers after 30 s": behaviours.delay(30),
}


@pytest.mark.parametrize("hub_that", SLOW)
def test_a_save_does_not_wait_for_it(hub_that: str, laptop: Home, proxy: Proxy) -> None:
    proxy.behave(SLOW[hub_that])

    state = laptop.save_only("scan")

    assert state["step"] == "scan"
    # the save has ended, and the answer has not come
    assert laptop.is_sending()
    assert laptop.do("load") == laptop.raw().decode()


def test_there_is_one_for_a_folder(laptop: Home, proxy: Proxy) -> None:
    proxy.forget()
    proxy.behave(behaviours.black_hole)
    laptop.save_only("scan")
    waiting.eventually(lambda: proxy.connections, laptop._work)
    (first,) = laptop.processes()

    for number in range(5):
        laptop.save_only("review", note=number)

    waiting.eventually(lambda: laptop.processes() == [first], laptop._work)
    assert proxy.connections == 1


def test_it_sends_what_was_saved_while_it_was_sending(
    laptop: Home, people: People, proxy: Proxy
) -> None:
    proxy.behave(behaviours.only("POST", "", behaviours.hold_answers))
    state = laptop.save_only("scan")
    waiting.eventually(lambda: proxy.asked("POST", "/sessions/import"), laptop._work)
    laptop.save_only("review")

    proxy.heal()
    laptop.settle()

    assert people.document(state["id"]) == laptop.raw()


def test_it_holds_nothing_of_its_caller(laptop: Home, proxy: Proxy, tmp_path: Path) -> None:
    """Who reads what a script prints, or waits for a pipe to close, waits for it alone."""
    proxy.forget()
    proxy.behave(behaviours.black_hole)
    reader, writer = os.pipe()
    environment = {**os.environ, **laptop.environment()}
    done = waiting.run(
        [SCRIPTS / "session-cli", "save", "scan"],
        b"",
        env={name: value for name, value in environment.items() if value is not None},
        pass_fds=[writer],
        cwd=tmp_path,
    )
    os.close(writer)

    assert done.returncode == 0, done
    # it has read all that it runs, and waits
    waiting.eventually(lambda: proxy.connections, laptop._work)
    (child,) = laptop.processes()
    # it ended for all who held it
    os.set_blocking(reader, False)
    assert os.read(reader, 1) == b""
    os.close(reader)
    held = {number: os.readlink(f"/proc/{child}/fd/{number}") for number in descriptors(child)}
    assert {held[number] for number in (0, 1, 2)} == {"/dev/null"}
    others = {held[number] for number in held if number > 2}
    assert {target for target in others if not is_its_own(target, laptop)} == set()
    assert os.getsid(child) not in (os.getsid(0), os.getsid(os.getppid()))
    assert os.getsid(child) != 0


def descriptors(pid: int) -> list[int]:
    return [int(number) for number in os.listdir(f"/proc/{pid}/fd")]


def is_its_own(target: str, home: Home) -> bool:
    if target.startswith(("socket:", "anon_inode:", "/dev/null", "/dev/urandom")):
        return True
    return Path(target).is_relative_to(home.sync_folder)


def test_a_script_that_is_hung_up_on_does_not_end_it(laptop: Home, proxy: Proxy) -> None:
    """The terminal closes behind the save, and what was saved still goes."""
    proxy.behave(behaviours.only("POST", "", behaviours.hold_answers))
    environment = {**os.environ, **laptop.environment()}
    shell = subprocess.Popen(
        ["bash", "-c", f"{SCRIPTS / 'session-cli'} save scan; kill -HUP 0; sleep 60"],
        env={name: value for name, value in environment.items() if value is not None},
        stdin=subprocess.DEVNULL,
        start_new_session=True,
    )
    assert waiting.end(shell) == -signal.SIGHUP

    waiting.eventually(lambda: proxy.asked("POST", "/sessions/import"), laptop._work)


def test_one_that_is_killed_leaves_it_to_the_next(
    laptop: Home, people: People, proxy: Proxy
) -> None:
    """As when a container ends with its script."""
    proxy.behave(behaviours.only("POST", "", behaviours.hold_answers))
    state = laptop.save_only("scan")
    waiting.eventually(lambda: proxy.asked("POST", "/sessions/import"), laptop._work)
    for pid in laptop.processes():
        os.kill(pid, signal.SIGKILL)
    laptop.settle()
    proxy.heal()
    assert laptop.sidecar(state["id"])["in_flight"] != []

    laptop.save("review")

    assert people.document(state["id"]) == laptop.raw()
    assert laptop.conflicts() == {}


def test_what_is_sent_is_noted_before_it_leaves(laptop: Home, proxy: Proxy) -> None:
    proxy.behave(behaviours.only("POST", "", behaviours.hold_answers))
    state = laptop.save_only("scan")
    waiting.eventually(lambda: proxy.asked("POST", "/sessions/import"), laptop._work)

    (sent,) = proxy.asked("POST", "/sessions/import")
    assert sent.sha256 in laptop.sidecar(state["id"])["in_flight"]


LATE: dict[str, Behaviour] = {
    "in small pieces": behaviours.drip,
    "each time as late as it may": behaviours.delay(9),
}


@pytest.mark.parametrize("answers", LATE)
def test_nothing_is_left_of_it_after_its_time(answers: str, laptop: Home, proxy: Proxy) -> None:
    """Half a minute is what it has for all that it sends."""
    with laptop.nobody_sends():
        for _ in range(4):
            laptop.save_only("scan")
            laptop.do("new")
    proxy.behave(LATE[answers])
    laptop.save_only("scan")
    assert laptop.is_sending()

    assert waiting_ends(lambda: not laptop.is_sending(), 60)
    assert laptop.do("get-step") == "scan\n"


def waiting_ends(check: Callable[[], bool], seconds: float) -> bool:
    """Whether it came true within so many seconds by the clock."""
    import time

    until = time.monotonic() + seconds
    while not check() and time.monotonic() < until:
        time.sleep(waiting.POLL_SECONDS)
    return check()


@pytest.mark.parametrize("what", ["diverged", "deleted", "remote ahead", "handed over"])
def test_it_changes_nothing_but_its_own_notes(
    what: str, laptop: Home, desktop: Home, people: People, proxy: Proxy
) -> None:
    state = laptop.save("scan")
    people.hand_to(desktop, state)
    laptop("sync")
    proxy.refuse()
    laptop.save("select")
    proxy.heal()
    if what == "deleted":
        desktop.do("delete", "--yes", state["session_id"])
        desktop.settle()
    elif what == "handed over":
        people.token("sam")
        desktop.do("handoff", "--yes", "--to", people.name("sam"))
        assert people.ask("sam", "POST", f"/{state['id']}/handoff/accept").status == 200
    else:
        desktop.save("review")
    if what == "remote ahead":
        laptop.do("sync", code=6)
        desktop.do("sync")
        desktop.save("connect")
    # one more save, of which the child hears what the hub says
    laptop.now += 1
    with laptop.nobody_sends():
        laptop.save_only("verify")
    before = others(laptop)

    laptop.do("save", "verify")
    own = {name for name in others(laptop).keys() - before.keys() if name.startswith("import-2")}
    laptop.settle()

    after = others(laptop)
    assert {name: after[name] for name in before.keys() & after.keys() if "latest" not in name} == {
        name: before[name] for name in before if "latest" not in name
    }
    assert after.keys() - before.keys() == own
    assert laptop.load()["step"] == "verify"


def others(home: Home) -> dict[str, bytes | str]:
    """All in the sessions folder but what is the client's own."""
    return {
        name: found
        for name, found in tree(home.sessions).items()
        if not name.startswith(".sync") and name != "import-latest.json.seal"
    }


def test_without_a_login_nothing_is_started(new_home: Callable[..., Home], proxy: Proxy) -> None:
    home = new_home("bare", signed_in=False)

    home.save_only("scan")

    assert home.processes() == []
    assert not home.sync_folder.exists()
    assert proxy.connections == 0


def test_only_imports_are_sent(laptop: Home, people: People) -> None:
    for type_ in ("map", "confighub"):
        laptop.do("--type", type_, "save", "view")
    laptop.settle()

    laptop.do("sync", "--all")

    assert people.sessions() == []


def test_a_name_that_nobody_knows(new_home: Callable[..., Home]) -> None:
    home = new_home("bare", signed_in=False)
    home.env.update(
        CONFIGHUB_SESSIONS_URL="https://hub.invalid", CONFIGHUB_SESSIONS_TOKEN="chs_" + "a" * 43
    )

    state = home.save("scan")

    assert state["step"] == "scan"
    answer = home("sync")
    assert answer.code == 8
    refuse_traceback(answer)
    assert "hub.invalid" in answer.stderr
    assert answer.stderr.count("\n") == 1


def test_a_link_in_its_folder_is_not_followed(
    laptop: Home, people: People, proxy: Proxy, tmp_path: Path
) -> None:
    state = laptop.save("scan")
    elsewhere = tmp_path / "elsewhere.json"
    elsewhere.write_text(json.dumps(laptop.sidecar(state["id"])))
    before = elsewhere.read_bytes()
    sidecar = laptop.sync_folder / f"{state['id']}.json"
    sidecar.unlink()
    sidecar.symlink_to(elsewhere)

    laptop.save("review")
    laptop("sync")

    assert elsewhere.read_bytes() == before
    assert people.document(state["id"]) == laptop.raw()
