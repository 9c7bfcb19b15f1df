"""A hub that was put back, emptied, or is another one: nothing here goes, nobody is overwritten."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from hub.running import RunningHub
from sync.conftest import People
from sync.homes import Home, sha256
from sync.proxy import Proxy
from sync.test_states import row_of, seen


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[RunningHub]:
    """A hub of the test's own, whose store it changes."""
    running = RunningHub(tmp_path / "store").start()
    yield running
    if running.process and running.process.poll() is None:
        running.stop()


class Copies:
    """Of the hub's folder."""

    def __init__(self, hub: RunningHub) -> None:
        self.hub = hub
        self.copy = hub.folder.parent / "copy"

    def take(self) -> None:
        """As it is now."""
        self.hub.stop()
        shutil.rmtree(self.copy, ignore_errors=True)
        shutil.copytree(self.hub.folder, self.copy)
        self.hub.start()

    def put_back(self) -> None:
        """The hub is as it was then."""
        self.hub.stop()
        shutil.rmtree(self.hub.folder)
        shutil.copytree(self.copy, self.hub.folder)
        self.hub.start()


@pytest.fixture
def copies(hub: RunningHub) -> Copies:
    return Copies(hub)


def test_an_older_version_is_replaced_by_ours(laptop: Home, people: People, copies: Copies) -> None:
    state = laptop.save("scan")
    copies.take()
    laptop.save("review")
    laptop.save("select")
    copies.put_back()
    assert json.loads(people.document(state["id"]))["step"] == "scan"

    answer = laptop("sync")

    assert answer.code == 0, answer
    assert laptop.load()["step"] == "select"
    assert people.document(state["id"]) == laptop.raw()
    assert laptop.conflicts() == {}
    assert seen(row_of(laptop, state["id"])) == ("synced", "clean")


def test_a_session_that_it_does_not_know_any_more_is_resumed_and_offered_again(
    laptop: Home, people: People, copies: Copies
) -> None:
    people.token("alex")
    copies.take()
    state = laptop.save("review")
    copies.put_back()

    answer = laptop("resume")
    laptop.settle()

    assert answer.code == 0, answer
    assert laptop.load()["id"] == state["id"]
    assert people.document(state["id"]) == laptop.raw()


def test_a_session_that_it_does_not_know_any_more_is_offered_again(
    laptop: Home, people: People, copies: Copies
) -> None:
    people.token("alex")
    copies.take()
    state = laptop.save("scan")
    laptop.do("new")
    other = laptop.save("review")
    copies.put_back()
    assert people.sessions() == []
    before = laptop.snapshots()

    answer = laptop("sync")

    assert answer.code == 0, answer
    assert laptop.snapshots() == before
    assert laptop.load()["id"] == other["id"]
    assert people.document(other["id"]) == laptop.raw()
    # the one that was archived here stays where it is
    assert laptop.archived() != {}
    assert state["id"] not in {each["id"] for each in people.sessions()}


def test_what_another_device_saved_since_then_stays(
    laptop: Home, desktop: Home, people: People, copies: Copies
) -> None:
    """The numbers of the versions fit; what they name does not."""
    state = laptop.save("scan")
    people.hand_to(desktop, state)
    laptop("sync")
    copies.take()
    laptop.save("review")
    laptop.save("select")
    mine = laptop.raw()
    copies.put_back()
    # it knows nothing of what the laptop did
    desktop.save("connect")
    desktop.save("worker_connecting")
    theirs = desktop.raw()
    assert people.document(state["id"]) == theirs

    answer = laptop("sync")

    assert answer.code == 6, answer
    assert people.document(state["id"]) == theirs
    assert mine in laptop.conflicts().values()
    assert laptop.load()["step"] == "worker_connecting"


def test_the_desktop_comes_back_first(
    laptop: Home, desktop: Home, people: People, copies: Copies
) -> None:
    """The desktop knows nothing of what the hub has now: it stands aside, until the laptop, whose
    ancestor that is, offers again what was lost.
    """
    state = laptop.save("scan")
    copies.take()
    laptop.save("review")
    people.hand_to(desktop, state)
    laptop("sync")
    copies.put_back()

    mine = desktop.raw()
    assert desktop("sync").code == 6
    assert mine in desktop.conflicts().values()
    assert laptop("sync").code == 0
    desktop("sync")

    assert laptop.load()["step"] == desktop.load()["step"] == "review"
    assert json.loads(people.document(state["id"]))["step"] == "review"
    assert laptop.conflicts() == {}


def test_emptied(laptop: Home, people: People, hub: RunningHub, proxy: Proxy) -> None:
    """A new store is another hub: nothing is sent, nothing goes, and the person is asked."""
    state = laptop.save("scan")
    before = laptop.snapshots()
    hub.stop()
    shutil.rmtree(hub.folder)
    hub.start()
    fresh = People(hub)

    assert laptop("sync").code == 4
    laptop.token = fresh.token("alex")
    laptop.login()
    answer = laptop("sync")

    assert answer.code == 6, answer
    assert state["session_id"] in answer.stderr
    assert laptop.snapshots() == before
    assert fresh.sessions() == []
    assert seen(row_of(laptop, state["id"])) == ("needs you", "other_account")
    # asked for by name, it goes there
    laptop.do("sync", state["session_id"])
    assert fresh.document(state["id"]) == laptop.raw()
    assert seen(row_of(laptop, state["id"])) == ("synced", "clean")


def test_another_hub_behind_the_same_address(
    laptop: Home, people: People, hub: RunningHub, proxy: Proxy, tmp_path: Path
) -> None:
    state = laptop.save("scan")
    other = RunningHub(tmp_path / "other").start()
    strangers = People(other)
    proxy.hub = ("127.0.0.1", other.port)
    laptop.token = strangers.token("alex")
    laptop.env["CONFIGHUB_SESSIONS_TOKEN"] = laptop.token
    laptop.env["CONFIGHUB_SESSIONS_URL"] = laptop.url
    proxy.forget()

    laptop.save("review")
    answer = laptop("sync")

    assert answer.code == 6, answer
    assert proxy.asked("POST", "/sessions/import") == []
    assert strangers.sessions() == []
    assert laptop.load()["step"] == "review"
    # and the first one goes on as if nothing had been
    proxy.hub = ("127.0.0.1", hub.port)
    laptop.env.clear()
    laptop.do("sync")
    assert people.document(state["id"]) == laptop.raw()
    other.stop()


def test_nothing_is_sent_of_what_was_there_before(
    new_home: object, laptop: Home, people: People, proxy: Proxy
) -> None:
    """Only what was begun since the person signed in goes by itself."""
    laptop.do("logout")
    old = laptop.save("scan")
    laptop.do("new")
    # of another person, on the same machine
    laptop.login(token=people.token("sam"))
    proxy.forget()

    new = laptop.save("scan")

    assert [each["id"] for each in people.sessions("sam")] == [new["id"]]
    laptop.do("sync")
    assert [each["id"] for each in people.sessions("sam")] == [new["id"]]
    laptop.do("resume", old["session_id"])
    laptop.do("sync", "--all")
    assert {each["id"] for each in people.sessions("sam")} == {new["id"], old["id"]}


def test_a_restored_hub_is_the_same_one(laptop: Home, people: People, copies: Copies) -> None:
    """It stands at the same instance id, so nobody is asked."""
    copies.take()
    state = laptop.save("scan")
    copies.put_back()
    assert people.document(state["id"]) == b""

    assert laptop.do("sync") == f"sent {state['session_id']}\n"

    assert sha256(people.document(state["id"])) in laptop.everything()
