"""Lists workloads kind by kind and page by page, and says which kinds could not be listed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from session_cli.cluster import pages
from session_cli.cluster.complaints import complaints_in
from session_cli.cluster.objects import Object
from session_cli.cluster.pages import Page
from session_cli.processes import Finished

# runs `kubectl get --raw` with a path
Get = Callable[[str], Finished]
# makes a page of a kind of what that printed; ValueError where it is none
Read = Callable[[bytes, str], Page]


class Answer(NamedTuple):
    """The objects that kubectl printed, and its complaints about those that it could not get."""

    objects: list[Object]
    complaints: list[str]


class _NoPage(Exception):
    """What kubectl did in place of printing a page, and the complaints about it."""

    def __init__(self, done: Finished, complaints: Sequence[str]) -> None:
        super().__init__(*complaints)
        self.complaints = complaints
        self.is_expired = pages.is_expired(done.stderr)
        # else the login or the connection failed, and will for the other kinds
        self.is_of_kind = not done.code or "Error from server" in done.stderr


def list_kinds(
    get: Get,
    kinds: Sequence[str],
    namespace: str = "",
    read: Read = pages.read_page,
) -> Answer:
    """The objects of these kinds in the namespace, or in all; complaints about what is missing.

    `read` reads a page. After a failure that is not of one kind alone, those that are left are not
    tried.
    """
    objects: list[Object] = []
    failures: dict[str, list[str]] = {}
    for number, kind in enumerate(kinds):
        found, failure = _list_kind(get, kind, namespace, read)
        objects += found
        if failure is None:
            continue
        missing = [kind] if failure.is_of_kind else kinds[number:]
        for complaint in failure.complaints:
            failures.setdefault(complaint, []).extend(map(pages.plural, missing))
        if not failure.is_of_kind:
            break
    return Answer(objects, _name_kinds(failures, len(kinds)))


def _list_kind(
    get: Get, kind: str, namespace: str, read: Read
) -> tuple[list[Object], _NoPage | None]:
    """The objects of one kind; when a page could not be got, those before it, and why.

    A server keeps a list for some minutes. When it no longer knows the one that it has begun, a
    new one is begun; the next time the whole is asked for at once.
    """
    failure = None
    for limit in (pages.PAGE_SIZE, pages.PAGE_SIZE, 0):
        objects: list[Object] = []
        try:
            for page in _pages(get, kind, namespace, limit, read):
                objects += page.objects
        except _NoPage as error:
            failure = error
            if error.is_expired:
                continue
            return objects, error
        return objects, None
    return objects, failure


def _pages(get: Get, kind: str, namespace: str, limit: int, read: Read) -> Iterator[Page]:
    token = ""
    while True:
        page = _get_page(get, kind, pages.page_path(kind, namespace, limit, token), read)
        yield page
        if not page.token:
            return
        token = page.token


def _get_page(get: Get, kind: str, path: str, read: Read) -> Page:
    done = get(path)
    if done.code:
        raise _NoPage(done, complaints_in(done.stderr) or [done.complaint])
    try:
        return read(done.stdout, kind)
    except ValueError as error:
        raise _NoPage(done, [str(error)]) from None


def _name_kinds(failures: Mapping[str, Sequence[str]], all_kinds: int) -> list[str]:
    """The complaints, before them the kinds that they are about unless that is plain."""
    return [
        complaint
        if len(kinds) == all_kinds or all(kind in complaint for kind in kinds)
        else f"{', '.join(kinds)}: {complaint}"
        for complaint, kinds in failures.items()
    ]
