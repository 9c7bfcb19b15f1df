"""What stands in `.sync/` may be damaged, or something else stand there: nothing is lost by it."""

from __future__ import annotations

import json

import pytest
from sync.conftest import People
from sync.homes import Home

MEMBERS = "session_id bases content in_flight owner pin answer intent synced_at lease conflicts"
DAMAGED = {
    "empty": b"",
    "torn": b'{"bases": [{"etag": "\\"1-',
    "a list": b"[]",
    "numbers": json.dumps(dict.fromkeys(MEMBERS.split(), 7)).encode(),
    "objects": json.dumps({each: {"id": [], "state": {}} for each in MEMBERS.split()}).encode(),
    "lists": json.dumps({each: [{}, 7, "x", None] for each in MEMBERS.split()}).encode(),
}


@pytest.mark.parametrize("raw", DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_sidecar_is_as_none(raw: bytes, laptop: Home, people: People) -> None:
    state = laptop.save("scan")
    (laptop.sync_folder / f"{state['id']}.json").write_bytes(raw)

    laptop.do("sync", "status")
    laptop.save("review", selections={"app_space": "payment-team"})

    assert people.document(state["id"]) == laptop.raw()
    assert laptop.conflicts() == {}


@pytest.mark.parametrize("name", ["account.json", "contact.json", "device.json"])
def test_a_damaged_record_is_as_none(name: str, laptop: Home, people: People) -> None:
    state = laptop.save("scan")
    for raw in DAMAGED.values():
        (laptop.sync_folder / name).write_bytes(raw)

        laptop.do("sync", "status")
        laptop.do("sync", "--all")

    assert people.document(state["id"]) == laptop.raw()
    assert laptop.conflicts() == {}


@pytest.mark.parametrize("name", [".lock", "push.lock", "sidecar"])
def test_what_is_in_the_way_is_named_and_a_save_does_without(name: str, laptop: Home) -> None:
    state = laptop.save("scan")
    path = laptop.sync_folder / name.replace("sidecar", f"{state['id']}.json")
    path.unlink()
    path.mkdir()

    assert laptop.save("review")["step"] == "review"
    answer = laptop("sync")

    assert answer.code == 7
    assert str(path) in answer.stderr
    assert str(path) in laptop.do("doctor", code=1)


def test_a_link_in_the_place_of_the_folder_is_not_followed(laptop: Home, people: People) -> None:
    state = laptop.save("scan")
    elsewhere = laptop.folder / "elsewhere"
    laptop.sync_folder.rename(elsewhere)
    laptop.sync_folder.symlink_to(elsewhere)
    before = {path.name: path.read_bytes() for path in elsewhere.iterdir()}

    laptop.save("review")

    assert {path.name: path.read_bytes() for path in elsewhere.iterdir()} == before
    assert people.document(state["id"]) != laptop.raw()
    assert str(laptop.sync_folder) in laptop.do("doctor", code=1)
