"""Opens the hub's page in a browser."""

from __future__ import annotations

import os
import webbrowser

import click

from session_cli import console
from session_cli.commands._completion import complete_session
from session_cli.commands._hub import folder_of, refusal_of, remote_of
from session_cli.commands._options import json_option
from session_cli.commands._output import answer_json, answer_text
from session_cli.store import Location
from session_cli.store.catalog import pick
from session_cli.store.latest import Latest
from session_cli.sync.account import require_account
from session_cli.sync.page import LINKS, read_link
from session_cli.sync.remote import Remote


@click.command("open", short_help="Open the hub's page in a browser.")
@click.argument("session_id", metavar="[ID]", required=False, shell_complete=complete_session)
@json_option
@click.pass_obj
def command(location: Location, session_id: str | None, as_json: bool) -> int:
    """Open the hub's page in a browser, signed in as you; ID says for which session.

    The link is good once, for a minute. It is printed where there is no browser, and where
    standard output is no terminal: whoever has it is signed in as you.

    \b
    Examples:
      session-cli open
      session-cli open --json | jq -r .url
    """
    if session_id is not None:
        pick(Latest(location, console.warn), session_id)
    folder = folder_of(location)
    account = require_account(folder)
    with remote_of(folder, account) as remote:
        link = _make_link(remote)
    if as_json:
        answer_json(link)
    elif os.isatty(1) and _open(str(link["url"])):
        console.warn(
            f"opened {account.url} in your browser; 'session-cli open | cat' prints a link"
        )
    else:
        answer_text(str(link["url"]))
    return 0


def _make_link(remote: Remote) -> dict[str, object]:
    """`{"url", "expires_in"}`; the address is one that a browser may be given."""
    answer = remote.ask("POST", LINKS)
    if answer.status != 200:
        raise refusal_of(remote, answer)
    return read_link(remote.url, answer)


def _open(url: str) -> bool:
    """Whether a browser has opened it."""
    try:
        return webbrowser.open(url)
    except webbrowser.Error:
        return False
