"""The hub's pages: rendered here, and complete without JavaScript."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from session_cli import times
from session_hub.access import Actor
from session_hub.clock import now
from session_hub.http import Answer, Call
from session_hub.problems import Problem

HERE = Path(__file__).parent
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self';"
    " form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
_HEADERS = (
    ("content-type", "text/html; charset=utf-8"),
    ("content-security-policy", POLICY),
    ("cross-origin-opener-policy", "same-origin"),
    ("x-frame-options", "DENY"),
)
_TYPES = {".css": "text/css; charset=utf-8", ".svg": "image/svg+xml"}
_FOR_EVER = "public, max-age=31536000, immutable"


def _hashed_names() -> dict[str, Path]:
    """The files that pages refer to, by a name that changes with their content."""
    files = [path for path in sorted(HERE.iterdir()) if path.suffix in _TYPES]
    return {
        f"{path.stem}.{hashlib.sha256(path.read_bytes()).hexdigest()[:12]}{path.suffix}": path
        for path in files
    }


FILES = _hashed_names()
_CONTENT = {name: path.read_bytes() for name, path in FILES.items()}
_ADDRESSES = {path.name: f"/static/{name}" for name, path in FILES.items()}


def _ago(epoch: float) -> str:
    return times.ago(times.age(epoch, now()))


_environment = Environment(
    loader=FileSystemLoader(HERE),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_environment.globals["static"] = _ADDRESSES.__getitem__
_environment.filters.update(ago=_ago, minute=times.minute, utc=times.utc)


def render(
    template: str,
    /,
    actor: Actor | None = None,
    status: int = 200,
    headers: Iterable[tuple[str, str]] = (),
    **values: object,
) -> Answer:
    """The page that the template makes; `actor` is who is signed in."""
    html = _environment.get_template(template).render(actor=actor, **values)
    given = list(headers)
    if not any(key == "referrer-policy" for key, _ in given):
        given.append(("referrer-policy", "same-origin"))
    return Answer(status, html.encode(), [*_HEADERS, *given])


def redirect(path: str, headers: Iterable[tuple[str, str]] = ()) -> Answer:
    """To another page of ours, with GET."""
    return Answer(303, headers=[("location", path), *headers])


def render_problem(problem: Problem, actor: Actor | None, request_id: str) -> Answer:
    """What went wrong, to a person in front of a browser."""
    return render(
        "problem.html",
        actor,
        problem.status,
        problem.headers.items(),
        title=problem.title,
        detail=problem.detail,
        request_id=request_id,
    )


async def read_file(call: Call) -> Answer:
    """GET /static/{name}: a style sheet or an image; its name changes with its content."""
    name = call.path["name"]
    if name not in FILES:
        raise Problem("not-found", "There is no such file.")
    return _file(name, _FOR_EVER)


async def read_icon(call: Call) -> Answer:
    """GET /favicon.ico, which browsers ask for whatever the page says."""
    return _file(_ADDRESSES["icon.svg"].rpartition("/")[2], "public, max-age=86400")


def _file(name: str, cache_control: str) -> Answer:
    kind = _TYPES[FILES[name].suffix]
    return Answer(200, _CONTENT[name], [("content-type", kind), ("cache-control", cache_control)])
