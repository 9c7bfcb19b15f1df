"""Boxes in UTF-8 or in ASCII: as the caller's locale says, and as it was before Python."""

from __future__ import annotations

import locale
from collections.abc import Callable
from pathlib import Path

import pytest
from guard import SCRIPTS
from processes import Command, runner

from session_cli.text.boxes import in_ascii

GOLDEN = Path(__file__).parent.parent / "golden"


def installed(name: str) -> bool:
    ours = locale.setlocale(locale.LC_CTYPE)
    try:
        locale.setlocale(locale.LC_CTYPE, name)
    except locale.Error:
        return False
    finally:
        locale.setlocale(locale.LC_CTYPE, ours)
    return True


needs_utf8 = pytest.mark.skipif(not installed("C.UTF-8"), reason="no locale C.UTF-8 here")


@pytest.fixture
def bare(home: Path) -> Callable[..., bytes]:
    """`env -i session-cli ...` with the variables that are given to it."""

    def run(*arguments: str, **variables: str) -> bytes:
        words = [f"{name}={value}" for name, value in {"HOME": str(home), **variables}.items()]
        return runner("env", "-i", *words, str(SCRIPTS / "session-cli"))(*arguments).stdout

    return run


ASCII = [
    pytest.param({}, id="nothing set"),
    pytest.param({"LANG": "C"}, id="C"),
    pytest.param({"LANG": "POSIX"}, id="POSIX"),
    pytest.param({"LANG": ""}, id="empty"),
    pytest.param({"LANG": "xx_YY.UTF-8"}, id="not installed"),
    pytest.param({"LC_ALL": "xx_YY.UTF-8", "LANG": "C.UTF-8"}, id="LC_ALL not installed"),
    pytest.param({"LC_ALL": "C", "LC_CTYPE": "C.UTF-8", "LANG": "C.UTF-8"}, id="LC_ALL first"),
    pytest.param({"LC_CTYPE": "C", "LANG": "C.UTF-8"}, id="then LC_CTYPE"),
    pytest.param({"PYTHONUTF8": "1"}, id="only Python's own setting"),
]
UTF8 = [
    pytest.param({"LANG": "C.UTF-8"}, id="LANG"),
    pytest.param({"LANG": "C.utf8"}, id="spelt otherwise"),
    pytest.param({"LC_CTYPE": "C.UTF-8", "LANG": "C"}, id="LC_CTYPE before LANG"),
    pytest.param({"LC_ALL": "C.UTF-8", "LC_CTYPE": "C", "LANG": "C"}, id="LC_ALL before both"),
    pytest.param({"LC_ALL": "", "LC_CTYPE": "", "LANG": "C.UTF-8"}, id="the empty ones not at all"),
]


@pytest.mark.parametrize("variables", ASCII)
def test_a_locale_that_is_not_utf8_gets_whole_boxes_in_ascii(
    bare: Callable[..., bytes], variables: dict[str, str]
) -> None:
    expected = in_ascii((GOLDEN / "exit.txt").read_text("utf-8"))

    assert bare("render", "exit", **variables).decode("ascii") == expected


@needs_utf8
@pytest.mark.parametrize("variables", UTF8)
def test_a_locale_in_utf8_gets_the_boxes_as_they_are_drawn(
    bare: Callable[..., bytes], variables: dict[str, str]
) -> None:
    assert bare("render", "exit", **variables) == (GOLDEN / "exit.txt").read_bytes()


@pytest.mark.parametrize(
    "verb",
    [
        ["status"],
        ["render", "status"],
        ["render", "panel"],
        ["render", "resume-prompt"],
        ["render", "tab", "confighub", "--width", "80"],
        ["list", "--all"],
        ["history"],
        ["resume"],
    ],
    ids=" ".join,
)
def test_what_a_cluster_is_called_breaks_no_box_in_ascii(
    bare: Callable[..., bytes], cli: Command, verb: list[str]
) -> None:
    data = '{"cluster_context": "größe-日本-\\ud83d\\ude00", "log_file": "~/é.log"}'
    cli("save", "prüfen", data)

    lines = bare(*verb).decode("ascii").splitlines()

    framed = [line for line in lines if line.startswith(("|", "+"))]
    assert len({len(line) for line in framed}) <= 1
    assert all(line.endswith(("|", "+")) for line in framed)
