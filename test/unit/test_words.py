"""The idioms that `make lint` refuses are found where they stand, and plain words are let pass."""

from __future__ import annotations

import pytest
from words import idioms_in, title_in


@pytest.mark.parametrize(
    ("sentence", "words"),
    [
        ("It cannot be gone on with here.", "gone on with"),
        ("The import Goes on at: review", "Goes on at"),
        ("damaged files are told of", "are told"),
        ("a state by another hand", "another hand"),
        ("'doctor --fix' mends it", "mends"),
        ("the key 'a' stands twice", "stands twice"),
        ("Letting go of sessions", "Letting go"),
        ("a reason we did not foresee", "foresee"),
        ("it is from the future", "from the future"),
        ("older snapshots are thinned out", "thinned out"),
    ],
)
def test_an_idiom_is_found_with_its_line(sentence: str, words: str) -> None:
    assert [(number, found) for number, found, _ in idioms_in(f"Fine.\n{sentence}")] == [(2, words)]


def test_plain_words_pass() -> None:
    plain = "Resumes at: review. Tell it apart by hand. An amendment. Go on, press a key."

    assert list(idioms_in(plain)) == []


@pytest.mark.parametrize(
    ("line", "title"),
    [
        ("def test_a_save_is_told(cli: Command) -> None:", "a save is told"),
        ('@test "a type is told by every function" {', "a type is told by every function"),
        ("    told = cli('save')", ""),
    ],
)
def test_of_a_test_the_title_is_read(line: str, title: str) -> None:
    assert title_in(line) == title
