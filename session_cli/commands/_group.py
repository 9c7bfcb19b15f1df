"""A group of verbs that helps whoever mistypes one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from session_cli.errors import BadInput, printable


class Group(click.Group):
    """Says which verb was probably meant, in every version of Click.

    `gone` has verbs of earlier versions, each with what to use in its place.
    """

    def __init__(self, *arguments: Any, gone: Mapping[str, str] | None = None, **options: Any):
        super().__init__(*arguments, **options)
        self.gone = gone or {}

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        is_verb = self.get_command(ctx, args[0]) is not None
        if not (is_verb or ctx.resilient_parsing or args[0].startswith("-")):
            raise BadInput(self._no_such_verb(ctx, args[0]))
        return super().resolve_command(ctx, args)

    def _no_such_verb(self, ctx: click.Context, word: str) -> str:
        if word in self.gone:
            from session_cli.commands._gone import explain_gone

            return explain_gone(f"{self.name} {word}", self.gone[word])
        from difflib import get_close_matches

        close = get_close_matches(word.lower(), self.list_commands(ctx), 1)
        message = f"no such verb '{printable(word)}'"
        if close:
            return f"{message}; did you mean {close[0]}?"
        return f"{message}; '{ctx.command_path} --help' lists those there are"
