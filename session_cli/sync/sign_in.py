"""Signs this device in by a code that a person types on the hub's page (RFC 8628)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from session_cli.errors import BadInput, Refused, SignedOut
from session_cli.sync.address import parse_token
from session_cli.sync.remote import HubUnavailable, say
from session_cli.times import elapsed, pause

if TYPE_CHECKING:
    from collections.abc import Callable

    from session_cli.sync.device import Device
    from session_cli.sync.remote import Answer, Remote

GRANT_TYPE = "urn:ietf:params:oauth:grant-type:device_code"
SLOWER_BY = 5
LONGEST_INTERVAL = 60
LONGEST_WAIT = 30 * 60
LONGEST_TEXT = 500


class Offer(NamedTuple):
    """What a person needs to let the device in: the page, and the code to type there.

    `secret` is what the device asks with, every `interval` seconds for at most `life` seconds. All
    of it is the hub's word, and may hold anything.
    """

    page: str
    code: str
    secret: str
    interval: int
    life: int


def begin(remote: Remote, device: Device) -> Offer:
    """Asks the hub for a code; raises HubUnavailable where it gives none."""
    answer = remote.send_form("/api/v1/auth/device", {"device_name": device.name})
    page, code, secret = (
        answer.body.get(key) for key in ("verification_uri", "user_code", "device_code")
    )
    if answer.status != 200 or not (_is_text(page) and _is_text(code) and _is_text(secret)):
        why = say(answer) if answer.status != 200 else "it names no page or no code"
        raise HubUnavailable(f"{remote.url} lets no device sign in now: {why}")
    return Offer(
        str(page),
        str(code),
        str(secret),
        _within(answer.body.get("interval"), 5, LONGEST_INTERVAL),
        _within(answer.body.get("expires_in"), 600, LONGEST_WAIT),
    )


def wait_for_token(remote: Remote, offer: Offer, warn: Callable[[str], None]) -> str:
    """The token, once the person has let the device in; `warn` prints what is in the way meanwhile.

    Raises Refused when they denied it, SignedOut when nobody answered in time, HubUnavailable when
    the hub was away by then.
    """
    until, interval = elapsed() + offer.life, offer.interval
    away: HubUnavailable | None = None
    while elapsed() + interval < until:
        pause(interval)
        try:
            answer = _ask(remote, offer)
        except HubUnavailable as error:
            if away is None:
                warn(f"{error}; waiting for it")
            away = error
            continue
        away = None
        if answer.status == 200:
            return _token_of(remote, answer)
        error_code = answer.body.get("error")
        if error_code == "slow_down" or answer.status == 429:
            interval = min(interval + SLOWER_BY, LONGEST_INTERVAL)
        elif error_code != "authorization_pending":
            raise _refusal(remote, answer)
    raise away or _expired(remote)


def revoke(remote: Remote, token: str) -> None:
    """Ends the token at the hub, which answers alike where it has ended already."""
    answer = remote.send_form("/api/v1/auth/revoke", {"token": token})
    if answer.status != 200:
        raise HubUnavailable(f"{remote.url} did not end the token: {say(answer)}")


def _ask(remote: Remote, offer: Offer) -> Answer:
    return remote.send_form(
        "/api/v1/auth/token", {"grant_type": GRANT_TYPE, "device_code": offer.secret}
    )


def _token_of(remote: Remote, answer: Answer) -> str:
    token = answer.body.get("access_token")
    try:
        return parse_token(token if isinstance(token, str) else "")
    except BadInput as error:
        raise HubUnavailable(f"{remote.url} gave no token that can be used: {error}") from None


def _refusal(remote: Remote, answer: Answer) -> Exception:
    error_code = answer.body.get("error")
    if error_code == "access_denied":
        return Refused(f"not signed in: somebody denied it on the page of {remote.url}")
    if error_code == "expired_token":
        return _expired(remote)
    return HubUnavailable(f"{remote.url} does not let this device sign in: {say(answer)}")


def _expired(remote: Remote) -> SignedOut:
    return SignedOut(
        "not signed in: nobody typed the code on the page in time; try again with"
        f" 'session-cli login {remote.url}'"
    )


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= LONGEST_TEXT


def _within(value: Any, usual: int, most: int) -> int:
    """A number of seconds that the hub named, within reason."""
    return min(max(value, 1), most) if type(value) is int else usual
