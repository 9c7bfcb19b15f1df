"""A session is deleted at the hub only when it was deleted here."""

from __future__ import annotations

import json

from sync.conftest import People
from sync.homes import Home
from sync.proxy import Proxy


def test_a_deletion_that_failed_deletes_nothing_at_the_hub(laptop: Home, people: People) -> None:
    state = laptop.save("scan")
    # the note that a removal begins with cannot be written
    note = laptop.sessions / ".new-import-leaving"
    (note / "in the way").mkdir(parents=True)
    assert laptop("delete", "--yes").code == 7
    (note / "in the way").rmdir()
    note.rmdir()

    laptop.save("review", selections={"app_space": "payment-team"})
    laptop.do("sync")

    assert laptop.load()["step"] == "review"
    assert people.document(state["id"]) == laptop.raw()


def test_a_deletion_that_cannot_be_noted_is_refused(laptop: Home, people: People) -> None:
    state = laptop.save("scan")
    path = laptop.sync_folder / f"{state['id']}.json"
    before = path.read_bytes()
    (laptop.sync_folder / ".lock").unlink()
    (laptop.sync_folder / ".lock").mkdir()

    answer = laptop("delete", "--yes")

    assert answer.code == 7
    assert laptop.load() == state
    assert path.read_bytes() == before
    assert people.document(state["id"]) == laptop.raw()


def test_who_resumes_what_they_have_deleted_means_it(
    laptop: Home, people: People, proxy: Proxy
) -> None:
    state = laptop.save("review")
    proxy.refuse()
    laptop.do("delete", "--yes")
    laptop.settle()
    proxy.heal()

    laptop.do("resume", state["session_id"])
    laptop.save("select")
    laptop.do("sync")

    assert laptop.load()["step"] == "select"
    assert people.document(state["id"]) == laptop.raw()


def test_what_was_deleted_at_the_hub_is_archived_once(laptop: Home, people: People) -> None:
    state = laptop.save("review")
    name = state["session_id"]
    assert people.ask("alex", "DELETE", f"/{state['id']}").status == 204
    assert laptop.sync_one(code=6)["did"] == "archived"

    laptop.do("resume", name)
    laptop.save("select")
    row = laptop.sync_one(code=6)

    assert (row["state"], row["did"]) == ("needs you", None)
    assert f"sync {name}" in row["detail"]
    assert laptop.load()["step"] == "select"
    assert people.document(state["id"]) == b""

    # asked for by its name, it is another session there
    assert laptop.sync_one(name)["did"] == "sent"
    again = laptop.load()
    assert (again["session_id"], again["id"] != state["id"]) == (name, True)
    assert people.document(again["id"]) == laptop.raw()
    assert laptop.sync_one()["state"] == "synced"


def test_numbers_of_other_people_do_not_end_a_verb(laptop: Home, people: People) -> None:
    laptop.save("review", selections={"share": 2.5, "count": 10**30})
    assert people.ask("alex", "GET", "").status == 200
    listed = json.loads(laptop.do("list", "--hub", "--json"))

    laptop.do("resume")
    with_lease = json.loads(laptop.do("list", "--hub", "--json"))

    assert [each["lease"] for each in listed] == [None]
    assert with_lease[0]["lease"]["expires_in"] > 0


def test_what_another_device_has_open_is_neither_deleted_nor_resumed_unless_taken_over(
    laptop: Home, people: People
) -> None:
    state = laptop.save("review")
    device = '0b2f0a9e-8f3e-4c55-9d43-0c3c8f2c6a11; name="another"'
    lease = people.ask("alex", "PUT", f"/{state['id']}/lease", {}, Session_Device=device)
    assert lease.status == 200

    deleted, resumed = laptop("delete", "--yes"), laptop("resume")

    assert (deleted.code, resumed.code) == (5, 5)
    assert "another has" in deleted.stderr
    assert "--take-over" in resumed.stderr
    assert laptop.load() == state
    laptop.do("resume", state["session_id"], "--take-over")
    laptop.settle()
    # a script holds it for no longer than that
    assert people.summary(state["id"])["lease"] is None
    assert people.document(state["id"]) == laptop.raw()


def test_signing_out_names_what_was_not_sent(laptop: Home, proxy: Proxy) -> None:
    proxy.refuse()
    laptop.save("review")

    answer = laptop("logout")

    assert "1 session had changes that were not sent" in answer.stderr
    assert laptop.load()["step"] == "review"
