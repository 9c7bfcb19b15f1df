"""What an answer means that came from where the hub should be. Pure.

A proxy, the sign-in page of a network or another program may answer in the hub's place: nothing is
taken from them, whatever the status says.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from session_cli.document import NotADocument, parse_state
from session_cli.errors import SignedOut, Unavailable, printable

LONGEST_SENTENCE = 400
_PROBLEM = "/problems/"


class HubUnavailable(Unavailable):
    """The hub cannot be reached, or something else answered in its place."""


class Reply(NamedTuple):
    """What came over the line; names of headers are in lower case."""

    status: int
    headers: dict[str, str]
    raw: bytes


class Answer(NamedTuple):
    """An answer of the hub: its JSON object as `body`, its bytes as `raw`.

    `slug` is the short name of the problem, such as `version-conflict`; "" where there is none.
    Nothing in it may reach a terminal unescaped.
    """

    status: int
    headers: dict[str, str]
    body: dict[str, Any]
    raw: bytes
    slug: str


def judge(url: str, reply: Reply, accept_bytes: bool) -> Answer:
    """The reply as an answer of the hub at `url`.

    Raises SignedOut for 401, HubUnavailable for 5xx and for whatever is not the hub's.
    """
    status, headers, raw = reply
    if 300 <= status < 400 and status != 304:
        raise HubUnavailable(_explain_redirect(url, headers))
    is_document = accept_bytes and status < 400
    body = {} if is_document else _read_object(headers, raw)
    answer = Answer(status, headers, body or {}, raw, _slug(body))
    if not _is_of_a_hub(answer, body is not None, is_document):
        raise HubUnavailable(_explain_stranger(url, reply))
    if status == 401:
        raise SignedOut(
            f"{url} does not accept the token, or no longer; sign in again: session-cli login {url}"
        )
    if status >= 500:
        raise HubUnavailable(f"the hub at {url} cannot do that now: {say(answer)}")
    return answer


def say(answer: Answer) -> str:
    """The hub's own sentence about what went wrong, as the end of a message: one printable line."""
    sentence = answer.body.get("detail") or answer.body.get("error_description")
    if not isinstance(sentence, str) or not sentence.strip():
        return f"it answered {answer.status}"
    shown = printable(" ".join(sentence.split())).rstrip(".")
    return shown if len(shown) <= LONGEST_SENTENCE else f"{shown[:LONGEST_SENTENCE]} ..."


def _read_object(headers: dict[str, str], raw: bytes) -> dict[str, Any] | None:
    """The JSON object in a reply, {} in an empty one; None for anything else."""
    if not raw:
        return {}
    if "json" not in headers.get("content-type", ""):
        return None
    try:
        return parse_state(raw)
    except NotADocument:
        return None


def _slug(body: dict[str, Any] | None) -> str:
    type_ = (body or {}).get("type")
    if not isinstance(type_, str) or _PROBLEM not in type_:
        return ""
    return type_.rpartition(_PROBLEM)[2]


def _is_of_a_hub(answer: Answer, is_object: bool, is_document: bool) -> bool:
    if "hub-version" not in answer.headers and not answer.slug:
        return False
    if answer.status >= 400:
        # the errors of a device's sign-in are those of RFC 6749
        return bool(answer.slug) or isinstance(answer.body.get("error"), str)
    return answer.status >= 200 and (is_object or is_document)


def _explain_redirect(url: str, headers: dict[str, str]) -> str:
    target = printable(headers.get("location", ""))
    place = "/".join(target.split("/")[:3]) if "://" in target else "another page of it"
    return (
        f"{url} answers with a redirect to {place[:LONGEST_SENTENCE]}, which is not followed; if"
        " that is the hub, sign in there, else a proxy answered in its place"
    )


def _explain_stranger(url: str, reply: Reply) -> str:
    kind = reply.headers.get("content-type", "")
    start = reply.raw[:200].lstrip().lower()
    what = "with an HTML page" if "html" in kind or start.startswith(b"<") else "with other content"
    return (
        f"{url} answered {reply.status} {what}, which is not a hub's: a proxy or the sign-in page"
        f" of the network may have answered in its place; open {url} in a browser"
    )
