"""Steps 5 to 7: waits for a worker, waits for a target, and verifies the import."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from session_cli import processes
from session_cli.confighub import inventory
from session_cli.confighub.cub import Cub, NoAnswer, strip_styles
from session_cli.confighub.entities import Target, Worker
from session_cli.confighub.planning import candidate_slugs, failed_slugs, make_plan
from session_cli.errors import Unfinished
from session_cli.progress import Progress
from session_cli.times import elapsed, pause
from session_cli.words import counted
from session_cli.workflow.state import ImportState
from session_cli.workflow.units import app_space_of

Found = TypeVar("Found")

DEFAULT_WORKER = "dev"
POLL_SECONDS = 1
# the timeout of a whole wait, unless somebody sets another
WAIT_SECONDS = 120
# how long a worker that somebody else started may take to connect
STARTING_SECONDS = 10


def connect_worker(
    cub: Cub, state: ImportState, progress: Progress, log_path: str, timeout: float
) -> None:
    """Waits until a worker of the App Space is connected, and starts one if there is none.

    Raises Unfinished after `timeout` seconds, or when the worker that was started exits; NoAnswer
    when ConfigHub did not answer at the end.
    """
    space, known = app_space_of(state), _known_worker(state)
    started = None
    for seconds, workers in _poll(cub, lambda: inventory.workers(cub, space), progress, timeout):
        worker = choose_worker(workers, known)
        slug, condition = (worker.slug, worker.condition) if worker else (known, "not registered")
        progress.bar(int(seconds), int(timeout), f"worker {slug}: {condition or 'unknown'}", "s")
        if worker and worker.is_ready:
            progress.say(f"worker {slug} is connected ({condition})")
            progress.save(_worker_data(slug, "ready", started))
            return
        if started:
            _raise_if_failed(slug, started, log_path)
        elif not _is_starting(worker, seconds) and not _is_running_here(state, space):
            started = processes.start(["cub", "worker", "run", slug, "--space", space], log_path)
            progress.say(f"worker {slug} started (process {started.pid}); its log: {log_path}")
            progress.save(_worker_data(slug, "connecting", started))
    log = f"; its log: {log_path}" if started else ""
    raise Unfinished(
        f"timed out after {timeout:g} s waiting for a worker to connect;"
        f" see 'cub worker list --space {space}'{log}"
    )


def _known_worker(state: ImportState) -> str:
    slug = state.confighub.worker_slug
    return slug if slug[:1].isalnum() else DEFAULT_WORKER


def choose_worker(workers: list[Worker], known: str) -> Worker | None:
    """A connected worker, if possible the known one; else the known one, connected or not."""
    connected = [worker for worker in workers if worker.is_ready]
    if not connected:
        return _find_worker(workers, known)
    return _find_worker(connected, known) or connected[0]


def _is_starting(worker: Worker | None, seconds: float) -> bool:
    """Whether somebody else may have just started it: a second process would disturb it."""
    is_not_ready = worker is not None and worker.condition.lower() == "notready"
    return is_not_ready and seconds < STARTING_SECONDS


def _find_worker(workers: list[Worker], slug: str) -> Worker | None:
    return next((worker for worker in workers if worker.slug == slug), None)


def _worker_data(slug: str, status: str, started: processes.Process | None) -> dict[str, Any]:
    facts: dict[str, Any] = {"worker_slug": slug, "worker_status": status}
    if started:
        facts |= {"worker_pid": started.pid, "worker_host": os.uname().nodename}
    return {"confighub": facts}


def _is_running_here(state: ImportState, space: str) -> bool:
    """Whether the worker that an earlier run started for the space still runs on this machine."""
    pid = state.confighub.worker_pid
    if pid is None or state.confighub.worker_host != os.uname().nodename:
        return False
    try:
        # without -ww, COLUMNS in the environment would cut the command line
        listing = processes.run(["ps", "-ww", "-o", "command=", "-p", str(pid)], timeout=5)
    except (processes.NotInstalled, processes.TimedOut):
        return False
    words = listing.stdout.decode("utf-8", "replace").split()
    return "run" in words and space in words


def _raise_if_failed(slug: str, started: processes.Process, log_path: str) -> None:
    # exit code 0 is no failure: the worker may run on in a process of its own
    if started.poll():
        raise Unfinished(f"worker {slug} exited: {last_line_of(log_path) or 'no output'}")


def last_line_of(path: str) -> str:
    """The last line of a worker's log, masked and printable; "" when there is none."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return processes.last_line(strip_styles(file.read()))
    except OSError:
        return ""


def await_target(cub: Cub, state: ImportState, progress: Progress, timeout: float) -> None:
    """Waits until a target for the cluster is registered.

    Raises Unfinished after `timeout` seconds; NoAnswer when ConfigHub did not answer at the end.
    """
    space, context = app_space_of(state), state.cluster_context or ""
    worker = state.confighub.worker_slug
    found: list[Target] = []
    for seconds, found in _poll(cub, lambda: inventory.targets(cub, space), progress, timeout):
        ours = [target.slug for target in found if target.is_for(context, worker)]
        summary = f"{counted(len(found), 'target')}, {len(ours)} for {context}"
        progress.bar(int(seconds), int(timeout), summary, "s")
        if ours:
            progress.say(f"target {ours[0]} is registered")
            progress.save({"confighub": {"targets": ours}})
            return
    others = ", ".join(target.slug for target in found) or "none"
    raise Unfinished(
        f"timed out after {timeout:g} s waiting for a target for {context} (found: {others})"
    )


def verify(cub: Cub, state: ImportState, progress: Progress) -> None:
    """Checks that the Units, a worker and a target exist; Unfinished when something is missing.

    A Unit that could not be created is not missing: the person continued without it.
    """
    space, context = app_space_of(state), state.cluster_context or ""
    plan = make_plan(state, inventory.list_with_labels(cub, space, candidate_slugs(state)))
    absent = [unit.slug for unit in (*plan.missing, *(each.unit for each in plan.unclear))]
    wanted = [*(unit.slug for unit in plan.existing), *absent]
    failed = failed_slugs(state)
    left_out = [slug for slug in absent if slug in failed]
    missing = [slug for slug in absent if slug not in failed]
    worker = choose_worker(inventory.workers(cub, space), state.confighub.worker_slug)
    slug = worker.slug if worker else ""
    registered = inventory.targets(cub, space)
    targets = [target.slug for target in registered if target.is_for(context, slug)]
    found = len(wanted) - len(missing) - len(left_out)
    without = f", without {', '.join(left_out)}" if left_out else ""
    progress.say(_verdict(not missing, f"{found} of {len(wanted)} Units{without}"))
    is_ready = bool(worker and worker.is_ready)
    worker_line = f"worker {worker.slug}: {worker.condition}" if worker else "no worker"
    progress.say(_verdict(is_ready, worker_line))
    progress.say(_verdict(bool(targets), f"target {targets[0]}" if targets else "no target"))
    problems = [f"Unit {slug} is missing" for slug in missing]
    problems += ["none of its Units could be created"] if wanted and left_out == wanted else []
    problems += [] if is_ready else [worker_line]
    problems += [] if targets else [f"no target for {context}"]
    for complaint in state.scan.partial:
        progress.say(f"! the scan was partial: {complaint}")
    if problems:
        raise Unfinished(f"the import is not complete: {', '.join(problems)}")


def _verdict(is_fine: bool, text: str) -> str:
    return f"{'ok' if is_fine else '!'} {text}"


def _poll(
    cub: Cub, ask: Callable[[], list[Found]], progress: Progress, timeout: float
) -> Iterator[tuple[float, list[Found]]]:
    """Asks until the timeout, at least once; yields the seconds waited so far and the answer.

    A call without an answer is shown, and tried again; after the last one its NoAnswer is raised.
    """
    began = elapsed()
    while True:
        waited = elapsed() - began
        unanswered = None
        try:
            answer = ask()
        except NoAnswer as error:
            unanswered = error
            progress.bar(int(waited), int(timeout), str(error), "s")
        else:
            yield waited, answer
        if waited >= timeout:
            break
        _wait(min(POLL_SECONDS, timeout), cub.tick)
    if unanswered:
        raise unanswered


def _wait(seconds: float, tick: Callable[[], None]) -> None:
    """Waits, and calls `tick` as often as while a program runs: it may raise, to end the wait."""
    until = elapsed() + seconds
    while (left := until - elapsed()) > 0:
        pause(min(left, processes.TICK_SECONDS))
        tick()
