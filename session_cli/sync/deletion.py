"""Whether what was to be deleted here is: only then it is deleted at the hub, too."""

from __future__ import annotations

from typing import TYPE_CHECKING

from session_cli.store.files import exists
from session_cli.store.lock import WriteLock
from session_cli.store.sidecar import set_intent

if TYPE_CHECKING:
    from session_cli.store.latest import Latest
    from session_cli.store.sidecar import Sidecar


def is_deleted_here(latest: Latest, sidecar: Sidecar) -> bool:
    """Whether the session is to be deleted at the hub, because it is here.

    A deletion that failed, or was interrupted before anything went, is forgotten. Raises what the
    write lock raises, and OSError.
    """
    if not sidecar.intent:
        return False
    with WriteLock(latest.folder.path):
        if exists(latest.pending_removal):
            # whoever writes next finishes it
            return False
        newest = latest.newest_intact(sidecar.session_id)
        if newest is None or newest.state.get("id") != sidecar.uuid:
            return True
        set_intent(latest.folder, sidecar, None)
    return False
