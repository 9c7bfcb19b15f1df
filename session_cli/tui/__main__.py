"""Runs a terminal program: import, map or confighub, with options as `options` reads them.

The scripts in test/atk start it, by path and isolated.
"""

import gc
import os
import signal
import sys

# until there is something to save, an interrupt just ends it; the parent may have ignored it
signal.signal(signal.SIGINT, lambda *_: os._exit(130))
signal.signal(signal.SIGQUIT, lambda *_: os._exit(131))

if not __package__:
    sys.path.append(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
if sys.flags.no_site:
    import site

    site.main()

# modules are no garbage
gc.disable()


def main() -> int:
    """Runs the program that the arguments name; its exit code."""
    from session_cli.console import warn
    from session_cli.dependencies import describe_missing, find_missing
    from session_cli.errors import EXIT_NOT_INSTALLED

    # first of all: what is loaded late would be missed in the middle of an import
    missing = find_missing()
    if missing:
        warn(describe_missing(missing))
        return EXIT_NOT_INSTALLED
    try:
        from session_cli.tui.programs import run

        gc.enable()
        gc.freeze()
        # a screen brings along libraries of its own
        return run(sys.argv[1], sys.argv[2:])
    except ModuleNotFoundError as error:
        warn(f"{error.name} is not installed")
        return EXIT_NOT_INSTALLED


if __name__ == "__main__":
    code = main()
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            # the terminal is gone; the exit code says the rest
            pass
    # a thread may still wait for a program that hangs, and nobody waits for it
    os._exit(code)
