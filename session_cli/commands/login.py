"""Signs in to a hub."""

from __future__ import annotations

import os

import click

from session_cli import console
from session_cli.commands._hub import folder_of, name_of
from session_cli.commands._output import answer_text, in_locale
from session_cli.errors import BadInput, SessionError, SignedOut
from session_cli.store import Location
from session_cli.store.folder import Folder
from session_cli.sync import account, sign_in
from session_cli.sync.address import LONGEST_TOKEN, parse_token, parse_url
from session_cli.sync.device import Device, find_device
from session_cli.sync.pin import is_same_person
from session_cli.sync.remote import Remote
from session_cli.text.boxes import visible
from session_cli.words import counted


@click.command("login", short_help="Sign in to a hub.")
@click.argument("url")
@click.option("--token", metavar="-", help="Read a token from standard input, for scripts.")
@click.pass_obj
def command(location: Location, url: str, token: str | None) -> int:
    """Sign in to the hub at URL: what is saved here from then on is kept there, too.

    Prints the address of a page and a code to type on it, and waits until that is done. Sessions
    that are here already are sent only by 'session-cli sync --all', or when one of them is synced
    by its id. Where somebody is signed in already, they are replaced.

    \b
    Examples:
      session-cli login https://hub.example
      session-cli login http://127.0.0.1:8377 --token - < token.txt
    """
    url, folder = parse_url(url), folder_of(location)
    if token is None:
        device = find_device(folder)
        with Remote(url, None, device) as remote:
            given = _sign_in_device(remote, device)
            try:
                _store(folder, url, given, device)
            except BaseException:
                _revoke_quietly(remote, given)
                raise
    else:
        given = _read_token(token)
        _store(folder, url, given, find_device(folder))
    return 0


def _store(folder: Folder, url: str, token: str, device: Device) -> None:
    """Keeps the token once the hub has said whose it is, and says what that means."""
    before = account.read_stored(folder)
    with Remote(url, token, device) as remote:
        try:
            pin = remote.me()
        except SignedOut:
            raise SignedOut(
                f"{url} does not accept this token; nothing is stored. Make one with"
                " 'session-hub admin token add', or sign in without --token"
            ) from None
    signed_in = account.store_login(folder, url, token, pin)
    if before and (before.url != url or not is_same_person(before.pin, pin)):
        who = f" as {name_of(before.pin)}" if before.pin else ""
        console.warn(f"you were signed in to {before.url}{who}; that is replaced")
    answer_text(visible(f"signed in to {url} as {name_of(pin)}"))
    _explain(folder, signed_in)


def _explain(folder: Folder, signed_in: account.Account) -> None:
    waiting = len(account.list_waiting(folder, signed_in))
    if waiting:
        console.warn(
            f"{counted(waiting, 'session')} begun before stay{'s' if waiting == 1 else ''} here"
            " until 'session-cli sync --all'"
        )
    console.warn(
        "imports that are saved from now on are sent there: only you can read them until you share"
        " them, and whoever runs the hub"
    )
    if account.is_overridden():
        console.warn(
            f"{account.URL} or {account.TOKEN} is set, and overrides this; unset it to use this"
        )


def _sign_in_device(remote: Remote, device: Device) -> str:
    offer = sign_in.begin(remote, device)
    lines = [
        f"To sign in {device.name}, open this page, and type the code there:",
        f"  {offer.page}",
        f"  {offer.code}",
        "Waiting for it; Ctrl-C gives up.",
    ]
    console.write_stderr(in_locale("\n".join(map(visible, lines))))
    return sign_in.wait_for_token(remote, offer, console.warn)


def _revoke_quietly(remote: Remote, token: str) -> None:
    try:
        sign_in.revoke(remote, token)
    except SessionError:
        # nobody has it; it ends by itself
        pass


def _read_token(given: str) -> str:
    """The token on standard input; raises BadInput for one on the command line."""
    if given != "-":
        raise BadInput(
            "no token is taken from the command line, where others can read it; use '--token -' and"
            " give it on standard input"
        )
    if os.isatty(0):
        return parse_token(click.prompt("Token", hide_input=True, err=True))
    raw = b""
    while len(raw) <= 2 * LONGEST_TOKEN and (piece := os.read(0, LONGEST_TOKEN)):
        raw += piece
    return parse_token(raw.decode("utf-8", "replace"))
