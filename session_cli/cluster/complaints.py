"""Picks from the stderr of kubectl the lines that say to a person what went wrong."""

from __future__ import annotations

import re
from collections.abc import Sequence

from session_cli.errors import printable
from session_cli.redaction import masked_lines

# a log line such as `E1125 17:52:39.858147   14468 memcache.go:265] "Unhandled Error" err="..."`
_LOG_LINE = re.compile(r"([DEFIW])\d{4} \d\d:\d\d:\d\d\.\d+ [^\]]*\] ?(.*)")
# how kubectl's own errors begin; other lines come from a credential plugin or are warnings
_VERDICT = re.compile(r"[Ee]rror\b|Unable to connect|The connection to")
_LOGIN = "getting credentials: "
_EXECUTABLE = re.compile(r"executable (\S+) (not found|failed with exit code)")
# what client-go prints between the missing plugin and the advice on how to install it
_BOILERPLATE = ("client-go credential plugin", "consult the documentation", "client-go-credential")
_CAUSE = re.compile(r"(?i)(?:error|fatal|panic)\b")
_TROUBLE = re.compile(r"(?i)error|fail|expire|denied|invalid|unable|cannot|could not|not logged in")
# gcloud, az and tsh mark so where the reason begins, after any amount of other text
_PREAMBLE = re.compile(r"\A.*\bERROR:\s*(?:\([\w.-]+\)\s*)?(?=\S)")


def complaints_in(stderr: str) -> list[str]:
    """The errors on stderr, each on one line; [] when there are none.

    When there are only log lines, the last of them counts, without its header.
    """
    lines = masked_lines(stderr)
    messages = [line for line in lines if not _LOG_LINE.match(line)]
    if any(_LOGIN in line for line in messages):
        return [printable(_login_failure(lines))]
    errors = [line for line in messages if _VERDICT.match(line)] or messages
    return [printable(line) for line in dict.fromkeys(errors or map(_strip_header, lines[-1:]))]


def _login_failure(lines: Sequence[str]) -> str:
    """Why the credential plugin failed, and what to type."""
    verdict, after = _verdict(lines)
    found = _EXECUTABLE.search(verdict)
    if found is None:
        return verdict
    if found[2] == "not found":
        hint = " ".join(line for line in after if not any(each in line for each in _BOILERPLATE))
        return f"{found[0]}; {hint}" if hint else found[0]
    output = [line for line in lines if _LOGIN not in line]
    reason, advice = _reason(output), _advice([_strip_header(line) for line in output])
    if not reason:
        return verdict
    complaint = f"{found[1].rpartition('/')[2]}: {reason}"
    return complaint if advice in reason else f"{complaint.rstrip(' .')}; {advice}"


def _verdict(lines: Sequence[str]) -> tuple[str, Sequence[str]]:
    """The last line in which kubectl itself says that the login failed, and the lines after it."""
    place = max(
        place for place, line in enumerate(lines) if _LOGIN in line and not _LOG_LINE.match(line)
    )
    return lines[place], lines[place + 1 :]


def _reason(output: Sequence[str]) -> str:
    """The sentence in which a plugin says why it failed; empty when there is no sentence at all."""
    sentences = [line for line in output if _is_sentence(line)]
    causes = [line for line in sentences if _is_cause(line)]
    troubles = [line for line in sentences if _TROUBLE.search(line)]
    best = next(iter(causes[-1:] or troubles[:1] or sentences[:1]), "")
    return _PREAMBLE.sub("", _strip_header(best))


def _is_sentence(line: str) -> bool:
    """Whether a line has words, unlike `}`, and is no instruction, unlike `$ gcloud auth login`."""
    return bool(re.search(r"\w\w", line)) and not line.endswith(":") and not line.startswith("$ ")


def _is_cause(line: str) -> bool:
    log_line = _LOG_LINE.match(line)
    return log_line[1] in "EF" if log_line else bool(_CAUSE.match(line))


def _advice(output: Sequence[str]) -> str:
    """The command that a plugin asks the person to run; empty when it names none."""
    for line, following in zip(output, [*output[1:], ""], strict=False):
        if line.startswith("$ "):
            return f"run '{line[2:]}'"
        if re.search(r"(?i)\brun:$", line) and following:
            return f"run '{following.removeprefix('$ ')}'"
        if re.match(r"(?i)please run\b.*[^:]$", line):
            return line
    return ""


def _strip_header(line: str) -> str:
    log_line = _LOG_LINE.match(line)
    return log_line[2] if log_line else line
