"""The state document: what is read, how it is written, and what a save makes of it."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from builders import make_state
from hypothesis import given
from hypothesis import strategies as st

from session_cli import document as doc
from session_cli.errors import BadInput

ROOT = Path(__file__).parent.parent.parent
NOON = 1767960000.0  # 2026-01-09 12:00:00 UTC
ID = "import-2026-01-09-143022"
UUID = "019ba1c2-0000-7000-8000-000000000000"

TEXT = st.text()
NUMBERS = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
)
DOCUMENTS = st.dictionaries(TEXT, VALUES, max_size=6)
SPELLINGS = st.fixed_dictionaries(
    {
        "indent": st.sampled_from([None, 0, 1, 4, "\t"]),
        "ensure_ascii": st.booleans(),
        "separators": st.sampled_from([None, (",", ":"), (" , ", " : ")]),
    }
)


def nested(depth: int) -> bytes:
    """An object, and lists in it, `depth` containers deep."""
    return b'{"a": ' + b"[" * (depth - 1) + b"]" * (depth - 1) + b"}"


# the canonical form


def test_the_canonical_form_has_two_space_indent_utf_8_and_a_final_newline() -> None:
    document = {"step": "scán", "none": [], "empty": {}, "list": [1, None], "inner": {"yes": True}}

    assert doc.dump(document).decode() == (
        "{\n"
        '  "step": "scán",\n'
        '  "none": [],\n'
        '  "empty": {},\n'
        '  "list": [\n'
        "    1,\n"
        "    null\n"
        "  ],\n"
        '  "inner": {\n'
        '    "yes": true\n'
        "  }\n"
        "}\n"
    )


@given(DOCUMENTS)
def test_the_canonical_form_is_that_of_every_json_tool(document: dict[str, Any]) -> None:
    expected = json.dumps(document, indent=2, ensure_ascii=False) + "\n"

    assert doc.dump(document) == expected.encode()


@given(DOCUMENTS)
def test_what_was_written_reads_back_equal(document: dict[str, Any]) -> None:
    # of these there is a rule of their own
    document.pop("steps_completed", None)

    assert doc.parse_state(doc.dump(document)) == document
    assert doc.parse_data(doc.dump(document)) == document


@given(DOCUMENTS, SPELLINGS)
def test_every_spelling_of_a_document_has_one_canonical_form(
    document: dict[str, Any], spelling: dict[str, Any]
) -> None:
    raw = json.dumps(document, **spelling).encode()

    canonical = doc.dump(doc.parse_state(raw))

    assert canonical == doc.dump(document)
    assert doc.dump(doc.parse_state(canonical)) == canonical


@pytest.mark.parametrize(
    "number",
    [
        "18446744073709551616",
        "123456789.123456789123456789",
        "1.10",
        "1e2",
        "1E+2",
        "-0.0",
        "0.1e-7",
        "9" * 300,
    ],
    ids=lambda number: number[:30],
)
def test_a_number_keeps_its_digits(number: str) -> None:
    raw = f'{{\n  "n": {number}\n}}\n'.encode()

    assert doc.dump(doc.parse_data(raw)) == raw
    assert doc.encode(doc.merge(doc.parse_state(raw), {"step": "scan"})).count(number.encode()) == 1


# reading


@pytest.mark.parametrize(
    ("raw", "complaint"),
    [
        pytest.param(b"", "empty", id="nothing"),
        pytest.param(b" \r\n\t", "empty", id="white space"),
        pytest.param(b"\0" * 512, "NUL", id="NULs"),
        pytest.param(b"\xef\xbb\xbf", "empty", id="a byte order mark alone"),
        pytest.param(b"scan", "Expecting value", id="a word"),
        pytest.param(b"null", "not a JSON object", id="null"),
        pytest.param(b'"scan"', "not a JSON object", id="a string"),
        pytest.param(b"7", "not a JSON object", id="a number"),
        pytest.param(b'["scan"]', "not a JSON object", id="a list"),
        pytest.param(b"{'a': 1}", "double quotes", id="single quotes"),
        pytest.param(b'{"a": 1,}', "line 1 column", id="a comma too many"),
        pytest.param(b'{"a" 1}', "':'", id="no colon"),
        pytest.param(b'{"a": }', "Expecting value", id="no value"),
        pytest.param(b'{"a": 01}', "line 1 column", id="a leading zero"),
        pytest.param(b'{"a": "x', "Unterminated", id="cut in a string"),
        pytest.param(b'{"a": 1', "line 1 column", id="cut before the end"),
        pytest.param(b'{"a": "\x01"}', "control character", id="a control character"),
        pytest.param(b'{"a": "x\ny"}', "control character", id="a line break in a string"),
        pytest.param(b'{"a": 1}x', "Expecting value", id="trailing garbage"),
        pytest.param(b'{"a": 1}\0\0', "Expecting value", id="trailing NULs"),
        pytest.param(b"{} {}", "more than one", id="doubled"),
        pytest.param(b'{"a": "\xff"}', "not UTF-8 (byte 7)", id="not UTF-8"),
        pytest.param(b'{"a": "\xed\xa0\x80"}', "not UTF-8", id="a surrogate in bytes"),
        pytest.param('{"a": 1}'.encode("utf-16"), "not UTF-8", id="UTF-16"),
        pytest.param(b'{"a": NaN}', "NaN", id="NaN"),
        pytest.param(b'{"a": -Infinity}', "Infinity", id="minus infinity"),
        pytest.param(b'{"a": 1e400}', "out of range", id="a number beyond any float"),
        pytest.param(b"[" * 200_000, "too deep", id="200,000 brackets"),
        pytest.param(b'{"a":' * 200_000, "too deep", id="200,000 braces"),
    ],
)
def test_what_is_not_one_json_object_is_reported_in_one_line(raw: bytes, complaint: str) -> None:
    with pytest.raises(doc.NotADocument) as of_a_state:
        doc.parse_state(raw)
    with pytest.raises(BadInput) as of_data:
        doc.parse_data(raw)

    for told in (str(of_a_state.value), str(of_data.value)):
        assert complaint in told
        assert told.isprintable()
        assert len(told) < 250


@pytest.mark.parametrize(
    ("raw", "complaint"),
    [
        pytest.param(b'{"a": 1, "a": 1}', "duplicate key 'a'", id="doubled key"),
        pytest.param(b'{"a": [{"b": 1, "b": 2}]}', "duplicate key 'b'", id="doubled key inside"),
        pytest.param(rb'{"a": 1, "\u0061": 2}', "duplicate key 'a'", id="doubled key in disguise"),
        pytest.param(b'{"a\\nb": 1, "a\\nb": 2}', r"duplicate key 'a\nb'", id="a key of two lines"),
        pytest.param(nested(65), "over 64 levels deep", id="65 deep"),
        pytest.param(rb'{"a": "\ud800"}', "surrogate", id="half a surrogate pair"),
        pytest.param(rb'{"\uDC00": 1}', "surrogate", id="half a surrogate pair as key"),
        pytest.param(b'{"a": "%s"}' % (b"x" * doc.MAX_BYTES), "16 MiB", id="over 16 MiB"),
    ],
)
def test_data_must_be_beyond_doubt_where_a_state_may_be_old(raw: bytes, complaint: str) -> None:
    assert doc.parse_state(raw)
    with pytest.raises(BadInput) as refusal:
        doc.parse_data(raw)

    assert complaint in str(refusal.value)
    assert str(refusal.value).isprintable()


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(nested(64), id="64 deep"),
        pytest.param(b'{"a": "%s"}' % (b"x" * (doc.MAX_BYTES - 9)), id="16 MiB"),
        pytest.param(rb'{"a": "\ud83d\ude80"}', id="a whole surrogate pair"),
        pytest.param(b'\xef\xbb\xbf {"a": 1}', id="a byte order mark"),
        pytest.param(b'\r\n{"a": 1}\r\n\t ', id="white space around"),
        pytest.param(b'{"a": 1, "A": 2}', id="keys that differ in case"),
        pytest.param(rb'{"a": "\u0000"}', id="an escaped NUL"),
    ],
)
def test_what_is_one_json_object_is_taken(raw: bytes) -> None:
    assert doc.parse_data(raw) == doc.parse_state(raw)
    assert "a" in doc.parse_data(raw)


def test_of_a_duplicate_key_in_a_state_the_last_counts() -> None:
    assert doc.parse_state(b'{"step": "scan", "step": "review"}') == {"step": "review"}


def test_a_key_doubled_among_very_many_is_found_without_delay() -> None:
    keys = b", ".join(b'"%d": 0' % number for number in [*range(50_000), 49_999])
    began = time.process_time()

    with pytest.raises(BadInput, match="duplicate key '49999'"):
        doc.parse_data(b"{" + keys + b"}")

    assert time.process_time() - began < 5


@given(st.binary(max_size=60) | DOCUMENTS.map(doc.dump))
def test_no_bytes_break_the_reading(raw: bytes) -> None:
    for cut in {0, len(raw) // 3, len(raw)}:
        try:
            assert isinstance(doc.parse_state(raw[:cut]), dict)
        except doc.NotADocument as reason:
            assert str(reason)


def test_a_state_is_refused_when_a_save_would_make_it_too_deep_or_too_large() -> None:
    deep = doc.parse_state(nested(65))
    large = {"a": "x" * (doc.MAX_BYTES // 2), "b": "x" * (doc.MAX_BYTES // 2)}

    assert doc.encode(doc.parse_state(nested(64)))
    with pytest.raises(BadInput, match="64 levels deep"):
        doc.encode(deep)
    with pytest.raises(BadInput, match="64 levels deep"):
        doc.encode(doc.parse_state(nested(700)))
    with pytest.raises(BadInput, match="16 MiB"):
        doc.encode(large)


@pytest.mark.parametrize("raw", [b"{} 7 [1]\n", b""], ids=["some", "none"])
def test_every_value_of_a_stream_is_read_in_turn(raw: bytes) -> None:
    assert list(doc.scan(raw.decode())) == ([{}, 7, [1]] if raw else [])


# without the scanner of CPython

READ_ALL = """
import sys
from session_cli import document as doc
for line in sys.stdin:
    raw = bytes.fromhex(line)
    for read in (doc.parse_state, doc.parse_data):
        try:
            answer = doc.dump(read(raw)).hex()
        except Exception as refusal:
            # why is in the words of whoever reads
            answer = type(refusal).__name__
        print(answer)
"""
OTHER_PYTHONS = {
    "missing": "import sys; sys.modules['_json'] = None",
    "without a scanner": "import sys, types; sys.modules['_json'] = types.ModuleType('_json')",
    "that wants another context": """
import _json
real = _json.make_scanner
def wants_more(context):
    if type(context).__name__ != "JSONDecoder":
        raise TypeError("what is this?")
    return real(context)
_json.make_scanner = wants_more
""",
}


@pytest.mark.parametrize("other", OTHER_PYTHONS)
def test_the_same_is_read_and_written_where_the_c_scanner_is(other: str) -> None:
    samples = [
        doc.dump(make_state()),
        '{"é\\u00e9\\n": ["\\ud83d\\ude80", 1.10, 1e2, -0.0, 18446744073709551616]}'.encode(),
        b'{"a": {"b": 1, "b": 2}}',
        b'\xef\xbb\xbf{"a": true}',
        rb'{"a": "\ud800"}',
        nested(65),
        b"[" * 200_000,
        *[b'{"a": %s}' % value for value in (b'"\x01"', b"NaN", b"1e400", b"", b"'x'", b"1,")],
        *[b"", b"\0\0", b"[]", b"{} {}", b'{"a": 1', b"{} x", b'{"a" 1}', b"scan"],
    ]

    expected = read_all(samples, "")

    assert len(expected) == 2 * len(samples)
    assert read_all(samples, OTHER_PYTHONS[other]) == expected


def read_all(samples: list[bytes], prelude: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", prelude + READ_ALL],
        cwd=ROOT,
        input="".join(sample.hex() + "\n" for sample in samples),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


# merging


@pytest.mark.parametrize(
    ("target", "patch", "result"),
    [
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        (["a", "b"], ["c", "d"], ["c", "d"]),
        ({"a": "b"}, ["c"], ["c"]),
        ({"a": "foo"}, "bar", "bar"),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
    ids=json.dumps,
)
def test_merging_gives_what_the_rfc_7396_gives_in_its_examples(
    target: Any, patch: Any, result: Any
) -> None:
    # its examples may be anything, ours are members of an object
    assert doc.merge({"x": target}, {"x": patch}) == {"x": result}


@given(DOCUMENTS, DOCUMENTS)
def test_merging_changes_neither_and_twice_is_once(
    target: dict[str, Any], patch: dict[str, Any]
) -> None:
    before = doc.dump(target), doc.dump(patch)

    merged = doc.merge(target, patch)

    assert (doc.dump(target), doc.dump(patch)) == before
    assert doc.merge(merged, patch) == merged
    assert doc.merge(target, {}) == target


# what a save makes of it


def current(**changes: Any) -> dict[str, Any]:
    """A state of ours that waits for its worker, at revision 5."""
    ours = {"session_id": ID, "id": "0198-7", "revision": 5}
    return make_state(**{**ours, **changes})


def advance(before: dict[str, Any], step: str, data: dict[str, Any]) -> dict[str, Any]:
    """What a save of `data` at noon makes of an import."""
    return doc.advance(before, step, doc.Data("import", data), NOON)


def test_a_save_moves_to_the_step_and_counts() -> None:
    state = advance(current(), "targets_waiting", {"selections": {"hub": None}})

    assert state["step"] == "targets_waiting"
    assert state["steps_completed"][-1] == "worker_connecting"
    assert state["revision"] == 6
    assert state["updated_at"] == "2026-01-09T12:00:00Z"
    assert state["created_at"] == "2026-01-09T14:30:22Z"
    assert "hub" not in state["selections"]
    assert state["selections"]["app_space"] == "payment-team"


def test_a_save_leaves_the_state_it_builds_on_alone() -> None:
    before = current()

    advance(before, "scan", {"confighub": {"org": "other"}})

    assert before == current()


def test_data_cannot_set_what_is_ours() -> None:
    theirs = dict.fromkeys(doc.TOOL_OWNED, "theirs")

    state = advance(current(), "verify", {**theirs, "cluster_context": "theirs"})

    assert [key for key, value in state.items() if value == "theirs"] == ["cluster_context"]
    assert set(doc.Data("import", theirs).ignored_keys(current())) == set(theirs)


def test_what_is_ours_may_stand_in_data_unchanged() -> None:
    assert doc.Data("import", current()).ignored_keys(current()) == []


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        pytest.param({"revision": 1}, None, id="no session named"),
        pytest.param({"session_id": "what is no id", "revision": 1}, None, id="no id"),
        pytest.param({"session_id": ID}, None, id="no revision named"),
        pytest.param({"session_id": ID, "revision": 5}, None, id="the revision there is"),
        pytest.param({"session_id": ID, "revision": "4"}, None, id="a revision that is no number"),
        pytest.param({"session_id": ID, "revision": 4}, "revision 4 of", id="an older revision"),
        pytest.param({"session_id": ID, "id": UUID}, None, id="the same UUID"),
        pytest.param({"session_id": ID, "id": "other"}, "also called", id="another UUID"),
        pytest.param({"session_id": ID + "-2"}, f"belongs to {ID}-2", id="another session"),
    ],
)
def test_data_that_was_loaded_before_others_saved_is_in_conflict(
    data: dict[str, Any], complaint: str | None
) -> None:
    why = doc.Data("import", data).conflict(ID, UUID, 5)

    assert why is None if complaint is None else complaint in (why or "")


def test_unknown_members_survive_behind_ours() -> None:
    before = {"zebra": {"n": 1}, **current(apple=[1])}

    state = advance(before, "verify", {"mango": None, "kiwi": "new"})

    assert list(state)[-3:] == ["zebra", "apple", "kiwi"]
    assert (state["zebra"], state["apple"]) == ({"n": 1}, [1])


def test_members_stand_in_canonical_order() -> None:
    before = current(log_file="~/x.log", resumed_at="2026-01-09T14:45:33Z")

    state = advance(dict(reversed(before.items())), "verify", {})

    assert " ".join(state) == (
        "version type session_id id created_at updated_at revision step"
        " steps_completed log_file cluster_context scan_result selections confighub resumed_at"
    )


@pytest.mark.parametrize(
    ("before", "given", "after"),
    [
        pytest.param(["scan"], ["connect"], ["connect"], id="set by DATA"),
        pytest.param(["scan"], [], [], id="emptied by DATA"),
        pytest.param(["scan"], ["scan"], ["scan", "review"], id="DATA repeats what is there"),
        pytest.param("scan", None, ["review"], id="no list was there"),
        pytest.param([1, "scan", None], None, ["scan", "review"], id="other things were there"),
    ],
)
def test_completed_steps_follow_the_moves_unless_data_sets_them(
    before: Any, given: list[str] | None, after: list[str]
) -> None:
    data = {} if given is None else {"steps_completed": given}

    state = advance(current(step="review", steps_completed=before), "select", data)

    assert state["steps_completed"] == after


@pytest.mark.parametrize("given", [None, "scan", {"scan": True}, [1], [["scan"]]])
def test_completed_steps_that_are_no_list_of_names_are_refused(given: Any) -> None:
    with pytest.raises(BadInput, match="steps_completed"):
        doc.parse_data(doc.dump({"steps_completed": given}))


@pytest.mark.parametrize("revision", [None, 0, -1, "7", True, 2.0, [5], 2**53])
def test_a_revision_that_is_none_starts_the_count(revision: Any) -> None:
    assert advance(current(revision=revision), "verify", {})["revision"] == 1


@pytest.mark.parametrize(
    ("version", "newer"),
    [
        ("1.0", False),
        ("1.9", False),
        ("0.9", False),
        ("2.0", True),
        ("10", True),
        (2, True),
        ("0000000001.0", False),
        ("next", False),
        ("²", False),
        ("", False),
        (None, False),
        ([2], False),
        pytest.param("9" * 5000, True, id="5000 digits"),
    ],
)
def test_only_a_later_major_version_is_newer(version: Any, newer: bool) -> None:
    assert doc.is_newer({"version": version}) is newer


def test_a_state_without_a_version_is_not_newer() -> None:
    assert not doc.is_newer({})


@pytest.mark.parametrize(
    ("members", "session_id"),
    [
        pytest.param({"session_id": ID + "-2"}, ID + "-2", id="what it says"),
        pytest.param({"session_id": ID, "created_at": "2026-01-01T00:00:00Z"}, ID, id="first"),
        pytest.param({"created_at": "2026-01-09T14:30:22Z"}, ID, id="when it was created"),
        pytest.param({"created_at": "2026-01-09 14:30:22"}, "the-file", id="another form"),
        pytest.param({"created_at": "2026-01-09T14:30:22+"}, "the-file", id="no Z"),
        pytest.param({"created_at": "2026-13-09T14:30:22Z"}, "the-file", id="no such month"),
        pytest.param({"created_at": 1767969022}, "the-file", id="a number"),
        pytest.param({}, "the-file", id="nothing"),
        pytest.param({"session_id": ""}, "the-file", id="an empty id"),
        pytest.param({"session_id": 7}, "the-file", id="a number as id"),
        pytest.param({"session_id": "map-2026-01-09-143022"}, "the-file", id="another type's"),
        pytest.param({"session_id": "../../.ssh/authorized_keys"}, "the-file", id="a path"),
        pytest.param({"session_id": ID + "/../x"}, "the-file", id="a path behind an id"),
        pytest.param({"session_id": ID + "\0"}, "the-file", id="a NUL behind an id"),
    ],
)
def test_a_state_belongs_to_the_session_it_names_else_to_its_second_else_to_its_file(
    members: dict[str, Any], session_id: str
) -> None:
    assert doc.session_id_of(members, "import", "the-file") == session_id


@pytest.mark.parametrize("wanted", [ID, ID + "-3"])
def test_data_may_ask_for_the_id_of_a_new_session(wanted: str) -> None:
    assert doc.wanted_id("import", {"session_id": wanted}) == wanted


@pytest.mark.parametrize("wanted", ["import", ID + "-1", ID + "\n", "../" + ID, None, [ID], 7])
def test_an_id_that_is_not_exactly_ours_is_not_asked_for(wanted: Any) -> None:
    assert doc.wanted_id("import", {"session_id": wanted}) is None


# the first lines


def test_the_head_of_a_large_file_is_read_from_its_first_lines() -> None:
    raw = doc.encode(doc.order_members(current(scan_result={"names": ["x"] * 10_000})))

    head = doc.head(raw[:4096])

    assert head["session_id"] == ID
    assert (head["step"], head["revision"]) == ("worker_connecting", 5)
    assert "scan_result" not in head


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b'{"session_id": "x", "step": "y"}\n', id="one line"),
        pytest.param(b'{"a": 1,\n  "session_id": "x",\n  "b": 2}', id="a first line with a member"),
        pytest.param(b'{\n\t"session_id": "x",\n\t"step": "y"\n}\n', id="tabs"),
        pytest.param(b'{\r\n  "session_id": "x",\r\n  "step": "y"\r\n}', id="line ends of Windows"),
        pytest.param(b'{\n  "a": [],\n  "b": },\n  "c": 1\n}\n', id="damaged"),
        pytest.param(b'{\n  "a,', id="cut in a key"),
        pytest.param(b'{\n  "inner": {\n  "session_id": "x",\n  "a": 1}\n}\n', id="inner members"),
        pytest.param(b'[\n  "a",\n  "b"\n]\n', id="a list"),
        pytest.param(b"\xff\xfe{\n", id="no UTF-8"),
    ],
)
def test_a_file_of_another_form_has_no_head(raw: bytes) -> None:
    assert doc.head(raw) == {}


@given(DOCUMENTS, st.integers(0, 400))
def test_a_head_says_nothing_that_the_document_does_not(document: dict[str, Any], cut: int) -> None:
    head = doc.head(doc.dump(document)[:cut])

    assert all(document[key] == value for key, value in head.items())
