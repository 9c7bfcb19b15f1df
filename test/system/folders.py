"""A sessions folder as the durability tests see it: made by hand, read at a glance."""

from __future__ import annotations

import json
import os
import stat
import time
import uuid
from pathlib import Path
from typing import Any

# 2026-01-09T14:30:22Z
BEGIN = 1767969022
MINUTE = 60
HOUR = 60 * MINUTE
DAY = 24 * HOUR


def clock(epoch: float) -> dict[str, str]:
    """The environment in which it is `epoch`, in seconds since 1970."""
    return {"SESSION_CLI_NOW": str(epoch)}


def iso(epoch: float) -> str:
    """`2026-01-09T14:30:22Z`."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(epoch))


def stamp(epoch: float) -> str:
    """`2026-01-09-143022`."""
    return time.strftime("%Y-%m-%d-%H%M%S", time.gmtime(epoch))


def write_snapshot(folder: Path, epoch: float, session_id: str = "", **members: Any) -> Path:
    """A canonical snapshot saved at `epoch`, of the session that begins with it unless told."""
    type_ = members.get("type", "import")
    name = f"{type_}-{stamp(epoch)}"
    state = {
        "version": "1.0",
        "type": type_,
        "session_id": session_id or name,
        "id": str(uuid.uuid5(uuid.NAMESPACE_URL, session_id or name)),
        "created_at": iso(epoch),
        "updated_at": iso(epoch),
        "revision": 1,
        "step": "review",
        **members,
    }
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / f"{name}.json"
    path.write_text(json.dumps(state, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    path.chmod(0o600)
    return path


def point(folder: Path, snapshot: Path, session_id: str = "") -> None:
    """Makes `snapshot` the latest, as a save does."""
    for link, target in [
        (folder / ".import-session", session_id or snapshot.stem),
        (folder / "import-latest.json", snapshot.name),
    ]:
        link.unlink(missing_ok=True)
        link.symlink_to(target)


def tree(folder: Path) -> dict[str, bytes | str]:
    """Everything below `folder`: a file's bytes, a link's target, else what it is."""
    return {str(path.relative_to(folder)): _content(path) for path in sorted(folder.rglob("*"))}


def _content(path: Path) -> bytes | str:
    mode = path.lstat().st_mode
    if stat.S_ISLNK(mode):
        return "-> " + os.readlink(path)
    return path.read_bytes() if stat.S_ISREG(mode) else stat.filemode(mode)[0]


def kept(folder: Path) -> dict[str, bytes | str]:
    """What a person would miss: the pointers, the snapshots, the archive, what was set aside."""
    return {name: content for name, content in tree(folder).items() if _is_kept(Path(name))}


def _is_kept(name: Path) -> bool:
    return not name.name.startswith(".") and name.name != "events.jsonl"
