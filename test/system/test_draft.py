"""On a healthy or an absent state the six verbs answer as the original draft does with real jq."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from shlex import quote
from typing import Any, NamedTuple

import pytest
from builders import make_state
from hypothesis import given, settings
from hypothesis import strategies as st
from system.beside import CALLERS, ENTRIES, Outcome, play, script

pytestmark = pytest.mark.skipif(
    shutil.which("jq") is None, reason="jq is not installed, and the original draft needs it"
)

SNAPSHOT = "import-2026-01-09-143022.json"
READS = ["session_init", "session_exists", "session_load", "session_get_step"]
ALL_BUT_SAVE = [*READS, "session_clear", *READS, "session_clear"]


def pretty(state: dict[str, Any]) -> bytes:
    """`state` as jq, and ours, would write it."""
    return json.dumps(state, indent=2, ensure_ascii=False).encode() + b"\n"


def ours(**members: Any) -> bytes:
    """A state that begins as ours do, so that bash reads it without help."""
    return pretty({"version": "1.0", "type": "import", "revision": 3, **members})


SPEC = pretty(make_state())
STATES = {
    "absent": None,
    "as in the spec": SPEC,
    "without a final newline": SPEC.rstrip(),
    "compact": json.dumps(make_state()).encode(),
    "with CRLF": SPEC.replace(b"\n", b"\r\n"),
    "with tabs": json.dumps(make_state(), indent="\t").encode(),
    "between blank lines": b"\n\n " + SPEC + b"\n\n",
    "an empty object": b"{}",
    "an empty object over two lines": b"{\n}\n",
    "no step": ours(steps_completed=[]),
    "a step deeper down": ours(scan={"step": "review"}),
    "a step deeper down, outdented": ours(a={"step": "x"}, step="y").replace(b"    ", b"  "),
    "a step after a bracket": ours(steps_completed=["scan"], step="review"),
    "text that looks like a step": ours(note='\n  "step": "review",\n'),
    "an escaped step": json.dumps({"version": "1.0", "step": "é\u2028🚀"}, indent=2).encode(),
    "a big integer": b'{\n  "version": "1.0",\n  "n": 123456789012345678901,\n  "step": "a"\n}\n',
    "a number with an exponent": b'{\n  "version": "1.0",\n  "n": 1E+3,\n  "step": "a"\n}\n',
    "more than bash reads": pretty(make_state(note="x" * 16_384)),
    "2 MB": pretty(make_state(note=["é" * 1000] * 1000)),
}
STEPS = {
    "null": None,
    "true": True,
    "a number": 7,
    "a fraction": 0.5,
    "an object": {"name": "scan", "of": [7, None, {}, []]},
    "an array": ["scan", "é"],
    "empty": "",
    "with quotes": "say \"no\", 'yes'",
    "with backslashes": "a\\b\\\\",
    "with line breaks": "one\ntwo\n\n",
    "with a tab": "a\tb",
    "with an escape sequence": "\x1b[31mred\x7f",
    "with NUL": "a\0b",
    "unicode": "überprüfen 検証 🚀",
    "like an option": "--help",
    "ending in a comma": "a,",
}
STATES.update({f"a step that is {name}": ours(step=step) for name, step in STEPS.items()})


def alike(text: str, state: bytes | None = None, **options: str) -> Outcome:
    """What the script does with the draft's functions, after it did the same by all our entries."""
    expected = play("draft", text, state, **options)
    ours = {entry: play(entry, text, state, **options) for entry in ENTRIES}
    assert ours == dict.fromkeys(ENTRIES, expected)
    return expected


@pytest.mark.parametrize("state", STATES.values(), ids=STATES)
def test_every_state_is_answered_alike(state: bytes | None) -> None:
    alike(script(ALL_BUT_SAVE), state)


@pytest.mark.parametrize(
    "state", [SPEC, STATES["compact"], ours(step="select")], ids=["spec", "compact", "ours"]
)
def test_a_state_behind_a_link_is_answered_alike(state: bytes) -> None:
    text = script([*READS, "session_save verify ''", "session_exists", "session_get_step"])

    alike(text, state, snapshot=SNAPSHOT)


@pytest.mark.parametrize("caller", CALLERS)
@pytest.mark.parametrize("state", [None, SPEC, STATES["compact"]], ids=["absent", "healthy", "odd"])
def test_every_caller_is_answered_alike(state: bytes | None, caller: str) -> None:
    # save comes last: what load prints afterwards is for our own rules to say
    calls = [*READS, "session_clear"] if state is None else [*READS, "session_save review ''"]
    text = script(calls, caller) + "\nsession_get_step"

    alike(text, state)


FOLDERS = {
    "with a space": "my sessions",
    "with quotes": "a'b\"c",
    "with a newline": "a\nb",
    "with a newline at its end": "a\n",
    "with an emoji": "sess🚀ions",
    "with a leading dash": "./-sessions",
    "with a substitution": "$(touch witness) `touch witness`",
    "with a pattern": "[a-z]*?{b,c}",
    "with a backslash": "a\\nb",
    "with an equals sign": "a=b",
    "relative": "some/where",
    "with a slash at its end": "some/",
    "above": "../there/" + "x" * 200,
}
BOTH = 'SESSION_DIR={}; SESSION_FILE="$SESSION_DIR/import-latest.json"'
FILE = "mkdir -p {0}; SESSION_FILE={0}/my.json"
PLACES = {
    **{f"a folder {name}": BOTH.format(quote(folder)) for name, folder in FOLDERS.items()},
    **{
        f"a file in a folder {name}": FILE.format(quote(folder)) for name, folder in FOLDERS.items()
    },
    "another name beside": 'SESSION_FILE="$SESSION_DIR/another name.json"',
    "a file here": "SESSION_FILE=here.json",
    "a relative folder, a file elsewhere": "SESSION_DIR=a; mkdir b; SESSION_FILE=b/my.json",
    "set again": f"{BOTH.format('a')}; session_init; session_exists; {BOTH.format('b')}",
}
# The state is laid by the script, for only the script knows where.
ANYWHERE = [
    *READS,
    f'printf "%s" {quote(SPEC.decode())} >"$SESSION_FILE"',
    *READS,
    "session_save review ''",
    "session_exists",
    "session_get_step",
    "session_save 'two words' ''",
    "(cd . && session_get_step)",
    "session_clear",
    *READS,
    '[[ -e "$SESSION_FILE" || -e witness ]]',
]


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
def test_a_session_is_kept_wherever_the_script_says(place: str) -> None:
    played = alike(f"{place}\n{script(ANYWHERE)}")

    assert b"two words\n" in played.stdout


SAVED = {
    **{name: step for name, step in STEPS.items() if isinstance(step, str) and step},
    "a lone dash": "-",
    "two dashes": "--",
    "a short option": "-n",
    "an option with a value": "--session=x",
    "a pattern": "*",
    "a substitution": "$(exit 3)",
    "only blanks": "  ",
    "long": "é" * 40_000,
}
del SAVED["with NUL"]


@pytest.mark.parametrize("step", SAVED.values(), ids=SAVED)
def test_any_step_is_saved_as_it_is(step: str) -> None:
    alike(script([f"session_save {quote(step)} ''", "session_exists", "session_get_step"]), SPEC)


@pytest.fixture(scope="module")
def latin_1(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The lines of bash that enter a locale in which no character is UTF-8."""
    folder = tmp_path_factory.mktemp("locales")
    if shutil.which("localedef") is None:
        pytest.skip("localedef is not installed: no locale can be made for this test")
    made = ["localedef", "-i", "en_US", "-f", "ISO-8859-1", f"{folder}/en_US.ISO-8859-1"]
    if subprocess.run(made, capture_output=True).returncode:
        pytest.skip("localedef cannot make a locale of ISO-8859-1 here")
    return f"export LOCPATH={quote(str(folder))} LC_ALL=en_US.ISO-8859-1\n"


@pytest.mark.parametrize("locale", ["C", "C.UTF-8", "POSIX"])
def test_a_step_is_the_same_in_any_locale(locale: str) -> None:
    same_in(f"export LC_ALL={locale}\n")


def test_a_step_is_the_same_in_a_locale_without_utf_8(latin_1: str) -> None:
    same_in(latin_1)


def same_in(locale: str) -> None:
    """Saves steps beyond ASCII in a locale and reads them back."""
    text = locale + script(["session_get_step", "session_save 'révue €🚀' ''", "session_get_step"])

    alike(text, ours(step="überprüfen 検証 🚀"))


@pytest.mark.parametrize("caller", ["a plain line", "set -euo pipefail", "a loop over a file"])
def test_data_of_2_mb_is_an_argument_like_any_other(caller: str) -> None:
    large = """printf -v zeros '%02000000d' 0; data="{\\"note\\": \\"$zeros\\"}"\n"""
    text = large + script(['session_save review "$data"', "session_get_step"], caller)
    kept = '\ncode=$?; [[ $(session_load) == *"$zeros"* ]] && echo kept; exit $code'

    code, stdout = play("draft", text, SPEC)
    for entry in ENTRIES:
        assert play(entry, text + kept, SPEC) == (code, stdout + b"kept\n"), entry


# Generated: jq 1.6 and later ones write numbers in their own ways, so a step holds but plain ones.
CHARACTERS = st.characters(exclude_categories=["Cs"], exclude_characters="\x7f")
CHARACTERS |= st.sampled_from('\0\t\r\n\x1b"\\,:[]{}$')
TEXT = st.text(CHARACTERS, max_size=12)
PLAIN = st.none() | st.booleans() | st.integers(-(10**15), 10**15) | st.sampled_from([0.5, -1.25])
NUMBERS = st.integers() | st.floats(allow_nan=False, allow_infinity=False)


def values(leaves: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.recursive(
        leaves,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
        max_leaves=6,
    )


STEP = st.fixed_dictionaries({}, optional={"step": TEXT | values(PLAIN | TEXT)})
HEAD = st.fixed_dictionaries({}, optional={"version": st.just("1.0"), "type": st.just("import")})
REST = st.dictionaries(TEXT, values(PLAIN | NUMBERS | TEXT), max_size=4)
FORMS: list[Callable[[Any], str]] = [
    lambda value: json.dumps(value, indent=2, ensure_ascii=False) + "\n",
    lambda value: json.dumps(value, indent=2),
    lambda value: json.dumps(value, separators=(",", ":")),
    lambda value: json.dumps(value, indent=1, ensure_ascii=False).replace("\n", "\r\n"),
]
CALLS = [*READS, *READS, "session_clear", "session_save"]


@st.composite
def plays(draw: st.DrawFn) -> tuple[bytes | None, str]:
    """A state, or none, and a script of calls whose answers are the draft's."""
    state = None
    if draw(st.integers(0, 5)):
        members = {**draw(HEAD), **draw(REST), **draw(STEP)}
        state = draw(st.sampled_from(FORMS))(members).encode()
    caller = draw(st.sampled_from(sorted(CALLERS)))
    calls = draw(st.lists(st.sampled_from(CALLS), min_size=1, max_size=6))
    return state, script(_healthy(draw, calls, state is not None), caller)


def _healthy(draw: st.DrawFn, calls: list[str], is_there: bool) -> list[str]:
    """The calls but those on which the rules differ: a save without a state, a load after one."""
    kept, was_saved = [], False
    for call in calls:
        if call == "session_clear":
            is_there = was_saved = False
        if call == "session_save" and is_there:
            was_saved = True
            step = draw(TEXT.filter(lambda text: text and "\0" not in text and text[0] != "{"))
            data = json.dumps(draw(REST)) if draw(st.booleans()) else ""
            kept.append(f"session_save {quote(step)} {quote(data)}")
        elif call != "session_save" and not (call == "session_load" and was_saved):
            kept.append(call)
    return kept


@given(plays())
@settings(max_examples=40, deadline=None, derandomize=True, database=None)
def test_any_sequence_of_calls_is_answered_alike(played: tuple[bytes | None, str]) -> None:
    state, text = played

    alike(text, state)


class Difference(NamedTuple):
    """A script and what it prints with the draft and with ours."""

    text: str
    draft: str
    ours: str
    state: bytes | None = SPEC


DIFFERENCES = {
    "the first save creates the session": Difference(
        "session_init; session_save scan '' || echo failed; session_get_step",
        draft="failed\nnone\n",
        ours="scan\n",
        state=None,
    ),
    "a save after clear begins a session": Difference(
        "session_clear; session_save scan '' || echo failed; session_get_step",
        draft="failed\nnone\n",
        ours="scan\n",
    ),
    "DATA is merged into the state": Difference(
        """session_save verify '{"n": 1, "selections": {"hub": "h"}}'
        jq -c '[.n, .selections.hub, .selections.app_space]' "$SESSION_FILE" """,
        draft='[null,"platform-team","payment-team"]\n',
        ours='[1,"h","payment-team"]\n',
    ),
    "DATA that is no object is refused": Difference(
        "session_save verify '[1]'; echo $?; session_get_step",
        draft="0\nverify\n",
        ours="2\nworker_connecting\n",
    ),
    "an empty step is refused": Difference(
        "session_save '' ''; echo $?; session_get_step",
        draft="0\n\n",
        ours="2\nworker_connecting\n",
    ),
    "an object in the step's place is refused": Difference(
        """session_save '{"a": 1}' ''; echo $?; session_get_step""",
        draft='0\n{"a": 1}\n',
        ours="2\nworker_connecting\n",
    ),
    "the step left behind is completed": Difference(
        "session_save verify ''; jq -c .steps_completed \"$SESSION_FILE\"",
        draft='["scan","review","select","connect"]\n',
        ours='["scan","review","select","connect","worker_connecting"]\n',
    ),
    "the pointer becomes a link to a snapshot": Difference(
        'session_save verify ""; [[ -L "$SESSION_FILE" ]] || echo plain',
        draft="plain\n",
        ours="",
    ),
    "saves in one second are all kept": Difference(
        "date() { echo 2026-01-09-150000; }; for step in a b c; do session_save $step ''; done\n"
        'cat "$SESSION_DIR"/import-2[0-9]*.json | jq -r .step | grep -c "^[abc]$"',
        draft="1\n",
        ours="3\n",
    ),
    "a state of a newer schema is not rewritten": Difference(
        "session_save verify ''; echo $?; session_get_step",
        draft="0\nverify\n",
        ours="4\nscan\n",
        state=pretty({"version": "2.0", "step": "scan"}),
    ),
}


@pytest.mark.parametrize("difference", DIFFERENCES.values(), ids=DIFFERENCES)
def test_we_differ_on_purpose(difference: Difference) -> None:
    text, state = difference.text, difference.state

    assert play("draft", text, state).stdout.decode() == difference.draft
    for entry in ENTRIES:
        assert play(entry, text, state).stdout.decode() == difference.ours, entry


def test_a_changed_folder_takes_the_pointer_along() -> None:
    text = 'SESSION_DIR="$PWD/new"; session_init; session_get_step; session_exists; echo $?'

    assert play("draft", text, SPEC).stdout == b"worker_connecting\n0\n"
    assert play("shim", text, SPEC).stdout == b"none\n1\n"


def test_data_may_be_left_out() -> None:
    text = "set -u; session_save review; session_get_step"

    assert play("draft", text, SPEC).stdout == b""
    assert play("shim", text, SPEC).stdout == b"review\n"
