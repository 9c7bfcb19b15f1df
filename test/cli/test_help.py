"""How people find a verb: help, the version, and what was meant by a slip of the keys."""

from __future__ import annotations

import re
from collections.abc import Iterator

import click
import pytest
from processes import Command

from session_cli import __version__
from session_cli.cli import VERBS
from session_cli.cli import cli as program

VERSION = f"session-cli, version {__version__}\n".encode()


@pytest.mark.parametrize("words", [[], ["save"], ["render"], ["render", "status"], ["help"]])
def test_help_prints_what_the_option_prints(cli: Command, words: list[str]) -> None:
    asked = cli("help", *words)

    assert (asked.code, asked.stderr) == (0, "")
    assert asked.stdout == cli(*words, "--help").stdout


def test_help_lists_every_verb(cli: Command) -> None:
    listed = cli("help").stdout.decode()

    assert [verb for verb in VERBS if f"\n  {verb} " not in listed] == []


def helps(context: click.Context) -> Iterator[tuple[str, str]]:
    """The words that lead to each verb and sub-verb, and its help in a terminal of 80 columns."""
    group = context.command
    yield context.command_path, context.get_help()
    if isinstance(group, click.Group):
        for name in group.list_commands(context):
            command = group.get_command(context, name)
            assert command
            yield from helps(click.Context(command, context, name, terminal_width=80))


HELPS = dict(helps(click.Context(program, info_name="session-cli", terminal_width=80)))


@pytest.mark.parametrize("words", HELPS)
def test_every_verb_has_an_example_of_itself(words: str) -> None:
    _, _, examples = HELPS[words].partition("Example")
    program, _, verb = words.partition(" ")

    assert re.search(rf"{program}( --type \w+)? {verb}", examples.partition("Options:")[0])


@pytest.mark.parametrize("words", HELPS)
def test_every_line_fits_a_terminal_of_80_columns(words: str) -> None:
    assert [line for line in HELPS[words].splitlines() if len(line) > 80] == []


@pytest.mark.parametrize("words", [words for words in HELPS if "Commands:" in HELPS[words]])
def test_no_line_of_a_list_of_verbs_is_cut(words: str) -> None:
    _, _, listed = HELPS[words].partition("Commands:")

    assert [line for line in listed.splitlines() if line.endswith("...")] == []


@pytest.mark.parametrize("option", ["-V", "--version"])
def test_the_version_is_printed_by_the_installed_and_by_the_bare_source(
    cli: Command, quick: Command, option: str
) -> None:
    assert cli(option) == quick(option) == (0, VERSION, "")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["sav"], "no such verb 'sav'; did you mean save?"),
        (["SAVE"], "no such verb 'SAVE'; did you mean save?"),
        (["getstep"], "no such verb 'getstep'; did you mean get-step?"),
        (["help", "sav"], "no such verb 'sav'; did you mean save?"),
        (["render", "statu"], "no such verb 'statu'; did you mean status?"),
        (["cluster", "scna"], "no such verb 'scna'; did you mean scan?"),
        (["confighub", "logn"], "no such verb 'logn'; did you mean login?"),
        (["xyzzy"], "no such verb 'xyzzy'; 'session-cli --help' lists those there are"),
        (["\x1b[2J"], r"no such verb '\x1b[2J'; 'session-cli --help' lists those there are"),
        (["render", "x"], "no such verb 'x'; 'session-cli render --help' lists those there are"),
    ],
)
def test_a_verb_that_is_none_is_reported_with_the_one_that_was_meant(
    cli: Command, words: list[str], told: str
) -> None:
    assert cli(*words) == (2, b"", f"session-cli: {told}\n")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["status", "--jso"], "--json"),
        (["render", "panel", "--widht", "80"], "--width"),
        (["--dri", "x", "status"], "--dir"),
    ],
)
def test_an_option_that_is_none_is_reported_with_the_one_that_was_meant(
    cli: Command, words: list[str], told: str
) -> None:
    answer = cli(*words)

    assert (answer.code, answer.stderr.count("\n")) == (2, 1)
    assert told in answer.stderr


def test_a_verb_has_no_verbs_of_its_own(cli: Command) -> None:
    answer = cli("help", "save", "review")

    assert (answer.code, answer.stderr.count("\n")) == (2, 1)
    assert "'session-cli save' has no verbs of its own" in answer.stderr
