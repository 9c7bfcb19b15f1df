"""The demo's ConfigHub: spaces, Units, workers and targets, all in one file."""

from __future__ import annotations

import binascii
import fcntl
import json
import os
import re
import time

TYPE_CHECKING = False  # typing would slow down every start
if TYPE_CHECKING:
    from types import TracebackType
    from typing import Any, ClassVar

    Row = dict[str, Any]

NEVER = "0001-01-01T00:00:00Z"
READY_AFTER = 1.5
TARGET_AFTER = 1.5
LONGEST_SLUG = 128


class Failure(Exception):
    """Ends a call: a line for stderr, and exit code 1."""


def refused(code: int, message: str) -> Failure:
    return Failure(f"Failed: HTTP {code} for req {os.urandom(8).hex()}: {message}")


class Hub:
    """The organization, and how workers behave: everything that is not in the state file."""

    organization = "acme-corp"
    external_id = "org_01DEMO"
    organization_id = "5f1c9a52-6f0b-4b43-a1d4-0c3a7a7a9d10"
    user = "user@example.com"
    server = "https://hub.confighub.com"
    default_space = ""
    data_in_units = False
    bare_workers = False
    chooses_columns = True
    more_columns: ClassVar[dict[str, str]] = {}

    def __init__(self, home: str) -> None:
        if not home:
            raise Failure("Failed: DEMO_HOME is not set; it names the folder of the demo")
        self.home = home
        self.context = os.environ.get("DEMO_CONTEXT") or "kind-demo"
        self.lifetime = float(os.environ.get("DEMO_WORKER_SECONDS") or "inf")

    def seed(self) -> Row:
        """The two spaces and the one Unit that workloads of the demo cluster refer to."""
        state: Row = {"spaces": {}}
        for slug in ("order-team", "platform-team"):
            add_space(self, state, slug, {})
        add_unit(self, state["spaces"]["order-team"], "order-refunds", {"app": "order"}, b"")
        return state

    def ready_after(self, worker: Row) -> float | None:
        """How many seconds a worker runs before it is Ready; None means never."""
        return READY_AFTER

    def condition(self, worker: Row) -> str:
        if worker["started"] is None or worker["stopped"] is not None:
            return "Disconnected"
        ready = self.ready_after(worker)
        up = ready is not None and time.time() - worker["started"] >= ready
        return "Ready" if up else "NotReady"

    def has_target(self, worker: Row) -> bool:
        """A target is registered while its worker runs, and stays afterwards."""
        ready = self.ready_after(worker)
        if worker["has_target"] or worker["started"] is None or ready is None:
            return bool(worker["has_target"])
        ran = (worker["stopped"] or time.time()) - worker["started"]
        return bool(ran >= ready + TARGET_AFTER)

    def targets(self, space: Row) -> list[Row]:
        workers = space["workers"].values()
        return [target_row(self, space, worker) for worker in workers if self.has_target(worker)]

    def pulse(self, worker: Row) -> str:
        """The file that a running worker keeps locked; the lock ends however the worker ends."""
        return os.path.join(self.home, f"worker-{worker['id']}.alive")


class State:
    """The state file under its lock; written when the block succeeds and has changed the state."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self.path = os.path.join(hub.home, "confighub.json")

    def __enter__(self) -> Row:
        os.makedirs(self.hub.home, mode=0o700, exist_ok=True)
        self.lock = os.open(f"{self.path}.lock", os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(self.lock, fcntl.LOCK_EX)
        try:
            self.before, self.state = self._read()
        except Failure:
            os.close(self.lock)
            raise
        for space in self.state["spaces"].values():
            for worker in space["workers"].values():
                self._notice_death(worker)
        return self.state

    def _read(self) -> tuple[str, Row]:
        try:
            with open(self.path, encoding="utf-8") as file:
                text = file.read()
            return text, json.loads(text)
        except FileNotFoundError:
            return "", self.hub.seed()
        except ValueError as error:
            raise Failure(f"Failed: {self.path}: {error}") from None

    def _notice_death(self, worker: Row) -> None:
        if worker["started"] is None or worker["stopped"] is not None:
            return
        pulse = os.open(self.hub.pulse(worker), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(pulse, fcntl.LOCK_EX | fcntl.LOCK_NB)
            worker["stopped"] = time.time()
        except BlockingIOError:
            pass
        finally:
            os.close(pulse)

    def __exit__(
        self, kind: type[BaseException] | None, error: object, trace: TracebackType | None
    ) -> None:
        text = json.dumps(self.state, indent=1)
        if kind is None and text != self.before:
            with open(f"{self.path}.new", "w", encoding="utf-8") as file:
                file.write(text)
            os.replace(f"{self.path}.new", self.path)
        os.close(self.lock)


def slugify(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def new_slug(text: str, kind: str, taken: Row) -> str:
    slug = slugify(text)
    if not slug or len(slug) > LONGEST_SLUG:
        raise refused(400, f"invalid {kind} slug {text!r}")
    if slug in taken:
        raise refused(400, f"{kind} {slug} already exists")
    return slug


def new_id() -> str:
    digits = os.urandom(16).hex()
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"


def date(seconds: float | None) -> str:
    return NEVER if seconds is None else time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def add_space(hub: Hub, state: Row, name: str, labels: dict[str, str]) -> Row:
    slug = new_slug(name, "space", state["spaces"])
    space = {
        "SpaceID": new_id(),
        "Slug": slug,
        "DisplayName": name,
        "OrganizationID": hub.organization_id,
        "Labels": labels,
        "CreatedAt": date(time.time()),
    }
    state["spaces"][slug] = {"Space": space, "units": {}, "workers": {}}
    return space


def add_unit(hub: Hub, space: Row, name: str, labels: dict[str, str], manifest: bytes) -> Row:
    slug = new_slug(name, "unit", space["units"])
    unit = {
        "UnitID": new_id(),
        "Slug": slug,
        "DisplayName": name,
        "SpaceID": space["Space"]["SpaceID"],
        "OrganizationID": hub.organization_id,
        "Labels": labels,
        "ToolchainType": "Kubernetes/YAML",
        "HeadRevisionNum": 1,
        "LiveRevisionNum": 0,
        "LastAppliedRevisionNum": 0,
        "CreatedAt": date(time.time()),
        "Data": binascii.b2a_base64(manifest, newline=False).decode(),
    }
    space["units"][slug] = unit
    return unit


def add_worker(space: Row, name: str) -> Row:
    slug = new_slug(name, "bridgeworker", space["workers"])
    worker = {"slug": slug, "id": new_id(), "secret": f"ch_{os.urandom(16).hex()}"}
    worker |= {"target_id": new_id(), "created": time.time(), "has_target": False}
    space["workers"][slug] = {**worker, "started": None, "stopped": None}
    return space["workers"][slug]


def space_row(hub: Hub, space: Row) -> Row:
    targets = len(hub.targets(space))
    return {
        "Space": space["Space"],
        "TotalUnitCount": len(space["units"]),
        "TotalBridgeWorkerCount": len(space["workers"]),
        "TargetCountByToolchainType": {"Kubernetes/YAML": targets} if targets else {},
        "GatedUnitCount": 0,
        "UpgradableUnitCount": 0,
        "UnappliedUnitCount": len(space["units"]),
    }


def bare_unit(hub: Hub, unit: Row) -> Row:
    return {key: value for key, value in unit.items() if key != "Data" or hub.data_in_units}


def unit_row(hub: Hub, space: Row, unit: Row) -> Row:
    row = {"Unit": bare_unit(hub, unit), "Space": {"Slug": space["Space"]["Slug"]}}
    row["UnitStatus"] = {"Status": "", "Drift": "", "Action": "", "ActionResult": ""}
    for target in hub.targets(space):
        if target["Target"]["TargetID"] == unit.get("TargetID"):
            row["Target"] = target["Target"]
    return row


def bare_worker(hub: Hub, space: Row, worker: Row, secret: str) -> Row:
    alive = worker["started"] is not None and worker["stopped"] is None
    return {
        "BridgeWorkerID": worker["id"],
        "Slug": worker["slug"],
        "SpaceID": space["Space"]["SpaceID"],
        "OrganizationID": hub.organization_id,
        "Condition": hub.condition(worker),
        "LastSeenAt": date(time.time() if alive else worker["stopped"]),
        "LastMessage": "",
        "IPAddress": "127.0.0.1" if worker["started"] else "",
        "Secret": secret,
        "CreatedAt": date(worker["created"]),
    }


def worker_row(hub: Hub, space: Row, worker: Row, secret: str) -> Row:
    return {
        "BridgeWorker": bare_worker(hub, space, worker, secret),
        "Space": {"Slug": space["Space"]["Slug"]},
        "TargetCount": int(hub.has_target(worker)),
    }


def target_row(hub: Hub, space: Row, worker: Row) -> Row:
    target = {
        "TargetID": worker["target_id"],
        "Slug": f"{worker['slug']}-kubernetes-yaml-{slugify(hub.context)}",
        "SpaceID": space["Space"]["SpaceID"],
        "ProviderType": "Kubernetes",
        "ToolchainType": "Kubernetes/YAML",
        "Parameters": json.dumps({"KubeContext": hub.context, "WaitTimeout": "2m0s"}),
        "BridgeWorkerID": worker["id"],
    }
    slug = space["Space"]["Slug"]
    return {"Target": target, "BridgeWorker": {"Slug": worker["slug"]}, "Space": {"Slug": slug}}
