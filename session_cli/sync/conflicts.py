"""What was replaced and kept, beside what replaced it, as values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from session_cli.errors import printable
from session_cli.store.conflicts import Kept, list_kept
from session_cli.store.sidecar import Sidecar, find_sidecar, list_sidecars, note_sidecar
from session_cli.sync import plan
from session_cli.sync.copies import hash_of
from session_cli.times import age, now, parse, utc

if TYPE_CHECKING:
    from session_cli.store.latest import Latest


def list_conflicts(store: Latest) -> list[dict[str, Any]]:
    """The copies in `conflicts/`, newest first, as `conflicts --json` prints them; OSError."""
    return [_as_facts(store, each) for each in list_kept(store.folder, store.type)]


def _as_facts(store: Latest, kept: Kept) -> dict[str, Any]:
    """A copy beside what replaced it, as values."""
    sidecar = find_sidecar(store.folder, kept.session_id) if kept.is_session else None
    newest = store.newest_intact(kept.session_id) if kept.is_session else None
    mine, theirs = kept.state if kept.is_session else None, newest.state if newest else None
    who = _who(sidecar, kept.path)
    is_theirs = sidecar is not None and newest is not None and sidecar.is_clean(hash_of(newest.raw))
    lost = plan.known_only_to(mine, theirs) if mine and theirs else []
    return {
        "file": kept.path,
        "kind": "session" if kept.is_session else "data",
        "session_id": kept.session_id,
        "kept_at": utc(kept.at) if kept.at is not None else None,
        "age_seconds": age(kept.at, now()),
        "copy": _side(mine, who.get("mine")),
        # what was saved here since is nobody else's
        "current": _side(theirs, who.get("theirs") if is_theirs else None),
        "only_in_copy": [printable(each) for each in lost],
    }


def _who(sidecar: Sidecar | None, path: str) -> dict[str, Any]:
    """Whose the two sides were when the copy was made."""
    name = path.rpartition("/")[2]
    found = [each for each in sidecar.conflicts if each.get("file") == name] if sidecar else []
    return found[-1] if found else {}


def _side(state: dict[str, Any] | None, who: object) -> dict[str, Any] | None:
    if state is None:
        return None
    whose = who if isinstance(who, dict) else {}
    updated = parse(state.get("updated_at"))
    return {
        "step": state.get("step"),
        "revision": state.get("revision"),
        "updated_at": state.get("updated_at"),
        "age_seconds": age(updated, now()),
        "user": whose.get("user"),
        "device": whose.get("device"),
    }


def mark_as_read(store: Latest) -> None:
    """A conflict that somebody has read needs them no more."""
    for sidecar in list_sidecars(store.folder):
        if sidecar.state == plan.DIVERGED and sidecar.base and sidecar.answer:
            sidecar.answer = {**sidecar.answer, "state": plan.CLEAN}
            note_sidecar(store.folder, sidecar)
