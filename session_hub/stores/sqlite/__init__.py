"""The store in a folder on this machine: SQLite, one process, one connection that writes."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import sqlite3
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from session_hub.clock import now
from session_hub.stores.statements import load
from session_hub.writer import Row, Stale, Statement, Unwritable

log = logging.getLogger("session_hub")
HERE = Path(__file__).parent
STATEMENTS = load(HERE / "statements.sql")
DATABASE = "hub.sqlite"
# committed together at most
BATCH = 256
# a document or a piece of a log over this is written beside the loop
LARGE = 64 * 1024

# rows of sessions that are kept at hand
REMEMBERED = 10_000
RETURNS_SESSION = frozenset(
    name
    for name, text in STATEMENTS.items()
    if text.endswith(f"returning {STATEMENTS['summary']}") or name.startswith("save_session")
)
REMOVES_SESSION = frozenset(
    name for name, text in STATEMENTS.items() if text.startswith("delete from sessions")
)

Note = Callable[[Sequence[Statement], "list[Row] | Exception"], None]
Put = tuple[Sequence[Statement], "asyncio.Future[list[Row]]"]


def connect(path: Path, *, reads_only: bool = False) -> sqlite3.Connection:
    """A connection as the hub wants it; only the writer's may write, and it alone checkpoints."""
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=5)
    connection.row_factory = _as_dict
    connection.execute("pragma busy_timeout = 5000")
    connection.execute("pragma foreign_keys = on")
    connection.execute("pragma synchronous = full")
    connection.execute("pragma cache_size = -65536")
    if reads_only:
        connection.execute("pragma query_only = on")
        connection.execute("pragma wal_autocheckpoint = 0")
    return connection


def _as_dict(cursor: sqlite3.Cursor, values: tuple[object, ...]) -> Row:
    """`sqlite3.Row` compares names one by one at each access; a session's row has forty."""
    return {column[0]: value for column, value in zip(cursor.description, values, strict=True)}


class SqliteStore:
    """Reads in the caller's thread or beside it; writes through `writer`."""

    def __init__(self, folder: Path) -> None:
        path = folder / DATABASE
        self._folder = folder
        # it does not mend itself
        self.is_damaged = False
        self._sessions: OrderedDict[str, Row] = OrderedDict()
        self.writer = SqliteWriter(path, self._note)
        self._points = connect(path, reads_only=True)
        self._lists = ThreadPoolExecutor(1, "hub-lists")
        self._list_connection = connect(path, reads_only=True)

    async def one(self, name: str, /, **params: object) -> Row | None:
        """The first row of a statement that is found by a key: it takes microseconds."""
        if name == "find_session" and params["id"] in self._sessions:
            return self._sessions[str(params["id"])]
        row = self._find(name, params)
        if name == "find_session" and row is not None:
            self._remember(row)
        return row

    def _find(self, name: str, params: Mapping[str, object]) -> Row | None:
        with self._reading():
            cursor = self._points.execute(STATEMENTS[name], {"now": now(), **params})
            row = cursor.fetchone()
            # an open cursor would keep its snapshot, and the log could not be checkpointed
            cursor.close()
            return row

    def _note(self, statements: Sequence[Statement], result: list[Row] | Exception) -> None:
        """What a save needs is at hand: this process alone writes, and a row that is too old is
        found out by its count of changes.
        """
        for statement in statements:
            self._sessions.pop(str(statement.params.get("id")), None)
        if isinstance(result, Exception):
            return
        for statement, row in zip(statements, result, strict=True):
            if statement.name in REMOVES_SESSION:
                # also when what came before in the same write has returned it
                self._sessions.pop(str(statement.params["id"]), None)
            elif statement.name in RETURNS_SESSION and row is not None:
                self._remember(row)

    def _remember(self, session: Row) -> None:
        """Keeps the row at hand, in place of those that were not asked for longest."""
        self._sessions[session["id"]] = session
        if len(self._sessions) > REMEMBERED:
            self._sessions.popitem(last=False)

    async def all(self, name: str, /, **params: object) -> list[Row]:
        """All rows of a statement, without keeping others waiting."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._lists, self._list, name, params)

    def _list(self, name: str, params: Mapping[str, object]) -> list[Row]:
        with self._reading():
            cursor = self._list_connection.execute(STATEMENTS[name], {"now": now(), **params})
            return cursor.fetchall()

    @contextlib.contextmanager
    def _reading(self) -> Iterator[None]:
        """A database that cannot be read is the disk's, and no fault of whoever asks."""
        try:
            yield
        except sqlite3.DatabaseError as error:
            if not _is_of_the_disk(error):
                raise
            if not isinstance(error, sqlite3.OperationalError):
                self.is_damaged = True
            log.error("the store cannot be read: %s", error)
            raise Unwritable(str(error)) from None

    def free_bytes(self) -> int:
        """What the disk has left for the hub's user."""
        disk = os.statvfs(self._folder)
        return disk.f_bavail * disk.f_frsize

    def close(self) -> None:
        """Waits for what is being written, and leaves one file behind."""
        self._lists.shutdown()
        self._list_connection.close()
        self._points.close()
        self.writer.close()


class SqliteWriter:
    """One connection: what waits while a commit is on its way is the next commit.

    The statements run in the loop's thread, and only the wait for the disk in another: two threads
    that both run Python would spend half of the time on handing the interpreter over.
    """

    def __init__(self, path: Path, note: Note) -> None:
        self._note = note
        self._connection = connect(path)
        self._disk = ThreadPoolExecutor(1, "hub-disk")
        self._waiting: deque[Put] = deque()
        self._task: asyncio.Task[None] | None = None
        # what monitoring shows
        self.is_writable = True
        self.commits = 0
        self.writes = 0

    async def put(self, *statements: Statement) -> list[Row]:
        """See `Writer`."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[list[Row]] = loop.create_future()
        self._waiting.append((statements, future))
        if self._task is None:
            # it begins when all that is ready now has put what it has to write
            self._task = loop.create_task(self._run())
        return await future

    def close(self) -> None:
        """Waits for the commit that is on its way."""
        self._disk.shutdown()
        self._connection.close()

    async def _run(self) -> None:
        while self._waiting:
            puts = [self._waiting.popleft() for _ in range(min(BATCH, len(self._waiting)))]
            self._answer(puts, await self._write(puts))
        self._task = None

    async def _write(self, puts: list[Put]) -> list[list[Row] | Exception]:
        try:
            # somebody else may have the database for a while: only writes wait for that
            await self._beside(self._connection.execute, "begin immediate")
            results: list[list[Row] | Exception]
            if any(map(_takes_long, puts)):
                results = await self._beside(self._execute, puts)
            else:
                results = self._execute(puts)
            await self._beside(self._connection.execute, "commit")
        except Exception as error:
            # not of SQLite alone: what a value cannot be bound as is an error of Python, and one
            # that ended this task would be the last write of this process
            self._roll_back()
            if len(puts) > 1 and not _is_of_the_disk(error):
                # one of them is at fault: each for itself, so that the others are saved
                return [result for put in puts for result in await self._write([put])]
            return [self._refuse(error)] * len(puts)
        self._count(puts)
        return results

    async def _beside(self, function: Callable[..., Any], *arguments: object) -> Any:
        """What `function` answers, in the thread that may wait."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._disk, function, *arguments)

    def _execute(self, puts: list[Put]) -> list[list[Row] | Exception]:
        at = now()
        return [self._apply(statements, at) for statements, _ in puts]

    def _count(self, puts: list[Put]) -> None:
        if not self.is_writable:
            log.warning("the store takes writes again")
        self.is_writable = True
        self.commits += 1
        self.writes += len(puts)

    def _apply(self, statements: Sequence[Statement], at: float) -> list[Row] | Exception:
        guards = [index for index, statement in enumerate(statements) if statement.guards]
        # a guard that comes first has nothing to undo
        undoes = guards not in ([], [0])
        if undoes:
            self._connection.execute("savepoint w")
        rows: list[Row] = []
        for statement in statements:
            cursor = self._connection.execute(
                STATEMENTS[statement.name], {"now": at, **statement.params}
            )
            row = cursor.fetchone() if cursor.description else None
            changed = row is not None if cursor.description else cursor.rowcount > 0
            rows.append({**statement.known, **row} if statement.known and row else row)
            if statement.guards and not changed:
                if undoes:
                    self._connection.execute("rollback to w")
                return Stale()
        return rows

    def _answer(self, puts: list[Put], results: list[list[Row] | Exception]) -> None:
        for (written, future), result in zip(puts, results, strict=True):
            self._note(written, result)
            if future.cancelled():
                continue
            if isinstance(result, Exception):
                future.set_exception(result)
            else:
                future.set_result(result)

    def _refuse(self, error: Exception) -> Exception:
        if _is_of_the_disk(error):
            if self.is_writable:
                log.error("the store takes no writes: %s", error)
            self.is_writable = False
            return Unwritable(str(error))
        return error

    def _roll_back(self) -> None:
        # a disk that fails here, too, ends the transaction by itself, or the next write tries again
        with contextlib.suppress(sqlite3.Error):
            if self._connection.in_transaction:
                self._connection.execute("rollback")


def _takes_long(put: Put) -> bool:
    """Whether the loop would stand still: a session that is removed may have 20 MiB of versions."""
    return any(
        statement.name.startswith(("purge_", "delete_")) or _size(statement.params) > LARGE
        for statement in put[0]
    )


def _size(params: Mapping[str, Any]) -> int:
    return len(params.get("document") or params.get("bytes") or b"")


def _is_of_the_disk(error: Exception) -> bool:
    """A file that is full, locked, gone or damaged; the rest is a fault of a statement."""
    return isinstance(error, sqlite3.OperationalError) or type(error) is sqlite3.DatabaseError
