"""How long sessions and their snapshots are kept."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from session_cli.store.retention import Facts, plan, select_superseded

HOUR = 60 * 60
DAY = 24 * HOUR
NOW = 1767969022.0

AGES = st.floats(0, 400 * DAY)
FACTS = st.fixed_dictionaries(
    {"age": st.none() | AGES | AGES.map(lambda age: -age - 1)},
    optional={
        name: st.booleans() for name in ("archived", "latest", "in_use", "unsynced", "partial")
    },
)
SESSIONS = st.lists(FACTS, min_size=8, max_size=16)
TYPES = st.sampled_from(["import", "map", "confighub"])


def facts(rank: int, age: float | None = 0.0, **what: bool) -> Facts:
    """A session last touched `age` seconds ago; its id is its rank among the others."""
    return Facts(str(rank), None if age is None else NOW - age, **what)


def planned(type_: str, *newest_first: dict[str, Any]) -> dict[str, str]:
    """What happens to which session, by its rank."""
    sessions = [facts(rank, **what) for rank, what in enumerate(newest_first)]
    return {action.session_id: action.verb for action in plan(sessions, type_, NOW)}


@pytest.mark.parametrize(
    ("what", "verb"),
    [
        pytest.param({"age": 23 * HOUR}, None, id="23 hours"),
        pytest.param({"age": 25 * HOUR}, None, id="25 hours"),
        pytest.param({"age": 6 * DAY}, None, id="6 days"),
        pytest.param({"age": 7 * DAY}, None, id="7 days to the second"),
        pytest.param({"age": 7 * DAY + 1}, "archive", id="7 days and a second"),
        pytest.param({"age": 8 * DAY}, "archive", id="8 days"),
        pytest.param({"age": 8 * DAY, "latest": True}, "archive", id="8 days, the latest"),
        pytest.param({"age": 8 * DAY, "unsynced": True}, "archive", id="8 days, not synced"),
        pytest.param({"age": 8 * DAY, "partial": True}, "archive", id="8 days, a partial import"),
        pytest.param({"age": 8 * DAY, "in_use": True}, None, id="8 days, open somewhere"),
        pytest.param({"age": 8 * DAY, "archived": True}, None, id="8 days, archived already"),
        pytest.param({"age": -8 * DAY}, None, id="in the future"),
        pytest.param({"age": None}, None, id="of unknown age"),
    ],
)
def test_a_session_among_the_newest_ten_is_archived_after_seven_days(
    what: dict[str, Any], verb: str | None
) -> None:
    others = [{}] * 9

    assert planned("import", *others, what) == ({"9": verb} if verb else {})


@pytest.mark.parametrize(
    ("what", "verb"),
    [
        pytest.param({"age": 1}, "delete", id="a second old"),
        pytest.param({"age": 400 * DAY}, "delete", id="old"),
        pytest.param({"age": 8 * DAY, "archived": True}, "delete", id="archived"),
        pytest.param({"age": 8 * DAY, "in_use": True}, None, id="open somewhere"),
        pytest.param({"age": HOUR, "unsynced": True}, None, id="not synced"),
        pytest.param({"age": 8 * DAY, "unsynced": True}, "archive", id="not synced, 8 days"),
        pytest.param({"age": HOUR, "latest": True}, None, id="the latest"),
        pytest.param({"age": HOUR, "partial": True}, None, id="a partial import"),
        pytest.param({"age": 29 * DAY, "partial": True}, "archive", id="partial, 29 days"),
        pytest.param(
            {"age": 29 * DAY, "partial": True, "archived": True}, None, id="partial, archived"
        ),
        pytest.param({"age": 30 * DAY, "partial": True}, "delete", id="partial, 30 days"),
        pytest.param({"age": -HOUR}, None, id="in the future"),
        pytest.param({"age": None}, None, id="of unknown age"),
    ],
)
def test_the_eleventh_session_is_deleted_unless_something_speaks_for_it(
    what: dict[str, Any], verb: str | None
) -> None:
    others = [{}] * 10

    assert planned("import", *others, what) == ({"10": verb} if verb else {})


@pytest.mark.parametrize("type_", ["map", "confighub"])
def test_only_imports_are_archived(type_: str) -> None:
    old = {"age": 100 * DAY}

    assert planned(type_, *[old] * 11) == {"10": "delete"}


def test_archived_sessions_count_among_the_ten() -> None:
    archived = {"age": 9 * DAY, "archived": True}

    assert planned("import", {}, *[archived] * 9, {"age": 6 * DAY}) == {"10": "delete"}


def test_the_oldest_go_first_and_each_says_why() -> None:
    actions = plan([facts(rank, rank * DAY) for rank in range(12)], "import", NOW)

    assert [(action.verb, action.session_id, action.why) for action in actions] == [
        ("delete", "11", "older than the newest 10 sessions"),
        ("delete", "10", "older than the newest 10 sessions"),
        ("archive", "9", "last touched 9 days ago"),
        ("archive", "8", "last touched 8 days ago"),
    ]


@given(SESSIONS, TYPES)
def test_nothing_of_the_newest_ten_is_ever_deleted(
    sessions: list[dict[str, Any]], type_: str
) -> None:
    actions = planned(type_, *sessions)

    assert all(int(rank) >= 10 for rank, verb in actions.items() if verb == "delete")


@given(SESSIONS, TYPES)
def test_what_is_open_or_of_unknown_age_is_never_touched(
    sessions: list[dict[str, Any]], type_: str
) -> None:
    for rank in planned(type_, *sessions):
        what = sessions[int(rank)]
        assert not what.get("in_use")
        assert what["age"] is not None and what["age"] >= 0


@given(SESSIONS, TYPES)
def test_nothing_unsynced_unfinished_or_latest_is_deleted(
    sessions: list[dict[str, Any]], type_: str
) -> None:
    for rank, verb in planned(type_, *sessions).items():
        what = sessions[int(rank)]
        assert verb == "archive" or not what.get("latest")
        is_protected = what.get("partial") or what.get("unsynced")
        assert verb == "archive" or not is_protected or what["age"] >= 30 * DAY


@given(SESSIONS, TYPES)
def test_a_second_run_finds_nothing_left_to_do(sessions: list[dict[str, Any]], type_: str) -> None:
    actions = planned(type_, *sessions)
    left = [
        {**what, "archived": what.get("archived", False) or actions.get(str(rank)) == "archive"}
        for rank, what in enumerate(sessions)
        if actions.get(str(rank)) != "delete"
    ]

    assert "archive" not in planned(type_, *left).values()
    assert len(planned(type_, *left)) == 0


@pytest.mark.parametrize(
    ("count", "superseded_ones"),
    [
        pytest.param(0, [], id="none"),
        pytest.param(1, [], id="the first"),
        pytest.param(10, [], id="ten"),
        pytest.param(11, [], id="the first and ten more"),
        pytest.param(12, ["1"], id="one too many"),
        pytest.param(18, [*"1234567"], id="eight saves later"),
    ],
)
def test_a_session_keeps_its_first_and_its_newest_ten_snapshots(
    count: int, superseded_ones: list[str]
) -> None:
    assert list(select_superseded([str(number) for number in range(count)])) == superseded_ones
