"""How long a program may take, by the environment; the script has refused what is no number."""

from __future__ import annotations

from collections.abc import Mapping

from session_cli.confighub.cub import ASK_SECONDS

WAIT_SECONDS = 120.0


def call_seconds(environment: Mapping[str, str]) -> float:
    """The timeout of one call of cub, in seconds."""
    return float(environment.get("CONFIGHUB_CALL_SECONDS") or ASK_SECONDS)


def wait_seconds(environment: Mapping[str, str]) -> float:
    """The timeout of a whole wait, in seconds."""
    return float(environment.get("CONFIGHUB_WAIT_SECONDS") or WAIT_SECONDS)
