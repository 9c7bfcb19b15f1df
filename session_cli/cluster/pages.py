"""The pages in which an API server lists one kind of workload: where each is, and what is in it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any, NamedTuple

from session_cli.cluster.objects import Object, member, object_at, objects_at, text_at
from session_cli.cluster.workloads import outline

API_VERSION = "apps/v1"
# Each page costs a start of kubectl and a login, which some plugins take a second for; a page of so
# many workloads is some 20 MB.
PAGE_SIZE = 2000

_SERVER = re.compile(r"(?:[a-z][a-z0-9+.-]*://)?[^/?#]*([^?#]*)", re.IGNORECASE | re.ASCII)
_EXPIRED = re.compile(r"^Error from server(?: \((?:Expired|Gone)\):|: .* status code 410\b)", re.M)


class Page(NamedTuple):
    """The objects of a page, and the token with which the next is asked for; "" on the last."""

    objects: list[Object]
    token: str


def plural(kind: str) -> str:
    """What the API calls the objects of a kind of workload, in paths and in its messages."""
    return f"{kind.lower()}s"


def base_path(server: str) -> str:
    """The path in the address of a server: more than "" where one host leads to many clusters.

    `kubectl get --raw` leaves it out: without it, another cluster may answer.
    """
    found = _SERVER.match(server)
    return found[1].rstrip("/") if found else ""


def page_path(kind: str, namespace: str, limit: int, token: str) -> str:
    """The path of a page; the namespace "" is all of them, and the limit 0 is none."""
    place = f"namespaces/{_quoted(namespace)}/" if namespace else ""
    query = [f"limit={limit}"] if limit else []
    query += [f"continue={_quoted(token)}"] if token else []
    path = f"/apis/{API_VERSION}/{place}{_quoted(plural(kind))}"
    return "?".join([path, "&".join(query)] if query else [path])


def _quoted(text: str) -> str:
    # that of urllib would come with all that speaks to a network
    raw = text.encode("utf-8", "replace")
    return re.sub(rb"[^A-Za-z0-9_.~-]", lambda found: b"%%%02X" % ord(found[0]), raw).decode()


def read_page(raw: bytes, kind: str) -> Page:
    """The page that kubectl printed; ValueError, which says what it is instead, for anything else.

    The objects are those that `kubectl get -o json` shows: with a kind, without managed fields.
    """
    try:
        document = json.loads(raw) if raw.strip() else None
    except (ValueError, RecursionError):
        raise ValueError("kubectl printed something that is not JSON") from None
    page = _page_of(document, kind)
    for each in page.objects:
        object_at(each, "metadata").pop("managedFields", None)
    return page


def read_outlines(raw: bytes, kind: str) -> Page:
    """The same with only what a scan looks at, in a third of the time.

    A number of more than 64 bits is a float in it, and nothing that is counted is as large.
    """
    import orjson

    try:
        document = orjson.loads(raw)
    except orjson.JSONDecodeError:
        document = None
    # what is no page is reported as such
    return _page_of(document, kind, outline) if document else read_page(raw, kind)


def _page_of(
    document: object, kind: str, keep: Callable[[Object], Object] = lambda each: each
) -> Page:
    items = objects_at(document, "items")
    if member(document, "kind") != f"{kind}List" or (
        items is None and member(document, "items") is not None
    ):
        raise ValueError("kubectl printed no list of objects")
    objects = [{"apiVersion": API_VERSION, "kind": kind, **keep(each)} for each in items or []]
    return Page(objects, text_at(document, "metadata", "continue"))


def is_expired(stderr: str) -> bool:
    """Whether the server no longer knows the list that a token belongs to."""
    return _EXPIRED.search(stderr) is not None


def in_order(value: Any) -> Any:
    """A copy of JSON with the members of each object by name, as `kubectl get -o json` has them."""
    if isinstance(value, dict):
        return {key: in_order(value[key]) for key in sorted(value)}
    return [in_order(each) for each in value] if isinstance(value, list) else value
