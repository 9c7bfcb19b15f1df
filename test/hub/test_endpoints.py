"""The four endpoints of the specification."""

from __future__ import annotations

from hub.running import SESSIONS, RunningHub, state


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
