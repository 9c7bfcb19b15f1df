"""Internal errors: one line for the person, the traceback in a log for a bug report."""

from __future__ import annotations

import os
from traceback import format_exception

from session_cli import __version__, times
from session_cli.redaction import masked
from session_cli.store.files import make_folder, write_new

LONGEST_MESSAGE = 200


def describe(error: Exception) -> str:
    """The line that reports `error`; it names the file with the traceback, if there is one."""
    message = masked(" ".join(str(error).split()))[:LONGEST_MESSAGE]
    line = f"internal error: {type(error).__name__}: {message}"
    try:
        return f"{line}; details in {_log(error)}"
    except (OSError, ValueError):
        return line


def _log(error: Exception) -> str:
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
    """The folder of all logs, those of imports too."""
    folder = os.environ.get("CONFIGHUB_LOG_DIR")
    if folder:
        return os.path.abspath(folder)
    home = os.environ.get("HOME", "")
    if not home.startswith("/") or os.stat(home).st_uid != os.geteuid():
        # a folder that root makes in another user's home would be closed to that user
        raise FileNotFoundError(home)
    return f"{home.rstrip('/')}/.confighub/logs"
