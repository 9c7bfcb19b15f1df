"""The choices of a person: what there is to choose from, and what is saved when they have chosen.

Rows are for a list in bash: (id, mark, text), all of it printable ASCII without a tab. The mark is
`x` for chosen beforehand, `-` for not to be chosen, else blank.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from session_cli.errors import BadInput
from session_cli.words import counted, plain
from session_cli.workflow.naming import app_space, slugify
from session_cli.workflow.state import (
    Identity,
    Record,
    count,
    identity,
    records_in,
    selected_in,
    unit_in,
    workload_of,
)
from session_cli.workflow.units import Unit, units_for

WIDEST_COLUMN = 40
NARROWEST_COLUMN = 8
TELLING_COLUMN = 16
LASTING_COLUMN = 18
# where the row of a workload has them
OWNER, REMARK = 3, 5


class Row(NamedTuple):
    """One line of a list."""

    id: str
    mark: str
    text: str


def namespace_rows(state: Mapping[str, Any], room: int | None = None) -> list[Row]:
    """A row for each namespace: its workloads, their owners, how many are not ready."""
    chosen = _chosen_namespaces(state)
    groups: dict[str, list[Record]] = {}
    for record in records_in(state):
        groups.setdefault(record["namespace"], []).append(record)
    cells = [
        (name, counted(len(group), "workload"), _facts(group)) for name, group in groups.items()
    ]
    marks = ["x" if name in chosen else " " for name in groups]
    return _rows(list(groups), marks, cells, room)


def _facts(group: Sequence[Record]) -> str:
    owners = Counter(record["owner"] for record in group)
    told = [f"{owner} {number}" for owner, number in owners.most_common()]
    waiting = sum(not _is_ready(record) for record in group)
    return ", ".join(told + ([f"{waiting} not ready"] if waiting else []))


def workload_rows(state: Mapping[str, Any], room: int | None = None) -> list[Row]:
    """A row for each workload of the chosen namespaces, or of all before any was chosen.

    Chosen beforehand is what the person chose, else all but those that something speaks against.
    """
    marked = _marked(state)
    records = [record for record, _ in marked]
    cells = [_cells(record) for record in records]
    return _rows(
        [workload_id(record) for record in records],
        [mark for _, mark in marked],
        cells,
        room,
        telling=(0, 1),
        lasting=(REMARK, OWNER) if any(map(_against, records)) else (),
    )


def left_out_rows(state: Mapping[str, Any], room: int | None = None) -> list[Row]:
    """A row for each of those workloads that is not chosen since something speaks against it."""
    left = [record for record, mark in _marked(state) if mark != "x" and _against(record)]
    cells = [
        (f"{each['kind']} {each['namespace']}/{each['name']} is left out: {_against(each)}",)
        for each in left
    ]
    return _rows([workload_id(each) for each in left], [" "] * len(left), cells, room)


def _marked(state: Mapping[str, Any]) -> list[tuple[Record, str]]:
    namespaces = _chosen_namespaces(state)
    chosen = {identity(record) for record in selected_in(state)}
    reviewed = _reviewed_namespaces(state)
    return [
        (record, _mark(record, chosen, reviewed))
        for record in records_in(state)
        if not namespaces or record["namespace"] in namespaces
    ]


def _reviewed_namespaces(state: Mapping[str, Any]) -> set[str]:
    """The namespaces whose workloads the person chose from, be it none of them.

    A state that does not say so was chosen from all of its namespaces.
    """
    selections = state.get("selections")
    if not isinstance(selections, dict):
        return set()
    if not isinstance(selections.get("selected_workloads"), list):
        return set()
    reviewed = selections.get("reviewed_namespaces")
    if isinstance(reviewed, list):
        return {name for name in reviewed if isinstance(name, str)}
    return {record["namespace"] for record in records_in(state)}


def _mark(record: Record, chosen: set[Identity], reviewed: set[str]) -> str:
    if record.get("unit"):
        return "-"
    if identity(record) in chosen:
        return "x"
    return " " if record["namespace"] in reviewed or _against(record) else "x"


def _against(record: Record) -> str:
    """Why a workload is not chosen beforehand; empty where nothing speaks against it."""
    unit = unit_in(record)
    if unit:
        return f"already Unit {unit.name}" + (f" in {unit.namespace}" if unit.namespace else "")
    if record.get("terminating"):
        return "terminating"
    return (
        f"made by {record.get('made_by', 'an operator')}" if record["owner"] == "Operator" else ""
    )


def _cells(record: Record) -> tuple[str, ...]:
    return (
        record["namespace"],
        record["name"],
        record["kind"],
        record["owner"],
        _readiness(record),
        _against(record) or ("" if _is_ready(record) else "not ready"),
    )


def readiness_rows(state: Mapping[str, Any], room: int | None = None) -> list[Row]:
    """A row for each workload, how ready it is first: that is seen on a narrow screen, too."""
    records = records_in(state)
    cells = [
        (
            f"{' ' if _is_ready(each) else '!'} {_readiness(each)}",
            *(each[key] for key in ("namespace", "name", "kind", "owner")),
            _against(each),
        )
        for each in records
    ]
    ids = [workload_id(each) for each in records]
    return _rows(ids, [" "] * len(ids), cells, room, telling=(1, 2))


def _readiness(record: Record) -> str:
    return f"{count(record.get('ready'))}/{count(record.get('desired'))}"


def _is_ready(record: Record) -> bool:
    return count(record.get("ready")) >= count(record.get("desired"))


def owner_rows(state: Mapping[str, Any], room: int | None = None) -> list[Row]:
    """A row for each owner, with what it deploys."""
    groups: dict[str, list[Record]] = {}
    for record in records_in(state):
        groups.setdefault(record["owner"], []).append(record)
    ordered = sorted(groups.items(), key=lambda group: -len(group[1]))
    most = max((len(group) for group in groups.values()), default=0)
    cells = [
        (
            owner,
            "#" * max(1, round(20 * len(group) / most)),
            counted(len(group), "workload"),
            counted(len({record["namespace"] for record in group}), "namespace"),
        )
        for owner, group in ordered
    ]
    return _rows([owner for owner, _ in ordered], [" "] * len(ordered), cells, room)


def narrowed(state: Mapping[str, Any], namespace: str | None, owner: str | None) -> dict[str, Any]:
    """The state with those scanned workloads alone that are of the namespace and the owner."""
    if namespace is None and owner is None:
        return dict(state)
    kept = [
        record
        for record in records_in(state)
        if namespace in (None, record["namespace"]) and owner in (None, record["owner"])
    ]
    scan = state.get("scan_result")
    return {**state, "scan_result": {**(scan if isinstance(scan, dict) else {}), "workloads": kept}}


def workload_id(record: Record) -> str:
    """The id of a workload in a list."""
    return plain("/".join(identity(record)))


def with_namespaces(state: Mapping[str, Any], ids: Iterable[str]) -> dict[str, Any]:
    """DATA for the namespaces of those ids.

    What was chosen of their workloads stays so; of a namespace that comes in anew all are.
    """
    names = set(ids)
    known = [record["namespace"] for record in records_in(state)]
    unknown = sorted(names - set(map(plain, known)))
    if unknown:
        raise BadInput(f"no workload was found in namespace {', '.join(unknown)}")
    kept = [record for record in selected_in(state) if plain(record["namespace"]) in names]
    chosen = list(dict.fromkeys(name for name in known if plain(name) in names))
    reviewed = [name for name in chosen if name in _reviewed_namespaces(state)]
    return {
        "selections": {
            "namespaces": chosen,
            "reviewed_namespaces": reviewed or None,
            "selected_workloads": kept if reviewed else None,
        }
    }


def with_workloads(state: Mapping[str, Any], ids: Iterable[str]) -> dict[str, Any]:
    """DATA for the workloads of those ids; one that has a Unit slug already keeps it."""
    wanted = set(ids)
    unknown = sorted(wanted - {workload_id(record) for record in records_in(state)})
    if unknown:
        raise BadInput(f"no workload was found that is called {', '.join(unknown)}")
    slugs = unit_slugs(state)
    chosen = [
        _selected(record, slugs.get(identity(record)))
        for record in records_in(state)
        if workload_id(record) in wanted and not record.get("unit")
    ]
    namespaces = dict.fromkeys(record["namespace"] for record in records_in(state))
    only = _chosen_namespaces(state) or namespaces.keys()
    reviewed = [name for name in namespaces if name in only]
    return {"selections": {"selected_workloads": chosen, "reviewed_namespaces": reviewed}}


def _selected(record: Record, slug: str | None) -> Record:
    selected = {key: record[key] for key in ("namespace", "name", "owner", "kind")}
    return selected | ({"unit": slug} if slug else {})


def unit_slugs(state: Mapping[str, Any]) -> dict[Identity, str]:
    """The Unit slugs that the chosen workloads have been given."""
    slugs: dict[str, Identity] = {}
    for record in selected_in(state):
        slug = record.get("unit")
        if isinstance(slug, str) and slug and slugify(slug) == slug:
            # by hand a state could give one slug to two workloads
            slugs.setdefault(slug, identity(record))
    return {key: slug for slug, key in slugs.items()}


def units_in(state: Mapping[str, Any]) -> list[Unit]:
    """The Units that the chosen workloads are to become, in the App Space that was chosen."""
    return _units(state, app_space_of(state))


def _units(state: Mapping[str, Any], app_space: str) -> list[Unit]:
    uid = state.get("cluster_uid")
    cluster_uid = uid if isinstance(uid, str) else ""
    return units_for(full_selection(state), unit_slugs(state), app_space, cluster_uid)


def full_selection(state: Mapping[str, Any]) -> list[Record]:
    """The chosen workloads with all that the scan told of them."""
    known = {identity(record): record for record in records_in(state)}
    return [known.get(identity(record), record) for record in selected_in(state)]


def app_space_of(state: Mapping[str, Any]) -> str:
    """The App Space that the person chose, else the one that the workloads suggest."""
    selections = state.get("selections")
    said = selections.get("app_space") if isinstance(selections, dict) else None
    slug = slugify(said) if isinstance(said, str) else ""
    return slug or app_space([workload_of(record) for record in full_selection(state)])


def with_app_space(state: Mapping[str, Any], name: str) -> dict[str, Any]:
    """DATA for the App Space of that name, and for the Units that go into it."""
    slug = slugify(name)
    if not slug:
        raise BadInput(f"'{name}' has no letter or digit; an App Space is called like payment-team")
    chosen = [_selected(unit.record, unit.slug) for unit in _units(state, slug)]
    return {"selections": {"app_space": slug, "selected_workloads": chosen}}


def _chosen_namespaces(state: Mapping[str, Any]) -> set[str]:
    selections = state.get("selections")
    names = selections.get("namespaces") if isinstance(selections, dict) else None
    return {name for name in names if isinstance(name, str)} if isinstance(names, list) else set()


def _rows(
    ids: list[str],
    marks: list[str],
    cells: Sequence[tuple[str, ...]],
    room: int | None,
    telling: tuple[int, ...] = (0,),
    lasting: tuple[int, ...] = (),
) -> list[Row]:
    """Rows whose cells stand in columns, all of them within `room` characters if that can be.

    The columns `telling`, by which the rows are told apart, are the last to give way. Those that
    are `lasting` are narrowed first, and left out last, the first of them at the end.
    """
    texts = [[plain(cell) for cell in row] for row in cells]
    natural = [max(map(len, column)) for column in zip(*texts, strict=True)]
    widths = natural if room is None else _fitting(natural, room, telling, lasting)
    return [
        Row(plain(id_), mark, _line(row, widths))
        for id_, mark, row in zip(ids, marks, texts, strict=True)
    ]


def _fitting(
    widths: list[int], room: int, telling: tuple[int, ...], lasting: tuple[int, ...]
) -> list[int]:
    """The widths of the columns: first the others give way, then the `telling` ones a little.

    Where that is not enough the others are left out, the last one first: width 0.
    """
    natural = [min(width, WIDEST_COLUMN) for width in widths]
    others = [place for place in range(len(widths)) if place not in telling + lasting]
    left = [*lasting, *others]
    while True:
        widths = natural.copy()
        _narrow(widths, lasting, LASTING_COLUMN, room)
        _narrow(widths, others, NARROWEST_COLUMN, room)
        _narrow(widths, telling, TELLING_COLUMN, room)
        if _width(widths) <= room:
            return widths
        if not left or left[-1] < max(telling):
            break
        natural[left.pop()] = 0
    _narrow(widths, telling, NARROWEST_COLUMN, room)
    return widths


def _narrow(widths: list[int], places: Sequence[int], least: int, room: int) -> None:
    """Takes from the widest of the columns at `places` until the row fits, or all are at least."""
    while places and _width(widths) > room:
        widest = max(places, key=lambda place: widths[place])
        if widths[widest] <= least:
            break
        widths[widest] -= 1


def _width(widths: Sequence[int]) -> int:
    """Of a row, with two blanks between its columns."""
    shown = [width for width in widths if width]
    return sum(shown) + 2 * (len(shown) - 1)


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    cells = [_cell(text, width) for text, width in zip(row, widths, strict=True) if width]
    return "  ".join(cells).rstrip()


def _cell(text: str, width: int) -> str:
    return text.ljust(width) if len(text) <= width else text[: width - 2] + ".."
