"""Starts the process that sends what was saved here; a save waits for nothing of it.

That process has a session of its own, none of our descriptors but the lock on `.sync/push.lock`,
which says that it runs, and ends by itself. What is to be sent is not kept anywhere: it is what
differs from what the hub has.
"""

from __future__ import annotations

# signal would cost every start a millisecond
import _signal  # type: ignore[import-not-found]
import fcntl
import posix  # os would cost every start a millisecond
import sys

from session_cli.store import HUB_URL
from session_cli.store.files import absolute
from session_cli.store.sidecar import make_place, sync_path

TYPE_CHECKING = False  # typing would cost a start more than all of ours
if TYPE_CHECKING:
    from typing import Any

    from session_cli.store.folder import Folder
    from session_cli.store.latest import Latest

LOCK = "push.lock"
# what the process that sends takes as usual again once it has a session of its own
ENDING = (_signal.SIGHUP, _signal.SIGINT, _signal.SIGTERM)
# the descriptor that the process finds the lock on
LOCK_FD = 3
NULL = "/dev/null"
LOCK_FLAGS = posix.O_RDWR | posix.O_CREAT | posix.O_NOFOLLOW | posix.O_CLOEXEC
# where the open descriptors cannot be listed
MANY_DESCRIPTORS = 256

_started: list[int] = []


def prepare(latest: Latest) -> None:
    """Notes which sessions are here before the first save under a sign-in of the environment.

    They were begun before it, and are sent only when somebody asks for that.
    """
    if not posix.environ.get(HUB_URL) or not latest.folder.path:
        return
    # most saves go without it
    from session_cli.sync.account import is_noted, note_before, read_account

    account = read_account(latest.folder)
    try:
        if account is not None and not is_noted(latest.folder, account):
            note_before(latest.folder, account)
    except OSError:
        # the save itself reports what is wrong with the folder; this is done again next time
        pass


def start_push(folder: Folder) -> None:
    """Starts the process unless one runs already, which will see what was saved by now."""
    _reap()
    try:
        lock = lock_push(folder)
        if lock is None:
            return
        try:
            _spawn(folder, lock)
        finally:
            posix.close(lock)
    except (OSError, NotImplementedError):
        # it is saved; the next save, or `sync`, sends it
        pass


def lock_push(folder: Folder) -> int | None:
    """The descriptor that holds the lock of who sends; None while another process does.

    Raises OSError.
    """
    make_place(folder)
    lock = posix.open(sync_path(folder, LOCK), LOCK_FLAGS, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        posix.close(lock)
        return None
    except BaseException:
        posix.close(lock)
        raise
    return lock


def _spawn(folder: Folder, lock: int) -> None:
    program = f"{__file__.rpartition('/')[0]}/__main__.py"
    command = [sys.executable, "-I", "-S", program, absolute(folder.path)]
    # whoever spawns waits until the program has begun, on a busy machine for longer than a save
    # takes; but where there are threads, a fork may be left with what they had locked
    start = _spawn_beside_threads if "threading" in sys.modules else _fork
    _started.append(start(command, lock))


def _fork(command: list[str], lock: int) -> int:
    # it begins in our group, and a terminal that closes behind us is not meant for it
    before = [(number, _signal.signal(number, _signal.SIG_IGN)) for number in ENDING]
    pid = -1
    try:
        pid = posix.fork()
    finally:
        if pid:
            for number, handler in before:
                _signal.signal(number, handler or _signal.SIG_DFL)
    if pid:
        return pid
    try:
        posix.setsid()
        null = posix.open(NULL, posix.O_RDWR | posix.O_CLOEXEC)
        for fd in _inherited():
            posix.close(fd)
        for fd in range(3):
            posix.dup2(null, fd)
        if lock == LOCK_FD:
            posix.set_inheritable(lock, True)
        else:
            posix.dup2(lock, LOCK_FD)
        posix.execve(command[0], command, posix.environ)
    finally:
        # also where that could not be done: this process has nothing else to do
        posix._exit(127)


def _spawn_beside_threads(command: list[str], lock: int) -> int:
    actions: list[Any] = [(posix.POSIX_SPAWN_CLOSE, fd) for fd in _inherited() if fd != lock]
    actions += [(posix.POSIX_SPAWN_OPEN, fd, NULL, posix.O_RDWR, 0) for fd in range(3)]
    if lock == LOCK_FD:
        posix.set_inheritable(lock, True)
    else:
        actions.append((posix.POSIX_SPAWN_DUP2, lock, LOCK_FD))
    try:
        return posix.posix_spawn(
            command[0], command, posix.environ, file_actions=actions, setsid=True
        )
    except NotImplementedError:
        # the process gives itself a session of its own
        return posix.posix_spawn(command[0], command, posix.environ, file_actions=actions)


def _inherited() -> list[int]:
    """The descriptors above 2 that a program of ours would inherit."""
    try:
        numbers = [int(name) for name in posix.listdir("/dev/fd") if name.isdigit()]
    except OSError:
        numbers = list(range(MANY_DESCRIPTORS))
    return [fd for fd in numbers if fd > 2 and _is_inheritable(fd)]


def _is_inheritable(fd: int) -> bool:
    try:
        return posix.get_inheritable(fd)
    except OSError:
        # it was the one that the list was read by
        return False


def _reap() -> None:
    """Takes note of those that have ended, where we live longer than they do."""
    for pid in list(_started):
        try:
            ended, _ = posix.waitpid(pid, posix.WNOHANG)
        except ChildProcessError:
            ended = pid
        if ended:
            _started.remove(pid)
