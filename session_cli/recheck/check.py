"""What of a session still holds: the cluster and ConfigHub are asked, and compared with it."""

from __future__ import annotations

from collections.abc import Callable

from session_cli.confighub.cub import Cub
from session_cli.progress import Progress
from session_cli.recheck import drift, probe
from session_cli.workflow.state import ImportState

OTHER_CLUSTER = (
    "this session belongs to another cluster; switch back to it with"
    " 'kubectl config use-context', or start a new session with --new"
)
OTHER_LOGIN = (
    "cub is logged in as another user or organization than this session; log in as before"
    " with 'cub auth login', resume it in a terminal, or start a new session with --new"
)


def check(
    state: ImportState,
    context: str | None,
    cub: Cub,
    progress: Progress,
    tick: Callable[[], None],
) -> drift.Drift:
    """Compares the session with what there is now, and reports each item.

    `context` is the kube context that the person named, else the session's own. ConfigHub is asked
    only once the session has come to it.
    """
    cluster = probe.cluster(state, context, progress, tick)
    hub = None
    if drift.is_past(state, "connect") or state.has_confighub:
        hub = probe.confighub(state, cub, progress)
    found = drift.compare(state, cluster, hub)
    for item in found.items:
        progress.say(f"{item.verdict}: {item.words}")
    return found
