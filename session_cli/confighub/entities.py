"""What there is in ConfigHub, as values: the login, Units, workers and targets. Pure."""

from __future__ import annotations

from typing import NamedTuple

from session_cli.workflow.naming import slugify

# the toolchain of most workers, as the slugs of targets spell it
TOOLCHAIN = "kubernetes-yaml"
# the conditions of a worker that is connected, in the words of any release
READY = frozenset(("ready", "connected", "online"))


class Connection(NamedTuple):
    """The login that cub uses; an unknown fact is ""."""

    user: str
    org: str
    org_id: str
    server: str


class Unit(NamedTuple):
    """A Unit; its labels say for which workload we created it, if we did.

    They are None where cub does not let us see them.
    """

    slug: str
    labels: dict[str, str] | None
    status: str = ""


class Worker(NamedTuple):
    """A worker, without what else cub says about it: the row contains its secret."""

    slug: str
    condition: str
    last_seen_at: str

    @property
    def is_ready(self) -> bool:
        """Whether it is connected, whatever this release calls that."""
        return self.condition.lower() in READY


class Target(NamedTuple):
    """A target; `context` is the kube context that it deploys to, "" when it does not say."""

    slug: str
    context: str
    provider: str

    def is_for(self, context: str, worker: str) -> bool:
        """Whether it deploys to the cluster of that kube context.

        A target without a context is known by its slug, which is `<worker>-<context>` or
        `<worker>-kubernetes-yaml-<context>`. All of it must match: `prod` is not `eu-prod`.
        `worker` is the slug of the session's worker; if that runs inside the cluster, its targets
        have `cluster` in place of the context.
        """
        if self.context:
            return self.context == context
        wanted = slugify(context)
        without_worker = self.slug.removeprefix(f"{worker}-") if worker else self.slug
        is_of_worker = without_worker != self.slug
        if is_of_worker and without_worker in ("cluster", f"{TOOLCHAIN}-cluster"):
            return True
        found = self.slug.partition(f"-{TOOLCHAIN}-")[2] or without_worker
        return bool(wanted) and found == wanted
