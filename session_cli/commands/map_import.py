"""Runs map-import, the terminal program that imports a cluster."""

from __future__ import annotations

from session_cli.commands._program import program_command

command = program_command(
    "map-import",
    "Import a cluster into ConfigHub, step by step.",
    """Import a Kubernetes cluster into ConfigHub, in seven steps that can be left at any time.

`session-cli map-import --help` lists the options and the keys.

\b
Examples:
  session-cli map-import --demo
  session-cli map-import --yes --namespace payment-prod
""",
)
