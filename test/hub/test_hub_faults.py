"""What the hub acknowledged is there afterwards: when it was killed, or its disk was full."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import random
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hub.running import SESSIONS, Response, RunningHub, free_port, state
from small_disk import SmallDisk

from session_hub import admin
from session_hub.stores.sqlite import SqliteStore, schema

ROOT = Path(__file__).parent.parent.parent
KILLS = int(os.environ.get("HUB_KILLS", "50"))
WRITERS = 100
# a token may ask 200 times at once
WRITERS_OF_A_TOKEN = 10

# What a hub loads is loaded once, here; each hub is a fork of it, with the command line of `serve`.
# A line on stdin starts one; its process id is printed, and a dot when it has ended.
NURSERY = """
import os, sys
from session_hub import program, serve
for _ in sys.stdin:
    pid = os.fork()
    if pid == 0:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        os._exit(program.main())
    print(pid, flush=True)
    os.waitpid(pid, 0)
    print(".", flush=True)
"""


class Nursery:
    """Hubs on one store, one after the other, each killed."""

    def __init__(self, folder: Path, port: int) -> None:
        words = ["serve", "--data", str(folder), "--listen", f"127.0.0.1:{port}"]
        self._process = subprocess.Popen(
            [sys.executable, "-c", NURSERY, *words, "--metrics", "off"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self._pid = 0

    def start(self) -> None:
        """Starts a hub."""
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        self._pid = int(self._process.stdout.readline())

    def kill(self) -> None:
        """Kills it in the middle of whatever it does."""
        assert self._process.stdout
        os.kill(self._pid, signal.SIGKILL)
        assert self._process.stdout.readline() == ".\n"

    def close(self) -> None:
        """Ends the nursery."""
        self._process.communicate()


@dataclass
class Writer:
    """Saves one session again and again."""

    number: int
    token: str
    version: int = 0
    etag: str = ""
    sha256: str = ""
    # what was sent and not answered
    sent: str = ""
    saves: int = 0
    unanswered: int = 0
    unique: str = field(init=False)

    def __post_init__(self) -> None:
        self.unique = f"{self.number:08x}-0000-7000-8000-000000000000"

    def request(self) -> bytes:
        """The next save."""
        self.saves += 1
        # no two saves are alike, and some are large
        filler = "x" * random.choice((10, 1000, 20_000))
        body = state(id=self.unique, number=self.saves, filler=filler)
        self.sent = hashlib.sha256(body).hexdigest()
        condition = f"If-Match: {self.etag}" if self.etag else "If-None-Match: *"
        return (
            f"POST {SESSIONS} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {self.token}\r\n"
            f"{condition}\r\nContent-Length: {len(body)}\r\n\r\n"
        ).encode() + body

    def acknowledge(self, etag: str) -> None:
        """The hub has answered."""
        self.etag, self.sha256, self.sent = etag, self.sent, ""
        self.version = int(etag.strip('"').partition("-")[0])

    def compare(self, version: int, sha256: str) -> None:
        """With what stands in the store: it is what was acknowledged, or what was sent since."""
        if (version, sha256) == (self.version, self.sha256):
            return
        assert (version, sha256) == (self.version + 1, self.sent), f"writer {self.number}"
        self.unanswered += 1
        self.acknowledge(f'"{version}-{sha256[:16]}"')


async def write(writer: Writer, port: int, enough: asyncio.Event, left: list[int]) -> None:
    """Saves until the hub is gone."""
    with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
        reader, stream = await connect(port)
        while True:
            stream.write(writer.request())
            head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
            await reader.readexactly(int(head.partition("content-length: ")[2].split()[0]))
            assert head.split()[1] in ("200", "201"), head
            writer.acknowledge(head.partition("\netag: ")[2].split()[0])
            left[0] -= 1
            if left[0] <= 0:
                enough.set()


async def connect(port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    while True:
        try:
            return await asyncio.open_connection("127.0.0.1", port)
        except ConnectionRefusedError:
            await asyncio.sleep(0.005)


async def write_until_killed(writers: list[Writer], port: int, nursery: Nursery) -> None:
    """Lets all write, and kills the hub after some saves in the middle of the others."""
    enough, left = asyncio.Event(), [random.randrange(1, 2 * len(writers))]
    tasks = [asyncio.create_task(write(each, port, enough, left)) for each in writers]
    await asyncio.wait_for(enough.wait(), 60)
    await asyncio.get_running_loop().run_in_executor(None, nursery.kill)
    await asyncio.gather(*tasks)


def stored(folder: Path) -> dict[str, tuple[int, str, bytes]]:
    """What stands in the store, by id."""
    connection = sqlite3.connect(f"file:{folder}/hub.sqlite?mode=ro", uri=True)
    try:
        found = connection.execute("select id, version, sha256, document from sessions")
        return {row[0]: (row[1], row[2], row[3]) for row in found}
    finally:
        connection.close()


def is_whole(folder: Path) -> bool:
    connection = sqlite3.connect(folder / "hub.sqlite")
    try:
        return bool(connection.execute("pragma integrity_check").fetchone()[0] == "ok")
    finally:
        connection.close()


async def add_people(folder: Path, number: int) -> list[str]:
    """The tokens of new people in `home`."""
    store = SqliteStore(folder)
    try:
        await admin.add_organization(store, "home")
        names = [f"user-{index}" for index in range(number)]
        for name in names:
            await admin.add_user(store, name, "home")
        made = [await admin.add_token(store, name, "home", "test") for name in names]
        return [str(each["token"]) for each in made]
    finally:
        store.close()


def test_no_acknowledged_save_is_lost_when_the_hub_is_killed(tmp_path: Path) -> None:
    """`kill -9` fifty times under a hundred writers. HUB_KILLS sets how many times."""
    schema.migrate(tmp_path)
    tokens = asyncio.run(add_people(tmp_path, WRITERS // WRITERS_OF_A_TOKEN))
    writers = [Writer(n, tokens[n // WRITERS_OF_A_TOKEN]) for n in range(WRITERS)]
    port = free_port()
    nursery = Nursery(tmp_path, port)
    try:
        for _ in range(KILLS):
            nursery.start()
            asyncio.run(write_until_killed(writers, port, nursery))
            found = stored(tmp_path)
            for writer in writers:
                version, sha256, document = found.get(writer.unique, (0, "", b""))
                writer.compare(version, sha256)
                assert not version or hashlib.sha256(document).hexdigest() == sha256
    finally:
        nursery.close()
    assert is_whole(tmp_path)
    # else it would have shown nothing
    assert sum(writer.version for writer in writers) > 10 * KILLS
    assert sum(writer.unanswered for writer in writers) > 0


def test_an_answer_comes_after_its_sync(tmp_path: Path) -> None:
    """Of each save: a sync of the log that began after it was read has ended before the answer."""
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed: the order of system calls cannot be seen")
    trace = tmp_path / "trace"
    hub = Traced(tmp_path / "store", trace=trace).start()
    threads = [threading.Thread(target=save_some, args=(hub, number)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    hub.stop()
    calls = list(order_calls(trace.read_text("utf-8", "replace").splitlines()))
    answered = 0
    syncs: list[tuple[int, int]] = []
    asked: dict[str, int] = {}
    for at, call in enumerate(calls):
        if call.is_sync:
            syncs.append((call.began, at))
        elif call.is_request:
            asked[call.descriptor] = at
        elif call.is_answer:
            assert any(asked[call.descriptor] < began for began, _ in syncs), call
            answered += 1
    assert answered == 20 * 3


@dataclass
class Traced(RunningHub):
    """A hub whose system calls are written down."""

    trace: Path = Path()

    def command(self, verb: str, *arguments: str) -> list[str]:
        """The command line, below strace."""
        calls = "?fdatasync,?fsync,?read,?recvfrom,?recvmsg,?write,?writev,?sendto,?sendmsg"
        # -D: it is the hub that is started and stopped, and strace looks on
        tool = ["strace", "-D", "-f", "-qq", "-y", "-s", "20", "-o", str(self.trace)]
        return [*tool, "-e", f"trace={calls}", *super().command(verb, *arguments)]


def save_some(hub: RunningHub, number: int) -> None:
    """Three saves of a session of one's own."""
    etag = None
    for step in ("scan", "review", "select"):
        condition = {"If_Match": etag} if etag else {}
        answer = hub.save(state(step, created_at=f"2026-05-{number + 1:02}T00:00:00Z"), **condition)
        assert answer.status in (200, 201)
        etag = answer.headers["etag"]


@dataclass(frozen=True)
class Traces:
    """One system call that has ended."""

    name: str
    descriptor: str
    # the place, among the calls that have ended, at which it began
    began: int
    line: str

    @property
    def is_sync(self) -> bool:
        """Of the log, and it went well."""
        return (
            self.name in ("fdatasync", "fsync")
            and self.descriptor.endswith("hub.sqlite-wal>")
            and self.line.endswith("= 0")
        )

    @property
    def is_request(self) -> bool:
        """Of a save."""
        return self.name.startswith(("read", "recv")) and '"POST /api' in self.line

    @property
    def is_answer(self) -> bool:
        """Of a save that went well."""
        return bool(re.search(r'"HTTP/1\.1 20[01]', self.line))


def order_calls(lines: list[str]) -> Iterator[Traces]:
    """The calls in the order in which they ended."""
    begun: dict[str, tuple[str, int]] = {}
    ended = 0
    for line in lines:
        thread, _, text = line.partition(" ")
        text = text.strip()
        if text.endswith("<unfinished ...>"):
            begun[thread] = (text.removesuffix("<unfinished ...>").strip(), ended)
            continue
        began = ended
        if text.startswith("<... "):
            first, began = begun.pop(thread)
            text = first + text.partition("resumed>")[2]
        match = re.match(r"(\w+)\((\d+<[^>]*>)", text)
        if match:
            yield Traces(match[1], match[2], began, text)
            ended += 1


STREAMS = 500
STREAMS_OF_A_PERSON = 5


async def listen(port: int, token: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A stream of the live feed, after its snapshot."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(
        f"GET {SESSIONS}/events HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        f"Authorization: Bearer {token}\r\n\r\n".encode()
    )
    await reader.readuntil(b"event: snapshot\n")
    return reader, writer


async def stop_under(hub: RunningHub, tokens: list[str]) -> tuple[list[bytes], float]:
    """Stops the hub while all listen: what each still read, and how long it took."""
    streams = [
        await asyncio.wait_for(listen(hub.port, token), 60)
        for token in tokens
        for _ in range(STREAMS_OF_A_PERSON)
    ]
    ends = [asyncio.create_task(reader.read()) for reader, _ in streams]
    since = time.monotonic()
    stopped = asyncio.get_running_loop().run_in_executor(None, hub.stop)
    rests = await asyncio.gather(*ends)
    assert await stopped == 0
    return rests, time.monotonic() - since


def test_five_hundred_streams_do_not_keep_it_from_stopping(tmp_path: Path) -> None:
    """Of a hundred people; each reads `bye`, and it is gone within two seconds."""
    folder = tmp_path / "store"
    folder.mkdir()
    schema.migrate(folder)
    tokens = asyncio.run(add_people(folder, STREAMS // STREAMS_OF_A_PERSON))
    hub = RunningHub(folder).start()

    rests, seconds = asyncio.run(stop_under(hub, tokens))

    assert len(rests) == STREAMS
    assert [rest for rest in rests if b"event: bye\n" not in rest] == []
    assert seconds <= 2


@dataclass
class OnSmallDisk(RunningHub):
    """A hub whose store is on a small disk."""

    disk: SmallDisk | None = None

    def command(self, verb: str, *arguments: str) -> list[str]:
        """The command line, where the disk is."""
        assert self.disk
        return [*self.disk.inside, *super().command(verb, *arguments)]


@pytest.fixture
def small(tmp_path: Path) -> Iterator[OnSmallDisk]:
    """A running hub on a disk of 12 MiB."""
    folder = tmp_path / "store"
    disk = SmallDisk(folder, "12m")
    hub = OnSmallDisk(folder, disk=disk)
    try:
        yield hub.start()
    finally:
        if hub.process:
            hub.stop()
        disk.close()


def save_until_refused(hub: RunningHub) -> tuple[dict[str, bytes], Response]:
    """What was acknowledged, by place, and the answer that refused."""
    saved = {}
    for number in range(200):
        body = state(
            created_at=f"2026-06-01T00:{number // 60:02}:{number % 60:02}Z", x="x" * 90_000
        )
        answer = hub.save(body)
        if answer.status != 201:
            return saved, answer
        saved[answer.headers["location"]] = body
    raise AssertionError("the disk does not fill up")


def test_a_full_disk_is_survived(small: OnSmallDisk) -> None:
    """503 while it is full, reads go on, and saves do again by themselves when there is room."""
    assert small.disk
    assert small.ask("GET", "/readyz").status == 200
    before = small.save(state(created_at="2026-06-02T00:00:00Z"))
    small.disk.fill()

    saved, refused = save_until_refused(small)

    assert (refused.status, refused.json()["type"]) == (503, "/problems/unavailable")
    assert int(refused.headers["retry-after"]) > 0
    assert "nothing was stored" in refused.json()["detail"]
    ready = small.ask("GET", "/readyz")
    assert (ready.status, "its disk is full" in ready.json()["detail"]) == (503, True)
    assert small.ask("GET", "/healthz").status == 200
    for path, body in saved.items():
        assert small.ask("GET", f"{path}/document").body == body
    assert small.ask("GET", f"{SESSIONS}?limit=200").status == 200

    small.disk.free()

    etag = before.headers["etag"]
    again = state("review", created_at="2026-06-02T00:00:00Z", x="x" * 90_000)
    assert small.save(again, If_Match=etag).status == 200
    assert small.ask("GET", "/readyz").status == 200
    for path, body in saved.items():
        assert small.ask("GET", f"{path}/document").body == body
    log = small.log.read_text()
    assert log.count("the store takes no writes: database or disk is full") == 1
    assert log.count("the store takes writes again") == 1
    small.stop()
    small.process = None
    assert is_whole(small.disk.seen)


def test_only_writes_wait_for_somebody_else_in_the_database(own_hub: RunningHub) -> None:
    """A shell that was left open with a transaction in it."""
    hub = own_hub.start()
    hub.save(state())
    other = sqlite3.connect(hub.folder / "hub.sqlite", isolation_level=None)
    other.execute("begin immediate")
    answers: list[Response] = []
    body = state(created_at="2026-02-01T00:00:00Z")
    saver = threading.Thread(target=lambda: answers.append(hub.save(body)))
    saver.start()
    since = time.monotonic()
    for _ in range(10):
        assert hub.ask("GET", "/healthz").status == 200
        assert hub.ask("GET", SESSIONS).status == 200
    # far less than the save waits
    assert time.monotonic() - since < 3
    assert answers == []
    other.execute("rollback")
    other.close()
    saver.join()
    assert [answer.status for answer in answers] == [201]


def test_a_database_that_is_damaged_is_not_ready(own_hub: RunningHub) -> None:
    hub = own_hub.start()
    hub.save(state())
    hub.stop()
    hub.start()
    with open(hub.folder / "hub.sqlite", "r+b") as file:
        file.truncate(8192)
    answer = hub.ask("GET", SESSIONS)
    assert (answer.status, answer.json()["type"]) == (503, "/problems/unavailable")
    assert "retry-after" in answer.headers
    assert hub.ask("GET", "/readyz").status == 503
