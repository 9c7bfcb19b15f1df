"""Runs the script of a terminal program in our place.

The scripts lie in atk/, where pip has put them; in a checkout that is a link to test/atk.
"""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]  # `signal` would cost a tenth of a start
import posix  # os would cost every start a millisecond

from session_cli import console
from session_cli.errors import EXIT_NOT_INSTALLED

TYPE_CHECKING = False  # typing would cost a start more than all of ours
if TYPE_CHECKING:
    from collections.abc import Sequence

PROGRAMS = ("map-import", "map", "map-confighub")
FOLDER = f"{__file__.rpartition('/')[0] or '.'}/atk"
# what a program that knows no PATH is looked for in
USUAL_PATH = b"/usr/local/bin:/usr/bin:/bin"


def run(
    name: str,
    arguments: Sequence[str],
    called: str,
    folder: str | None = None,
    pointer: str | None = None,
) -> int:
    """Becomes the program `name`; returns an exit code only where there is no bash.

    `called` is what the person typed, for the program to name itself so.
    """
    environment: dict[bytes, bytes | str] = {**posix.environ, b"CONFIGHUB_CALLED_AS": called}
    if b"LC_CTYPE" not in console.given_environment():
        # Python has set it where the locale is C, and what it starts would believe that
        environment.pop(b"LC_CTYPE", None)
    if folder:
        environment[b"CONFIGHUB_SESSION_DIR"] = folder
        # a folder given as an option does not go with a pointer from the environment
        environment.pop(b"CONFIGHUB_SESSION_FILE", None)
    if pointer:
        environment[b"CONFIGHUB_SESSION_FILE"] = pointer
    # Python ignores it, and a program that is run would, too
    _signal.signal(_signal.SIGPIPE, _signal.SIG_DFL)
    for place in filter(None, posix.environ.get(b"PATH", USUAL_PATH).split(b":")):
        try:
            posix.execve(place + b"/bash", ["bash", f"{FOLDER}/{name}", *arguments], environment)
        except OSError:
            continue
    console.warn(f"{name} needs bash, which is not on PATH")
    return EXIT_NOT_INSTALLED
