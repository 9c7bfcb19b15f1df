"""What else runs beside it: scripts, CI jobs, copies of a home, programs that have it open."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import waiting
from guard import SCRIPTS
from hub.running import RunningHub
from sync import proxy as behaviours
from sync.conftest import People
from sync.homes import Home, sha256
from sync.proxy import Proxy
from sync.test_states import diverge, seen
from system.folders import BEGIN, tree


def start(home: Home, *command: str) -> subprocess.Popen[bytes]:
    """A program of that home, in pipes."""
    environment = {**os.environ, **home.environment()}
    return subprocess.Popen(
        command,
        env={name: value for name, value in environment.items() if value is not None},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


SCRIPT = """
set -euo pipefail
source "$(session-cli shim)"
state="$(session_load)"
echo loaded
read -r _
session_save select "${state/scan/select}"
"""


def test_a_script_that_loaded_before_a_pull_takes_nothing_back(
    laptop: Home, desktop: Home, people: People
) -> None:
    state = laptop.save("scan")
    people.hand_to(desktop, state)
    script = start(laptop, "bash", "-c", SCRIPT)
    assert script.stdout
    assert script.stdout.readline() == b"loaded\n"
    desktop.save("review", selections={"app_space": "payment-team"})

    laptop.do("sync")
    _, err = waiting.communicate(script, b"\n")

    assert script.returncode == 6, err
    assert b"conflicts/" in err
    assert laptop.load()["step"] == "review"
    assert laptop.load()["selections"] == {"app_space": "payment-team"}


def test_a_script_that_says_its_revision_is_refused_after_a_pull(
    laptop: Home, desktop: Home, people: People
) -> None:
    state = laptop.save("scan")
    people.hand_to(desktop, state)
    desktop.save("review")
    laptop.do("sync")

    answer = laptop("save", "select", "--if-revision", str(state["revision"]))

    assert answer.code == 6
    assert laptop.load()["step"] == "review"


@pytest.fixture
def holder(laptop: Home, tmp_path: Path) -> subprocess.Popen[bytes]:
    """A program that has the laptop's session open; it ends when a line comes."""
    laptop.save("scan")
    held = tmp_path / "held"
    command = f"exec 7>{held}; session-cli lease --fd 7 || exit; echo held; read -r _"
    program = start(laptop, "bash", "-c", command)
    assert program.stdout
    assert program.stdout.readline() == b"held\n", waiting.communicate(program, b"\n")
    return program


def test_what_a_program_has_open_is_not_pulled_below_it(
    laptop: Home, desktop: Home, holder: subprocess.Popen[bytes], people: People
) -> None:
    people.hand_to(desktop, laptop.load())
    desktop.save("review")
    before = laptop.snapshots()

    answer = laptop("sync", "--json")

    (row,) = json.loads(answer.stdout)
    assert row["why"] == "remote_ahead"
    assert row["did"] != "pulled"
    assert laptop.snapshots() == before
    assert laptop.load()["step"] == "scan"
    waiting.communicate(holder, b"\n")
    laptop.do("sync")
    assert laptop.load()["step"] == "review"


def test_what_a_program_has_open_is_not_replaced_below_it(
    laptop: Home, desktop: Home, proxy: Proxy, holder: subprocess.Popen[bytes], people: People
) -> None:
    _, _, raw = diverge(laptop, desktop, proxy, people)

    answer = laptop("sync", "--json")

    (row,) = json.loads(answer.stdout)
    assert seen(row) == ("needs you", "diverged")
    assert laptop.raw() == raw
    waiting.communicate(holder, b"\n")
    laptop("sync")
    assert laptop.load()["step"] == "review"
    assert raw in laptop.conflicts().values()


JOBS = 8


def test_eight_jobs_with_one_token_in_one_second(
    people: People, proxy: Proxy, tmp_path: Path
) -> None:
    """Each has a home of its own, as CI jobs have, and ends with `session-cli sync`."""
    homes = [
        Home(tmp_path / f"job{number}", proxy.url, people.token("alex")) for number in range(8)
    ]
    command = 'session-cli save scan - <<<"{}" && session-cli save review && session-cli sync'
    for home in homes:
        home.env.update(
            CONFIGHUB_SESSIONS_URL=proxy.url, CONFIGHUB_SESSIONS_TOKEN=people.token("alex")
        )

    jobs = [start(home, "bash", "-c", command) for home in homes]
    said = [waiting.communicate(job, b"") for job in jobs]

    assert [job.returncode for job in jobs] == [0] * JOBS, said
    for home in homes:
        home.settle()
    here = {home.load()["id"]: home.raw() for home in homes}
    assert len(here) == JOBS
    assert {each["session_id"] for each in people.sessions()} == {"import-2026-01-09-143022"}
    assert {each["id"]: people.document(each["id"]) for each in people.sessions()} == here
    assert len({home.device for home in homes}) == JOBS
    # what came by the environment is not kept
    assert not any((home.sync_folder / "login.json").exists() for home in homes)
    token = people.token("alex").encode()
    assert not any(
        isinstance(found, bytes) and token in found
        for home in homes
        for found in tree(home.folder).values()
    )


def test_a_copied_home_is_another_device(
    laptop: Home, people: People, proxy: Proxy, tmp_path: Path
) -> None:
    state = laptop.save("scan")
    sidecar = laptop.sync_folder / f"{state['id']}.json"
    lease = {"token": "7.not-for-copies", "fence": 7}
    sidecar.write_text(json.dumps({**laptop.sidecar(state["id"]), "lease": lease}))
    proxy.refuse()
    laptop.save("review")
    shutil.copytree(laptop.folder, tmp_path / "copy", symlinks=True)
    copy = Home(tmp_path / "copy", proxy.url, people.token("alex"), laptop.now + 60)
    first = laptop.device
    proxy.heal()

    copy.do("sync")

    assert copy.device != first
    assert copy.sidecar(state["id"])["lease"] is None
    assert people.summary(state["id"])["writer"]["device"] == copy.device
    # both hold the same, and then they do not
    note = laptop.sync_folder / f"{state['id']}.json"
    note.write_text(json.dumps({**laptop.sidecar(state["id"]), "lease": None}))
    assert laptop("sync").code == 0
    assert laptop.device == first
    with laptop.nobody_sends():
        laptop.save_only("select")
    mine = laptop.raw()
    copy.save("connect")
    assert laptop("sync").code == 6
    assert mine in laptop.conflicts().values()
    assert laptop.load()["step"] == "connect"


def test_a_container_that_is_killed_after_its_save(
    people: People, proxy: Proxy, tmp_path: Path
) -> None:
    """All of its processes end at once; its volume goes to the next one, which only syncs."""
    proxy.behave(behaviours.hold_answers)
    first = Home(tmp_path / "volume", proxy.url, people.token("alex"))
    first.env.update(
        CONFIGHUB_SESSIONS_URL=proxy.url, CONFIGHUB_SESSIONS_TOKEN=people.token("alex")
    )
    state = first.save_only("scan")
    for pid in first.processes():
        os.kill(pid, signal.SIGKILL)
    first.settle()
    proxy.heal()

    # whether it was sent is not known to anybody
    first.do("sync")

    assert people.document(state["id"]) == first.raw()
    assert people.summary(state["id"])["version"] == 1


def test_two_syncs_at_once_do_it_once(laptop: Home, people: People, proxy: Proxy) -> None:
    with laptop.nobody_sends():
        state = laptop.save_only("scan")
    program = str(SCRIPTS / "session-cli")

    both = [start(laptop, program, "sync") for _ in range(2)]
    said = [waiting.communicate(each) for each in both]

    assert [each.returncode for each in both] == [0, 0], said
    assert sorted(out for out, _ in said) == [
        b"everything is synced\n",
        f"sent {state['session_id']}\n".encode(),
    ]
    assert people.summary(state["id"])["version"] == 1


def test_a_state_without_an_id_gets_one_before_it_is_sent(laptop: Home, people: People) -> None:
    """As the documented bash functions write it: no `id`, no `session_id`, a plain file."""
    laptop.sessions.mkdir(parents=True, exist_ok=True)
    plain = {
        "version": "1.0",
        "type": "import",
        "created_at": "2026-01-09T14:30:22Z",
        "updated_at": "2026-01-09T14:30:22Z",
        "step": "scan",
    }
    (laptop.sessions / "import-latest.json").write_text(json.dumps(plain))

    laptop.do("sync", "--all")

    (there,) = people.sessions()
    assert laptop.load()["id"] == there["id"]
    assert people.document(there["id"]) == laptop.raw()
    assert sha256(laptop.raw()) == there["sha256"]


def test_the_same_second_on_two_machines(
    new_home: Callable[..., Home], people: People, hub: RunningHub
) -> None:
    """Two sessions of one name: neither machine takes the other's for its own."""
    first, second = new_home("first"), new_home("second")
    first.now = second.now = BEGIN
    one, two = first.save("scan"), second.save("review")
    assert one["session_id"] == two["session_id"]
    assert one["id"] != two["id"]

    answer = second("resume", one["id"])

    assert answer.code == 6
    assert one["id"] in answer.stderr
    assert two["id"] in answer.stderr
    assert second.load() == two
    assert len(people.sessions()) == 2
