"""The scenes: each plays a program, and gives the screens to be drawn with their names."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator

from pictures.camera import take
from pictures.stage import HOUR, Stage
from pictures.svg import Frame
from tui.screen import Screen

COLUMNS, README_COLUMNS, README_ROWS = 120, 82, 20
IMPORT = "./test/atk/map-import"
README_IMPORT = "session-cli map-import"
# what stands on the screens of the import that wait for a person
REVIEW = r"Review workloads \(step 2 of 7\)"
SELECT = r"Select App Space \(step 3 of 7\)"
CONNECT = r"\[Enter\] Create"

Frames = Iterator[tuple[str, Frame]]


def choose_payment(screen: Screen) -> None:
    """Chooses both namespaces of the payment team."""
    screen.wait(r"payment-prod +\d")
    screen.press("/", "payment", "enter", "a", "escape")
    screen.wait(r"2 chosen, 10 of 10 shown$")


def go_to_connect(screen: Screen) -> None:
    """From the list of namespaces to step 4."""
    choose_payment(screen)
    screen.press("enter")
    screen.wait(REVIEW)
    screen.press("enter")
    screen.wait(SELECT)
    screen.press("enter")
    screen.wait(CONNECT)


def steps(stage: Stage) -> Frames:
    """An import from its first screen to its last, with what is beside it."""
    with stage.play(IMPORT, "--new") as screen:
        choose_payment(screen)
        screen.press("home", "down", "down")
        screen.wait("│ default")
        yield "01-namespaces", take(screen)
        screen.press("?")
        screen.wait("^  Keys$")
        yield "02-keys", take(screen)
        screen.press("enter", "/", "pay")
        screen.wait_typed("/pay")
        screen.wait("│ payment-prod")
        yield "03-filter", take(screen)
        screen.press("escape", "enter")
        screen.wait(REVIEW)
        screen.press("down", "down", "space")
        screen.wait("│ payment-reconciler")
        yield "04-workloads", take(screen)
        screen.press("tab")
        screen.wait(r"\[Tab\] Next tab")
        yield "05-tab-cluster", take(screen)
        screen.press("tab")
        screen.wait("SESSION STATE ─")
        yield "06-tab-confighub", take(screen)
        screen.press("tab")
        screen.wait(REVIEW)
        screen.press("enter")
        screen.wait(SELECT)
        screen.wait("App Space: ")
        yield "07-app-space", take(screen)
        screen.press("e")
        screen.wait("> ")
        screen.wait_typed("team")
        yield "08-app-space-edited", take(screen)
        screen.press("escape")
        screen.wait(r"App Space: ")
        screen.press("enter")
        screen.wait(CONNECT)
        yield "09-connect", take(screen)
        stage.set("expired")
        screen.press("enter")
        screen.wait("Log in")
        yield "10-log-in", take(screen)
        stage.set("expired", False)
        stage.set("slow")
        screen.press("r")
        screen.wait(r"\[#+ +\] \d")
        yield "11-creating", take(screen)
        stage.set("slow", False)
        screen.wait("Waiting for the worker +[1-9]")
        yield "12-worker", take(screen)
        screen.wait("Import: Complete")
        yield "13-complete", take(screen)
        screen.press("tab")
        screen.wait("SESSION STATE ─|CLUSTER ─")
        yield "14-tab-complete", take(screen)
        screen.press("q")
        screen.finish()
        yield "15-left-complete", take(screen)


def coming_back(stage: Stage) -> Frames:
    """An import that is left, and what is asked of whoever starts it again."""
    with stage.play(IMPORT, "--new") as screen:
        go_to_connect(screen)
        screen.press("q")
        screen.finish()
        yield "20-exit", take(screen)
    stage.now += 16 * HOUR
    with stage.play(IMPORT) as screen:
        screen.wait("RESUME SESSION")
        yield "21-resume", take(screen)
        screen.press("d")
        screen.wait(r"\[Y\]")
        yield "22-delete", take(screen)
        screen.press("b")
        screen.wait("RESUME SESSION")
        screen.press("r")
        screen.wait(CONNECT)
        with stage.play(IMPORT, "--resume") as second:
            second.wait("OPEN ELSEWHERE")
            yield "23-open-elsewhere", take(second)
            second.press("l")
            second.wait("read-only")
            yield "24-looking", take(second)
            second.press("b")
            second.wait("OPEN ELSEWHERE")
            second.press("t")
            second.wait(r"\[Y\]|Connect")
            yield "24-taking-over", take(second)
        screen.press("q")
        screen.finish()
        yield "25-taken-over", take(screen)


def since(stage: Stage) -> Frames:
    """An import that is left while it waits, and ConfigHub changes meanwhile."""
    with stage.play(IMPORT, "--new") as screen:
        go_to_connect(screen)
        screen.press("enter")
        screen.wait("Waiting for the worker +[1-9]")
        screen.press("q")
        screen.finish()
        yield "30-exit-with-worker", take(screen)
    stage.now += 50 * HOUR
    stage.change_hub(lambda spaces: spaces["payment-team"]["units"].popitem())
    with stage.play(IMPORT, "--resume") as screen:
        screen.wait("SINCE YOU LEFT")
        yield "31-since-you-left", take(screen)
        screen.press("q")
        screen.finish()


def not_saved(stage: Stage) -> Frames:
    """The folder of the sessions cannot be written to any more."""
    with stage.play(IMPORT, "--new") as screen:
        choose_payment(screen)
        stage.sessions.rename(stage.home / "sessions")
        stage.sessions.touch()
        screen.press("enter")
        screen.wait("NOT SAVED ─")
        yield "32-not-saved", take(screen)
        screen.press("q")
        screen.finish()
        yield "33-left-not-saved", take(screen)


def names(stage: Stage) -> Frames:
    """A Unit of the name that is wanted exists, and nobody knows whose it is."""
    subprocess.run([stage.bin / "cub", "space", "create", "payment-team"], env=stage.environment)
    command = ["cub", "unit", "create", "--space", "payment-team", "payment-reconciler", "-"]
    subprocess.run(
        [stage.bin / command[0], *command[1:]], env=stage.environment, input=b"kind: Deployment\n"
    )
    with stage.play(IMPORT, "--new") as screen:
        go_to_connect(screen)
        screen.press("enter")
        screen.wait("NAMES TAKEN")
        yield "35-names-taken", take(screen)


def cluster_map(stage: Stage) -> Frames:
    """The three views of the cluster's map."""
    with stage.play("./test/atk/map") as screen:
        screen.wait("^> ")
        for number, shown in VIEWS.items():
            screen.press(number)
            screen.wait(shown)
            screen.press("down", "down")
            screen.wait(THIRD[number])
            yield f"40-map-{number}", take(screen)
        screen.press("2", "enter")
        screen.wait("3 of 3 shown")
        screen.wait("│ cert-manager$")
        yield "41-map-opened", take(screen)


THIRD = {"1": "^> ArgoCD", "2": "│ default", "3": "│ cert-manager-webhook"}
VIEWS = {"1": "OWNER", "2": "NAMESPACE", "3": "READY"}


def hub_map(stage: Stage) -> Frames:
    """The map of ConfigHub, and a space that is opened in it."""
    with stage.play(IMPORT, "--yes", "--namespace", "payment-prod") as screen:
        screen.finish()
        yield "50-unattended", take(screen)
    with stage.play("./test/atk/map-confighub") as screen:
        yield "50-hub-asked", take(screen)
        screen.wait("\\+ payment-team")
        yield "51-hub", take(screen)
        screen.press("end", "up", "enter")
        screen.wait("payment-api")
        yield "52-hub-space", take(screen)


ALL: tuple[Callable[[Stage], Frames], ...] = (
    steps,
    coming_back,
    since,
    not_saved,
    names,
    cluster_map,
    hub_map,
)


def leaving_and_coming_back(stage: Stage) -> list[Frame]:
    """The README's: left at step 4, the shell, and the next day."""
    size = {"columns": README_COLUMNS, "rows": README_ROWS}
    bash = ("bash", "--norc", "--noprofile", "-i")
    with stage.play(*bash, **size) as screen:
        screen.wait_typed("$ ")
        screen.press(f"{README_IMPORT}\r")
        go_to_connect(screen)
        before = take(screen, "Friday: an import at step 4")
        screen.press("q")
        screen.wait("EXIT")
        screen.wait_typed("$ ")
        left = take(screen, "q, Ctrl-C or a closed window: all of it is saved", is_cropped=True)
    stage.now += 66 * HOUR
    with stage.play(*bash, **size) as screen:
        screen.wait_typed("$ ")
        screen.press(f"{README_IMPORT}\r")
        screen.wait("RESUME SESSION")
        return [before, left, take(screen, "Monday: the same command finds it")]
