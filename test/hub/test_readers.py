"""Who reads while others save."""

from __future__ import annotations

import getpass
import hashlib
import threading
from typing import Any

import pytest
from hub.running import SESSIONS, RunningHub, state

ROUNDS = 150
READERS = 3
ID = "0190a0a0-0000-7000-8000-0000000000aa"
OLD_BASE = '"1-0123456789abcdef"'


def saved(revision: int) -> bytes:
    return state("scan", id=ID, revision=revision)


def read(hub: RunningHub, token: str) -> dict[str, Any]:
    answer = hub.ask("GET", f"{SESSIONS}/{ID}", token=token)
    assert answer.status in (200, 429), answer.body
    found: dict[str, Any] = answer.json()
    return found


def save_on_an_old_base(hub: RunningHub, token: str) -> dict[str, Any]:
    answer = hub.save(saved(-1), token, If_Match=OLD_BASE)
    assert answer.status in (412, 429), answer.body
    found: dict[str, Any] = answer.json().get("current", {})
    return found


@pytest.mark.parametrize("look", [read, save_on_an_old_base])
def test_h1_a_document_is_that_of_the_etag_beside_it(own_hub: RunningHub, look: Any) -> None:
    hub = own_hub.start()
    tokens = [
        hub.admin("token", "add", getpass.getuser(), "--org", "home")["token"]
        for _ in range(READERS)
    ]
    etag = hub.save(saved(0)).headers["etag"]
    done = threading.Event()
    seen: list[dict[str, Any]] = []
    failed: list[BaseException] = []

    def watch(token: str) -> None:
        try:
            while not done.is_set():
                seen.append(look(hub, token))
        except BaseException as error:
            failed.append(error)

    watchers = [threading.Thread(target=watch, args=(token,)) for token in tokens]
    for each in watchers:
        each.start()
    for revision in range(1, ROUNDS):
        etag = hub.save(saved(revision), If_Match=etag).headers["etag"]
    done.set()
    for each in watchers:
        each.join()

    with_document = [found for found in seen if "document" in found]
    torn = [
        found["version"]
        for found in with_document
        if hashlib.sha256(found["document"].encode()).hexdigest() != found["sha256"]
    ]
    assert (failed, torn) == ([], [])
    assert len({found["version"] for found in with_document}) > 1
