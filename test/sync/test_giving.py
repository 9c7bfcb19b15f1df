"""Sharing a session, and handing it over: who sees what is said before it is done."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from guard import SCRIPTS
from processes import Answer, runner
from sync.conftest import People
from sync.homes import Home
from sync.proxy import Proxy

Verb = tuple[str, ...]
CONTENT = "its cluster, namespaces, workloads and log"


def shared(people: People, unique: str) -> tuple[object, ...]:
    """How a session stands at the hub: scope, team, and whether the team may resume it."""
    summary = people.summary(unique)
    return summary["scope"], summary["team"], summary["allow_resume"]


def offered_to(people: People, unique: str) -> object:
    """Whom it is offered to; None for nobody."""
    return (people.summary(unique)["handoff"] or {}).get("to")


def run(home: Home, *words: str) -> Answer:
    """A verb that succeeds."""
    answer = home(*words)
    assert answer.code == 0, answer
    return answer


def answered(home: Home, stdin: bytes, *words: str) -> Answer:
    """A verb that asks, in a process of its own."""
    home.now += 1
    return runner(str(SCRIPTS / "session-cli"))(*words, stdin=stdin, env=home.environment())


# who sees it


def test_a_team_sees_a_session_once_it_is_shared(laptop: Home, people: People) -> None:
    state = laptop.save("review")
    people.token("sam")
    assert people.ask("sam", "GET", f"/{state['id']}").status == 404

    answer = run(laptop, "share", "--team", people.team, "--yes")

    team = people.team
    assert answer.stderr == (
        f"session-cli: members of team {team} will see this session: {CONTENT}; they may not resume"
        " it\n"
    )
    assert answer.stdout.decode() == (
        f"shared {state['session_id']}: members of team {team} see it\n"
    )
    assert shared(people, state["id"]) == ("team", team, False)
    assert people.ask("sam", "GET", f"/{state['id']}").status == 200


def test_a_team_may_be_allowed_to_resume(laptop: Home, people: People) -> None:
    state = laptop.save("review")

    answer = run(laptop, "share", "--team", people.team, "--allow-resume", "--yes")

    assert "they may resume it, too" in answer.stderr
    assert shared(people, state["id"]) == ("team", people.team, True)


def test_the_administrators_see_a_session_of_the_organization(laptop: Home, people: People) -> None:
    state = laptop.save("review")

    answer = run(laptop, "share", "--org", "--yes")

    assert "the administrators of your organization will see this session" in answer.stderr
    assert CONTENT in answer.stderr
    assert shared(people, state["id"])[0] == "org"


def test_a_session_is_taken_back_without_a_question(laptop: Home, people: People) -> None:
    state = laptop.save("review")
    run(laptop, "share", "--team", people.team, "--yes")

    answer = run(laptop, "share", "--personal")

    assert answer.stdout.decode() == f"{state['session_id']} is personal: only you see it\n"
    assert shared(people, state["id"])[0] == "personal"
    assert people.ask("sam", "GET", f"/{state['id']}").status == 404


def test_another_session_than_the_latest_is_shared_by_its_id(laptop: Home, people: People) -> None:
    first = laptop.save("review")
    laptop.do("clear")
    second = laptop.save("scan")

    run(laptop, "share", first["session_id"], "--org", "--yes")

    assert shared(people, first["id"])[0] == "org"
    assert shared(people, second["id"])[0] == "personal"


@pytest.mark.parametrize("verb", [("share", "--org"), ("handoff", "--to", "sam")])
def test_what_is_here_is_sent_first(laptop: Home, people: People, verb: Verb) -> None:
    people.token("sam")
    verb = tuple(people.name("sam") if word == "sam" else word for word in verb)
    laptop.save("scan")
    with laptop.nobody_sends():
        state = laptop.save_only("review", selections={"app_space": "payments"})

    run(laptop, *verb, "--yes")

    assert people.document(state["id"]) == laptop.raw()


def test_a_session_from_before_the_sign_in_is_sent_when_it_is_shared(
    new_home: Callable[..., Home], people: People
) -> None:
    home = new_home("older", signed_in=False)
    state = home.save("review")
    home.login()
    assert people.document(state["id"]) == b""

    run(home, "share", "--org", "--yes")

    assert people.document(state["id"]) == home.raw()


# what is refused


@pytest.mark.parametrize("verb", [("share", "--org"), ("handoff", "--to", "sam")])
def test_nobody_is_asked_no_more_than_yes(laptop: Home, people: People, verb: Verb) -> None:
    state = laptop.save("review")

    for stdin in (b"n\n", b"", b"\n"):
        answer = answered(laptop, stdin, *verb)
        assert (answer.code, answer.stdout) == (1, b"")
        assert CONTENT in answer.stderr
        assert "--yes" in answer.stderr

    assert shared(people, state["id"])[0] == "personal"
    assert offered_to(people, state["id"]) is None


def test_a_yes_is_enough(laptop: Home, people: People) -> None:
    state = laptop.save("review")

    assert answered(laptop, b"y\n", "share", "--org").code == 0

    assert shared(people, state["id"])[0] == "org"


ALL = [
    ("share", "--org", "--yes"),
    ("share", "--personal"),
    ("handoff", "--to", "sam", "--yes"),
    ("handoff", "withdraw"),
    ("accept", "import-2026-01-09-143022"),
    ("decline", "import-2026-01-09-143022"),
]


@pytest.mark.parametrize("verb", ALL, ids=" ".join)
def test_without_a_hub_nothing_is_done(laptop: Home, proxy: Proxy, verb: Verb) -> None:
    laptop.save("review")
    before = laptop.raw()
    proxy.refuse()

    answer = laptop(*verb)

    assert (answer.code, answer.stdout) == (8, b"")
    assert laptop.url in answer.stderr
    assert laptop.raw() == before


@pytest.mark.parametrize("verb", ALL, ids=" ".join)
def test_who_is_not_signed_in_is_asked_nothing(new_home: Callable[..., Home], verb: Verb) -> None:
    home = new_home("nobodys", signed_in=False)
    home.save("review")

    answer = home(*verb)

    assert (answer.code, answer.stdout) == (4, b"")
    assert answer.stderr == (
        "session-cli: you are not signed in to a hub; sign in with 'session-cli login URL'\n"
    )
    assert not home.sync_folder.exists()


@pytest.mark.parametrize("verb", [("share", "--org", "--yes"), ("handoff", "--to", "x", "--yes")])
def test_what_the_hub_does_not_have_as_it_is_here_is_not_shown_to_others(
    laptop: Home, desktop: Home, people: People, verb: Verb
) -> None:
    state = laptop.save("scan")
    desktop.do("resume", state["id"])
    desktop.save("select")
    with laptop.nobody_sends():
        laptop.save_only("review", selections={"hub": "ours"})

    answer = laptop(*verb)

    assert answer.code == 6, answer
    assert "is not at the hub as it is here" in answer.stderr
    assert shared(people, state["id"])[0] == "personal"


def test_a_team_that_there_is_not_is_said_with_those_there_are(
    laptop: Home, people: People
) -> None:
    state = laptop.save("review")

    answer = laptop("share", "--team", "nobodys\x1b[2J", "--yes")

    assert answer.code == 6
    assert f"there is no team nobodys\\x1b[2J, or you are not in it: you are in {people.team}" in (
        answer.stderr
    )
    assert shared(people, state["id"])[0] == "personal"


@pytest.mark.parametrize(
    "words",
    [
        ("share",),
        ("share", "--org", "--personal"),
        ("share", "--team", "x", "--org"),
        ("share", "--org", "--allow-resume"),
        ("share", "--personal", "--allow-resume"),
        ("handoff",),
        ("handoff", "withdraw", "--to", "sam"),
        ("handoff", "one", "two", "--to", "sam"),
        ("accept",),
        ("decline",),
        ("--type", "map", "share", "--org"),
        ("--type", "map", "accept", "import-2026-01-09-143022"),
    ],
    ids=" ".join,
)
def test_what_is_not_meant_is_a_usage_error(laptop: Home, words: Verb) -> None:
    answer = laptop(*words)

    assert (answer.code, answer.stdout) == (2, b"")
    assert len(answer.stderr.splitlines()) == 1


@pytest.mark.parametrize("verb", [("share", "--org"), ("handoff", "--to", "sam")])
def test_a_session_that_is_not_here_is_not_shown_to_others(laptop: Home, verb: Verb) -> None:
    none = laptop(*verb, "--yes")
    assert none.code == 3
    laptop.save("review")

    answer = laptop(verb[0], "import-2020-01-01-000000", *verb[1:], "--yes")

    assert (answer.code, answer.stdout) == (3, b"")
    assert "there is no session import-2020-01-01-000000 here" in answer.stderr
    # before anything is said of who would see it
    assert CONTENT not in answer.stderr


# handing it over


def test_a_session_is_handed_over(laptop: Home, sam: Home, people: People) -> None:
    state = laptop.save("verify", selections={"app_space": "payments"})
    others = sam.save("scan")

    answer = run(laptop, "handoff", "--to", people.name("sam"), "--note", "verify is left", "--yes")

    assert (
        f"{people.name('sam')} will see the cluster and the step of this session now"
        in answer.stderr
    )
    assert CONTENT in answer.stderr
    assert answer.stdout.decode() == (
        f"offered {state['session_id']} to {people.name('sam')}, for three days\n"
    )
    summary = people.summary(state["id"], "sam")
    assert summary["handoff"]["note"] == "verify is left"

    taken = run(sam, "accept", state["session_id"])

    assert taken.stdout.decode() == (
        f"accepted {state['session_id']}, which was {people.name('alex')}'s\n"
    )
    assert f"session-cli resume {state['session_id']}" in taken.stderr
    assert people.summary(state["id"], "sam")["owner"]["name"] == people.name("sam")
    assert state["id"].encode() in b"".join(sam.snapshots().values())
    # the latest stays the latest
    assert sam.load()["session_id"] == others["session_id"]
    sam.do("resume", state["session_id"])
    assert sam.load()["selections"] == {"app_space": "payments"}
    assert people.ask("alex", "GET", f"/{state['id']}").status == 403


def test_a_session_is_accepted_by_its_uuid(laptop: Home, sam: Home, people: People) -> None:
    state = laptop.save("verify")
    run(laptop, "handoff", "--to", people.name("sam"), "--yes")

    run(sam, "accept", state["id"])

    assert people.summary(state["id"], "sam")["owner"]["name"] == people.name("sam")


def test_an_offer_is_declined(laptop: Home, sam: Home, people: People) -> None:
    state = laptop.save("verify")
    run(laptop, "handoff", "--to", people.name("sam"), "--yes")

    answer = run(sam, "decline", state["session_id"])

    assert answer.stdout.decode() == f"declined {state['session_id']}\n"
    assert offered_to(people, state["id"]) is None
    assert people.summary(state["id"])["owner"]["name"] == people.name("alex")
    assert sam.snapshots() == {}


@pytest.mark.parametrize("named", [True, False])
def test_an_offer_is_withdrawn(laptop: Home, sam: Home, people: People, named: bool) -> None:
    state = laptop.save("verify")
    run(laptop, "handoff", "--to", people.name("sam"), "--yes")
    assert offered_to(people, state["id"]) == people.name("sam")

    answer = run(laptop, "handoff", "withdraw", *([state["session_id"]] if named else []))

    assert answer.stdout.decode() == f"withdrew the offer of {state['session_id']}\n"
    assert offered_to(people, state["id"]) is None
    late = sam("accept", state["session_id"])
    assert (late.code, late.stdout) == (3, b"")
    assert f"nobody offers you {state['session_id']}" in late.stderr


@pytest.mark.parametrize(
    ("to", "note", "code", "words"),
    [
        ("nobody-there", "", 6, "there is no nobody-there in your organization"),
        ("alex", "", 2, "It is yours already"),
        ("sam", "x" * 5_000, 2, "the note of at most"),
        ("sam", "one\nline", 2, "U+000A"),
        ("sam", "\x1b[2J", 2, "U+001B"),
    ],
)
def test_what_cannot_be_offered_is_said(
    laptop: Home, people: People, to: str, note: str, code: int, words: str
) -> None:
    people.token("sam")
    state = laptop.save("verify")
    person = people.name(to) if to in ("alex", "sam") else to

    answer = laptop("handoff", "--to", person, "--note", note, "--yes")

    assert (answer.code, answer.stdout) == (code, b"")
    assert words in answer.stderr
    assert "\x1b" not in answer.stderr
    assert offered_to(people, state["id"]) is None


def test_who_is_offered_nothing_takes_nothing(laptop: Home, sam: Home, people: People) -> None:
    state = laptop.save("verify")
    run(laptop, "share", "--team", people.team, "--allow-resume", "--yes")

    for verb in ("accept", "decline"):
        for wanted in (state["session_id"], state["id"], "\x1b[2J"):
            answer = sam(verb, wanted)
            assert (answer.code, answer.stdout) == (3, b"")
            assert "nobody offers you" in answer.stderr
            assert "\x1b" not in answer.stderr

    assert people.summary(state["id"])["owner"]["name"] == people.name("alex")


def test_a_session_id_that_two_offers_have_is_ambiguous(
    laptop: Home, new_home: Callable[..., Home], sam: Home, people: People
) -> None:
    kim = new_home("kims", "kim")
    kim.now = laptop.now
    theirs, ours = kim.save("verify"), laptop.save("verify")
    assert theirs["session_id"] == ours["session_id"]
    for home in (kim, laptop):
        run(home, "handoff", "--to", people.name("sam"), "--yes")

    answer = sam("accept", ours["session_id"])

    assert (answer.code, answer.stdout) == (6, b"")
    assert theirs["id"] in answer.stderr and ours["id"] in answer.stderr
    run(sam, "accept", ours["id"])


def test_a_session_that_goes_by_the_name_of_one_that_is_here_is_not_accepted(
    laptop: Home, sam: Home, people: People
) -> None:
    sam.now = laptop.now
    ours, theirs = laptop.save("verify"), sam.save("review")
    assert theirs["session_id"] == ours["session_id"]
    before = sam.raw()
    run(laptop, "handoff", "--to", people.name("sam"), "--yes")

    answer = sam("accept", ours["id"])

    assert (answer.code, answer.stdout) == (6, b"")
    assert ours["id"] in answer.stderr and theirs["id"] in answer.stderr
    assert sam.raw() == before
    assert offered_to(people, ours["id"]) == people.name("sam")


def test_the_giver_keeps_what_is_here_and_cannot_send_it(
    laptop: Home, sam: Home, people: People
) -> None:
    state = laptop.save("verify")
    run(laptop, "handoff", "--to", people.name("sam"), "--yes")
    run(sam, "accept", state["id"])

    laptop.save("complete")

    assert laptop.load()["step"] == "complete"
    answer = laptop("share", "--org", "--yes")
    assert answer.code == 6
    assert people.name("sam") in answer.stderr
    assert json.loads(people.document(state["id"], "sam"))["step"] == "verify"


@pytest.mark.parametrize("verb", ["share", "handoff", "accept", "decline"])
def test_help_has_an_example(laptop: Home, verb: str) -> None:
    assert f"  session-cli {verb}" in laptop.do(verb, "--help")


def completed(home: Home, *words: str) -> bytes:
    """What the shell offers behind these words."""
    line = " ".join(["session-cli", *words])
    return home(
        env={
            "_SESSION_CLI_COMPLETE": "bash_complete",
            "COMP_WORDS": line,
            "COMP_CWORD": str(len(words)),
        }
    ).stdout.strip()


def test_the_shell_completes_what_the_hub_knows(laptop: Home, sam: Home, people: People) -> None:
    state = laptop.save("verify")
    run(laptop, "handoff", "--to", people.name("sam"), "--yes")

    assert state["session_id"].encode() in completed(sam, "accept", "import-")
    assert state["session_id"].encode() in completed(sam, "decline", "")
    assert people.team.encode() in completed(laptop, "share", "--team", "pay")
    assert state["session_id"].encode() in completed(laptop, "handoff", "import-")
    assert completed(laptop, "accept", "") == b""


def test_the_shell_completes_nothing_without_a_hub(
    laptop: Home, new_home: Callable[..., Home], proxy: Proxy
) -> None:
    stranger = new_home("nobodys", signed_in=False)
    proxy.refuse()

    for home in (laptop, stranger):
        assert completed(home, "accept", "") == completed(home, "share", "--team", "") == b""
    assert not stranger.sessions.exists()
