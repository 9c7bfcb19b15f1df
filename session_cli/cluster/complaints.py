"""What kubectl complains of: of all that stands on its stderr, what tells a person why."""

from __future__ import annotations

import re
from collections.abc import Sequence

from session_cli.errors import printable
from session_cli.redaction import masked

# a line such as `E1125 17:52:39.858147   14468 memcache.go:265] "Unhandled Error" err="..."`
_NOTE = re.compile(r"([DEFIW])\d{4} \d\d:\d\d:\d\d\.\d+ [^\]]*\] ?(.*)")
# how kubectl itself begins; what else is there comes from a credential plugin, or is a warning
_VERDICT = re.compile(r"[Ee]rror\b|Unable to connect|The connection to")
_LOGIN = "getting credentials: "
_EXECUTABLE = re.compile(r"executable (\S+) (not found|failed with exit code)")
# what client-go puts between the plugin that is missing and the advice how to install it
_BOILERPLATE = ("client-go credential plugin", "consult the documentation", "client-go-credential")
_CAUSE = re.compile(r"(?i)(?:error|fatal|panic)\b")
_TROUBLE = re.compile(r"(?i)error|fail|expire|denied|invalid|unable|cannot|could not|not logged in")
# gcloud, az and tsh say so where the reason begins, however much stands before it
_PREAMBLE = re.compile(r"\A.*\bERROR:\s*(?:\([\w.-]+\)\s*)?(?=\S)")


def complaints_in(stderr: str) -> list[str]:
    """What kubectl says to people, each complaint on one line; none where it says nothing.

    Its notes for developers count where it says no more, without their headings.
    """
    lines = [line.strip() for line in masked(stderr).splitlines() if line.strip()]
    told = [line for line in lines if not _NOTE.match(line)]
    if any(_LOGIN in line for line in told):
        return [printable(_login_failure(lines))]
    told = [line for line in told if _VERDICT.match(line)] or told
    return [printable(line) for line in dict.fromkeys(told or map(_unheaded, lines[-1:]))]


def _login_failure(lines: Sequence[str]) -> str:
    """Why the credential plugin gave none, and what to type."""
    verdict, after = _verdict(lines)
    found = _EXECUTABLE.search(verdict)
    if found is None:
        return verdict
    if found[2] == "not found":
        hint = " ".join(line for line in after if not any(each in line for each in _BOILERPLATE))
        return f"{found[0]}; {hint}" if hint else found[0]
    said = [line for line in lines if _LOGIN not in line]
    reason, advice = _reason(said), _advice([_unheaded(line) for line in said])
    if not reason:
        return verdict
    told = f"{found[1].rpartition('/')[2]}: {reason}"
    return told if advice in reason else f"{told.rstrip(' .')}; {advice}"


def _verdict(lines: Sequence[str]) -> tuple[str, Sequence[str]]:
    """The last line in which kubectl itself says that the login failed, and what comes after it."""
    place = max(
        place for place, line in enumerate(lines) if _LOGIN in line and not _NOTE.match(line)
    )
    return lines[place], lines[place + 1 :]


def _reason(said: Sequence[str]) -> str:
    """The sentence of a plugin that says why; empty if there is no sentence at all."""
    sentences = [line for line in said if _is_sentence(line)]
    causes = [line for line in sentences if _is_cause(line)]
    troubles = [line for line in sentences if _TROUBLE.search(line)]
    best = next(iter(causes[-1:] or troubles[:1] or sentences[:1]), "")
    return _PREAMBLE.sub("", _unheaded(best))


def _is_sentence(line: str) -> bool:
    """Not `Please run:`, not `$ gcloud auth login`, not what is left of a bracket."""
    return bool(re.search(r"\w\w", line)) and not line.endswith(":") and not line.startswith("$ ")


def _is_cause(line: str) -> bool:
    note = _NOTE.match(line)
    return note[1] in "EF" if note else bool(_CAUSE.match(line))


def _advice(said: Sequence[str]) -> str:
    for line, following in zip(said, [*said[1:], ""], strict=False):
        if line.startswith("$ "):
            return f"run '{line[2:]}'"
        if re.search(r"(?i)\brun:$", line) and following:
            return f"run '{following.removeprefix('$ ')}'"
        if re.match(r"(?i)please run\b.*[^:]$", line):
            return line
    return ""


def _unheaded(line: str) -> str:
    note = _NOTE.match(line)
    return note[2] if note else line
