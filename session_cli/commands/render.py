"""Prints the boxes of the TUIs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from session_cli import render, verbs
from session_cli.commands.output import answer_text, fitting, width_option
from session_cli.errors import BadInput, NoSession
from session_cli.location import Location
from session_cli.times import now, parse

if TYPE_CHECKING:
    from session_cli.document import Document


def as_moment(_: click.Context, __: click.Parameter, value: str | None) -> float | None:
    """An option's ISO 8601 time, with its zone, as seconds since 1970."""
    moment = parse(value)
    if value is not None and moment is None:
        raise BadInput(f"'{value}' is not a time such as 2026-01-09T14:45:00Z")
    return moment


@click.group("render", short_help="Print a box for a TUI to show.")
def command() -> None:
    """Print one of the boxes as text, for a TUI to show.

    \b
    Examples:
      session-cli render resume-prompt
      session-cli render panel --width 80
    """


@command.command("resume-prompt")
@width_option
@click.pass_obj
def resume_prompt(location: Location, width: int | None) -> int:
    """The RESUME SESSION? box of the latest session."""
    answer_text(
        render.resume_prompt(_state(location), now(), width or fitting(render.PROMPT_WIDTH))
    )
    return 0


@command.command("exit")
@width_option
def exit_(width: int | None) -> int:
    """The EXIT box: saved, and how to come back."""
    answer_text(render.exit_box(width or fitting(render.PROMPT_WIDTH)))
    return 0


@command.command("not-saved")
@click.option("--reason", required=True, help="What went wrong, in a few words.")
@width_option
def not_saved(reason: str, width: int | None) -> int:
    """The NOT SAVED box, in place of EXIT."""
    answer_text(render.not_saved_box(reason, width or fitting(render.PROMPT_WIDTH)))
    return 0


@command.command("panel")
@click.option("--synced-at", callback=as_moment, metavar="TIME", help="When it was last uploaded.")
@width_option
@click.pass_obj
def panel(location: Location, synced_at: float | None, width: int | None) -> int:
    """The SESSION STATE panel, also for no session at all."""
    found = verbs.look(location)
    state = found.state if found else None
    answer_text(render.panel(state, now(), width or fitting(render.PANEL_WIDTH), synced_at))
    return 0


@command.command("status")
@width_option
@click.pass_obj
def status(location: Location, width: int | None) -> int:
    """The SESSION STATUS box of the latest session."""
    answer_text(render.status(_state(location), now(), width or fitting(render.PANEL_WIDTH)))
    return 0


def _state(location: Location) -> Document:
    found = verbs.look(location)
    if found is None or found.state is None:
        raise NoSession("there is no session to show; 'session-cli save scan' begins one")
    return found.state
