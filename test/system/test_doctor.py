"""What keeps a save from working, and what must not lie about, is found by `doctor`."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from processes import Answer, Command
from system.faults import Strace
from system.folders import BEGIN, HOUR, clock, point, tree, write_snapshot

SESSION = "import-2026-01-09-143022"
NOW = BEGIN + HOUR


@pytest.fixture
def healthy(sessions: Path) -> Path:
    """A sessions folder with one session in it."""
    point(sessions, write_snapshot(sessions, BEGIN), SESSION)
    return sessions


def found(answer: Answer) -> dict[str, str]:
    """What `doctor` says of each path."""
    assert (answer.code, answer.stderr) == (1, "")
    return dict(line.split(": ", 1) for line in answer.stdout.decode().splitlines())


def look(cli: Command, *words: str) -> dict[str, str]:
    return found(cli(*words, "doctor", env=clock(NOW)))


def test_nothing_is_found_in_a_healthy_folder_or_before_there_is_one(
    sessions: Path, cli: Command
) -> None:
    assert cli("doctor").code == 0
    cli("save", "scan")
    before = tree(sessions)

    assert cli("doctor").code == 0
    assert tree(sessions) == before


@pytest.mark.parametrize("place", [".confighub/sessions", ".confighub"])
def test_a_link_to_nowhere_is_named_with_its_target(place: str, home: Path, cli: Command) -> None:
    link = home / place
    link.parent.mkdir(exist_ok=True)
    link.symlink_to("/mnt/gone")

    findings = look(cli)
    save = cli("save", "scan")

    told = "it is a link to /mnt/gone, which is not there"
    assert list(findings) == [str(link)]
    assert findings[str(link)].startswith(told)
    assert save.code == 7
    assert f"{link}: {told}" in save.stderr
    assert "session-cli doctor" in save.stderr
    assert cli("doctor", "--fix").code == 1
    assert os.readlink(link) == "/mnt/gone"


@pytest.mark.parametrize("place", [".confighub/sessions", ".confighub"])
def test_a_file_where_the_folder_should_be_is_found(place: str, home: Path, cli: Command) -> None:
    file = home / place
    file.parent.mkdir(exist_ok=True)
    file.write_text("notes")

    assert look(cli)[str(file)].startswith("it is not a folder")
    assert cli("save", "scan").code == 7


def dead_link(path: Path) -> None:
    path.symlink_to("/mnt/gone")


FOLDERS = ["archive", "corrupt", "conflicts", ".lease"]
FILES = [".lock", "events.jsonl"]
TEMPORARY = [
    ".new-snapshot",
    ".new-import-latest.json",
    ".new-import-session",
    ".new-import-leaving",
]
WRONG: list[tuple[str, Callable[[Path], object], str]] = [
    *((name, Path.touch, "it is not a folder") for name in FOLDERS),
    *((name, dead_link, "it is a link to /mnt/gone, which is not there") for name in FOLDERS),
    *((name, Path.mkdir, "it is not a regular file") for name in FILES),
    *((name, dead_link, "it is not a regular file") for name in FILES),
    *((name, Path.mkdir, "it is a folder, and in the way") for name in TEMPORARY),
    (".import-leaving", Path.mkdir, "it is a folder, and in the way"),
]


@pytest.mark.parametrize(
    ("name", "make", "what"), WRONG, ids=[f"{name}-{what[:15]}" for name, _, what in WRONG]
)
def test_what_stands_where_a_save_needs_a_place_is_found(
    name: str, make: Callable[[Path], object], what: str, healthy: Path, cli: Command
) -> None:
    make(healthy / name)

    findings = look(cli)

    assert list(findings) == [str(healthy / name)]
    assert findings[str(healthy / name)].startswith(what)


def test_a_folder_where_the_session_link_should_be_is_found(healthy: Path, cli: Command) -> None:
    (healthy / ".import-session").unlink()
    (healthy / ".import-session").mkdir()

    assert list(look(cli)) == [str(healthy / ".import-session")]


def test_a_pointer_in_a_folder_that_is_not_there_is_found(
    healthy: Path, cli: Command, tmp_path: Path
) -> None:
    (tmp_path / "mine").symlink_to("/mnt/gone")
    pointer = tmp_path / "mine" / "latest.json"

    assert list(look(cli, "--file", str(pointer))) == [str(tmp_path / "mine")]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
@pytest.mark.parametrize("name", [".", *FOLDERS])
def test_a_folder_that_cannot_be_written_to_is_found(
    name: str, healthy: Path, cli: Command
) -> None:
    place = healthy / name
    place.mkdir(exist_ok=True)
    place.chmod(0o500)

    assert look(cli)[str(place.resolve())].startswith("it cannot be written to")
    place.chmod(0o700)


@pytest.mark.parametrize("error", ["ENOLCK", "EOPNOTSUPP", "ENOSYS"])
@pytest.mark.parametrize("is_locked_before", [True, False])
def test_a_file_system_without_locks_is_found(
    error: str, is_locked_before: bool, healthy: Path, strace_works: None, tmp_path: Path
) -> None:
    if is_locked_before:
        (healthy / ".lock").touch(mode=0o600)
    before = tree(healthy)
    strace = Strace({**os.environ, **clock(NOW)}, tmp_path / "trace")

    findings = found(strace.run_without(["flock"], error, ["session-cli", "doctor"]))

    assert list(findings) == [str(healthy)]
    assert findings[str(healthy)].startswith("it cannot be locked: ")
    assert "--dir or CONFIGHUB_SESSION_DIR" in findings[str(healthy)]
    assert tree(healthy) == before


def test_a_lock_that_somebody_holds_is_nothing_wrong(healthy: Path, cli: Command) -> None:
    with (healthy / ".lock").open("w") as lock:
        import fcntl

        (healthy / ".lock").chmod(0o600)
        fcntl.flock(lock, fcntl.LOCK_EX)

        assert cli("doctor", env=clock(NOW)).code == 0


def test_what_others_can_read_in_a_named_folder_is_reported(tmp_path: Path, cli: Command) -> None:
    folder = tmp_path / "shared"
    snapshot = write_snapshot(folder, BEGIN)
    point(folder, snapshot, SESSION)
    kept = folder / "conflicts" / "import-x.json"
    kept.parent.mkdir()
    for path in (kept, folder / "events.jsonl"):
        path.touch()
    for path in (kept, folder / "events.jsonl", snapshot):
        path.chmod(0o644)
    folder.chmod(0o755)

    findings = look(cli, "--dir", str(folder))

    assert {*findings} == {*map(str, (folder, snapshot, kept, folder / "events.jsonl"))}
    assert all(what.startswith("readable by other users") for what in findings.values())
    assert cli("--dir", str(folder), "doctor", "--fix", env=clock(NOW)).code == 0


def test_old_copies_with_a_credential_in_them_are_named(sessions: Path, cli: Command) -> None:
    draft = write_snapshot(sessions, BEGIN, confighub={"token": "s3cret", "org": "acme"})
    archived = write_snapshot(sessions / "archive", BEGIN - HOUR, ca={"password": "hunter2"})
    point(sessions, write_snapshot(sessions, BEGIN + 60, SESSION, revision=2), SESSION)

    answer = cli("doctor", env=clock(NOW))

    findings = found(answer)
    assert set(findings) == {str(draft), str(archived)}
    assert findings[str(draft)].startswith(
        "it contains what looks like a credential: confighub.token; "
    )
    assert "ca.password" in findings[str(archived)]
    assert b"s3cret" not in answer.stdout


def test_a_plain_pointer_with_a_credential_in_it_is_named(sessions: Path, cli: Command) -> None:
    sessions.mkdir(parents=True)
    pointer = sessions / "import-latest.json"
    pointer.write_text(json.dumps({"step": "scan", "confighub": {"token": "s3cret"}}))

    assert b"confighub.token" in cli("doctor", env=clock(NOW)).stdout


def test_one_file_of_another_user_hides_no_other_finding(healthy: Path, cli: Command) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give a file away")
    theirs = write_snapshot(healthy, BEGIN - HOUR)
    os.chown(theirs, 12345, -1)
    (healthy / "archive").touch()

    findings = look(cli)

    assert set(findings) == {str(theirs), str(healthy / "archive")}
    assert "it belongs to user 12345" in findings[str(theirs)]
