"""A hub, a proxy before it, and the homes of two people, one of whom has two machines."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hub.running import SESSIONS, Response, RunningHub
from sync.homes import Home
from sync.proxy import Proxy
from system.faults import strace_works as strace_works
from system.folders import BEGIN, HOUR

NUMBERS = itertools.count(1)


class People:
    """Those of one test, in a team of their own; the hub has those of other tests, too."""

    def __init__(self, hub: RunningHub) -> None:
        self.hub = hub
        self.number = next(NUMBERS)
        self.team = f"payments{self.number}"
        self.tokens: dict[str, str] = {}
        # what the tests ask with, whatever becomes of those
        self.asking: dict[str, str] = {}
        hub.admin("team", "add", self.team, "--org", "home")

    def name(self, name: str) -> str:
        """As the hub calls the person."""
        return f"{name}{self.number}"

    def token(self, name: str) -> str:
        """Of the person, who is added and joins the team when first asked for."""
        if name not in self.tokens:
            self.tokens[name] = self.hub.add_person(self.name(name))
            self.hub.admin("team", "join", self.team, self.name(name), "--org", "home")
        return self.tokens[name]

    def token_more(self, name: str) -> str:
        """Another token of the person."""
        self.token(name)
        return str(self.hub.admin("token", "add", self.name(name), "--org", "home")["token"])

    def hand_to(self, home: Home, state: dict[str, Any]) -> str:
        """Resumes on another machine what was saved on the first, and leaves it there; its id."""
        home.do("resume", state["session_id"])
        home.settle()
        # nobody is heard of who has it open
        self.hub.advance(91)
        return str(state["id"])

    def end_token(self, token: str) -> None:
        """It is worth nothing any more."""
        body = f"token={token}".encode()
        assert self.hub.ask("POST", "/api/v1/auth/revoke", body, "").status == 200

    def ask(self, name: str, method: str, path: str, *args: Any, **more: Any) -> Response:
        """One request about sessions as the person, from no device unless the headers name one;
        with a token of its own.
        """
        if name not in self.asking:
            self.asking[name] = self.token_more(name)
        return self.hub.ask(method, SESSIONS + path, *args, token=self.asking[name], **more)

    def document(self, unique: str, name: str = "alex") -> bytes:
        """What the hub has of a session; nothing where it has none for the person."""
        answer = self.ask(name, "GET", f"/{unique}/document")
        return answer.body if answer.status == 200 else b""

    def summary(self, unique: str, name: str = "alex") -> dict[str, Any]:
        """The session as the hub lists it."""
        answer = self.ask(name, "GET", f"/{unique}")
        assert answer.status == 200, answer
        summary: dict[str, Any] = answer.json()
        return summary

    def versions(self, unique: str, name: str = "alex") -> list[bytes]:
        """What it kept of earlier saves."""
        listed = self.ask(name, "GET", f"/{unique}/versions").json()["items"]
        paths = [f"/{unique}/versions/{item['version']}" for item in listed]
        return [self.ask(name, "GET", path).body for path in paths]

    def sessions(self, name: str = "alex") -> list[dict[str, Any]]:
        """All that the person sees."""
        items: list[dict[str, Any]] = self.ask(name, "GET", "?status=all&limit=200").json()["items"]
        return items


@pytest.fixture(scope="session")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHub]:
    """One hub for all, whose tests have people of their own there."""
    running = RunningHub(tmp_path_factory.mktemp("hub") / "store").start()
    yield running
    running.stop()


@pytest.fixture
def proxy(hub: RunningHub) -> Iterator[Proxy]:
    """What stands between the homes and the hub."""
    running = Proxy(hub.port).start()
    yield running
    running.stop()


@pytest.fixture
def people(hub: RunningHub) -> People:
    """alex, who has a laptop and a desktop, and sam."""
    return People(hub)


@pytest.fixture
def new_home(people: People, proxy: Proxy, tmp_path: Path) -> Iterator[Callable[..., Home]]:
    """Makes a home of a person, who is signed in there unless told otherwise."""
    made: list[Home] = []

    def make(name: str, person: str = "alex", *, signed_in: bool = True) -> Home:
        # no two of them begin a session in the same second
        begin = BEGIN + len(made) * HOUR
        home = Home(tmp_path / name, proxy.url, people.token(person), begin).play_in_forks()
        made.append(home)
        if signed_in:
            home.login()
        return home

    yield make
    # who still waits for an answer gets none
    proxy.refuse()
    for home in made:
        home.settle()


@pytest.fixture
def laptop(new_home: Callable[..., Home]) -> Home:
    """alex's."""
    return new_home("laptop")


@pytest.fixture
def desktop(new_home: Callable[..., Home]) -> Home:
    """alex's, too."""
    return new_home("desktop")


@pytest.fixture
def sam(new_home: Callable[..., Home]) -> Home:
    """The machine of somebody in alex's team."""
    return new_home("sams", "sam")
