"""The connection state as text: well-formed whatever the file holds."""

from __future__ import annotations

from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from session_cli.confighub.hub_state import Contents, HubState
from session_cli.text.hub_overview import Tree, journey_lines
from session_cli.workflow.state import SessionState

NOW = 1767976222.0  # 2026-01-09 16:30:22 UTC
WORKER = {"space": "team", "slug": "dev", "condition": "NotReady", "last_seen_at": "soon"}
STATE = {
    "has_cub": True,
    "authenticated": True,
    "user": "me@acme.com",
    "org": "acme",
    "checked_at": "2026-01-09T14:30:22Z",
    "spaces": [{"slug": "team", "units": 3, "workers": 1, "targets": None}],
    "workers": [WORKER],
    "targets": [{"space": "team", "slug": "dev-kind", "context": "kind"}],
}

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=5,
)
things = st.lists(
    anything
    | st.dictionaries(
        st.sampled_from([*WORKER, "units", "workers", "targets", "context", "provider", "status"]),
        anything,
    ),
    max_size=3,
)
members = st.dictionaries(
    st.sampled_from([*STATE, "server", "org_id", "problem", "only", "partial", "units"]),
    anything | things,
)


def journey_texts(state: HubState, is_asking: bool, width: int) -> list[str]:
    lines = journey_lines(state, NOW, is_asking, width)
    return ["".join(text for _, text in line) for line in lines]


@given(members, members, st.booleans(), st.integers(40, 200))
@example({**STATE, "spaces": [{"slug": 7, "units": -1}, {}]}, {"units": [{}]}, False, 40)
@example({**STATE, "problem": "\x1b[2J refused"}, {}, False, 60)
def test_any_connection_state_makes_well_formed_text(
    document: dict[str, Any], inside: dict[str, Any], is_asking: bool, width: int
) -> None:
    state, contents = HubState(document), Contents(inside)
    opened = {space.slug: contents for space in state.spaces}

    for line in journey_texts(state, is_asking, width):
        assert line.isprintable()
        assert len(line) <= width
    tree = Tree(state, opened, (), NOW)
    for text in (*tree.ids, *tree.texts()):
        assert text.isascii()
        assert text.isprintable()


def test_what_is_known_is_the_member_confighub_of_a_state() -> None:
    assert HubState.of(SessionState({"confighub": STATE})).user == "me@acme.com"
    assert HubState.of(SessionState({"confighub": [STATE]})).members == {}


def test_of_one_space_nothing_else_is_shown() -> None:
    other = {"space": "other", "slug": "w"}
    state = HubState({**STATE, "workers": [WORKER, other], "targets": [other]})

    only = state.narrowed("team")

    assert [worker.slug for worker in only.workers] == ["dev"]
    assert (only.only, only.targets) == ("team", [])
    assert state.narrowed(None) is state


def test_what_has_no_slug_is_left_out() -> None:
    nameless = [{"slug": 7}, {"space": "team"}, WORKER]

    state = HubState({**STATE, "spaces": nameless, "workers": nameless, "targets": nameless})

    assert [space.slug for space in state.spaces] == ["dev"]
    assert "cub worker run dev --space team" in "\n".join(journey_texts(state, False, 200))


def test_what_is_asked_for_is_open_before_it_is_known() -> None:
    tree = Tree(HubState(STATE), {}, ["team"], NOW)

    assert tree.texts()[1:] == [
        "  - team  3 Units, 1 worker, ? targets",
        "      asking ...",
    ]
    assert [tree.space_of(each) for each in (*tree.ids, "unit/team/x")] == ["", "team", "team", ""]


def test_whether_a_worker_is_ready_is_seen_from_afar() -> None:
    workers = [WORKER, {**WORKER, "slug": "up", "condition": "Ready"}]
    tree = Tree(HubState(STATE), {"team": Contents({"workers": workers})}, (), NOW)

    waiting, ready = (tree.line(place, tree.fit(None)) for place in (2, 3))

    assert (waiting[0], waiting[-1][0]) == (("warn", "    ! "), "warn")
    assert (ready[0], ready[-1]) == (("warn", "      "), ("ok", "ready"))
    assert tree.count_in("team") == 2


def test_the_signs_of_the_way_have_their_colours() -> None:
    state = HubState({**STATE, "authenticated": False, "partial": ["team: forbidden"]})

    looks = {line[0][1]: line[0][0] for line in journey_lines(state, NOW, False, 80)}

    assert (looks["✓"], looks["✗"], looks["!"]) == ("ok", "error", "warn")
    assert looks["           type: "] == "dim"
