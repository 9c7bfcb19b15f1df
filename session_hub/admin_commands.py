"""`session-hub admin …`: what administrators type, beside a running hub and without one."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import click

from session_cli.errors import BadInput, Locked, SessionError, printable
from session_hub import admin, admin_socket, store_folder
from session_hub.stores.sqlite import SqliteStore, schema

F = TypeVar("F", bound=Callable[..., Any])
_POLL_SECONDS = 0.05

data_option = click.option(
    "--data",
    "folder",
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="The folder of the store, else $SESSION_HUB_DATA.",
)
org_option = click.option("--org", metavar="ORG", required=True, help="The organization.")


def options(function: F) -> F:
    """What every command of an administrator takes."""
    json_option = click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")
    return json_option(data_option(function))


@click.group("admin", short_help="Organizations, people, teams and tokens.")
def group() -> None:
    """Manage organizations, people, teams and tokens.

    These work beside a running hub, where they count at once, and without one. Whoever may read
    the folder of the store may run them.

    \b
    Examples:
      session-hub admin org add acme
      session-hub admin user add alex --org acme --admin
      session-hub admin token add alex --org acme --json | jq -r .token
    """


@group.group("org", short_help="Organizations.")
def org_group() -> None:
    """Manage organizations.

    \b
    Example:
      session-hub admin org add acme
    """


@org_group.command("add", short_help="Add an organization.")
@click.argument("org")
@options
def org_add(org: str, folder: Path | None, as_json: bool) -> None:
    """Add the organization ORG; where there is no store yet, this makes it.

    \b
    Example:
      session-hub admin org add acme
    """
    answer = carry_out(folder, "org add", {"org": org}, makes_store=True)
    show(answer, as_json, f"added the organization {org}")


@group.group("user", short_help="People.")
def user_group() -> None:
    """Manage people.

    \b
    Examples:
      session-hub admin user add alex --org acme --admin
      session-hub admin user disable alex
    """


@user_group.command("add", short_help="Add a person to an organization.")
@click.argument("user")
@org_option
@click.option(
    "--admin/--no-admin", "is_admin", default=None, help="Whether they administer the organization."
)
@options
def user_add(
    user: str, org: str, is_admin: bool | None, folder: Path | None, as_json: bool
) -> None:
    """Add the person USER to an organization, and make a token for them with `token add`.

    Where they are in it already, this sets whether they administer it. One who was disabled is
    enabled; their tokens stay revoked.

    \b
    Examples:
      session-hub admin user add alex --org acme --admin
      session-hub admin user add sam --org acme
    """
    answer = carry_out(folder, "user add", {"user": user, "org": org, "is_admin": is_admin})
    show(answer, as_json, f"{user} is in {org}{', and administers it' if answer['admin'] else ''}")


@user_group.command("list", short_help="List people, and their teams.")
@click.option("--org", metavar="ORG", help="Only those of this organization.")
@options
def user_list(org: str | None, folder: Path | None, as_json: bool) -> None:
    """List the people of an organization, or of all: who administers it, and in which teams.

    \b
    Examples:
      session-hub admin user list
      session-hub admin user list --org acme --json | jq -r '.users[].user'
    """
    answer = carry_out(folder, "user list", {"org": org})
    users: list[dict[str, Any]] = answer["users"]  # type: ignore[assignment]
    show(answer, as_json, *map(_describe_user, users))


def _describe_user(user: Mapping[str, Any]) -> str:
    notes = ["administrator"] if user["admin"] else []
    notes += ["disabled"] if user["disabled"] else []
    notes += [f"teams: {' '.join(user['teams'])}"] if user["teams"] else []
    return "  ".join([user["org"], user["user"], *notes])


@user_group.command("disable", short_help="End a person's access.")
@click.argument("user")
@options
def user_disable(user: str, folder: Path | None, as_json: bool) -> None:
    """End the access of USER: their tokens, browser sessions and links.

    Their sessions stay until they are old enough to be removed, or transferred.

    \b
    Example:
      session-hub admin user disable sam
    """
    answer = carry_out(folder, "user disable", {"user": user})
    show(answer, as_json, f"disabled {user}; tokens revoked: {answer['tokens']}")


@group.group("team", short_help="Teams.")
def team_group() -> None:
    """Manage teams, with which sessions can be shared.

    \b
    Examples:
      session-hub admin team add payments --org acme
      session-hub admin team join payments sam --org acme
    """


@team_group.command("add", short_help="Add a team.")
@click.argument("team")
@org_option
@options
def team_add(team: str, org: str, folder: Path | None, as_json: bool) -> None:
    """Add the team TEAM to an organization.

    \b
    Example:
      session-hub admin team add payments --org acme
    """
    answer = carry_out(folder, "team add", {"team": team, "org": org})
    show(answer, as_json, f"added the team {team} to {org}")


@team_group.command("join", short_help="Make a person a member.")
@click.argument("team")
@click.argument("user")
@org_option
@options
def team_join(team: str, user: str, org: str, folder: Path | None, as_json: bool) -> None:
    """Make USER a member of TEAM.

    \b
    Example:
      session-hub admin team join payments sam --org acme
    """
    answer = carry_out(folder, "team join", {"team": team, "user": user, "org": org})
    show(answer, as_json, f"{user} is in the team {team} of {org}")


@team_group.command("leave", short_help="End a person's membership.")
@click.argument("team")
@click.argument("user")
@org_option
@options
def team_leave(team: str, user: str, org: str, folder: Path | None, as_json: bool) -> None:
    """End the membership of USER in TEAM. What they have shared with it stays shared.

    \b
    Example:
      session-hub admin team leave payments sam --org acme
    """
    answer = carry_out(folder, "team leave", {"team": team, "user": user, "org": org})
    show(answer, as_json, f"{user} has left the team {team} of {org}")


@group.group("token", short_help="Tokens.")
def token_group() -> None:
    """Manage tokens. A token is shown once, when it is made; only its hash is stored.

    \b
    Examples:
      session-hub admin token add alex --org acme --name ci
      session-hub admin token list alex
    """


@token_group.command("add", short_help="Make a token.")
@click.argument("user")
@org_option
@click.option("--name", metavar="NAME", default="token", show_default=True, help="What it is for.")
@options
def token_add(user: str, org: str, name: str, folder: Path | None, as_json: bool) -> None:
    """Make a token for USER in an organization, and print it.

    It ends 180 days from now, or after 30 days without use.

    \b
    Example:
      session-hub admin token add alex --org acme --name ci
    """
    answer = carry_out(folder, "token add", {"user": user, "org": org, "name": name})
    show(answer, as_json, str(answer["token"]))


@token_group.command("list", short_help="List tokens, without their secrets.")
@click.argument("user", required=False)
@click.option("--org", metavar="ORG", help="Only those of this organization.")
@options
def token_list(user: str | None, org: str | None, folder: Path | None, as_json: bool) -> None:
    """List the tokens of USER, or of everybody, newest first.

    \b
    Examples:
      session-hub admin token list
      session-hub admin token list alex --json | jq -r '.tokens[].id'
    """
    answer = carry_out(folder, "token list", {"user": user, "org": org})
    tokens: list[dict[str, Any]] = answer["tokens"]  # type: ignore[assignment]
    show(answer, as_json, *map(_describe_token, tokens))


def _describe_token(token: Mapping[str, Any]) -> str:
    state = (
        f"revoked {token['revoked_at']}" if token["revoked_at"] else f"ends {token['expires_at']}"
    )
    return f"{token['id']}  {token['user']}  {token['org']}  {token['name']}  {state}"


@token_group.command("revoke", short_help="End a token.")
@click.argument("token", metavar="ID")
@options
def token_revoke(token: str, folder: Path | None, as_json: bool) -> None:
    """End the token with the id ID, and the browser sessions that came from it.

    \b
    Example:
      session-hub admin token revoke 019b0d2e-6c1f-7c55-8f0e-3f1d2c4b5a69
    """
    answer = carry_out(folder, "token revoke", {"token": token})
    show(answer, as_json, f"revoked the token {answer['name']} of {answer['user']}")


@group.command("transfer", short_help="Give a session to another person.")
@click.argument("session")
@click.argument("user")
@options
def transfer(session: str, user: str, folder: Path | None, as_json: bool) -> None:
    """Give SESSION, named by its UUID, to USER, as when its owner has left.

    Whoever has it open loses it at once. It is noted in the audit trail.

    \b
    Example:
      session-hub admin transfer 019b0d2e-6c1f-7c55-8f0e-3f1d2c4b5a69 sam
    """
    answer = carry_out(folder, "transfer", {"session": session, "user": user})
    show(answer, as_json, f"{answer['session']} of {answer['from']} is {user}'s now")


@group.command("login-link", short_help="Make a link that signs a browser in.")
@click.argument("user")
@org_option
@options
def login_link(user: str, org: str, folder: Path | None, as_json: bool) -> None:
    """Make a link that signs a browser in as USER, once, within 24 hours, and print it.

    Send it to that person alone: whoever opens it first is signed in.

    \b
    Example:
      session-hub admin login-link sam --org acme
    """
    answer = carry_out(folder, "login-link", {"user": user, "org": org})
    show(answer, as_json, str(answer["url"]))


def show(answer: admin.Result, as_json: bool, *lines: str) -> None:
    """Prints the answer: the whole of it for programs, a line for people."""
    for line in [json.dumps(answer)] if as_json else lines:
        click.echo(printable(line))


def carry_out(
    folder: Path | None, command: str, arguments: dict[str, Any], *, makes_store: bool = False
) -> admin.Result:
    """Has the running hub do it, or does it where none runs; raises SessionError."""
    _check_text(arguments)
    place = (folder or store_folder.default_folder()).absolute()
    if not makes_store:
        check_store(place)
    until = time.monotonic() + store_folder.LOCK_SECONDS
    while True:
        answer = admin_socket.ask(place, command, arguments)
        if answer is not None:
            return answer
        try:
            return _carry_out_alone(place, command, arguments)
        except Locked:
            # a hub that is just starting or stopping
            if time.monotonic() >= until:
                raise
            time.sleep(_POLL_SECONDS)


def _check_text(arguments: Mapping[str, object]) -> None:
    """The bytes of a command line may be anything; a store has text."""
    for value in arguments.values():
        try:
            str(value).encode()
        except UnicodeEncodeError:
            raise BadInput(f"{value!r} is not UTF-8 text") from None


def check_store(folder: Path) -> None:
    """Raises SessionError where there is none."""
    if not schema.version_of(folder):
        raise SessionError(
            f"there is no store in {folder}: name its folder with --data, or start a hub with"
            " 'session-hub serve'"
        )


def _carry_out_alone(folder: Path, command: str, arguments: dict[str, Any]) -> admin.Result:
    store_folder.prepare(folder)
    with store_folder.locked(folder, 0):
        names = schema.pending(folder)
        if names and schema.version_of(folder):
            raise SessionError(
                f"the store in {folder} is of an earlier version: 'session-hub migrate' brings it"
                " up to date"
            )
        try:
            schema.migrate(folder)
            return asyncio.run(_run(folder, command, arguments))
        except sqlite3.Error as error:
            raise SessionError(f"the store in {folder} cannot be used: {error}") from None


async def _run(folder: Path, command: str, arguments: dict[str, Any]) -> admin.Result:
    store = SqliteStore(folder)
    try:
        return await admin.run(store, command, arguments)
    finally:
        store.close()
