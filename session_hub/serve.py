"""Running the hub: one process on one store, until it is told to stop."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import getpass
import ipaddress
import logging
import re
import signal
import socket
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import uvicorn
import uvloop
from starlette.types import ASGIApp

from session_cli.errors import BadInput, SessionError, printable
from session_hub import (
    admin,
    admin_socket,
    buckets,
    proxies,
    retention,
    store_folder,
    structured_log,
)
from session_hub.app import Application
from session_hub.auth import Authenticator
from session_hub.events import Feed
from session_hub.hub import Hub, Settings
from session_hub.metrics import Metrics
from session_hub.protocol import BoundedProtocol
from session_hub.stores.sqlite import SqliteStore, schema
from session_hub.writer import Statement, Unwritable

log = logging.getLogger("session_hub")
LOOPBACK = frozenset(("127.0.0.1", "localhost", "[::1]", "::1"))
PUBLIC_URL = "public_url"
# what is not answered by then is cut off
STOP_SECONDS = 1
Say = Callable[[str], None]
PUBLIC = re.compile(
    r"(?P<scheme>https?)://(?P<place>(?P<host>[a-z0-9.-]+|\[[0-9a-f:.]+\])(:(?P<port>[0-9]{1,5}))?)/?"
)
GARBAGE_THRESHOLDS = (50_000, 20, 50)


@dataclass(frozen=True, slots=True)
class Listen:
    """A place to listen at."""

    host: str
    port: int

    def __str__(self) -> str:
        """As it is written on the command line."""
        return f"{_in_url(self.host)}:{self.port}"


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line said."""

    folder: Path
    listen: Listen
    public_url: str | None
    # the proxies whose X-Forwarded-For is believed; None: nobody's
    forwarded_allow_ips: str | None
    # None: nothing is shown to monitoring
    metrics: Listen | None


def parse_listen(text: str, option: str) -> Listen:
    """`127.0.0.1:8377`, `[::1]:8377` or `localhost:8377`; raises BadInput."""
    host, _, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]") if host.startswith("[") else host
    if not host or not port.isascii() or not port.isdigit() or int(port) > 65535:
        raise BadInput(f"{option} {text} is not an address and a port such as 127.0.0.1:8377")
    return Listen(host, int(port))


def check_proxies(text: str | None) -> str | None:
    """The addresses of --forwarded-allow-ips as they are; raises BadInput."""
    for part in text.split(",") if text is not None else ():
        try:
            if part.strip() != "*":
                ipaddress.ip_network(part.strip())
        except ValueError:
            raise BadInput(
                f"--forwarded-allow-ips {text}: {part.strip()!r} is neither an address nor a"
                " network such as 10.0.0.0/8"
            ) from None
    return text


def settings_for(listen: Listen, public_url: str | None) -> Settings:
    """The settings; raises BadInput where others reach the hub by a name it does not know."""
    if public_url is None:
        if listen.host not in LOOPBACK:
            raise BadInput(
                f"--listen {listen} is not for this machine alone: say with --public-url by which"
                " address others reach the hub"
            )
        return Settings(f"http://{listen}", LOOPBACK)
    match = PUBLIC.fullmatch(public_url.lower())
    if not match or int(match["port"] or 0) > 65535:
        raise BadInput(
            f"--public-url {public_url} is not an address such as https://hub.example, with a port"
            " or without"
        )
    return Settings(
        f"{match['scheme']}://{match['place']}", LOOPBACK | {match["place"], match["host"]}
    )


def _in_url(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def run(options: Options, say: Say) -> None:
    """Serves until a signal comes; raises SessionError when it cannot."""
    settings_for(options.listen, options.public_url)
    if options.metrics == options.listen and options.listen.port:
        raise BadInput(f"--metrics and --listen cannot both be {options.listen}")
    structured_log.start()
    for line in store_folder.prepare(options.folder):
        log.warning("%s", line)
    with store_folder.locked(options.folder):
        try:
            _migrate(options.folder)
            listener = bind(options.listen)
            metrics = _show_metrics(options.metrics)
            uvloop.run(_serve(options, listener, metrics, say))
        except (sqlite3.Error, Unwritable) as error:
            raise SessionError(
                f"the store in {options.folder} cannot be used: {error}; free space or mend its"
                " rights, then start again, or choose another folder with --data"
            ) from None
        except OSError as error:
            raise SessionError(
                f"cannot serve the store in {options.folder}: {error.strerror or error}"
            ) from None


def _migrate(folder: Path) -> None:
    copy = schema.migrate(folder)
    if copy is not None:
        log.warning("the store has a new schema now; the copy of the old one is %s", copy)


def bind(listen: Listen) -> socket.socket:
    """A socket for that address; raises SessionError when it is taken."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            listen.host, listen.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
        # a port whose last connections are still ending is free
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
    except OSError as error:
        raise _cannot_listen("--listen", listen, error) from None
    return listener


def _show_metrics(listen: Listen | None) -> Metrics:
    metrics = Metrics()
    if listen is not None:
        try:
            metrics.show(listen.host, listen.port)
        except OSError as error:
            raise _cannot_listen("--metrics", listen, error) from None
    return metrics


def _cannot_listen(option: str, listen: Listen, error: OSError) -> SessionError:
    return SessionError(
        f"cannot listen on {listen}: {error.strerror or error}; choose another place with {option}"
    )


class Server(uvicorn.Server):
    """Greets once it can be stopped; tells the streams to end before it waits for them."""

    def __init__(
        self, config: uvicorn.Config, stopping: asyncio.Event, greet: Callable[[], None]
    ) -> None:
        super().__init__(config)
        self._stopping = stopping
        self._greet = greet

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Whoever reads the greeting finds the hub listening, or in a moment."""
        self._greet()
        await super().startup(sockets)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Does not raise them again at the end: a hub that was asked to stop has not failed."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self.handle_exit, number, None)
        yield

    def handle_exit(self, sig: int, frame: Any) -> None:
        """A signal to stop."""
        self._stopping.set()
        super().handle_exit(sig, frame)


async def _serve(options: Options, listener: socket.socket, metrics: Metrics, say: Say) -> None:
    listen = Listen(options.listen.host, listener.getsockname()[1])
    settings = settings_for(listen, options.public_url)
    store = SqliteStore(options.folder)
    try:
        hub = await make_hub(store, settings, metrics)
        metrics.watch(store.writer)
        first = await begin(store, find_login())
        administration = await _administer(options.folder, hub)
        cleaning = asyncio.create_task(retention.run(hub))
        greeting = "\n".join(map(printable, greet(settings, options.folder, first)))
        server = Server(_config(hub, options), hub.stopping, lambda: say(greeting))
        await server.serve([listener])
        cleaning.cancel()
        administration.close()
        admin_socket.remove(options.folder)
    finally:
        store.close()


def _config(hub: Hub, options: Options) -> uvicorn.Config:
    application: ASGIApp = Application(hub)
    if options.forwarded_allow_ips is not None:
        application = proxies.believe(application, options.forwarded_allow_ips)
    return uvicorn.Config(
        application,
        log_config=None,
        access_log=False,
        lifespan="off",
        server_header=False,
        timeout_graceful_shutdown=STOP_SECONDS,
        # uvicorn would take over what is no address, too
        proxy_headers=False,
        http=BoundedProtocol,
    )


async def make_hub(store: SqliteStore, settings: Settings, metrics: Metrics) -> Hub:
    """The parts of a hub on that store."""
    keys = ("instance", "epoch", PUBLIC_URL)
    rows = {key: await store.one("find_meta", key=key) for key in keys}
    relax_garbage_collection()
    values = {key: row["value"] if row is not None else "" for key, row in rows.items()}
    if values[PUBLIC_URL] != settings.public_url:
        # for the links of administrators, which are made without a hub, too
        await store.writer.put(
            Statement("set_meta", {"key": PUBLIC_URL, "value": settings.public_url})
        )
    authenticator = Authenticator(
        store, "__Host-hub_session" if settings.is_https else "hub_session"
    )
    stopping = asyncio.Event()
    return Hub(
        settings,
        store,
        authenticator,
        Feed(store, authenticator, stopping),
        buckets.for_requests(),
        metrics,
        values["instance"],
        values["epoch"],
        schema.NEWEST,
        stopping,
    )


def relax_garbage_collection() -> None:
    """A save makes hundreds of objects and no cycle; to look for cycles took as long again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GARBAGE_THRESHOLDS)


async def _administer(folder: Path, hub: Hub) -> asyncio.AbstractServer:
    # what a command decides on must not change under it
    one_at_a_time = asyncio.Lock()

    async def run(command: str, arguments: dict[str, Any]) -> admin.Result:
        async with one_at_a_time:
            result = await admin.run(hub.store, command, arguments)
        # what ended or was granted counts at once
        hub.authenticator.forget()
        if command == "transfer":
            hub.feed.publish(await hub.store.one("find_session", id=result["id"]))
        return result

    return await admin_socket.listen(admin_socket.bind(folder), run)


@dataclass(frozen=True, slots=True)
class First:
    """The first user of a store that was empty."""

    user: str
    org: str
    token: str


async def begin(store: SqliteStore, user: str) -> First | None:
    """Gives an empty store an organization and a first user, who administers it."""
    if await store.one("find_any_organization") is not None:
        return None
    made = await admin.add_first_user(store, user, "home")
    return First(str(made["user"]), str(made["org"]), str(made["token"]))


def find_login() -> str:
    """What the person is called on this machine; where that is no name for a hub, `admin`."""
    try:
        login = getpass.getuser()
    except (KeyError, OSError):
        # a container may run as a number that has no name
        login = ""
    return login if admin.is_name(login) else "admin"


def greet(settings: Settings, folder: Path, first: First | None) -> list[str]:
    """What a person reads who has started the hub; the token of a first user only this once."""
    lines = [f"session-hub serves {settings.public_url} from {folder}"]
    if first is not None:
        lines += [
            f"The store is new: you are {first.user}, and administer the organization"
            f" {first.org}. Your token, shown only this once:",
            f"  {first.token}",
        ]
    if _is_private(settings):
        login = f"session-cli login {settings.public_url}"
        lines += (
            [f"session-cli connects with: {login}"]
            if first is None
            else [
                "session-cli connects with this line, and asks for the token:",
                f"  {login} --token -",
            ]
        )
    return lines


def _is_private(settings: Settings) -> bool:
    """Whether session-cli signs in there: it sends no token that others could read on the way."""
    return settings.is_https or urlsplit(settings.public_url).hostname in LOOPBACK
