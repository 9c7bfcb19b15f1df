"""Chooses the fields in the rows of a list: `cub` asks the server for columns, and gets no others.

As in confighub/sdk, folder cmd/cub. Until August 2025 (unit_list.go at 086c266) there is no
`--select`, and all fields come. From then on (the unit_list.go that first has `selectFields`,
dynamic_columns.go: buildSelectList, handleSelectParameter) a list holds what its table shows and
the ids, also as JSON; `--select` names other fields, which come with the ids and the slug, and
`--select "*"` asks for all. The newest (dynamic_columns.go at 07d66be: isSerializedOutput) asks for
all where JSON is printed. `get` has always asked for all (unit_get.go).

The server may answer with more; this answers with the least: what is beside an entity in its row
comes with the column that names it, and empty members are left out, as Go's omitempty does.
"""

from __future__ import annotations

TYPE_CHECKING = False  # typing would slow down every start
if TYPE_CHECKING:
    from typing import Any

    from cub_call import Call

    Row = dict[str, Any]

# as unitBaseSelectFields and its counterparts for other entities
IDS = {
    "Space": "Slug SpaceID OrganizationID",
    "Unit": "Slug UnitID SpaceID OrganizationID",
    "BridgeWorker": "Slug BridgeWorkerID SpaceID OrganizationID Secret",
    "Target": "Slug TargetID SpaceID OrganizationID",
}
# as defaultUnitColumns and its counterparts, with the columns that they depend on
COLUMNS = {
    "Space": "TotalUnitCount TotalBridgeWorkerCount TargetCountByToolchainType",
    "Unit": "SpaceID TargetID HeadRevisionNum LastAppliedRevisionNum ApplyGates"
    " LastChangeDescription",
    "BridgeWorker": "Condition SpaceID LastSeenAt TargetCount",
    "Target": "SpaceID SpaceSlug Labels",
}
# what the release of August 2025 shows in addition
COLUMNS_OF_2025 = {
    "Unit": "LiveRevisionNum UnitStatus.Status",
    "Target": "ProviderType ToolchainType Parameters BridgeWorkerID",
}
# members of a row, each with the column of the entity that it comes with
AROUND = {
    "Space": "SpaceID",
    "Target": "TargetID",
    "BridgeWorker": "BridgeWorkerID",
    "UnitStatus": "UnitStatus.Status",
}


def select_columns(call: Call, kind: str, rows: list[Row], more: dict[str, str]) -> list[Row]:
    """The rows with the selected columns, or with those of the table."""
    asked = call.flag("select")
    if asked == "*":
        return rows
    if not asked:
        columns = call.flag("columns") or f"{COLUMNS[kind]} {more.get(kind, '')}"
        asked = columns.replace(f"{kind}.", "")
    fields = set(asked.replace(",", " ").split()) | set(IDS[kind].split())
    # the column of one label selects all labels
    fields |= {field.partition(".")[0] for field in fields if field.startswith("Labels.")}
    return [_select(row, kind, fields) for row in rows]


def _select(row: Row, kind: str, fields: set[str]) -> Row:
    kept = {key: value for key, value in row.items() if AROUND.get(key, key) in fields}
    inner = row[kind]
    kept[kind] = {key: inner[key] for key in inner if key in fields and inner[key] not in ({}, "")}
    return kept
