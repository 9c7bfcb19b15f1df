"""Steps 5 to 7: a worker that is connected, a target for the cluster, and all of it verified."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any

from session_cli import processes
from session_cli.confighub import inventory
from session_cli.confighub.cub import Cub, NoAnswer, unstyled
from session_cli.confighub.inventory import Target, Worker
from session_cli.confighub.planning import failed_slugs, planned, telling_slugs
from session_cli.errors import Unfinished, printable
from session_cli.progress import Progress
from session_cli.redaction import masked
from session_cli.times import elapsed, pause
from session_cli.workflow.choices import app_space_of

DEFAULT_WORKER = "dev"
POLL_SECONDS = 1
GRACE_SECONDS = 10


def connect_worker(
    cub: Cub, state: Mapping[str, Any], progress: Progress, log_path: str, patience: float
) -> None:
    """Waits until a worker of the App Space is connected, one that we start if there is none.

    Unfinished after `patience` seconds, or when the one that we started ends; the last NoAnswer
    where it is not known whether there is one.
    """
    space, known = app_space_of(state), _known_worker(state)
    started = None
    silence: NoAnswer | None = None
    for seconds in _polls(patience):
        try:
            worker, silence = preferred(inventory.workers(cub, space), known), None
        except NoAnswer as error:
            silence = error
            progress.bar(int(seconds), int(patience), str(error))
            continue
        slug, condition = (worker.slug, worker.condition) if worker else (known, "not registered")
        progress.bar(int(seconds), int(patience), f"worker {slug}: {condition or 'unknown'}")
        if worker and worker.is_ready:
            progress.say(f"worker {slug} is connected ({condition})")
            progress.save(_worker_data(slug, "ready", started))
            return
        if started:
            _refuse_if_failed(slug, started, log_path)
        elif not _may_come_by_itself(worker, seconds) and not _runs_already(state, space):
            started = processes.start(["cub", "worker", "run", slug, "--space", space], log_path)
            progress.say(f"worker {slug} started (process {started.pid}); it says: {log_path}")
            progress.save(_worker_data(slug, "connecting", started))
    if silence:
        raise silence
    said = f"; what it said: {log_path}" if started else ""
    raise Unfinished(
        f"no worker is connected after {patience:g} s; 'cub worker list' shows them{said}"
    )


def _known_worker(state: Mapping[str, Any]) -> str:
    slug = _text(state, "worker_slug")
    return slug if slug[:1].isalnum() else DEFAULT_WORKER


def preferred(workers: list[Worker], known: str) -> Worker | None:
    """A connected worker, the known one first; else the known one, for others are not ours."""
    connected = [worker for worker in workers if worker.is_ready]
    return _named(connected, known) or (connected[0] if connected else _named(workers, known))


def _may_come_by_itself(worker: Worker | None, seconds: float) -> bool:
    """Whether somebody has just started it: a second one would get in its way."""
    is_coming = worker is not None and worker.condition.lower() == "notready"
    return is_coming and seconds < GRACE_SECONDS


def _named(workers: list[Worker], slug: str) -> Worker | None:
    return next((worker for worker in workers if worker.slug == slug), None)


def _worker_data(slug: str, status: str, started: processes.Started | None) -> dict[str, Any]:
    facts: dict[str, Any] = {"worker_slug": slug, "worker_status": status}
    if started:
        facts |= {"worker_pid": started.pid, "worker_host": os.uname().nodename}
    return {"confighub": facts}


def _runs_already(state: Mapping[str, Any], space: str) -> bool:
    """Whether the worker that an earlier run started for the space is at it, on this machine."""
    confighub = state.get("confighub")
    facts = confighub if isinstance(confighub, dict) else {}
    pid = facts.get("worker_pid")
    if type(pid) is not int or facts.get("worker_host") != os.uname().nodename:
        return False
    try:
        # -ww, or a COLUMNS in the environment cuts it short
        told = processes.run(["ps", "-ww", "-o", "command=", "-p", str(pid)], timeout=5)
    except (processes.NotInstalled, processes.TimedOut):
        return False
    words = told.stdout.decode("utf-8", "replace").split()
    return "run" in words and space in words


def _refuse_if_failed(slug: str, started: processes.Started, log_path: str) -> None:
    # one that ended well may have left the work to another process
    if started.poll():
        raise Unfinished(f"worker {slug} ended: {_last_line(log_path)}")


def _last_line(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            said = unstyled(masked(file.read()))
    except OSError:
        said = ""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    return printable(lines[-1]) if lines else "it said nothing"


def await_target(cub: Cub, state: Mapping[str, Any], progress: Progress, patience: float) -> None:
    """Waits until a target for the cluster is registered; Unfinished after `patience` seconds.

    Where it is not known by then whether there is one: the last NoAnswer.
    """
    space, context, worker = app_space_of(state), _context(state), _text(state, "worker_slug")
    others: list[Target] = []
    silence: NoAnswer | None = None
    for seconds in _polls(patience):
        try:
            others, silence = inventory.targets(cub, space), None
        except NoAnswer as error:
            silence = error
            progress.bar(int(seconds), int(patience), str(error))
            continue
        mine = [target.slug for target in others if target.is_for(context, worker)]
        progress.bar(
            int(seconds), int(patience), f"{len(others)} targets, {len(mine)} for {context}"
        )
        if mine:
            progress.say(f"target {mine[0]} is registered")
            progress.save({"confighub": {"targets": mine}})
            return
    if silence:
        raise silence
    there = ", ".join(target.slug for target in others) or "none"
    raise Unfinished(f"no target for {context} after {patience:g} s; there is: {there}")


def verify(cub: Cub, state: Mapping[str, Any], progress: Progress) -> None:
    """Looks whether everything is there that the import was for; Unfinished when it is not.

    A Unit that could not be created does not count: whoever went on without it knows.
    """
    space, context = app_space_of(state), _context(state)
    plan = planned(state, inventory.labelled_units(cub, space, telling_slugs(state)))
    absent = [unit.slug for unit in (*plan.missing, *(each.unit for each in plan.unclear))]
    wanted = [*(unit.slug for unit in plan.there), *absent]
    failed = failed_slugs(state)
    left_out = [slug for slug in absent if slug in failed]
    missing = [slug for slug in absent if slug not in failed]
    worker = preferred(inventory.workers(cub, space), _text(state, "worker_slug"))
    slug = worker.slug if worker else ""
    registered = inventory.targets(cub, space)
    targets = [target.slug for target in registered if target.is_for(context, slug)]
    found = len(wanted) - len(missing) - len(left_out)
    without = f", without {', '.join(left_out)}" if left_out else ""
    progress.say(_verdict(not missing, f"{found} of {len(wanted)} Units{without}"))
    is_ready = bool(worker and worker.is_ready)
    named = f"worker {worker.slug}: {worker.condition}" if worker else "no worker"
    progress.say(_verdict(is_ready, named))
    progress.say(_verdict(bool(targets), f"target {targets[0]}" if targets else "no target"))
    problems = [f"Unit {slug} is missing" for slug in missing]
    problems += ["none of its Units could be created"] if wanted and left_out == wanted else []
    problems += [] if is_ready else [named]
    problems += [] if targets else [f"no target for {context}"]
    for complaint in _partial(state):
        progress.say(f"! the scan was partial: {complaint}")
    if problems:
        raise Unfinished(f"the import is not complete: {', '.join(problems)}")


def _partial(state: Mapping[str, Any]) -> list[str]:
    """What the scan could not list: whatever is of that kind is not in the import."""
    scan = state.get("scan_result")
    complaints = scan.get("partial") if isinstance(scan, dict) else None
    listed = complaints if isinstance(complaints, list) else []
    return [each for each in listed if isinstance(each, str)]


def _verdict(is_fine: bool, text: str) -> str:
    return f"{'ok' if is_fine else '!'} {text}"


def _polls(patience: float) -> Iterator[float]:
    """The seconds waited so far, at each moment to look; at least one."""
    began = elapsed()
    while True:
        waited = elapsed() - began
        yield waited
        if waited >= patience:
            return
        pause(min(POLL_SECONDS, patience))


def _text(state: Mapping[str, Any], key: str) -> str:
    value = _fact(state, key)
    return value if isinstance(value, str) else ""


def _fact(state: Mapping[str, Any], key: str) -> Any:
    confighub = state.get("confighub")
    return confighub.get(key) if isinstance(confighub, dict) else None


def _context(state: Mapping[str, Any]) -> str:
    value = state.get("cluster_context")
    return value if isinstance(value, str) else ""
