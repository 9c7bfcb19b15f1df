"""Verbs and options of earlier versions: for one release each names what to use in its place."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import click

from session_cli.errors import BadInput

Verb = TypeVar("Verb", bound=Callable[..., object])
# what the terminal programs asked for when they were bash
CLUSTER = {
    "rows": "use 'session-cli map --once' or 'session-cli get scan_result.workloads'",
    "heading": "use 'session-cli map --once' or 'session-cli get scan_result'",
    "view": "use 'session-cli --type map get view'",
    "choose": "use 'session-cli map-import --yes --namespace NAME'",
    "app-space": "use 'session-cli map-import --app-space NAME'",
}
CONFIGHUB = {
    "intent": "use 'session-cli confighub create', whose DATA has the units_pending",
    "journey": "use 'session-cli map-confighub --once'",
    "space": "use 'session-cli map-confighub --once --space NAME'",
    "tree": "use 'session-cli map-confighub --once'",
}


def explain_gone(what: str, instead: str) -> str:
    """The one line for whoever still uses it."""
    return f"{what} went with the bash screens; {instead}"


def gone_option(name: str, instead: str) -> Callable[[Verb], Verb]:
    """A hidden option that is refused with one line."""

    def refuse(ctx: click.Context, _: click.Parameter, value: str | None) -> None:
        if value is not None:
            path = ctx.command_path.partition(" ")[2]
            raise BadInput(explain_gone(f"{name} of {path}", instead))

    return click.option(name, hidden=True, expose_value=False, is_eager=True, callback=refuse)
