"""Credentials in DATA, known by their key or their form: they must not reach the disk."""

from __future__ import annotations

TYPE_CHECKING = False  # typing would cost a start more than all of ours
if TYPE_CHECKING:
    from typing import Any

    from session_cli.document import Document

# the last word of a name, however its words are joined: `accessKey`, `ACCESS_KEY`, `accesskey`
CREDENTIALS = tuple(
    "token tokens secret password passwords passwd passphrase authorization cookie cookies"
    " credential credentials kubeconfig apikey apikeys privatekey privatekeys"
    " accesskey accesskeys secretkey secretkeys".split()
)


def without_secrets(data: Document) -> tuple[Document, list[str]]:
    """`data` without its credentials, and the paths (`confighub.token`) of what was dropped."""
    dropped: list[str] = []
    return _clean_object(data, "", dropped), dropped


def _clean_object(members: Document, path: str, dropped: list[str]) -> Document:
    kept = {}
    for key, value in members.items():
        here = f"{path}.{key}" if path else key
        if _is_credential(_name_of(key, members), value):
            dropped.append(here)
        else:
            kept[key] = _clean(key, value, here, dropped)
    return kept


def _name_of(key: str, members: Document) -> str:
    """What a value is named: DB_PASSWORD in `{"name": "DB_PASSWORD", "value": "..."}`."""
    name = members.get("name")
    return name if key == "value" and isinstance(name, str) else key


def _clean(key: str, value: Any, path: str, dropped: list[str]) -> Any:
    if isinstance(value, dict):
        return _clean_object(value, path, dropped)
    if not isinstance(value, list):
        return value
    kept = []
    for index, item in enumerate(value):
        here = f"{path}[{index}]"
        if _is_credential(key, item):
            dropped.append(here)
        else:
            kept.append(_clean(key, item, here, dropped))
    return kept


# `expired 3` in `token: expired 3 minutes ago`: what reads as words is no credential
_WORD = r"(?-i:(?:[A-Z]?[a-z]{1,19}|[A-Z]{1,5})(?:['-][a-z]{1,19}){0,3})"
_WORDS = (
    rf"\s+\(?{_WORD}[.:!?)]*[ \t]+"
    rf"(?:\[hidden\]|[\"'(]?(?:{_WORD}|\d{{1,4}})(?![^\s\"',;:.!?)]))"
)


# what tokens begin with, so that they are found
_ISSUED = (
    r"(?<![\w-])(?:chs?_(?=[\w-]*\d)[\w-]{8,}|gh[oprsu]_\w{20,}|github_pat_\w{20,}"
    r"|glpat-[\w-]{20,}|xox[a-z]-[\w-]{10,}|dckr_pat_[\w-]{20,}|npm_\w{30,}|hv[bs]\.[\w-]{20,}"
    r"|AIza[\w-]{35}|AGE-SECRET-KEY-1\w{20,}|(?:AKIA|ASIA)[A-Z0-9]{16}(?!\w))"
)


def masked(text: str) -> str:
    """`text`, which another program wrote, with `[hidden]` for what looks like a credential."""
    import re

    text = re.sub(
        r"(?i)\b(bearer|basic)(\s+)([\w.~+/-]{6,}=*)",
        lambda found: f"{found[1]}{found[2]}[hidden]" if _is_login(found[0]) else found[0],
        text,
    )
    for pattern, shown in _patterns():
        text = re.sub(pattern, shown, text)
    return text


def _patterns() -> tuple[tuple[str, str], ...]:
    """What a credential looks like in a text, and what is left of it."""
    # not kubeconfig: in messages that is the name of a file
    named = "|".join(each for each in CREDENTIALS if each != "kubeconfig")
    keys = f"{named}|api[_-]key|private[_-]key|access[_-]key"
    return (
        (r"(?s)-----BEGIN [A-Z0-9 ]*PRIVATE KEY.*?(?:-----END[^-]*-----|$)", "[hidden]"),
        (r"(?i)(authorization\W{1,8}(?:bearer|basic)\s+)[\w.~+/-]+=*", r"\1[hidden]"),
        (
            r"(?i)(authorization\\*[\"']?\s*[:=]\s*\\*[\"']?[a-z][\w-]*\s+)"
            rf"(?!{_WORD}(?![\w.~+/=-]))[\w.~+/-]{{8,}}=*",
            r"\1[hidden]",
        ),
        (r"LS0tLS1CRUdJTi[A-Za-z0-9+/=]+(?:\s+[A-Za-z0-9+/]{40,}=*)*", "[hidden]"),
        # `{"auths": ...}`, and in it name and password
        (r"eyJhdXRocy[A-Za-z0-9+/=]+", "[hidden]"),
        (r"(\\*[\"']auth\\*[\"']\s*:\s*\\*[\"'])[A-Za-z0-9+/]{8,}=*", r"\1[hidden]"),
        (_ISSUED, "[hidden]"),
        (r"(?<![\w-])eyJ[\w-]{6,}\.[\w-]{4,}(?:\.[\w-]*)?", "[hidden]"),
        (r"(://[^/?#\s@:]*:)(?!\d+(?:[/?#]|$))\S{1,1000}@(?!sha\d+:)", r"\1[hidden]@"),
        (r"(?i)([?&](?:sig|x-amz-signature)=)[^&\s\"']+", r"\1[hidden]"),
        (
            r"(?i)((?<!\S)(?:-u|--user|--proxy-user)[ \t=]+[\"']?[^\s:\"']{1,100}:)"
            r"(?!\d+(?!\S))[^\s\"']+",
            r"\1[hidden]",
        ),
        (
            r"(?i)(\bcookie\\*[\"']?\s*:\s*\\*[\"']?)[^\s=;,\"'\\]+=[^\r\n\"'\\]+",
            r"\1[hidden]",
        ),
        (
            r"((?<![\w-])[A-Z0-9_]{0,99}_(?:PASS|PWD)\s*=\s*)"
            r"(?!\d+(?!\S))(\\*[\"'])?(?(2)[^\"'\\]+|[^\s\"',;]+)",
            r"\1\2[hidden]",
        ),
        (
            rf"(?i)(\bname\\*[\"']?\s*[:=]\s*\\*[\"']?[\w.-]{{0,200}}(?:{keys})\\*[\"']?"
            r"\s*,?\s*\\*[\"']?value\\*[\"']?\s*[:=]\s*)"
            r"(\\*[\"'])?(?(2)[^\"'\\]+|[^\s\"',;]+)",
            r"\1\2[hidden]",
        ),
        (
            rf"(?i)((?:{keys})\\*[\"']?\s*"
            rf"(?:=|:(?!{_WORDS}))\s*)"
            r"(?!\\*[\"']?(?:\[hidden|bearer\s|basic\s))(\\*[\"'])?(?(2)[^\"'\\]+|[^\s\"',;]+)",
            r"\1\2[hidden]",
        ),
        (
            rf"(?i)((?<![\w-])--(?:[\w-]*[_-])?(?:{keys}))"
            rf"(?!{_WORDS})([ \t]+)(\\*[\"'])?(?(3)[^\"'\\]+|\w[^\s\"',;]*)",
            r"\1\2\3[hidden]",
        ),
    )


def masked_lines(text: str) -> list[str]:
    """The lines of `text` that are not empty, masked."""
    # masked as a whole, because a private key has many lines
    return [line.strip() for line in masked(text).splitlines() if line.strip()]


def _is_credential(key: str, value: Any) -> bool:
    return isinstance(value, str) and value != "" and (_names_credential(key) or _is_secret(value))


def _names_credential(key: str) -> bool:
    return "".join(filter(str.isalpha, key)).lower().endswith(CREDENTIALS)


# Each check below costs an import, so each first tests whether it could find anything.


def _is_secret(value: str) -> bool:
    return (
        _is_private_key(value)
        or _is_web_token(value)
        or _is_url_with_password(value)
        or _is_login(value)
    )


def _is_private_key(value: str) -> bool:
    if "-----BEGIN" not in value and "LS0tLS1CRUdJTi" not in value:
        return False
    import re
    from binascii import a2b_base64

    if re.search(r"(?s)-----BEGIN [A-Z0-9 ]*PRIVATE KEY", value):
        return True
    # as kubeconfig files carry it, after the certificates: base64 of the whole PEM block
    encoded = re.findall(r"LS0tLS1CRUdJTi[A-Za-z0-9+/]{26}", value)
    return any(b"PRIVATE" in a2b_base64(block) for block in encoded)


def _is_web_token(value: str) -> bool:
    if "eyJ" not in value:
        return False
    import re

    # at most one match starts in a word, or a hostile value would take minutes
    return re.search(r"(?<![\w-])eyJ[\w-]{6,}\.[\w-]{4,}\.", value) is not None


def _is_url_with_password(value: str) -> bool:
    if "://" not in value or "@" not in value:
        return False
    import re

    # `http://host:8080/@x` is a port, `docker://alpine:3.19@sha256:...` a tag and a digest
    login = r"://[^/?#\s@:]*:(?!\d+(?:[/?#]|$))[^\s@]+@(?!sha\d+:)"
    return re.search(login, value) is not None


def _is_login(value: str) -> bool:
    lowered = value.lower()
    if "bearer" not in lowered and "basic" not in lowered:
        return False
    import re

    if re.search(r"authorization['\"]?\s*[:=]\s*['\"]?(?:bearer|basic)\s+[\w.~+/-]", lowered):
        return True
    schemes = re.findall(r"\b(bearer|basic)\s+([\w.~+/-]{6,}=*)", value, re.IGNORECASE)
    return any(
        _is_basic(secret) if scheme.lower() == "basic" else _is_bearer(secret)
        for scheme, secret in schemes
    )


def _is_bearer(secret: str) -> bool:
    """Prose such as "bearer token-based" is none: lower case, no digit, of a usual length."""
    return len(secret) > 24 or not secret[1:].islower() or any(map(str.isdigit, secret))


def _is_basic(secret: str) -> bool:
    from binascii import Error, a2b_base64

    try:
        return b":" in a2b_base64(secret.encode())
    except (Error, UnicodeEncodeError):
        return False
