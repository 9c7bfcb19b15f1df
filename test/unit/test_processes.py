"""Other programs, as real processes: bounded in time, and none left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from shlex import quote
from typing import Any

import pytest
from waiting import communicate, end, eventually

from session_cli import processes
from session_cli.errors import NotSaved, Unavailable
from session_cli.processes import NotInstalled, TimedOut, run, start

# more than any of these programs takes, however slow the machine is
BOUND = 1000
SLEEP = "exec sleep 1000"
# together here, so that no scanner takes this file for a leak
DASHES = "-" * 5
PRIVATE_KEY = f"{DASHES}BEGIN PRIVATE KEY{DASHES}\nMIIBVgIBADANBg\n{DASHES}END PRIVATE KEY{DASHES}"


def pid_in(path: Path) -> int:
    """The pid that a program has written as a line of its own."""
    eventually(lambda: path.exists() and path.read_text().endswith("\n"), told=f"no pid in {path}")
    return int(path.read_text())


def is_alive(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    # one that has died may wait to be noticed
    return stat.rpartition(")")[2].split()[0] not in ("Z", "X")


def await_end(pid: int) -> None:
    eventually(lambda: not is_alive(pid), told=f"{pid} does not end")


@pytest.fixture
def pid_file(tmp_path: Path) -> Path:
    return tmp_path / "pid"


def test_what_a_program_says_is_kept_apart() -> None:
    done = run(["sh", "-c", "printf 'a\\377'; echo oops >&2; exit 3"], BOUND)

    assert (done.code, done.stdout, done.stderr) == (3, b"a\xff", "oops\n")
    assert done.complaint == "oops"


@pytest.mark.parametrize(
    ("said", "complaint"),
    [
        ("", "no error message, exit code 1"),
        ("first\n\n  last  \n \n", "last"),
        ("\x1b[31mFailed\x1b[0m: no\n", "\\x1b[31mFailed\\x1b[0m: no"),
        ("token=abc123 refused", "token=[hidden] refused"),
        (f"bad key {PRIVATE_KEY}", "bad key [hidden]"),
        (PRIVATE_KEY.rpartition("\n")[0], "[hidden]"),
    ],
)
def test_a_complaint_is_one_line_that_is_safe_to_show(said: str, complaint: str) -> None:
    assert processes.Finished(1, b"", said).complaint == complaint


@pytest.mark.parametrize("command", [["cat"], ["true"]], ids=" ".join)
def test_stdin_is_given_whole_to_a_program_that_reads_it(command: list[str]) -> None:
    data = os.urandom(300_000)

    done = run(command, BOUND, data)

    assert (done.code, done.stdout) == (0, data if command == ["cat"] else b"")


def test_without_stdin_a_program_that_reads_it_ends() -> None:
    assert run(["cat"], BOUND).stdout == b""


def test_a_program_that_takes_too_long_is_stopped_with_all_it_started(pid_file: Path) -> None:
    script = f"sleep 1000 & echo $! >{quote(str(pid_file))}; wait"
    with pytest.raises(TimedOut, match=r"'sh -c sleep .* timed out after 0\.3 s"):
        run(["sh", "-c", script], 0.3)

    await_end(pid_in(pid_file))


def test_what_a_program_left_behind_is_stopped_when_it_keeps_us_waiting(pid_file: Path) -> None:
    script = f"sleep 1000 & echo $! >{quote(str(pid_file))}"

    with pytest.raises(TimedOut):
        run(["sh", "-c", script], 0.3)

    await_end(pid_in(pid_file))


def test_the_caller_gets_a_tick_while_a_program_is_waited_for(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    told: list[int] = []

    def tick() -> None:
        told.append(1)
        if len(told) == 2:
            fifo.write_bytes(b"go on\n")

    done = run(["sh", "-c", f"read line <{quote(str(fifo))}; echo $line"], BOUND, tick=tick)

    assert (done.stdout, len(told) >= 2) == (b"go on\n", True)


def test_in_a_thread_a_tick_that_raises_ends_a_program_with_all_it_started(pid_file: Path) -> None:
    parent, child = pid_file.with_suffix(".parent"), pid_file.with_suffix(".child")
    script = f"echo $$ >{quote(str(parent))}; sleep 1000 & echo $! >{quote(str(child))}; wait"
    wanted = threading.Event()
    ended: list[BaseException] = []

    def tick() -> None:
        if wanted.is_set():
            raise InterruptedError("nobody waits for it any more")

    def work() -> None:
        try:
            run(["sh", "-c", script], BOUND, tick=tick)
        except InterruptedError as error:
            ended.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    pids = pid_in(parent), pid_in(child)
    assert all(map(is_alive, pids))
    wanted.set()
    thread.join(BOUND)

    for pid in pids:
        await_end(pid)
    assert [str(error) for error in ended] == ["nobody waits for it any more"]


def test_a_program_that_ends_in_a_thread_has_its_answer() -> None:
    answers: list[processes.Finished] = []
    thread = threading.Thread(target=lambda: answers.append(run(["echo", "x"], BOUND)))
    thread.start()
    thread.join(BOUND)

    assert answers == [processes.Finished(0, b"x\n", "")]


@pytest.mark.parametrize("how", [lambda c: run(c, 1), lambda c: start(c, "log")])
def test_a_program_that_is_not_there_is_named(
    how: Callable[[list[str]], object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    script = tmp_path / "unusable"
    script.write_text("")

    with pytest.raises(NotInstalled, match="no-such-program"):
        how(["no-such-program", "x"])
    with pytest.raises(NotInstalled, match="unusable cannot be run: Permission denied"):
        how([str(script)])


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_what_ends_us_ends_the_program_too(ending: signal.Signals, pid_file: Path) -> None:
    script = f"echo $$ >{quote(str(pid_file))}; {SLEEP}"
    # whoever runs the tests may have them ignore some
    code = (
        "import signal; from session_cli.processes import run\n"
        "signal.signal(signal.SIGHUP, signal.SIG_DFL)\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        f"run(['sh', '-c', {script!r}], 1000)"
    )
    with subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.DEVNULL) as process:
        pid = pid_in(pid_file)
        process.send_signal(ending)
        left = end(process)

    await_end(pid)
    assert left == (-ending if ending is signal.SIGINT else 128 + ending)


def test_a_closed_terminal_does_not_end_what_was_started_not_to_mind(pid_file: Path) -> None:
    script = f"echo $$ >{quote(str(pid_file))}; read line"
    code = (
        "import signal, sys; from session_cli.processes import run\n"
        "signal.signal(signal.SIGHUP, signal.SIG_IGN)\n"
        f"try: run(['sh', '-c', {script + '; sleep 1000'!r}], 1)\n"
        "except Exception as error: sys.exit(type(error).__name__)"
    )
    with subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE) as process:
        pid_in(pid_file)
        process.send_signal(signal.SIGHUP)
        said = communicate(process)[1]

    assert said == b"TimedOut\n"


def test_signals_are_handled_afterwards_as_before() -> None:
    before = [signal.getsignal(number) for number in processes.ENDING_SIGNALS]

    run(["true"], BOUND)
    with pytest.raises(TimedOut):
        run(["sleep", "1000"], 0.1)

    assert [signal.getsignal(number) for number in processes.ENDING_SIGNALS] == before


@pytest.fixture
def outlived(tmp_path: Path, pid_file: Path) -> Any:
    """A program started by a process that has ended since: its pid, its log."""
    log = tmp_path / "worker.log"
    log.write_text("earlier\n")
    script = f"echo said; echo why >&2; echo $$ >{quote(str(pid_file))}; {SLEEP}"
    code = f"""
import os
from session_cli.processes import start
kept = os.open("/dev/null", os.O_RDONLY)
os.set_inheritable(kept, True)
start(["sh", "-c", {script!r}], {str(log)!r})
"""
    done = subprocess.run(
        [sys.executable, "-c", code], stdin=subprocess.DEVNULL, capture_output=True
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    pid = pid_in(pid_file)
    yield pid, log
    os.kill(pid, signal.SIGKILL)


def test_a_program_that_was_started_outlives_us_and_writes_its_log(outlived: Any) -> None:
    pid, log = outlived

    assert is_alive(pid)
    assert os.getsid(pid) == pid
    assert log.read_text() == "earlier\nsaid\nwhy\n"


def test_a_program_that_was_started_has_no_descriptor_of_ours(outlived: Any) -> None:
    pid, log = outlived
    links = {fd.name: os.readlink(fd) for fd in Path(f"/proc/{pid}/fd").iterdir()}

    assert links == {"0": "/dev/null", "1": str(log), "2": str(log)}


def test_a_log_is_ours_alone_and_no_link(tmp_path: Path) -> None:
    log, link = tmp_path / "log", tmp_path / "link"
    link.symlink_to("elsewhere")

    assert end(start(["true"], str(log))) == 0
    with pytest.raises(NotSaved, match="link cannot be written"):
        start(["true"], str(link))

    assert log.stat().st_mode & 0o777 == 0o600
    assert not (tmp_path / "elsewhere").exists()


def test_a_program_whose_interpreter_is_missing_is_not_said_to_be_missing(tmp_path: Path) -> None:
    script = tmp_path / "tool"
    script.write_text("#!/no/such/interpreter\n")
    script.chmod(0o700)

    with pytest.raises(processes.NotRunnable, match="its interpreter is missing"):
        processes.run([str(script)], 5)


def test_a_program_that_prints_without_end_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "MOST_BYTES", 1 << 20)

    with pytest.raises(processes.TooMuchOutput, match="printed more than 1 MiB"):
        processes.run(["yes"], 30)


def test_a_name_with_a_nul_is_no_internal_error() -> None:
    with pytest.raises(Unavailable, match="NUL"):
        processes.run(["echo", "a\0b"], 5)
