"""Asks `cub`: which options a release knows, and what its answers and failures mean.

Older releases know only `--json`; newer ones know `-o json` and call `--json` deprecated. A verb
that was removed prints its help and exits with 0. So only JSON counts as an answer.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from typing import Any

from session_cli import processes
from session_cli.errors import BadInput, Unavailable, printable
from session_cli.redaction import masked

ASK_SECONDS = 30
JSON_OPTIONS = (("-o", "json"), ("--json",))
LOGGED_LINES = 50
LONGEST_QUOTE = 100

# the server was not reached, so nothing is known about the login or the rights
_UNREACHED = (
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
# the second form is what `auth status` prints
HTTP_STATUS = re.compile(r"(?:\bHTTP|while verifying authentication:) (\d{3})\b")
_ADDRESS = re.compile(r"""https?://[^\s"']+|"[^"\n]*\"""")
_REASON = re.compile(r"^\s*(failed|error|fatal|panic):.*$", re.IGNORECASE | re.MULTILINE)
_STYLE = re.compile(r"\x1b\[[0-9;]*m")
_UNKNOWN_FLAG = r"unknown (shorthand )?flag"
_HELP = re.compile(r"^(Usage|Available Commands|Flags):", re.MULTILINE)


class CubFailed(Unavailable):
    """cub failed; `stderr` is what it printed, masked, and `reason` the line that says why."""

    def __init__(self, message: str, reason: str = "", stderr: str = "") -> None:
        super().__init__(message)
        self.reason = reason
        self.stderr = stderr


class NotLoggedIn(CubFailed):
    """Nobody is logged in, or the login has expired."""


class Exists(CubFailed):
    """What was to be created already exists."""


class NoAnswer(CubFailed):
    """cub printed no JSON, or timed out, or lost the connection to ConfigHub.

    What it was asked to do may have been done anyway.
    """


class Cub:
    """cub with a timeout for each call; `tick` is called now and then while a call runs.

    `note` gets each line that cub prints when it fails, for the log.
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
        self.json_options = list(JSON_OPTIONS)
        self.unknown_options: set[tuple[str, str]] = set()

    def ask(self, *words: str, stdin: bytes = b"", optional: Sequence[str] = ()) -> Any:
        """The JSON that cub prints; CubFailed when it fails, NoAnswer when it prints anything else.

        The first call finds out which option asks for JSON. Of the `optional` options, such as
        `--wait=false`, those that this release does not know are left out.
        """
        done = self._run_for_json(words, stdin, optional)
        if done.code:
            raise self._failure(words, done)
        try:
            return json.loads(done.stdout)
        except ValueError:
            self._note(words, done.stdout.decode("utf-8", "replace") + done.stderr)
            raise NoAnswer(
                f"'{_call(words)}' printed {_describe_output(done)} instead of JSON;"
                " 'cub version' shows which release this is"
            ) from None

    def _run_for_json(
        self, words: tuple[str, ...], stdin: bytes, optional: Sequence[str]
    ) -> processes.Finished:
        for json_option in list(self.json_options):
            done = self._run_with_known(words, stdin, optional, json_option)
            if not (done.code and reports_unknown_flag(done.stderr)):
                self.json_options = [json_option]
                break
        return done

    def _run_with_known(
        self,
        words: tuple[str, ...],
        stdin: bytes,
        optional: Sequence[str],
        json_option: Sequence[str],
    ) -> processes.Finished:
        """Runs the call with those of the optional options that its verb knows."""
        verb = _call(words)
        while True:
            known = [each for each in optional if (verb, each) not in self.unknown_options]
            done = self.run([*words, *known, *json_option], stdin)
            refused = [each for each in known if done.code and _is_unknown(each, done.stderr)]
            if not refused:
                return done
            self.unknown_options |= {(verb, each) for each in refused}

    def ask_text(self, *words: str) -> str | None:
        """What cub prints as text; None when it does not know the verb. CubFailed when it fails."""
        done = self.run(list(words))
        if _is_help(done) or (done.code and "unknown command" in done.stderr):
            return None
        if done.code:
            raise self._failure(words, done)
        return done.stdout.decode("utf-8", "replace")

    def run(self, words: list[str], stdin: bytes = b"") -> processes.Finished:
        """Runs one call, whatever its exit code is."""
        try:
            return processes.run(["cub", *words], self.timeout, stdin, self.tick)
        except processes.NotRunnable:
            raise
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

    def _note(self, words: tuple[str, ...], output: str) -> None:
        for line in masked(output).splitlines()[:LOGGED_LINES]:
            self.note(f"{_call(words)}: {line}")


def in_space(space: str) -> tuple[str, str]:
    """The option that names the space; without it, some releases list every space."""
    if not space:
        raise BadInput("this session has no App Space yet; choose one first")
    return "--space", space


def reports_unknown_flag(stderr: str) -> bool:
    """Whether cub failed because it does not know an option."""
    return re.search(_UNKNOWN_FLAG, stderr) is not None


def strip_styles(output: str) -> str:
    """The output without the escape sequences that colour it."""
    return _STYLE.sub("", output)


def _is_unknown(option: str, stderr: str) -> bool:
    flag = re.escape(option.partition("=")[0])
    return re.search(rf"unknown flag: {flag}(?![\w-])", stderr) is not None


def _call(words: tuple[str, ...]) -> str:
    return " ".join(["cub", *words[:2]])


def _is_help(done: processes.Finished) -> bool:
    return not done.code and bool(_HELP.search(done.stdout.decode("utf-8", "replace")))


def _describe_output(done: processes.Finished) -> str:
    if _is_help(done):
        return "its help"
    output = done.stdout.decode("utf-8", "replace").strip() or done.stderr.strip()
    first = printable(masked(output).partition("\n")[0])[:LONGEST_QUOTE]
    return f"text ({first})" if first else "nothing"


def _failure(words: tuple[str, ...], done: processes.Finished) -> CubFailed:
    """The failure that cub's stderr describes, with what to do about it."""
    stderr = strip_styles(masked(done.stderr))
    reason = _reason(stderr) or done.complaint
    message = f"'{_call(words)}' failed: {reason}"
    # the usage text and a stack trace say nothing about what happened
    relevant = re.split(r"\n(?:Usage:|goroutine )", stderr, maxsplit=1)[0]
    if "already exists" in relevant.lower():
        return Exists(message, reason, stderr)
    status = HTTP_STATUS.search(relevant)
    # without names: a Unit may be called authentication-service
    clue = status[1] if status else _without_names(words, relevant).lower()
    if not re.search(_UNREACHED, clue):
        if re.search(_LOGIN, clue):
            message += "; log in with 'cub auth login', then try again"
            return NotLoggedIn(message, reason, stderr)
        if re.search(_FORBIDDEN, clue):
            message += "; ask an admin of the organization for permission"
            return CubFailed(message, reason, stderr)
        if not re.search(_NETWORK, clue):
            return CubFailed(message, reason, stderr)
    return NoAnswer(f"{message}; check the network, then try again", reason, stderr)


def _reason(stderr: str) -> str:
    """The line that says what happened, among hints and usage; "" when there is none."""
    found = re.search(_REASON, stderr)
    return printable(found[0].strip()) if found else ""


def _without_names(words: tuple[str, ...], stderr: str) -> str:
    """The text without addresses, quoted names, and the names that the call itself contained."""
    stderr = _ADDRESS.sub("", stderr)
    for name in words[2:]:
        stderr = re.sub(rf"(?<![\w-]){re.escape(name)}(?![\w-])", "", stderr)
    return stderr
