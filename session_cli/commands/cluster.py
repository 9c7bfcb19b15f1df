"""Asks the cluster."""

from __future__ import annotations

import click

from session_cli.commands import _gone
from session_cli.commands._group import Group
from session_cli.commands._report import Report, report_options


@click.group("cluster", cls=Group, gone=_gone.CLUSTER, short_help="Scan the cluster.")
def command() -> None:
    """Ask the cluster through kubectl.

    \b
    Example:
      session-cli cluster scan | session-cli save scan -
    """


@command.command("scan")
@click.option("--context", help="The kube context, else the current one.")
@report_options
def scan(context: str | None, as_json: bool) -> int:
    """Scan the cluster, and print the DATA to save.

    What happens is printed on stderr. A scan in which some kinds could not be listed is reported
    as partial, never as empty.

    \b
    With --json one report: {"step": null, "data": DATA,
      "said": [what happened], "box": null}

    \b
    Examples:
      session-cli cluster scan | session-cli save scan -
      session-cli cluster scan --json | jq .said
    """
    from session_cli.recheck.first_scan import take_scan

    with Report(as_json) as report:
        report.save(take_scan(context, report, lambda: None))
    return 0
