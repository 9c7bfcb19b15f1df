"""The four endpoints of the specification."""

from __future__ import annotations

import http.client

import pytest
from hub.running import SECONDS, SESSIONS, RunningHub, state

from session_hub.routes import ROUTES, Route

READ = [row for row in ROUTES if row.method == "GET"]


def test_a_state_file_comes_back_byte_for_byte(hub: RunningHub) -> None:
    """The number 2^64, an odd order of members, and Unicode."""
    body = '{"step": "scan", "x": 18446744073709551616, "né": "✓",\n "type": "import",'.encode()
    body += (
        b'"version": "1.0", "updated_at": "2026-01-09T14:45:33Z",'
        b' "created_at": "2026-01-09T14:30:22Z"}'
    )
    created = hub.save(body)
    assert created.status == 201
    assert hub.ask("GET", f"{created.headers['location']}/document").body == body
    assert hub.ask("GET", f"{SESSIONS}/current").json()["document"].encode() == body


def test_a_stale_save_is_answered_with_what_stands_there(hub: RunningHub) -> None:
    first = hub.save(state(created_at="2026-02-01T00:00:00Z"))
    second = hub.save(
        state("review", created_at="2026-02-01T00:00:00Z"), If_Match=first.headers["etag"]
    )
    assert second.status == 200
    stale = hub.save(
        state("select", created_at="2026-02-01T00:00:00Z"), If_Match=first.headers["etag"]
    )
    assert stale.status == 412
    assert stale.json()["current"]["step"] == "review"
    assert stale.headers["etag"] == second.headers["etag"]


def told(answer: http.client.HTTPResponse) -> tuple[int, dict[str, str]]:
    """The status, and the headers but those of this one request."""
    of_one_request = ("date", "request-id", "transfer-encoding")
    headers = {name.lower(): value for name, value in answer.getheaders()}
    return answer.status, {n: v for n, v in headers.items() if n not in of_one_request}


@pytest.fixture(scope="module")
def named(hub: RunningHub) -> dict[str, str]:
    """What the paths of the table name: a session with a log, a link to sign in, a file."""
    created = hub.save(state(created_at="2026-05-01T00:00:00Z"))
    log = f"{created.headers['location']}/logs/import.log"
    assert hub.ask("PUT", log, b"a line\n").status == 200
    link = hub.ask("POST", "/api/v1/auth/links").json()["url"]
    return {
        "id": created.json()["id"],
        "n": "1",
        "name": "import.log",
        "code": link.rpartition("/")[2],
    }


@pytest.mark.parametrize("row", READ, ids=lambda row: row.operation)
def test_head_answers_what_get_does_without_a_body(
    hub: RunningHub, named: dict[str, str], row: Route
) -> None:
    """Not a stream either, which would have no end."""
    path, headers = row.path.format(**named), {"Authorization": f"Bearer {hub.token}"}
    connection = http.client.HTTPConnection("127.0.0.1", hub.port, timeout=SECONDS)
    connection.request("HEAD", path, headers=headers)
    head = connection.getresponse()
    head.read()
    # had a body come along, it would be read as the answer to this
    connection.request("GET", path, headers=headers)
    assert told(connection.getresponse()) == told(head)
    connection.close()


def test_allow_names_head_where_there_is_get(hub: RunningHub) -> None:
    refused = hub.ask("PUT", "/healthz")
    assert (refused.status, refused.headers["allow"]) == (405, "GET, HEAD")
    refused = hub.ask("HEAD", "/api/v1/auth/token", token="")
    assert (refused.status, refused.headers["allow"]) == (405, "POST")
