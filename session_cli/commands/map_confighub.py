"""Runs map-confighub, the terminal program that shows what ConfigHub holds."""

from __future__ import annotations

from session_cli.commands._program import program_command

command = program_command(
    "map-confighub",
    "Show what ConfigHub holds for you.",
    """Show what ConfigHub holds: spaces, Units, workers and targets, and how far you are.

`session-cli map-confighub --help` lists the options and the keys.

\b
Examples:
  session-cli map-confighub --demo
  session-cli map-confighub --once --space payment-team
""",
)
