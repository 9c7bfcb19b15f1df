"""The demo is synced where a hub is named for it, and another HOME resumes what it has left."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from guard import SCRIPTS
from processes import runner
from sync.conftest import People
from sync.homes import Home
from sync.proxy import Proxy


def test_an_import_of_the_demo_is_at_the_hub_with_its_log(
    new_home: Callable[..., Home], people: People, proxy: Proxy, tmp_path: Path
) -> None:
    laptop = new_home("laptop", signed_in=False)
    hub = {"CONFIGHUB_SESSIONS_URL": proxy.url, "CONFIGHUB_SESSIONS_TOKEN": laptop.token}
    world = {"DEMO_HOME": str(tmp_path / "both"), "DEMO_WORKER_SECONDS": "20"}
    sessions = laptop.folder / ".confighub" / "demo" / "sessions"
    session_cli = runner(str(SCRIPTS / "session-cli"))
    env = {**laptop.environment(), **hub, **world}

    answer = session_cli("map-import", "--demo", "--yes", env=env)
    # what the process in the background had no time for
    again = session_cli("--dir", str(sessions), "sync", env=env)

    assert (answer.code, again.code) == (0, 0), (answer, again)
    state = json.loads((sessions / "import-latest.json").read_bytes())
    assert state["step"] == "complete"
    assert people.document(state["id"]) == (sessions / "import-latest.json").read_bytes()
    logs = people.ask("alex", "GET", f"/{state['id']}/logs").json()["items"]
    assert [log["complete"] for log in logs] == [True]
    assert (tmp_path / "both").is_dir()
    assert not (laptop.folder / ".confighub" / "sessions").exists()
