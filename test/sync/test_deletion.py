"""A session is deleted at the hub only when it was deleted here."""

from __future__ import annotations

from sync.conftest import People
from sync.homes import Home


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
