"""What nobody foresaw: one line for the person, the traceback in a log for whoever mends it."""

from __future__ import annotations

import os
from traceback import format_exception

from session_cli import __version__, times
from session_cli.redaction import masked
from session_cli.store.files import make_folder, write_new

LONGEST_WORDS = 200


def described(error: Exception) -> str:
    """The line that tells of `error`; it names the file with the traceback, if there is one."""
    words = masked(" ".join(str(error).split()))[:LONGEST_WORDS]
    line = f"not done, for a reason we did not foresee: {type(error).__name__}: {words}"
    try:
        return f"{line}; the traceback is in {_logged(error)}"
    except (OSError, ValueError):
        return line


def _logged(error: Exception) -> str:
    """Writes the traceback to a file of its own in the log folder; its path."""
    moment, folder = times.now(), _log_folder()
    path = f"{folder}/session-cli-{times.stamp(moment)}-{os.getpid()}.log"
    traceback = masked("".join(format_exception(error)))
    make_folder(folder)
    write_new(
        path,
        f"session-cli {__version__} at {times.utc(moment)}\n{traceback}".encode("utf-8", "replace"),
    )
    return path


def _log_folder() -> str:
    """Where the logs of the TUIs are, too."""
    folder = os.environ.get("CONFIGHUB_LOG_DIR")
    if folder:
        return os.path.abspath(folder)
    home = os.environ.get("HOME", "")
    if not home.startswith("/") or os.stat(home).st_uid != os.geteuid():
        # what root makes in the home of another is in that person's way
        raise FileNotFoundError(home)
    return f"{home.rstrip('/')}/.confighub/logs"
