"""The connection state, as people read it: the way from cub to a target, and the tree of spaces."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from textwrap import wrap
from typing import NamedTuple

from session_cli import times
from session_cli.confighub.hub_state import (
    Contents,
    HubSpace,
    HubState,
    HubTarget,
    HubWorker,
)
from session_cli.text.boxes import visible
from session_cli.text.columns import Row
from session_cli.words import counted, plain

WIDEST_SLUG = 40
WARNINGS_SHOWN = 3
HINT_INDENT = 11
# Go writes the year 1 for never
NEVER = "0001-01-01T00:00:00"
CONDITIONS = {
    "disconnected": "disconnected",
    "notready": "not ready",
    "unresponsive": "not responding",
}


class Stage(NamedTuple):
    """A stage of the connection: its sign, what is so, and what to type where it is missing."""

    sign: str
    name: str
    words: str
    hint: str = ""


class View(NamedTuple):
    """What is known, and when it is looked at; `is_asking` while ConfigHub is asked again."""

    state: HubState
    now: float
    is_asking: bool

    @property
    def is_old(self) -> bool:
        """Whether it was not asked just now, so that it is shown as what it was."""
        state = self.state
        return self.is_asking or state.problem is not None or state.checked_at is None

    def old(self, name: str, words: str) -> Stage:
        """A stage as it was when ConfigHub last answered."""
        is_known = self.state.checked_at is not None
        return Stage("?", name, f"{words}, when it was last asked" if is_known else "unknown")


def journey(state: HubState, now: float, is_asking: bool, width: int) -> str:
    """The lines above the tree: how old it all is, and the stages, each with what to type next."""
    view = View(state, now, is_asking)
    lines = _fold(_heading(view), width, 0)
    for stage in _stages(view):
        lines += _fold(f"{stage.sign} {stage.name:8} {stage.words}", width, HINT_INDENT)
        if stage.hint:
            lines += _fold(" " * HINT_INDENT + f"type: {stage.hint}", width, HINT_INDENT + 6)
    return "\n".join(lines)


def _fold(text: str, width: int, indent: int) -> list[str]:
    return wrap(visible(text), width, subsequent_indent=" " * indent, break_on_hyphens=False)


def _heading(view: View) -> str:
    """How old the connection state is, and what is being done about it."""
    checked, problem = view.state.checked_at, view.state.problem
    age = times.ago(times.age(checked, view.now))
    if view.is_asking:
        return f"as of {age}, asking again …" if checked is not None else "asking ConfigHub …"
    if problem is not None:
        old = f"as of {age}" if checked is not None else "nothing is known yet"
        return f"! {old}; cannot ask ConfigHub: {problem}"
    return "nothing is known yet" if checked is None else f"asked {times.minute(checked)} UTC"


def _stages(view: View) -> list[Stage]:
    """The five stages from cub to a target: which are there, and what to type for the others."""
    return [
        _cub(view),
        _login(view),
        _units(view),
        *_workers(view),
        _targets(view),
        *(Stage("!", "", f"partial: {each}") for each in view.state.partial[:WARNINGS_SHOWN]),
    ]


def _cub(view: View) -> Stage:
    has_cub = None if view.is_asking else view.state.has_cub
    if has_cub is False:
        hint = "brew install confighubai/tap/cub, or see https://docs.confighub.com"
        return Stage("✗", "cub", "not installed", hint)
    return Stage("✓", "cub", "installed") if has_cub else Stage("?", "cub", "unknown")


def _login(view: View) -> Stage:
    state = view.state
    authenticated = None if view.is_asking else state.is_authenticated
    at = f" at {state.server}" if state.server else ""
    who = f"{state.user} of {state.org or 'an organization'}{at}"
    if authenticated is True:
        return Stage("✓", "login", who)
    if authenticated is False:
        words = f"not logged in; last login: {who}" if state.user else "none"
        return Stage("✗", "login", words, "cub auth login")
    return Stage("?", "login", f"unknown; last login: {who}" if state.user else "unknown")


def _units(view: View) -> Stage:
    spaces, only = view.state.spaces, view.state.only
    total = sum(space.units or 0 for space in spaces)
    place = f"space {only}" if only is not None else counted(len(spaces), "space")
    words = f"{counted(total, 'Unit')} in {place}"
    if view.is_old:
        return view.old("units", words)
    if not total:
        return Stage("○", "units", words, "./test/atk/map-import")
    return Stage("✓", "units", words)


def _workers(view: View) -> Iterator[Stage]:
    workers = view.state.workers
    waiting = [worker for worker in workers if not worker.is_ready]
    ready = len(workers) - len(waiting)
    words = f"{ready} of {counted(len(workers), 'worker')} ready" if workers else "no worker"
    if view.is_old:
        yield view.old("workers", words)
    elif workers:
        yield Stage("✓" if ready else "!", "workers", words)
    else:
        yield Stage("○", "workers", words, f"cub worker run dev --space {_main_space(view.state)}")
    for worker in waiting[:WARNINGS_SHOWN]:
        again = f"cub worker run {worker.slug} --space {worker.space}"
        words = f"{worker.space}/{worker.slug} is {_condition(worker, view.now)}"
        yield Stage("!", "", words, "" if view.is_old else again)
    if len(waiting) > WARNINGS_SHOWN:
        yield Stage("!", "", f"and {len(waiting) - WARNINGS_SHOWN} more that are not ready")


def _targets(view: View) -> Stage:
    targets = view.state.targets
    contexts = sorted({target.context or target.slug for target in targets})
    more = ", …" if len(contexts) > WARNINGS_SHOWN else ""
    named = f": {', '.join(contexts[:WARNINGS_SHOWN])}{more}" if contexts else ""
    words = f"{counted(len(targets), 'target')}{named}" if targets else "no target"
    if view.is_old:
        return view.old("targets", words)
    if targets:
        return Stage("✓", "targets", words)
    ready = next((worker for worker in view.state.workers if worker.is_ready), None)
    hint = f"cub target list --space {ready.space}" if ready else ""
    return Stage("○", "targets", "no target yet; targets appear once a worker is ready", hint)


def _main_space(state: HubState) -> str:
    """The space that a worker is most likely wanted in: the one with most Units."""
    largest = max(state.spaces, key=lambda space: space.units or 0, default=None)
    return largest.slug if largest and largest.slug else "SPACE"


def _condition(worker: HubWorker, now: float) -> str:
    """The condition of a worker, and for one that is not ready when it was last seen."""
    if worker.is_ready:
        return "ready"
    condition = worker.condition or "in an unknown condition"
    return f"{CONDITIONS.get(condition.lower(), condition)}, {_seen(worker.last_seen_at, now)}"


def _seen(stamp: str, now: float) -> str:
    if stamp.startswith(NEVER):
        return "never seen"
    return f"last seen {times.ago(times.age(times.parse(stamp), now))}"


def tree(state: HubState, opened: Mapping[str, Contents], now: float) -> list[Row]:
    """The organization, its spaces, and what is in those that are open, by slug."""
    spaces = state.spaces
    slugs = [plain(space.slug) for space in spaces]
    width = min(max(map(len, slugs), default=0), WIDEST_SLUG)
    org = plain(state.org or "organization")
    rows = [Row("org", " ", f"{org}   {counted(len(spaces), 'space')}")] if spaces else []
    for slug, space in zip(slugs, spaces, strict=True):
        inside = opened.get(space.slug)
        sign = "+" if inside is None else "-"
        text = f"  {sign} {slug:{width}}  {_numbers(space, inside)}"
        rows.append(Row(f"space/{slug}", " ", text))
        rows += _inside(slug, inside, now) if inside is not None else []
    return rows


def _numbers(space: HubSpace, inside: Contents | None) -> str:
    numbers: dict[str, int | None] = (
        {"Unit": space.units, "worker": space.workers, "target": space.targets}
        if inside is None
        else {
            "Unit": len(inside.units),
            "worker": len(inside.workers),
            "target": len(inside.targets),
        }
    )
    return ", ".join(
        f"? {noun}s" if number is None else counted(number, noun)
        for noun, number in numbers.items()
    )


def _inside(space: str, inside: Contents, now: float) -> list[Row]:
    lines = [
        *((" ", "Unit", each.slug, each.status) for each in inside.units),
        *(
            (" " if each.is_ready else "!", "Worker", each.slug, _condition(each, now))
            for each in inside.workers
        ),
        *((" ", "Target", each.slug, _target_words(each)) for each in inside.targets),
    ]
    names = [f"{space}/{plain(slug)}" for _, _, slug, _ in lines]
    width = min(max(map(len, names), default=0), 2 * WIDEST_SLUG)
    rows = []
    for name, (sign, kind, _, words) in zip(names, lines, strict=True):
        text = f"    {sign} {kind:6}  {name:{width}}  {plain(words)}"
        rows.append(Row(f"{kind.lower()}/{name}", " ", text.rstrip()))
    return rows or [Row(f"nothing/{space}", " ", "      empty")]


def _target_words(target: HubTarget) -> str:
    return ", ".join(filter(None, (target.context, target.provider)))
