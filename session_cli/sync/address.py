"""The address of a hub, and a token for it, as people give them. Pure."""

from __future__ import annotations

from session_cli.errors import BadInput, printable

LONGEST_TOKEN = 4096
EXAMPLE = "https://hub.example"
_PORTS = {"http": "80", "https": "443"}
_NAME = set("abcdefghijklmnopqrstuvwxyz0123456789.-_")
_ADDRESS = set("0123456789abcdef:.")


def parse_url(text: str) -> str:
    """The address of a hub as we keep it: `https://hub.example`, with a port unless the usual one.

    Raises BadInput, which never repeats what may be a password.
    """
    text = text.strip()
    scheme, separator, rest = text.partition("://")
    scheme = scheme.lower()
    if not separator or scheme not in _PORTS:
        shown = "" if "@" in text else f" {printable(text)}"
        raise BadInput(f"the hub's address{shown} does not begin with https://, as in {EXAMPLE}")
    if "@" in rest:
        raise BadInput(f"the hub's address must have no name or password in it, as in {EXAMPLE}")
    place, _, path = rest.partition("/")
    if "?" in rest or "#" in rest:
        raise BadInput(f"the hub's address must have no ? and no # in it, as in {EXAMPLE}")
    host, port = _split_place(place.lower())
    if not host:
        raise BadInput(f"{printable(text)} is not the address of a hub, such as {EXAMPLE}")
    url = f"{scheme}://{host}" + (f":{port}" if port not in ("", _PORTS[scheme]) else "")
    if path.strip("/"):
        raise BadInput(f"{printable(text)} is a page; give the hub's address alone: {url}")
    if scheme == "http" and not is_loopback(host):
        raise BadInput(
            f"{url} is not encrypted, and who listens on the way could sign in as you; use https://"
        )
    return url


def parse_token(text: str) -> str:
    """A token as it is sent, without blanks around it; raises BadInput, which never shows it."""
    token = text.strip()
    if not token:
        raise BadInput("the token is empty")
    if "\n" in token:
        raise BadInput("the token has more than one line")
    if not (token.isascii() and token.isprintable()) or " " in token:
        raise BadInput("the token has characters in it that no token has, such as blanks")
    if len(token) > LONGEST_TOKEN:
        raise BadInput(f"the token is longer than {LONGEST_TOKEN} characters")
    return token


def is_loopback(host: str) -> bool:
    """Whether a host, as `parse_url` keeps it, is this machine whatever name servers say."""
    numbers = host.split(".")
    is_127 = len(numbers) == 4 and numbers[0] == "127" and all(map(_is_byte, numbers))
    return is_127 or host in ("localhost", "[::1]")


def _is_byte(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 3 and int(text) < 256


def _split_place(place: str) -> tuple[str, str]:
    """(host, port) of `hub.example:8443`; an empty host for what is none."""
    if place.startswith("["):
        inner, bracket, rest = place[1:].partition("]")
        is_host = bool(bracket) and ":" in inner and set(inner) <= _ADDRESS
        host = f"[{inner}]"
    else:
        host, colon, rest = place.partition(":")
        is_host = set(host) <= _NAME and host[:1] not in ("", ".", "-") and ".." not in host
        rest = colon + rest
    port = rest[1:]
    is_port = port.isascii() and port.isdigit() and len(port) <= 5 and 0 < int(port) < 65536
    if not is_host or (rest and not (rest[0] == ":" and is_port)):
        return "", ""
    return host, str(int(port)) if port else ""
