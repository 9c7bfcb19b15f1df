"""Why the Units of workloads are called as they are, in words."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

from session_cli.words import counted
from session_cli.workflow.choices import CHOSEN, marked_workloads
from session_cli.workflow.naming import slugify
from session_cli.workflow.state import ImportState, Record
from session_cli.workflow.units import full_selection, possible_slugs, slugs_for, unit_slugs


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
        slugs = slugs_for(records, unit_slugs(state), self._uid)
        self._slugs = dict(zip(chosen, slugs, strict=True))
        self._taken = frozenset(slugs)
        self._names = Counter(slugify(record.name) for record in records)

    def name_of(self, record: Record) -> UnitName:
        """The name of the Unit of that workload."""
        possible = list(possible_slugs(record, self._uid))
        slug = self._slugs.get(record.identity)
        namesakes = self._names[possible[0]] - (slug is not None)
        if slug is None:
            slug = self._first_free(possible, namesakes)
        return UnitName(slug, _explain(record, slug, possible, namesakes))

    def _first_free(self, possible: list[str], namesakes: int) -> str:
        """The slug that the workload would get beside those that are chosen."""
        fit = possible[1:] if namesakes else possible
        return next((slug for slug in fit if slug and slug not in self._taken), possible[-1])


def _explain(record: Record, slug: str, possible: list[str], namesakes: int) -> str:
    name, *longer = possible
    if slug == name:
        spelling = "" if record.name == name else " in small letters, digits and hyphens"
        reason = "which it was given first" if namesakes else "which no other chosen workload has"
        return f"the workload's name{spelling}, {reason}"
    if not name:
        reason = "its name has no letter or digit that ConfigHub accepts"
    elif namesakes == 1:
        reason = f"another chosen workload is called {name}"
    elif namesakes:
        reason = f"{counted(namesakes, 'other chosen workload')} are called {name}"
    else:
        reason = f"another Unit is called {name}"
    additions = ("the namespace is", "namespace and kind are", "namespace, kind and a checksum are")
    for each, addition in zip(longer, additions, strict=True):
        if slug == each:
            return f"{reason}, so {addition} added"
    return "the name it was given before"
