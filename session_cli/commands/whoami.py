"""Says who is signed in to the hub."""

from __future__ import annotations

import click

from session_cli import console
from session_cli.commands._hub import folder_of, name_of
from session_cli.commands._options import json_option
from session_cli.commands._output import answer_json, answer_text
from session_cli.store import Location
from session_cli.sync.account import require_account
from session_cli.sync.device import find_device
from session_cli.sync.pin import is_same_person
from session_cli.sync.remote import Remote
from session_cli.text.boxes import visible


@click.command("whoami", short_help="Say who is signed in to the hub.")
@json_option
@click.pass_obj
def command(location: Location, as_json: bool) -> int:
    """Ask the hub who you are there. Exits with 4 when nobody is signed in.

    \b
    Examples:
      session-cli whoami
      session-cli whoami --json | jq -r .user.name
    """
    folder = folder_of(location)
    account = require_account(folder)
    device = find_device(folder)
    with Remote(account.url, account.token, device) as remote:
        pin = remote.me()
    if account.pin and not is_same_person(account.pin, pin):
        console.warn(
            f"the sessions here were synced as {name_of(account.pin)} before; nothing is sent until"
            f" you sign in here as yourself: session-cli login {account.url}"
        )
    if as_json:
        answer_json(
            {
                "url": account.url,
                **pin,
                "device": {"id": device.id, "name": device.name},
                "from_environment": account.is_from_environment,
            }
        )
    else:
        answer_text(visible(f"{name_of(pin)} at {account.url}, as device {device.name}"))
    return 0
