"""What comes from a terminal: each key once and whole, and nothing that is no key taken for one."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from prompt_toolkit.application import Application
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.key_binding import KeyBindings, KeyPress, KeyPressEvent
from prompt_toolkit.keys import Keys
from prompt_toolkit.output import DummyOutput

from session_cli.tui.parser import QuietParser, clean_paste, quiet

ESC = "\x1b"
ANSWERS = {
    "OSC, ended by ST": "\x1b]11;rgb:1e1e/1e1e/2e2e\x1b\\",
    "OSC, ended by BEL": "\x1b]11;rgb:1e1e/1e1e/2e2e\a",
    "OSC, ended by one character": "\x1b]11;rgb:1e1e/1e1e/2e2e\x9c",
    "OSC, in single characters": "\x9d11;rgb:1e1e/1e1e/2e2e\x9c",
    "clipboard": "\x1b]52;c;cXFxcnJyCg==\x1b\\",
    "title": "\x1b]lquit and resume\x1b\\",
    "DCS": "\x1bP1$r0;1;7mq\x1b\\",
    "version": "\x1bP>|XTerm(388)\x1b\\",
    "graphics": "\x1b_Gi=31;OK\x1b\\",
    "PM": "\x1b^quit\x1b\\",
    "SOS": "\x1bXquit\x1b\\",
    "device": "\x1b[?62;4;22c",
    "second device": "\x1b[>41;388;0c",
    "device of one character": "\x9b?62;4;22c",
    "cursor": "\x1b[12;40R",
    "focus": "\x1b[I\x1b[O",
    "mode": "\x1b[?2026;2$y",
    "size": "\x1b[8;24;80t",
    "keypad": "\x1bOj\x1bO2P",
    "other key": "\x1b[113;5u\x1b[27;5;113~",
    "other function key": "\x1b[[Z",
    "numpad 5": "\x1b[E",
    "mouse that cannot be": "\x1b[M\x7fad\x1b[5M\x1b[1;2m\x1b[<1;2M\x1b[1;2;3;4M",
    # Escape would leave
    "Alt and a key": "\x1b[1;3A\x1b[5;3~\x1b[1;7D",
    "NUL": "\0",
    "what turns or joins": "\u202e\u2066\u200d",
    "a control character of one": "\x85\x9c",
}
KEYS = {
    "\x1b[A": "up",
    "\x1bOB": "down",
    "\x9bC": "right",
    "\x8fD": "left",
    "\x1b[5~": "pageup",
    "\x1b[1~": "home",
    "\x1b[1;5C": "c-right",
    "\x1b[Z": "s-tab",
    "\x1bOP": "f1",
    "\x1b[[B": "f2",
    "\x1b[15~": "f5",
    "\x1b[<0;10;5M": "<vt100-mouse-event>",
    "\x1b[<65;110;45m": "<vt100-mouse-event>",
    "\x1b[96;14;13M": "<vt100-mouse-event>",
    "\x1b[M ad": "<vt100-mouse-event>",
    "\x1b[M \x1b\r": "<vt100-mouse-event>",
    "\x1b[200~a q\x1b[A\x1b\x1b[201~": "<bracketed-paste>",
    "\r": "c-m",
    "\t": "c-i",
    "\x7f": "c-h",
    "\x03": "c-c",
    "\x1a": "c-z",
    "\x1c": "c-\\",
    "\x15": "c-u",
    ESC: "escape",
    "a": "a",
    " ": " ",
    "ü": "ü",
    "本": "本",
    "\U0001f980": "\U0001f980",
}


class Keyboard:
    """What is typed, what a terminal answers, and the keys that come of it."""

    def __init__(self) -> None:
        self.time = 0.0
        self.pressed: list[KeyPress] = []
        self.parser = QuietParser(self.pressed.append, lambda: self.time)

    def type(self, *pieces: str, pause: float = 0.0) -> Keyboard:
        for piece in filter(None, pieces):
            self.parser.feed(piece)
            self.wait(pause)
        return self

    def wait(self, seconds: float) -> Keyboard:
        """Waits; the application flushes once, a second after the last input."""
        if seconds >= 1:
            self.time += 1
            self.parser.flush()
            self.time -= 1
        self.time += seconds
        return self

    @property
    def keys(self) -> list[str]:
        return [key.key.value if isinstance(key.key, Keys) else key.key for key in self.pressed]


def typed(*pieces: str, pause: float = 0.0) -> list[str]:
    return Keyboard().type(*pieces, pause=pause).keys


# whole keys


@pytest.mark.parametrize("sequence", KEYS)
def test_a_sequence_is_one_key(sequence: str) -> None:
    assert Keyboard().type(sequence).wait(1).keys == [KEYS[sequence]]


@pytest.mark.parametrize("pause", [0.0, 0.4, 1.4, 4.0])
@pytest.mark.parametrize("sequence", [each for each in KEYS if len(each) > 1])
def test_a_key_in_pieces_is_one_key(sequence: str, pause: float) -> None:
    if ESC in sequence[1:]:
        # a paste ends after two seconds, and its pieces are another test
        pause = min(pause, 0.9)
    # an escape alone for a second is a key
    whole = [sequence[:2], *sequence[2:]]

    assert typed(*whole, pause=pause) == [KEYS[sequence]]
    assert typed(*sequence, pause=min(pause, 0.9)) == [KEYS[sequence]]


@given(
    st.lists(st.sampled_from([*KEYS, *ANSWERS.values()]), max_size=12),
    st.lists(st.tuples(st.integers(1, 9), st.sampled_from([0.0, 0.4, 0.9])), min_size=1),
)
@example(["\x1b[A"] * 100, [(1, 0.0)])
@example(["\x1b[A"] * 100, [(2, 0.9)])
@example([ESC, "\x1b[A", ESC, ESC, "a"], [(1, 0.0)])
def test_however_it_is_split_the_keys_are_the_same(
    sequences: list[str], splits: list[tuple[int, float]]
) -> None:
    keyboard, text = Keyboard(), "".join(sequences)
    start = 0
    while start < len(text):
        for length, pause in splits:
            keyboard.type(text[start : start + length], pause=pause)
            start += length
    keyboard.wait(1)

    assert keyboard.keys == [KEYS[each] for each in sequences if each in KEYS]


@pytest.mark.parametrize("size", [1, 2, 3, 5, 400])
def test_bytes_may_be_split_inside_of_a_character(size: int) -> None:
    raw = ("\x1b[B" * 100 + "ü本\U0001f980" + "\x9bA").encode()
    with create_pipe_input() as input_:
        quiet(input_)
        pressed = []
        for start in range(0, len(raw), size):
            input_.send_bytes(raw[start : start + size])
            pressed += input_.read_keys()

    assert [key.key for key in pressed] == [*[Keys.Down] * 100, *"ü本\U0001f980", Keys.Up]


def test_bytes_that_are_no_text_are_no_keys() -> None:
    with create_pipe_input() as input_:
        quiet(input_)
        input_.send_bytes(b"a\xff\xc3(\0\x80b\x9bA")
        pressed = input_.read_keys()

    assert [key.key for key in pressed] == ["a", "(", "b", Keys.Up]


def test_a_click_far_to_the_right_has_bytes_that_are_no_text() -> None:
    with create_pipe_input() as input_:
        quiet(input_)
        input_.send_bytes(b"\x1b[M \xc3\xa9q\x1b[M \xf0!q")
        pressed = input_.read_keys()

    clicks = [(key.key, [ord(char) & 0xFF for char in key.data[3:]]) for key in pressed]
    assert clicks == [
        (Keys.Vt100MouseEvent, [0x20, 0xC3, 0xA9]),
        ("q", []),
        (Keys.Vt100MouseEvent, [0x20, 0xF0, 0x21]),
        ("q", []),
    ]


# an escape


def test_an_escape_alone_is_a_key_after_a_second() -> None:
    keyboard = Keyboard().type(ESC)
    assert keyboard.keys == []

    assert keyboard.wait(1).keys == ["escape"]
    assert keyboard.wait(3).keys == ["escape"]


@pytest.mark.parametrize("char", ["a", "\r", "\t", "7", "ü", "\x03"])
def test_what_is_typed_right_after_an_escape_is_a_key_too(char: str) -> None:
    assert typed(ESC + char) == typed(ESC, char) == ["escape", *typed(char)]


def test_an_escape_is_a_key_however_busy_the_program_was() -> None:
    keyboard = Keyboard().type(ESC)
    keyboard.time += 11

    assert keyboard.type("a").keys == ["escape", "a"]


def test_two_escapes_are_two() -> None:
    assert Keyboard().type(ESC + ESC).wait(1).keys == ["escape", "escape"]
    assert typed("\x1b\x1b[A") == ["escape", "up"]


@pytest.mark.parametrize(
    "rest",
    ["[D", "OA", "[1;5C", "[[A", "[M ad", "[<0;1;1M", "]11;rgb:q\a", "P1$r0q\x1b\\", "_Gq\a"],
)
@pytest.mark.parametrize("pause", [0.0, 1.4])
def test_what_follows_an_escape_late_is_no_letter(rest: str, pause: float) -> None:
    assert Keyboard().type(ESC).wait(1.5).type(rest, "a").keys == ["escape", "a"]
    late = Keyboard().type(ESC).wait(1.5).type(*rest, pause=pause)
    assert late.type("a", "\x1b[A").keys == ["escape", "a", "up"]


def test_a_paste_after_an_escape_is_one_however_late_it_is() -> None:
    keyboard = Keyboard().type(ESC).wait(1.5).type("[200~a q\x1b[201~", "a")

    assert keyboard.keys == ["escape", "<bracketed-paste>", "a"]


@pytest.mark.parametrize("rest", ["aD", "1", "\r", "Xa", "^a", "Pa", "]a", "O\r"])
def test_what_is_typed_late_after_an_escape_is_a_key(rest: str) -> None:
    assert Keyboard().type(ESC).wait(1.5).type(rest).keys == ["escape", *typed(*rest)]


def test_after_five_seconds_it_is_no_rest_any_more() -> None:
    assert Keyboard().type(ESC).wait(1).wait(4.5).type("[D").keys == ["escape"]
    assert Keyboard().type(ESC).wait(1).wait(5.5).type("[D").keys == ["escape", "[", "D"]


def test_an_escape_before_a_question_is_no_answer_nor_is_its_rest() -> None:
    keyboard = Keyboard().type(ESC)
    keyboard.parser.forget()

    assert keyboard.wait(1).type("[D").keys == []
    assert keyboard.type("D", "\x1b[D").keys == ["D", "left"]


# what the terminal answers


@pytest.mark.parametrize("name", ANSWERS)
def test_what_the_terminal_answers_is_no_key(name: str) -> None:
    answer = ANSWERS[name]

    assert typed(answer, "q") == ["q"]
    assert typed(*answer, "q") == ["q"]
    assert typed("a" + answer + "\x1b[A" + answer + "q") == ["a", "up", "q"]


@pytest.mark.parametrize(
    "name", [name for name, answer in ANSWERS.items() if answer[0] == ESC and ESC not in answer[1:]]
)
@pytest.mark.parametrize("pause", [0.9, 1.4, 9.0])
def test_nor_is_it_over_a_slow_line(name: str, pause: float) -> None:
    answer = ANSWERS[name]
    middle = (len(answer) + 2) // 2

    assert typed(answer[:2], answer[2:middle], answer[middle:], "q", pause=pause) == ["q"]


def test_the_end_of_a_string_may_come_late() -> None:
    keyboard = Keyboard().type("\x1b]11;rgb:1\x1b").wait(1.4).type("\\q")

    assert keyboard.keys == ["q"]


@pytest.mark.parametrize("end", ["\r", "\n", "\x18", "\x1a"])
def test_a_string_without_an_end_ends_when_a_person_wants_it_to(end: str) -> None:
    assert typed("\x1b]11;rgb:1e", end, "a") == ["a"]


def test_another_sequence_breaks_a_string_off() -> None:
    assert typed("\x1b]11;rgb:1e\x1b[A") == ["up"]
    assert typed("\x1bP1$r\x1b]11;rgb:q\aa") == ["a"]
    assert typed("\x1b]11;rgb:1e\x1b\x1b[A") == ["up"]


def test_a_string_of_which_no_more_comes_is_given_up() -> None:
    assert Keyboard().type("\x1b]11;rgb:1e").wait(9).type("q").keys == []
    assert Keyboard().type("\x1b]11;rgb:1e").wait(11).type("q").keys == ["q"]


def test_a_long_string_is_no_letters_either_and_takes_no_room() -> None:
    keyboard = Keyboard().type("\x1b]52;c;")
    for _ in range(100):
        keyboard.type("cXFx" * 1000)

    assert len(keyboard.parser._held) < 10
    assert keyboard.type("\aq").keys == ["q"]


def test_a_long_sequence_takes_no_room() -> None:
    keyboard = Keyboard().type("\x1b[" + "1;" * 100_000)

    assert len(keyboard.parser._held) < 100
    assert keyboard.type("Aq").keys == ["q"]


@pytest.mark.parametrize("start", "]P_")
def test_alt_and_a_key_is_no_answer(start: str) -> None:
    assert typed(ESC + start, "a") == ["a"]
    assert typed(ESC + start, "\x1b[A") == ["up"]


@pytest.mark.parametrize("char", "X^")
def test_escape_and_a_letter_that_could_begin_a_string(char: str) -> None:
    assert Keyboard().type(ESC + char).wait(1).keys == ["escape", char]
    assert typed(ESC + char, "\r") == ["escape", char, "c-m"]


# broken off


@pytest.mark.parametrize("part", ["\x1b[", "\x1b[1;5", "\x1bO", "\x1b[?2026;2$", "\x1b[["])
def test_what_comes_instead_of_the_rest_is_looked_at_by_itself(part: str) -> None:
    assert typed(part, "\r") == ["c-m"]
    assert typed(part, "\x1b[A") == ["up"]
    assert typed(part, "ü") == ["ü"]
    assert typed(part, "\x9bA") == ["up"]


@pytest.mark.parametrize("part", ["\x1b[", "\x1b[1;", "\x1bO"])
def test_half_a_sequence_is_never_letters(part: str) -> None:
    keyboard = Keyboard().type(part).wait(2)
    assert keyboard.keys == []

    assert keyboard.wait(11).type("q").keys == ["q"]


# pastes


def pastes(keyboard: Keyboard) -> list[str]:
    return [key.data for key in keyboard.pressed if key.key == Keys.BracketedPaste]


@pytest.mark.parametrize("size", range(1, 12))
def test_a_paste_in_pieces_is_one_and_presses_no_keys(size: int) -> None:
    text = "\x1b[200~a q\r\x1b[A\x1b[20\x1b\x1b[201~a"
    keyboard = Keyboard().type(
        *(text[start : start + size] for start in range(0, len(text), size)), pause=0.9
    )

    assert keyboard.keys == ["<bracketed-paste>", "a"]
    assert pastes(keyboard) == ["a q [20"]


def test_two_pastes_in_one_piece_are_two() -> None:
    keyboard = Keyboard().type("\x1b[200~a\x1b[201~b\x1b[200~\x1b[201~\x1b[A")

    assert keyboard.keys == ["<bracketed-paste>", "b", "<bracketed-paste>", "up"]
    assert pastes(keyboard) == ["a", ""]


def test_a_paste_without_its_end_ends_after_two_seconds() -> None:
    keyboard = Keyboard().type("\x1b[200~a q").wait(1.5).type(" a\x1b")
    assert keyboard.keys == []
    keyboard.time += 2
    keyboard.parser.flush()

    assert pastes(keyboard) == ["a q a"]
    assert keyboard.type("a").keys == ["<bracketed-paste>", "a"]


def test_a_large_paste_takes_no_time() -> None:
    keyboard = Keyboard().type("\x1b[200~")
    for _ in range(10_000):
        keyboard.type("paym" * 256)

    assert len(pastes(keyboard.type("\x1b[201~"))[0]) == 10_240_000


CLEANED = {
    "words": ("payment prod", "payment prod"),
    "lines": ("payment\nprod\r\nq\n", "payment prod  q"),
    "lines as terminals send them": ("payment\rprod\r", "payment prod"),
    "tabs": ("a\tb\t", "a b "),
    "a sequence": ("pay\x1b[31mment\x1b[0m-prod\x1b[A", "payment-prod"),
    "a sequence of one character": ("pay\x9b31mment", "payment"),
    "a link": ("\x1b]8;;https://a.example\x1b\\payment\x1b]8;;\a", "payment"),
    "control characters": ("pay\x07\x00m\x08ent\u202e-prod\x85", "payment-prod"),
    "no text": ("pay\udcffment\ud800", "payment"),
    "other blanks": ("a\u00a0b\u3000c\u2028d", "a b c d"),
    "letters of the world": ("ü本\U0001f980e\u0301", "ü本\U0001f980e\u0301"),
    "nothing": ("", ""),
}


@pytest.mark.parametrize("name", CLEANED)
def test_a_paste_is_text_in_one_line(name: str) -> None:
    pasted, cleaned = CLEANED[name]

    assert clean_paste(pasted) == cleaned
    assert pastes(Keyboard().type(f"\x1b[200~{pasted}\x1b[201~")) == [cleaned]


@given(st.text(st.characters(codec=None)))
def test_no_paste_acts_on_a_terminal(pasted: str) -> None:
    cleaned = clean_paste(pasted)

    assert cleaned.isprintable()
    assert clean_paste(cleaned) == cleaned


# in an application


def pressed_in_application(typed: Iterable[tuple[float, str]]) -> list[tuple[float, str, str]]:
    """What an application is told: when, which key, and its text; `q` ends it."""
    told: list[tuple[float, str, str]] = []
    bindings = KeyBindings()

    @bindings.add("<any>")
    @bindings.add("escape", eager=True)
    @bindings.add(Keys.BracketedPaste)
    def _(event: KeyPressEvent) -> None:
        loop = asyncio.get_running_loop()
        told.append((loop.time() - started, event.key_sequence[0].key, event.data))
        if event.data == "q":
            event.app.exit()

    started = 0.0

    async def run() -> None:
        nonlocal started
        with create_pipe_input() as input_:
            quiet(input_)
            app: Application[Any] = Application(
                key_bindings=bindings, input=input_, output=DummyOutput()
            )
            app.ttimeoutlen = 1.0
            started = asyncio.get_running_loop().time()
            for after, text in typed:
                asyncio.get_running_loop().call_later(after, input_.send_text, text)
            # an end in any case
            asyncio.get_running_loop().call_later(10, input_.close)
            await app.run_async(handle_sigint=False)

    asyncio.run(run())
    return told


def test_an_application_ends_a_paste_without_an_end_by_itself() -> None:
    [(at, key, text), _] = pressed_in_application([(0.0, "\x1b[200~a q"), (2.5, "q")])

    assert (key, text) == (Keys.BracketedPaste, "a q")
    assert 1.9 < at < 2.5


def test_an_application_takes_an_escape_after_a_second_and_no_answer() -> None:
    [(at, key, _), last] = pressed_in_application([(0.0, "\x1b[?62c\x1b"), (1.5, "[Dq")])

    assert key == Keys.Escape
    assert 0.9 < at < 1.5
    assert last[1:] == ("q", "q")
