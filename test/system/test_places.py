"""Bad places: a full disk, a folder that cannot be written or is not ours, no home, odd clocks."""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from guard import SCRIPTS
from processes import Answer, Command, runner
from system.conftest import Look
from system.folders import BEGIN, DAY, HOUR, clock, kept, point, tree, write_snapshot

MAIN = Path(__file__).parents[2] / "session_cli" / "__main__.py"
SESSION_CLI = [sys.executable, "-I", "-S", "-B", str(MAIN)]
SESSION = "import-2026-01-09-143022"


def refused(answer: Answer, code: int) -> bool:
    """Whether it failed with `code` and one line that we meant to say."""
    one_line = answer.stderr.startswith("session-cli: ") and answer.stderr.count("\n") == 1
    return answer.code == code and one_line and "foresee" not in answer.stderr


# a full disk

# runs in a mount namespace of its own, with a small disk at $1; prints one line a step
ON_A_SMALL_DISK = """
mount -t tmpfs -o size=128k,mode=700 tmpfs "$1" || exit 99
folder=$1; shift
session() {
  "$@" </dev/null 2>"$folder.err"
  echo "$? $(wc -l <"$folder.err") $(cat "$folder.err")"
}
session "$@" save scan '{"n": 1}'
head -c 200000 /dev/zero >"$folder/ballast" 2>/dev/null
for n in 2 3 4; do session "$@" save review "$BIG"; done
"$@" get-step
rm "$folder/ballast"
session "$@" save review "$BIG"
"$@" get-step
ls -A "$folder"
"""


@pytest.fixture
def namespace() -> list[str]:
    """The words that give a command mounts of its own; skips where nobody may have any."""
    words = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "-Urm"]
    if shutil.which("unshare") is None:
        pytest.skip("unshare is not installed: no small disk can be mounted")
    trial = subprocess.run(
        [*words, "mount", "-t", "tmpfs", "tmpfs", "/mnt"], capture_output=True, text=True
    )
    if trial.returncode:
        pytest.skip(f"mounting is refused here: {trial.stderr.strip()}")
    return words


def test_a_full_disk_costs_no_state_and_once_there_is_space_saving_continues(
    namespace: list[str], tmp_path: Path
) -> None:
    folder = tmp_path / "disk"
    folder.mkdir()
    big = {"BIG": json.dumps({"n": 2, "padding": "x" * 40_000})}

    done = runner(*namespace, "bash", "-c", ON_A_SMALL_DISK, "bash", str(folder))(
        *SESSION_CLI, "--dir", str(folder), env=big
    )

    first, *full, step, again, new_step, _ = done.stdout.decode().split("\n", 7)
    assert first.split()[:2] == ["0", "0"]
    for line in full:
        code, lines, told = line.split(" ", 2)
        assert (code, lines) == ("7", "1")
        assert told.startswith(f"session-cli: not saved: {folder}")
        assert "No space left on device; free some space" in told
    assert step == "scan"
    assert again.split()[:2] == ["0", "0"]
    assert new_step == "review"
    assert ".new-" not in done.stdout.decode()


# the same, with a disk that is mounted read-only after the first save
ON_A_READ_ONLY_DISK = """
mount -t tmpfs -o size=128k,mode=700 tmpfs "$1" || exit 99
folder=$1; shift
"$@" save scan
mount -o remount,bind,ro "$folder" || exit 99
for verb in exists get-step init 'save review'; do
  "$@" $verb </dev/null 2>&1
  echo "$verb: $?"
done
"""


def test_a_disk_mounted_read_only_can_be_read_and_says_that_it_cannot_be_saved_to(
    namespace: list[str], tmp_path: Path
) -> None:
    folder = tmp_path / "disk"
    folder.mkdir()

    done = runner(*namespace, "bash", "-c", ON_A_READ_ONLY_DISK, "bash", str(folder))(
        *SESSION_CLI, "--dir", str(folder)
    )

    *before, told, save = done.stdout.decode().splitlines()
    assert before == ["exists: 0", "scan", "get-step: 0", "init: 0"]
    assert told.startswith(f"session-cli: not saved: cannot lock {folder}/.lock: Read-only")
    assert save == "save review: 7"


@pytest.mark.parametrize("bytes_written", [0, 1, 100, 300])
def test_a_write_that_is_cut_short_is_not_taken_for_a_save(
    bytes_written: int, sessions: Path, quick: Command, look: Callable[[], Look]
) -> None:
    quick("save", "scan", '{"note": "before"}')
    before, files = look(), kept(sessions)

    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (bytes_written, bytes_written))

    answer = quick("save", "review", json.dumps({"padding": "x" * 400}), preexec_fn=limit)

    assert refused(answer, 7)
    assert "File too large" in answer.stderr
    assert look() == before
    assert kept(sessions) == files


# rights


@pytest.fixture
def powerless() -> Command:
    """Runs `session-cli` with the rights of a common user, also when root runs the tests."""
    if os.geteuid() != 0:
        return runner(*SESSION_CLI)
    if shutil.which("setpriv") is None:
        pytest.skip("setpriv is not installed: root may do everything")
    return runner("setpriv", "--bounding-set=-all", "--inh-caps=-all", *SESSION_CLI)


@pytest.fixture
def read_only(sessions: Path, quick: Command) -> Path:
    """A folder with a session in it that its owner cannot write to."""
    quick("save", "scan")
    sessions.chmod(0o500)
    return sessions


def test_a_read_only_folder_can_be_read_and_says_that_it_cannot_be_saved_to(
    read_only: Path, powerless: Command
) -> None:
    before = tree(read_only)

    assert powerless("exists").code == 0
    assert powerless("get-step").stdout == b"scan\n"
    assert powerless("init").code == 0
    save = powerless("save", "review")

    assert refused(save, 7)
    assert str(read_only) in save.stderr
    assert "Permission denied" in save.stderr
    assert refused(powerless("clear"), 7)
    assert tree(read_only) == before


def test_a_folder_that_cannot_be_entered_is_an_error_and_not_an_absence(
    read_only: Path, powerless: Command
) -> None:
    read_only.chmod(0)

    codes = {
        verb: powerless(*verb.split())
        for verb in ("exists", "load", "get-step", "save review", "clear")
    }

    assert all(refused(answer, 4) for answer in list(codes.values())[:3])
    assert all(refused(answer, 7) for answer in list(codes.values())[3:])


# owners


@pytest.fixture
def give_away() -> Callable[[Path], None]:
    """Makes a path another user's."""
    if os.geteuid() != 0:
        pytest.skip("only root can give a file to another user")
    return lambda path: os.chown(path, 65534, 65534, follow_symlinks=False)


@pytest.mark.parametrize("foreign", [".", f"{SESSION}.json"])
def test_what_belongs_to_another_user_is_neither_read_nor_changed(
    foreign: str, sessions: Path, quick: Command, give_away: Callable[[Path], None]
) -> None:
    latest = write_snapshot(sessions, BEGIN + 60, SESSION, step="scan")
    latest.rename(sessions / f"{SESSION}-2.json")
    write_snapshot(sessions, BEGIN)
    point(sessions, sessions / f"{SESSION}.json", SESSION)
    give_away(sessions / foreign)
    before = kept(sessions)

    for verb in ("load", "get-step", "exists"):
        answer = quick(verb)
        assert refused(answer, 4), verb
        assert answer.stdout == b""
        assert "belongs to user 65534" in answer.stderr
    save = quick("save", "select")

    assert refused(save, 7)
    assert "belongs to user 65534" in save.stderr
    assert kept(sessions) == before


def test_a_state_that_cannot_be_read_stands_in_nobodys_way(
    sessions: Path, quick: Command, cli: Command, give_away: Callable[[Path], None]
) -> None:
    latest = write_snapshot(sessions, BEGIN)
    point(sessions, latest)
    give_away(latest)

    init = quick("init")

    assert init.code == 0
    assert init.stderr.count("\n") == 1
    assert "belongs to user 65534" in init.stderr
    assert cli("list").code == 0
    assert cli("doctor").code == 1
    assert quick("clear") == Answer(0, b"", "")
    assert latest.exists()
    assert quick("get-step").stdout == b"none\n"


@pytest.mark.parametrize("umask", [0o000, 0o077, 0o777])
def test_everything_is_for_its_owner_alone_whatever_the_umask(
    umask: int, home: Path, sessions: Path, quick: Command, cli: Command, tmp_path: Path
) -> None:
    def run(command: Command, *verb: str) -> None:
        answer = command(*verb, umask=umask)
        assert answer.code in (0, 6), answer

    for number in range(9):
        run(quick, "save", f"step-{number}")
    (sessions / "import-latest.json").resolve().write_bytes(b"{")
    run(quick, "save", "review")
    run(quick, "save", "--session", "import-2020-01-01-000000", "review", '{"a": 1}')
    take = 'exec 9>>"$0" && "$@" lease --fd 9'
    run(runner("bash", "-c", take, str(tmp_path / "own")), str(SCRIPTS / "session-cli"))
    run(cli, "new")
    run(quick, "--type", "map", "save", "view")

    made = {path.name for path in sessions.iterdir()}
    assert {"archive", "corrupt", "conflicts", "events.jsonl", ".lease", ".lock"} <= made
    for path in (home / ".confighub").rglob("*"):
        if not path.is_symlink():
            expected = 0o700 if path.is_dir() else 0o600
            assert stat.S_IMODE(path.stat().st_mode) == expected, path
    assert stat.S_IMODE((home / ".confighub").stat().st_mode) == 0o700


def test_init_takes_away_the_rights_of_others_on_our_folder_and_says_so(
    home: Path, sessions: Path, quick: Command
) -> None:
    sessions.mkdir(parents=True)
    for folder in (home / ".confighub", sessions):
        folder.chmod(0o755)

    first, second = quick("init"), quick("init")

    assert stat.S_IMODE(sessions.stat().st_mode) == 0o700
    # it is not ours alone
    assert stat.S_IMODE((home / ".confighub").stat().st_mode) == 0o755
    assert str(sessions) in first.stderr
    assert (first.code, second.code, second.stderr) == (0, 0, "")
    assert list(sessions.iterdir()) == []


# no home

HOMES: dict[str, Callable[[Path], str | None]] = {
    "unset": lambda home: None,
    "empty": lambda home: "",
    "relative": lambda home: os.path.relpath(home),
    "missing": lambda home: str(home / "missing"),
    "a file": lambda home: str(home / "file"),
}


@pytest.mark.parametrize("kind", HOMES)
def test_without_a_home_there_is_no_session_and_saving_says_what_to_do(
    kind: str, home: Path, quick: Command
) -> None:
    (home / "file").touch()
    before = tree(home)
    env = {"HOME": HOMES[kind](home)}

    assert quick("exists", env=env) == Answer(1, b"", "")
    assert quick("load", env=env) == Answer(0, b"", "")
    assert quick("get-step", env=env) == Answer(0, b"none\n", "")
    assert quick("clear", env=env) == Answer(0, b"", "")
    for verb in (["save", "scan"], ["init"]):
        answer = quick(*verb, env=env, cwd=home)
        assert refused(answer, 7), verb
        assert "HOME" in answer.stderr
        assert "--dir" in answer.stderr
    assert quick("--dir", str(home / "elsewhere"), "save", "scan", env=env).code == 0
    shutil.rmtree(home / "elsewhere")
    assert tree(home) == before


def test_a_home_that_is_a_link_serves_as_well(home: Path, quick: Command) -> None:
    (home / "real").mkdir()
    (home / "link").symlink_to("real")
    env = {"HOME": str(home / "link")}

    assert quick("save", "scan", env=env).code == 0

    assert quick("get-step", env=env).stdout == b"scan\n"
    assert (home / "real" / ".confighub" / "sessions" / "import-latest.json").exists()


@pytest.mark.parametrize("obstacle", [".confighub", ".confighub/sessions"])
def test_a_file_where_a_folder_should_be_is_reported_and_left_alone(
    obstacle: str, home: Path, quick: Command
) -> None:
    (home / obstacle).parent.mkdir(exist_ok=True)
    (home / obstacle).write_text("mine")

    answer = quick("save", "scan")

    assert refused(answer, 7)
    assert ".confighub" in answer.stderr
    assert (home / obstacle).read_text() == "mine"


def test_a_pointer_kept_elsewhere_works_from_any_folder(
    tmp_path: Path, quick: Command, sessions: Path
) -> None:
    (tmp_path / "mine").mkdir()
    places = ["--dir", "sessions", "--file", "mine/pointer.json"]

    for step in ("scan", "review"):
        assert quick(*places, "save", step, cwd=tmp_path) == Answer(0, b"", "")

    assert quick(*places, "get-step", cwd=tmp_path) == Answer(0, b"review\n", "")
    absolute = ["--dir", str(tmp_path / "sessions"), "--file", str(tmp_path / "mine/pointer.json")]
    assert quick(*absolute, "get-step", cwd="/") == Answer(0, b"review\n", "")
    assert json.loads((tmp_path / "mine" / "pointer.json").read_bytes())["revision"] == 2


# clocks


def test_names_only_grow_and_revisions_count_on_when_the_clock_is_set_back(
    sessions: Path, quick: Command
) -> None:
    times = [BEGIN, BEGIN - 3 * HOUR, BEGIN - 730 * DAY, BEGIN + 400 * DAY, BEGIN, 0]
    names = []
    for number, epoch in enumerate(times):
        assert quick("save", f"step-{number}", env=clock(epoch)).code == 0
        names.append(os.readlink(sessions / "import-latest.json"))

    assert json.loads(quick("load").stdout)["revision"] == len(times)
    assert names == [
        "import-2026-01-09-143022.json",
        "import-2026-01-09-143022-2.json",
        "import-2026-01-09-143022-3.json",
        "import-2027-02-13-143022.json",
        "import-2027-02-13-143022-2.json",
        "import-2027-02-13-143022-3.json",
    ]


def test_after_damage_under_a_clock_set_back_the_newest_by_name_answers(
    sessions: Path, quick: Command
) -> None:
    for number, epoch in enumerate([BEGIN, BEGIN - DAY, BEGIN - 2 * DAY]):
        quick("save", f"step-{number}", env=clock(epoch))
    for path in sessions.glob("import-2*"):
        # as a restore or a copy leaves them
        os.utime(path, (0, 0) if path.name.endswith("-2.json") else None)
    (sessions / "import-latest.json").resolve().write_bytes(b"")

    assert quick("get-step").stdout == b"step-1\n"


def test_a_session_cleared_under_a_later_clock_leaves_its_names_taken(
    sessions: Path, quick: Command
) -> None:
    quick("save", "scan", env=clock(BEGIN + 3600))
    quick("clear")

    quick("save", "scan", env=clock(BEGIN))

    state = json.loads(quick("load").stdout)
    assert state["session_id"] == "import-2026-01-09-153022-2"


@pytest.mark.parametrize(
    "updated_at",
    [
        "2031-01-01T00:00:00Z",
        "yesterday",
        "",
        None,
        7,
        "2026-01-01T00:00:00",
        "0000-01-01T00:00:00Z",
    ],
    ids=str,
)
def test_an_age_that_nobody_knows_archives_and_deletes_nothing(
    updated_at: object, sessions: Path, cli: Command
) -> None:
    """Neither the time in the state nor the name, however old, decides then."""
    latest = write_snapshot(sessions, BEGIN - 400 * DAY, updated_at=updated_at)
    point(sessions, latest)
    for hour in range(12):
        write_snapshot(sessions, BEGIN - hour * HOUR)
    before = kept(sessions).keys()

    answer = cli("prune", env=clock(BEGIN))

    assert answer.code == 0
    assert latest.name in kept(sessions)
    assert f"{latest.stem}" not in answer.stderr
    assert len(before - kept(sessions).keys()) == 2
