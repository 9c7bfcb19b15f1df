"""Runs map, the terminal program that shows a cluster."""

from __future__ import annotations

from session_cli.commands._program import program_command

command = program_command(
    "map",
    "Show what runs in a cluster, and who deploys it.",
    """Show what runs in a Kubernetes cluster: who deploys it, where, and what is ready.

`session-cli map --help` lists the options and the keys.

\b
Examples:
  session-cli map --demo
  session-cli map --once --namespace payment-prod
""",
)
