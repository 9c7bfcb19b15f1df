"""docs/hub.md: every curl line of it is run, in its order, and every route stands in it."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hub.people import TEAM, People
from hub.running import RunningHub, state

from session_hub.routes import ROUTES

TEXT = (Path(__file__).parents[2] / "docs" / "hub.md").read_text()
LINE = re.compile(r"^(curl .*) # (\d{3})$", re.MULTILINE)
DEVICE = 'Session-Device: 0b2f0a9e-8f3e-4c55-9d43-0c3c8f2c6a11; name="laptop"'
# what the answers of some lines are called in those that follow
NAMES = {"ID": "id", "LEASE": "token", "DEVICE_CODE": "device_code"}


@dataclass
class Shell:
    """Where the lines are run: each with what the ones before were answered."""

    folder: Path
    variables: dict[str, str] = field(default_factory=dict)

    def run(self, line: str) -> tuple[int, bytes]:
        """The status and the body that a curl line gets."""
        head, body = self.folder / "head", self.folder / "body"
        command = line.replace("curl ", "curl -sS -m 20 -D head -o body -w '%{http_code}' ", 1)
        done = subprocess.run(
            ["bash", "-ec", command],
            cwd=self.folder,
            env={**os.environ, **self.variables},
            capture_output=True,
            text=True,
        )
        # a stream goes on until curl has waited for as long as the line says
        assert done.returncode == (28 if "--max-time" in line else 0), done.stderr
        content = body.read_bytes() if body.exists() else b""
        self._remember(head.read_text(), content)
        body.unlink(missing_ok=True)
        return int(done.stdout), content

    def _remember(self, head: str, body: bytes) -> None:
        etag = re.search(r"^etag: (.*?)\r?$", head, re.MULTILINE)
        if etag:
            self.variables["ETAG"] = etag[1]
        try:
            answer = json.loads(body)
        except ValueError:
            return
        for variable, member in NAMES.items():
            if isinstance(answer, dict) and isinstance(answer.get(member), str):
                self.variables[variable] = answer[member]


@pytest.fixture(scope="module")
def shell(hub: RunningHub, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    people = People(hub)
    hub.admin("team", "add", TEAM, "--org", "home")
    for name in ("alex", "sam"):
        people.add(name, *(["--admin"] if name == "alex" else []), team=TEAM)
    spare = hub.admin("token", "add", "alex", "--org", "home")
    folder = tmp_path_factory.mktemp("docs")
    (folder / "import-latest.json").write_bytes(state())
    (folder / "import-next.json").write_bytes(state("review"))
    (folder / "import.log").write_text("scanned 12 workloads\n")
    yield Shell(
        folder,
        {
            "HUB": hub.url,
            "AUTH": f"Authorization: Bearer {people.tokens['alex'][0]}",
            "SAM": f"Authorization: Bearer {people.tokens['sam'][0]}",
            "DEVICE": DEVICE,
            "SPARE": str(spare["token"]),
            "SPARE_ID": str(spare["id"]),
        },
    )


def test_every_curl_line_answers_as_it_says(shell: Shell) -> None:
    lines = LINE.findall(TEXT)
    assert len(lines) == TEXT.count("\ncurl "), "a line without its status"
    for line, status in lines:
        answered, body = shell.run(line)
        assert answered == int(status), (line, body)


def test_every_route_stands_there() -> None:
    for row in ROUTES:
        if not row.is_page:
            assert f"**`{row.method} {row.path}`**" in TEXT, row.operation
