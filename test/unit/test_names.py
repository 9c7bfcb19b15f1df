"""The names of snapshots and sessions: which are ours, how they are ordered, which comes next."""

from __future__ import annotations

import time
from uuid import RFC_4122, UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from session_cli.names import Key, format_id, is_stamp, next_key, parse_id, parse_name, uuid7

STAMP = "2026-01-09-143022"

STAMPS = st.integers(0, 253402300799).map(
    lambda epoch: time.strftime("%Y-%m-%d-%H%M%S", time.gmtime(epoch))
)
KEYS = st.tuples(STAMPS, st.integers(1, 999_999_998))


@pytest.mark.parametrize(
    ("name", "key"),
    [
        pytest.param(f"import-{STAMP}.json", (STAMP, 1), id="the first of its second"),
        pytest.param(f"import-{STAMP}-2.json", (STAMP, 2), id="the second"),
        pytest.param(f"import-{STAMP}-10.json", (STAMP, 10), id="the tenth"),
        pytest.param("import-2016-12-31-235960.json", ("2016-12-31-235960", 1), id="leap second"),
    ],
)
def test_a_name_of_ours_is_a_second_and_a_count(name: str, key: Key) -> None:
    assert parse_name("import", name) == key


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("", id="nothing"),
        pytest.param("import-latest.json", id="the pointer"),
        pytest.param(f"import-{STAMP}", id="no ending"),
        pytest.param(f"import-{STAMP}.json.tmp", id="the temporary file of the draft"),
        pytest.param(f"import-{STAMP}.JSON", id="ending in capitals"),
        pytest.param(f"map-{STAMP}.json", id="another type"),
        pytest.param(f"Import-{STAMP}.json", id="type in capitals"),
        pytest.param(f"reimport-{STAMP}.json", id="longer type"),
        pytest.param(f"import{STAMP}.json", id="no hyphen"),
        pytest.param(f".import-{STAMP}.json", id="hidden"),
        pytest.param(f"../import-{STAMP}.json", id="path"),
        pytest.param(f"import-{STAMP}-.json", id="no count"),
        pytest.param(f"import-{STAMP}-0.json", id="count 0"),
        pytest.param(f"import-{STAMP}-1.json", id="count 1, which is not written"),
        pytest.param(f"import-{STAMP}-02.json", id="count with a leading zero"),
        pytest.param(f"import-{STAMP}--2.json", id="negative count"),
        pytest.param(f"import-{STAMP}-+2.json", id="signed count"),
        pytest.param(f"import-{STAMP}-²0.json", id="count in other digits"),
        pytest.param(f"import-{STAMP}-9999999999.json", id="absurd count"),
        pytest.param(f"import-{STAMP}_2.json", id="another separator"),
        pytest.param(f"import-{STAMP}-copy.json", id="a person's copy"),
        pytest.param(f"import-{STAMP} (1).json", id="a browser's copy"),
        pytest.param(f"import-{STAMP}\n.json", id="newline"),
        pytest.param("import-2026-13-09-143022.json", id="month 13"),
        pytest.param("import-2026-00-09-143022.json", id="month 0"),
        pytest.param("import-2026-01-32-143022.json", id="day 32"),
        pytest.param("import-2026-01-00-143022.json", id="day 0"),
        pytest.param("import-2026-01-09-243022.json", id="hour 24"),
        pytest.param("import-2026-01-09-146022.json", id="minute 60"),
        pytest.param("import-2026-01-09-143061.json", id="second 61"),
        pytest.param("import-2026-01-09-14302.json", id="a digit short"),
        pytest.param("import-2026-1-09-1430220.json", id="digits shifted"),
        pytest.param("import-20260109-143022.json", id="fewer hyphens"),
        pytest.param("import-２０２６-01-09-143022.json", id="other digits"),
        pytest.param("import-2O26-01-09-143022.json", id="a letter for a digit"),
        pytest.param("import- 026-01-09-143022.json", id="a blank for a digit"),
    ],
)
def test_a_name_that_is_not_exactly_ours_is_none(name: str) -> None:
    assert parse_name("import", name) is None


@pytest.mark.parametrize("value", [None, 7, [f"import-{STAMP}"], b"import-" + STAMP.encode()])
def test_what_is_no_text_is_no_id(value: object) -> None:
    assert parse_id("import", value) is None


@given(KEYS)
def test_a_name_of_ours_reads_back(key: Key) -> None:
    assert is_stamp(key[0])
    assert parse_id("import", format_id("import", key)) == key
    assert parse_name("map", format_id("map", key) + ".json") == key


@given(st.from_regex(r"import-20\d\d-0\d-[12]\d-[01]\d[0-5]\d[0-5]\d(-\d{0,10})?\.json\n?"))
def test_only_what_we_would_write_is_read(name: str) -> None:
    key = parse_name("import", name)

    assert key is None or format_id("import", key) + ".json" == name


@given(KEYS, STAMPS)
def test_names_only_grow_also_when_the_clock_does_not(newest: Key, stamp: str) -> None:
    key = next_key(newest, stamp)

    assert key > newest
    assert key == (stamp, 1) or key == (newest[0], newest[1] + 1)
    assert parse_id("import", format_id("import", key)) == key


@pytest.mark.parametrize(
    ("newest", "stamp", "expected"),
    [
        pytest.param(None, STAMP, (STAMP, 1), id="the first of all"),
        pytest.param(("2026-01-09-143021", 7), STAMP, (STAMP, 1), id="a new second"),
        pytest.param((STAMP, 1), STAMP, (STAMP, 2), id="the same second"),
        pytest.param((STAMP, 9), STAMP, (STAMP, 10), id="the tenth in a second"),
        pytest.param((STAMP, 2), "2026-01-09-143021", (STAMP, 3), id="the clock went back"),
    ],
)
def test_the_next_name_is_free(newest: Key | None, stamp: str, expected: Key) -> None:
    assert next_key(newest, stamp) == expected


@given(st.integers(0, 2**48 - 1), st.binary(min_size=10, max_size=10))
def test_a_key_for_the_hub_is_a_uuid_of_version_7(millisecond: int, random: bytes) -> None:
    text = uuid7(millisecond / 1000, random)
    uuid = UUID(text)

    assert str(uuid) == text
    assert (uuid.version, uuid.variant) == (7, RFC_4122)
    assert abs((uuid.int >> 80) - millisecond) <= 1
    assert uuid.bytes[9:] == random[3:]


def test_the_example_of_the_rfc_9562_comes_out() -> None:
    # its appendix A.6: the millisecond, rand_a and rand_b of one moment
    random = (0xCC3 << 64 | 0x18C4DC0C0C07398F).to_bytes(10, "big")

    assert uuid7(1645557742.000, random) == "017f22e2-79b0-7cc3-98c4-dc0c0c07398f"
