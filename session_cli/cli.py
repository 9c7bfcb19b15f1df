"""The Click group: global options, verbs loaded when asked for, errors turned into exit codes."""

from __future__ import annotations

import importlib

import click

from session_cli import __version__
from session_cli.commands._group import Group
from session_cli.console import warn
from session_cli.errors import EXIT_INTERRUPTED, BadInput, SessionError, Unreadable, unreadable
from session_cli.steps import TYPES
from session_cli.store import locate

COMMANDS = (
    "map-import map map-confighub init exists load save clear get-step get status list history"
    " rollback resume new delete prune login logout whoami sync share handoff accept decline"
    " conflicts open doctor shim help"
).split()
# for scripts
PLUMBING = "lease render steps start check cluster confighub".split()
VERBS = COMMANDS + PLUMBING

EPILOG = """\
\b
Examples:
  session-cli save review '{"selections": {"app_space": "payment-team"}}'
  session-cli load | jq '.selections.hub = "main"' | session-cli save review -
  session-cli status
  source "$(session-cli shim)"

\b
Exit codes:
    0  ok
    1  no, absent, findings
    2  usage or bad input
    3  no session
    4  unreadable, newer, or sign in
    5  held by another process
    6  refused
    7  not saved
    8  cluster, ConfigHub or hub unavailable
    9  import incomplete
   10  saved, but may not survive a power loss
  127  not installed
  129  terminal closed
  130  interrupted
  143  terminated
"""


class Verbs(Group):
    """Imports `session_cli.commands.<verb>` only when that verb is needed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return VERBS

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The verbs in two lists, as git has them: those of people, and those of programs."""
        for heading, verbs in (
            ("Commands", COMMANDS),
            ("Plumbing, for scripts", PLUMBING),
        ):
            with formatter.section(heading):
                formatter.write_dl([(verb, self._short_help(ctx, verb)) for verb in verbs])

    def _short_help(self, ctx: click.Context, verb: str) -> str:
        command = self.get_command(ctx, verb)
        return command.get_short_help_str(limit=80) if command else ""

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in VERBS:
            return None
        module = importlib.import_module(f"session_cli.commands.{cmd_name.replace('-', '_')}")
        command: click.Command = module.command
        return command


@click.group(cls=Verbs, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, "-V", "--version", prog_name="session-cli")
@click.option(
    "--dir", "folder", metavar="DIR", help="The sessions folder, else $CONFIGHUB_SESSION_DIR."
)
@click.option(
    "--file", "pointer", metavar="FILE", help="The pointer, else $CONFIGHUB_SESSION_FILE."
)
@click.option(
    "--type",
    "type_",
    metavar="|".join(TYPES),
    help="The type of session, else $CONFIGHUB_SESSION_TYPE, else import.",
)
@click.pass_context
def cli(ctx: click.Context, folder: str | None, pointer: str | None, type_: str | None) -> None:
    """Remembers where you are in an import, so that you never start over.

    State is kept in ~/.confighub/sessions, for you alone. Answers go to stdout, messages to stderr.
    """
    ctx.obj = locate(folder, pointer, type_)


def main() -> int:
    """Runs one verb; the exit code."""
    try:
        code = cli.main(prog_name="session-cli", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        return BadInput.exit_code
    except click.ClickException as error:
        warn(_sentence(error))
        return BadInput.exit_code
    except SessionError as error:
        warn(str(error))
        return error.exit_code
    except OSError as error:
        if error.filename is None:
            # what is read has a name
            warn(f"cannot write the answer: {error.strerror or error}")
            return 1
        warn(str(unreadable(error)))
        return Unreadable.exit_code
    except (click.Abort, KeyboardInterrupt):
        return EXIT_INTERRUPTED
    return code if isinstance(code, int) else 0


def _sentence(error: click.ClickException) -> str:
    ctx = getattr(error, "ctx", None)
    path = ctx.command_path if ctx else "session-cli"
    message = " ".join(error.format_message().split()).rstrip(".")
    return (
        f"{message} See '{path} --help'"
        if message[-1:] == "?"
        else f"{message}; see '{path} --help'"
    )
