"""What is decided about a session here and at the hub: nothing foreign is ever overwritten."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from session_cli.store.sidecar import Base, Sidecar
from session_cli.sync import plan
from session_cli.sync.plan import Local, There, decide

UUID = "0191c0de-0000-7000-8000-000000000001"
HASHES = [f"{number:064x}" for number in range(6)]

hashes = st.sampled_from(HASHES)
contents = st.sampled_from(["one", "two", "three"])


def etag_of(sha256: str, version: int = 1) -> str:
    return f'"{version}-{sha256[-16:]}"'


bases = st.builds(
    lambda sha256, local, version: Base(etag_of(sha256, version), sha256, local),
    hashes,
    hashes,
    st.integers(1, 3),
)


@st.composite
def sidecars(draw: st.DrawFn) -> Sidecar:
    sidecar = Sidecar(UUID, "import-2026-01-09-143022")
    sidecar.bases = draw(st.lists(bases, max_size=3))
    sidecar.in_flight = draw(st.lists(hashes, max_size=2))
    sidecar.content = draw(contents)
    return sidecar


locals_ = st.builds(
    lambda sha256, content, older: Local(sha256, content, frozenset([sha256, *older])),
    hashes,
    contents,
    st.lists(hashes, max_size=2),
)
theres = st.builds(
    lambda sha256, version, content, known: There(sha256, etag_of(sha256, version), content, known),
    hashes,
    st.integers(1, 3),
    st.none() | contents,
    st.booleans(),
)


def sidecar(*shas: str, content: str = "one", in_flight: tuple[str, ...] = ()) -> Sidecar:
    made = Sidecar(UUID, "import-2026-01-09-143022")
    made.bases = [Base(etag_of(sha), sha, sha) for sha in shas]
    made.content, made.in_flight = content, list(in_flight)
    return made


def local(sha256: str, content: str = "one", *older: str) -> Local:
    return Local(sha256, content, frozenset([sha256, *older]))


def there(sha256: str, content: str | None = None, *, knows_base: bool = False) -> There:
    return There(sha256, etag_of(sha256), content, knows_base)


@given(locals_, sidecars(), theres)
def test_only_what_is_ours_is_ever_replaced_at_the_hub(
    here: Local, known: Sidecar, at_hub: There
) -> None:
    move = decide(here, known, at_hub)

    if move.do == plan.SEND and move.etag == at_hub.etag:
        base = known.base
        is_base = base is not None and base.etag == at_hub.etag
        assert is_base or plan.is_ours(here, known, at_hub.sha256)
    elif move.do == plan.SEND:
        # what may have come already, its answer lost; the hub refuses it where it has not
        assert here.sha256 in known.in_flight


@given(locals_, sidecars(), theres)
def test_nothing_here_is_replaced_without_a_copy_unless_the_hub_knew_it(
    here: Local, known: Sidecar, at_hub: There
) -> None:
    move = decide(here, known, at_hub)

    if move.do == plan.PULL:
        assert known.base is not None
        assert here.content == known.content
        assert at_hub.knows_base
    if move.do in (plan.PULL, plan.REPLACE):
        # what is taken in has been read
        assert at_hub.content is not None


@given(locals_, sidecars(), theres)
def test_how_it_stands_has_a_word(here: Local, known: Sidecar, at_hub: There) -> None:
    assert decide(here, known, at_hub).state in plan.WORDS


def test_a_version_of_ours_whose_answer_was_lost_is_replaced() -> None:
    move = decide(
        local(HASHES[2], "two"), sidecar(HASHES[0], in_flight=(HASHES[1],)), there(HASHES[1])
    )

    assert (move.do, move.state) == (plan.SEND, plan.LOCAL_AHEAD)


def test_an_older_version_of_ours_was_rolled_back_to() -> None:
    known = sidecar(HASHES[0], HASHES[1])

    move = decide(local(HASHES[1]), known, there(HASHES[0]))

    assert (move.do, move.state, move.etag) == (plan.SEND, plan.ROLLED_BACK, etag_of(HASHES[0]))


def test_the_same_version_number_of_another_document_is_another_version() -> None:
    move = decide(local(HASHES[1], "two"), sidecar(HASHES[0]), there(HASHES[3], "three"))

    assert move.do == plan.REPLACE


def test_a_mere_resume_makes_no_conflict() -> None:
    known = sidecar(HASHES[0], content="one")

    move = decide(local(HASHES[1], "one"), known, there(HASHES[2], "two", knows_base=True))

    assert (move.do, move.state) == (plan.PULL, plan.REMOTE_AHEAD)


def test_what_the_hub_has_forgotten_is_copied_before_it_is_replaced() -> None:
    known = sidecar(HASHES[0], content="one")

    move = decide(local(HASHES[0], "one"), known, there(HASHES[2], "two", knows_base=False))

    assert move.do == plan.REPLACE


def test_a_lost_sidecar_is_no_conflict_where_a_snapshot_tells() -> None:
    move = decide(local(HASHES[1], "two", HASHES[0]), sidecar(), there(HASHES[0]))

    assert move.do == plan.SEND


def test_what_means_the_same_is_adopted() -> None:
    move = decide(local(HASHES[1], "two"), sidecar(HASHES[0]), there(HASHES[2], "two"))

    assert (move.do, move.state) == (plan.ADOPT, plan.CONVERGED)


def test_what_only_the_loser_knew_is_named_by_its_path() -> None:
    loser = {"step": "review", "selections": {"hub": "a", "app_space": "b"}, "revision": 4}
    winner = {"step": "connect", "selections": {"hub": "a", "app_space": "c"}, "revision": 9}

    assert plan.known_only_to(loser, winner) == ["selections.app_space"]
