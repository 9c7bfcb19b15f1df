"""Offers a session to somebody, to be theirs."""

from __future__ import annotations

import click

from session_cli.commands._completion import complete_session
from session_cli.commands._giving import CONTENT, agree, ask, name_session, open_store, send_first
from session_cli.commands._output import answer_text
from session_cli.errors import Absent, NoSession, Refused
from session_cli.store import Location
from session_cli.store.catalog import resolve_id
from session_cli.store.store import Store
from session_cli.sync import offers
from session_cli.sync.connection import Connection, connected
from session_cli.sync.copies import read_copy
from session_cli.text.boxes import visible

WITHDRAW = "withdraw"


@click.command("handoff", short_help="Offer a session to a colleague.")
@click.argument("words", metavar="[withdraw] [ID]", nargs=-1, shell_complete=complete_session)
@click.option("--to", metavar="USER", help="Whose it is to be.")
@click.option("--note", metavar="TEXT", help="A line for them.")
@click.option("--yes", is_flag=True, help="Skip the prompt.")
@click.pass_obj
def command(
    location: Location, words: tuple[str, ...], to: str | None, note: str | None, yes: bool
) -> int:
    """Offer a session to a person of your organization, for three days; without ID, the latest one.

    What is here is sent first. When they accept, the session is theirs, and what you save of it
    after that stays here. Says what they will see, and asks. 'withdraw' takes the offer back.

    \b
    Examples:
      session-cli handoff --to sam --note 'units are created, verify is left'
      session-cli handoff import-2026-01-09-143022 --to sam
      session-cli handoff withdraw
    """
    is_withdrawn, session_id = _read_words(words)
    if is_withdrawn and (to or note):
        raise click.UsageError("--to and --note do not go with withdraw")
    if not is_withdrawn and not to:
        raise click.UsageError("name with --to whose it is to be")
    store = open_store(location)
    if is_withdrawn:
        _withdraw(store, session_id)
    else:
        _offer(store, name_session(store, session_id), str(to), note, yes)
    return 0


def _read_words(words: tuple[str, ...]) -> tuple[bool, str | None]:
    """(whether the offer is withdrawn, the session); raises UsageError for more words."""
    is_withdrawn = words[:1] == (WITHDRAW,)
    rest = words[1:] if is_withdrawn else words
    if len(rest) > 1:
        raise click.UsageError(f"name one session, not {len(rest)}")
    return is_withdrawn, rest[0] if rest else None


def _offer(store: Store, session_id: str, to: str, note: str | None, yes: bool) -> None:
    agree(
        f"{to} will see the cluster and the step of this session now, and all of it once they"
        f" accept: {CONTENT}; then it is theirs, and what you save of it stays here",
        f"Offer {session_id} to {to}?",
        yes,
    )
    with connected(store) as connection:
        uuid = send_first(store, connection, session_id)
        body = {"to": to} if note is None else {"to": to, "note": note}
        try:
            ask(connection, "PUT", uuid, "/handoff", body)
        except NoSession:
            # the session is there: it is the person who is not
            raise Refused(f"there is no {to} in your organization") from None
    answer_text(visible(f"offered {session_id} to {to}, for three days"))


def _withdraw(store: Store, session_id: str | None) -> None:
    wanted = resolve_id(store, session_id)
    with connected(store) as connection:
        uuid = _find(store, connection, wanted)
        if not ask(connection, "GET", uuid, "").body.get("handoff"):
            raise Absent(f"{wanted} is not offered to anybody; nothing was withdrawn")
        ask(connection, "DELETE", uuid, "/handoff")
    answer_text(visible(f"withdrew the offer of {wanted}"))


def _find(store: Store, connection: Connection, wanted: str) -> str:
    """The UUID of a session here, or of one at the hub alone."""
    copy = read_copy(store, wanted)
    return copy.uuid if copy and copy.uuid else offers.find(connection, wanted)
