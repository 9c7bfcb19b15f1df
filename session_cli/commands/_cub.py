"""cub, as the verbs call it: with a timeout, and with what it prints on failure in the report."""

from __future__ import annotations

import click

from session_cli.commands._report import Report
from session_cli.confighub.cub import ASK_SECONDS, Cub

call_timeout_option = click.option(
    "--call-seconds",
    type=click.FloatRange(min=0.1),
    default=ASK_SECONDS,
    envvar="CONFIGHUB_CALL_SECONDS",
    show_envvar=True,
    help="Timeout of one call of cub, in seconds.",
)


def cub_for(report: Report, call_seconds: float) -> Cub:
    """cub; `report` notes what a failed call printed."""
    return Cub(call_seconds, note=report.note)
