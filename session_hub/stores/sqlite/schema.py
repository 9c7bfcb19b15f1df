"""The schema of a store: making it, migrating it forward, refusing what is newer."""

from __future__ import annotations

import contextlib
import os
import secrets
import sqlite3
from pathlib import Path

from session_cli.errors import SessionError, Unreadable
from session_cli.names import uuid7
from session_hub.clock import now
from session_hub.stores.sqlite import DATABASE, connect

MIGRATIONS = sorted((Path(__file__).parent / "migrations").glob("*.sql"))
NEWEST = len(MIGRATIONS)


class NewerSchema(Unreadable):
    """A later session-hub wrote this store; it was not touched."""


def version_of(folder: Path) -> int:
    """The schema of the store in the folder, which is not touched; 0 where there is none."""
    path = folder / DATABASE
    if not path.exists():
        return 0
    # a store that was closed has no log, and reading it as it is makes none
    is_closed = not path.with_name(f"{DATABASE}-wal").exists()
    how = "mode=ro&immutable=1" if is_closed else "mode=ro"
    try:
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?{how}", uri=True)
        with contextlib.closing(connection):
            version: int = connection.execute("pragma user_version").fetchone()[0]
            tables = connection.execute("select count(*) from sqlite_schema").fetchone()[0]
    except sqlite3.Error as error:
        raise SessionError(f"the store in {folder} cannot be read: {error}") from None
    if tables and not version:
        raise SessionError(
            f"{path} is a database of another program: choose another folder with --data"
        )
    return version


def pending(folder: Path) -> list[str]:
    """The names of the migrations that the store has not had; raises NewerSchema."""
    version = version_of(folder)
    if version > NEWEST:
        raise NewerSchema(
            f"the store in {folder} has schema {version}, this session-hub knows {NEWEST}:"
            " a later version wrote it; install that, or use the copy it made before it migrated"
        )
    return [migration.stem for migration in MIGRATIONS[version:]]


def migrate(folder: Path) -> Path | None:
    """Brings the store to the newest schema; the copy that was made before, if it had any data."""
    names = pending(folder)
    if not names:
        return None
    version = version_of(folder)
    copy = _copy(folder, version) if version else None
    # before SQLite does it with the rights of the umask
    os.close(os.open(folder / DATABASE, os.O_RDWR | os.O_CREAT, 0o600))
    connection = connect(folder / DATABASE)
    try:
        connection.execute("pragma journal_mode = wal")
        for number, migration in enumerate(MIGRATIONS[version:], version + 1):
            connection.executescript(
                f"begin immediate;{migration.read_text()};pragma user_version = {number};"
            )
            # in the same transaction: a store that has its schema is not looked at again
            _name_instance(connection)
            connection.execute("commit")
    finally:
        connection.close()
    return copy


def _copy(folder: Path, version: int) -> Path:
    copy = folder / f"{DATABASE}.schema-{version}.{int(now())}"
    # under another name until it is whole: what a crash leaves must not be taken for a copy
    part = folder / f"{DATABASE}.part"
    part.unlink(missing_ok=True)
    descriptor = os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with contextlib.closing(connect(folder / DATABASE)) as connection:
            connection.execute("vacuum into ?", (str(part),))
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    part.rename(copy)
    return copy


def _name_instance(connection: sqlite3.Connection) -> None:
    """Clients keep to the instance: a restored store is the same, an empty one is another."""
    for key in ("instance", "epoch"):
        connection.execute(
            "insert into meta (key, value) values (?, ?) on conflict do nothing",
            (key, uuid7(now(), secrets.token_bytes(10))),
        )
