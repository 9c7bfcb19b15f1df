"""The connection state, as people read it: the way from cub to a target, and the tree of spaces."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from session_cli import times
from session_cli.confighub.inventory import READY
from session_cli.words import counted, plain
from session_cli.workflow.choices import Row

WIDEST_SLUG = 40
WARNINGS_SHOWN = 3
NEVER = "0001-01-01T00:00:00"
CONDITIONS = {
    "disconnected": "disconnected",
    "notready": "not ready",
    "unresponsive": "not responding",
}

Facts = Mapping[str, Any]


class Stage(NamedTuple):
    """A stage of the connection: its sign, what is so, and what to type where it is missing."""

    sign: str
    name: str
    words: str
    hint: str = ""


def narrowed(facts: Facts, only: str | None) -> Facts:
    """The facts about one space, where one is named."""
    if only is None:
        return facts
    return {
        **facts,
        "only": only,
        "spaces": [each for each in _listed(facts, "spaces") if each.get("slug") == only],
        "workers": [each for each in _listed(facts, "workers") if each.get("space") == only],
        "targets": [each for each in _listed(facts, "targets") if each.get("space") == only],
    }


def heading(facts: Facts, now: float, is_asking: bool) -> str:
    """How old the connection state is, and what is being done about it."""
    checked = times.parse(facts.get("checked_at"))
    problem = facts.get("problem")
    age = times.ago(times.age(checked, now))
    if is_asking:
        return f"as of {age}, asking again …" if checked is not None else "asking ConfigHub …"
    if isinstance(problem, str):
        old = f"as of {age}, for" if checked is not None else "nothing is known, for"
        return f"! {old} ConfigHub could not be asked: {problem}"
    return "nothing is known yet" if checked is None else f"asked {times.minute(checked)} UTC"


def journey(facts: Facts, now: float, is_asking: bool) -> list[Stage]:
    """The five stages from cub to a target: which are there, and what to type for the others.

    What was not asked just now is told as what it was.
    """
    if is_asking:
        facts = {**facts, "has_cub": None, "authenticated": None}
    is_old = is_asking or facts.get("problem") is not None or facts.get("checked_at") is None
    partial = facts.get("partial")
    complaints = partial[:WARNINGS_SHOWN] if isinstance(partial, list) else []
    return [
        _cub(facts),
        _login(facts),
        _units(facts, is_old),
        *_connected(facts, is_old, now),
        *(Stage("!", "", f"partial: {complaint}") for complaint in complaints),
    ]


def _cub(facts: Facts) -> Stage:
    if facts.get("has_cub") is False:
        hint = "brew install confighubai/tap/cub, or see https://docs.confighub.com"
        return Stage("✗", "cub", "not installed", hint)
    return Stage("✓", "cub", "installed") if facts.get("has_cub") else Stage("?", "cub", "unknown")


def _login(facts: Facts) -> Stage:
    user, org = _text(facts, "user"), _text(facts, "org") or _text(facts, "org_id")
    server = _text(facts, "server")
    who = f"{user} of {org or 'an organization'}{f' at {server}' if server else ''}"
    if facts.get("authenticated") is True:
        return Stage("✓", "login", who)
    if facts.get("authenticated") is False:
        return Stage("✗", "login", f"not now; it was {who}" if user else "none", "cub auth login")
    return Stage("?", "login", f"unknown now; it was {who}" if user else "unknown")


def _units(facts: Facts, is_old: bool) -> Stage:
    spaces = _listed(facts, "spaces")
    total = sum(count_of(space.get("units")) or 0 for space in spaces)
    only = facts.get("only")
    place = f"space {only}" if isinstance(only, str) else counted(len(spaces), "space")
    words = f"{counted(total, 'Unit')} in {place}"
    if is_old:
        return _old("units", words, facts)
    if not total:
        return Stage("○", "units", words, "./test/atk/map-import")
    return Stage("✓", "units", words)


def _connected(facts: Facts, is_old: bool, now: float) -> Iterator[Stage]:
    workers, targets = _listed(facts, "workers"), _listed(facts, "targets")
    ready = [worker for worker in workers if is_ready(worker)]
    waiting = [worker for worker in workers if not is_ready(worker)]
    words = f"{len(ready)} of {counted(len(workers), 'worker')} ready" if workers else "no worker"
    start = f"cub worker run dev --space {_main_space(facts)}"
    if is_old:
        yield _old("workers", words, facts)
    elif not workers:
        yield Stage("○", "workers", words, start)
    else:
        yield Stage("✓" if ready else "!", "workers", words)
    for worker in waiting[:WARNINGS_SHOWN]:
        again = f"cub worker run {worker.get('slug')} --space {worker.get('space')}"
        told = f"{worker.get('space')}/{worker.get('slug')} is {condition_words(worker, now)}"
        yield Stage("!", "", told, "" if is_old else again)
    if len(waiting) > WARNINGS_SHOWN:
        yield Stage("!", "", f"and {len(waiting) - WARNINGS_SHOWN} more that are not ready")
    contexts = sorted({str(each.get("context") or each.get("slug")) for each in targets})
    more = ", …" if len(contexts) > WARNINGS_SHOWN else ""
    named = f": {', '.join(contexts[:WARNINGS_SHOWN])}{more}" if contexts else ""
    words = f"{counted(len(targets), 'target')}{named}" if targets else "no target"
    if is_old:
        yield _old("targets", words, facts)
    elif targets:
        yield Stage("✓", "targets", words)
    else:
        hint = "" if not ready else f"cub target list --space {ready[0].get('space')}"
        yield Stage("○", "targets", f"{words}; a worker that is ready brings them", hint)


def _old(name: str, words: str, facts: Facts) -> Stage:
    is_known = facts.get("checked_at") is not None
    return Stage("?", name, f"{words}, when it was last asked" if is_known else "unknown")


def _main_space(facts: Facts) -> str:
    """The space that a worker is most likely wanted in: the one with most Units."""
    spaces = _listed(facts, "spaces")
    largest = max(spaces, key=lambda space: count_of(space.get("units")) or 0, default={})
    return str(largest.get("slug") or "SPACE")


def is_ready(worker: Facts) -> bool:
    """Whether a worker is connected, in the words of any release."""
    return _text(worker, "condition").lower() in READY


def condition_words(worker: Facts, now: float) -> str:
    """The condition of a worker, and for one that is not ready when it was last seen."""
    condition = _text(worker, "condition")
    if is_ready(worker):
        return "ready"
    words = CONDITIONS.get(condition.lower(), condition or "in an unknown condition")
    return f"{words}, {seen(worker.get('last_seen_at'), now)}"


def seen(stamp: object, now: float) -> str:
    """When a worker was last seen; Go writes the year 1 for never."""
    if isinstance(stamp, str) and stamp.startswith(NEVER):
        return "never seen"
    return f"last seen {times.ago(times.age(times.parse(stamp), now))}"


def tree(facts: Facts, opened: Mapping[str, Facts], now: float) -> list[Row]:
    """The organization, its spaces, and what is in those that are open, by slug."""
    spaces = _listed(facts, "spaces")
    slugs = [plain(str(space.get("slug"))) for space in spaces]
    width = min(max(map(len, slugs), default=0), WIDEST_SLUG)
    org = _text(facts, "org") or _text(facts, "org_id") or "organization"
    found = [Row("org", " ", f"{plain(org)}   {counted(len(spaces), 'space')}")] if spaces else []
    for slug, space in zip(slugs, spaces, strict=True):
        inside = opened.get(str(space.get("slug")))
        sign = "+" if inside is None else "-"
        numbers = _numbers(space, inside)
        found.append(Row(f"space/{slug}", " ", f"  {sign} {slug:{width}}  {numbers}"))
        found += _inside(slug, inside, now) if inside is not None else []
    return found


def _numbers(space: Facts, inside: Facts | None) -> str:
    kinds = ("units", "Unit"), ("workers", "worker"), ("targets", "target")
    numbers = [
        (len(_listed(inside, key)) if inside is not None else count_of(space.get(key)), noun)
        for key, noun in kinds
    ]
    return ", ".join(
        f"? {noun}s" if number is None else counted(number, noun) for number, noun in numbers
    )


def _inside(slug: str, inside: Facts, now: float) -> list[Row]:
    told = [
        *(("Unit", each, _text(each, "status")) for each in _listed(inside, "units")),
        *(("Worker", each, condition_words(each, now)) for each in _listed(inside, "workers")),
        *(("Target", each, _target_words(each)) for each in _listed(inside, "targets")),
    ]
    names = [f"{slug}/{plain(_text(each, 'slug'))}" for _, each, _ in told]
    width = min(max(map(len, names), default=0), 2 * WIDEST_SLUG)
    found = []
    for name, (kind, each, words) in zip(names, told, strict=True):
        sign = "!" if kind == "Worker" and not is_ready(each) else " "
        text = f"    {sign} {kind:6}  {name:{width}}  {plain(words)}"
        found.append(Row(f"{kind.lower()}/{name}", " ", text.rstrip()))
    return found or [Row(f"nothing/{slug}", " ", "      there is nothing in it")]


def _target_words(target: Facts) -> str:
    words = (_text(target, "context"), _text(target, "provider"))
    return ", ".join(filter(None, words))


def _text(facts: Facts, key: str) -> str:
    value = facts.get(key)
    return value if isinstance(value, str) else ""


def _listed(facts: Facts, key: str) -> Sequence[dict[str, Any]]:
    value = facts.get(key)
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def count_of(value: object) -> int | None:
    """A number of things; None for what is none."""
    return value if type(value) is int and 0 <= value < 10**9 else None
