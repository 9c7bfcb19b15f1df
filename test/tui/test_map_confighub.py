"""The map of ConfigHub: the way to a target, what there is, and what was known the last time."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from processes import Answer, runner
from tui.screen import Screen
from tui.test_manners import NO_COLORS, styles
from tui.world import ATK, STANDIN, World
from waiting import eventually

HOURS_2 = 2 * 60 * 60
MANIFEST = b"kind: Deployment\n"

Cub = Callable[..., Answer]


def once(*arguments: str, **options: Any) -> Answer:
    """The map without a terminal."""
    return runner(str(ATK / "map-confighub"))(*arguments, **options)


def saved(world: World) -> dict[str, Any]:
    """The connection state as it lies on the disk."""
    path = world.sessions / "confighub-latest.json"
    return dict(json.loads(path.read_bytes())["confighub"])


def later(seconds: int) -> dict[str, str]:
    """The environment of somebody who comes back after so many seconds."""
    return {"SESSION_CLI_NOW": str(time.time() + seconds)}


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What cub's stand-in keeps of two spaces: one Unit in order-team, none in payment-team."""
    folder = tmp_path_factory.mktemp("hub")
    command = runner(str(STANDIN / "cub"))
    env = {"CUB_HOME": str(folder)}
    for slug in ("order-team", "payment-team"):
        assert command("space", "create", slug, env=env).code == 0
    create = ("unit", "create", "--space", "order-team", "order-api", "-")
    assert command(*create, stdin=MANIFEST, env=env).code == 0
    return folder / "confighub.json"


@pytest.fixture
def cub(world: World, hub: Path) -> Cub:
    """The stand-in for cub, with these two spaces."""
    shutil.copy(hub, world.cub_home)
    return runner(str(STANDIN / "cub"))


@pytest.fixture
def worker(cub: Cub, world: World) -> Iterator[None]:
    """A worker of order-team that is ready and has brought a target."""
    command = [STANDIN / "cub", "worker", "run", "dev", "--space", "order-team"]
    # a target comes a second and a half after that, so at once
    world.scenario(conditions=[[-1.5, "Ready"]])
    quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL}
    with subprocess.Popen(command, **quiet) as process:
        listing = ("target", "list", "--space", "order-team", "-o", "json")
        eventually(lambda: b"kind-atk" in cub(*listing).stdout)
        yield
        process.kill()


@pytest.mark.usefixtures("worker")
def test_the_whole_way_is_shown_and_saved_without_any_secret(world: World) -> None:
    with world.screen("map-confighub") as screen:
        screen.wait(r"^asked \d{4}-\d\d-\d\d \d\d:\d\d UTC")
        screen.wait(r"^✓ cub      installed")
        screen.wait(r"^✓ login    user@example.com of acme-corp at https://hub.confighub.com")
        screen.wait(r"^✓ units    1 Unit in 3 spaces")
        screen.wait(r"^✓ workers  1 of 1 worker ready")
        screen.wait(r"^✓ targets  1 target: kind-atk")
        screen.wait(r"^> acme-corp   3 spaces")
        screen.wait(r"^    \+ order-team    1 Unit, 1 worker, 1 target")
        screen.press("q")
        assert screen.finish() == 0

    facts = saved(world)
    assert (facts["has_cub"], facts["authenticated"]) == (True, True)
    assert (facts["user"], facts["org"]) == ("user@example.com", "acme-corp")
    assert facts["counts"] == {"spaces": 3, "units": 1, "workers": 1, "targets": 1}
    assert facts["workers"][0].keys() == {"space", "slug", "condition", "last_seen_at"}
    assert facts["targets"][0]["context"] == "kind-atk"
    secrets = json.loads((world.cub_home / "confighub.json").read_text())["spaces"]["order-team"]
    text = "".join(path.read_text() for path in world.sessions.glob("*.json"))
    assert secrets["workers"]["dev"]["secret"] not in text


@pytest.mark.usefixtures("worker")
def test_a_space_opens_and_closes(world: World) -> None:
    with world.screen("map-confighub") as screen:
        screen.wait(r"^> acme-corp")
        screen.press("down", "down", "enter")
        screen.wait(r"^>   - order-team")
        screen.wait(r"^        Unit    order-team/order-api")
        screen.wait(r"^        Worker  order-team/dev +ready")
        screen.wait(
            r"^        Target  order-team/dev-kubernetes-yaml-kind-atk +kind-atk, Kubernetes"
        )
        screen.press("down", "left")
        screen.wait(r"^>   \+ order-team")
        screen.wait_without(r"order-api")
        screen.press("right")
        screen.wait(r"order-team/order-api")
        screen.press("enter")
        screen.wait_without(r"order-api")


@pytest.mark.usefixtures("cub")
def test_the_spaces_can_be_filtered(world: World) -> None:
    with world.screen("map-confighub") as screen:
        screen.wait(r"payment-team")
        screen.press("/", *"order", "enter")
        screen.wait(r"1 of 4 shown   /order")
        screen.press("enter")
        screen.wait(r"2 of 5 shown   /order")
        screen.press("escape")
        screen.wait(r"payment-team")


def test_a_worker_that_is_not_ready_is_warned_of(cub: Cub, world: World) -> None:
    assert cub("worker", "create", "dev", "--space", "order-team").code == 0
    for condition, words in {
        "Disconnected": "disconnected",
        "NotReady": "not ready",
        "Unresponsive": "not responding",
        "Confused": "Confused",
    }.items():
        world.scenario(conditions=[[0, condition]])

        done = once("--once")

        shown = done.stdout.decode()
        assert done.code == 0, condition
        assert "! workers  0 of 1 worker ready" in shown, condition
        assert f"!          order-team/dev is {words}, never seen" in shown
        assert "type: cub worker run dev --space order-team" in shown, condition


@pytest.mark.usefixtures("cub")
def test_what_is_missing_comes_with_what_to_type(world: World) -> None:
    shown = once("--once").stdout.decode().splitlines()

    assert "○ workers  no worker" in shown
    assert "           type: cub worker run dev --space order-team" in shown
    assert "○ targets  no target yet; targets appear once a worker is ready" in shown


@pytest.mark.usefixtures("cub")
def test_what_was_known_is_shown_with_its_age_while_it_is_asked_again(world: World) -> None:
    with world.screen("map-confighub") as screen:
        screen.wait(r"^asked ")
        screen.press("q")
        assert screen.finish() == 0
    world.scenario(faults=[{"match": ["space", "list"], "do": "hang"}])

    with world.screen("map-confighub", env=later(HOURS_2 + 5)) as screen:
        screen.wait(r"^as of 2 hours ago, asking again …")
        screen.wait(r"^\? login    unknown; last login: user@example.com of acme-corp")
        screen.wait(r"^\? units    1 Unit in 3 spaces, when it was last asked")
        screen.wait(r"^  [-|/\\] Asking ConfigHub")
        assert "✓" not in screen.text()
        screen.press("q")
        assert screen.finish() == 0


@pytest.mark.parametrize("login", ["none", "expired"])
def test_without_a_login_the_old_state_stays_marked_as_old(
    login: str, cub: Cub, world: World
) -> None:
    with world.screen("map-confighub") as screen:
        screen.wait(r"^asked ")
        screen.press("q")
        assert screen.finish() == 0
    world.scenario(login=login, dialect="new")

    with world.screen("map-confighub", env=later(HOURS_2 + 5)) as screen:
        screen.wait(r"^! as of 2 hours ago; cannot ask ConfigHub")
        screen.wait(r"^✗ login    not logged in; last login: user@example.com")
        screen.wait(r"type: cub auth login")
        screen.wait(r"^    \+ order-team +1 Unit")
        screen.press("q")
        assert screen.finish() == 0
    assert saved(world)["authenticated"] is False
    assert saved(world)["checked_at"] < saved(world)["asked_at"]


@pytest.mark.usefixtures("cub")
def test_asking_again_finds_what_has_come(cub: Cub, world: World) -> None:
    world.scenario(login="none")
    with world.screen("map-confighub") as screen:
        screen.wait(r"^✗ login    none")
        world.scenario()
        screen.press("r")
        screen.wait(r"^✓ login")
        screen.press("down", "down", "enter")
        screen.wait(r"order-team/order-api")
        cub("unit", "create", "--space", "order-team", "order-web", "-", stdin=MANIFEST)
        screen.press("r")
        screen.wait(r"order-team/order-web")
        screen.wait(r"^✓ units    2 Units in 3 spaces")
        screen.wait(r"^>   - order-team")


def test_without_cub_it_says_what_to_install_and_shows_what_was_known(
    cub: Cub, world: World
) -> None:
    with world.screen("map-confighub") as screen:
        screen.wait(r"^asked ")
        screen.press("q")
        assert screen.finish() == 0
    (world.bin / "cub").unlink()

    done = once("--once")

    assert (done.code, done.stderr.count("\n")) == (8, 1)
    assert done.stderr.startswith("map-confighub: cub is not on PATH; install")
    shown = done.stdout.decode()
    assert "✗ cub      not installed" in shown
    assert "type: brew install confighubai/tap/cub" in shown
    assert "? units    1 Unit in 3 spaces, when it was last asked" in shown
    assert "    + order-team    1 Unit" in shown
    assert saved(world)["has_cub"] is True


@pytest.mark.usefixtures("cub")
def test_one_space_alone_can_be_asked(world: World) -> None:
    done = once("--once", "--space", "order-team")

    shown = done.stdout.decode()
    assert (done.code, done.stderr) == (0, "")
    assert "✓ units    1 Unit in space order-team" in shown
    assert "        Unit    order-team/order-api" in shown
    assert "payment-team" not in shown
    assert not world.calls("space", "list")


@pytest.mark.usefixtures("cub")
def test_a_space_that_is_not_there_is_reported(world: World) -> None:
    done = once("--space=nowhere")

    assert (done.code, done.stdout) == (2, b"")
    assert done.stderr == (
        "map-confighub: no space nowhere, or you may not see it;"
        " 'cub space list' lists those you can see\n"
    )


@pytest.mark.usefixtures("cub")
def test_a_space_that_is_not_there_ends_the_screen_too(world: World) -> None:
    with world.screen("map-confighub", "--space", "nowhere") as screen:
        assert screen.finish() == 2
        screen.wait_words("map-confighub: no space nowhere, or you may not see it;")


@pytest.mark.usefixtures("worker")
def test_a_space_that_does_not_let_us_see_is_reported_as_partial(world: World) -> None:
    words = "Failed: HTTP 403 for req 1: forbidden"
    world.scenario(faults=[{"match": ["worker", "list"], "do": "fail", "stderr": words}])

    done = once("--once")

    assert done.code == 0
    assert f"!          partial: order-team: {words}" in done.stdout.decode()


@pytest.mark.usefixtures("cub")
def test_without_a_terminal_nothing_is_saved(world: World) -> None:
    done = once()

    assert done.code == 0
    assert b"\x1b" not in done.stdout
    assert not world.sessions.exists()


def test_hundreds_of_spaces_are_asked_for_in_one_call(cub: Cub, world: World) -> None:
    path = world.cub_home / "confighub.json"
    state = json.loads(path.read_text())
    pattern = json.dumps(state["spaces"]["payment-team"])
    for number in range(200):
        slug = f"team-{number:03}"
        state["spaces"][slug] = json.loads(pattern.replace("payment-team", slug))
    units = state["spaces"]["order-team"]["units"]
    unit = json.dumps(units["order-api"])
    for number in range(5000):
        slug = f"unit-{number:04}"
        units[slug] = json.loads(unit.replace("order-api", slug))
    path.write_text(json.dumps(state))

    with world.screen("map-confighub") as screen:
        screen.wait(r"^> acme-corp   203 spaces")
        assert not world.calls("unit", "list")
        screen.press("down", "down", "enter")
        screen.wait(r"5204 of 5204 shown|5205 of 5205 shown")
        screen.press("/", *"unit-4999", "enter")
        screen.wait(r"1 of 520[45] shown")
        screen.press("q")
        assert screen.finish() == 0
    assert not world.calls("worker", "list", "--space", "team-001")


def test_of_two_at_once_the_one_that_asked_last_is_kept(cub: Cub, world: World) -> None:
    with world.screen("map-confighub") as first:
        first.wait(r"^✓ units    1 Unit ")
        checked_at = saved(world)["checked_at"]
        with world.screen("map-confighub", env=later(HOURS_2)) as second:
            second.wait(r"^✓ units    1 Unit ")
            assert saved(world)["asked_at"] > checked_at
            cub("unit", "create", "--space", "order-team", "order-web", "-", stdin=MANIFEST)
            first.press("r")
            first.wait(r"^✓ units    2 Units ")
            first.press("q")
            second.press("q")

            assert (first.finish(), second.finish()) == (0, 0)
            assert b"NOT SAVED" not in first.raw + second.raw
    assert saved(world)["counts"]["units"] == 2


@pytest.mark.usefixtures("cub")
def test_a_state_that_cannot_be_saved_is_reported_at_the_end(world: World) -> None:
    world.sessions.parent.mkdir()
    world.sessions.write_text("no folder")

    with world.screen("map-confighub") as screen:
        screen.wait(r"^asked ")
        screen.press("q")

        assert screen.finish() == 7
        assert b"map-confighub: NOT SAVED: " in screen.raw


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGINT, 130)]
)
def test_a_signal_ends_it_while_it_asks(number: int, code: int, cub: Cub, world: World) -> None:
    world.scenario(faults=[{"match": ["space", "list"], "do": "hang"}])
    with world.screen("map-confighub") as screen:
        screen.wait(r"logged in as")
        screen.process.kill(number)

        assert screen.finish() == code
        assert b"\x1b[?1049l" in screen.raw


@pytest.mark.parametrize(
    ("argument", "words"),
    [
        ("--bogus", "unknown option --bogus"),
        ("--space", "--space requires a value"),
        ("--space=", "--space requires a value"),
        ("order-team", "unexpected argument 'order-team'"),
    ],
)
def test_what_is_not_understood_is_reported(argument: str, words: str) -> None:
    done = once(argument)

    assert (done.code, done.stdout) == (2, b"")
    assert done.stderr == f"map-confighub: {words}; see 'map-confighub --help'\n"


@pytest.mark.usefixtures("cub")
@pytest.mark.parametrize("columns", [60, 200])
def test_it_is_plain_ascii_where_that_is_asked_for(columns: int, world: World) -> None:
    plain = {"LC_ALL": "C", "NO_COLOR": "1"}
    with world.screen("map-confighub", columns=columns, env=plain) as screen:
        screen.wait(r"^\* cub +installed")
        screen.wait(r"^o workers  no worker")
        screen.wait(r"type: cub worker run dev --space order-team$")
        screen.wait(r"\[\?\] Keys")
        screen.press("q")
        assert screen.finish() == 0
        assert screen.raw.isascii()
        assert styles(screen.raw) <= NO_COLORS


def test_names_cannot_act_on_the_terminal(cub: Cub, world: World) -> None:
    path = world.cub_home / "confighub.json"
    evil = json.dumps("$(touch pwned)\x1b]0;mine\x07")
    path.write_text(path.read_text().replace('"payment-team"', evil))
    world.scenario(org="acme\x1b[2J")

    with world.screen("map-confighub", columns=150, cwd=str(world.home)) as screen:
        screen.wait(r"^✓ login    user@example.com of acme\\x1b\[2J")
        screen.wait(r"\+ \$\(touch pwned\)\\x1b\]0;mine\\x07")
        screen.press("down", "enter", "enter", "right", "left")
        screen.press("?")
        screen.wait(r"\[Enter\] Back")
        assert b"\x1b]0" not in screen.raw
    assert not (world.home / "pwned").exists()


def test_the_demo_needs_no_confighub(home: Path) -> None:
    with Screen([str(ATK / "map-confighub"), "--demo"], env=dict(os.environ)) as screen:
        screen.wait(r"^✓ units    1 Unit in 2 spaces")
        screen.press("q")
        assert screen.finish() == 0
    assert not (home / ".confighub" / "sessions").exists()


@pytest.mark.usefixtures("worker")
def test_the_list_can_be_worked_with_on_a_small_screen(world: World) -> None:
    with world.screen("map-confighub", columns=60, rows=14) as screen:
        screen.wait("order-team +1 Unit")
        screen.press("down", "down", "enter")
        screen.wait("order-api")
        screen.wait(r"Worker  order-team/dev  ready")
        screen.wait(r"\[Q\] Quit")


@pytest.mark.usefixtures("cub")
def test_the_list_can_be_worked_with_while_confighub_is_asked(world: World) -> None:
    with world.screen("map-confighub") as screen:
        screen.wait(r"^asked ")
        screen.press("q")
        assert screen.finish() == 0
    world.scenario(faults=[{"match": ["space", "list"], "do": "hang"}])

    with world.screen("map-confighub") as screen:
        screen.wait(r"Asking ConfigHub +\d+ s")
        screen.press("down", "down")
        screen.wait(r"^>   \+ order-team")
        screen.press("/", *"team", "enter")
        screen.wait(r"shown   /team$")
        screen.wait(r"Asking ConfigHub +\d+ s")
        screen.press("enter")
        screen.wait(r"^>   - order-team")
        screen.wait(r"asking \.\.\.")
        screen.press("enter")
        screen.wait(r"^>   \+ order-team")
        screen.press("q")
        assert screen.finish() == 0


@pytest.mark.usefixtures("cub")
def test_a_space_that_cannot_be_shown_is_reported_and_stays_closed(world: World) -> None:
    words = "Failed: HTTP 403 for req 1: forbidden"
    world.scenario(faults=[{"match": ["unit", "list"], "do": "fail", "stderr": words}])
    with world.screen("map-confighub", columns=120) as screen:
        screen.wait(r"^> acme-corp")
        screen.press("down", "down", "enter")
        screen.wait(r"cannot show space order-team: .*forbidden")
        screen.wait(r"^>   \+ order-team")
