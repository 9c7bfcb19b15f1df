"""Golden texts: what a person sees, kept word for word in `test/golden/`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

GOLDEN = Path(__file__).parent.parent / "golden"


def pytest_addoption(parser: pytest.Parser) -> None:
    # pytest knows it only when told the folder: `pytest test/unit --update-golden`
    parser.addoption("--update-golden", action="store_true", help="write the golden texts anew")


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Compares `text` with the golden text `name`, or writes it under `--update-golden`."""

    def check(name: str, text: str) -> None:
        file = GOLDEN / f"{name}.txt"
        if request.config.getoption("--update-golden", default=False):
            file.write_text(text + "\n", encoding="utf-8")
        assert file.exists(), f"no golden text {name}: see it with --update-golden"
        assert text + "\n" == file.read_text(encoding="utf-8")

    return check
