"""A hub as people run it: `session-hub serve`, in a process of its own, on a store of its own."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from session_hub.program import cli

SESSIONS = "/api/v1/sessions/import"
SECONDS = 30.0


@dataclass
class Response:
    """What the hub answered."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        """The body, parsed."""
        return json.loads(self.body)


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class RunningHub:
    """Started by `start`; its clock is moved by `advance`."""

    folder: Path
    port: int = field(default_factory=free_port)
    arguments: tuple[str, ...] = ()
    process: subprocess.Popen[bytes] | None = None
    # of the first user, who is an administrator of `home`
    token: str = ""
    printed: str = ""

    @property
    def url(self) -> str:
        """Where it is reached."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        """What it wrote to stderr."""
        return self.folder.parent / f"{self.folder.name}.log"

    def start(self) -> RunningHub:
        """Starts it, and waits until it answers."""
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        offset = self._offset()
        if not offset.exists():
            offset.write_text("0")
        with self.log.open("ab") as log, self._out().open("wb") as out:
            self.process = subprocess.Popen(
                self.command(
                    "serve",
                    "--listen",
                    f"127.0.0.1:{self.port}",
                    # the last one counts
                    "--metrics",
                    "off",
                    *self.arguments,
                ),
                stdout=out,
                stderr=log,
                env=self._environment(),
            )
        self._wait()
        self.printed = self._out().read_text()
        for word in self.printed.split():
            if word.startswith("chs_"):
                self.token = word
        return self

    def command(self, verb: str, *arguments: str) -> list[str]:
        """The command line of a verb on this store."""
        return [
            sys.executable,
            "-m",
            "session_hub",
            *verb.split(),
            "--data",
            str(self.folder),
            *arguments,
        ]

    def _out(self) -> Path:
        return self.folder.parent / f"{self.folder.name}.out"

    def _offset(self) -> Path:
        return self.folder.parent / f"{self.folder.name}.offset"

    def _environment(self) -> dict[str, str]:
        return {**os.environ, "SESSION_HUB_CLOCK_OFFSET": str(self._offset())}

    def _wait(self) -> None:
        assert self.process
        until = time.monotonic() + SECONDS
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                assert self.process.poll() is None, self.log.read_text()
                assert time.monotonic() < until, "the hub does not answer"
                time.sleep(0.01)

    def advance(self, seconds: float) -> None:
        """Moves the hub's clock."""
        offset = self._offset()
        moved = offset.with_suffix(".moved")
        moved.write_text(str(float(offset.read_text()) + seconds))
        # the hub reads it at any moment
        moved.replace(offset)

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Ends it; its exit code. No token and no document is in its log (H8)."""
        assert self.process
        self.process.send_signal(number)
        code = self.process.wait(SECONDS)
        log = self.log.read_text(errors="replace")
        assert "chs_" not in log
        assert "cluster_context" not in log
        return code

    def admin(self, *words: str) -> dict[str, Any]:
        """What `session-hub admin … --json` answers. In this process: a start costs half a second,
        and tests have many people.
        """
        done = CliRunner().invoke(cli, ["admin", *words, "--data", str(self.folder), "--json"])
        assert done.exit_code == 0, done.exception or done.output
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer

    def add_person(self, name: str, org: str = "home", *options: str) -> str:
        """Adds a person; their token."""
        self.admin("user", "add", name, "--org", org, *options)
        return str(self.admin("token", "add", name, "--org", org)["token"])

    def ask(
        self,
        method: str,
        path: str,
        body: bytes | dict[str, Any] | None = None,
        token: str | None = None,
        **headers: str,
    ) -> Response:
        """One request; names of headers are written with `_`. `token` is the first user's
        unless it is given; "" sends none.
        """
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        token = self.token if token is None else token
        if token:
            given.setdefault("Authorization", f"Bearer {token}")
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=SECONDS)
        try:
            sent = json.dumps(body).encode() if isinstance(body, dict) else body
            # where the hub closes early, the answer is there, though not all could be sent
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                connection.request(method, path, sent, given)
            answer = connection.getresponse()
            names = {name.lower(): value for name, value in answer.getheaders()}
            return Response(answer.status, names, answer.read())
        finally:
            connection.close()

    def save(self, document: bytes, token: str | None = None, **headers: str) -> Response:
        """POSTs a state file."""
        return self.ask("POST", SESSIONS, document, token, **headers)


def state(step: str = "scan", **members: Any) -> bytes:
    """A state file."""
    document = {
        "version": "1.0",
        "type": "import",
        "created_at": "2026-01-09T14:30:22Z",
        "updated_at": "2026-01-09T14:45:33Z",
        "step": step,
        "cluster_context": "kind-atk",
        **members,
    }
    return json.dumps(document, indent=2).encode() + b"\n"
