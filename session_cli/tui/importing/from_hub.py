"""What the hub has to show: its page, the log of another device, a conflict; and signing in."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from session_cli.errors import Refused, SessionError, printable
from session_cli.sync.conflicts import list_conflicts, mark_as_read
from session_cli.sync.connection import SESSIONS
from session_cli.sync.page import LINKS, read_link
from session_cli.sync.remote import say
from session_cli.text.conflicts import describe_conflict
from session_cli.text.sync_lines import NEEDS_YOU, SIGN_IN, sync_line
from session_cli.tui.base import Quit
from session_cli.tui.importing.at_hub import do_at_hub, hub_of
from session_cli.tui.importing.run import Run
from session_cli.tui.importing.tabs import ALSO_BACK, BACK
from session_cli.tui.keys import QUIT
from session_cli.tui.views import Text, fold

if TYPE_CHECKING:
    from session_cli.store.store import Store
    from session_cli.sync.connection import Connection

MAIN = Path(__file__).resolve().parents[2] / "__main__.py"
# of a long log the end says what went wrong
LOG_BYTES = 64 * 1024


async def answer_sync(run: Run) -> None:
    """Does what the state of sync asks the person for."""
    facts = run.companion.facts
    if run.companion.is_signed_out or (facts and facts.state == SIGN_IN):
        await _sign_in(run)
    elif facts and facts.state == NEEDS_YOU:
        await _show_conflicts(run, sync_line(facts))


async def _sign_in(run: Run) -> None:
    """Signs in with the program that does that, which has the terminal to itself meanwhile."""
    account = hub_of(run).account
    if account is None:
        return
    command = [sys.executable, "-I", str(MAIN), "--dir", run.options.dir, "login", account.url]
    await run.screen.outside(command, dict(os.environ))
    await run.session.do(hub_of(run).renew_account)
    hub_of(run).look_again()


async def _show_conflicts(run: Run, line: str) -> None:
    """Both sides of what was replaced here; who has seen them needs to do no more."""
    session = run.session
    try:
        found = await session.do(list_conflicts, session.store)
    except OSError:
        found = []
    mine = [each for each in found if each["session_id"] == session.state.session_id]
    command = partial(_command, run)
    lines = [line for each in mine for line in ["", *describe_conflict(each, command).split("\n")]]

    def draw(width: int) -> list[str]:
        told = [each for text in lines for each in (fold(text.strip(), width) if text else [""])]
        return [*fold(line, width), *told]

    await _show(run, draw)
    await session.do(mark_as_read, session.store)


def _command(run: Run, *words: str) -> str:
    """As session-cli is called from here."""
    return " ".join((run.command(), *words))


async def _show(run: Run, draw: Callable[[int], Sequence[str]]) -> None:
    if await run.screen.show(Text(draw, (BACK, QUIT), ALSO_BACK)) == QUIT.name:
        raise Quit


# the page


async def show_page(run: Run) -> None:
    """A link to the hub's page, signed in as the person."""
    try:
        link = await do_at_hub(run, "Asking the hub for a link", _make_link)
    except SessionError as error:
        text = f"! {printable(str(error))}"
    else:
        text = f"See {link} (it signs a browser in as you, once, within a minute)"
    await _show(run, lambda width: fold(text, width))


def _make_link(store: Store, connection: Connection) -> str:
    answer = connection.ask("POST", LINKS)
    if answer.status != 200:
        raise Refused(f"the hub makes no link: {say(answer)}")
    return str(read_link(connection.account.url, answer)["url"])


# the log of another device


class HubLog(NamedTuple):
    """What the hub has of a log: its last lines, or on which device it still is."""

    device: str
    lines: list[str]
    is_cut: bool


async def view_hub_log(run: Run) -> None:
    """Shows the log that another device wrote, if the hub has it."""
    state = run.session.state
    name = state.log_file.rpartition("/")[2]
    try:
        log = await do_at_hub(run, "Asking the hub for the log", partial(_read, state.uuid, name))
    except SessionError as error:
        lines = [f"no import log to show: {printable(str(error))}"]
    else:
        lines = _log_lines(log)
    await _show(run, lambda width: [each for line in lines for each in fold(line, width)])


def _log_lines(log: HubLog) -> list[str]:
    if not log.lines:
        return [f"the log is on {log.device}; it comes when the import ends or fails"]
    cut = ["the end of the log; the hub's page has all of it"] if log.is_cut else []
    return [*cut, *log.lines]


def _read(uuid: str, name: str, store: Store, connection: Connection) -> HubLog:
    found = connection.ask("GET", f"{SESSIONS}/{uuid}")
    if found.status != 200:
        raise Refused(say(found))
    writer = found.body.get("writer")
    device = writer.get("device_name") if isinstance(writer, dict) else None
    items = connection.ask("GET", f"{SESSIONS}/{uuid}/logs").body.get("items")
    log = _pick(items if isinstance(items, list) else [], name.lower())
    if log is None:
        return HubLog(printable(str(device or "another device")), [], False)
    answer = connection.remote.ask(
        "GET",
        f"{SESSIONS}/{uuid}/logs/{log['name']}",
        headers={"Range": f"bytes=-{LOG_BYTES}"},
        accept_bytes=True,
    )
    lines = answer.raw.decode("utf-8", "replace").splitlines()
    is_cut = len(answer.raw) < int(log["size"])
    # the first of what was cut out is half a line
    return HubLog(str(device), [*map(printable, lines[is_cut:])], is_cut)


def _pick(items: Sequence[Any], name: str) -> dict[str, Any] | None:
    """The log of that name, else the newest that there is."""
    logs = [each for each in items if isinstance(each, dict) and _is_log(each)]
    named = [each for each in logs if each["name"] == name]
    return next(iter([*named, *logs]), None)


def _is_log(item: dict[str, Any]) -> bool:
    name, size = item.get("name"), item.get("size")
    is_name = isinstance(name, str) and set(name) <= _NAME
    return is_name and bool(name) and type(size) is int


_NAME = frozenset("abcdefghijklmnopqrstuvwxyz0123456789._-")
