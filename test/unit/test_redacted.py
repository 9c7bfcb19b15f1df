"""What of a log may leave the machine: the same, wherever it was cut; and no credentials."""

from __future__ import annotations

import io
import random
import tracemalloc

import pytest

from session_cli.sync import redacted
from session_cli.sync.redacted import Text

DASHES = "-" * 5
BODY = "MIIBVgIBADANBgkqhkiG9w0BAQEFAASC"
KEY = (
    f"{DASHES}BEGIN PRIVATE KEY{DASHES}\n" + f"{BODY}\n" * 3 + f"{DASHES}END PRIVATE KEY{DASHES}\n"
)
SECRETS = ["hunter2", BODY, "ch_12ab34cd56ef", "YTpodW50ZXI"]
PIECES = [
    "[14:30:22] scanning kind-atk\n",
    "[14:30:23] | password: hunter2 was wrong\n",
    "\n",
    "--- CREATING UNITS ---\n",
    KEY,
    f"[14:30:25] | cannot read {KEY}",
    "[14:30:26] | - name: DB_PASSWORD\n  value: hunter2\n",
    "[14:30:27] | cub worker run --secret ch_12ab34cd56ef\n",
    "[14:30:28] | Authorization:\nBasic YTpodW50ZXIy\n",
    "[14:30:29] 日本 ✓ é\n",
]


def whole(log: str, size: int | None = None, limit: int = 512 * 1024) -> bytes:
    """All that may leave, taken in pieces."""
    raw = log.encode()
    text = Text(io.BytesIO(raw), len(raw) if size is None else size)
    taken = b""
    while piece := text.take(limit):
        assert piece.endswith(b"\n")
        assert len(piece) <= limit
        taken += piece
    assert text.is_at_end()
    assert text.at == len(taken)
    return taken


def make_log(seed: int, length: int) -> str:
    """So many pieces, in an order that the seed gives."""
    return "".join(random.Random(seed).choices(PIECES, k=length))


def assert_redacted(text: str) -> None:
    for secret in SECRETS:
        assert secret not in text


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a short log has many of them."""
    monkeypatch.setattr(redacted, "BLOCK", 200)


def test_what_is_no_credential_stays_as_it_is() -> None:
    log = "".join(each for each in PIECES if not any(secret in each for secret in SECRETS))
    assert whole(log).decode() == log


@pytest.mark.parametrize("seed", range(40))
@pytest.mark.usefixtures("small_blocks")
def test_no_credential_is_left_at_a_seam(seed: int) -> None:
    assert_redacted(whole(make_log(seed, 200)).decode())


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.usefixtures("small_blocks")
def test_what_was_sent_is_found_again_however_the_log_has_grown(seed: int) -> None:
    log = make_log(seed, 60)
    raw = log.encode()
    all_of_it = whole(log)
    for size in random.Random(seed).sample(range(len(raw)), 25):
        before = whole(log, size)
        assert all_of_it.startswith(before), size
        assert_redacted(before.decode())


def test_pieces_of_any_size_are_the_same_text() -> None:
    log = make_log(1, 3000)
    assert whole(log, limit=300) == whole(log)


@pytest.mark.parametrize("line", ["no end", f"{DASHES}BEGIN EC PRIVATE KEY{DASHES}"])
def test_a_line_that_is_still_written_stays_here(line: str) -> None:
    assert whole(f"one\n{line}") == b"one\n"


def test_a_private_key_without_an_end_hides_what_comes_after() -> None:
    log = f"one\n{KEY[: len(KEY) // 2]}\n" + f"{BODY}\n" * 20_000
    assert whole(log) == b"one\n[hidden]\n"


def test_a_value_that_is_quoted_without_an_end_ends_with_its_block() -> None:
    assert whole("password='hunter2\nand more\n") == b"password='[hidden]\n"


def test_a_log_that_is_too_long_ends_with_a_line_that_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(redacted, "LONGEST", 1000)
    log = "[14:30:22] scanning\n" * 100
    text = whole(log).decode()
    assert len(text) <= 1000
    assert text.endswith("scanning\n[the log goes on; only its first 16 MiB are kept here]\n")


def test_it_ends_before_a_line_that_nobody_wrote_for_people() -> None:
    log = "one\n" + "x" * 100_000 + "\ntwo\n"
    assert whole(log).decode().splitlines()[0] == "one"
    assert whole(log).count(b"\n") == 2
    assert b"xxx" not in whole(log)


def test_bytes_that_are_no_text_are_shown_as_such() -> None:
    raw = b"caf\xe9\nnext\n"
    assert (
        Text(io.BytesIO(raw), len(raw)).take(100).decode() == "caf\N{REPLACEMENT CHARACTER}\nnext\n"
    )


def test_a_long_log_takes_little_memory() -> None:
    log = io.BytesIO(b"[14:30:22] created Unit payment-api in payment-team\n" * 100_000)
    tracemalloc.start()
    text = Text(log, len(log.getvalue()))
    while text.take(512 * 1024):
        pass
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 6 * 1024 * 1024
