"""The verbs that ask ConfigHub, and create in it what an import needs."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import click

from session_cli.cluster.kubectl import Kubectl
from session_cli.commands import _gone
from session_cli.commands._cub import call_timeout_option, cub_for
from session_cli.commands._gone import gone_option
from session_cli.commands._group import Group
from session_cli.commands._options import revision_option, session_option, width_option
from session_cli.commands._report import Report, report_options
from session_cli.commands._state import state_of
from session_cli.confighub import importing, readiness, survey
from session_cli.confighub.connection import check_login
from session_cli.confighub.cub import Cub
from session_cli.confighub.hub_state import HubState
from session_cli.errors import BadInput, NoSession, Unavailable
from session_cli.store import Location
from session_cli.text import import_boxes, session_boxes
from session_cli.times import now, utc
from session_cli.workflow.state import ImportState

wait_timeout_option = click.option(
    "--wait-seconds",
    type=click.FloatRange(min=0),
    default=readiness.WAIT_SECONDS,
    envvar="CONFIGHUB_WAIT_SECONDS",
    show_envvar=True,
    help="Timeout of the whole wait, in seconds.",
)


@click.group(
    "confighub",
    cls=Group,
    gone=_gone.CONFIGHUB,
    short_help="Ask ConfigHub, and create Units in it.",
)
def command() -> None:
    """Ask ConfigHub through cub: login, Units, worker and targets of the latest session.

    Each verb prints the DATA to save on stdout, and what happens on stderr.

    \b
    With --json one report: {"step": null, "data": DATA,
      "said": [what happened], "box": TEXT or null}

    \b
    Examples:
      session-cli confighub login | session-cli save connect -
      session-cli confighub verify --json | jq .said
    """


@command.command("login")
@call_timeout_option
@report_options
def login(call_seconds: float, as_json: bool) -> int:
    """Ask who is logged in, and print the DATA to save. Exits with 8 when nobody is.

    \b
    Example:
      session-cli confighub login
    """
    with Report(as_json) as report:
        found = check_login(cub_for(report, call_seconds))
        report.say(f"logged in as {found.user} of {found.org or found.org_id or 'an organization'}")
        facts = {"authenticated": True, **found._asdict()}
        report.save({"confighub": {key: value for key, value in facts.items() if value}})
    return 0


def of_session(work: Callable[..., None]) -> Callable[..., int]:
    """The verb that runs `work(cub, state, report, ...)` on the state of the bound session."""

    @wraps(work)
    @call_timeout_option
    @report_options
    @session_option
    @revision_option
    @click.pass_obj
    def verb(
        location: Location,
        /,
        session: str | None,
        if_revision: int | None,
        call_seconds: float,
        as_json: bool,
        **further: Any,
    ) -> int:
        state = state_of(location, session, if_revision)
        with Report(as_json) as report:
            work(cub_for(report, call_seconds), state, report, **further)
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
    cub: Cub, state: ImportState, report: Report, taken: str | None, width: int | None
) -> None:
    """Ask which Units exist, and decide what each of ours is called.

    Reports those that get another name, and shows a box about names that an unknown Unit has.
    Until --taken decides about them, those are left out, and the DATA to save says so.

    \b
    Example:
      session-cli confighub names --taken rename
    """
    unclear, data = importing.decide_names(cub, state, report, taken)
    if unclear and not taken:
        report.show(import_boxes.names_taken_box(unclear, width or session_boxes.PANEL_WIDTH))
    report.save(data)


@command.command("create")
@of_session
def create(cub: Cub, state: ImportState, report: Report) -> None:
    """Create the App Space and those Units that do not exist yet.

    \b
    Example:
      session-cli confighub create
    """
    if state.cluster_context is None:
        raise BadInput("the session has no cluster; scan one first")
    importing.Import(cub, state, report).run(Kubectl(state.cluster_context))


@command.command("worker")
@click.option("--log", required=True, metavar="FILE", help="The log of a worker that is started.")
@wait_timeout_option
@of_session
def worker(cub: Cub, state: ImportState, report: Report, log: str, wait_seconds: float) -> None:
    """Wait until a worker is connected; start one if there is none.

    \b
    Example:
      session-cli confighub worker --log worker.log
    """
    readiness.connect_worker(cub, state, report, log, wait_seconds)


@command.command("targets")
@wait_timeout_option
@of_session
def targets(cub: Cub, state: ImportState, report: Report, wait_seconds: float) -> None:
    """Wait until a target for the session's cluster is registered.

    \b
    Example:
      session-cli confighub targets --wait-seconds 60
    """
    readiness.await_target(cub, state, report, wait_seconds)


@command.command("verify")
@of_session
def verify(cub: Cub, state: ImportState, report: Report) -> None:
    """Verify that Units, worker and target exist. Exits with 9 when something is missing.

    \b
    Example:
      session-cli confighub verify
    """
    readiness.verify(cub, state, report)


@command.command("survey")
@click.option("--space", "only", metavar="NAME", help="Only this space.")
@call_timeout_option
@gone_option("--from", "it begins with the latest session of its type")
@report_options
@click.pass_obj
def survey_(location: Location, only: str | None, call_seconds: float, as_json: bool) -> int:
    """Ask for the connection state, and print the DATA to save.

    When asking fails, the DATA has the earlier state and the reason.

    \b
    Example:
      session-cli --type confighub confighub survey |
        session-cli --type confighub save view -
    """
    try:
        known = HubState.of(state_of(location))
    except NoSession:
        known = HubState({})
    with Report(as_json) as report:
        try:
            found = survey.take_survey(cub_for(report, call_seconds), only, report, utc(now()))
        except Unavailable as error:
            report.save({"confighub": survey.keep_known(known, error, utc(now()))})
            raise
        report.save({"confighub": found})
    return 0
