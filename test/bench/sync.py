"""Measures what syncing costs: a save, a start, one session, and very many of them.

Each figure is the median over rounds of (with / without) in one round, so that what else the
machine does falls on both. The hub is a real one, in a process of its own.
"""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from typing import Any

TEST = Path(__file__).parent.parent
# `hub` is the other benchmark here
sys.path[:0] = [str(TEST), str(TEST / "hub")]

from bench import MEMORY, OURS, SAVE, Shell, in_memory  # noqa: E402
from builders import make_state  # noqa: E402
from figures import Line, table  # noqa: E402
from guard import SCRIPTS, guarded  # noqa: E402
from running import SESSIONS, RunningHub  # noqa: E402
from terminal import NeverShown, Terminal  # noqa: E402

CLI = str(SCRIPTS / "session-cli")
MAP_IMPORT = str(TEST / "atk" / "map-import")
NO_SUCH_NAME = "https://hub.invalid"
ALIKE, ONE_SESSION = 1.1, 2.5
MANY = 500
# after its own 30 seconds
ENDED_SECONDS = 40.0


class Home:
    """A home with `session-cli`, in which nobody is signed in yet."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.sessions = folder / ".confighub" / "sessions"
        self.sync = self.sessions / ".sync"
        folder.mkdir()
        self.environment = guarded(dict(os.environ), folder) | {"TERM": "xterm-256color"}

    def run(self, *words: str, data: bytes = b"") -> bytes:
        """What a verb answers."""
        done = subprocess.run([CLI, *words], input=data, env=self.environment, capture_output=True)
        if done.returncode:
            raise SystemExit(f"bench: session-cli {' '.join(words)}: {done.stderr.decode()}")
        return done.stdout

    def sign_in(self, hub: RunningHub, token: str, url: str = "") -> None:
        """Signs in to the hub, which from then on stands at `url` if one is given."""
        self.run("login", hub.url, "--token", "-", data=token.encode())
        for path in (self.sync / "login.json", self.sync / "account.json") if url else ():
            path.write_text(path.read_text().replace(hub.url, url))

    def senders(self) -> list[int]:
        """The processes that send what was saved here."""
        return [pid for pid in map(int, filter(str.isdigit, os.listdir("/proc"))) if self._is(pid)]

    def _is(self, pid: int) -> bool:
        try:
            words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        except OSError:
            return False
        return os.fsencode(self.sessions) in words and any(
            b"sync/__main__" in each for each in words
        )

    def end_senders(self) -> None:
        """The next save starts one of its own, which no earlier one competes with."""
        for pid in self.senders():
            os.kill(pid, signal.SIGKILL)
        self.wait_for_senders()

    def wait_for_senders(self) -> None:
        """Waits until all is sent, or their time is up."""
        until = time.monotonic() + ENDED_SECONDS
        while self.senders() and time.monotonic() < until:
            time.sleep(0.005)

    @contextmanager
    def nobody_sends(self) -> Iterator[None]:
        """As while another process sends: what is saved stays here."""
        self.sync.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (self.sync / "push.lock").open("wb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


@contextmanager
def black_hole() -> Iterator[str]:
    """The address of a hub that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0), backlog=512) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


def compare(
    call: str, state: str, beside: str, budget: float, rounds: int, ours: Any, theirs: Any
) -> Line:
    """Both in turn, after a round that does not count; each answers milliseconds."""
    pairs = [(ours(), theirs()) for _ in range(rounds + 1)][1:]
    return Line(
        call,
        state,
        beside,
        median(our for our, _ in pairs),
        median(their for _, their in pairs),
        median(our / their for our, their in pairs),
        budget,
    )


def milliseconds(run: Callable[[], object]) -> float:
    begin = time.perf_counter()
    run()
    return (time.perf_counter() - begin) * 1000


def measure_saves(root: Path, hub: RunningHub, rounds: int) -> Iterator[Line]:
    """A save that starts the process that sends, beside one where nobody is signed in."""
    with ExitStack() as stack:
        urls = {
            "the hub is fine": "",
            "the hub never answers": stack.enter_context(black_hole()),
            "its name is not known": NO_SUCH_NAME,
        }
        without = Home(root / "nobody signed in")
        off = stack.enter_context(Shell(OURS, without.folder))
        for number, (state, url) in enumerate(urls.items()):
            home = Home(root / f"signed in {number}")
            home.sign_in(hub, hub.add_person(f"saver-{number}"), url)
            on = stack.enter_context(Shell(OURS, home.folder))

            def save(home: Home = home, on: Shell = on) -> float:
                taken = on.milliseconds(SAVE)
                home.end_senders()
                return taken

            yield compare(
                SAVE.label, state, "not signed in", ALIKE, rounds,
                save, lambda: off.milliseconds(SAVE),
            )  # fmt: skip


def measure_one(root: Path, hub: RunningHub, rounds: int) -> Line:
    """`sync` of one session that was saved, beside curl with the same document."""
    home, token = Home(root / "one"), hub.add_person("one")
    home.sign_in(hub, token)
    posted = root / "posted.json"
    etag = ""

    def sync() -> float:
        with home.nobody_sends():
            home.run("save", "review", "-", data=b'{"confighub": {"worker_status": "connected"}}')
        taken = milliseconds(lambda: home.run("sync"))
        post.document = json.loads((home.sessions / "import-latest.json").read_bytes())
        return taken

    def post() -> float:
        nonlocal etag
        # the same of another session
        document = post.document | {"id": str(uuid.uuid5(uuid.NAMESPACE_URL, token))}
        posted.write_text(json.dumps(document, indent=2))
        headers = ["-H", f"Authorization: Bearer {token}"]
        headers += ["-H", f"If-Match: {etag}"] if etag else []
        command = ["curl", "-sS", "-f", "-D", "-", "-o", os.devnull, *headers]
        command += ["--data-binary", f"@{posted}", hub.url + SESSIONS]
        begin = time.perf_counter()
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        taken = (time.perf_counter() - begin) * 1000
        names = dict(
            line.lower().split(": ", 1) for line in done.stdout.splitlines() if ": " in line
        )
        etag = names["etag"]
        return taken

    return compare("session-cli sync", "1 to send", "curl", ONE_SESSION, rounds, sync, post)


def measure_start(root: Path, hub: RunningHub, rounds: int) -> Line:
    """map-import to its first box with a hub that never answers, beside no hub."""
    with black_hole() as url:
        homes = [Home(root / "start with a hub"), Home(root / "start without")]
        homes[0].sign_in(hub, hub.add_person("starter"), url)
        for home in homes:
            home.run("save", "review", "-", data=json.dumps(make_state()).encode())
            home.end_senders()

        def start(home: Home) -> float:
            with Terminal([MAP_IMPORT], home.environment) as terminal:
                taken = terminal.until(r"RESUME SESSION\?")
                terminal.press("q")
                try:
                    while terminal.process.isalive():
                        terminal.read(0.5)
                except NeverShown:
                    pass
            home.end_senders()
            return taken

        return compare(
            "map-import", "the hub never answers", "not signed in", ALIKE, rounds,
            lambda: start(homes[0]), lambda: start(homes[1]),
        )  # fmt: skip


def add_sessions(home: Home, count: int) -> None:
    """So many sessions of one save, none of which the hub has."""
    home.sessions.mkdir(mode=0o700, parents=True, exist_ok=True)
    for number in range(count):
        begun = time.gmtime(time.time() - 60 - number)
        session_id = time.strftime("import-%Y-%m-%d-%H%M%S", begun)
        at = time.strftime("%Y-%m-%dT%H:%M:%SZ", begun)
        ours = {"version": "1.0", "type": "import", "session_id": session_id}
        ours |= {"id": str(uuid.uuid4()), "revision": 1}
        state = {**ours, **make_state(created_at=at, updated_at=at)}
        path = home.sessions / f"{session_id}.json"
        path.write_text(json.dumps(state, indent=2) + "\n")
        path.chmod(0o600)


def count_there(hub: RunningHub, token: str) -> int:
    """The sessions of the person that the hub has."""
    count, cursor = 0, ""
    while True:
        page = hub.ask("GET", f"{SESSIONS}?mine=true&status=all&limit=200{cursor}", None, token)
        if page.status == 429:
            time.sleep(float(page.headers["retry-after"]))
            continue
        count += len(page.json()["items"])
        if not page.json()["next_cursor"]:
            return count
        cursor = f"&cursor={page.json()['next_cursor']}"


def tell_many(root: Path, hub: RunningHub) -> None:
    """Very many sessions, sent by `sync`, and by the process that a save starts."""
    home, token = Home(root / "many"), hub.add_person("many")
    home.sign_in(hub, token)
    add_sessions(home, MANY)
    seconds = milliseconds(lambda: home.run("sync")) / 1000
    there = count_there(hub, token)
    print(
        f"\nsession-cli sync: {there} of {MANY} sessions sent in {seconds:.1f} s,"
        f" {there / seconds:.0f} a second; the hub takes 200 at once and then 50 a second."
    )
    again = milliseconds(lambda: home.run("sync")) / 1000
    print(f"session-cli sync with nothing to send, {MANY} sessions: {again:.1f} s.")
    home, token = Home(root / "many at a save"), hub.add_person("many-saved")
    home.sign_in(hub, token)
    add_sessions(home, MANY)
    taken = milliseconds(lambda: home.run("save", "review", "-", data=b"{}"))
    begin = time.perf_counter()
    home.wait_for_senders()
    sent = time.perf_counter() - begin
    print(
        f"The process that a save starts: {count_there(hub, token)} of {MANY + 1} sessions sent in"
        f" the {sent:.1f} s until it ended; the save itself took {taken:.0f} ms."
    )


def measure(place: Path, rounds: int) -> None:
    """Measures in a new folder at `place` and prints what was found."""
    with tempfile.TemporaryDirectory(prefix="bench-", dir=place) as folder:
        root = Path(folder)
        hub = RunningHub(root / "hub" / "store").start()
        try:
            lines = [
                *measure_saves(root, hub, rounds),
                measure_one(root, hub, rounds),
                measure_start(root, hub, rounds),
            ]
            print(table(lines))
            tell_many(root, hub)
        finally:
            hub.stop()


def main() -> int:
    parser = argparse.ArgumentParser(description="Measures what syncing costs.")
    parser.add_argument("--rounds", type=int, default=25, help="of each pair (25)")
    parser.add_argument("--quick", action="store_true", help="3 rounds, for a first look")
    options = parser.parse_args()
    place = MEMORY if in_memory() else Path(tempfile.gettempdir())
    rounds = 3 if options.quick else options.rounds
    print(f"\nSyncing, beside not syncing, folders in {place}, {rounds} rounds:\n")
    measure(place, rounds)
    return 0


if __name__ == "__main__":
    sys.exit(main())
