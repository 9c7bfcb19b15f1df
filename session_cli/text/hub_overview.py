"""The connection state, as people read it: the way from cub to a target, and the tree of spaces."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
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
from session_cli.text.columns import Fragment, Lines
from session_cli.words import counted, plain

WIDEST_SLUG = 40
WARNINGS_SHOWN = 3
HINT_INDENT, HINT_LABEL = 11, "type: "
SIGN_STYLES = {"✓": "ok", "!": "warn", "✗": "error", "○": "dim", "?": "dim"}
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

    @property
    def is_stuck(self) -> bool:
        """Whether ConfigHub could not be asked."""
        return self.state.problem is not None and not self.is_asking

    def old(self, name: str, words: str) -> Stage:
        """A stage as it was when ConfigHub last answered."""
        is_known = self.state.checked_at is not None
        return Stage("?", name, f"{words}, when it was last asked" if is_known else "unknown")


def journey_lines(state: HubState, now: float, is_asking: bool, width: int) -> list[list[Fragment]]:
    """The lines above the tree: how old it all is, and the stages, each with what to type next."""
    view = View(state, now, is_asking)
    style = "warn" if view.is_stuck else "dim"
    lines = [[(style, row)] for row in _fold(_heading(view), width, 0)]
    for stage in _stages(view):
        first, *others = _fold(f"{stage.sign} {stage.name:8} {stage.words}", width, HINT_INDENT)
        lines += [[(SIGN_STYLES[stage.sign], first[:1]), ("", first[1:])]]
        lines += [[("", row)] for row in others]
        lines += _hint_lines(stage.hint, width) if stage.hint else []
    return lines


def _hint_lines(hint: str, width: int) -> list[list[Fragment]]:
    indent = HINT_INDENT + len(HINT_LABEL)
    rows = _fold(" " * HINT_INDENT + HINT_LABEL + hint, width, indent)
    return [[("dim", row[:indent]), ("accent", row[indent:])] for row in rows]


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
        return Stage("○", "units", words, "session-cli map-import")
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


class Branch(NamedTuple):
    """A row of the tree: its id, the slug of the space that it is in, and how it looks."""

    id: str
    space: str
    line: list[Fragment]


class Tree(Lines):
    """The organization, its spaces, and what is in those that are open, by slug.

    Of those `asked` for what is in them, that is said where it is not known yet.
    """

    def __init__(
        self, state: HubState, opened: Mapping[str, Contents], asked: Collection[str], now: float
    ) -> None:
        branches = _branches(state, opened, asked, now)
        super().__init__([each.id for each in branches], [each.line for each in branches])
        self._spaces = dict(zip(self.ids, (each.space for each in branches), strict=True))

    def space_of(self, id_: str) -> str:
        """The slug of the space that a row is, or is in; "" for none."""
        return self._spaces.get(id_, "")

    def count_in(self, space: str) -> int:
        """How many rows are shown of what is in a space."""
        return sum(each == space for each in self._spaces.values()) - 1

    def texts(self) -> list[str]:
        """The rows as text."""
        widths = self.fit(None)
        return ["".join(text for _, text in self.line(at, widths)) for at in range(len(self))]


def _branches(
    state: HubState, opened: Mapping[str, Contents], asked: Collection[str], now: float
) -> list[Branch]:
    spaces = state.spaces
    slugs = [plain(space.slug) for space in spaces]
    width = min(max(map(len, slugs), default=0), WIDEST_SLUG)
    rows = [_organization(state)] if spaces else []
    for slug, space in zip(slugs, spaces, strict=True):
        inside, is_asked = opened.get(space.slug), space.slug in asked
        sign = "+" if inside is None and not is_asked else "-"
        line = [("accent", f"  {sign} "), ("", f"{slug:{width}}  ")]
        line.append(("dim", _numbers(space, inside)))
        rows.append(Branch(f"space/{slug}", space.slug, line))
        if inside is not None:
            rows += _inside(space.slug, inside, now)
        elif is_asked:
            rows.append(Branch(f"asked/{slug}", space.slug, [("dim", "      asking ...")]))
    return rows


def _organization(state: HubState) -> Branch:
    name, spaces = plain(state.org or "organization"), counted(len(state.spaces), "space")
    return Branch("org", "", [("strong", name), ("dim", f"   {spaces}")])


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


def _inside(space: str, inside: Contents, now: float) -> list[Branch]:
    things = [
        *(("Unit", each.slug, ("", each.status)) for each in inside.units),
        *(("Worker", each.slug, _condition_fragment(each, now)) for each in inside.workers),
        *(("Target", each.slug, ("", _target_words(each))) for each in inside.targets),
    ]
    names = [f"{plain(space)}/{plain(slug)}" for _, slug, _ in things]
    width = min(max(map(len, names), default=0), 2 * WIDEST_SLUG)
    rows = [
        Branch(f"{kind.lower()}/{name}", space, _thing_line(kind, name, width, *words))
        for name, (kind, _, words) in zip(names, things, strict=True)
    ]
    return rows or [Branch(f"nothing/{plain(space)}", space, [("dim", "      empty")])]


def _thing_line(kind: str, name: str, width: int, style: str, words: str) -> list[Fragment]:
    sign = "!" if style == "warn" else " "
    line = [("warn", f"    {sign} "), ("dim", f"{kind:6}"), ("", "  ")]
    if not words:
        return [*line, ("", name)]
    return [*line, ("", f"{name:{width}}  "), (style, words)]


def _condition_fragment(worker: HubWorker, now: float) -> Fragment:
    return "ok" if worker.is_ready else "warn", _condition(worker, now)


def _target_words(target: HubTarget) -> str:
    return ", ".join(filter(None, (target.context, target.provider)))
