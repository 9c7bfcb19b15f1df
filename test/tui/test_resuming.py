"""What --resume finds: nothing, an old session, the draft's, a newer version's, a damaged one."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tui import prepared
from tui.cluster_objects import make_workload
from tui.prepared import reason
from tui.test_flags import NEWER, ago, drafted, latest
from tui.world import World


def test_resume_without_a_session_is_3_with_a_sentence(world: World) -> None:
    for arguments in (["--resume", "--yes"], ["--yes", "--resume", "-n", "x"]):
        answer = world.run(*arguments)

        assert (answer.code, answer.stdout) == (3, b"")
        assert "there is no session to resume; start one with" in reason(answer)
    with world.map_import("--resume") as screen:
        assert screen.finish() == 3
        assert "there is no session to resume" in screen.text()

    assert prepared.tree(world.home) == {}


def test_a_session_without_a_choice_is_never_taken_for_a_choice_of_everything(
    world: World,
) -> None:
    for selections in (None, {"namespaces": []}):
        prepared.save(world, "scan", selections=selections)

        answer = world.run("--resume", "--yes")

        assert answer.code == 2
        assert reason(answer).endswith("no namespace is chosen yet; choose one with --namespace")
        assert world.state["step"] == "scan"


def test_a_week_old_session_goes_to_the_archive_and_there_is_none_to_resume(world: World) -> None:
    state = prepared.save(world, "select")
    path = latest(world)
    path.write_text(path.read_text().replace(state["updated_at"], ago(days=8)))

    answer = world.run("--resume", "--yes")

    assert answer.code == 3
    archived, none = answer.stderr.splitlines()
    assert (
        f"archived {state['session_id']} (last touched 8 days ago); session-cli resume" in archived
    )
    assert "there is no session to resume" in none


def test_a_week_old_session_gives_way_to_a_new_one(world: World) -> None:
    state = prepared.save(world, "select")
    path = latest(world)
    path.write_text(path.read_text().replace(state["updated_at"], ago(days=8)))

    with world.map_import() as screen:
        screen.wait(r"payment-prod +7 workloads")
        screen.press("q")
        assert screen.finish() == 0
        assert f"archived {state['session_id']}" in screen.raw.decode()


def test_a_session_of_the_drafts_form_is_resumed_to_its_end(world: World) -> None:
    drafted(world)
    prepared.fill(world)

    answer = world.run("--resume", "--yes")

    assert (answer.code, answer.stderr) == (0, "")
    state = world.state
    assert (state["step"], state["session_id"]) == ("complete", "import-2026-01-09-143022")
    assert state["created_at"] == "2026-01-09T14:30:22Z"
    assert state["selections"]["hub"] == "platform-team"
    assert state["cluster_uid"] == world.server.uid
    assert world.created() == []


def test_a_session_of_the_drafts_form_on_another_context_is_refused_untouched(
    world: World,
) -> None:
    path = drafted(world, cluster_context="kind-gone")
    before = path.read_bytes()

    answer = world.run("--resume", "--yes")

    assert answer.code == 6
    assert " changed: cluster kind-gone: " in answer.stdout.decode()
    assert path.read_bytes() == before


@pytest.mark.parametrize("arguments", [["--resume", "--yes"], ["--yes", "-n", "payment-prod"]])
def test_a_session_of_a_newer_version_is_4_and_left_as_it_is(
    world: World, arguments: list[str]
) -> None:
    path = drafted(world, **NEWER)
    before = path.read_bytes()

    answer = world.run(*arguments)

    assert (answer.code, answer.stdout) == (4, b"")
    assert "written by a newer version; upgrade session-cli" in reason(answer)
    assert path.read_bytes() == before


def test_a_damaged_session_is_resumed_from_its_newest_intact_snapshot(world: World) -> None:
    prepared.fill(world)
    state = prepared.save(world, "verify")
    prepared.save(world, "verify", note="lost")
    latest(world).write_text('{"version": "1.0", "st')

    answer = world.run("--resume", "--yes")

    assert answer.code == 0, answer
    assert "using revision" in answer.stderr
    assert world.state["session_id"] == state["session_id"]
    assert world.state["step"] == "complete"
    assert len(list((world.sessions / "corrupt").iterdir())) == 1


def test_a_session_of_which_nothing_is_intact_is_none_and_gives_way(world: World) -> None:
    drafted(world).write_text('{"version": "1.0", "st')
    world.scenario(login="none")

    assert world.run("--resume", "--yes").code == 3
    assert world.yes().code == 8

    assert world.state["step"] == "connect"
    [kept] = (world.sessions / "corrupt").iterdir()
    assert kept.read_text() == '{"version": "1.0", "st'


STRANGE = "\x1b[31mEVIL\x1b]0;t\x07\x9b31m\u202e\r\nX"


def test_a_step_that_is_none_of_an_imports_is_reported_and_left_alone(world: World) -> None:
    prepared.save(world, "scan")
    path = latest(world)
    path.write_text(json.dumps({**world.state, "step": STRANGE, "log_file": STRANGE}))
    before = prepared.snapshots(world)

    with world.map_import("--resume") as screen:
        screen.wait("this session is at the unknown step")
        screen.press("v")
        screen.wait("no import log to show")
        screen.press("enter")
        screen.wait("Try again")
        screen.press("q")
        screen.finish()

    assert prepared.snapshots(world) == before
    for raw in (screen.raw, *(log.read_bytes() for log in world.logs.glob("*"))):
        assert b"\x1b]0;" not in raw
        assert "\u202e" not in raw.decode()
        assert "\x9b" not in raw.decode()


@pytest.mark.parametrize("revision", ["x", [], -1, 10**30, 2.5])
def test_a_revision_that_is_none_is_counted_on_from(world: World, revision: Any) -> None:
    prepared.fill(world)
    prepared.save(world, "verify")
    path = latest(world)
    path.write_text(json.dumps({**world.state, "revision": revision}))

    answer = world.run("--resume", "--yes")

    assert (answer.code, answer.stderr) == (0, "")
    assert world.state["step"] == "complete"


def test_a_session_by_another_program_that_says_nothing_of_itself_is_taken_over(
    world: World,
) -> None:
    path = drafted(world)
    state = json.loads(path.read_bytes())
    path.write_text(json.dumps({key: state[key] for key in state if key != "created_at"}))
    prepared.fill(world)
    with world.map_import() as screen:
        screen.wait("─ RESUME SESSION\\? ─")
        screen.press("q")
        assert screen.finish() == 0

    answer = world.run("--resume", "--yes")

    assert (answer.code, answer.stderr) == (0, "")
    assert world.state["step"] == "complete"


def test_a_workload_that_does_not_say_its_kind_is_found_whatever_it_is(world: World) -> None:
    world.server.objects.append(make_workload("payment-prod", "cache", "StatefulSet", "Helm"))
    chosen = [{"namespace": "payment-prod", "name": "cache", "owner": "Helm"}]
    path = drafted(world, selections={"app_space": "payment-team", "selected_workloads": chosen})
    state = json.loads(path.read_bytes())
    path.write_text(json.dumps({**state, "step": "connect"}))
    world.scenario(**prepared.FINE)

    answer = world.run("--resume", "--yes")

    assert answer.code == 0, answer
    assert "gone: Deployment" not in answer.stdout.decode()
    assert world.created() == ["cache"]
    [selected] = world.state["selections"]["selected_workloads"]
    assert selected["kind"] == "StatefulSet"


def test_a_choice_without_a_scan_is_shown_in_what_is_scanned(world: World) -> None:
    chosen = [{"namespace": "payment-prod", "name": "payment-api", "owner": "Flux"}]
    path = drafted(
        world,
        selections={"namespaces": ["payment-prod"], "selected_workloads": chosen},
        confighub={},
    )
    state = json.loads(path.read_bytes())
    path.write_text(json.dumps({**state, "step": "review"}))
    prepared.fill(world)
    with world.map_import("--resume") as screen:
        screen.wait("1 chosen, 2 of 2 shown")
        screen.press("enter")
        screen.wait("1 chosen, 7 of 7 shown")


def test_a_session_without_a_step_is_asked_about_and_deleted(world: World) -> None:
    old = prepared.save(world, "scan", selections=None)["session_id"]
    latest(world).write_text(json.dumps({**world.state, "step": None}))

    with world.map_import() as screen:
        screen.wait("─ RESUME SESSION")
        screen.press("d")
        screen.wait_words(f"Delete {old}? Units in ConfigHub are not deleted.")
        screen.press("y")
        screen.wait(r"payment-prod +7 workloads")
    assert world.state["session_id"] != old
    kept = map(json.loads, prepared.snapshots(world).values())
    assert old not in [state["session_id"] for state in kept]


# an id that no session of ours would have


@pytest.mark.parametrize(
    "odd", ["my-session", "2026-01-09-143022", "import-2026-01-09-143022-x", ""]
)
@pytest.mark.parametrize("how", ["plain", "--resume", "--new", "new by key", "delete"])
def test_a_session_with_an_id_of_its_own_kind_can_be_resumed_and_removed(
    world: World, odd: str, how: str
) -> None:
    world.sessions.mkdir(parents=True, mode=0o700)
    stamps = {"created_at": ago(hours=3), "updated_at": ago(hours=2)}
    state = {"version": "1.0", "type": "import", "session_id": odd, **stamps, "step": "scan"}
    (world.sessions / "import-latest.json").write_text(json.dumps(state))

    with world.map_import(*([how] if how in ("--resume", "--new") else [])) as screen:
        if how not in ("--resume", "--new"):
            screen.wait("RESUME SESSION")
            screen.press({"plain": "r", "new by key": "n", "delete": "d"}[how])
        if how == "delete":
            screen.wait(r"\[Y\] Delete")
            screen.press("y")
        screen.wait(r"payment-prod +7 workloads")
        assert "another import was started" not in screen.text()
        screen.press("down", "space", "q")
        assert screen.finish() == 0
        assert "Session saved." in screen.text()

    assert world.state["selections"]["namespaces"] == ["payment-prod"]
    went_on = world.state["created_at"] == stamps["created_at"]
    assert went_on == (how in ("plain", "--resume"))
