"""How `session-hub admin` speaks to a running hub: a socket in the store's folder, one line of
JSON each way.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import socket
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import orjson

from session_cli.errors import SessionError
from session_hub.admin import AdminError, Result

log = logging.getLogger("session_hub")
SOCKET = "hub.socket"
LINE_BYTES = 64 * 1024
# a hub that does not answer by then is stuck
ANSWER_SECONDS = 30.0

Run = Callable[[str, dict[str, Any]], Awaitable[Result]]


def bind(folder: Path) -> socket.socket:
    """Listens in the folder, for its owner alone. The caller holds the store's lock."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    # of a hub that was killed
    remove(folder)
    with _inside(folder):
        before = os.umask(0o177)
        try:
            listener.bind(SOCKET)
        finally:
            os.umask(before)
    return listener


def remove(folder: Path) -> None:
    """Removes the socket's name. The caller holds the store's lock."""
    (folder / SOCKET).unlink(missing_ok=True)


async def listen(listener: socket.socket, run: Run) -> asyncio.AbstractServer:
    """Answers every line with what `run` makes of its command and arguments."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            writer.write(orjson.dumps(await _answer(await reader.readline(), run)) + b"\n")
            await writer.drain()
        except (OSError, ValueError):
            # whoever asked is gone, or sent no line
            pass
        finally:
            writer.close()

    return await asyncio.start_unix_server(answer, sock=listener, limit=LINE_BYTES)


async def _answer(line: bytes, run: Run) -> dict[str, object]:
    try:
        return {"result": await run(*_parse(line))}
    except AdminError as error:
        return {"error": str(error)}
    except Exception:
        log.exception("a command of an administrator failed")
        return {"error": "the hub failed; its log says why"}


def _parse(line: bytes) -> tuple[str, dict[str, Any]]:
    """(the command, its arguments); raises AdminError."""
    with contextlib.suppress(orjson.JSONDecodeError):
        match orjson.loads(line):
            case {"command": str(command), "arguments": dict(arguments)}:
                return command, arguments
    raise AdminError("the running hub does not understand this: it is of another version")


def ask(folder: Path, command: str, arguments: dict[str, Any]) -> Result | None:
    """What the running hub answers; None when none runs on the folder. Raises SessionError."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(ANSWER_SECONDS)
    with connection:
        try:
            with _inside(folder):
                connection.connect(SOCKET)
        except (FileNotFoundError, ConnectionRefusedError):
            return None
        except OSError as error:
            raise SessionError(
                f"cannot reach the hub of {folder}: {error.strerror or error}"
            ) from None
        return _exchange(connection, folder, {"command": command, "arguments": arguments})


def _exchange(connection: socket.socket, folder: Path, asked: dict[str, object]) -> Result:
    try:
        with connection.makefile("rwb") as stream:
            stream.write(json.dumps(asked).encode() + b"\n")
            stream.flush()
            line = stream.readline()
    except OSError as error:
        raise SessionError(
            f"the hub of {folder} does not answer: {error.strerror or error}"
        ) from None
    if not line:
        raise SessionError(f"the hub of {folder} stopped before it answered; try again")
    answer: dict[str, Any] = json.loads(line)
    if "error" in answer:
        raise AdminError(answer["error"])
    result: Result = answer["result"]
    return result


@contextlib.contextmanager
def _inside(folder: Path) -> Iterator[None]:
    """The name of a socket may have about 100 bytes: it is named from within its folder."""
    try:
        here = os.open(".", os.O_RDONLY | os.O_DIRECTORY)
    except OSError:
        # where this process may not read there is nothing to come back to
        os.chdir(folder)
        yield
        return
    try:
        os.chdir(folder)
        yield
    finally:
        os.fchdir(here)
        os.close(here)
