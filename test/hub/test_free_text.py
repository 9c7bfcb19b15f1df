"""What people and devices call things, and write to each other, is one line that shows as it is."""

from __future__ import annotations

import pytest
from hub.people import People, Session
from hub.running import Response, RunningHub

from session_hub.schemas import FREE_TEXT

# a line's end, an escape, a C1 control, right to left from here, a line's end of Unicode's, nothing
UNSHOWN = ("\n", "\x1b", "\x9b", "\u202e", "\u2028", "\u200b")
# accents, emoji of several characters, a script that needs joiners
SHOWN = "Zoë's laptop, 👩\u200d💻, می\u200cخواهم"


@pytest.fixture(scope="module")
def session(hub: RunningHub) -> Session:
    people = People(hub)
    people.add("olive")
    people.add("sam")
    return Session(people, "olive").create()


def write(session: Session, place: str, text: str) -> Response:
    """Has somebody write the text there."""
    if place == "note":
        return session.ask("olive", "PUT", "/handoff", body={"to": "sam", "note": text})
    if place == "reason":
        wanted = {"take_over": True, "reason": text}
        return session.ask("olive", "PUT", "/lease", body=wanted)
    hub = session.people.hub
    if place == "device":
        # as UTF-8, which http.client does not write
        name = text.encode().decode("latin-1")
        return session.ask(
            "olive",
            Session_Device=f'd-1; name="{name}"',
            method="PUT",
            rest="/share",
            body={"scope": "personal"},
        )
    body = f"device_name=a{''.join(f'%{byte:02x}' for byte in text.encode())}z".encode()
    return hub.ask("POST", "/api/v1/auth/device", body, token="")


@pytest.mark.parametrize("place", ["note", "reason", "device", "login"])
def test_what_would_not_show_as_it_is_written_is_refused(session: Session, place: str) -> None:
    for char in UNSHOWN:
        if place == "device" and char < " ":
            continue  # these end a header
        session.people.hub.advance(20)
        answer = write(session, place, f"ab{char}c")
        assert (answer.status, answer.json()["type"]) == (400, "/problems/invalid-request"), char
        assert f"U+{ord(char):04X}" in answer.json()["detail"]
    session.people.hub.advance(20)
    assert write(session, place, SHOWN).status == 200


def test_the_description_says_the_same_of_each_of_them(hub: RunningHub) -> None:
    schemas = hub.ask("GET", "/openapi.json", token="").json()["components"]["schemas"]
    for schema, member in (("LeaseRequest", "reason"), ("HandoffRequest", "note")):
        assert schemas[schema]["properties"][member]["pattern"] == FREE_TEXT["pattern"]
