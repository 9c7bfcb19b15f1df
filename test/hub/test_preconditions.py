"""H1 to H4: what a save may replace, what comes again, and in which order it is checked."""

from __future__ import annotations

import hashlib
import http.client
import itertools
import json
import shutil
import threading
import time
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import pytest
from hub.running import SESSIONS, Response, RunningHub, state

LAPTOP, DESKTOP = str(uuid4()), str(uuid4())
_seconds = itertools.count()


def new_state(step: str = "scan", **members: Any) -> bytes:
    """A state of a session that nobody has saved yet."""
    second = next(_seconds)
    created = f"2026-03-01T{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}Z"
    return state(step, **{"created_at": created, **members})


@dataclass
class Saved:
    """A session of the first user: its saves by step."""

    hub: RunningHub
    unique: str = field(default_factory=lambda: str(uuid4()))
    etags: list[str] = field(default_factory=list)

    def document(self, step: str) -> bytes:
        return state(step, id=self.unique, session_id="import-2026-03-02-000000")

    def save(self, step: str, device: str | None = LAPTOP, **headers: str) -> Response:
        """Saves with what is asked for; the ETag is noted when it becomes a version."""
        if device is not None:
            headers["Session_Device"] = device
        answer = self.hub.save(self.document(step), **headers)
        if answer.status in (200, 201):
            self.etags.append(answer.headers["etag"])
        return answer

    def follow(self, *steps: str, device: str | None = LAPTOP) -> Saved:
        """Saves each on top of the one before."""
        for step in steps:
            headers = {"If_Match": self.etags[-1]} if self.etags else {}
            assert self.save(step, device, **headers).status in (200, 201)
        return self

    def current(self) -> Any:
        return self.hub.ask("GET", f"{SESSIONS}/{self.unique}").json()


@pytest.fixture
def saved(hub: RunningHub) -> Saved:
    """At version 2: scan, then review."""
    return Saved(hub).follow("scan", "review")


def test_h1_an_etag_holds_the_version_and_the_documents_digest(saved: Saved) -> None:
    sha256 = hashlib.sha256(saved.document("review")).hexdigest()
    assert saved.etags[-1] == f'"2-{sha256[:16]}"' == saved.current()["etag"]


# what is sent on top of version 2, from another device; what is answered; the step that then stands
TABLE = [
    ("nothing", {}, 428, "review"),
    ("the current one", {"If_Match": "{2}"}, 200, "select"),
    ("a stale one", {"If_Match": "{1}"}, 412, "review"),
    ("one that never was", {"If_Match": '"2-0123456789abcdef"'}, 412, "review"),
    ("a bare number", {"If_Match": '"2"'}, 412, "review"),
    ("without quotes", {"If_Match": "2"}, 400, "review"),
    ("two of them", {"If_Match": "{1}, {2}"}, 400, "review"),
    ("a weak one", {"If_Match": "W/{2}"}, 400, "review"),
    ("*", {"If_Match": "*"}, 200, "select"),
    ("none of *", {"If_None_Match": "*"}, 412, "review"),
    ("none of an ETag", {"If_None_Match": "{2}"}, 400, "review"),
    ("both", {"If_Match": "{2}", "If_None_Match": "*"}, 400, "review"),
]


@pytest.mark.parametrize(("name", "sent", "status", "step"), TABLE, ids=[row[0] for row in TABLE])
def test_h2_of_an_update(
    saved: Saved, name: str, sent: dict[str, str], status: int, step: str
) -> None:
    etags = {f"{{{number}}}": etag for number, etag in enumerate(saved.etags, 1)}
    headers = dict(sent)
    for place, etag in etags.items():
        headers = {key: value.replace(place, etag) for key, value in headers.items()}
    answer = saved.save("select", DESKTOP, **headers)
    assert answer.status == status, name
    current = saved.current()
    assert current["step"] == step
    assert current["version"] == (3 if status == 200 else 2)
    if status == 428:
        assert answer.headers["etag"] == saved.etags[-1]
        assert "If-Match" in answer.json()["detail"]
    if status == 412:
        there = answer.json()["current"]
        assert answer.headers["etag"] == there["etag"] == saved.etags[-1]
        assert there["document"].encode() == saved.document("review")
        assert current["document"] == there["document"]


CREATIONS = [
    ({}, 201),
    ({"If_None_Match": "*"}, 201),
    ({"If_Match": '"1-0123456789abcdef"'}, 404),
    ({"If_Match": "*"}, 404),
    ({"If_Match": "*", "If_None_Match": "*"}, 400),
    ({"If_None_Match": '"1-0123456789abcdef"'}, 400),
]


@pytest.mark.parametrize(("headers", "status"), CREATIONS)
@pytest.mark.parametrize("has_id", [True, False])
def test_h2_of_a_creation(
    hub: RunningHub, headers: dict[str, str], status: int, has_id: bool
) -> None:
    unique = str(uuid4())
    document = new_state(id=unique) if has_id else new_state()
    answer = hub.save(document, **headers)
    assert answer.status == status
    if status == 201:
        summary = answer.json()
        assert answer.headers["location"] == f"{SESSIONS}/{summary['id']}"
        assert (summary["version"], summary["etag"]) == (1, answer.headers["etag"])
        assert not has_id or summary["id"] == unique
    elif has_id:
        assert hub.ask("GET", f"{SESSIONS}/{unique}").status == 404


def test_h2_an_overwrite_is_audited_and_what_it_replaced_is_kept(saved: Saved) -> None:
    assert saved.save("select", DESKTOP, If_Match="*").status == 200
    kept = saved.hub.ask("GET", f"{SESSIONS}/{saved.unique}/versions").json()["items"]
    assert [(each["version"], each["reason"]) for each in kept] == [(2, "overwritten")]
    old = saved.hub.ask("GET", f"{SESSIONS}/{saved.unique}/versions/2")
    assert old.body == saved.document("review")


def test_h2_a_deletion_obeys_if_match(saved: Saved) -> None:
    path = f"{SESSIONS}/{saved.unique}"
    stale = saved.hub.ask("DELETE", path, If_Match=saved.etags[0])
    assert stale.status == 412
    assert stale.json()["current"]["document"].encode() == saved.document("review")
    assert saved.hub.ask("DELETE", path, If_Match=saved.etags[1]).status == 204
    assert saved.hub.ask("DELETE", path, If_Match=saved.etags[1]).status == 204
    gone = saved.hub.ask("GET", path)
    assert (gone.status, gone.json()["type"]) == (410, "/problems/gone")
    assert gone.json()["deleted_by"]


# ---- H3: what comes again


def test_h3_the_same_bytes_of_the_same_device_are_saved_once(saved: Saved) -> None:
    """Its answer was lost: the client sends it again, with the base that it had then."""
    again = saved.save("review", If_Match=saved.etags[0])
    assert (again.status, again.json()["version"]) == (200, 2)
    assert "superseded_by" not in again.json()


def test_h3_a_lost_creation_may_come_again(hub: RunningHub) -> None:
    saved = Saved(hub).follow("scan")
    again = saved.save("scan", If_None_Match="*")
    assert (again.status, again.json()["version"]) == (200, 1)


def test_h3_a_replay_that_was_superseded_says_by_what(saved: Saved) -> None:
    saved.follow("select", "create", device=DESKTOP)
    again = saved.save("review", If_Match=saved.etags[0])
    assert again.status == 200
    assert (again.json()["replayed"], again.json()["superseded_by"]) == (2, 4)
    assert again.headers["etag"] == saved.etags[3]
    assert saved.current()["step"] == "create"


def test_h3_another_devices_bytes_are_no_replay(saved: Saved) -> None:
    saved.follow("select")
    assert saved.save("review", DESKTOP, If_Match=saved.etags[0]).status == 412
    assert saved.save("review", None, If_Match=saved.etags[0]).status == 412


def test_h3_the_current_bytes_need_no_precondition(saved: Saved) -> None:
    """Also of curl, which names no device; it makes no new version."""
    for device in (None, DESKTOP, LAPTOP):
        answer = saved.save("review", device)
        assert (answer.status, answer.json()["version"]) == (200, 2)


def test_h3_the_last_sixteen_are_known_and_each_devices_newest(hub: RunningHub) -> None:
    saved = Saved(hub).follow("scan").follow("review", device=DESKTOP)
    saved.follow(*(f"step-{number}" for number in range(20)))
    desktops = saved.save("review", DESKTOP, If_Match=saved.etags[0])
    assert desktops.json()["replayed"] == 2, "the newest of the desktop is always known"
    known = saved.save("step-4", If_Match=saved.etags[0])
    assert known.json()["replayed"] == 7, "the 16th from the end"
    assert saved.save("step-3", If_Match=saved.etags[0]).status == 412, "the 17th"


def test_h3_a_base_is_known_or_not(saved: Saved) -> None:
    def is_known(base: str) -> bool:
        answer = saved.hub.ask("GET", f"{SESSIONS}/{saved.unique}?base={base.replace(chr(34), '')}")
        return bool(answer.json()["base_known"])

    first, second = saved.etags
    assert is_known(first)
    assert is_known(second)
    assert not is_known(first.replace('"1-', '"2-'))
    assert not is_known('"3-0123456789abcdef"')


# ---- the store was put back


def test_h1_an_old_base_fits_nothing_after_the_store_was_rolled_back(own_hub: RunningHub) -> None:
    """Another device saves on top: the same number, another document."""
    own_hub.start()
    saved = Saved(own_hub).follow("scan", "review")
    own_hub.stop()
    copy = own_hub.folder.parent / "copy"
    shutil.copytree(own_hub.folder, copy)
    own_hub.start()
    saved.follow("select")
    lost = saved.etags.pop()
    own_hub.stop()
    shutil.rmtree(own_hub.folder)
    copy.rename(own_hub.folder)
    own_hub.start()
    saved.follow("create", device=DESKTOP)
    assert saved.etags[-1].startswith('"3-')
    assert lost.startswith('"3-')
    refused = saved.save("verify", If_Match=lost)
    assert refused.status == 412
    assert refused.json()["current"]["step"] == "create"
    answer = own_hub.ask("GET", f"{SESSIONS}/{saved.unique}?base={lost.strip(chr(34))}")
    assert answer.json()["base_known"] is False


# ---- two writers


SAVES = 1000


class Writer(threading.Thread):
    """Saves 1,000 times over one connection; where the other was faster, on top of that."""

    def __init__(self, hub: RunningHub, unique: str, device: str, tokens: list[str]) -> None:
        super().__init__()
        self.hub, self.unique, self.device = hub, unique, device
        self.tokens = itertools.cycle(tokens)
        self.versions: list[tuple[int, int]] = []
        self.refused = 0

    def run(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.hub.port, timeout=60)
        etag = '"0-0000000000000000"'
        for number in range(SAVES):
            body = state("scan", id=self.unique, by=self.device, number=number)
            while True:
                # a token may ask 200 times at once, and who is refused too often has to wait
                headers = {
                    "Authorization": f"Bearer {next(self.tokens)}",
                    "If-Match": etag,
                    "Session-Device": self.device,
                }
                connection.request("POST", SESSIONS, body, headers)
                response = connection.getresponse()
                answer = json.loads(response.read())
                etag = response.headers.get("ETag", etag)
                if response.status == 200:
                    self.versions.append((answer["version"], number))
                    break
                if response.status == 429:
                    time.sleep(float(response.headers["Retry-After"]))
                    continue
                assert response.status in (412, 503), answer
                self.refused += 1
        connection.close()


@pytest.fixture
def tokens(hub: RunningHub) -> list[list[str]]:
    """Of two people, many each: every token has a bucket of its own."""
    hub.admin("team", "add", "payments", "--org", "home")
    people = [hub.save(new_state()).json()["owner"]["name"], "sam"]
    hub.admin("user", "add", "sam", "--org", "home")
    for name in people:
        hub.admin("team", "join", "payments", name, "--org", "home")
    # so that it is known who is in the team
    hub.advance(60)
    return [
        [str(hub.admin("token", "add", name, "--org", "home")["token"]) for _ in range(12)]
        for name in people
    ]


def test_two_writers_lose_no_save_and_leave_no_gap(
    hub: RunningHub, tokens: list[list[str]]
) -> None:
    saved = Saved(hub)
    saved.save("scan", None)
    share = {"scope": "team", "team": "payments", "allow_resume": True}
    assert hub.ask("PUT", f"{SESSIONS}/{saved.unique}/share", share).status == 200
    writers = [
        Writer(hub, saved.unique, device, mine)
        for device, mine in zip((LAPTOP, DESKTOP), tokens, strict=True)
    ]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    versions = sorted(version for writer in writers for version, _ in writer.versions)
    assert versions == list(range(2, 2 * SAVES + 2))
    assert any(writer.refused for writer in writers), "they never met: this shows nothing"
    last = max(
        (version, writer.device, number)
        for writer in writers
        for version, number in writer.versions
    )
    document = json.loads(saved.current()["document"])
    assert (saved.current()["version"], document["by"], document["number"]) == last


# ---- H4: the order of checks


def test_h4_the_token_comes_before_the_size(hub: RunningHub) -> None:
    assert hub.save(b"x" * (1024 * 1024 + 1), token="chs_wrong").status == 401
    assert hub.save(b"x" * (1024 * 1024 + 1)).status == 413


def test_h4_whether_it_can_be_read_comes_before_what_it_is_about(saved: Saved) -> None:
    broken = saved.document("select").replace(b'"import"', b'"map"')
    assert saved.hub.save(broken, If_Match='"9-0123456789abcdef"').status == 422


def test_h4_a_tombstone_comes_before_all_that_a_session_could_answer(saved: Saved) -> None:
    saved.hub.ask("DELETE", f"{SESSIONS}/{saved.unique}")
    for headers in ({}, {"If_Match": saved.etags[1]}, {"If_None_Match": "*"}):
        assert saved.save("review", **headers).status == 410


def test_h4_a_replay_comes_before_the_lease_and_the_lease_before_the_precondition(
    saved: Saved,
) -> None:
    hub = saved.hub
    saved.follow("select")
    taken = hub.ask("PUT", f"{SESSIONS}/{saved.unique}/lease", {}, Session_Device=DESKTOP)
    assert taken.status == 200
    replayed = saved.save("review", If_Match=saved.etags[0])
    assert (replayed.status, replayed.json()["replayed"]) == (200, 2)
    assert saved.save("select").status == 200, "the current bytes, too"
    for headers in ({}, {"If_Match": saved.etags[0]}, {"If_Match": saved.etags[2]}):
        assert saved.save("create", **headers).status == 423
