"""Prints the boxes of the TUIs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from session_cli import console
from session_cli.commands._facts import latest_facts
from session_cli.commands._group import Group
from session_cli.commands._options import width_option
from session_cli.commands._output import answer_text, fitting
from session_cli.errors import BadInput, NoSession
from session_cli.store import Location
from session_cli.store.latest import Latest
from session_cli.text import session_boxes
from session_cli.times import now, parse
from session_cli.workflow.state import ImportState

if TYPE_CHECKING:
    from session_cli.document import Document
    from session_cli.sync.status import SyncFacts

WIDEST_TAB = 100

script_option = click.option(
    "--script",
    default=session_boxes.SCRIPT,
    metavar="COMMAND",
    help="The command to resume with.",
)


def as_moment(_: click.Context, __: click.Parameter, value: str | None) -> float | None:
    """An option's ISO 8601 time, with its zone, as seconds since 1970."""
    moment = parse(value)
    if value is not None and moment is None:
        raise BadInput(f"'{value}' is not a time such as 2026-01-09T14:45:00Z")
    return moment


@click.group("render", cls=Group, short_help="Print a box of the terminal programs.")
def command() -> None:
    """Print one of the boxes of the terminal programs as text.

    \b
    Examples:
      session-cli render resume-prompt
      session-cli render panel --width 80
    """


@command.command("resume-prompt")
@width_option
@click.pass_obj
def resume_prompt(location: Location, width: int | None) -> int:
    """The RESUME SESSION? box of the latest session.

    \b
    Example:
      session-cli render resume-prompt
    """
    state, session_id = _latest(location)
    holder = _holder(location, session_id)
    open_in = None
    if holder:
        from session_cli.text.import_boxes import holder_words

        open_in = ", ".join(holder_words(holder, now()))
    width = width or fitting(session_boxes.PROMPT_WIDTH)
    answer_text(session_boxes.resume_box(state, now(), width, open_in))
    return 0


@command.command("exit")
@script_option
@width_option
@click.pass_obj
def exit_(location: Location, script: str, width: int | None) -> int:
    """The EXIT box: saved, and how to come back.

    \b
    Example:
      session-cli render exit --script ./map-import
    """
    facts = latest_facts(Latest(location, console.ignore))
    width = width or fitting(session_boxes.PROMPT_WIDTH)
    answer_text(session_boxes.exit_box(width, script, facts))
    return 0


@command.command("not-saved")
@click.option("--reason", required=True, help="What went wrong, in a few words.")
@script_option
@width_option
def not_saved(reason: str, script: str, width: int | None) -> int:
    """The NOT SAVED box, in place of EXIT.

    \b
    Example:
      session-cli render not-saved --reason 'the disk is full'
    """
    answer_text(
        session_boxes.not_saved_box(reason, width or fitting(session_boxes.PROMPT_WIDTH), script)
    )
    return 0


@command.command("panel")
@click.option("--synced-at", callback=as_moment, metavar="TIME", help="When it was last uploaded.")
@width_option
@click.pass_obj
def panel(location: Location, synced_at: float | None, width: int | None) -> int:
    """The SESSION STATE panel, also for no session at all.

    \b
    Example:
      session-cli render panel --width 80
    """
    latest = Latest(location, console.warn)
    session = latest.read_session()
    state = ImportState(session.state) if session else None
    width = width or fitting(session_boxes.PANEL_WIDTH)
    facts = latest_facts(latest) if synced_at is None else _synced(synced_at)
    answer_text(session_boxes.panel_box(state, now(), width, facts))
    return 0


def _synced(at: float) -> SyncFacts:
    from session_cli.sync.status import SyncFacts

    return SyncFacts("synced", "clean", "synced", at)


@command.command("status")
@width_option
@click.pass_obj
def status(location: Location, width: int | None) -> int:
    """The SESSION STATUS box of the latest session.

    \b
    Example:
      session-cli render status
    """
    state, session_id = _latest(location)
    # a state without a session_id belongs to a session, too
    state = state.replace(session_id=session_id)
    facts = latest_facts(Latest(location, console.ignore))
    width = width or fitting(session_boxes.PANEL_WIDTH)
    answer_text(session_boxes.status_box(state, now(), width, facts))
    return 0


@command.command("tab")
@click.argument("name", type=click.Choice(["cluster", "confighub"]))
@width_option
@click.pass_obj
def tab(location: Location, name: str, width: int | None) -> int:
    """A tab of map-import: cluster, or confighub.

    The first has what the scan found, the second CONNECTION beside SESSION STATE.

    \b
    Example:
      session-cli render tab cluster
    """
    from session_cli.text import import_boxes

    session = Latest(location, console.warn).read_session()
    state = ImportState(session.state) if session else None
    width = width or fitting(WIDEST_TAB)
    if name == "cluster":
        answer_text(import_boxes.cluster_box(state or ImportState({}), now(), width))
    else:
        facts = latest_facts(Latest(location, console.ignore))
        answer_text(import_boxes.confighub_tab(state, now(), width, facts))
    return 0


@command.command("taken-over")
@click.option("--session", required=True, metavar="ID", help="The session that was lost.")
@click.option("--own-pid", type=int, help="The program that lost it, which may still hold it.")
@click.option("--command", "cli", default="session-cli", help="How session-cli is called.")
@script_option
@width_option
@click.pass_obj
def taken_over(
    location: Location, session: str, own_pid: int | None, cli: str, script: str, width: int | None
) -> int:
    """The TAKEN OVER box: what became of a session meanwhile.

    It says who resumed it, or that it was archived or ended, and how to bring it back.

    \b
    Example:
      session-cli render taken-over --session import-2026-01-09-143022
    """
    from session_cli.text import import_boxes

    found = Latest(location, console.warn).read_session()
    width = width or fitting(session_boxes.PANEL_WIDTH)
    if found and found.session_id == session:
        holder = _holder(location, session)
        other = holder if holder.get("pid") != own_pid else {}
        answer_text(
            import_boxes.taken_over_box(other, ImportState(found.state), now(), width, script)
        )
    else:
        latest = Latest(location, console.ignore)
        left = _is_there(latest, session)
        answer_text(
            import_boxes.archived_box(session, cli, width)
            if left
            else import_boxes.lost_box(session, latest.folder.path, width)
        )
    return 0


def _is_there(latest: Latest, session: str) -> bool:
    from session_cli.store.catalog import pick

    try:
        pick(latest, session)
    except NoSession:
        return False
    return True


@command.command("step")
@click.argument("name", type=click.Choice(["select", "connect"]))
@width_option
@click.pass_obj
def step(location: Location, name: str, width: int | None) -> int:
    """The box in which a step of map-import asks for a decision.

    \b
    Example:
      session-cli render step select
    """
    from session_cli.text import import_boxes

    state, _ = _latest(location)
    draw = import_boxes.app_space_box if name == "select" else import_boxes.connect_box
    answer_text(draw(state, width or fitting(session_boxes.PANEL_WIDTH)))
    return 0


@command.command("held")
@width_option
@click.pass_obj
def held(location: Location, width: int | None) -> int:
    """The OPEN ELSEWHERE box: who has the latest session.

    \b
    Example:
      session-cli render held
    """
    from session_cli.text import import_boxes

    _, session_id = _latest(location)
    holder = _holder(location, session_id)
    answer_text(
        import_boxes.open_elsewhere_box(holder, now(), width or fitting(session_boxes.PANEL_WIDTH))
    )
    return 0


def _holder(location: Location, session_id: str) -> Document:
    """Who has the session open; {} when nobody has."""
    from session_cli.store import lease

    return lease.find_holder(Latest(location, console.ignore).folder, session_id) or {}


def _latest(location: Location) -> tuple[ImportState, str]:
    """The latest session: its state and its id."""
    session = Latest(location, console.warn).read_session()
    if session is None:
        raise NoSession("there is no session to show; 'session-cli map-import' starts one")
    return ImportState(session.state), session.session_id
