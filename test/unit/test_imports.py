"""Which module may import which: the picture of the package, kept true."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from math import nan
from pathlib import Path
from typing import NamedTuple

import pytest
from processes import Command

ROOT = Path(__file__).parent.parent.parent
PACKAGE = ROOT / "session_cli"

# each layer may import the ones below it; a package counts as one, imports for types not at all
LAYERS = [
    set(modules.split())
    for modules in (
        "__main__",
        "quick",
        "cli",
        "commands",
        "listing",
        "answers",
        "verbs dependencies diagnosis tables screens observation",
        "reality render",
        "confighub",
        "store sessions housekeeping removal thinning events sync kubectl retention resume summary",
        "cluster programs progress boxes",
        "latest lease stdin lockfile unforeseen",
        "folder",
        "document redaction files location",
        "steps times names errors wording",
    )
]
# and these within a layer: a save thins out its session now and then, and loads that only then
SIDEWAYS = {
    "housekeeping": {"retention", "sessions", "removal"},
    "removal": {"retention", "sessions", "events"},
    "store": {"removal", "thinning"},
    "thinning": {"retention", "events"},
}
PURE = set(
    "boxes cluster reality render resume retention screens steps summary tables wording".split()
)
IMPURE_IMPORTS = set(
    "asyncio fcntl glob io logging mmap os pathlib posix select shutil signal socket"
    " subprocess tempfile time".split()
)
ONLY_IN = {
    "click": {"cli", "commands"},
    "subprocess": {"programs"},
    "yaml": {"cluster"},
    "http": {"sync"},
    "socket": {"sync"},
    "ssl": {"sync"},
    "urllib": {"sync"},
    "session_hub": set(),
}
QUICK = set(
    "__main__ quick verbs stdin latest store document redaction files folder lockfile location"
    " steps times names errors".split()
)
# built in or written in C: they cost a save next to nothing
# what a verb of Click loads beside Click itself: a start is felt in every box of a TUI
SHOWING = set(
    "__main__ quick cli commands commands.group commands.output verbs latest document files folder"
    " location render boxes wording steps times names errors dependencies answers".split()
)
BUDGETS = {
    "status": {"commands.status"},
    "render status": {"commands.render"},
    "render panel": {"commands.render"},
    "render resume-prompt": {"commands.render", "lease"},
    "render exit": {"commands.render"},
    "render not-saved --reason full": {"commands.render"},
    "get step": {"commands.get"},
    "get scan_result --lines": {"commands.get"},
}
FREE = set("__future__ _json _signal errno fcntl gc posix select stat _stat sys time".split())


class Import(NamedTuple):
    """One import as it stands in a file; `eager` if importing the file runs it."""

    place: str
    importer: str
    imported: str
    eager: bool

    def __str__(self) -> str:
        return f"{self.place} imports {self.imported}"


def sources() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def module_of(path: Path) -> str:
    """`store` for store.py, `cluster` for everything in cluster/."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports() -> list[Import]:
    return [found for path in sources() for found in imports_in(path)]


def imports_in(path: Path) -> Iterator[Import]:
    for node, eager in walk(ast.parse(path.read_text("utf-8")), True):
        place = f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', 0)}"
        for name in imported_names(node, path):
            yield Import(place, module_of(path), name, eager)


def walk(node: ast.AST, eager: bool) -> Iterator[tuple[ast.AST, bool]]:
    """Every node below that ever runs, and whether importing the module is enough for that."""
    lazy = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ExceptHandler)
    for child in ast.iter_child_nodes(node):
        if not is_for_types(child):
            runs = eager and not isinstance(child, lazy)
            yield child, runs
            yield from walk(child, runs)


def is_for_types(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")


def imported_names(node: ast.AST, path: Path) -> list[str]:
    """`session_cli.store` of `import session_cli.store`, `from session_cli import store`, ..."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if not isinstance(node, ast.ImportFrom):
        return []
    source = node.module or ""
    if node.level:
        parents = path.relative_to(ROOT).parts[: -node.level]
        source = ".".join([*parents, *filter(None, [source])])
    if source == "session_cli":
        modules = [alias.name for alias in node.names if alias.name != "__version__"]
        return [f"session_cli.{module}" for module in modules]
    return [source]


def own(name: str) -> str | None:
    """`store` for `session_cli.store`; None for what is not ours."""
    package, _, rest = name.partition(".")
    return rest.partition(".")[0] if package == "session_cli" else None


def layer(module: str) -> float:
    """The number of its layer; nan, which compares with nothing, where it has none."""
    return next((level for level, modules in enumerate(LAYERS) if module in modules), nan)


def test_every_module_has_its_place_in_the_picture() -> None:
    placed = set().union(*LAYERS, {"__init__"})

    assert {module_of(path) for path in sources()} <= placed


def test_arrows_point_one_way() -> None:
    against = [
        found
        for found in imports()
        if (target := own(found.imported)) not in {None, found.importer, "__init__"}
        and layer(found.importer) >= layer(target)
        and target not in SIDEWAYS.get(found.importer, ())
    ]

    assert list(map(str, against)) == []


@pytest.mark.parametrize("library", ONLY_IN)
def test_a_library_stays_where_it_belongs(library: str) -> None:
    astray = [
        found
        for found in imports()
        if found.imported.partition(".")[0] == library and found.importer not in ONLY_IN[library]
    ]

    assert list(map(str, astray)) == []


def test_the_deciding_modules_touch_nothing() -> None:
    impure = [
        found
        for found in imports()
        if found.importer in PURE and found.imported.partition(".")[0] in IMPURE_IMPORTS
    ]

    assert list(map(str, impure)) == []


def test_the_quick_path_imports_only_what_costs_nothing() -> None:
    costly = [
        found
        for found in imports()
        if found.importer in QUICK
        and found.eager
        and found.imported not in FREE
        and own(found.imported) not in QUICK
    ]

    assert list(map(str, costly)) == []


@pytest.mark.skipif(not (PACKAGE / "__main__.py").exists(), reason="no entry point yet")
@pytest.mark.parametrize(
    "arguments",
    [["save", "scan", '{"scan_result": {"workloads_detected": 12}}'], ["load"], ["get-step"]],
    ids=lambda arguments: arguments[0],
)
def test_a_call_loads_only_what_costs_nothing(arguments: list[str]) -> None:
    bare = loaded_by("-c", "pass")

    loaded = loaded_by(str(PACKAGE / "__main__.py"), *arguments) - bare

    assert {name for name in loaded if own(name) not in QUICK} <= FREE | {"session_cli"}


@pytest.mark.parametrize("arguments", BUDGETS)
def test_a_verb_of_click_loads_little_beside_it(arguments: str, quick: Command) -> None:
    quick("save", "scan", '{"scan_result": {"workloads_detected": 12}}')
    libraries = "click, jmespath" if arguments.startswith("get") else "click"
    floor = loaded_by("-c", f"import {libraries}", site=True)

    loaded = loaded_by(str(PACKAGE / "__main__.py"), *arguments.split(), site=True) - floor

    ours = {name.removeprefix("session_cli.") for name in loaded if own(name)}
    assert ours <= SHOWING | BUDGETS[arguments]
    # Click asks for `locale` when it is told to do something
    assert {name for name in loaded if own(name) is None} <= FREE | {"locale", "_locale"}


def loaded_by(*command: str, site: bool = False) -> set[str]:
    """The modules that Python itself says it imported while it ran `command`."""
    done = subprocess.run(
        [sys.executable, "-I", *([] if site else ["-S"]), "-X", "importtime", *command],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    timed = [line for line in done.stderr.splitlines() if line.startswith("import time:")]
    return {line.rpartition("|")[2].strip() for line in timed}
