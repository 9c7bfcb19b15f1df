"""The state document as typed values: what a session of any type holds, and what an import does.

What may be anywhere in the file, and how it is checked, is in `members`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import NamedTuple

from session_cli import times
from session_cli.document import revision_of
from session_cli.workflow.members import Members

# (namespace, kind, name): no two workloads of a cluster have the same
Identity = tuple[str, str, str]
# (namespace, name)
Place = tuple[str, str]


class Record(Members):
    """A workload in the state: a scanned one, or a chosen one.

    ImportState returns only records that have a namespace, a known kind, a name and an owner.
    """

    @property
    def namespace(self) -> str:
        return self.text("namespace")

    @property
    def kind(self) -> str:
        return self.text("kind")

    @property
    def name(self) -> str:
        return self.text("name")

    @property
    def owner(self) -> str:
        """One of `cluster.ownership.OWNERS`, unless another program wrote the state."""
        return self.text("owner")

    @property
    def identity(self) -> Identity:
        return self.namespace, self.kind, self.name

    @property
    def place(self) -> Place:
        return self.namespace, self.name

    @property
    def ready(self) -> int:
        """The pods that are ready."""
        return self.number("ready") or 0

    @property
    def desired(self) -> int:
        """The pods that are wanted."""
        return self.number("desired") or 0

    @property
    def is_ready(self) -> bool:
        return self.ready >= self.desired

    @property
    def labels(self) -> dict[str, str]:
        return self.strings("labels")

    @property
    def path(self) -> str:
        """The path in its repository that the owner deploys it from."""
        return self.text("path")

    @property
    def unit(self) -> str:
        """The Unit that a scanned workload already belongs to; "" when it belongs to none.

        Any value but an empty one counts, so that a damaged slug does not make a second Unit.
        """
        value = self.members.get("unit")
        return str(value) if value else ""

    @property
    def unit_space(self) -> str:
        """The space of that Unit, where it is known."""
        return self.text("unit_space")

    @property
    def unit_slug(self) -> str:
        """The slug that the Unit of a chosen workload was given; "" when it has none yet."""
        return self.text("unit")

    @property
    def made_by(self) -> str:
        """The object from which an operator made the workload; "" when it is not known."""
        return self.text("made_by")

    @property
    def is_terminating(self) -> bool:
        return bool(self.members.get("terminating"))


class Scan(Members):
    """What the scan of the cluster found: the member `scan_result`."""

    @cached_property
    def records(self) -> list[Record]:
        """The scanned workloads."""
        return _complete(map(Record, self.objects("workloads")))

    @property
    def detected(self) -> int:
        """How many workloads were found, also where the state has no records of them."""
        return self.count("workloads_detected")

    @property
    def partial(self) -> list[str]:
        """Why the scan is partial: a message for each kind that could not be listed."""
        return self.texts("partial")

    @property
    def scanned_at(self) -> float | None:
        return self.moment("scanned_at")


class Selections(Members):
    """What the person chose: the member `selections`."""

    @property
    def selected_count(self) -> int:
        """How many workloads were chosen, also where the state has no records of them."""
        return self.count("selected_workloads")

    @property
    def namespaces(self) -> set[str]:
        return set(self.texts("namespaces"))

    @property
    def reviewed_namespaces(self) -> set[str] | None:
        """The namespaces whose workloads the person was asked about; None when not recorded."""
        if not self.has_array("reviewed_namespaces"):
            return None
        return set(self.texts("reviewed_namespaces"))

    @property
    def is_reviewed(self) -> bool:
        """Whether the person was asked which workloads to import, even if they chose none."""
        return self.has_array("selected_workloads")

    @property
    def app_space(self) -> str:
        """The App Space that the person named, as they named it."""
        return self.text("app_space")


class Failure(NamedTuple):
    """A Unit that could not be created, and why."""

    unit: str
    why: str


class HubFacts(Members):
    """What an import has recorded about ConfigHub: the member `confighub`."""

    @property
    def user(self) -> str | None:
        return self.text_or_none("user")

    @property
    def org(self) -> str | None:
        return self.text_or_none("org")

    @property
    def org_id(self) -> str | None:
        return self.text_or_none("org_id")

    @property
    def server(self) -> str | None:
        return self.text_or_none("server")

    @property
    def units_created(self) -> list[str]:
        """The slugs of the Units that were created, or found."""
        return self.texts("units_created")

    @property
    def units_pending(self) -> list[str]:
        """The slugs of the Units that were about to be created."""
        return self.texts("units_pending")

    @property
    def units_failed(self) -> list[Failure]:
        failed = map(Members, self.objects("units_failed"))
        return [Failure(each.text("unit"), each.text("why")) for each in failed]

    @property
    def created_count(self) -> int:
        """How many Units were created, also where the state has no slugs of them."""
        return self.count("units_created")

    @property
    def failed_count(self) -> int:
        return self.count("units_failed")

    @property
    def worker_slug(self) -> str:
        return self.text("worker_slug")

    @property
    def worker_status(self) -> str:
        return self.text("worker_status")

    @property
    def worker_pid(self) -> int | None:
        """The process of the worker that this session started, on `worker_host`."""
        return self.number("worker_pid")

    @property
    def worker_host(self) -> str:
        return self.text("worker_host")

    @property
    def targets(self) -> list[str]:
        """The slugs of the targets for the cluster."""
        return self.texts("targets")


class SessionState(Members):
    """The state of a session of any type."""

    @property
    def type(self) -> str:
        return self.text("type") or "import"

    @property
    def session_id(self) -> str:
        return self.text("session_id")

    @property
    def uuid(self) -> str:
        """Its id at a hub; "" where another program saved it, and gave it none."""
        return self.text("id")

    @property
    def step(self) -> str | None:
        return self.text_or_none("step")

    @property
    def revision(self) -> int:
        """How often the session was saved; 0 when that is not known."""
        return revision_of(self.members)

    @property
    def cluster_context(self) -> str | None:
        return self.text_or_none("cluster_context")

    @property
    def log_file(self) -> str:
        return self.text("log_file")

    @property
    def created_at(self) -> float | None:
        return self.moment("created_at")

    @property
    def updated_at(self) -> float | None:
        return self.moment("updated_at")

    @property
    def touched_at(self) -> float | None:
        """When it was last saved or resumed; None when either is not a valid time."""
        return times.latest(self.members.get("updated_at"), self.members.get("resumed_at"))


class ImportState(SessionState):
    """The state of an import."""

    @cached_property
    def scan(self) -> Scan:
        return Scan(self.members.get("scan_result"))

    @cached_property
    def selections(self) -> Selections:
        return Selections(self.members.get("selections"))

    @cached_property
    def confighub(self) -> HubFacts:
        return HubFacts(self.members.get("confighub"))

    @property
    def has_confighub(self) -> bool:
        """Whether the import has recorded anything about ConfigHub."""
        return self.has_object("confighub")

    @property
    def has_error(self) -> bool:
        """Whether a step is recorded that failed, be it this one or another."""
        return self.members.get("error") is not None

    @property
    def error(self) -> str:
        """Why the step that the session is at has failed; "" when it has not."""
        error = Members(self.members.get("error"))
        return error.text("message") if error.text("step") == self.step else ""

    @property
    def cluster_uid(self) -> str | None:
        """The uid of the namespace kube-system, which identifies the cluster."""
        return self.text_or_none("cluster_uid")

    @property
    def records(self) -> list[Record]:
        """The scanned workloads."""
        return self.scan.records

    @cached_property
    def chosen(self) -> list[Record]:
        """The workloads that the person chose.

        The draft records no kind; it is then taken from the scan, else it is a Deployment.
        """
        known = {record.place: record.kind for record in self.records}
        return _complete(
            Record({"kind": known.get(Record(each).place, "Deployment"), "owner": "Native", **each})
            for each in self.selections.objects("selected_workloads")
        )

    @property
    def kindless(self) -> list[Place]:
        """The chosen workloads whose kind is in neither the selection nor the scan."""
        known = {record.place for record in self.records}
        chosen = self.selections.objects("selected_workloads")
        places = [Record(each).place for each in chosen if "kind" not in each]
        return [place for place in places if all(place) and place not in known]

    def with_kinds(self, kinds: Mapping[Place, str]) -> ImportState:
        """The state with these kinds for its chosen workloads."""
        if not kinds:
            return self
        chosen = [
            {**each, "kind": kinds[place]} if (place := Record(each).place) in kinds else each
            for each in self.selections.objects("selected_workloads")
        ]
        return self.replace(selections={**self.selections.members, "selected_workloads": chosen})

    def narrowed(self, namespace: str | None, owner: str | None) -> ImportState:
        """The state with only those scanned workloads that have the namespace and the owner."""
        if namespace is None and owner is None:
            return self
        kept = [
            record.members
            for record in self.records
            if namespace in (None, record.namespace) and owner in (None, record.owner)
        ]
        return self.replace(scan_result={**self.scan.members, "workloads": kept})


def _complete(records: Iterator[Record]) -> list[Record]:
    """Those that have all that a workload needs."""
    # imported only here: most boxes show no workloads, and start sooner without the module
    from session_cli.cluster.workloads import KINDS

    return [each for each in records if all(each.identity) and each.owner and each.kind in KINDS]
