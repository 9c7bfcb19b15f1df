"""Problems (RFC 9457): what went wrong, as the hub answers it."""

from __future__ import annotations

from collections.abc import Mapping

TITLES = {
    "invalid-json": (400, "The body is not JSON"),
    "invalid-request": (400, "The request cannot be understood"),
    "digest-mismatch": (400, "The body is not what its digest says"),
    "unauthenticated": (401, "Sign in"),
    "forbidden": (403, "Not allowed"),
    "handed-over": (403, "Handed over"),
    "not-found": (404, "Not found"),
    "no-active-session": (404, "No active session"),
    "method-not-allowed": (405, "Method not allowed"),
    "slow-body": (408, "The body came too slowly"),
    "lease-lost": (409, "The lease was lost"),
    "ambiguous-session": (409, "More than one session has this name"),
    "conflict": (409, "It cannot be done in this state"),
    "gone": (410, "Deleted"),
    "version-conflict": (412, "Another version was saved"),
    "too-large": (413, "Too large"),
    "unsupported-media-type": (415, "Media type not supported"),
    "range": (416, "Wrong place in the log"),
    "misdirected": (421, "Not the name of this hub"),
    "invalid-state": (422, "Not a state file"),
    "org-mismatch": (422, "Of another organization"),
    "leased": (423, "Open elsewhere"),
    "precondition-required": (428, "Say which version it replaces"),
    "rate-limited": (429, "Too many requests"),
    "headers-too-large": (431, "The headers are too large"),
    "internal": (500, "The hub failed"),
    "unavailable": (503, "The hub cannot do that now"),
}


class Problem(Exception):
    """An answer that is no success: a slug of TITLES, a sentence to act on, and further members."""

    def __init__(
        self,
        slug: str,
        detail: str,
        *,
        headers: Mapping[str, str] | None = None,
        **members: object,
    ) -> None:
        super().__init__(detail)
        self.slug = slug
        self.status, self.title = TITLES[slug]
        self.detail = detail
        self.headers = dict(headers or {})
        self.members = members

    def body(self, request_id: str) -> dict[str, object]:
        """The members of the problem document."""
        return {
            "type": f"/problems/{self.slug}",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "instance": request_id,
            **self.members,
        }


def not_found() -> Problem:
    """The one answer for what is not there and for what is not shown to the caller."""
    return Problem("not-found", "There is no such session, or it is not shared with you.")
