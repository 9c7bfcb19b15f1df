"""What may be between a session here and at the hub: each state reached, seen, and left again."""

from __future__ import annotations

import json
from uuid import uuid4

import pytest
from hub.running import RunningHub
from sync import proxy as behaviours
from sync.conftest import People
from sync.homes import Home, Row, lines, sha256
from sync.proxy import Proxy


def seen(row: Row) -> tuple[str, str]:
    return row["state"], row["why"]


def row_of(home: Home, unique: str) -> Row:
    """What `sync status` says of a session."""
    (row,) = [each for each in home.status()["sessions"] if each["id"] == unique]
    found: Row = row
    return found


def told(home: Home, *words: str, code: int = 0) -> str:
    """What `sync` says to a person."""
    answer = home("sync", *words)
    assert answer.code == code, answer
    return answer.stderr


def test_clean(laptop: Home, people: People) -> None:
    state = laptop.save("scan")
    laptop.save("review")

    assert people.document(state["id"]) == laptop.raw()
    assert seen(row_of(laptop, state["id"])) == ("synced", "clean")
    assert laptop.do("sync") == "everything is synced\n"
    assert people.summary(state["id"])["version"] == 2


def test_local_ahead(laptop: Home, people: People) -> None:
    with laptop.nobody_sends():
        state = laptop.save_only("scan")
        assert seen(row_of(laptop, state["id"])) == ("saved here", "local_ahead")

    assert laptop.do("sync") == f"sent {state['session_id']}\n"

    assert seen(row_of(laptop, state["id"])) == ("synced", "clean")
    assert people.document(state["id"]) == laptop.raw()


def test_converged(laptop: Home, people: People) -> None:
    """The sidecar is lost, and the hub has what stands here."""
    unique = laptop.save("scan")["id"]
    (laptop.sync_folder / f"{unique}.json").unlink()

    row = laptop.sync_one("--all")

    assert seen(row) == ("synced", "converged")
    assert seen(row_of(laptop, unique)) == ("synced", "clean")
    assert people.summary(unique)["version"] == 1
    assert laptop.conflicts() == {}


def test_remote_ahead(laptop: Home, desktop: Home, people: People) -> None:
    unique = people.hand_to(desktop, laptop.save("scan"))
    desktop.save("review")

    assert laptop.do("sync") == f"pulled {laptop.load()['session_id']}\n"

    assert laptop.load()["step"] == "review"
    assert seen(row_of(laptop, unique)) == ("synced", "clean")
    # nothing was lost: the hub knows what stood here
    assert laptop.conflicts() == {}
    # and it is not sent back
    assert laptop.do("sync") == "everything is synced\n"
    assert people.document(unique) == desktop.raw()


def diverge(laptop: Home, desktop: Home, proxy: Proxy, people: People) -> tuple[Row, Row, bytes]:
    """Both go on with one session, the laptop offline: the states of both, and the laptop's bytes.

    The line is healed.
    """
    people.hand_to(desktop, laptop.save("scan"))
    laptop.settle()
    proxy.refuse()
    mine = laptop.save("select", selections={"app_space": "payment-team"})
    raw = laptop.raw()
    proxy.heal()
    theirs = desktop.save("review")
    # nobody is heard of who has it open
    people.hub.advance(91)
    return mine, theirs, raw


def test_diverged(laptop: Home, desktop: Home, proxy: Proxy, people: People) -> None:
    mine, theirs, raw = diverge(laptop, desktop, proxy, people)

    answer = laptop("sync")

    assert answer.code == 6
    assert answer.stdout == f"pulled {mine['session_id']}\n".encode()
    kept = copy_of(laptop, raw)
    assert kept.startswith(mine["session_id"] + ".")
    assert kept.endswith(f".{laptop.device[-8:]}.json")
    (line,) = lines(answer)
    assert line.startswith(f"{mine['session_id']}: needs you: {people.name('alex')} on ")
    assert str(laptop.sessions / "conflicts" / kept) in line
    assert laptop.load()["step"] == "review"
    assert laptop.load()["revision"] > max(mine["revision"], theirs["revision"])
    assert seen(row_of(laptop, mine["id"])) == ("needs you", "diverged")


def copy_of(home: Home, raw: bytes) -> str:
    """The name of the one copy of these bytes that `conflicts` lists."""
    (kept,) = [path for path, found in home.conflicts().items() if found == raw and "/" not in path]
    return kept


def test_diverged_in_json(laptop: Home, desktop: Home, proxy: Proxy, people: People) -> None:
    mine, _, raw = diverge(laptop, desktop, proxy, people)

    row = laptop.sync_one(code=6)

    assert seen(row) == ("needs you", "diverged")
    assert (row["session_id"], row["id"], row["did"]) == (mine["session_id"], mine["id"], "pulled")
    assert row["kept"] == str(laptop.sessions / "conflicts" / copy_of(laptop, raw))


def test_diverged_is_left_by_reading_of_it(
    laptop: Home, desktop: Home, proxy: Proxy, people: People
) -> None:
    mine, _, _ = diverge(laptop, desktop, proxy, people)
    told(laptop, code=6)

    listed = laptop.do("conflicts")

    assert mine["session_id"] in listed
    assert "review" in listed.lower()
    assert "select" in listed.lower()
    assert seen(row_of(laptop, mine["id"])) == ("synced", "clean")
    assert laptop.do("sync") == "everything is synced\n"


def test_diverged_is_left_by_going_on(
    laptop: Home, desktop: Home, proxy: Proxy, people: People
) -> None:
    mine, _, _ = diverge(laptop, desktop, proxy, people)
    told(laptop, code=6)

    laptop.save("connect")

    assert seen(row_of(laptop, mine["id"])) == ("synced", "clean")


def test_a_conflict_is_put_on_top(
    laptop: Home, desktop: Home, proxy: Proxy, people: People
) -> None:
    mine, _, raw = diverge(laptop, desktop, proxy, people)
    told(laptop, code=6)
    kept = copy_of(laptop, raw)

    laptop.do("conflicts", "restore", str(laptop.sessions / "conflicts" / kept))
    laptop.settle()

    assert laptop.load()["step"] == "select"
    assert laptop.load()["selections"] == {"app_space": "payment-team"}
    laptop("sync")
    assert people.document(mine["id"]) == laptop.raw()


def test_a_conflict_becomes_a_session_of_its_own(
    laptop: Home, desktop: Home, proxy: Proxy, people: People
) -> None:
    mine, theirs, raw = diverge(laptop, desktop, proxy, people)
    told(laptop, code=6)
    kept = copy_of(laptop, raw)

    laptop.do("conflicts", "restore", str(laptop.sessions / "conflicts" / kept), "--as-new")
    laptop.settle()

    copy = laptop.load()
    assert copy["step"] == "select"
    assert copy["id"] != mine["id"]
    assert copy["session_id"] != mine["session_id"]
    laptop("sync")
    assert json.loads(people.document(mine["id"]))["step"] == theirs["step"]
    assert json.loads(people.document(copy["id"]))["step"] == "select"


def test_leased(laptop: Home, people: People, hub: RunningHub) -> None:
    unique = laptop.save("scan")["id"]
    device = f'{uuid4()}; name="the-desktop"'
    assert people.ask("alex", "PUT", f"/{unique}/lease", Session_Device=device).status == 200

    laptop.save("review")

    answer = laptop("sync", "--json")
    (row,) = json.loads(answer.stdout)
    assert seen(row) == ("saved here", "leased")
    assert answer.code == 0
    assert "the-desktop" in row["detail"]
    assert "the-desktop" in told(laptop)
    assert seen(row_of(laptop, unique)) == ("saved here", "leased")
    hub.advance(91)
    assert laptop.do("sync") == f"sent {row['session_id']}\n"
    assert people.document(unique) == laptop.raw()


LINES = {
    "refused": None,
    "closed at once": behaviours.cut_before_request,
    "cut in the request": behaviours.cut_in_request,
    "cut in the answer": behaviours.cut_in_head,
    "answer lost": behaviours.drop_answer,
    "answer truncated": behaviours.truncate_answer,
    "a page with 200": behaviours.say(200),
    "a page with 404": behaviours.say(404),
    "a page with 410": behaviours.say(410),
    "a page with 413": behaviours.say(413),
    "a page with 401": behaviours.say(401),
    "a page with 403": behaviours.say(403),
    "502": behaviours.say(502),
    "503": behaviours.say(503, Retry_After="1"),
    "500 in JSON": behaviours.say(500, b'{"detail": "no"}', "application/json"),
    "another host": behaviours.redirect("http://portal.example/sign-in"),
    "JSON that is no problem": behaviours.say(404, b'{"error": "no"}', "application/json"),
    "half a JSON": behaviours.say(200, b'{"id": "', "application/json"),
    "JSON that is a list": behaviours.say(200, b"[]", "application/json"),
    "nothing with 200": behaviours.say(200, b"", "application/json"),
    "nothing with 204": behaviours.say(204, b""),
}


@pytest.mark.parametrize("line", LINES)
def test_unreachable(line: str, laptop: Home, people: People, proxy: Proxy) -> None:
    behaviour = LINES[line]
    state = laptop.save("scan")
    before = laptop.snapshots()
    if behaviour is None:
        proxy.refuse()
    else:
        proxy.behave(behaviour)

    laptop.save("review")

    answer = laptop("sync")
    assert answer.code == 8, answer
    assert "Traceback" not in answer.stderr
    # one line, in which stands where the hub was looked for
    assert len(lines(answer)) == 1, answer.stderr
    assert proxy.url in answer.stderr
    assert "<html" not in answer.stderr
    assert seen(row_of(laptop, state["id"])) == ("offline", "unreachable")
    assert laptop.load()["step"] == "review"
    assert before.items() <= laptop.snapshots().items()
    proxy.heal()
    laptop.do("sync")
    assert seen(row_of(laptop, state["id"])) == ("synced", "clean")
    assert people.document(state["id"]) == laptop.raw()
    assert laptop.conflicts() == {}


def test_another_host_is_named_and_hears_nothing(
    laptop: Home, proxy: Proxy, hub: RunningHub
) -> None:
    other = Proxy(hub.port).start()
    laptop.save("scan")
    proxy.behave(behaviours.redirect(other.url + "/api/v1/me"))

    answer = laptop("sync", "--all")

    assert answer.code == 8
    assert f"127.0.0.1:{other.port}" in answer.stderr
    assert other.connections == 0
    other.stop()


def test_limited(laptop: Home, people: People, proxy: Proxy) -> None:
    state = laptop.save("scan")
    problem = {
        "type": "/problems/rate-limited",
        "title": "Too many requests",
        "status": 429,
        "detail": "Ask again in 7 s.",
    }
    limited = behaviours.say(
        429, json.dumps(problem).encode(), "application/problem+json", Retry_After="7"
    )
    proxy.behave(limited)
    laptop.save("review")

    answer = laptop("sync")

    assert answer.code == 8
    assert "Ask again in 7 s" in answer.stderr
    assert seen(row_of(laptop, state["id"])) == ("saved here", "limited")
    proxy.heal()
    laptop.do("sync")
    assert people.document(state["id"]) == laptop.raw()


def test_signed_out(laptop: Home, people: People, hub: RunningHub) -> None:
    state = laptop.save("scan")
    people.end_token(laptop.token)

    laptop.save("review")

    answer = laptop("sync")
    assert answer.code == 4
    assert f"session-cli login {laptop.url}" in answer.stderr
    assert len(lines(answer)) == 1
    assert seen(row_of(laptop, state["id"])) == ("sign in", "signed_out")
    # a line that can be typed
    assert f"session-cli login {laptop.url}" in laptop.do("sync", "status")
    laptop.token = people.token_more("alex")
    laptop.login()
    laptop.do("sync")
    assert seen(row_of(laptop, state["id"])) == ("synced", "clean")
    assert people.document(state["id"]) == laptop.raw()


def test_remote_deleted(laptop: Home, desktop: Home, people: People) -> None:
    """What was deleted elsewhere is archived here, if all of it had been at the hub."""
    unique = laptop.save("scan")["id"]
    people.hand_to(desktop, laptop.load())
    raw = laptop.raw()
    desktop.do("delete", "--yes", desktop.load()["session_id"])
    desktop.settle()

    answer = laptop("sync", "--json")

    (row,) = json.loads(answer.stdout)
    assert seen(row) == ("needs you", "remote_deleted")
    assert answer.code == 6
    assert people.name("alex") in row["detail"]
    assert laptop.load() == {}
    assert raw in laptop.archived().values()
    # and it never comes back by itself
    laptop("sync", "--all")
    assert people.document(unique) == b""
    assert laptop.load() == {}


def test_remote_deleted_below_what_was_done_here(
    laptop: Home, desktop: Home, people: People, proxy: Proxy
) -> None:
    unique = laptop.save("scan")["id"]
    people.hand_to(desktop, laptop.load())
    proxy.refuse()
    laptop.save("review")
    raw = laptop.raw()
    proxy.heal()
    desktop.do("delete", "--yes", desktop.load()["session_id"])
    desktop.settle()
    laptop.save("select")
    newest = laptop.raw()
    # the child of the save does not touch it, whatever the hub says
    assert laptop.load()["step"] == "select"

    answer = laptop("sync")

    assert answer.code == 6
    assert newest in laptop.conflicts().values()
    assert laptop.load() == {}
    assert {sha256(raw), sha256(newest)} <= laptop.everything()
    assert people.document(unique) == b""


def test_local_deleted(laptop: Home, people: People, proxy: Proxy) -> None:
    state = laptop.save("scan")
    proxy.refuse()
    laptop.do("delete", "--yes", state["session_id"])
    laptop.settle()
    assert laptop.sidecar(state["id"])["intent"] == "delete"
    assert people.document(state["id"])

    proxy.heal()
    laptop.do("sync")

    assert people.ask("alex", "GET", f"/{state['id']}").status == 410
    assert laptop.sidecar(state["id"]) == {}
    assert laptop.do("sync") == "everything is synced\n"


def test_local_absent(laptop: Home, people: People) -> None:
    """What was pruned here is not deleted there, nor does it come back by itself."""
    state = laptop.save("scan")
    laptop.do("clear")
    for path in laptop.sessions.glob("import-2*.json"):
        path.unlink()

    assert laptop.do("sync", "--all") == "everything is synced\n"

    assert laptop.snapshots() == {}
    assert people.document(state["id"])
    laptop.do("resume", state["session_id"])
    assert laptop.load()["id"] == state["id"]


def test_detached(laptop: Home, sam: Home, people: People) -> None:
    """It was shared, and is no more: what stands here stays, and nothing is sent."""
    state = laptop.save("scan")
    laptop.do("share", "--yes", "--team", people.team, "--allow-resume")
    sam.do("resume", state["id"])
    sam.settle()
    laptop.do("share", "--yes", "--personal")
    sam.save("review")

    answer = sam("sync", "--json")

    (row,) = json.loads(answer.stdout)
    assert seen(row) == ("needs you", "detached")
    assert answer.code == 6
    assert sam.load()["step"] == "review"
    assert json.loads(people.document(state["id"]))["step"] == "scan"
    laptop.do("share", "--yes", "--team", people.team, "--allow-resume")
    sam.do("sync", state["session_id"])
    assert json.loads(people.document(state["id"]))["step"] == "review"


def test_handed_over(laptop: Home, sam: Home, people: People) -> None:
    state = laptop.save("scan")
    laptop.do("handoff", "--yes", "--to", people.name("sam"), "--note", "verify is left")
    sam.do("accept", state["id"])
    assert sam.snapshots() != {}

    laptop.save("review")

    answer = laptop("sync", "--json")
    (row,) = json.loads(answer.stdout)
    assert seen(row) == ("needs you", "handed_over")
    assert people.name("sam") in row["detail"]
    assert laptop.load()["step"] == "review"
    assert json.loads(people.document(state["id"], "sam"))["step"] == "scan"
    # given back, it goes on here
    sam.do("resume", state["id"])
    sam.settle()
    sam.do("handoff", "--yes", "--to", people.name("alex"))
    laptop.do("accept", state["id"])
    laptop("sync")
    assert {sha256(people.document(state["id"]))} <= laptop.everything() | sam.everything()


def test_other_account(laptop: Home, people: People, proxy: Proxy) -> None:
    state = laptop.save("scan")
    proxy.refuse()
    laptop.save("review")
    proxy.heal()
    laptop.login(token=people.token("sam"))
    proxy.forget()
    laptop.save("select")

    answer = laptop("sync", "--json")

    rows = {row["id"]: row for row in json.loads(answer.stdout)}
    assert seen(rows[state["id"]]) == ("needs you", "other_account")
    assert answer.code == 6
    assert proxy.asked("POST", "/sessions/import") == []
    assert people.sessions("sam") == []
    assert laptop.load()["step"] == "select"
    laptop.login()
    laptop.do("sync")
    assert people.document(state["id"]) == laptop.raw()


def test_refused(laptop: Home, people: People, proxy: Proxy) -> None:
    """It is too large for the hub: said once, and not tried again until it has changed."""
    state = laptop.save("scan")
    laptop.save("review", note=["x" * 1000] * 1200)

    answer = laptop("sync", "--json")

    (row,) = json.loads(answer.stdout)
    assert seen(row) == ("needs you", "refused")
    assert "1 MiB" in row["detail"] or "1048576" in row["detail"] or "large" in row["detail"]
    assert answer.code == 6
    proxy.forget()
    assert seen(laptop.sync_one(code=6)) == ("needs you", "refused")
    assert proxy.asked("POST", "/sessions/import") == []
    laptop.save("review", note=None)
    laptop.do("sync")
    assert seen(row_of(laptop, state["id"])) == ("synced", "clean")
    assert people.document(state["id"]) == laptop.raw()


def test_lease_lost(laptop: Home, people: People) -> None:
    """What was saved under a lease that is lost stays here, until the person takes it again."""
    unique = laptop.save("scan")["id"]
    lease = people.ask("alex", "PUT", f"/{unique}/lease", Session_Device=laptop.device).json()
    note_lease(laptop, unique, {"token": lease["token"], "fence": lease["fence"]})
    body, device = {"take_over": True}, f'{uuid4()}; name="the-desktop"'
    assert people.ask("alex", "PUT", f"/{unique}/lease", body, Session_Device=device).status == 200

    laptop.save("review")

    answer = laptop("sync", "--json")
    (row,) = json.loads(answer.stdout)
    assert seen(row) == ("needs you", "lease_lost")
    assert "the-desktop" in row["detail"]
    assert laptop.load()["step"] == "review"
    assert json.loads(people.document(unique))["step"] == "scan"
    people.hub.advance(91)
    laptop.do("resume", row["session_id"])
    laptop.settle()
    laptop.do("sync")
    assert people.document(unique) == laptop.raw()


def note_lease(home: Home, unique: str, lease: Row) -> None:
    """As the program does that has the session open."""
    path = home.sync_folder / f"{unique}.json"
    path.write_text(json.dumps({**home.sidecar(unique), "lease": lease}))


def test_what_was_deleted_elsewhere_and_resumed_here_stays(
    laptop: Home, desktop: Home, people: People
) -> None:
    """It is archived once; who brings it back has it, and it goes to the hub as another session."""
    state = laptop.save("scan")
    people.hand_to(desktop, state)
    laptop("sync")
    desktop.do("delete", "--yes", state["session_id"])
    desktop.settle()
    assert laptop("sync").code == 6
    laptop.do("resume", state["session_id"])
    laptop.save("review")

    answer = laptop("sync")

    assert laptop.load()["step"] == "review"
    assert f"session-cli sync {state['session_id']}" in answer.stderr
    assert people.document(state["id"]) == b""
    laptop.do("sync", state["session_id"])
    assert laptop.load()["step"] == "review"
    (there,) = people.sessions()
    assert there["id"] == laptop.load()["id"]
    assert there["id"] != state["id"]
