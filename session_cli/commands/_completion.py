"""What the shell offers when Tab is pressed behind a verb."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from click.shell_completion import CompletionItem

    from session_cli.sync.connection import Connection

# whoever has pressed Tab does not wait longer
HUB_SECONDS = 1.0


def complete_step(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """The steps of the session's type."""
    from click.shell_completion import CompletionItem

    from session_cli.steps import COMPLETE, TYPES, label

    type_ = _options(ctx).get("type_") or "import"
    return [
        CompletionItem(step, help=label(type_, step))
        for step in (*TYPES.get(type_, ()), COMPLETE)
        if step.startswith(incomplete)
    ]


def complete_session(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """The ids of the sessions in the folder, newest first."""
    from click.shell_completion import CompletionItem

    from session_cli import console
    from session_cli.errors import SessionError
    from session_cli.store import locate
    from session_cli.store.catalog import list_sessions
    from session_cli.store.latest import Latest
    from session_cli.text.boxes import visible

    options = _options(ctx)
    try:
        location = locate(options.get("folder"), options.get("pointer"), options.get("type_"))
        sessions = list_sessions(Latest(location, console.ignore))
    except (SessionError, OSError):
        return []
    return [
        CompletionItem(visible(session.session_id), help=visible(str(session.state.get("step"))))
        for session in sessions
        if session.session_id.startswith(incomplete)
    ]


def complete_session_or_status(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """The same, and the word `status`."""
    from click.shell_completion import CompletionItem

    status = [CompletionItem("status", help="how each session stands at the hub")]
    is_begun = "status".startswith(incomplete)
    return (status if is_begun else []) + complete_session(ctx, param, incomplete)


def complete_conflict(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """The copies in conflicts/ that can be restored, newest first."""
    from click.shell_completion import CompletionItem

    from session_cli import console
    from session_cli.errors import SessionError
    from session_cli.store import locate
    from session_cli.store.conflicts import list_kept
    from session_cli.store.latest import Latest

    options = _options(ctx)
    try:
        location = locate(options.get("folder"), options.get("pointer"), options.get("type_"))
        kept = list_kept(Latest(location, console.ignore).folder, location.type)
    except (SessionError, OSError):
        return []
    names = [each.path.rpartition("/")[2] for each in kept if each.is_session]
    return [CompletionItem(name) for name in names if name.startswith(incomplete)]


def complete_offered(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """The ids of the sessions that are offered to the person, if the hub says so in a moment."""
    from click.shell_completion import CompletionItem

    from session_cli.commands._giving import list_offered
    from session_cli.text.boxes import visible

    return [
        CompletionItem(each["session_id"], help=visible(f"from {each['owner'].get('name')}"))
        for each in _ask_hub(ctx, list_offered)
        if each["session_id"].startswith(incomplete)
    ]


def complete_team(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """The teams that the person is in, if the hub says so in a moment."""
    from click.shell_completion import CompletionItem

    from session_cli.commands._giving import list_teams
    from session_cli.text.boxes import visible

    names = _ask_hub(ctx, list_teams)
    return [CompletionItem(visible(name)) for name in names if name.startswith(incomplete)]


def _ask_hub(ctx: click.Context, question: Callable[[Connection], Iterable[Any]]) -> list[Any]:
    """What the hub answers; nothing where nobody is signed in, or it does not answer soon."""
    from contextlib import closing

    from session_cli.commands._hub import folder_of
    from session_cli.errors import SessionError
    from session_cli.store import locate
    from session_cli.sync.connection import connect
    from session_cli.times import elapsed

    options = _options(ctx)
    try:
        location = locate(options.get("folder"), options.get("pointer"), options.get("type_"))
        until = elapsed() + HUB_SECONDS
        with closing(connect(folder_of(location), until, HUB_SECONDS)) as connection:
            return list(question(connection))
    except (SessionError, OSError):
        return []


def _options(ctx: click.Context) -> dict[str, str | None]:
    return ctx.find_root().params
