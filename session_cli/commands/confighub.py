"""The verbs that ask ConfigHub, and create in it what an import needs."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import click

from session_cli import console
from session_cli import document as doc
from session_cli.cluster.kubectl import Kubectl
from session_cli.commands._cub import call_timeout_option, cub_for
from session_cli.commands._events import Stream, scratch_option
from session_cli.commands._group import Group
from session_cli.commands._options import (
    revision_option,
    session_option,
    text_option,
    width_option,
)
from session_cli.commands._output import answer_rows, answer_text
from session_cli.commands._state import from_option, read_json, state_of
from session_cli.confighub import importing, readiness, survey
from session_cli.confighub.connection import check_login
from session_cli.confighub.cub import Cub
from session_cli.confighub.hub_state import Contents, HubState
from session_cli.confighub.planning import assign_slugs, failed_slugs, leave_out_unclear
from session_cli.errors import BadInput, Unavailable, Unfinished
from session_cli.store import Location
from session_cli.text import hub_overview, import_boxes, session_boxes
from session_cli.times import now, utc
from session_cli.workflow.state import ImportState
from session_cli.workflow.units import made_of

WAIT_SECONDS = 120

wait_timeout_option = click.option(
    "--wait-seconds",
    type=click.FloatRange(min=0),
    default=WAIT_SECONDS,
    envvar="CONFIGHUB_WAIT_SECONDS",
    show_envvar=True,
    help="Timeout of the whole wait, in seconds.",
)


@click.group("confighub", cls=Group, short_help="Ask ConfigHub, and create Units in it.")
def command() -> None:
    """Ask ConfigHub through cub: login, Units, worker and targets of the latest session.

    \b
    Examples:
      session-cli confighub login --scratch "$(mktemp -d)"
      session-cli confighub verify --scratch "$(mktemp -d)"
    """


@command.command("login")
@call_timeout_option
@scratch_option
def login(call_seconds: float, scratch: str) -> int:
    """Ask who is logged in, and hand over the DATA to save. Exits with 8 when nobody is.

    \b
    Example:
      session-cli confighub login --scratch "$(mktemp -d)"
    """
    with Stream(scratch) as stream:
        found = check_login(cub_for(stream, call_seconds))
        stream.say(f"logged in as {found.user} of {found.org or found.org_id or 'an organization'}")
        facts = {"authenticated": True, **found._asdict()}
        stream.save({"confighub": {key: value for key, value in facts.items() if value}})
    return 0


@command.command("intent")
@session_option
@revision_option
@click.pass_obj
def intent(location: Location, session: str | None, if_revision: int | None) -> int:
    """Print the DATA that records which Units are about to be created.

    \b
    Example:
      session-cli confighub intent | session-cli save connect -
    """
    console.write_stdout(doc.dump(importing.intent(state_of(location, None, session, if_revision))))
    return 0


def of_session(work: Callable[..., None]) -> Callable[..., int]:
    """The verb that runs `work(cub, state, stream, ...)` on the state of the bound session."""

    @wraps(work)
    @call_timeout_option
    @scratch_option
    @session_option
    @revision_option
    @click.pass_obj
    def verb(
        location: Location,
        /,
        session: str | None,
        if_revision: int | None,
        call_seconds: float,
        scratch: str,
        **further: Any,
    ) -> int:
        state = state_of(location, None, session, if_revision)
        with Stream(scratch) as stream:
            work(cub_for(stream, call_seconds), state, stream, **further)
        return 0

    return verb


@command.command("names")
@click.option(
    "--taken",
    type=click.Choice(["rename", "leave"]),
    help="When an unknown Unit has the name: give ours another one, or leave it out.",
)
@width_option
@of_session
def names(
    cub: Cub, state: ImportState, stream: Stream, taken: str | None, width: int | None
) -> None:
    """Ask which Units exist, and decide what each of ours is called.

    Reports those that get another name, and shows a box about names that an unknown Unit has.
    Until --taken decides about them, those are left out, and the DATA to save says so.

    \b
    Example:
      session-cli confighub names --taken rename --scratch "$(mktemp -d)"
    """
    plan = importing.plan(cub, state, rename_unclear=taken == "rename")
    for unit, why in plan.renamed:
        stream.say(f"{made_of(unit.labels)} becomes Unit {unit.slug}: {why}")
    if plan.unclear and not taken:
        stream.show(import_boxes.names_taken_box(plan.unclear, width or session_boxes.PANEL_WIDTH))
    chosen = (leave_out_unclear if taken == "leave" else assign_slugs)(state, plan)
    if plan.unclear and not chosen:
        raise Unfinished("no workload is left to import; go back and choose others")
    if chosen != state.chosen:
        stream.save({"selections": {"selected_workloads": [each.members for each in chosen]}})
    undecided = None if taken else importing.list_left_out(plan)
    if undecided or failed_slugs(state):
        stream.save({"confighub": {"units_failed": undecided}})


@command.command("create")
@of_session
def create(cub: Cub, state: ImportState, stream: Stream) -> None:
    """Create the App Space and those Units that do not exist yet.

    \b
    Example:
      session-cli confighub create --scratch "$(mktemp -d)"
    """
    if state.cluster_context is None:
        raise BadInput("the session has no cluster; scan one first")
    importing.Import(cub, state, stream).run(Kubectl(state.cluster_context, stream.tick))


@command.command("worker")
@click.option("--log", required=True, metavar="FILE", help="The log of a worker that is started.")
@wait_timeout_option
@of_session
def worker(cub: Cub, state: ImportState, stream: Stream, log: str, wait_seconds: float) -> None:
    """Wait until a worker is connected; start one if there is none.

    \b
    Example:
      session-cli confighub worker --log worker.log --scratch "$(mktemp -d)"
    """
    readiness.connect_worker(cub, state, stream, log, wait_seconds)


@command.command("targets")
@wait_timeout_option
@of_session
def targets(cub: Cub, state: ImportState, stream: Stream, wait_seconds: float) -> None:
    """Wait until a target for the session's cluster is registered.

    \b
    Example:
      session-cli confighub targets --wait-seconds 60 --scratch "$(mktemp -d)"
    """
    readiness.await_target(cub, state, stream, wait_seconds)


@command.command("verify")
@of_session
def verify(cub: Cub, state: ImportState, stream: Stream) -> None:
    """Verify that Units, worker and target exist. Exits with 9 when something is missing.

    \b
    Example:
      session-cli confighub verify --scratch "$(mktemp -d)"
    """
    readiness.verify(cub, state, stream)


only_option = click.option("--space", "only", metavar="NAME", help="Only this space.")
asking_option = click.option("--asking", is_flag=True, help="Say that it is being asked again.")


@command.command("survey")
@only_option
@from_option
@call_timeout_option
@scratch_option
@click.pass_obj
def survey_(
    location: Location, only: str | None, source: Path | None, call_seconds: float, scratch: str
) -> int:
    """Ask for the connection state, and hand over the DATA to save.

    When asking fails, the DATA has the earlier state and the reason.

    \b
    Example:
      session-cli --type confighub confighub survey --scratch "$(mktemp -d)"
    """
    known = HubState.of(state_of(location, source))
    with Stream(scratch) as stream:
        try:
            cub = cub_for(stream, call_seconds)
            found = survey.take_survey(cub, only, stream, utc(now()))
        except Unavailable as error:
            stream.save({"confighub": survey.keep_known(known, error, utc(now()))})
            raise
        stream.save({"confighub": found})
    return 0


@command.command("space")
@click.option("--slug", required=True, help="The space.")
@call_timeout_option
@scratch_option
def space(slug: str, call_seconds: float, scratch: str) -> int:
    """Ask what is in a space, and hand it over as a file for `tree`.

    \b
    Example:
      session-cli confighub space --slug payment-team --scratch "$(mktemp -d)"
    """
    with Stream(scratch) as stream:
        stream.save(survey.list_contents(cub_for(stream, call_seconds), slug, stream))
    return 0


@command.command("tree")
@only_option
@click.option(
    "--opened",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A file from `space`: that space is shown with what is in it.",
)
@text_option
@from_option
@click.pass_obj
def tree(
    location: Location,
    only: str | None,
    opened: tuple[Path, ...],
    is_text: bool,
    source: Path | None,
) -> int:
    """Print the spaces, and what is in the opened ones.

    \b
    Example:
      session-cli --type confighub confighub tree --text
    """
    state = HubState.of(state_of(location, source)).narrowed(only)
    contents = [Contents(read_json(path)) for path in opened]
    inside = {each.space: each for each in contents}
    answer_rows(hub_overview.tree(state, inside, now()), is_text)
    return 0


@command.command("journey")
@only_option
@asking_option
@width_option
@from_option
@click.pass_obj
def journey(
    location: Location, only: str | None, asking: bool, width: int | None, source: Path | None
) -> int:
    """Print the stages from cub to a target, and how old they are.

    \b
    Example:
      session-cli --type confighub confighub journey
    """
    state = HubState.of(state_of(location, source)).narrowed(only)
    answer_text(hub_overview.journey(state, now(), asking, width or session_boxes.PANEL_WIDTH))
    return 0
