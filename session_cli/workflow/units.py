"""The Units that workloads become in ConfigHub: one each, with its own slug and labels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import chain, count
from typing import NamedTuple

from session_cli.cluster.workloads import Workload
from session_cli.workflow.naming import SLUG_LIMIT, app_of, slugify, suggest_app_space, variant_of
from session_cli.workflow.scan import workload_of
from session_cli.workflow.state import Identity, ImportState, Record

# the labels that identify the workload of a Unit, among those of all clusters
IDENTITY_LABELS = ("namespace", "kind", "workload", "cluster-uid")


class Unit(NamedTuple):
    """A wanted Unit: its slug, its labels, and the record of the workload that it is made of."""

    slug: str
    labels: dict[str, str]
    record: Record


def units_in(state: ImportState) -> list[Unit]:
    """The Units of the chosen workloads, in the App Space that was chosen."""
    return units_of(state, app_space_of(state))


def units_of(state: ImportState, app_space: str) -> list[Unit]:
    """The Units of the chosen workloads, in an App Space of that slug."""
    uid = state.cluster_uid or ""
    return units_for(full_selection(state), unit_slugs(state), app_space, uid)


def app_space_of(state: ImportState) -> str:
    """The slug of the App Space that the person chose, else of the one to suggest."""
    slug = slugify(state.selections.app_space)
    return slug or suggest_app_space([workload_of(record) for record in full_selection(state)])


def full_selection(state: ImportState) -> list[Record]:
    """The chosen workloads with all that the scan found out about them."""
    known = {record.identity: record for record in state.records}
    return [known.get(record.identity, record) for record in state.chosen]


def unit_slugs(state: ImportState) -> dict[Identity, str]:
    """The Unit slugs that the chosen workloads have been given."""
    slugs: dict[str, Identity] = {}
    for record in state.chosen:
        slug = record.unit_slug
        if slug and slugify(slug) == slug:
            # a state edited by hand could give one slug to two workloads
            slugs.setdefault(slug, record.identity)
    return {key: slug for slug, key in slugs.items()}


def units_for(
    records: Sequence[Record],
    given: Mapping[Identity, str],
    app_space: str,
    cluster_uid: str = "",
    taken: Collection[str] = (),
) -> list[Unit]:
    """The Units of the chosen workloads in their order; `given` are the slugs that some have.

    Workloads of the same name have their namespace in the slug, and their kind if need be; so does
    a workload whose name is among the slugs that others have `taken`.
    """
    slugs = slugs_for(records, given, cluster_uid, taken)
    return [
        Unit(slug, labels_for(record, app_space, cluster_uid), record)
        for slug, record in zip(slugs, records, strict=True)
    ]


def slugs_for(
    records: Sequence[Record],
    given: Mapping[Identity, str],
    cluster_uid: str = "",
    taken: Collection[str] = (),
) -> list[str]:
    """The slugs of the Units that `units_for` returns for the same workloads."""
    without = [record for record in records if record.identity not in given]
    slugs = _slugs(without, {*given.values(), *taken}, cluster_uid)
    return [given.get(record.identity) or next(slugs) for record in records]


def possible_slugs(record: Record, cluster_uid: str) -> tuple[str, ...]:
    """The four slugs that the Unit of a workload may get, the shortest first; some may be empty.

    They are its name, that with its namespace, that with its kind, and that with a digest.
    """
    name, pair = slugify(record.name), _slug_with_namespace(record)
    return (name, pair, *_longer_slugs(pair, record, cluster_uid))


def _longer_slugs(pair: str, record: Record, cluster_uid: str) -> Iterator[str]:
    longer = slugify(f"{pair}-{record.kind}")
    yield longer
    yield _slug_with_digest(longer, record, cluster_uid)


def _slugs(records: Sequence[Record], taken: set[str], cluster_uid: str) -> Iterator[str]:
    names = [slugify(record.name) for record in records]
    pairs = [_slug_with_namespace(record) for record in records]
    # a slug that fits two of them identifies neither
    unfit_names, unfit_pairs = _repeated(names), _repeated(pairs)
    for record, name, pair in zip(records, names, pairs, strict=True):
        unfit = {"", name if name in unfit_names else "", pair if pair in unfit_pairs else ""}
        slug = ""
        for slug in chain((name, pair), _longer_slugs(pair, record, cluster_uid)):
            if slug not in unfit and slug not in taken:
                break
        else:
            slug = _slug_with_number(slug, taken)
        taken.add(slug)
        yield slug


def _repeated(slugs: Sequence[str]) -> set[str]:
    return {slug for slug, number in Counter(slugs).items() if number > 1}


def _slug_with_namespace(record: Record) -> str:
    return slugify(f"{record.name}-{record.namespace}")


def _slug_with_digest(slug: str, record: Record, cluster_uid: str) -> str:
    """A slug that no other workload has, not even the same one of another cluster."""
    # imported only here: OpenSSL takes 5 ms to load, and few workloads need a digest
    from hashlib import sha256

    digest = sha256(
        "/".join((*record.identity, cluster_uid)).encode("utf-8", "surrogatepass")
    ).hexdigest()[:8]
    return f"{slug[: SLUG_LIMIT - 9].rstrip('-') or 'unit'}-{digest}"


def _slug_with_number(slug: str, taken: Collection[str]) -> str:
    """The last resort: somebody has copied even the slug with the digest."""
    return next(each for each in (f"{slug[:120]}-{n}" for n in count(2)) if each not in taken)


def is_made_of(labels: Mapping[str, str], wanted: Mapping[str, str]) -> bool | None:
    """Whether a Unit with `labels` was made of the workload whose Unit has the labels `wanted`.

    None when no label differs but some are missing: the cluster may be unknown.
    """
    pairs = [(labels.get(key), wanted.get(key)) for key in IDENTITY_LABELS]
    if any(here and there and here != there for here, there in pairs):
        return False
    return True if all(here and there for here, there in pairs) else None


def names_workload(labels: Mapping[str, str]) -> bool:
    """Whether the labels name a workload, though not always its cluster."""
    return all(labels.get(key) for key in IDENTITY_LABELS[:3])


def made_of(labels: Mapping[str, str]) -> str:
    """The workload that a Unit with these labels was made of, in words; `?` for what is missing."""
    namespace, kind, name = (labels.get(key, "?") for key in IDENTITY_LABELS[:3])
    return f"{kind} {namespace}/{name}"


def labels_for(record: Record, app_space: str, cluster_uid: str) -> dict[str, str]:
    """The labels of a Unit, without empty ones, which ConfigHub refuses."""
    workload = workload_of(record)
    labels = workload.labels
    found = {
        "app": app_of(workload),
        "variant": variant_of(workload, record.path),
        "owner": record.owner,
        "namespace": record.namespace,
        "kind": record.kind,
        "workload": record.name,
        "cluster-uid": cluster_uid,
        "region": labels.get("topology.kubernetes.io/region") or labels.get("region"),
        "tier": labels.get("app.kubernetes.io/component") or labels.get("tier"),
        "team": _team(workload, app_space),
    }
    # cub splits labels at `,` and `=`
    labelled = {
        key: text.replace(",", "-").replace("=", "-").strip("-_./ ")
        for key, text in found.items()
        if text
    }
    return {key: text for key, text in labelled.items() if text}


def _team(workload: Workload, app_space: str) -> str:
    labels = workload.labels
    team = labels.get("team") or labels.get("app.kubernetes.io/part-of")
    return team or app_space.removesuffix("-team")
