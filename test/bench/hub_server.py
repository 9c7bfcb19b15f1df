"""The hub's application and, in the same process, a bare POST: what `make bench-hub` measures.

Serves the store in a folder until it is stopped.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import uvicorn
import uvloop
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, Router

from session_hub import structured_log
from session_hub.app import Application
from session_hub.buckets import Buckets
from session_hub.metrics import Metrics
from session_hub.serve import Listen, make_hub, settings_for
from session_hub.stores.sqlite import SqliteStore

WITHOUT_LIMIT = 1e9


async def answer(request: Request) -> Response:
    """What any service does at least: reads the body and answers a little JSON."""
    await request.body()
    return Response(b'{"ok":true}', media_type="application/json")


async def main(folder: Path, port: int) -> None:
    """Serves both on one port."""
    store = SqliteStore(folder)
    # as `serve` does: a line is written for each request
    structured_log.start()
    hub = await make_hub(store, settings_for(Listen("127.0.0.1", port), None), Metrics())
    hub.buckets = Buckets(WITHOUT_LIMIT, WITHOUT_LIMIT)
    application = Application(hub)
    bare = Router([Route("/bare", answer, methods=["POST"])])

    async def both(scope, receive, send):  # type: ignore[no-untyped-def]
        await (bare if scope["path"] == "/bare" else application)(scope, receive, send)

    config = uvicorn.Config(
        both,
        port=port,
        log_config=None,
        access_log=False,
        lifespan="off",
        timeout_graceful_shutdown=1,
    )
    await uvicorn.Server(config).serve()
    store.close()


if __name__ == "__main__":
    uvloop.install()
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))
