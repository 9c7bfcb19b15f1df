"""The quick path: the six verbs, the lists and the programs in their plain forms, without Click.

Everything else (help, completion, other verbs, wrong arguments) is left to Click.
"""

from __future__ import annotations

import posix  # os would cost every start a millisecond
import sys

from session_cli import __version__, console, verbs
from session_cli.errors import EXIT_INTERRUPTED, EXIT_NOT_INSTALLED, SessionError, unreadable
from session_cli.store import locate

TYPE_CHECKING = False  # typing would cost a start more than all of ours
if TYPE_CHECKING:
    from session_cli.dependencies import Missing
    from session_cli.store import Location

PLACES = ("--dir", "--file", "--type")
BINDINGS = ("--session", "--if-revision")
VERSION = (["--version"], ["-V"])
PLAIN_VERBS = {
    "init": verbs.init,
    "exists": verbs.exists,
    "load": verbs.load,
    "clear": verbs.clear,
    "get-step": verbs.get_step,
}


def main() -> int:
    """Runs the program; after a verb of the quick path the process exits at once."""
    _fill_standard_descriptors()
    posix.umask(0o077)
    code = _run_guarded(sys.argv[1:])
    if code is not None:
        posix._exit(code)
    try:
        return _run_click()
    except Exception as error:
        return _report_internal(error)


def _fill_standard_descriptors() -> None:
    """Opens /dev/null for a closed stdin, stdout or stderr: else a file of ours would take it."""
    fd = 0
    while fd < 3:
        fd = posix.open("/dev/null", posix.O_RDONLY)
    posix.close(fd)


def _run_guarded(arguments: list[str]) -> int | None:
    try:
        return run(arguments)
    except SessionError as error:
        console.warn(str(error))
        return error.exit_code
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except Exception as error:
        return _report_internal(error)


def _report_internal(error: Exception) -> int:
    try:
        from session_cli.internal_error import describe

        line = describe(error)
    except Exception:
        # nothing can be loaded any more: no descriptor, no memory
        line = f"internal error: {type(error).__name__}"
    console.warn(line)
    return 1


def _run_click() -> int:
    if sys.flags.no_site:
        import site

        site.main()
    from session_cli.dependencies import find_missing

    missing = find_missing()
    if missing:
        return _hand_over(missing)
    try:
        from session_cli.cli import main as click_main
    except ModuleNotFoundError as error:
        console.warn(
            f"this needs {error.name}, which is not installed here: run 'make install' or"
            " 'pip install .' in the checkout; init, exists, load, save, clear and get-step work"
            " without it"
        )
        return EXIT_NOT_INSTALLED
    return click_main()


def _hand_over(missing: list[Missing]) -> int:
    """Runs an installed session-cli of our version in our place, or reports what is missing."""
    from session_cli.dependencies import STANDS_IN, describe_missing, find_stand_in

    program = find_stand_in()
    if program:
        environment = {**posix.environ, STANDS_IN: b"1"}
        posix.execve(program, [program, *sys.argv[1:]], environment)
    console.warn(describe_missing(missing))
    return EXIT_NOT_INSTALLED


def run(arguments: list[str]) -> int | None:
    """Runs a plain call of a verb, a list, a program or --version.

    The exit code; None for anything else.
    """
    places, rest = _parse_options(arguments, PLACES)
    if not rest:
        return None
    verb, words = rest[0], rest[1:]
    if arguments in VERSION:
        return _print_version()
    if verb == "save":
        return _run_save(places, words)
    if verb in PLAIN_VERBS and not words:
        return PLAIN_VERBS[verb](_location(places))
    if verb.startswith("map") and not places:
        return _run_program(verb, words)
    # what is installed beside us (wcwidth, dateutil) may be needed, and is not found without site
    if verb == "sync" and words in ([], ["--all"]):
        return _run_sync(_location(places), words)
    if verb in ("list", "history") and not sys.flags.no_site:
        return _run_list(_location(places), verb, words)
    return None


def _run_program(name: str, words: list[str]) -> int | None:
    """A terminal program of bash, which is not to wait for Click."""
    from session_cli import scripts

    if name not in scripts.PROGRAMS:
        return None
    return scripts.run(name, words, f"session-cli {name}")


def _run_list(location: Location, verb: str, words: list[str]) -> int | None:
    """The lists in their plain forms: in a small folder Click would take longer than the list."""
    if any(word.startswith("-") for word in words if word != "--all" or verb != "list"):
        return None
    from session_cli.commands import _listing

    try:
        if verb == "history" and len(words) < 2:
            session_id = words[0] if words else None
            _listing.show_snapshots(_listing.snapshot_facts(location, session_id))
        elif words in ([], ["--all"]):
            _listing.show_sessions(_listing.session_facts(location), bool(words))
        else:
            return None
    except ImportError:
        # Click's entry reports what a checkout lacks
        return None
    except OSError as error:
        raise unreadable(error) from None
    return 0


def _run_sync(location: Location, words: list[str]) -> int:
    from session_cli.commands import _syncing

    return _syncing.run_sync(location, None, bool(words), False)


def _print_version() -> int:
    console.write_stdout(f"session-cli, version {__version__}\n".encode())
    return 0


def _parse_options(words: list[str], known: tuple[str, ...]) -> tuple[dict[str, str], list[str]]:
    """The known options that `words` begin with, and the rest."""
    options: dict[str, str] = {}
    while words and words[0].startswith("--"):
        name, has_value, value = words[0].partition("=")
        if name not in known or not (has_value or len(words) > 1):
            break
        options[name] = value if has_value else words[1]
        words = words[1 if has_value else 2 :]
    return options, words


def _location(places: dict[str, str]) -> Location:
    return locate(places.get("--dir"), places.get("--file"), places.get("--type"))


def _run_save(places: dict[str, str], words: list[str]) -> int | None:
    bindings, words = _parse_options(words, BINDINGS)
    if words[:1] == ["--"]:
        words = words[1:]
    elif any(word.startswith("-") and word != "-" for word in words):
        return None
    revision = bindings.get("--if-revision")
    if not 1 <= len(words) <= 2 or (revision is not None and not _is_number(revision)):
        return None
    data = _encode_argument(words[1]) if len(words) == 2 else None
    return verbs.save(
        _location(places),
        words[0],
        data,
        bindings.get("--session"),
        int(revision) if revision else None,
    )


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 19


def _encode_argument(argument: str) -> bytes:
    """The bytes of an argument as the caller wrote them, in any locale."""
    return argument.encode(sys.getfilesystemencoding(), "surrogateescape")
