"""Why the Units of workloads are called as they are, in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from session_cli.workflow.choices import CHOSEN, marked_workloads
from session_cli.workflow.naming import slugify
from session_cli.workflow.state import ImportState, Record
from session_cli.workflow.units import full_selection, possible_slugs, slugs_for, unit_slugs

# what the longer ones of the possible slugs have more than the name
_ADDITIONS = ("the namespace is", "namespace and kind are", "namespace, kind and a checksum are")


class UnitName(NamedTuple):
    """The slug of a Unit, and how it came to be, as a clause without a full stop."""

    slug: str
    why: str


class UnitNames:
    """What the Units of the workloads in a state are called, or would be if they were chosen.

    Chosen are the workloads that the person chose, and those that are marked as chosen by default.
    What all names depend on is worked out once, for tens of thousands of workloads.
    """

    def __init__(self, state: ImportState) -> None:
        chosen = {record.identity: record for record in full_selection(state)}
        for record, mark in marked_workloads(state):
            if mark == CHOSEN:
                chosen.setdefault(record.identity, record)
        records = list(chosen.values())
        self._uid = state.cluster_uid or ""
        self._given = unit_slugs(state)
        slugs = slugs_for(records, self._given, self._uid)
        self._slugs = dict(zip(chosen, slugs, strict=True))
        self._taken = frozenset(slugs)
        # a workload with a slug of its own keeps its name from others only if that is its slug
        self._names = Counter(slugify(record.name) for record in records)
        self._named = Counter(
            slugify(record.name) for record in records if record.identity in self._given
        )

    def name_of(self, record: Record) -> UnitName:
        """The name of the Unit of that workload.

        Of a workload that is not chosen it is the one to expect: which workloads are chosen later
        may change it.
        """
        possible = possible_slugs(record, self._uid)
        chosen_slug = self._slugs.get(record.identity)
        namesakes = self._names[possible[0]] - (chosen_slug is not None)
        slug = chosen_slug or self._first_free(possible)
        is_given = record.identity in self._given
        return UnitName(slug, _explain(record.name, slug, possible, namesakes, is_given))

    def _first_free(self, possible: Sequence[str]) -> str:
        """The slug that the workload would get beside those that are chosen."""
        name = possible[0]
        has_rival = self._names[name] > self._named[name]
        fit = possible[1:] if has_rival else possible
        return next((slug for slug in fit if slug and slug not in self._taken), possible[-1])


def _explain(name: str, slug: str, possible: Sequence[str], namesakes: int, is_given: bool) -> str:
    """How a workload of that name got the slug of its Unit, one of the `possible` ones or not.

    `namesakes` counts the other chosen workloads of the name; a slug that was given is in the state
    already.
    """
    short, *longer = possible
    if slug == short:
        spelling = "" if name == short else " in small letters, digits and hyphens"
        return f"the workload's name{spelling}, {_explain_short(namesakes, is_given)}"
    for each, addition in zip(longer, _ADDITIONS, strict=True):
        if slug == each:
            return f"{_explain_longer(short, namesakes)}, so {addition} added"
    return "the name it was given before" if is_given else "all of its other names are taken"


def _explain_short(namesakes: int, is_given: bool) -> str:
    if not namesakes:
        return "which no other chosen workload has"
    return "which it was given first" if is_given else "which no other Unit has"


def _explain_longer(short: str, namesakes: int) -> str:
    if not short:
        return "its name has no letter or digit that ConfigHub accepts"
    if namesakes == 1:
        return f"another chosen workload is called {short}"
    if namesakes:
        return f"{namesakes} other chosen workloads are called {short}"
    return f"another Unit is called {short}"
