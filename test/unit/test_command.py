"""The command that is printed for later: as short as can be, and good wherever it is pasted."""

from __future__ import annotations

from pathlib import Path

import pytest

from session_cli.store import locate
from session_cli.tui import command
from session_cli.tui.command import session_cli_command


def program(path: Path) -> Path:
    """An executable at that path; its folder."""
    path.parent.mkdir(parents=True)
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path.parent


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout that is installed in its .venv, and the folder that one is in."""
    tree = tmp_path / "a tree"
    program(tree / ".venv/bin/session-cli")
    monkeypatch.setattr(command, "ROOT", tree)
    monkeypatch.chdir(tmp_path)
    return tree


def called(sessions: str = "", is_demo: bool = False) -> str:
    return session_cli_command(sessions or locate(None, None, "import").folder, is_demo)


def test_what_path_finds_is_called_by_its_name(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", f"{tree}/.venv/bin:/usr/bin")

    assert called() == "session-cli"


def test_another_session_cli_on_path_is_not_taken_for_ours(
    tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(program(tmp_path / "other/session-cli")))

    assert called() == f"'{tree}/.venv/bin/session-cli'"
    monkeypatch.chdir(tree)
    assert called("/d e") == ".venv/bin/session-cli --dir '/d e'"


def test_what_the_demo_puts_before_path_is_gone_after_it(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", f"/demo:{tree}/.venv/bin:/usr/bin")

    assert called(is_demo=True) == f"'{tree}/.venv/bin/session-cli'"
    assert called() == "session-cli"


def test_without_an_installation_in_the_tree_it_is_the_one_of_path(
    tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tree / ".venv/bin/session-cli").unlink()
    monkeypatch.setenv("PATH", str(tmp_path))

    assert called() == "session-cli"
