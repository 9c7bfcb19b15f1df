"""The hub did what it was asked, and nobody heard of it: that is no conflict, nor is it lost."""

from __future__ import annotations

import json

import pytest
from sync import proxy as behaviours
from sync.conftest import People
from sync.homes import Home, sha256
from sync.proxy import Proxy

SAVES = 20
STEPS = ["scan", "review", "select", "connect"]


def test_every_answer_of_twenty_saves_is_lost(laptop: Home, people: People, proxy: Proxy) -> None:
    proxy.behave(behaviours.only("POST", "", behaviours.drop_answer))
    for number in range(SAVES):
        state = laptop.save(STEPS[number % 4], note=number)
    assert people.document(state["id"])

    proxy.heal()
    answer = laptop("sync")

    assert answer.code == 0
    assert answer.stderr == ""
    assert laptop.conflicts() == {}
    assert people.document(state["id"]) == laptop.raw()
    assert laptop.load()["revision"] == SAVES
    assert laptop.do("sync") == "everything is synced\n"


def test_a_lost_answer_whose_snapshot_is_pruned_by_now(
    laptop: Home, people: People, proxy: Proxy
) -> None:
    """What the hub has stands nowhere here any more; that it was sent is not forgotten."""
    laptop.save("scan")
    laptop.save("review")
    proxy.behave(behaviours.only("POST", "", behaviours.drop_answer))
    state = laptop.save("select")
    sent = laptop.raw()
    proxy.refuse()
    for number in range(SAVES):
        laptop.save("connect", note=number)
    assert people.document(state["id"]) == sent
    assert sent not in laptop.snapshots().values()

    proxy.heal()
    laptop.do("sync")

    assert laptop.conflicts() == {}
    assert people.document(state["id"]) == laptop.raw()


def test_a_lost_answer_and_another_device_that_saved_meanwhile(
    laptop: Home, desktop: Home, people: People, proxy: Proxy
) -> None:
    """What it answered to is known at the hub, so it stands there, and no copy is kept of it."""
    state = laptop.save("scan")
    proxy.behave(behaviours.only("POST", "", behaviours.drop_answer))
    laptop.save("review")
    lost = laptop.raw()
    assert people.document(state["id"]) == lost
    proxy.heal()
    people.hand_to(desktop, state)
    desktop.save("select")

    assert laptop("sync").code == 0

    assert laptop.load()["step"] == "select"
    assert laptop.conflicts() == {}


def test_a_lost_answer_below_what_was_saved_since_and_elsewhere(
    laptop: Home, desktop: Home, people: People, proxy: Proxy
) -> None:
    """Two lost answers, a save here, and one on the desktop: only that save is in conflict."""
    state = laptop.save("scan")
    proxy.behave(behaviours.only("POST", "", behaviours.drop_answer))
    laptop.save("review")
    proxy.refuse()
    laptop.save("connect")
    mine = laptop.raw()
    proxy.heal()
    people.hand_to(desktop, state)
    desktop.save("select")

    assert laptop("sync").code == 6

    assert laptop.load()["step"] == "select"
    assert mine in laptop.conflicts().values()


def test_a_delete_whose_answer_is_lost(laptop: Home, people: People, proxy: Proxy) -> None:
    state = laptop.save("scan")
    proxy.behave(behaviours.only("DELETE", "", behaviours.drop_answer))

    laptop.do("delete", "--yes", state["session_id"])
    laptop.settle()

    assert laptop.snapshots() == {}
    assert people.ask("alex", "GET", f"/{state['id']}").status == 410
    proxy.heal()
    laptop.do("sync")
    assert laptop.sidecar(state["id"]) == {}
    assert laptop.do("sync") == "everything is synced\n"
    assert laptop.snapshots() == {}


def test_a_delete_after_a_save_whose_answer_is_lost(
    laptop: Home, people: People, proxy: Proxy
) -> None:
    """The hub stands at what this device sent: it is deleted, though that was never heard of."""
    state = laptop.save("scan")
    proxy.behave(behaviours.only("POST", "", behaviours.drop_answer))
    laptop.save("review")
    assert json.loads(people.document(state["id"]))["step"] == "review"
    proxy.refuse()
    laptop.do("delete", "--yes", state["session_id"])
    laptop.settle()

    proxy.heal()
    laptop.do("sync")

    assert people.ask("alex", "GET", f"/{state['id']}").status == 410
    assert laptop.sidecar(state["id"]) == {}
    assert laptop.snapshots() == {}


def test_a_delete_of_a_session_whose_first_save_was_never_answered(
    laptop: Home, people: People, proxy: Proxy
) -> None:
    """There is no version to name, but something was sent."""
    proxy.behave(behaviours.only("POST", "", behaviours.drop_answer))
    state = laptop.save("scan")
    assert people.document(state["id"])
    proxy.heal()
    laptop.do("delete", "--yes", state["session_id"])
    laptop.settle()

    laptop.do("sync")

    assert people.ask("alex", "GET", f"/{state['id']}").status == 410
    assert laptop.snapshots() == {}


def test_a_delete_of_what_the_hub_never_had(laptop: Home, people: People, proxy: Proxy) -> None:
    proxy.refuse()
    state = laptop.save("scan")
    laptop.do("delete", "--yes", state["session_id"])
    laptop.settle()
    proxy.heal()

    laptop.do("sync")

    assert people.sessions() == []
    assert laptop.snapshots() == {}
    assert laptop.sidecars() == []


def test_a_delete_of_what_somebody_has_saved_since(
    laptop: Home, desktop: Home, people: People, proxy: Proxy
) -> None:
    """It comes back, and the person hears whose work it is."""
    state = laptop.save("scan")
    people.hand_to(desktop, state)
    laptop("sync")
    proxy.refuse()
    laptop.do("delete", "--yes", state["session_id"])
    laptop.settle()
    proxy.heal()
    desktop.save("review")
    people.hub.advance(91)

    answer = laptop("sync")

    assert people.name("alex") in answer.stderr
    assert state["session_id"] in answer.stderr
    assert people.document(state["id"]) == desktop.raw()
    assert [json.loads(raw)["step"] for raw in laptop.snapshots().values()] == ["review"]
    # the pointer is the person's
    assert laptop.load() == {}
    assert laptop.sidecar(state["id"])["intent"] is None


def test_a_delete_is_noted_before_anything_goes(laptop: Home, proxy: Proxy) -> None:
    """Between the first snapshot that goes and the answer nothing brings the session back."""
    state = laptop.save("scan")
    laptop.save("review")
    proxy.behave(behaviours.only("DELETE", "", behaviours.cut_before_request))
    laptop.do("delete", "--yes", state["session_id"])
    laptop.settle()

    assert laptop.sidecar(state["id"])["intent"] == "delete"
    answer = laptop("sync")

    assert answer.code == 8
    assert laptop.snapshots() == {}


@pytest.mark.parametrize("verb", ["clear", "new"])
def test_what_ends_a_session_here_deletes_nothing_there(
    verb: str, laptop: Home, people: People
) -> None:
    state = laptop.save("scan")
    raw = laptop.raw()
    laptop.do(verb)
    laptop.settle()

    laptop.do("sync")

    assert people.document(state["id"]) == raw
    assert laptop.load() == {}


def test_pruning_deletes_nothing_there(laptop: Home, people: People) -> None:
    states = []
    for _ in range(13):
        states.append(laptop.save("scan"))
        laptop.do("new")
    laptop.now += 40 * 86400
    laptop.do("prune")
    laptop.settle()
    here = {
        json.loads(raw)["id"] for raw in [*laptop.snapshots().values(), *laptop.archived().values()]
    }
    assert len(here) == 10

    laptop("sync", "--all")

    assert {each["id"] for each in people.sessions()} == {each["id"] for each in states}


def test_a_save_that_came_twice_is_one(laptop: Home, people: People, proxy: Proxy) -> None:
    """It was sent again because its answer was lost: the hub has one version of it."""
    state = laptop.save("scan")
    proxy.behave(behaviours.only("POST", "", behaviours.drop_answer, times=1))
    laptop.save("review")
    laptop("sync")
    proxy.heal()
    laptop.do("sync")

    assert people.document(state["id"]) == laptop.raw()
    assert people.summary(state["id"])["version"] == 2
    assert sha256(laptop.raw()) not in laptop.sidecar(state["id"])["in_flight"]
