"""README and CONTRIBUTING name what the code has: verbs, exit codes, messages, modules."""

from __future__ import annotations

import ast
import re
import signal
from functools import cache
from pathlib import Path

import pytest

from session_cli import cli, errors

ROOT = Path(__file__).parent.parent.parent
README = (ROOT / "README.md").read_text("utf-8")
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
SHIM = (ROOT / "test" / "atk" / "lib" / "session.sh").read_text("utf-8")
SOURCES = sorted((ROOT / "session_cli").rglob("*.py"))
HUB = sorted((ROOT / "session_hub").rglob("*.py"))
CODES = {
    0,
    errors.EXIT_INTERRUPTED,
    errors.EXIT_NOT_INSTALLED,
    128 + signal.SIGHUP,
    128 + signal.SIGTERM,
    *(error.exit_code for error in [errors.SessionError, *errors.SessionError.__subclasses__()]),
}


def section(heading: str) -> str:
    """What stands in README under a heading, down to the next one of any level."""
    _, _, after = README.partition(f"\n{heading}\n")
    return re.split(r"\n##+ ", after)[0]


def tables(text: str) -> list[list[list[str]]]:
    """Every table in it: its rows without the heading, each a list of cells."""
    blocks = re.findall(r"(?:^\|.*\n)+", text + "\n", re.M)
    return [[cells(line) for line in block.splitlines()[2:]] for block in blocks]


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]


def code_spans(text: str) -> list[str]:
    return re.findall(r"`([^`]+)`", text)


def codes_in(text: str) -> set[int]:
    return {int(number) for number in re.findall(r"(?:^|[·:,]|  +) *(\d+)  ?[a-z]", text, re.M)}


def test_the_tables_of_verbs_are_those_of_the_help() -> None:
    for_people, plumbing = [
        [span.split()[0] for row in table for span in code_spans(row[0])]
        for table in tables(section("## From the terminal"))
    ]

    assert (sorted(for_people), sorted(plumbing)) == (sorted(cli.COMMANDS), sorted(cli.PLUMBING))


def test_a_verb_has_no_exit_code_that_there_is_not() -> None:
    rows = [row for table in tables(section("## From the terminal")) for row in table]

    assert {code for row in rows for code in codes_in(row[2])} <= CODES


def test_readme_and_help_list_the_exit_codes_of_the_program() -> None:
    [listed] = re.findall(r"^Exit codes: .*", README, re.M)

    assert codes_in(listed) == CODES
    assert codes_in(cli.EPILOG.partition("Exit codes:")[2]) == CODES


def test_the_functions_of_the_table_are_in_the_shim() -> None:
    [table] = tables(section("## From bash"))
    named = {span.split()[0] for row in table for span in code_spans(row[0])}

    assert len(named) > 10
    assert {name for name in named if f"\n{name}() " not in SHIM} == set()


def messages() -> list[str]:
    """The messages under Troubleshooting, cut where something of the moment stands in them."""
    [table] = tables(section("## Troubleshooting"))
    return [span for row in table for span in code_spans(row[0])]


@cache
def strings_in_the_code() -> str:
    """The strings of the package, adjoining literals in one, and all of the bash files."""
    programs = filter(is_bash, (ROOT / "test" / "atk").rglob("*"))
    found = [path.read_text("utf-8") for path in (ROOT / "Makefile", *programs)]
    for path in [*SOURCES, *HUB]:
        tree = ast.parse(path.read_text("utf-8"))
        found += [
            node.value
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant) and isinstance(node.value, str)
        ]
    return "\n".join(found)


def is_bash(path: Path) -> bool:
    return path.is_file() and (path.suffix == ".sh" or path.name.startswith("map"))


@pytest.mark.parametrize("message", messages())
def test_a_message_under_troubleshooting_is_one_of_ours(message: str) -> None:
    code = strings_in_the_code()

    assert [piece for piece in message.split("...") if piece.strip() not in code] == []


def test_the_map_of_the_house_has_every_module() -> None:
    ours = [path for path in SOURCES if path.parent.name != "commands"]
    modules = [path.stem for path in [*ours, *HUB] if path.parent.name != "auth"]

    assert [
        module
        for module in modules
        if module != "__init__" and not re.search(rf"\b{module}\b", CONTRIBUTING)
    ] == []
