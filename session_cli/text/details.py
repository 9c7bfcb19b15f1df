"""What the pane beside a list says of the row under the cursor: a workload, a namespace. Pure."""

from __future__ import annotations

from functools import cached_property

from session_cli.text.columns import Fragment
from session_cli.workflow.choices import workload_id
from session_cli.workflow.state import ImportState, Record

Lines = list[list[Fragment]]


class Details:
    """The details of the workloads in a state; what all of them share is worked out once."""

    def __init__(self, state: ImportState) -> None:
        self._state = state

    @cached_property
    def _records(self) -> dict[str, Record]:
        return {workload_id(record): record for record in self._state.records}

    def of_workload(self, id_: str, width: int) -> Lines:
        """The workload of that id in lines of at most `width` cells; none where it is unknown."""
        record = self._records.get(id_)
        return [[("heading", record.name[:width])]] if record else []

    def of_namespace(self, id_: str, width: int) -> Lines:
        """The namespace of that id, and its workloads, in lines of at most `width` cells."""
        return [[("heading", id_[:width])]]
