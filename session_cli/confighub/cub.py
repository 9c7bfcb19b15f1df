"""The only module that runs `cub`: its dialects of JSON, and what its failures mean.

Older releases know `--json` only, newer ones `-o json` and call `--json` deprecated; a verb that
was removed prints its help and exits with 0. So an answer counts when it is JSON, and only then.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from session_cli import processes
from session_cli.errors import BadInput, Unavailable, printable
from session_cli.redaction import masked

ASK_SECONDS = 30
DIALECTS = (("-o", "json"), ("--json",))
LINES_NOTED = 50
WIDEST_QUOTE = 100

# what comes of the way to the server, whatever cub was about to do there
_WAY = (
    r"failed to reach|dial tcp|no such host|connection re(fused|set)|proxyconnect"
    r"|proxy authentication|\b407\b|i/o timeout|deadline exceeded|handshake|\btls: |x509"
    r"|\beof\b|broken pipe|goaway|(network|host) is unreachable|no route to host"
    r"|server misbehaving"
)
_LOGIN = (
    r"\b401\b|unauthori[sz]ed|not authenticated|must be authenticated|authentication|expired"
    r"|not logged in|auth login|token is invalid|invalid token"
)
_FORBIDDEN = r"\b403\b|forbidden|permission"
_NETWORK = r"network|timed? ?out|\btls\b|\b50[234]\b"
# `auth status` words what the server answered in its own way
HTTP_STATUS = re.compile(r"(?:\bHTTP|while verifying authentication:) (\d{3})\b")
_ADDRESS = re.compile(r"""https?://[^\s"']+|"[^"\n]*\"""")
_REASON = re.compile(r"^\s*(failed|error|fatal|panic):.*$", re.IGNORECASE | re.MULTILINE)
_STYLE = re.compile(r"\x1b\[[0-9;]*m")
_UNKNOWN_FLAG = r"unknown (shorthand )?flag"
_HELP = re.compile(r"^(Usage|Available Commands|Flags):", re.MULTILINE)


class CubFailed(Unavailable):
    """cub was asked and did not do it; `said` is the line that says why, `all_said` all of them."""

    def __init__(self, message: str, said: str = "", all_said: str = "") -> None:
        super().__init__(message)
        self.said = said
        self.all_said = all_said


class NotLoggedIn(CubFailed):
    """Nobody is logged in, or the login has expired."""


class Exists(CubFailed):
    """What was to be created is there already."""


class NoAnswer(CubFailed):
    """cub ended well and yet said nothing that can be read, or did not end, or lost ConfigHub.

    What was asked for may have been done.
    """


class Cub:
    """cub with a bound on the time of each call; `tick` is called while it is waited for.

    `note` gets each line that cub says of a failure, for the log.
    """

    def __init__(
        self,
        timeout: float = ASK_SECONDS,
        tick: Callable[[], None] = lambda: None,
        note: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.timeout = timeout
        self.tick = tick
        self.note = note
        self.dialects = list(DIALECTS)
        self.unknown: set[tuple[str, str]] = set()

    def ask(self, *words: str, stdin: bytes = b"", wishes: Sequence[str] = ()) -> Any:
        """The JSON that cub answers; CubFailed when it fails, NoAnswer when it answers otherwise.

        The first call finds out which dialect is spoken; what cub does not know it does not do.
        Of the `wishes`, options such as `--wait=false`, those are left out that it does not know.
        """
        done = self._in_some_dialect(words, stdin, wishes)
        if done.code:
            raise self._failure(words, done)
        try:
            return json.loads(done.stdout)
        except ValueError:
            self._note(words, done.stdout.decode("utf-8", "replace") + done.stderr)
            raise NoAnswer(
                f"'{_call(words)}' answered with {_kind_of_answer(done)} where JSON was asked for;"
                " 'cub version' shows which release this is"
            ) from None

    def _in_some_dialect(
        self, words: tuple[str, ...], stdin: bytes, wishes: Sequence[str]
    ) -> processes.Finished:
        for dialect in list(self.dialects):
            done = self._with_known(words, stdin, wishes, dialect)
            if not (done.code and knows_no_flag(done.stderr)):
                self.dialects = [dialect]
                break
        return done

    def _with_known(
        self, words: tuple[str, ...], stdin: bytes, wishes: Sequence[str], dialect: Sequence[str]
    ) -> processes.Finished:
        """One call with those of the wishes that its verb knows."""
        while True:
            known = [wish for wish in wishes if (_call(words), wish) not in self.unknown]
            done = self.run([*words, *known, *dialect], stdin)
            refused = [wish for wish in known if done.code and _is_unknown(wish, done.stderr)]
            if not refused:
                return done
            self.unknown |= {(_call(words), wish) for wish in refused}

    def read(self, *words: str) -> str | None:
        """What cub prints as text; None when it does not know the verb. CubFailed when it fails."""
        done = self.run(list(words))
        if _is_help(done) or (done.code and "unknown command" in done.stderr):
            return None
        if done.code:
            raise self._failure(words, done)
        return done.stdout.decode("utf-8", "replace")

    def run(self, words: list[str], stdin: bytes = b"") -> processes.Finished:
        """One call, whatever comes of it."""
        try:
            return processes.run(["cub", *words], self.timeout, stdin, self.tick)
        except processes.NotInstalled:
            raise processes.NotInstalled(
                "cub is not on PATH; install ConfigHub's command line tool with"
                " 'brew install confighubai/tap/cub' or from https://docs.confighub.com"
            ) from None
        except processes.TimedOut as error:
            raise NoAnswer(str(error)) from None

    def _failure(self, words: tuple[str, ...], done: processes.Finished) -> CubFailed:
        self._note(words, done.stderr)
        return _failure(words, done)

    def _note(self, words: tuple[str, ...], said: str) -> None:
        for line in masked(said).splitlines()[:LINES_NOTED]:
            self.note(f"{_call(words)}: {line}")


def in_space(space: str) -> tuple[str, str]:
    """The words that name the space; without one, some releases ask all of them."""
    if not space:
        raise BadInput("there is no App Space yet; choose one first")
    return "--space", space


def knows_no_flag(said: str) -> bool:
    """Whether cub's words are that it does not know an option."""
    return re.search(_UNKNOWN_FLAG, said) is not None


def unstyled(said: str) -> str:
    """What cub said without the escapes that colour it."""
    return _STYLE.sub("", said)


def _is_unknown(option: str, said: str) -> bool:
    flag = re.escape(option.partition("=")[0])
    return re.search(rf"unknown flag: {flag}(?![\w-])", said) is not None


def _call(words: tuple[str, ...]) -> str:
    return " ".join(["cub", *words[:2]])


def _is_help(done: processes.Finished) -> bool:
    return not done.code and bool(_HELP.search(done.stdout.decode("utf-8", "replace")))


def _kind_of_answer(done: processes.Finished) -> str:
    if _is_help(done):
        return "its help"
    said = done.stdout.decode("utf-8", "replace").strip() or done.stderr.strip()
    first = printable(masked(said).partition("\n")[0])[:WIDEST_QUOTE]
    return f"text ({first})" if first else "nothing"


def _failure(words: tuple[str, ...], done: processes.Finished) -> CubFailed:
    """The failure that cub's own words mean, and what to do about it."""
    all_said = unstyled(masked(done.stderr))
    said = _reason(all_said) or done.complaint
    what = f"'{_call(words)}' failed: {said}"
    # how it is used, or where it broke down, says nothing about what happened
    told = re.split(r"\n(?:Usage:|goroutine )", all_said, maxsplit=1)[0]
    if "already exists" in told.lower():
        return Exists(what, said, all_said)
    # what was asked about may have a telling name, such as authentication-service
    code = HTTP_STATUS.search(told)
    reason = code[1] if code else _without_names(words, told).lower()
    if not re.search(_WAY, reason):
        if re.search(_LOGIN, reason):
            what += "; log in with 'cub auth login', then try again"
            return NotLoggedIn(what, said, all_said)
        if re.search(_FORBIDDEN, reason):
            what += "; ask an admin of the organization for the right to do it"
            return CubFailed(what, said, all_said)
        if not re.search(_NETWORK, reason):
            return CubFailed(what, said, all_said)
    return NoAnswer(f"{what}; check the network, then try again", said, all_said)


def _reason(said: str) -> str:
    """The line that says what happened, among hints and how it is used; "" where none does."""
    found = re.search(_REASON, said)
    return printable(found[0].strip()) if found else ""


def _without_names(words: tuple[str, ...], said: str) -> str:
    """What cub said without addresses, what it quotes, and the names that the call gave it."""
    said = _ADDRESS.sub("", said)
    for name in words[2:]:
        said = re.sub(rf"(?<![\w-]){re.escape(name)}(?![\w-])", "", said)
    return said


def rows(answer: Any) -> Iterator[dict[str, Any]]:
    """The objects of a list, bare or in one of the envelopes that releases have put around it.

    null is how some releases write an empty list; NoAnswer for what is no list at all.
    """
    if isinstance(answer, dict):
        problem = text_at(answer, "Message") or text_at(answer, "Error")
        if problem:
            raise NoAnswer(f"cub answered with an error where a list was asked for: {problem}")
        held = [value for value in answer.values() if value is None or isinstance(value, list)]
        if not held:
            raise NoAnswer("cub answered with something else where a list was asked for")
        answer = next((value for value in held if value is not None), None)
    if isinstance(answer, list):
        yield from (each for each in answer if isinstance(each, dict))
    elif answer is not None:
        raise NoAnswer("cub answered with something else where a list was asked for")


def member(answer: Any, *path: str) -> Any:
    """The member at `path`, whether its names are written SpaceID, spaceID or spaceId."""
    for name in path:
        if not isinstance(answer, dict):
            return None
        by_name = {key.lower(): value for key, value in answer.items()}
        answer = by_name.get(name.lower())
    return answer


def text_at(answer: Any, *path: str) -> str:
    """The text at `path`; empty when there is none."""
    value = member(answer, *path)
    # half of a surrogate pair could never be saved
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else ""
