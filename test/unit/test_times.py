"""The clock's seam, the written forms of time, and ages in words."""

from __future__ import annotations

import posix
import time
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from session_cli import times

Clock = Callable[[bytes], None]

EPOCH = 1767969022.0  # 2026-01-09 14:30:22 UTC
SECONDS = st.integers(0, 253402300799)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Sets SESSION_CLI_NOW for this process, where `os.environ` would come too late."""
    return lambda value: monkeypatch.setitem(posix.environ, b"SESSION_CLI_NOW", value)


def test_now_is_the_time_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(posix.environ, b"SESSION_CLI_NOW", raising=False)

    assert time.time() <= times.now() <= time.time()


def test_now_can_be_set(clock: Clock) -> None:
    clock(b"1767969022.5")

    assert times.now() == EPOCH + 0.5


@pytest.mark.parametrize("value", [b"", b"noon", b"nan", b"inf", b"-1", b"1e300", b"\xff"])
def test_a_malformed_time_is_ignored(clock: Clock, value: bytes) -> None:
    clock(value)

    assert times.now() == pytest.approx(time.time(), abs=60)


def test_a_time_is_written_in_utc_whatever_the_local_zone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Kathmandu")
    time.tzset()
    try:
        written = [times.utc(EPOCH), times.stamp(EPOCH), times.minute(EPOCH)]
    finally:
        monkeypatch.undo()
        time.tzset()

    assert written == ["2026-01-09T14:30:22Z", "2026-01-09-143022", "2026-01-09 14:30"]


def test_a_fraction_of_a_second_is_cut_so_that_no_stamp_lies_in_the_future() -> None:
    assert times.utc(EPOCH + 0.999) == "2026-01-09T14:30:22Z"


@given(SECONDS)
def test_what_is_written_reads_back_as_the_same_second(epoch: int) -> None:
    assert times.parse(times.utc(epoch)) == epoch
    assert times.stamp_epoch(times.stamp(epoch)) == epoch


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("2026-01-09T14:30:22Z", EPOCH, id="ours"),
        pytest.param("2026-01-09T14:30:22+00:00", EPOCH, id="offset zero"),
        pytest.param("2026-01-09T20:15:22+05:45", EPOCH, id="east"),
        pytest.param("2026-01-09T06:30:22-08:00", EPOCH, id="west"),
        pytest.param("2026-01-09T14:30:22.250000001Z", EPOCH + 0.25, id="nanoseconds"),
        pytest.param("2026-01-09T14:30Z", EPOCH - 22, id="no seconds"),
        pytest.param("20260109T143022Z", EPOCH, id="basic form"),
        pytest.param("2026-01-09T14:30:22", None, id="no zone"),
        pytest.param("2026-01-09", None, id="no time of day"),
        pytest.param("2026- 1-09T14:30:22Z", None, id="blank for a digit"),
        pytest.param("2_26-01-09T14:30:22Z", None, id="underscore for a digit"),
        pytest.param("+026-01-09T14:30:22Z", None, id="sign for a digit"),
        pytest.param("2026-01-09T14:30:22+-1:00", None, id="sign in the offset"),
        pytest.param("2026-01-09T14:30:22+05:0", None, id="half an offset"),
        pytest.param("２０２６-01-09T14:30:22Z", None, id="other digits"),
        pytest.param("2026-01-09T14:30:22Z\n", None, id="newline at the end"),
        pytest.param(" 2026-01-09T14:30:22Z", None, id="blank at the start"),
        pytest.param("2026-01-09x14:30:22Z", None, id="no T"),
        pytest.param("2026-02-30T14:30:22Z", None, id="no such day"),
        pytest.param("2026-01-09T25:00:00Z", None, id="no such hour"),
        pytest.param("0001-01-01T00:00:00Z", None, id="the zero time of Go"),
        pytest.param("0000-01-01T00:00:00Z", None, id="year 0"),
        pytest.param("9999-12-31T24:00:00Z", None, id="year 10000"),
        pytest.param("9999-12-31T23:59:59-01:00", None, id="year 10000 in UTC"),
        pytest.param("yesterday", None, id="words"),
        pytest.param("", None, id="empty"),
        pytest.param("9" * 100_000, None, id="long"),
        pytest.param(EPOCH, None, id="a number"),
        pytest.param(None, None, id="nothing"),
        pytest.param(["2026-01-09T14:30:22Z"], None, id="a list"),
    ],
)
def test_only_a_whole_moment_is_read_as_a_time(text: object, expected: object) -> None:
    assert times.parse(text) == expected


@given(st.text("0123456789-+:.,TZzW _", max_size=40) | st.text())
def test_no_text_breaks_the_reading_of_times(text: str) -> None:
    for read in (times.parse, times.stamp_epoch):
        epoch = read(text)
        assert epoch is None or 0 <= epoch < 253402300800


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-01-09",
        "2026-01-09-14302",
        "2026-01-09-1430222",
        "2026-01-09T143022",
        "2026-02-30-143022",
        "2026-01-09-240000",
        "2026-01-09-143060",
        "2026-1-009-143022",
        "２０２６-01-09-143022",
        "2026-01-09-143022\n",
    ],
)
def test_what_no_stamp_looks_like_has_no_time(text: str) -> None:
    assert times.stamp_epoch(text) is None


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        pytest.param(["2026-01-09T14:30:22Z", "2026-01-09T14:29:00Z"], EPOCH, id="first"),
        pytest.param(["2026-01-09T14:29:00Z", "2026-01-09T14:30:22Z"], EPOCH, id="second"),
        pytest.param(["2026-01-09T14:30:22Z", None], EPOCH, id="one is absent"),
        pytest.param([None, None], None, id="all are absent"),
        pytest.param(["2026-01-09T14:30:22Z", "soon"], None, id="one is no time"),
    ],
)
def test_the_later_of_two_times_is_known_only_when_both_can_be_read(
    texts: list[object], expected: object
) -> None:
    assert times.latest(*texts) == expected


@pytest.mark.parametrize(
    ("then", "expected"),
    [
        pytest.param(EPOCH - 90, 90, id="past"),
        pytest.param(EPOCH, 0, id="this moment"),
        pytest.param(EPOCH + 1, None, id="future"),
        pytest.param(None, None, id="unknown"),
    ],
)
def test_an_age_is_known_only_for_the_past(then: float | None, expected: object) -> None:
    assert times.age(then, EPOCH) == expected


@pytest.mark.parametrize(
    ("age", "expected"),
    [
        (None, "an unknown time ago"),
        (0, "just now"),
        (59.9, "just now"),
        (60, "1 minute ago"),
        (119, "1 minute ago"),
        (120, "2 minutes ago"),
        (3599, "59 minutes ago"),
        (3600, "1 hour ago"),
        (2 * 3600, "2 hours ago"),
        (86399, "23 hours ago"),
        (86400, "1 day ago"),
        (3 * 86400, "3 days ago"),
        (400 * 86400, "400 days ago"),
    ],
)
def test_an_age_is_given_in_its_largest_unit(age: float | None, expected: object) -> None:
    assert times.ago(age) == expected
