"""The world of an import in tests: a fake API server for the real kubectl, a stand-in for cub."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from types import TracebackType
from typing import Any

from processes import Answer, runner
from tui.api_server import ApiServer
from tui.cluster_objects import make_workload
from tui.screen import Screen
from waiting import eventually

ROOT = Path(__file__).parents[2]
ATK = ROOT / "test" / "atk"
STANDIN = Path(__file__).parent / "standin"
SCAN_PATH = "/apis/apps/v1/deployments"

Object = dict[str, Any]


def twelve() -> list[Object]:
    """The workloads of the spec's example: eight of Flux, three of ArgoCD, one of nobody."""
    payment = ["api", "worker", "gateway", "ledger", "cron", "fraud", "reports"]
    order = ["api", "worker", "events", "cache"]
    objects = [make_workload("payment-prod", f"payment-{name}", owner="Flux") for name in payment]
    objects += [
        make_workload("order-prod", f"order-{name}", owner="ArgoCD" if at else "Flux")
        for at, name in enumerate(order)
    ]
    return [*objects, make_workload("order-prod", "debug-shell", owner="Native", ready=0)]


class World:
    """One HOME, one cluster, one ConfigHub; the TUIs run in it as real processes."""

    def __init__(self, home: Path, folder: Path) -> None:
        self.home = home
        self.sessions = home / ".confighub" / "sessions"
        self.logs = home / ".confighub" / "logs"
        self.cub_home = folder / "cub"
        self.cub_home.mkdir()
        self.server = ApiServer(twelve())
        self.kubeconfig = folder / "kubeconfig"
        self.bin = folder / "bin"
        self.bin.mkdir()
        (self.bin / "cub").symlink_to(STANDIN / "cub")
        # what starts all programs, and what the screens, where they do not start by themselves
        self.inside: list[str] = []
        self.starter: list[str] = []

    def __enter__(self) -> World:
        self.server.__enter__()
        self.server.kubeconfig(self.kubeconfig)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop_workers()
        self.server.__exit__(kind, error, trace)

    @property
    def environment(self) -> dict[str, str]:
        """What the programs of this world are told by their environment."""
        return {
            "KUBECONFIG": str(self.kubeconfig),
            "CUB_HOME": str(self.cub_home),
            "DEMO_CONTEXT": "kind-atk",
            # kubectl collects garbage for a fifth of the time that it takes to start
            "GOGC": "400",
            "PATH": f"{self.bin}:{os.environ['PATH']}",
        }

    def scenario(self, **keys: Any) -> None:
        """How ConfigHub behaves from now on."""
        path = self.cub_home / "scenario.json"
        path.with_suffix(".new").write_text(json.dumps(keys))
        path.with_suffix(".new").replace(path)

    def screen(self, name: str, *arguments: str, **options: Any) -> Screen:
        """One of the TUIs in a terminal."""
        return Screen([*self.inside, *self.starter, str(ATK / name), *arguments], **options)

    def map_import(self, *arguments: str, **options: Any) -> Screen:
        """map-import in a terminal."""
        return self.screen("map-import", *arguments, **options)

    def run(self, *arguments: str, **options: Any) -> Answer:
        """map-import without a terminal."""
        return runner(str(ATK / "map-import"))(*arguments, **options)

    def yes(self, *arguments: str, **options: Any) -> Answer:
        """A whole import without a terminal."""
        chosen = ["--namespace", "payment-prod", "--app-space", "payment-team"]
        return self.run("--yes", *chosen, *arguments, **options)

    @property
    def state(self) -> Object:
        """The latest session, as it lies on the disk."""
        loaded: Object = json.loads((self.sessions / "import-latest.json").read_bytes())
        return loaded

    def calls(self, *words: str) -> list[list[str]]:
        """The calls of cub that began with these words."""
        log = self.cub_home / "calls.jsonl"
        lines = log.read_text().splitlines() if log.exists() else []
        calls = [json.loads(line)["argv"] for line in lines]
        return [argv for argv in calls if argv[: len(words)] == list(words)]

    def created(self) -> list[str]:
        """The Units that cub was asked to create, in that order."""
        return [argv[argv.index("-") - 1] for argv in self.calls("unit", "create")]

    @property
    def scans(self) -> int:
        """How often the whole cluster was listed."""
        return sum(path.partition("?")[0] == SCAN_PATH for _, path in self.server.requests)

    def newest_log(self) -> str:
        """The text of the newest log of an import."""
        logs = [path for path in self.logs.glob("tui-import-*.log") if "-worker" not in path.name]
        return max(logs, key=lambda path: path.stat().st_mtime_ns).read_text()

    def workers(self) -> list[int]:
        """The process ids of the workers that run."""
        pids = (int(name) for name in os.listdir("/proc") if name.isdigit())
        found = (pid for pid in pids if "cub worker run" in command_line(pid))
        return [pid for pid in found if self._is_ours(pid)]

    def _is_ours(self, pid: int) -> bool:
        try:
            return (
                f"CUB_HOME={self.cub_home}\0".encode() in Path(f"/proc/{pid}/environ").read_bytes()
            )
        except OSError:
            return False

    def left_over(self) -> list[str]:
        """What runs in this world, but for its workers and a small disk."""
        commands = map(command_line, {*self.processes()} - {*self.workers()})
        return [each for each in commands if each not in ("", "cat")]

    def processes(self) -> list[int]:
        """All that runs in this world."""
        pids = (int(path.name) for path in Path("/proc").glob("[0-9]*"))
        return [pid for pid in pids if self._is_ours(pid)]

    def stop_workers(self) -> None:
        """Ends the workers that imports have left running."""
        for pid in self.workers():
            os.kill(pid, signal.SIGKILL)


def command_line(pid: int) -> str:
    """The command of a process; "" when there is none."""
    try:
        with open(f"/proc/{pid}/cmdline", errors="replace") as file:
            return file.read().replace("\0", " ").strip()
    except OSError:
        return ""


def drawer(script: int) -> int:
    """The process of Python that draws for a script, once it is there."""

    def find() -> list[int]:
        children = Path(f"/proc/{script}/task/{script}/children").read_text().split()
        return [pid for pid in map(int, children) if "tui/__main__.py" in command_line(pid)]

    return eventually(find)[0]
