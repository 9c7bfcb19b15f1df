"""Whose folder it is and who may look into it; what file systems refuse to change."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from processes import Answer, Command, runner
from system.faults import Strace
from system.test_faults import program

WRITING = ["init", "save scan", "save scan {}", "new", "prune"]
DRAFT = {
    "version": "1.0",
    "type": "import",
    "created_at": "2026-01-09T14:30:22Z",
    "updated_at": "2026-01-09T14:45:33Z",
    "step": "scan",
    "confighub": {"token": "abc123", "org": "acme-corp"},
}


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def root() -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can be in the home of another user")


# root in the home of another user


@pytest.mark.parametrize("verb", WRITING)
@pytest.mark.parametrize("named", [False, True], ids=["by HOME", "by --dir"])
def test_root_makes_no_folder_that_the_owner_could_not_use(
    verb: str, named: bool, root: None, home: Path, sessions: Path, cli: Command
) -> None:
    sessions.parent.mkdir()
    os.chown(home, 1001, 1001)
    os.chown(sessions.parent, 1001, 1001)

    answer = cli(*(["--dir", str(sessions)] if named else []), *verb.split())

    assert answer.code == 7
    assert answer.stderr.count("\n") == 1
    assert answer.stderr.startswith(f"session-cli: not saved: {sessions.parent} belongs to user")
    assert "--dir" in answer.stderr
    assert list(sessions.parent.iterdir()) == []


def test_root_reads_nothing_there_and_says_nothing(
    root: None, home: Path, sessions: Path, cli: Command
) -> None:
    sessions.parent.mkdir()
    os.chown(sessions.parent, 1001, 1001)

    assert cli("get-step") == Answer(0, b"none\n", "")
    assert cli("exists").code == 1


def test_a_container_whose_home_is_somebody_elses_can_save(
    root: None, home: Path, quick: Command
) -> None:
    os.chown(home, 1001, 1001)

    assert quick("save", "scan") == Answer(0, b"", "")
    assert quick("save", "review") == Answer(0, b"", "")


def test_root_can_save_in_a_folder_that_it_names(
    root: None, home: Path, sessions: Path, tmp_path: Path, quick: Command
) -> None:
    sessions.parent.mkdir()
    os.chown(sessions.parent, 1001, 1001)

    assert quick("--dir", str(tmp_path / "own"), "save", "scan") == Answer(0, b"", "")
    named = {"CONFIGHUB_SESSION_DIR": str(tmp_path / "own")}
    assert quick("save", "review", env=named) == Answer(0, b"", "")


# file systems that refuse


def test_a_folder_whose_rights_cannot_be_changed_is_reported_once_and_truly(
    sessions: Path, tmp_path: Path, strace_works: None
) -> None:
    """As on a Windows disk under Linux: chmod succeeds and nothing changes."""
    sessions.mkdir(parents=True)
    sessions.chmod(0o777)
    trace = ["strace", "-qq", "-o", os.devnull, "-e", "trace=?chmod,?fchmodat,?fchmodat2"]
    ignored = ["-e", "inject=?chmod,?fchmodat,?fchmodat2:retval=0"]
    run = runner(*trace, *ignored, *program())

    first, *others = run("init"), run("init"), run("save", "scan"), run("save", "review")

    assert (first.code, first.stderr.count("\n")) == (0, 1)
    assert first.stderr.startswith(f"session-cli: {sessions} is open to other users, and its file")
    assert "--dir" in first.stderr
    assert [(answer.code, answer.stderr) for answer in others] == [(0, "")] * 3
    assert mode(sessions) == 0o777


@pytest.mark.parametrize("error", ["ENOLCK", "EOPNOTSUPP", "ENOSYS"])
@pytest.mark.parametrize("verb", ["save scan", "new"])
def test_a_file_system_that_cannot_lock_is_reported_with_the_way_out(
    verb: str, error: str, sessions: Path, tmp_path: Path, strace_works: None
) -> None:
    strace = Strace(dict(os.environ), tmp_path / "strace.log")

    answer = strace.run_without(["flock"], error, program(*verb.split()))

    assert answer.code == 7
    assert answer.stderr.count("\n") == 1
    assert f"cannot lock {sessions}/.lock" in answer.stderr
    assert "on a local disk with --dir or CONFIGHUB_SESSION_DIR" in answer.stderr


@pytest.mark.parametrize("limit", range(4, 9))
@pytest.mark.parametrize("verb", ["save scan", "load", "get-step", "exists", "init"])
def test_too_few_descriptors_are_reported_in_a_line(limit: int, verb: str, sessions: Path) -> None:
    limited = f'ulimit -n {limit}; exec "$@"'

    answer = runner("bash", "-c", limited, "bash", *program(*verb.split()))()

    assert answer.code in (0, 1, 4, 7)
    assert answer.stderr.count("\n") == (answer.code in (4, 7))
    assert answer.stderr == "" or answer.stderr.startswith("session-cli: ")
    assert answer.code == 0 or verb in ("exists", "init") or "ulimit -n" in answer.stderr


# what the draft has left: rights, and credentials


def draft(folder: Path) -> Path:
    """The pointer as the draft leaves it, with its copy beside it, open to everybody."""
    folder.mkdir(parents=True)
    folder.chmod(0o755)
    for name in ("import-2026-01-09-144533.json", "import-latest.json"):
        path = folder / name
        path.write_text(json.dumps(DRAFT, indent=2) + "\n")
        path.chmod(0o644)
    return path


def test_a_save_closes_the_default_folder(sessions: Path, quick: Command) -> None:
    draft(sessions)

    answer = quick("save", "review")

    assert mode(sessions) == 0o700
    assert (
        f"session-cli: {sessions} was open to other users; now only you can read it"
        in answer.stderr
    )


def test_in_a_folder_that_was_named_only_our_files_are_closed(
    tmp_path: Path, quick: Command
) -> None:
    folder = tmp_path / "named"
    draft(folder)
    (folder / "notes.txt").write_text("mine")
    (folder / "notes.txt").chmod(0o644)

    assert quick("--dir", str(folder), "save", "review").code == 0

    assert mode(folder) == 0o755
    assert mode(folder / "notes.txt") == 0o644
    latest = (folder / "import-latest.json").resolve()
    assert mode(latest) == 0o600


def plain(sessions: Path) -> None:
    draft(sessions)


def only_plain(sessions: Path) -> None:
    draft(sessions)
    (sessions / "import-2026-01-09-144533.json").unlink()


def linked(sessions: Path) -> None:
    """Linked by hand, as the spec draws it."""
    draft(sessions).unlink()
    (sessions / "import-latest.json").symlink_to("import-2026-01-09-144533.json")


@pytest.mark.parametrize("verb", ["save review", 'save review {"a":1}', "resume", "new", "clear"])
@pytest.mark.parametrize("left", [plain, only_plain, linked], ids=lambda left: left.__name__)
def test_what_is_made_of_the_drafts_state_holds_no_credential(
    left: Callable[[Path], None], verb: str, sessions: Path, cli: Command
) -> None:
    left(sessions)
    before = {path.name for path in sessions.glob("import-2*")}

    answer = cli(*verb.split())

    assert answer.code == 0, answer
    if left is only_plain or verb.startswith(("save", "resume")):
        assert "session-cli: dropped from the state (looks like a credential): confighub.token" in (
            answer.stderr
        )
    ours = {path for path in sessions.rglob("import-2*") if path.name not in before}
    assert not [path for path in ours if b"abc123" in path.read_bytes()]
    assert answer.stderr.count("confighub.token") <= 1


def test_only_the_first_save_looks_for_credentials(sessions: Path, quick: Command) -> None:
    """What a save of ours wrote was clean; another program's later word for a secret is its own."""
    linked(sessions)
    assert "confighub.token" in quick("save", "review").stderr

    assert quick("save", "select") == Answer(0, b"", "")
    assert json.loads(quick("load").stdout)["confighub"] == {"org": "acme-corp"}


# one notion of the id


@pytest.mark.parametrize("told", ["my-session", "2026-01-09-143022", "import-9999", 7, None])
def test_a_state_with_an_odd_id_has_the_same_one_for_every_verb(
    told: object, sessions: Path, cli: Command
) -> None:
    sessions.mkdir(parents=True)
    (sessions / "import-latest.json").write_text(json.dumps({**DRAFT, "session_id": told}))
    adopted = "import-2026-01-09-143022"

    assert cli("get", "session_id", "--raw").stdout == f"{adopted}\n".encode()
    assert json.loads(cli("status", "--json").stdout)["session_id"] == adopted
    assert json.loads(cli("list", "--json").stdout)[0]["session_id"] == adopted
    assert cli("save", "review", "--session", adopted).code == 0
    assert json.loads(cli("load").stdout)["session_id"] == adopted
