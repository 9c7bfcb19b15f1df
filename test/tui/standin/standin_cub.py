"""The demo's `cub` for tests: with the dialects of its releases, with faults, and on record.

All is in $CUB_HOME: `scenario.json` says how to behave and is read afresh by each call.

The dialects, as confighub/sdk has had them in cmd/cub (which fields come: `cub_columns.py`):
  old      before August 2025: `--json` alone, no `--select`, lists hold all fields
  august   August 2025: `--json` alone, lists hold chosen columns, `--select`
  both     with named contexts (context_get.go at 564ca1b): also `-o json`
  new      2026: `--json` is deprecated, `auth status`, no default space, no target parameters
  newest   the same; where JSON is printed lists hold all fields
"""

from __future__ import annotations

import fcntl
import io
import json
import os
import signal
import sys
import time
from importlib.machinery import SourceFileLoader

TYPE_CHECKING = False
if TYPE_CHECKING:
    # an import starts this ten times, and typing takes as long as all that is done then
    from typing import Any

HOME = os.environ.get("CUB_HOME") or sys.exit("CUB_HOME names no folder")
DEMO = os.path.join(os.path.dirname(os.path.realpath(__file__)), "../../atk/demo/cub")
LOCAL_VERBS = ("version", "context get")
UNAUTHENTICATED = "Failed: you must be authenticated to do this: run cub auth login"
EXPIRED = (
    "Failed: HTTP 401 for req abc: authentication problem. Try logging in (again) with"
    " cub auth login"
)
# auth_status.go at 66e558f
TOKEN_EXPIRED = (
    "Failed: not authenticated: access token expired at 2026-01-01T00:00:00Z. Ask the user to run"
    " 'cub auth login' to re-authenticate. This is an interactive browser sign-in that an agent"
    " cannot complete on the user's behalf."
)
# unit_update.go, awaitTriggersRemoval: the Unit is there by then
NO_TRIGGERS = "Failed: triggers didn't execute on unit {}"
UNKNOWN_FLAGS = {
    "old": {"output", "context", "allow-exists", "select"},
    "august": {"output", "context", "allow-exists"},
    "both": set(),
    "new": {"set-context"},
    "newest": {"set-context"},
}


def load_demo() -> Any:
    module = type(sys)("demo_cub")
    module.__file__ = DEMO
    SourceFileLoader(module.__name__, DEMO).exec_module(module)
    return module


demo = load_demo()
# they lie beside it
from cub_call import unknown as unknown_flag  # noqa: E402
from cub_columns import COLUMNS_OF_2025  # noqa: E402


class StandIn(demo.Hub):
    """The demo's hub as the scenario wants it, with no space but its default one."""

    def __init__(self, scenario: dict[str, Any], dialect: str) -> None:
        super().__init__(HOME)
        self.organization = scenario.get("org", self.organization)
        self.user = scenario.get("user", self.user)
        is_new = dialect in ("new", "newest")
        self.default_space = "" if is_new else "default"
        self.data_in_units = not is_new
        self.bare_workers = dialect in ("old", "august")
        self.chooses_columns = dialect not in ("old", "newest")
        self.more_columns = {} if is_new else COLUMNS_OF_2025
        self.lifetime = float(scenario.get("worker_lives", 600))
        self.conditions = scenario.get("conditions", [])
        self.no_targets = scenario.get("no_targets", False)
        self.ready_made = scenario.get("targets")

    def seed(self) -> dict[str, Any]:
        state: dict[str, Any] = {"spaces": {}}
        if self.default_space:
            demo.add_space(self, state, self.default_space, {})
        return state

    def ready_after(self, worker: dict[str, Any]) -> float | None:
        ready = [after for after, condition in self.conditions if condition == "Ready"]
        if self.conditions:
            return min(ready, default=None)
        return super().ready_after(worker)

    def condition(self, worker: dict[str, Any]) -> str:
        age = time.time() - (worker["started"] or worker["created"])
        past = [condition for after, condition in self.conditions if after <= age]
        return past[-1] if past else super().condition(worker)

    def has_target(self, worker: dict[str, Any]) -> bool:
        return not self.no_targets and super().has_target(worker)

    def targets(self, space: dict[str, Any]) -> list[dict[str, Any]]:
        return super().targets(space) if self.ready_made is None else self.ready_made


def record(argv: list[str]) -> None:
    os.makedirs(HOME, exist_ok=True)
    line = json.dumps({"argv": argv, "at": time.time()}) + "\n"
    log = os.open(os.path.join(HOME, "calls.jsonl"), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.write(log, line.encode())
    os.close(log)


def read_scenario() -> dict[str, Any]:
    try:
        with open(os.path.join(HOME, "scenario.json"), "rb") as file:
            return json.load(file)
    except FileNotFoundError:
        return {}


def read_manifest(call: Any) -> bytes | None:
    """Stdin, also written to `manifests/<slug>`; None when the call takes none."""
    if call.verb != "unit create" or call.names[1:2] != ["-"]:
        return None
    manifest = sys.stdin.buffer.read()
    folder = os.path.join(HOME, "manifests")
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, demo.slugify(call.names[0]) or "no-slug"), "wb") as file:
        file.write(manifest)
    return manifest


def refuse_flags(argv: list[str], call: Any, dialect: str, further: list[str]) -> None:
    """What the dialect knows nothing of ends the call; what it merely dislikes, it says."""
    # the first that stands on the line is the one that is named
    unknown = UNKNOWN_FLAGS[dialect] | set(further)
    for name in [name for name in call.flags if name in unknown]:
        shorthand = [word for word in argv if name == "output" and word.startswith("-o")]
        raise unknown_flag(shorthand[0] if shorthand else f"--{name}")
    if "output" in UNKNOWN_FLAGS[dialect] and call.verb == "context get" and "json" in call.flags:
        raise unknown_flag("--json")
    if dialect in ("new", "newest") and "json" in call.flags:
        print("Flag --json has been deprecated, use -o json", file=sys.stderr)


def check_login(login: str, call: Any) -> None:
    if login == "none" and call.verb != "version":
        raise demo.Failure(UNAUTHENTICATED)
    if login == "expired" and call.verb == "auth status":
        raise demo.Failure(TOKEN_EXPIRED)
    if login == "expired" and call.verb not in LOCAL_VERBS:
        raise demo.Failure(EXPIRED)


def count(matches: set[str]) -> dict[str, int]:
    """Which call this is of those that begin with each of `matches`."""
    with open(os.path.join(HOME, "counts.json"), "a+", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        counts: dict[str, int] = json.loads(file.read() or "{}")
        counts.update({match: counts.get(match, 0) + 1 for match in matches})
        file.truncate(0)
        file.write(json.dumps(counts))
    return counts


def due_fault(faults: list[dict[str, Any]], call: Any) -> dict[str, Any]:
    """The first fault meant for this call; {} when it is to go well."""
    mine = [fault for fault in faults if call.words[: len(fault["match"])] == fault["match"]]
    counts = count({" ".join(fault["match"]) for fault in mine}) if mine else {}
    for fault in mine:
        if fault.get("nth") in (None, counts[" ".join(fault["match"])]):
            return fault
    return {}


def hang() -> None:
    sys.stdout.flush()
    while True:
        signal.pause()


def unheard(argv: list[str], hub: StandIn, manifest: bytes | None) -> None:
    """Do all that is asked, and keep the answer."""
    real, sys.stdout = sys.stdout, io.StringIO()
    try:
        demo.main(argv, hub, manifest)
    finally:
        sys.stdout = real


def play(fault: dict[str, Any], argv: list[str], hub: StandIn, manifest: bytes | None) -> int:
    what = fault.get("do")
    if what == "hang-deaf":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if what in ("hang", "hang-deaf"):
        hang()
    if what == "fail":
        print(fault.get("stderr", "Failed: as the scenario wants it"), file=sys.stderr)
        return int(fault.get("code", 1))
    if what == "slow":
        time.sleep(fault["seconds"])
    if what in ("text-after", "die-after"):
        unheard(argv, hub, manifest)
    if what == "die-after":
        hang()
    if what in ("text", "text-after"):
        print(fault["text"])
        return int(fault.get("code", 0))
    if what not in (None, "slow"):
        raise demo.Failure(f"scenario.json: no fault {what}")
    return int(demo.main(argv, hub, manifest))


def act(argv: list[str]) -> int:
    scenario = read_scenario()
    dialect = scenario.get("dialect", "both")
    call = demo.Call(argv)
    refuse_flags(argv, call, dialect, scenario.get("unknown_flags", []))
    is_new = dialect in ("new", "newest")
    if call.verb == "auth login" and (fault := due_fault(scenario.get("faults", []), call)):
        return play(fault, argv, StandIn(scenario, dialect), None)
    if (call.verb == "auth status" and not is_new) or call.verb not in demo.VERBS:
        if not is_new:
            demo.VERBS["auth login"] = demo.VERBS.pop("auth status")
        return int(demo.main(call.words, StandIn(scenario, dialect)))
    manifest = read_manifest(call)
    check_login(scenario.get("login", "ok"), call)
    hub = StandIn(scenario, dialect)
    if scenario.get("triggers") == "stuck" and waits_for_triggers(call):
        unheard(argv, hub, manifest)
        raise demo.Failure(NO_TRIGGERS.format(demo.slugify(call.names[0])))
    return play(due_fault(scenario.get("faults", []), call), argv, hub, manifest)


def waits_for_triggers(call: Any) -> bool:
    """Unless it is told not to."""
    return bool(call.verb == "unit create" and call.flags.get("wait", [""])[-1] != "false")


def main() -> int:
    demo.die_of_signals()
    record(sys.argv[1:])
    try:
        return act(sys.argv[1:])
    except demo.Failure as failure:
        print(failure, file=sys.stderr)
        return 1
