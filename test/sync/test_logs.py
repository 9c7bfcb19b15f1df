"""Logs go to the hub when an import is over or has failed: redacted, resumed, and only our own."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hub.running import RunningHub
from sync import proxy as faults
from sync.conftest import People
from sync.homes import Home
from sync.proxy import Proxy

from session_cli.errors import NotSaved
from session_cli.store.folder import Folder
from session_cli.store.sidecar import read_sidecar
from session_cli.sync.connection import connect
from session_cli.sync.holding import take_lease
from session_cli.sync.logs import note_log, upload_logs
from session_cli.sync.remote import HubUnavailable

NAME = "tui-import-2026-01-09-143022.log"
LINE = "[14:30:22] created Unit payment-api in payment-team\n"
SECRET = "[14:30:23] | cub worker run --secret ch_12ab34cd\n"
PIECE = 4096


@dataclass
class Logs:
    """The logs of one session of the home, here and at the hub."""

    home: Home
    people: People
    unique: str

    @property
    def place(self) -> Path:
        return self.home.folder / ".confighub" / "logs"

    @property
    def folder(self) -> Folder:
        return Folder(str(self.home.sessions), "import")

    def write(self, text: str, name: str = NAME) -> Path:
        """Adds to a log."""
        self.place.mkdir(exist_ok=True)
        with (self.place / name).open("a") as log:
            log.write(text)
        return self.place / name

    def note(self, path: Path) -> None:
        """As the program does that writes it."""
        note_log(self.folder, self.unique, str(path))

    def upload(self, result: str | None = "complete") -> list[str]:
        """What was not sent, and why."""
        with closing(connect(self.folder)) as connection:
            return upload_logs(connection, self.folder, self.unique, str(self.place), result, None)

    def listed(self) -> list[tuple[str, int, str | None]]:
        """What the hub has: name, size and result of each."""
        answer = self.people.ask("alex", "GET", f"/{self.unique}/logs")
        items = answer.json()["items"] if answer.status == 200 else []
        return sorted((each["name"], each["size"], each["result"]) for each in items)

    def there(self, name: str = NAME) -> str:
        """A log as the hub has it."""
        answer = self.people.ask("alex", "GET", f"/{self.unique}/logs/{name}")
        assert answer.status == 200, answer
        return answer.body.decode()


@pytest.fixture
def logs(laptop: Home, people: People) -> Logs:
    """A session of the laptop that the hub has, before anything was logged."""
    state = laptop.save("verify", cluster_context="kind-atk")
    return Logs(laptop, people, state["id"])


def puts(proxy: Proxy) -> list[str]:
    """From where on logs were sent, and as what."""
    return [each.headers.get("content-range", "") for each in proxy.asked("PUT", "/logs/")]


def test_a_log_stays_here_while_the_import_goes_on(logs: Logs) -> None:
    logs.note(logs.write(LINE))
    logs.home.save("verify", note="again")
    logs.home.sync()
    assert logs.listed() == []


@pytest.mark.parametrize(
    ("step", "members", "result"),
    [
        ("complete", {}, "complete"),
        ("verify", {"error": {"message": "no answer", "step": "verify"}}, "error"),
    ],
)
def test_it_is_sent_redacted_once_the_import_is_over_or_has_failed(
    logs: Logs, step: str, members: dict[str, Any], result: str
) -> None:
    logs.note(logs.write(LINE + SECRET + "not whole"))
    logs.home.save(step, **members)
    text = LINE + SECRET.replace("ch_12ab34cd", "[hidden]")
    assert logs.listed() == [(NAME, len(text), result)]
    assert logs.there() == text


def test_what_failed_and_was_tried_again_goes_on_in_the_same_log(logs: Logs, proxy: Proxy) -> None:
    logs.note(logs.write(LINE))
    logs.home.save("verify", error={"message": "no answer", "step": "verify"})
    logs.write(LINE)
    logs.home.save("complete", error=None)
    assert logs.listed() == [(NAME, 2 * len(LINE), "complete")]
    assert puts(proxy) == [
        f"bytes 0-{len(LINE) - 1}/*",
        f"bytes {len(LINE)}-{2 * len(LINE) - 1}/*",
    ]
    proxy.forget()
    logs.home.sync()
    assert puts(proxy) == []


def test_only_the_result_is_sent_where_nothing_was_added(logs: Logs) -> None:
    logs.note(logs.write(LINE))
    assert logs.upload("error") == []
    assert logs.upload("complete") == []
    assert logs.listed() == [(NAME, len(LINE), "complete")]


def test_only_what_was_written_here_for_the_session_is_sent(logs: Logs) -> None:
    logs.write("mine, of another session\n", "tui-import-2026-01-08-000000.log")
    other = logs.write("not mine\n", "elsewhere.log")
    logs.home.save("complete", log_file=str(other), previous_log_file="/etc/hostname")
    logs.home.sync()
    assert logs.listed() == []


def replace_by_link(path: Path, other: Path) -> None:
    path.unlink()
    path.symlink_to(other)


def replace_by_hard_link(path: Path, other: Path) -> None:
    path.unlink()
    path.hardlink_to(other)


def replace_by_pipe(path: Path, _: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def remove(path: Path, _: Path) -> None:
    path.unlink()


@pytest.mark.parametrize("change", [replace_by_link, replace_by_hard_link, replace_by_pipe, remove])
def test_what_is_no_log_of_ours_any_more_is_refused(
    logs: Logs, proxy: Proxy, tmp_path: Path, change: Callable[[Path, Path], None]
) -> None:
    secret = tmp_path / "id_rsa"
    secret.write_text("of nobody's business\n")
    path = logs.write(LINE)
    logs.note(path)
    change(path, secret)
    (why,) = logs.upload()
    assert why.startswith(f"{NAME}: ")
    assert puts(proxy) == []


def test_a_log_that_is_not_in_the_folder_of_logs_is_refused(
    logs: Logs, proxy: Proxy, tmp_path: Path
) -> None:
    outside = tmp_path / "other.log"
    outside.write_text(LINE)
    logs.note(outside)
    into = logs.home.folder / "into.log"
    into.symlink_to(logs.write(LINE))
    logs.note(into)
    logs.note(logs.place / ".." / "into.log")
    assert [why.partition(": ")[2] for why in logs.upload()] == [f"it is not in {logs.place}"] * 3
    assert puts(proxy) == []


@pytest.mark.parametrize(
    "fault", [faults.drop_answer, faults.cut_in_request, faults.truncate_answer, faults.say(502)]
)
@pytest.mark.parametrize("nth", [1, 2, 4])
def test_a_log_that_was_cut_is_resumed_where_the_hub_stands(
    logs: Logs,
    proxy: Proxy,
    monkeypatch: pytest.MonkeyPatch,
    fault: faults.Behaviour,
    nth: int,
) -> None:
    monkeypatch.setattr("session_cli.sync.logs.PIECE", PIECE)
    text = LINE * (3 * PIECE // len(LINE) + 10)
    logs.note(logs.write(text))
    seen: list[str] = []

    def cut(exchange: faults.Exchange) -> None:
        if "/logs/" in exchange.request.path:
            seen.append(exchange.request.headers["content-range"])
            # a client may try once more by itself
            if nth <= len(seen) < nth + 2 and seen[-1] == seen[nth - 1]:
                fault(exchange)
                return
        faults.pass_on(exchange)

    proxy.behave(cut)
    with suppress(HubUnavailable):
        logs.upload("error")
    proxy.forget()
    proxy.heal()
    assert logs.upload() == []
    assert logs.there() == text
    assert logs.listed() == [(NAME, len(text), "complete")]
    # what had come before is not sent again
    begins = [int(each.partition("-")[0].removeprefix("bytes ")) for each in puts(proxy) if each]
    assert all(begin >= (nth - 1) * (PIECE - len(LINE)) for begin in begins)


def test_a_long_log_is_sent_in_pieces(logs: Logs, proxy: Proxy) -> None:
    logs.note(logs.write(LINE * 30_000))
    assert logs.upload() == []
    assert logs.there() == LINE * 30_000
    assert len(puts(proxy)) == 3


def test_a_log_that_grew_after_its_answer_was_lost_goes_on(logs: Logs, proxy: Proxy) -> None:
    logs.note(logs.write(LINE))
    proxy.behave(faults.only("PUT", "/logs/", faults.drop_answer))
    with suppress(HubUnavailable):
        logs.upload("error")
    proxy.heal()
    logs.write(LINE * 3)
    assert logs.upload() == []
    assert logs.listed() == [(NAME, 4 * len(LINE), "complete")]
    assert logs.there() == LINE * 4


@pytest.mark.parametrize("times", [1, 9], ids=["shorter", "longer"])
def test_a_log_that_says_something_else_than_before_gets_another_name(
    logs: Logs, times: int
) -> None:
    path = logs.write(LINE)
    logs.note(path)
    assert logs.upload("error") == []
    path.write_text("[14:31:00] begun again\n" * times)
    assert logs.upload() == []
    second = "tui-import-2026-01-09-143022.2.log"
    assert [each[0] for each in logs.listed()] == [second, NAME]
    assert (logs.there(), logs.there(second)) == (LINE, path.read_text())
    assert logs.upload() == []
    assert len(logs.listed()) == 2


def test_a_hub_that_has_something_else_under_the_name_keeps_it(logs: Logs) -> None:
    """As after `.sync/` was lost."""
    path = logs.write(LINE)
    logs.note(path)
    assert logs.upload("error") == []
    (logs.home.sync_folder / f"{logs.unique}.logs.json").unlink()
    path.write_text("[14:31:00] begun again, and more of it than there was before it was lost\n")
    logs.note(path)
    assert logs.upload() == []
    assert logs.there() == LINE
    assert logs.there("tui-import-2026-01-09-143022.2.log") == path.read_text()


def test_a_hub_that_has_lost_the_log_gets_all_of_it_again(logs: Logs, hub: RunningHub) -> None:
    logs.note(logs.write(LINE))
    assert logs.upload("error") == []
    with closing(sqlite3.connect(hub.folder / "hub.sqlite", isolation_level=None)) as database:
        database.execute("delete from log_pieces")
        database.execute("delete from logs")
    logs.write(LINE)
    assert logs.upload() == []
    assert logs.there() == LINE * 2


def test_a_log_never_delays_its_session(logs: Logs, proxy: Proxy) -> None:
    logs.note(logs.write(LINE))
    proxy.behave(faults.only("PUT", "/logs/", faults.black_hole))
    state = logs.home.save_only("complete")
    logs.home.settle()
    assert logs.people.document(logs.unique) == logs.home.raw()
    assert state["step"] == "complete"
    assert logs.listed() == []
    proxy.heal()
    logs.home.sync()
    assert logs.there() == LINE


def test_who_may_not_write_to_the_session_any_more_keeps_the_log(
    logs: Logs, people: People, proxy: Proxy
) -> None:
    for name in (NAME, "tui-import-2026-01-09-150000.log"):
        logs.note(logs.write(LINE, name))
    people.token("sam")
    offered = people.ask("alex", "PUT", f"/{logs.unique}/handoff", {"to": people.name("sam")})
    assert offered.status == 200
    assert people.ask("sam", "POST", f"/{logs.unique}/handoff/accept").status == 200
    (why,) = logs.upload(None)
    assert why.startswith(f"{NAME}: ")
    assert people.name("sam") in why
    # the other one is not even tried
    assert len(puts(proxy)) == 1


def test_who_lost_the_session_to_another_device_sends_an_unfinished_log(logs: Logs) -> None:
    logs.note(logs.write(LINE))
    with closing(connect(logs.folder)) as connection:
        sidecar = read_sidecar(logs.folder, logs.unique)
        assert sidecar
        take_lease(connection, sidecar)
    taken = logs.people.ask(
        "alex", "PUT", f"/{logs.unique}/lease", {"take_over": True}, Session_Device="another"
    )
    assert taken.status == 200, taken
    logs.home.save("verify", note="after it was lost")
    assert logs.listed() == [(NAME, len(LINE), None)]
    assert logs.there() == LINE


def test_what_was_deleted_is_forgotten(logs: Logs) -> None:
    logs.note(logs.write(LINE))
    record = logs.home.sync_folder / f"{logs.unique}.logs.json"
    assert record.stat().st_mode & 0o777 == 0o600
    logs.home.do("delete", "--yes")
    logs.home.settle()
    logs.home.sync()
    assert not record.exists()


def test_a_damaged_record_sends_nothing(logs: Logs, proxy: Proxy) -> None:
    logs.note(logs.write(LINE))
    record = logs.home.sync_folder / f"{logs.unique}.logs.json"
    for damaged in ("[]", '{"a/../b": {"path": "/etc/hostname"}}', '{"x.log": {"path": 3}}', "{"):
        record.write_text(damaged)
        assert logs.upload() == []
    assert puts(proxy) == []


@pytest.mark.parametrize("target", ["", ".sync"], ids=["a file", "a link to itself"])
def test_a_log_that_cannot_be_noted_is_an_error_of_one_line(logs: Logs, target: str) -> None:
    path, place = logs.write(LINE), logs.home.sync_folder
    aside = place.rename(place.with_name("aside"))
    if target:
        place.symlink_to(target)
    else:
        place.write_text("in the way\n")
    with pytest.raises(NotSaved, match=r"^not saved: .*$"):
        logs.note(path)
    place.unlink()
    aside.rename(place)
