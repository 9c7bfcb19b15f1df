"""How the latest session stands at the hub, for the verbs that show one; asks nobody."""

from __future__ import annotations

TYPE_CHECKING = False  # typing would cost a start more than all of ours
if TYPE_CHECKING:
    from session_cli.store.latest import Latest
    from session_cli.sync.status import SyncFacts


def latest_facts(latest: Latest) -> SyncFacts | None:
    """None where nobody is signed in, and where there is no healthy session."""
    if not latest.location.is_synced:
        return None
    # loaded only here: who has no hub does not wait for it
    from session_cli.errors import SessionError
    from session_cli.sync.copies import read_latest
    from session_cli.sync.status import sync_facts

    try:
        copy = read_latest(latest)
        return sync_facts(latest.folder, copy) if copy else None
    except (SessionError, OSError):
        # what is wrong with the session itself is said by whoever reads it
        return None
