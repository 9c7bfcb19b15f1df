"""Who gets a session where others are quicker, and what of it is on the disk then."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from builders import make_state

from session_cli import document as doc
from session_cli.console import ignore
from session_cli.store import Location
from session_cli.store.store import Store
from session_cli.tui.base import Failed
from session_cli.tui.binding import Session
from session_cli.tui.importing import begin
from session_cli.tui.importing.open_elsewhere import take_over
from session_cli.tui.importing.run import Run
from session_cli.tui.options import Options
from session_cli.tui.unattended import Unattended
from session_cli.workflow import start


@pytest.fixture
def run(sessions: Path) -> Run:
    """An import that asks nobody."""
    options = Options(str(sessions), str(sessions / "import-latest.json"), "map-import")
    return Run(options, Unattended())


def test_a_session_that_went_before_it_was_resumed_is_not_replaced_by_a_new_one(
    run: Run, sessions: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    run.how = start.RESUME

    with pytest.raises(Failed) as failed:
        asyncio.run(begin.begin(run))

    assert failed.value.code == run.exit_code == 6
    assert "another import was started or resumed meanwhile" in capfd.readouterr().err
    assert not list(sessions.glob("import-*"))


class Overtaken(Session):
    """Whoever had the session saves once more just before it is published as ours."""

    is_overtaken = False

    def publish(self) -> None:
        if not self.is_overtaken:
            self.is_overtaken = True
            other = Store(self.store.location, ignore)
            other.save("a step of another version", doc.Data("import", {"note": "theirs"}))
        super().publish()


def test_a_save_that_overtakes_a_takeover_is_what_is_taken_over(run: Run, sessions: Path) -> None:
    location = Location(run.options.dir, run.options.file, "import")
    Store(location, ignore).save("review", doc.Data("import", {}))
    run.session = Overtaken(location, ignore)

    async def take_over_found() -> None:
        found = await begin.find_latest(run)
        assert found
        await take_over(run, found)

    # it would go on but for the step, which it does not know
    with pytest.raises(Failed) as failed:
        asyncio.run(take_over_found())

    assert failed.value.code == 2
    assert (run.session.is_lost, run.session.problem) == (False, "")
    assert json.loads((sessions / "import-latest.json").read_bytes())["note"] == "theirs"
    assert run.session.revision == 3


def test_a_state_without_an_id_that_cannot_be_given_one_is_looked_at_anyway(
    run: Run, sessions: Path
) -> None:
    sessions.mkdir(parents=True)
    state = make_state(version="2.0")
    del state["created_at"]
    (sessions / "import-latest.json").write_text(json.dumps(state))

    found = asyncio.run(begin.find_latest(run))

    assert found and found.session_id == ""
    assert found.state.step == state["step"]
    assert not run.session.problem


def test_a_session_that_was_left_for_another_is_not_held_any_more(run: Run, sessions: Path) -> None:
    session = run.session
    for stamp in "2026-01-09-143022", "2026-01-09-143023":
        session.begin("scan", {"session_id": f"import-{stamp}"})
        session.hold(session.id)
        session.archive(session.id)

    assert session.holder("import-2026-01-09-143023")
    assert not session.holder("import-2026-01-09-143022")
