"""`session-hub serve` and `migrate`: how a hub starts, stops, and says why it does not."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import socket
import sqlite3
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hub.running import RunningHub, state
from processes import Answer
from waiting import eventually, run

from session_hub import file_systems

ROOT = Path(__file__).parent.parent.parent


def session_hub(*words: str, path: Path = ROOT, **options: object) -> Answer:
    """What the program answers; `path` has the package."""
    env = {**os.environ, "PYTHONPATH": str(path)}
    done = run([sys.executable, "-m", "session_hub", *words], env=env, cwd=path, **options)
    return Answer(done.returncode, done.stdout, done.stderr.decode())


def serve(folder: Path, *words: str, **options: object) -> Answer:
    """What `serve` answers where it does not start."""
    return session_hub(
        "serve",
        "--data",
        str(folder),
        "--listen",
        "127.0.0.1:0",
        "--metrics",
        "off",
        *words,
        **options,
    )


def one_line(answer: Answer) -> str:
    """The one line on stderr; nothing was printed for programs."""
    assert answer.stdout == b""
    assert answer.stderr.count("\n") == 1, answer.stderr
    assert answer.stderr.startswith("session-hub: ")
    return answer.stderr


def contents(folder: Path) -> dict[str, bytes]:
    """Every file of the folder, by name."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def test_an_empty_store_prints_its_first_user_once(own_hub: RunningHub) -> None:
    own_hub.start()
    assert f"session-hub serves {own_hub.url} from {own_hub.folder}" in own_hub.printed
    assert f"session-cli login {own_hub.url} --token -" in own_hub.printed
    assert own_hub.printed.count("chs_") == 1
    created = own_hub.save(state())
    assert created.status == 201
    token = own_hub.token
    own_hub.stop()

    own_hub.start()

    assert own_hub.printed == (
        f"session-hub serves {own_hub.url} from {own_hub.folder}\n"
        f"session-cli connects with: session-cli login {own_hub.url}\n"
    )
    assert own_hub.ask("GET", created.headers["location"], token=token).status == 200


def test_no_line_is_printed_with_which_session_cli_would_refuse_to_connect(
    plain_hub: RunningHub, tls_hub: RunningHub
) -> None:
    assert "session-cli login" not in plain_hub.printed
    assert "session-cli login https://hub.example --token -" in tls_hub.printed


def test_the_first_user_is_named_like_the_login(tmp_path: Path) -> None:
    """Where a hub can have that name."""
    for login, name in (("pat", "pat"), ("ACME\\pat", "admin")):
        command = RunningHub(tmp_path / name).command("serve", "--listen", "127.0.0.1:0")
        with subprocess.Popen(
            [*command, "--metrics", "off"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "LOGNAME": login},
        ) as hub:
            assert hub.stdout
            assert hub.stdout.readline().startswith(b"session-hub serves ")
            assert f"you are {name}, and administer" in hub.stdout.readline().decode()
            hub.terminate()


def test_it_answers_within_two_seconds(own_hub: RunningHub) -> None:
    since = time.monotonic()
    own_hub.start()
    assert own_hub.ask("GET", "/readyz").status == 200
    assert time.monotonic() - since < 2


def test_what_it_makes_is_for_its_owner_alone(own_hub: RunningHub) -> None:
    old = os.umask(0)
    try:
        own_hub.start()
    finally:
        os.umask(old)
    own_hub.save(state())
    assert stat.S_IMODE(own_hub.folder.stat().st_mode) == 0o700
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in own_hub.folder.iterdir()}
    assert {"hub.sqlite", "hub.sqlite-wal", "hub.lock", "hub.socket"} <= modes.keys()
    assert set(modes.values()) == {0o600}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_within_two_seconds(own_hub: RunningHub, number: int) -> None:
    """Also while a client keeps its connection, or sends half a body. One file is left behind."""
    own_hub.start()
    idle = socket.create_connection(("127.0.0.1", own_hub.port))
    half = socket.create_connection(("127.0.0.1", own_hub.port))
    half.sendall(
        f"POST /api/v1/sessions/import HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9\r\n"
        f"Authorization: Bearer {own_hub.token}\r\n\r\n{{".encode()
    )
    own_hub.ask("GET", "/healthz")
    since = time.monotonic()

    assert own_hub.stop(number) == 0

    assert time.monotonic() - since < 2
    assert {path.name for path in own_hub.folder.iterdir()} == {"hub.sqlite", "hub.lock"}
    idle.close()
    half.close()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--listen", "8377"], "--listen 8377 is not an address and a port"),
        (["--listen", "127.0.0.1:99999"], "is not an address and a port"),
        (["--listen", "0.0.0.0:8377"], "--public-url"),
        (["--public-url", "hub.example"], "--public-url hub.example is not an address"),
        (["--public-url", "https://hub.example/x"], "is not an address"),
        (["--public-url", "https://hub.example?x=1"], "is not an address"),
        (["--public-url", "https://user:pw@hub.example"], "is not an address"),
        (["--public-url", "https://hub example"], "is not an address"),
        (["--public-url", "https://hub.example:99999"], "is not an address"),
        (
            ["--listen", "[::1]:8", "--metrics", "[::1]:8"],
            "--metrics and --listen cannot both be [::1]:8",
        ),
        (["--forwarded-allow-ips", "proxy"], "'proxy' is neither an address nor a network"),
        (["--forwarded-allow-ips", "10.0.0.1/8"], "'10.0.0.1/8' is neither an address nor"),
        (["--metrics", "on"], "--metrics on is not an address and a port"),
        (["--lisen", "x"], "Did you mean '--listen'?"),
        (["now"], "unexpected extra argument"),
    ],
)
def test_wrong_use_is_one_line_and_exit_2(tmp_path: Path, words: list[str], sentence: str) -> None:
    answer = serve(tmp_path / "store", *words)
    assert answer.code == 2
    assert sentence in one_line(answer)
    assert not (tmp_path / "store").exists()


def test_a_port_that_is_taken_is_one_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        place = f"127.0.0.1:{taken.getsockname()[1]}"
        for option in ("--listen", "--metrics"):
            answer = serve(tmp_path / "store", option, place)
            assert answer.code == 1
            line = one_line(answer)
            assert f"cannot listen on {place}: Address already in use" in line
            assert option in line


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    answer = serve(tmp_path / "file" / "store")
    assert answer.code == 1
    assert f"cannot write in {tmp_path}/file/store: Not a directory" in one_line(answer)


def test_a_folder_without_the_right_to_write_is_one_line(tmp_path: Path) -> None:
    tmp_path.chmod(0o555)
    # root may write everywhere until that is taken from it
    limits = ["setpriv", "--bounding-set=-all"] if os.geteuid() == 0 else []
    if limits and shutil.which("setpriv") is None:
        pytest.skip("setpriv is not installed: root cannot be kept from writing")
    command = [*limits, *RunningHub(tmp_path).command("serve", "--metrics", "off")]
    done = run(command, cwd=ROOT)
    tmp_path.chmod(0o755)
    assert done.returncode == 1
    line = one_line(Answer(done.returncode, done.stdout, done.stderr.decode()))
    assert f"cannot write in {tmp_path}: Permission denied" in line


def test_a_store_that_is_no_database_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "hub.sqlite").write_bytes(b"not a database, but as long as one" * 100)
    before = contents(tmp_path)["hub.sqlite"]
    answer = serve(tmp_path)
    assert answer.code == 1
    assert "file is not a database" in one_line(answer)
    assert contents(tmp_path)["hub.sqlite"] == before


def test_a_second_process_on_the_store_waits_and_is_refused(own_hub: RunningHub) -> None:
    own_hub.start()
    since = time.monotonic()
    answer = serve(own_hub.folder)
    assert answer.code == 5
    assert time.monotonic() - since >= 5
    assert f"another session-hub works on the store in {own_hub.folder}" in one_line(answer)
    assert own_hub.save(state()).status == 201


def test_a_second_process_starts_when_the_first_stops_meanwhile(own_hub: RunningHub) -> None:
    own_hub.start()
    other = RunningHub(own_hub.folder)
    command = other.command("serve", "--listen", "127.0.0.1:0", "--metrics", "off")
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as second:
        assert second.stdout
        eventually(lambda: len(list_openers(own_hub.folder / "hub.lock")) == 2)
        own_hub.stop()
        assert second.stdout.readline().startswith(b"session-hub serves ")
        second.terminate()
        assert second.wait() == 0


def list_openers(path: Path) -> list[str]:
    """The processes that have the file open."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            links = [os.readlink(link) for link in (process / "fd").iterdir()]
        except OSError:
            continue
        if str(path) in links:
            found.append(process.name)
    return found


def test_a_hub_that_was_killed_leaves_nothing_in_the_way(own_hub: RunningHub) -> None:
    own_hub.start()
    token = own_hub.token
    created = own_hub.save(state())
    own_hub.stop(signal.SIGKILL)
    assert (own_hub.folder / "hub.socket").exists()

    own_hub.start()

    assert own_hub.ask("GET", created.headers["location"], token=token).status == 200
    assert own_hub.admin("org", "add", "acme")["org"] == "acme"


def test_a_database_of_another_program_is_left_alone(tmp_path: Path) -> None:
    folder = tmp_path / "store"
    folder.mkdir()
    with sqlite3.connect(folder / "hub.sqlite") as other:
        other.execute("create table theirs (x)")
    other.close()
    before = contents(folder)["hub.sqlite"]

    answer = serve(folder)

    assert answer.code == 1
    assert "is a database of another program" in one_line(answer)
    assert contents(folder)["hub.sqlite"] == before


def test_a_store_that_takes_no_write_is_one_line(tmp_path: Path) -> None:
    folder = tmp_path / "store"
    program = shlex.join([sys.executable, "-m", "session_hub", "serve", "--data", str(folder)])
    # no file may grow: to the hub it is as if the disk were full
    done = run(
        ["bash", "-c", f"ulimit -f 8; exec {program} --listen 127.0.0.1:0 --metrics off"],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        cwd=ROOT,
    )
    line = one_line(Answer(done.returncode, done.stdout, done.stderr.decode()))
    assert done.returncode == 1
    assert f"the store in {folder} cannot be used" in line


@pytest.mark.parametrize(
    ("magic", "is_network"),
    [
        (0x6969, True),  # NFS
        (0xFF534D42, True),  # CIFS
        (0xFE534D42, True),  # SMB2
        (0x517B, True),  # SMB
        (0x01021997, True),  # 9p
        (0xEF53, False),  # ext4
        (0x58465342, False),  # XFS
        (0x9123683E, False),  # Btrfs
        (0x2FC12FC1, False),  # ZFS
        (0x01021994, False),  # tmpfs
        (0x794C7630, False),  # overlayfs
        (0x65735546, False),  # FUSE, which may be either
    ],
)
def test_a_network_file_system_is_recognised_by_its_number(magic: int, is_network: bool) -> None:
    assert file_systems.is_network(magic) is is_network


@pytest.fixture
def stat_says(tmp_path: Path) -> Iterator[Path]:
    """A PATH whose `stat` answers with the number that stands in the file."""
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "stat").write_text(f"#!/bin/sh\ncat {tmp_path}/magic\n")
    (folder / "stat").chmod(0o755)
    yield tmp_path / "magic"


def test_a_network_file_system_is_refused_in_one_line(tmp_path: Path, stat_says: Path) -> None:
    """No such file system can be mounted on every machine: what `stat` prints stands in for it."""
    stat_says.write_text("6969\n")
    os_path = f"{tmp_path}/bin:{os.environ['PATH']}"
    store = tmp_path / "store"
    done = run(
        [sys.executable, "-m", "session_hub", "serve", "--data", str(store), "--metrics", "off"],
        env={**os.environ, "PATH": os_path},
        cwd=ROOT,
    )
    assert done.returncode == 2
    line = one_line(Answer(done.returncode, done.stdout, done.stderr.decode()))
    assert f"{store} is on a network file system (NFS)" in line
    assert list(store.iterdir()) == []


def test_the_number_of_a_real_file_system_is_read() -> None:
    assert file_systems.magic_of(Path("/proc")) == 0x9FA0


@pytest.fixture
def later(tmp_path: Path) -> Path:
    """The path of a later version, which has one migration more."""
    for package in ("session_hub", "session_cli"):
        shutil.copytree(ROOT / package, tmp_path / "later" / package)
    migrations = tmp_path / "later" / "session_hub" / "stores" / "sqlite" / "migrations"
    (migrations / "0002_more.sql").write_text("create table more (id text primary key);\n")
    return tmp_path / "later"


def test_a_migration_leaves_a_copy_that_the_earlier_version_takes(
    own_hub: RunningHub, later: Path
) -> None:
    folder, data = own_hub.folder, ("--data", str(own_hub.folder))
    own_hub.start()
    created = own_hub.save(state())
    token = own_hub.token
    refused = session_hub("migrate", *data, path=later)
    assert (refused.code, "another session-hub" in one_line(refused)) == (5, True)
    own_hub.stop()

    check = session_hub("migrate", "--check", *data, path=later)
    assert (check.code, check.stdout) == (1, b"0002_more\n")
    done = session_hub("migrate", *data, path=later)
    assert done.code == 0, done.stderr
    copy = next(folder.glob("hub.sqlite.schema-1.*"))
    assert str(copy) in done.stdout.decode()
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    check = session_hub("migrate", "--check", *data, path=later)
    assert (check.code, check.stdout) == (0, b"the store has the newest schema\n")

    # the way back
    copy.rename(folder / "hub.sqlite")
    own_hub.start()
    assert own_hub.ask("GET", created.headers["location"], token=token).status == 200


def test_a_newer_schema_is_refused_and_not_touched(own_hub: RunningHub, later: Path) -> None:
    own_hub.start()
    own_hub.save(state())
    own_hub.stop()
    data = ("--data", str(own_hub.folder))
    assert session_hub("migrate", *data, path=later).code == 0
    before = contents(own_hub.folder)

    for answer in (
        serve(own_hub.folder),
        session_hub("migrate", *data),
        session_hub("migrate", "--check", *data),
        session_hub("admin", "org", "add", "acme", *data),
    ):
        assert answer.code == 4
        line = one_line(answer)
        assert "has schema 2, this session-hub knows 1: a later version wrote it" in line
    assert contents(own_hub.folder) == before


def test_an_earlier_schema_is_migrated_by_serve_and_not_by_admin(
    own_hub: RunningHub, later: Path
) -> None:
    own_hub.start()
    own_hub.stop()
    data = ("--data", str(own_hub.folder))
    answer = session_hub("admin", "org", "add", "acme", *data, path=later)
    assert (answer.code, "'session-hub migrate' brings it up to date" in one_line(answer)) == (
        1,
        True,
    )


# the process ends where the store would be given its name
KILLED = """
import os, signal, sys
from pathlib import Path
from session_hub.stores.sqlite import schema
schema._name_instance = lambda connection: os.kill(os.getpid(), signal.SIGKILL)
schema.migrate(Path(sys.argv[1]))
"""


def test_a_hub_that_was_killed_while_it_made_its_store_has_a_name_later(
    own_hub: RunningHub,
) -> None:
    own_hub.folder.mkdir(0o700)
    done = run([sys.executable, "-c", KILLED, str(own_hub.folder)])
    assert done.returncode == -signal.SIGKILL
    own_hub.start()
    info = own_hub.ask("GET", "/api/v1/info").json()
    assert len(info["instance"]) == len(info["epoch"]) == 36


@pytest.mark.parametrize(
    "environment",
    [{"HOME": ""}, {"HOME": "here"}, {"XDG_DATA_HOME": "here"}],
    ids=lambda environment: " ".join(f"{name}={value}" for name, value in environment.items()),
)
def test_a_store_is_not_made_wherever_one_happens_to_stand(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    """Nor in / where there is no home."""
    env = {name: value for name, value in os.environ.items() if name != "XDG_DATA_HOME"}
    env |= {"PYTHONPATH": str(ROOT), "HOME": str(tmp_path), **environment}
    for words in (["serve"], ["migrate"], ["admin", "org", "add", "acme"]):
        done = run([sys.executable, "-m", "session_hub", *words], env=env, cwd=tmp_path)
        line = one_line(Answer(done.returncode, done.stdout, done.stderr.decode()))
        assert done.returncode == 2
        assert "no absolute path" in line
        assert "--data" in line
    assert list(tmp_path.iterdir()) == []
    assert not Path("/.local/share/session-hub").exists()
