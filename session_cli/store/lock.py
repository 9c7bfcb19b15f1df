"""The write lock: one writer at a time in a folder, released by the death of its holder."""

from __future__ import annotations

import fcntl
import posix  # os would cost every start a millisecond
import time
from _stat import S_ISREG

from session_cli.errors import Locked, NotSaved, advice

TYPE_CHECKING = False  # typing would cost a start more than all of ours
if TYPE_CHECKING:
    from typing import NoReturn

LOCK_NAME = ".lock"
TIMEOUT_SECONDS = 10
POLL_SECONDS = 0.01


def why_not_lockable(folder: str) -> OSError | None:
    """The error that a lock in the folder fails with; None where it works. Changes nothing."""
    flags = posix.O_RDONLY | posix.O_NOFOLLOW | posix.O_NONBLOCK | posix.O_CLOEXEC
    try:
        fd = posix.open(f"{folder}/{LOCK_NAME}", flags)
    except FileNotFoundError:
        fd = posix.open(folder, posix.O_RDONLY | posix.O_CLOEXEC)
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return None
    except OSError as error:
        return error
    finally:
        posix.close(fd)
    return None


class WriteLock:
    """Holds `<folder>/.lock` while the block runs.

    The file is never removed: a waiting writer would then lock a file that no other one sees.
    """

    def __init__(self, folder: str) -> None:
        self.path = f"{folder}/{LOCK_NAME}"
        self.fd = -1

    def __enter__(self) -> WriteLock:
        flags = posix.O_RDWR | posix.O_CREAT | posix.O_NOFOLLOW | posix.O_NONBLOCK | posix.O_CLOEXEC
        try:
            self.fd = posix.open(self.path, flags, 0o600)
            if not S_ISREG(posix.fstat(self.fd).st_mode):
                raise OSError(0, "it is not a regular file")
            self._acquire()
        except OSError as error:
            self.__exit__()
            raise NotSaved(
                f"not saved: cannot lock {self.path}: {error.strerror}; {advice(error)}"
            ) from None
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if self.fd >= 0:
            try:
                # the caller may want the lock again, also where closing fails
                fcntl.flock(self.fd, fcntl.LOCK_UN)
            except OSError:
                # then closing releases it
                pass
            try:
                posix.close(self.fd)
            except OSError:
                # nothing was written to it, and the lock is released either way
                pass
            self.fd = -1

    def _acquire(self) -> None:
        try:
            fcntl.flock(self.fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._wait()

    def _wait(self) -> None:
        """Waits in the kernel's queue, not by polling: that is fair among many writers."""
        import signal

        try:
            before = signal.signal(signal.SIGALRM, self._give_up)
        except ValueError:
            # no signal reaches a thread that is not the main one
            self._poll()
            return
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGALRM})
        began = time.monotonic()
        left, _ = signal.setitimer(signal.ITIMER_REAL, TIMEOUT_SECONDS)
        try:
            fcntl.flock(self.fd, fcntl.LOCK_EX)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)
            if left:
                # a process that has to end by then still does
                waited = time.monotonic() - began
                signal.setitimer(signal.ITIMER_REAL, max(left - waited, 0.001))

    def _poll(self) -> None:
        from session_cli.times import elapsed, pause

        until = elapsed() + TIMEOUT_SECONDS
        while True:
            try:
                fcntl.flock(self.fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if elapsed() > until:
                    self._give_up()
                pause(POLL_SECONDS)
            else:
                return

    def _give_up(self, *_: object) -> NoReturn:
        raise Locked(
            f"not saved: another process has held {self.path} for {TIMEOUT_SECONDS} s;"
            f" find it with 'fuser -v {self.path}', then try again"
        )
