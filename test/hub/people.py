"""People of a hub, for the tests of who may do what."""

from __future__ import annotations

import itertools
import sqlite3
import time
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from hub.running import SESSIONS, Response, RunningHub, state

TEAM = "payments"


@dataclass
class People:
    """Who is there, by name; each has a token and a device."""

    hub: RunningHub
    tokens: dict[str, list[str]] = field(default_factory=dict)
    devices: dict[str, str] = field(default_factory=dict)

    def add(
        self, name: str, *options: str, org: str = "home", team: str | None = None, tokens: int = 1
    ) -> None:
        """Adds a person, to a team, too, if one is given."""
        self.hub.admin("user", "add", name, "--org", org, *options)
        if team:
            self.hub.admin("team", "join", team, name, "--org", org)
        self.tokens[name] = [
            str(self.hub.admin("token", "add", name, "--org", org)["token"]) for _ in range(tokens)
        ]
        self.devices[name] = str(uuid4())

    def ask(
        self,
        name: str,
        method: str,
        path: str,
        body: bytes | dict[str, Any] | None = None,
        **headers: str,
    ) -> Response:
        """One request of a person, from their device unless the headers say otherwise.

        Their tokens take turns, as each has a bucket of its own; where all are empty, it waits.
        """
        headers.setdefault("Session_Device", f'{self.devices[name]}; name="{name}s-laptop"')
        token = self.tokens[name].pop(0)
        self.tokens[name].append(token)
        while True:
            answer = self.hub.ask(method, path, body, token, **headers)
            if answer.status != 429:
                return answer
            time.sleep(float(answer.headers["retry-after"]))


@dataclass
class Session:
    """A session of `owner`, at one version after another."""

    people: People
    owner: str
    unique: str = field(default_factory=lambda: str(uuid4()))
    # of a second of its own, and so is its session_id
    number: int = field(default_factory=itertools.count().__next__)
    etag: str = ""

    @property
    def path(self) -> str:
        return f"{SESSIONS}/{self.unique}"

    def document(self, step: str, **members: Any) -> bytes:
        number = self.number
        created = f"2026-04-01T{number // 3600:02}:{number // 60 % 60:02}:{number % 60:02}Z"
        return state(step, **{"id": self.unique, "created_at": created, **members})

    def create(self) -> Session:
        answer = self.save(self.owner, "scan")
        assert answer.status == 201, answer.body
        return self

    def save(self, name: str, step: str, **headers: str) -> Response:
        """A save on top of what stands there, as a person who knows it makes it."""
        if self.etag:
            headers.setdefault("If_Match", self.etag)
        answer = self.people.ask(name, "POST", SESSIONS, self.document(step), **headers)
        if answer.status in (200, 201):
            self.etag = answer.headers["etag"]
        return answer

    def share(self, scope: str, *, allow_resume: bool = False) -> Session:
        wanted: dict[str, Any] = {"scope": scope}
        if scope == "team":
            wanted.update(team=TEAM, allow_resume=allow_resume)
        assert self.people.ask(self.owner, "PUT", f"{self.path}/share", wanted).status == 200
        return self

    def offer(self, to: str) -> Session:
        answer = self.people.ask(self.owner, "PUT", f"{self.path}/handoff", {"to": to})
        assert answer.status == 200, answer.body
        return self

    def ask(self, name: str, method: str = "GET", rest: str = "", **more: Any) -> Response:
        return self.people.ask(name, method, self.path + rest, **more)

    def audited(self) -> list[str]:
        """The actions that the store has recorded of it, the oldest first."""
        connection = sqlite3.connect(self.people.hub.folder / "hub.sqlite")
        try:
            rows = connection.execute(
                "select action from audit where id = ? order by audit_id", (self.unique,)
            )
            return [action for (action,) in rows]
        finally:
            connection.close()


@dataclass
class Tokens:
    """Of alex, who owns what is looked at; sam in the team, kim in the organization, eve, who
    administers another one.
    """

    alex: str
    sam: str
    kim: str
    eve: str


def add_four(hub: RunningHub) -> Tokens:
    """Adds the four, and the team."""
    hub.admin("org", "add", "elsewhere")
    tokens = Tokens(
        hub.add_person("alex"),
        hub.add_person("sam"),
        hub.add_person("kim"),
        hub.add_person("eve", "elsewhere", "--admin"),
    )
    hub.admin("team", "add", TEAM, "--org", "home")
    for name in ("alex", "sam"):
        hub.admin("team", "join", TEAM, name, "--org", "home")
    return tokens
