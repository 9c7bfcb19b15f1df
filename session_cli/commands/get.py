"""Prints one value of the state."""

from __future__ import annotations

import json
from typing import Any

import click
import jmespath
from jmespath.exceptions import JMESPathError

from session_cli import console
from session_cli import document as doc
from session_cli.errors import Absent, BadInput, printable
from session_cli.store import Location
from session_cli.store.latest import Latest
from session_cli.words import escaped


@click.command("get", short_help="Print one value of the state.")
@click.argument("path")
@click.option("--raw", "form", flag_value="raw", help="A string without its quotes.")
@click.option("--lines", "form", flag_value="lines", help="The items of a list, one on a line.")
@click.option("--default", metavar="VALUE", help="What to print when the value is absent.")
@click.pass_obj
def command(location: Location, path: str, form: str | None, default: str | None) -> int:
    """Print the value at PATH, a JMESPath expression. Exits with 1 when it is absent.

    \b
    Examples:
      session-cli get selections.app_space --raw
      session-cli get 'selections.selected_workloads[].name' --lines
      session-cli get scan_result.workloads_detected --default 0
    """
    value = find(location, path)
    if value is not None:
        console.write_stdout(FORMS[form](value))
    elif default is not None:
        console.write_stdout(default.encode("utf-8", "surrogateescape") + b"\n")
    else:
        raise Absent(f"there is no {path} in the latest session, or no session at all")
    return 0


def find(location: Location, path: str) -> Any:
    """What the expression finds in the latest state; None when it is absent."""
    session = Latest(location, console.warn).read_session()
    state = json.loads(session.raw, parse_int=doc.parse_integer) if session else {}
    if session and state:
        # a state that another program wrote may not name its session, or not by an id
        state["session_id"] = session.session_id
    try:
        return jmespath.search(path, state)
    except (JMESPathError, ArithmeticError, RecursionError, TypeError, ValueError) as error:
        raise BadInput(f"'{path}' cannot be used: {' '.join(str(error).split())}") from None


def _json(value: Any) -> bytes:
    return escaped(doc.dump(value).decode()).encode()


def _lines(value: Any) -> bytes:
    items = value if isinstance(value, list) else [value]
    return "".join(f"{_line(item)}\n" for item in items).encode("utf-8", "replace")


def _line(item: Any) -> str:
    return printable(item) if isinstance(item, str) else escaped(_compact(item))


def _compact(value: Any) -> str:
    """`value` as JSON on one line."""
    if isinstance(value, dict):
        members = (f"{doc.quote(key)}: {_compact(item)}" for key, item in value.items())
        return f"{{{', '.join(members)}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(_compact, value))}]"
    return doc.quote(value) if isinstance(value, str) else doc.dump(value).decode().strip()


FORMS = {None: _json, "raw": doc.text_of, "lines": _lines}
