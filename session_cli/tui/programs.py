"""The programs, and the screen that each is played on."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from session_cli.console import warn
from session_cli.errors import SessionError
from session_cli.internal_error import describe
from session_cli.tui.base import Failed, Screen
from session_cli.tui.importing import walk
from session_cli.tui.importing.run import Run
from session_cli.tui.leave import Player
from session_cli.tui.options import Options, read_options
from session_cli.tui.unattended import Unattended

if TYPE_CHECKING:
    from session_cli.tui.looking import Looking


def run(program: str, words: Sequence[str]) -> int:
    """Runs the program of that name; its exit code."""
    options = read_options(words)
    try:
        return PROGRAMS[program](options)
    except SessionError as error:
        warn(str(error))
        return error.exit_code
    except Failed as failed:
        return failed.code
    except ModuleNotFoundError:
        # whoever started us says what is missing
        raise
    except Exception as error:
        warn(describe(error))
        return 1


def run_import(options: Options) -> int:
    """map-import."""
    screen = choose_screen(options)
    run = Run(options, screen)
    if options.status:
        walk.show_status(run)
        return 0
    if not screen.can_ask and not options.yes:
        return walk.refuse_without_terminal(run)
    walk.prepare(run)
    program = walk.Import(run)
    screen.head = program.heading if options.plain else program.head
    return Player(program, screen).run()


def choose_screen(options: Options) -> Screen:
    """A full screen where there can be one, or line by line; else nobody is asked."""
    if options.yes or options.status or not walk.is_at_terminal():
        return Unattended()
    if options.plain:
        from session_cli.tui.lines import Lines

        return Lines()
    # the library of screens is loaded only where there may be one
    from session_cli.tui.terminal import can_ask

    return full_screen() if can_ask() else Unattended()


def full_screen() -> Screen:
    """A full screen on the terminal."""
    from session_cli.tui.app import FullScreen
    from session_cli.tui.terminal import make_input, make_output

    return FullScreen(make_input(), make_output(1, os.environ))


def run_map(options: Options) -> int:
    """map."""
    from session_cli.tui.map import Map

    return _look(Map, options)


def run_confighub(options: Options) -> int:
    """map-confighub."""
    from session_cli.tui.hub import Hub

    return _look(Hub, options)


def _look(program: Callable[[Options, Screen], Looking], options: Options) -> int:
    """Line by line there is nothing to ask: it is printed."""
    from session_cli.tui.looking import Summary
    from session_cli.tui.terminal import can_ask

    is_summary = options.once or options.plain or not can_ask()
    screen = Summary() if is_summary else full_screen()
    return Player(program(options, screen), screen).run()


PROGRAMS = {"import": run_import, "map": run_map, "confighub": run_confighub}
