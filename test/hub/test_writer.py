"""The writer: what is wrong with one write is no fault of the others."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from session_hub.stores.sqlite import SqliteStore, schema
from session_hub.writer import Statement

GOOD = Statement("set_meta", {"key": "good", "value": "1"})
BAD = {
    "a number that SQLite has no room for": Statement("set_meta", {"key": "n", "value": 2**70}),
    "text that is no Unicode": Statement("set_meta", {"key": "t", "value": "\ud800"}),
    "a statement that is not there": Statement("no such statement", {}),
    "a parameter that is missing": Statement("set_meta", {"key": "p"}),
}


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD.keys())
def test_a_write_that_fails_keeps_no_other_from_being_written(
    tmp_path: Path, bad: Statement
) -> None:
    """Neither beside it, in the same commit, nor after it."""
    schema.migrate(tmp_path)

    async def write() -> None:
        store = SqliteStore(tmp_path)
        try:
            beside, failed = await asyncio.wait_for(
                asyncio.gather(
                    store.writer.put(GOOD), store.writer.put(bad), return_exceptions=True
                ),
                20,
            )
            assert not isinstance(beside, BaseException)
            assert isinstance(failed, Exception)
            after = Statement("set_meta", {"key": "after", "value": "1"})
            await asyncio.wait_for(store.writer.put(after), 20)
            for key in ("good", "after"):
                assert await store.one("find_meta", key=key) is not None
            assert store.writer.is_writable
        finally:
            store.close()

    asyncio.run(write())
