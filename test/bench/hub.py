"""Measures the hub: a save beside a bare POST of the same process, the list, the live feed.

wrk sends the load. A ratio is the median over rounds of (saves / bare POSTs) in one round, so that
what else the machine does falls on both; what the disk and the machine were doing is told beside.
"""

from __future__ import annotations

import argparse
import asyncio
import http.client
import json
import os
import resource
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import NamedTuple

from session_cli.names import uuid7
from session_hub import admin
from session_hub.stores.sqlite import DATABASE, SqliteStore, connect, schema

HERE = Path(__file__).parent
SESSIONS = "/api/v1/sessions/import"
DEVICE = "0190a0a0-0000-7000-8000-000000000001"
CONNECTIONS = 256
IN_TURN = 4000
MANY = 100_000
FEW = 200
STREAMS = 2000
STREAMS_EACH = 5
# what a process needs beside its streams
DESCRIPTORS = 100


class Load(NamedTuple):
    """What wrk measured: requests a second, and milliseconds."""

    rate: float
    p50: float
    p99: float
    refused: int


class Bench:
    """A hub in a process of its own, with a bare POST beside it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = _free_port()
        self.server = subprocess.Popen(
            [sys.executable, str(HERE / "hub_server.py"), str(folder), str(self.port)],
            stderr=subprocess.DEVNULL,
        )
        _wait_for(self.port)

    def ask(self, method: str, path: str, token: str, body: bytes | None = None) -> bytes:
        """The body of the answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        headers = {"Authorization": f"Bearer {token}", "Session-Device": DEVICE}
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        assert answer.status in (200, 201), text
        return text

    def memory(self) -> float:
        """What the hub has in memory, in MiB."""
        for line in Path(f"/proc/{self.server.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS"):
                return int(line.split()[1]) / 1024
        return 0

    def close(self) -> None:
        """Ends the hub."""
        self.server.terminate()
        self.server.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(port: int) -> None:
    until = time.monotonic() + 30
    while time.monotonic() < until:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise SystemExit("the hub does not answer")


@contextmanager
def serving(folder: Path) -> Iterator[Bench]:
    """A hub on the store in the folder."""
    bench = Bench(folder)
    try:
        yield bench
    finally:
        bench.close()


def add_people(folder: Path, people: int) -> list[str]:
    """Makes a store with an administrator and so many others; their tokens."""

    async def add() -> list[str]:
        store = SqliteStore(folder)
        await admin.add_organization(store, "home")
        names = ["alex", *(f"person-{number}" for number in range(people))]
        for name in names:
            await admin.add_user(store, name, "home", is_admin=name == "alex")
        made = [await admin.add_token(store, name, "home", "bench") for name in names]
        store.close()
        return [str(each["token"]) for each in made]

    schema.migrate(folder)
    return asyncio.run(add())


def document(unique: str, revision: int) -> str:
    """A state of some 2 KB."""
    chosen = [
        {"namespace": "payment-prod", "name": f"payment-api-{number}", "owner": "Flux"}
        for number in range(14)
    ]
    state = {
        "version": "1.0",
        "type": "import",
        "id": unique,
        "created_at": "2026-01-09T14:30:22Z",
        "updated_at": "2026-01-09T14:45:33Z",
        "revision": revision,
        "step": "worker_connecting",
        "steps_completed": ["scan", "review", "select", "connect"],
        "cluster_context": "kind-atk",
        "scan_result": {"workloads_detected": 14},
        "selections": {"app_space": "payment-team", "selected_workloads": chosen},
        "confighub": {"org": "acme", "user": "alex"},
    }
    return json.dumps(state, indent=2)


def new_id() -> str:
    """A UUID for a session."""
    return uuid7(time.time(), secrets.token_bytes(10))


def show_machine(folder: Path) -> None:
    """An fdatasync of 4 KB in the folder, and the load, which all else depends on."""
    times = []
    descriptor = os.open(folder / "probe", os.O_RDWR | os.O_CREAT)
    for _ in range(200):
        os.write(descriptor, secrets.token_bytes(4096))
        since = time.perf_counter()
        os.fdatasync(descriptor)
        times.append((time.perf_counter() - since) * 1000)
    os.close(descriptor)
    print(
        f"fdatasync of 4 KB: median {median(times):.1f} ms, 99 % under {sorted(times)[-2]:.1f} ms;"
        f" load {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors\n"
    )


def bench_saves(bench: Bench, token: str, rounds: int, seconds: int) -> None:
    """The save route beside a bare POST, in turn."""
    for _ in range(IN_TURN):
        bench.ask("POST", SESSIONS, token, document(new_id(), 0).encode())
    ratios = []
    print(f"A save, over {CONNECTIONS} connections, beside a bare POST of the same process:\n")
    print("| bare POST/s | saves/s | ratio | save p50, ms | p99, ms | refused | load |")
    print("|---|---|---|---|---|---|---|")
    for _ in range(rounds):
        etags = read_etags(bench, token)
        bare = send(bench, "/bare", token, etags, seconds)
        saves = send(bench, SESSIONS, token, etags, seconds)
        ratios.append(saves.rate / bare.rate)
        print(
            f"| {bare.rate:.0f} | {saves.rate:.0f} | {ratios[-1]:.2f} | {saves.p50:.0f} |"
            f" {saves.p99:.0f} | {saves.refused} | {os.getloadavg()[0]:.1f} |",
            flush=True,
        )
    print(f"\nMedian ratio {median(ratios):.2f}; wanted are 0.5, and a p99 under 150 ms.\n")


def send(bench: Bench, target: str, token: str, etags: dict[str, str], seconds: int) -> Load:
    """So many seconds of POSTs over all connections."""
    sessions = bench.folder / "sessions"
    sessions.write_text("".join(f"{unique} {etag}\n" for unique, etag in etags.items()))
    environment = {
        **os.environ,
        "TOKEN": token,
        "DEVICE": DEVICE,
        "TARGET": target,
        "BODY": document("UNIQUE", 4711),
        "SESSIONS": str(sessions),
    }
    address = f"http://127.0.0.1:{bench.port}"
    done = subprocess.run(
        ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "-s", HERE / "save.lua", address],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    line = next(line for line in done.stdout.splitlines() if line.startswith("FIGURES"))
    requests, microseconds, p50, p99, refused = map(int, line.split()[1:])
    return Load(requests / microseconds * 1e6, p50 / 1000, p99 / 1000, refused)


def read_etags(bench: Bench, token: str) -> dict[str, str]:
    """The ETag of each session."""
    etags: dict[str, str] = {}
    cursor = ""
    while True:
        page = json.loads(bench.ask("GET", f"{SESSIONS}?mine=true&limit=200{cursor}", token))
        etags.update((each["id"], each["etag"].strip('"')) for each in page["items"])
        if page["next_cursor"] is None:
            return etags
        cursor = f"&cursor={page['next_cursor']}"


def bench_lists(folder: Path) -> None:
    """A list of 200 among very many, for who sees all of them and for who sees only 200."""
    tokens = add_people(folder, 2)
    fill(folder)
    with serving(folder) as bench:
        print(f"A list of {FEW} among {MANY} sessions of one organization:\n")
        for who, token in (
            ("an administrator, who sees nearly all", tokens[0]),
            (f"a person who sees {FEW}", tokens[1]),
        ):
            print(f"- {who}: {time_list(bench, token):.1f} ms; wanted is 10 ms")
    print()


def fill(folder: Path) -> None:
    """Puts the sessions of two people into the store, shared with the organization or not."""
    connection = connect(folder / DATABASE)
    people = [
        connection.execute("select id, name from users where name = ?", (name,)).fetchone()
        for name in ("person-0", "person-1")
    ]
    org = connection.execute("select id from organizations").fetchone()["id"]
    connection.execute("begin")
    for number in range(MANY):
        unique, is_few = new_id(), number % (MANY // FEW) == 0
        person = people[0 if is_few else 1]
        connection.execute(
            "insert into sessions (id, org_id, session_id, owner_id, owner, created_by, scope,"
            " started_at, cluster, step, detected, selected, imported, is_complete, document,"
            " size, sha256, version, writer_id, writer, created_at, updated_at) values (?, ?,"
            " 'import-2026-01-09-143022', ?, ?, ?, ?, '2026-01-09T14:30:22Z', 'kind-atk', 'scan',"
            " 1, 0, 0, 0, ?, 2000, ?, 1, ?, ?, ?, ?)",
            (unique, org, person["id"], person["name"], person["id"],
             "personal" if is_few else "org", document(unique, number).encode(),
             secrets.token_hex(32), person["id"], person["name"], time.time(), time.time()),
        )  # fmt: skip
    connection.execute("commit")
    connection.close()


def time_list(bench: Bench, token: str) -> float:
    """The median of fifty lists over one connection, in milliseconds."""
    connection = http.client.HTTPConnection("127.0.0.1", bench.port, timeout=60)
    times = []
    for _ in range(50):
        since = time.perf_counter()
        connection.request(
            "GET", f"{SESSIONS}?limit={FEW}", headers={"Authorization": f"Bearer {token}"}
        )
        page = json.loads(connection.getresponse().read())
        times.append((time.perf_counter() - since) * 1000)
        assert len(page["items"]) == FEW
    connection.close()
    return median(times)


def bench_streams(folder: Path) -> None:
    """Many streams that hear nothing, and one that hears of each save."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    count = min(STREAMS, hard - DESCRIPTORS)
    if count < STREAMS:
        print(f"Only {count} streams: 'ulimit -n' allows {hard} open files.")
    tokens = add_people(folder, -(-count // STREAMS_EACH))
    with serving(folder) as bench:
        asyncio.run(_measure_streams(bench, tokens, count))
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


async def _measure_streams(bench: Bench, tokens: list[str], count: int) -> None:
    before = bench.memory()
    idle = [await _listen(bench, tokens[1 + place // STREAMS_EACH]) for place in range(count - 1)]
    reader, writer = await _listen(bench, tokens[0])
    size = (bench.memory() - before) / count * 1024
    times = []
    for number in range(50):
        body = document(new_id(), number).encode()
        since = time.perf_counter()
        saving = asyncio.to_thread(bench.ask, "POST", SESSIONS, tokens[0], body)
        _, times_read = await asyncio.gather(saving, _hear(reader))
        times.append((times_read - since) * 1000)
    print(
        f"{count} streams: {size:.0f} KiB each; from the save to the event"
        f" {median(times):.1f} ms, at most {max(times):.1f} ms."
    )
    for _, each in [*idle, (reader, writer)]:
        each.close()


async def _listen(bench: Bench, token: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection("127.0.0.1", bench.port)
    writer.write(
        f"GET {SESSIONS}/events HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}"
        "\r\n\r\n".encode()
    )
    await reader.readuntil(b"event: snapshot")
    return reader, writer


async def _hear(reader: asyncio.StreamReader) -> float:
    await reader.readuntil(b"event: session")
    return time.perf_counter()


def main() -> None:
    """Prints the tables."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--seconds", type=int, default=4)
    options.add_argument("--folder", type=Path, help="where the stores are put; else in TMPDIR")
    given = options.parse_args()
    if not shutil.which("wrk"):
        raise SystemExit("wrk, which sends the load, is not here: 'apt install wrk'")
    with tempfile.TemporaryDirectory(dir=given.folder) as parent:
        folders = [Path(parent, name) for name in ("saves", "lists", "streams")]
        for folder in folders:
            folder.mkdir()
        show_machine(folders[0])
        [token] = add_people(folders[0], 0)
        with serving(folders[0]) as bench:
            bench_saves(bench, token, given.rounds, given.seconds)
        bench_lists(folders[1])
        bench_streams(folders[2])


if __name__ == "__main__":
    main()
