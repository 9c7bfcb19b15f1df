"""Signs out of the hub."""

from __future__ import annotations

import click

from session_cli import console
from session_cli.commands._hub import folder_of
from session_cli.commands._output import answer_text
from session_cli.errors import Absent, Refused, SessionError
from session_cli.store import Location
from session_cli.store.latest import Latest
from session_cli.sync import account, sign_in
from session_cli.sync.remote import Remote
from session_cli.sync.unsent import read_unsent
from session_cli.words import counted


@click.command("logout", short_help="Sign out of the hub.")
@click.pass_obj
def command(location: Location) -> int:
    """Sign out of the hub: nothing is sent there any more, and the token is ended.

    What is saved here stays, and so does what the hub has.

    \b
    Example:
      session-cli logout
    """
    folder = folder_of(location)
    signed_in = account.read_stored(folder)
    if account.is_token_given():
        raise Refused(f"you are signed in by {account.TOKEN} in the environment; unset it there")
    unsent = _count_unsent(location)
    account.forget_login(folder)
    if signed_in is None:
        raise Absent("you are not signed in to a hub")
    try:
        with Remote(signed_in.url, None) as remote:
            sign_in.revoke(remote, signed_in.token)
    except SessionError as error:
        console.warn(
            f"the token was not ended at the hub: {error}; it can be ended there, under your"
            " devices, and ends by itself after 30 days without use"
        )
    if unsent:
        console.warn(f"{counted(unsent, 'session')} had changes that were not sent; they stay here")
    answer_text(f"signed out of {signed_in.url}")
    return 0


def _count_unsent(location: Location) -> int:
    """How many sessions here would have been sent, and were not."""
    latest = Latest(location, console.ignore)
    signed_in = account.read_account(latest.folder)
    try:
        return sum(1 for _ in read_unsent(latest, signed_in)) if signed_in else 0
    except (SessionError, OSError):
        # what is wrong with a session is said by whoever reads it
        return 0
