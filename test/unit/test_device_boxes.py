"""The boxes about other devices and people: word for word, and well-formed whatever a hub says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wcwidth import wcswidth

from session_cli.sync.holder import Holder
from session_cli.sync.offers import Handoff, Offered, Offers
from session_cli.text import device_boxes, session_boxes
from session_cli.workflow.state import ImportState

Golden = Callable[[str, str], None]
NOW = 1767976222.0
HOLDER = Holder("alex", "desktop", "2026-01-09T14:30:22.000Z", 81.0)


def offered(number: int = 1, **changes: Any) -> Offered:
    known: dict[str, Any] = {
        "uuid": f"uuid-{number}",
        "session_id": f"import-2026-01-09-14302{number}",
        "cluster": "kind-atk",
        "step": "targets_waiting",
        "step_index": 6,
        "step_total": 7,
        "device": "desktop",
        "user": "alex",
        "owner": "alex",
        "status": "active",
        "scope": "personal",
        "age": 300.0,
        "holder": None,
        "can_resume": False,
    }
    return Offered(**{**known, **changes})


HANDOFF = Handoff(
    offered(2, cluster="kind-prod", step="connect"), "sam", "units are created, verify is left"
)
BOTH = Offers([offered()], [HANDOFF])
MANY = Offers([offered(number) for number in range(5)], [])
FOUND = ImportState(
    {
        "session_id": "import-2026-01-09-143021",
        "id": "uuid-1",
        "step": "connect",
        "cluster_context": "kind-atk",
        "updated_at": "2026-01-09T14:30:22Z",
    }
)


def resume_box(offers: Offers, width: int) -> str:
    paragraphs = device_boxes.offer_paragraphs(*offers, FOUND.uuid)
    return session_boxes.resume_box(FOUND, NOW, width, offers=paragraphs)


KEYS = ("[L] Look", "[N] New session", "[T] Take over", "[Q] Quit")
LOST_KEYS = ("[T] Take over again", "[Q] Quit")
BOXES: dict[str, tuple[int, Callable[[int], str]]] = {
    "resume-offered": (61, lambda width: resume_box(BOTH, width)),
    "resume-elsewhere": (61, lambda width: device_boxes.found_elsewhere_box(*BOTH, width)),
    "handoff": (61, lambda width: device_boxes.handoff_box(HANDOFF, width)),
    "open-on-device": (66, lambda width: device_boxes.open_on_device_box(HOLDER, KEYS, width)),
    "lost-to-device": (
        66,
        lambda width: device_boxes.lost_to_device_box(HOLDER, "", "connect", LOST_KEYS, width),
    ),
}


@pytest.mark.parametrize("width", [None, 40], ids=["natural", "40"])
@pytest.mark.parametrize("name", BOXES)
def test_a_box_reads_as_agreed(golden: Golden, name: str, width: int | None) -> None:
    natural, draw = BOXES[name]

    golden(f"{name}-{width}" if width else name, draw(width or natural))


def test_the_session_of_the_box_is_offered_without_its_cluster() -> None:
    assert "This session on desktop 5 minutes ago: step 6 of 7" in resume_box(BOTH, 61)
    other = Offers([offered(2)], [])
    assert "On desktop 5 minutes ago: kind-atk, step 6 of 7" in resume_box(other, 61)


def test_of_many_sessions_a_few_are_shown_and_the_others_counted() -> None:
    box = resume_box(MANY, 61)

    assert box.count("desktop 5 minutes ago") == device_boxes.SHOWN
    assert "and 3 more" in box
    assert len(device_boxes.session_choices(MANY.sessions)) == 5


def test_who_has_it_open_is_said_beside_the_offer() -> None:
    open_there = Offers([offered(holder=HOLDER)], [])

    assert "step 6 of 7, open on desktop" in resume_box(open_there, 80)


def test_what_the_hub_does_not_say_is_not_made_up() -> None:
    nothing = offered(cluster="", device="", age=None, step="lunch")

    assert device_boxes.session_line(nothing) == "On ? an unknown time ago: no cluster yet, lunch"
    assert "the hub does not say" in device_boxes.open_on_device_box(None, KEYS, 66)
    lost = device_boxes.lost_to_device_box(None, "It is sam's now.", "verify", LOST_KEYS, 66)
    assert "It is sam's now." in lost


TEXTS = st.text() | st.text(st.sampled_from("a \u0301東🚢\x1b\n\u202e"), max_size=200)


@given(TEXTS, TEXTS, TEXTS, st.none() | st.floats(0, 1e12), st.integers(40, 200))
def test_whatever_a_hub_says_fills_its_box_and_nothing_else(
    cluster: str, name: str, step: str, age: float | None, width: int
) -> None:
    holder = Holder(name, cluster, step, 1.0)
    offer = offered(cluster=cluster, device=name, step=step, age=age, holder=holder)
    handoff = Handoff(offer, name, cluster)
    boxes = [
        device_boxes.found_elsewhere_box([offer], [handoff], width),
        device_boxes.handoff_box(handoff, width),
        device_boxes.open_on_device_box(holder, KEYS, width),
        device_boxes.lost_to_device_box(holder, name, step, LOST_KEYS, width),
    ]

    for line in "\n".join(boxes).split("\n"):
        assert line.isprintable(), ascii(line)
        assert wcswidth(line) == width, ascii(line)
