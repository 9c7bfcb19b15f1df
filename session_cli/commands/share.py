"""Says who else sees a session at the hub."""

from __future__ import annotations

import click

from session_cli.commands._completion import complete_session, complete_team
from session_cli.commands._giving import (
    CONTENT,
    agree,
    ask,
    list_teams,
    name_session,
    open_store,
    send_first,
)
from session_cli.commands._output import answer_text
from session_cli.errors import NoSession, Refused
from session_cli.store import Location
from session_cli.sync.connection import Connection, connected
from session_cli.text.boxes import visible


@click.command("share", short_help="Let others see a session.")
@click.argument("session_id", metavar="[ID]", required=False, shell_complete=complete_session)
@click.option(
    "--team", metavar="TEAM", shell_complete=complete_team, help="A team that you are in."
)
@click.option("--org", is_flag=True, help="The administrators of your organization.")
@click.option("--personal", is_flag=True, help="Nobody, as every session begins.")
@click.option("--allow-resume", is_flag=True, help="The team may resume it, too.")
@click.option("--yes", is_flag=True, help="Skip the prompt.")
@click.pass_obj
def command(
    location: Location,
    session_id: str | None,
    team: str | None,
    org: bool,
    personal: bool,
    allow_resume: bool,
    yes: bool,
) -> int:
    """Let others see a session at the hub; without ID, the latest one.

    What is here is sent first. Says who will see what, and asks.

    \b
    Examples:
      session-cli share --team payments
      session-cli share import-2026-01-09-143022 --team payments --allow-resume
      session-cli share --personal
    """
    wanted = _read_scope(team, org, personal, allow_resume)
    store = open_store(location)
    session_id = name_session(store, session_id)
    if not personal:
        agree(_who_sees(wanted), f"Share {session_id}?", yes)
    with connected(store) as connection:
        uuid = send_first(store, connection, session_id)
        try:
            ask(connection, "PUT", uuid, "/share", wanted)
        except NoSession:
            # the session is there: it is the team that is not
            raise Refused(_no_team(connection, str(team))) from None
    answer_text(visible(_done(session_id, wanted)))
    return 0


def _read_scope(
    team: str | None, org: bool, personal: bool, allow_resume: bool
) -> dict[str, object]:
    """The share as the hub wants it; raises UsageError unless one is named."""
    if [team is not None, org, personal].count(True) != 1:
        raise click.UsageError("name one of --team TEAM, --org and --personal")
    if allow_resume and team is None:
        raise click.UsageError("--allow-resume goes with --team")
    if team is not None:
        return {"scope": "team", "team": team, "allow_resume": allow_resume}
    return {"scope": "org" if org else "personal"}


def _who_sees(wanted: dict[str, object]) -> str:
    if wanted["scope"] == "org":
        return (
            f"the administrators of your organization will see this session: {CONTENT}; they may"
            " take it over, and delete it"
        )
    may = "they may resume it, too" if wanted["allow_resume"] else "they may not resume it"
    return f"members of team {wanted['team']} will see this session: {CONTENT}; {may}"


def _no_team(connection: Connection, team: str) -> str:
    names = list_teams(connection)
    mine = f"you are in {', '.join(names)}" if names else "you are in none"
    return f"there is no team {team}, or you are not in it: {mine}"


def _done(session_id: str, wanted: dict[str, object]) -> str:
    if wanted["scope"] == "team":
        may = "see and resume" if wanted["allow_resume"] else "see"
        return f"shared {session_id}: members of team {wanted['team']} {may} it"
    if wanted["scope"] == "org":
        return f"shared {session_id}: the administrators of your organization see it"
    return f"{session_id} is personal: only you see it"
