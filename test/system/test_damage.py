"""A damaged snapshot or pointer: the same session's newest intact snapshot answers, or nothing."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
from processes import Answer, Command
from system.conftest import Look
from system.folders import BEGIN, HOUR, clock, point, tree, write_snapshot

SESSION = "import-2026-01-09-143022"
OTHER = "import-2026-01-10-080000"
NOW = BEGIN + 48 * HOUR


class World(NamedTuple):
    """A session of two snapshots, the second its latest, beside another, newer-looking one."""

    folder: Path
    pointer: Path
    first: Path
    latest: Path
    other: Path


@pytest.fixture
def world(sessions: Path) -> World:
    names = {"scan_result": {"namespaces": ["payment-prod", "北京", "naïve"]}}
    first = write_snapshot(sessions, BEGIN, step="scan", **names)
    latest = write_snapshot(sessions, BEGIN + 60, SESSION, step="review", revision=2, **names)
    other = write_snapshot(sessions, NOW - HOUR, OTHER, step="verify", revision=99)
    write_snapshot(sessions / "archive", NOW - HOUR + 60, OTHER, step="complete", revision=100)
    point(sessions, latest, SESSION)
    return World(sessions, sessions / "import-latest.json", first, latest, other)


def one_line(answer: Answer) -> bool:
    """Whether stderr is one line of ours, and about no internal error."""
    ours = answer.stderr.startswith("session-cli: ") and answer.stderr.count("\n") == 1
    return ours and "internal error" not in answer.stderr


def write(content: bytes) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(content)


def rewrite(change: Callable[[bytes], bytes]) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(change(path.read_bytes()))


def instead(make: Callable[[Path], object]) -> Callable[[Path], object]:
    def put(path: Path) -> None:
        path.unlink()
        make(path)

    return put


def outside(path: Path) -> None:
    """A link to an intact state that lies somewhere else."""
    path.symlink_to(write_snapshot(path.parent.parent, BEGIN + 60, step="stolen"))


CONTENTS: dict[str, Callable[[Path], object]] = {
    "empty": write(b""),
    "blank": write(b" \n\n"),
    "filled with NULs": rewrite(lambda raw: bytes(len(raw))),
    "NULs at the end": rewrite(lambda raw: raw[:200] + bytes(len(raw) - 200)),
    "NULs after the end": rewrite(lambda raw: raw + bytes(512)),
    "doubled": rewrite(lambda raw: raw + raw),
    "an older, longer tail": rewrite(lambda raw: raw + raw[-40:]),
    "a list": rewrite(lambda raw: b"[" + raw + b"]"),
    "a string": write(b'"review"\n'),
    "a number": write(b"3\n"),
    "null": write(b"null\n"),
    "not JSON": write(b"<html>\n"),
    "not UTF-8": rewrite(lambda raw: raw.replace("ï".encode(), b"\xef")),
    "UTF-16": rewrite(lambda raw: raw.decode().encode("utf-16")),
    "NaN": rewrite(lambda raw: raw.replace(b"2,", b"NaN,", 1)),
    "nested too deep": write(b'{"a":' * 100_000 + b"1" + b"}" * 100_000),
}
OBJECTS: dict[str, Callable[[Path], object]] = {
    "gone": Path.unlink,
    "a folder": instead(Path.mkdir),
    "a fifo": instead(os.mkfifo),
    "a link to itself": instead(lambda path: path.symlink_to(path.name)),
    "a link to nothing": instead(lambda path: path.symlink_to("nothing.json")),
    "a link out of the folder": instead(outside),
    "a link to another session": instead(lambda path: path.symlink_to(f"{OTHER}.json")),
}


@pytest.mark.parametrize("damage", [*CONTENTS, *OBJECTS])
def test_the_newest_intact_snapshot_of_the_session_answers_for_a_damaged_one(
    damage: str, world: World, quick: Command
) -> None:
    {**CONTENTS, **OBJECTS}[damage](world.latest)
    before = tree(world.folder)

    load, step, there = quick("load"), quick("get-step"), quick("exists")

    assert (load.code, load.stdout) == (0, world.first.read_bytes())
    assert (step.code, step.stdout, there.code) == (0, b"scan\n", 0)
    assert one_line(load)
    assert one_line(step)
    assert f"revision 1 of {SESSION}" in load.stderr
    assert str(world.latest) in load.stderr
    assert there.stderr == ""
    assert tree(world.folder) == before


@pytest.mark.parametrize("damage", [*CONTENTS, *OBJECTS])
def test_the_next_save_repairs_the_pointer_and_sets_the_damage_aside(
    damage: str, world: World, quick: Command
) -> None:
    {**CONTENTS, **OBJECTS}[damage](world.latest)
    damaged = world.latest.read_bytes() if damage in CONTENTS else None

    save = quick("save", "select", '{"n": 1}', env=clock(NOW))

    assert save.code == 0
    assert one_line(save)
    load = quick("load")
    state = json.loads(load.stdout)
    assert load.stderr == ""
    assert (state["session_id"], state["step"], state["n"]) == (SESSION, "select", 1)
    # what is damaged was revision 2, and somebody may have loaded it before
    assert (state["revision"], state["steps_completed"]) == (3, ["scan"])
    assert os.readlink(world.pointer) > world.other.name
    assert not os.path.lexists(world.latest)
    kept = [path.read_bytes() for path in (world.folder / "corrupt").glob("*") if path.is_file()]
    assert kept == ([] if damaged is None else [damaged])
    assert world.other.exists()


POINTERS: dict[str, Callable[[World], object]] = {
    "to nothing": lambda world: relink(world, "import-2026-01-09-150000.json"),
    "to a file of another kind": lambda world: relink(world, "import-notes.json"),
    "up and away": lambda world: relink(world, "../../../../../etc/passwd"),
    "to a device": lambda world: relink(world, "/dev/zero"),
    "to a folder": lambda world: relink(world, "archive"),
    "to an archived snapshot": lambda world: relink(
        world, f"archive/{next((world.folder / 'archive').iterdir()).name}"
    ),
    "to a namesake elsewhere": lambda world: relink(
        world, str(write_snapshot(world.folder / "elsewhere", BEGIN + 60, step="stolen"))
    ),
    "to itself": lambda world: relink(world, world.pointer.name),
    "to a longer loop": lambda world: (
        relink(world, "loop.json"),
        (world.folder / "loop.json").symlink_to(world.pointer.name),
    ),
    "a folder": lambda world: instead(Path.mkdir)(world.pointer),
    "a fifo": lambda world: instead(os.mkfifo)(world.pointer),
    "an empty file": lambda world: instead(Path.touch)(world.pointer),
    "a torn file": lambda world: instead(write(b'{\n  "step": "rev'))(world.pointer),
}


def relink(world: World, target: str) -> None:
    world.pointer.unlink()
    world.pointer.symlink_to(target)


@pytest.mark.parametrize("damage", POINTERS)
def test_a_pointer_that_leads_astray_is_not_followed(
    damage: str, world: World, quick: Command
) -> None:
    POINTERS[damage](world)
    before = tree(world.folder)

    load, step, there = quick("load"), quick("get-step"), quick("exists")

    assert (load.code, load.stdout) == (0, world.latest.read_bytes())
    assert (step.code, step.stdout, there.code) == (0, b"review\n", 0)
    assert one_line(load)
    assert f"revision 2 of {SESSION}" in load.stderr
    assert tree(world.folder) == before


@pytest.mark.parametrize("damage", POINTERS)
def test_a_save_repairs_a_pointer_that_leads_astray_and_writes_nothing_through_it(
    damage: str, world: World, quick: Command
) -> None:
    POINTERS[damage](world)
    others = {path: path.read_bytes() for path in world.folder.rglob("*.json") if path.is_file()}

    save = quick("save", "select", env=clock(NOW))

    assert save.code == 0
    assert one_line(save)
    state = json.loads(world.pointer.read_bytes())
    # what is gone may have had a revision of its own
    revision = 4 if damage == "to nothing" else 3
    assert (state["session_id"], state["step"], state["revision"]) == (SESSION, "select", revision)
    assert world.pointer.is_symlink()
    assert {path: path.read_bytes() for path in others if path != world.pointer} == {
        path: raw for path, raw in others.items() if path != world.pointer
    }


def test_of_several_damaged_snapshots_the_newest_intact_one_answers(
    world: World, quick: Command
) -> None:
    third = write_snapshot(world.folder, BEGIN + 120, SESSION, step="select", revision=3)
    point(world.folder, third, SESSION)
    third.write_bytes(b"")
    world.latest.write_bytes(b"{")

    load = quick("load")

    assert load.stdout == world.first.read_bytes()
    assert one_line(load)


@pytest.mark.parametrize("quarter", range(4))
def test_a_snapshot_cut_at_any_byte_is_never_accepted(
    quarter: int, world: World, quick: Command
) -> None:
    whole, intact = world.latest.read_bytes(), world.first.read_bytes()
    # without its last byte, the newline, it is whole
    cuts = range(quarter, len(whole) - 1, 4)

    for cut in cuts:
        world.latest.write_bytes(whole[:cut])
        load = quick("load")
        assert (load.code, load.stdout) == (0, intact), cut
        assert one_line(load), (cut, load.stderr)


@pytest.mark.parametrize("damage", CONTENTS)
def test_without_an_intact_snapshot_a_session_is_there_exactly_if_load_prints_something(
    damage: str, world: World, look: Callable[[], Look]
) -> None:
    CONTENTS[damage](world.latest)
    world.first.unlink()

    exists, state, step = look()

    assert state == world.latest.read_bytes()
    assert exists == (0 if state else 1)
    assert b"verify" not in step


@pytest.mark.parametrize("damage", [*CONTENTS, *OBJECTS])
def test_without_an_intact_snapshot_a_save_begins_anew_and_keeps_what_was_there(
    damage: str, world: World, quick: Command
) -> None:
    {**CONTENTS, **OBJECTS}[damage](world.latest)
    damaged = world.latest.read_bytes() if damage in CONTENTS else None
    world.first.unlink()

    save = quick("save", "scan", env=clock(NOW))

    assert save.code == 0
    assert one_line(save)
    state = json.loads(quick("load").stdout)
    assert (state["revision"], state["step"]) == (1, "scan")
    assert state["session_id"] not in (SESSION, OTHER)
    kept = [path.read_bytes() for path in (world.folder / "corrupt").glob("*") if path.is_file()]
    assert kept == ([] if damaged is None else [damaged])


def test_only_the_last_five_damaged_files_are_kept(world: World, quick: Command) -> None:
    for number in range(7):
        damaged = f"damage {number}".encode()
        world.pointer.resolve().write_bytes(damaged)
        assert quick("save", "review", env=clock(NOW + number)).code == 0

    kept = {path.read_bytes() for path in (world.folder / "corrupt").iterdir()}
    assert kept == {f"damage {number}".encode() for number in range(2, 7)}


def test_what_was_cleared_stays_cleared(
    world: World, quick: Command, look: Callable[[], Look]
) -> None:
    world.latest.write_bytes(b"")

    assert quick("clear").code == 0

    assert look() == Look(1, b"", b"none\n")
    assert quick("save", "scan", env=clock(NOW)).code == 0
    state = json.loads(quick("load").stdout)
    assert (state["revision"], state["session_id"]) == (1, "import-2026-01-11-143022")


@pytest.mark.parametrize("version", ["2.0", "2", "10.3"])
@pytest.mark.parametrize("verb", [["save", "select"], ["resume"], ["rollback", "3"]], ids=" ".join)
def test_what_a_newer_version_wrote_is_shown_and_left_alone(
    verb: list[str], version: str, world: World, quick: Command, cli: Command
) -> None:
    newer = write_snapshot(
        world.folder, NOW - 60, SESSION, version=version, step="teleport", revision=3
    )
    point(world.folder, newer, SESSION)
    before = tree(world.folder)

    assert quick("load").stdout == newer.read_bytes()
    assert quick("get-step").stdout == b"teleport\n"

    answer = (quick if verb[0] == "save" else cli)(*verb, env=clock(NOW))

    assert answer.code == 4
    assert one_line(answer)
    assert version in answer.stderr
    before.setdefault(".lock", b"")
    assert tree(world.folder) == before


def test_damage_stands_in_nobodys_way(world: World, cli: Command) -> None:
    """`init`, `list`, `status` and `clear` work on a folder in which everything is broken."""
    for path in (world.first, world.latest, world.other):
        path.write_bytes(b"{")
    (world.folder / "corrupt").touch()
    (world.folder / "events.jsonl").mkdir()

    answers = {verb: cli(verb, env=clock(NOW)) for verb in ("init", "list", "doctor", "clear")}

    codes = {verb: answer.code for verb, answer in answers.items()}
    assert codes == {"init": 0, "list": 0, "doctor": 1, "clear": 0}
    assert not any("foresee" in answer.stderr for answer in answers.values())


def test_a_session_that_only_a_plain_pointer_holds_is_listed_and_can_be_deleted(
    sessions: Path, cli: Command
) -> None:
    sessions.mkdir(parents=True)
    (sessions / "import-latest.json").write_text(
        '{"step": "review", "created_at": "2026-01-09T14:30:22Z"}'
    )

    listed = cli("list", "--json")
    deleted = cli("delete", "--yes")

    assert [each["session_id"] for each in json.loads(listed.stdout)] == [
        "import-2026-01-09-143022"
    ]
    assert deleted.code == 0
    assert cli("exists").code == 1
    assert json.loads(cli("list", "--all", "--json").stdout) == []


def test_what_stands_at_a_pointer_of_the_callers_choosing_is_never_moved_away(
    sessions: Path, cli: Command, tmp_path: Path
) -> None:
    project = tmp_path / "project"
    (project / "src").mkdir(parents=True)
    notes = tmp_path / "notes.txt"
    notes.write_text("precious")

    codes = [
        cli("--file", str(place), *call).code
        for place in (project, notes)
        for call in (["save", "scan"], ["clear"])
    ]

    assert codes == [7, 7, 7, 7]
    assert (project / "src").is_dir()
    assert notes.read_text() == "precious"


def test_a_snapshot_is_no_pointer(sessions: Path, cli: Command) -> None:
    cli("save", "scan")
    (snapshot,) = sessions.glob("import-2*.json")
    before = snapshot.read_bytes()

    codes = [cli("--file", str(snapshot), *call).code for call in (["save", "review"], ["clear"])]

    assert codes == [2, 2]
    assert snapshot.read_bytes() == before


def test_a_save_that_failed_leaves_nothing_that_could_turn_up_later(
    sessions: Path, cli: Command
) -> None:
    cli("save", "scan")
    (sessions / ".new-import-latest.json").mkdir()

    failed = cli("save", "review")

    assert failed.code == 7
    assert len(list(sessions.glob("import-2*.json"))) == 1
    assert cli("get-step").stdout == b"scan\n"
