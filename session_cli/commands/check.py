"""Checks a session for drift, before it is resumed."""

from __future__ import annotations

import click

from session_cli.commands._cub import call_timeout_option, cub_for
from session_cli.commands._options import width_option
from session_cli.commands._report import Report, report_options
from session_cli.commands._state import state_of
from session_cli.errors import Refused
from session_cli.recheck import drift
from session_cli.recheck.check import OTHER_CLUSTER, OTHER_LOGIN, check
from session_cli.store import Location
from session_cli.text import import_boxes
from session_cli.text.session_boxes import PANEL_WIDTH


@click.command("check", short_help="Check what of the session still holds.")
@click.option("--context", help="The kube context to resume with, else the session's own.")
@click.option("--no-ask", is_flag=True, help="Refuse another login: nobody can be asked about it.")
@call_timeout_option
@width_option
@report_options
@click.pass_obj
def command(
    location: Location,
    context: str | None,
    no_ask: bool,
    call_seconds: float,
    width: int | None,
    as_json: bool,
) -> int:
    """Ask the cluster and ConfigHub what of the latest session still holds.

    Reports each item (ok, changed, gone, unknown), the step to resume at, and the DATA that is true
    now; all items in a box when one of them is not ok. The DATA is printed on stdout, all else on
    stderr. Exits with 6 when another cluster answers: the session cannot resume there. With
    --no-ask also when cub is logged in as another user or organization.

    \b
    With --json one report: {"step": the step to resume at, "data": DATA,
      "said": [items], "box": TEXT or null}

    \b
    Example:
      session-cli check --json | jq -r .step
    """
    state = state_of(location)
    with Report(as_json) as report:
        found = check(state, context, cub_for(report, call_seconds), report, lambda: None)
        report.resume_at(found.step)
        if any(item.verdict != drift.OK for item in found.items):
            report.show(
                import_boxes.drift_box(found.items, found.step, found.refused, width or PANEL_WIDTH)
            )
        report.save(found.data)
    if found.refused:
        raise Refused(OTHER_CLUSTER)
    if found.other_login and no_ask:
        raise Refused(OTHER_LOGIN)
    return 0
