"""The command line: `session-hub serve`, and what administrators type."""

from __future__ import annotations

import os
import sqlite3
import sys
from pathlib import Path

import click

from session_cli import __version__
from session_cli.errors import (
    EXIT_INTERRUPTED,
    EXIT_NOT_INSTALLED,
    BadInput,
    SessionError,
    printable,
)
from session_hub import admin_commands, store_folder
from session_hub.admin_commands import data_option
from session_hub.stores.sqlite import schema

EPILOG = """\
\b
Examples:
  session-hub serve
  session-hub serve --data /srv/hub --public-url https://hub.example
  session-hub admin user add sam --org home

\b
Exit codes:
  0 ok                     1 failed, or no           2 usage
  4 a newer version wrote it                         5 held by another process
  127 not installed
"""


@click.group(epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, "-V", "--version", prog_name="session-hub")
def cli() -> None:
    """Keeps import sessions for a person, a team, an organization."""
    # whatever is made in a store is for its owner alone
    os.umask(0o077)


cli.add_command(admin_commands.group)


@cli.command(short_help="Run the hub until it is stopped.")
@data_option
@click.option(
    "--listen",
    metavar="HOST:PORT",
    default="127.0.0.1:8377",
    show_default=True,
    help="Where to listen.",
)
@click.option(
    "--public-url", metavar="URL", help="The address by which other machines reach the hub."
)
@click.option(
    "--forwarded-allow-ips",
    metavar="IPS",
    help="The proxies whose X-Forwarded-For is believed, with commas; nobody's unless given.",
)
@click.option(
    "--metrics",
    metavar="HOST:PORT|off",
    default="127.0.0.1:8378",
    show_default=True,
    help="Where monitoring reads /metrics.",
)
def serve(
    folder: Path | None,
    listen: str,
    public_url: str | None,
    forwarded_allow_ips: str | None,
    metrics: str,
) -> None:
    """Run the hub until it is stopped, with its store in a folder of this machine.

    An empty store gets the organization `home` and a first user, whose token is printed once.
    Without --public-url only this machine reaches the hub. Behind a proxy, name its address with
    --forwarded-allow-ips: else all who come through it count as one for the limits.

    \b
    Examples:
      session-hub serve
      session-hub serve --data /srv/hub --public-url https://hub.example \\
        --forwarded-allow-ips 127.0.0.1
    """
    # the server takes longer to load than all other commands take
    from session_hub import serve as serving

    options = serving.Options(
        (folder or store_folder.default_folder()).absolute(),
        serving.parse_listen(listen, "--listen"),
        public_url,
        serving.check_proxies(forwarded_allow_ips),
        None if metrics == "off" else serving.parse_listen(metrics, "--metrics"),
    )
    serving.run(options, click.echo)


@cli.command(short_help="Bring the store to the schema of this version.")
@data_option
@click.option("--check", is_flag=True, help="Only say what would be done; exit 1 if anything.")
def migrate(folder: Path | None, check: bool) -> None:
    """Bring the store to the schema of this version, after making a copy of it.

    `serve` does it, too; this is for doing it while the hub is stopped. To go back to an earlier
    version, stop the hub and put the copy in the place of hub.sqlite.

    \b
    Examples:
      session-hub migrate --check
      session-hub migrate --data /srv/hub
    """
    place = (folder or store_folder.default_folder()).absolute()
    admin_commands.check_store(place)
    if check:
        _check(place)
        return
    with store_folder.locked(place, 0):
        copy = schema.migrate(place)
    if copy is None:
        click.echo("the store has the newest schema")
    else:
        click.echo(printable(f"migrated the store; the copy of the old one is {copy}"))


def _check(folder: Path) -> None:
    names = schema.pending(folder)
    for name in names or ["the store has the newest schema"]:
        click.echo(name)
    if names:
        raise click.exceptions.Exit(1)


def main() -> int:
    """Runs one command; the exit code."""
    try:
        code = cli.main(prog_name="session-hub", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        return BadInput.exit_code
    except click.ClickException as error:
        _warn(_sentence(error))
        return BadInput.exit_code
    except SessionError as error:
        _warn(str(error))
        return error.exit_code
    except ModuleNotFoundError as error:
        _warn(
            f"this needs {error.name}, which is not installed here: run"
            " 'make hub' in a checkout, or pip install '.[hub]' there"
        )
        return EXIT_NOT_INSTALLED
    except (OSError, sqlite3.Error) as error:
        _warn(str(error))
        return SessionError.exit_code
    except (click.Abort, KeyboardInterrupt):
        return EXIT_INTERRUPTED
    return code if isinstance(code, int) else 0


def _warn(line: str) -> None:
    print(f"session-hub: {printable(line)}", file=sys.stderr)


def _sentence(error: click.ClickException) -> str:
    ctx = getattr(error, "ctx", None)
    path = ctx.command_path if ctx else "session-hub"
    message = " ".join(error.format_message().split()).rstrip(".")
    return (
        f"{message} See '{path} --help'"
        if message[-1:] == "?"
        else f"{message}; see '{path} --help'"
    )
