"""The connection state as typed values: what `survey` saved of ConfigHub, whatever the file holds.

It is the member `confighub` of a state of the type `confighub`. See `workflow.members` for how it
is read.
"""

from __future__ import annotations

from typing import TypeVar

from session_cli.confighub.entities import READY
from session_cli.workflow.members import Members

Thing = TypeVar("Thing", bound="HubThing")


class HubThing(Members):
    """What has a slug in ConfigHub, and the space that it is in."""

    @property
    def slug(self) -> str:
        return self.text("slug")

    @property
    def space(self) -> str:
        return self.text("space")


class HubUnit(HubThing):
    """A Unit of a space."""

    @property
    def status(self) -> str:
        return self.text("status")


class HubWorker(HubThing):
    """A worker."""

    @property
    def condition(self) -> str:
        return self.text("condition")

    @property
    def last_seen_at(self) -> str:
        """As cub prints it."""
        return self.text("last_seen_at")

    @property
    def is_ready(self) -> bool:
        """Whether it is connected, in the words of any release."""
        return self.condition.lower() in READY


class HubTarget(HubThing):
    """A target."""

    @property
    def context(self) -> str:
        """The kube context that it deploys to, where it says so."""
        return self.text("context")

    @property
    def provider(self) -> str:
        return self.text("provider")


class HubSpace(HubThing):
    """A space and how many things are in it; None where that is not known."""

    @property
    def units(self) -> int | None:
        return self.number("units")

    @property
    def workers(self) -> int | None:
        return self.number("workers")

    @property
    def targets(self) -> int | None:
        return self.number("targets")


class Contents(Members):
    """What is in a space, when it was opened."""

    @property
    def space(self) -> str:
        return self.text("space")

    @property
    def units(self) -> list[HubUnit]:
        return self.things(HubUnit, "units")

    @property
    def workers(self) -> list[HubWorker]:
        return self.things(HubWorker, "workers")

    @property
    def targets(self) -> list[HubTarget]:
        return self.things(HubTarget, "targets")

    def things(self, kind: type[Thing], key: str) -> list[Thing]:
        """The things in the list at `key`; what has no slug has no name to ask cub for."""
        return [thing for thing in map(kind, self.objects(key)) if thing.slug]


class HubState(Contents):
    """What is known of ConfigHub; of its Units only how many there are."""

    @classmethod
    def of(cls, state: Members) -> HubState:
        """The connection state that a state document holds."""
        return cls(state.members.get("confighub"))

    @property
    def has_cub(self) -> bool | None:
        """Whether cub is installed; None where that is not known."""
        return self.flag("has_cub")

    @property
    def is_authenticated(self) -> bool | None:
        """Whether ConfigHub accepted the login; None where that is not known."""
        return self.flag("authenticated")

    @property
    def user(self) -> str:
        return self.text("user")

    @property
    def org(self) -> str:
        """The name of the organization, else its id."""
        return self.text("org") or self.text("org_id")

    @property
    def server(self) -> str:
        return self.text("server")

    @property
    def checked_at(self) -> float | None:
        """When ConfigHub last answered."""
        return self.moment("checked_at")

    @property
    def problem(self) -> str | None:
        """Why ConfigHub could not be asked the last time."""
        return self.text_or_none("problem")

    @property
    def partial(self) -> list[str]:
        """What ConfigHub did not let us see."""
        return self.texts("partial")

    @property
    def only(self) -> str | None:
        """The one space that it is about, if it is not about all of them."""
        return self.text_or_none("only")

    @property
    def spaces(self) -> list[HubSpace]:
        return self.things(HubSpace, "spaces")

    def narrowed(self, only: str | None) -> HubState:
        """What is known of one space, where one is named."""
        if only is None:
            return self
        return HubState(
            {
                **self.members,
                "only": only,
                "spaces": [each.members for each in self.spaces if each.slug == only],
                "workers": [each.members for each in self.workers if each.space == only],
                "targets": [each.members for each in self.targets if each.space == only],
            }
        )
