"""Inside a session: the snapshots that need not be kept are removed as it goes on."""

from __future__ import annotations

from session_cli import document as doc
from session_cli.names import parse_name
from session_cli.store.events import log
from session_cli.store.retention import superseded

TYPE_CHECKING = False
if TYPE_CHECKING:
    from session_cli.document import Document
    from session_cli.store.store import Store

# a save has no time for more
AT_MOST = 500
# behind so many snapshots of others there may be thousands of them
OTHERS_IN_A_ROW = 10


def thin_out(store: Store, state: Document, newest: str) -> None:
    """Removes what a session need not keep of its own snapshots, of which `newest` is the last."""
    mine = _stretch(store, state, newest)
    extra = superseded(mine[::-1])
    for name in extra:
        store.folder.remove(name)
    if extra:
        store.folder.sync()
        log(store, "thinned out", state["session_id"], f"{len(extra)} older snapshots")


def _stretch(store: Store, state: Document, newest: str) -> list[str]:
    """The session's snapshots from `newest` back, until there are only those of others.

    Only who wrote in turn with others meets theirs here; what lies behind stays.
    """
    last = parse_name(store.type, newest) or ("", 0)
    mine: list[str] = []
    others = 0
    for name in store.folder.names_since(
        doc.began(store.type, state["session_id"], state), until=last[0]
    ):
        if (parse_name(store.type, name) or last) > last:
            continue
        is_mine = store.session_at(name) == state["session_id"]
        others = 0 if is_mine else others + 1
        mine += [name] if is_mine else []
        if others == OTHERS_IN_A_ROW or len(mine) == AT_MOST:
            break
    return mine
