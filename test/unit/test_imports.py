"""Which module may import which: the picture of the package, kept true."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from graphlib import TopologicalSorter
from math import nan
from pathlib import Path
from typing import NamedTuple

import pytest
from processes import Command

ROOT = Path(__file__).parent.parent.parent
PACKAGE = ROOT / "session_cli"

# each layer may import the ones below it, imports for types not at all; `store.*` is everything in
# store/, which has layers of its own
LAYERS = [
    modules.split()
    for modules in (
        "__main__",
        "quick",
        "cli",
        "commands.*",
        "tui.*",
        "text.*",
        "recheck.*",
        "confighub.*",
        "workflow.*",
        "cluster.*",
        "dependencies internal_error scripts verbs",
        "sync.*",
        "processes",
        "store.doctor store.housekeeping",
        "store.conflicts store.restore",
        "store.store",
        "store.received",
        "store.removal",
        "store.catalog",
        "store.commit store.lease store.retention store.sidecar",
        "store.latest",
        "store.folder store.lock",
        "store.files",
        "store",
        "stdin",
        "redaction",
        "document console",
        "steps times names errors words progress",
    )
]
# where the modules of a wing may import each other, as long as they do not go in a circle
WINGS = {"commands", "tui", "sync", "text", "recheck", "confighub", "workflow", "cluster"}
# what these lead to, however far, neither asks nor changes anything outside
PURE = [
    "tui.answers", "tui.choice", "text.*", "workflow.*", "recheck.drift", "store.retention",
    "sync.plan", "sync.address", "sync.pin", "sync.answers", "sync.holder",
    "confighub.planning", "cluster.workloads", "cluster.ownership", "cluster.manifest",
    "cluster.complaints", "cluster.objects", "cluster.pages",
]  # fmt: skip
IMPURE_IMPORTS = set(
    "asyncio fcntl glob io logging mmap os pathlib select shutil signal socket"
    " subprocess tempfile".split()
)
ONLY_IN = {
    "click": ["cli", "commands.*"],
    "subprocess": ["processes"],
    "yaml": ["cluster.*"],
    "http": ["sync.line"],
    "socket": ["sync.line"],
    "ssl": ["sync.line"],
    "urllib": ["sync.line"],
}
QUICK = set(
    "__main__ quick verbs console stdin document redaction steps times names errors"
    " store store.files store.folder store.lock store.latest store.commit store.store".split()
)
# what a verb of Click loads beside Click itself: a start is felt in every box of a TUI
SHOWING = set(
    "__main__ quick cli commands commands._group commands._options commands._completion"
    " commands._output commands._facts verbs console document store store.latest store.files"
    " store.folder text text.sync_lines text.session_boxes text.boxes workflow"
    " workflow.members workflow.state words steps times names errors dependencies".split()
)
BUDGETS = {
    "status": {"commands.status"},
    "render status": {"commands.render"},
    "render panel": {"commands.render"},
    "render resume-prompt": {"commands.render", "store.lease"},
    "render exit": {"commands.render"},
    "render not-saved --reason full": {"commands.render"},
    "get step": {"commands.get"},
    "get scan_result --lines": {"commands.get"},
}
# built in or written in C: they cost a save next to nothing
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
    """`quick` for quick.py, `store.files` for store/files.py, `store` for store/__init__.py."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts) or "__init__"


MODULES = {module_of(path) for path in sources()}


@cache
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
    """`session_cli.store.files` of any import of it or of something in it."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if not isinstance(node, ast.ImportFrom):
        return []
    source = node.module or ""
    if node.level:
        parents = path.relative_to(ROOT).parts[: -node.level]
        source = ".".join([*parents, *filter(None, [source])])
    within = [f"{source}.{alias.name}" for alias in node.names]
    modules = [name for name in within if own(name) in MODULES]
    return modules if len(modules) == len(within) else [source, *modules]


def own(name: str) -> str | None:
    """`store.files` for `session_cli.store.files`; None for what is not ours."""
    package, _, rest = name.partition(".")
    return (rest or "__init__") if package == "session_cli" else None


def is_among(module: str, names: Iterable[str]) -> bool:
    """Whether `names` have the module, or its wing as `wing.*`."""
    wing = module.partition(".")[0]
    return module in names or f"{wing}.*" in names


def layer(module: str) -> float:
    """The number of its layer; nan, which compares with nothing, where it has none."""
    return next((n for n, names in enumerate(LAYERS) if is_among(module, names)), nan)


def may_import(importer: str, imported: str) -> bool:
    wing = importer.partition(".")[0]
    if wing in WINGS and imported.partition(".")[0] == wing:
        return True
    return layer(importer) < layer(imported)


@cache
def ours() -> list[Import]:
    """The imports between modules of ours; the version, and a package around us, are no arrows."""
    return [
        found
        for found in imports()
        if (target := own(found.imported)) is not None
        and target != "__init__"
        and target != found.importer
    ]


def test_every_module_has_its_place_in_the_picture() -> None:
    assert [each for each in MODULES - {"__init__"} if layer(each) != layer(each)] == []


def test_contributing_lists_the_layers_as_they_are_checked() -> None:
    contributing = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    [above] = re.findall(r"^`__main__` · .*$", contributing, re.M)
    [inside] = re.findall(r"^and inside `store/`: (.*)\.$", contributing, re.M)

    listed = [
        [set(re.findall(r"`(\w+)`", names)) for names in line.split("·")]
        for line in (above, inside)
    ]
    layers = [{name.removesuffix(".*") for name in names} for names in LAYERS]
    within = [
        {name.removeprefix("store.") for name in names}
        for names in layers
        if all(name.startswith("store.") for name in names)
    ]
    assert listed == [[names for names in layers if not any("." in name for name in names)], within]


def test_arrows_point_one_way() -> None:
    against = [
        found for found in ours() if not may_import(found.importer, own(found.imported) or "")
    ]

    assert list(map(str, against)) == []


def test_nothing_goes_in_a_circle() -> None:
    arrows = {each: set[str]() for each in MODULES}
    for found in ours():
        arrows[found.importer].add(own(found.imported) or "")

    # raises CycleError, which names the circle
    TopologicalSorter(arrows).prepare()


@pytest.mark.parametrize("library", ONLY_IN)
def test_a_library_stays_where_it_belongs(library: str) -> None:
    astray = [
        found
        for found in imports()
        if found.imported.partition(".")[0] == library
        and not is_among(found.importer, ONLY_IN[library])
    ]

    assert list(map(str, astray)) == []


DECIDING = sorted(each for each in MODULES if is_among(each, PURE) and "." in each)


@pytest.mark.parametrize("module", DECIDING)
def test_what_decides_or_draws_leads_to_nothing_outside(module: str) -> None:
    reached = reached_from(module)
    impure = [
        found
        for found in imports()
        if found.importer in reached and found.imported.partition(".")[0] in IMPURE_IMPORTS
    ]

    assert list(map(str, impure)) == []


@pytest.mark.parametrize("module", DECIDING)
def test_what_decides_or_draws_is_given_the_time(module: str) -> None:
    tree = ast.parse((PACKAGE / f"{module.replace('.', '/')}.py").read_text("utf-8"))

    assert [node for node in ast.walk(tree) if ast.unparse(node) in ("now()", "times.now()")] == []


def reached_from(module: str) -> set[str]:
    """The module, and all modules of ours that it imports, or that those import, and so on."""
    reached: set[str] = set()
    ahead = {module}
    while ahead:
        reached |= ahead
        ahead = {own(each.imported) or "" for each in ours() if each.importer in ahead} - reached
    return reached


def test_who_is_asked_line_by_line_does_not_wait_for_the_library_of_screens() -> None:
    drawn = [
        found
        for found in imports()
        if found.importer in eagerly_reached_from("tui.programs", "tui.lines")
        and found.eager
        and found.imported.partition(".")[0] == "prompt_toolkit"
    ]

    assert list(map(str, drawn)) == []


def eagerly_reached_from(*modules: str) -> set[str]:
    """The modules, and all modules of ours that are loaded when they are."""
    reached: set[str] = set()
    ahead = set(modules)
    while ahead:
        reached |= ahead
        found = {each.imported for each in ours() if each.importer in ahead and each.eager}
        ahead = {own(each) or "" for each in found} - reached
    return reached


def test_the_quick_path_imports_only_what_costs_nothing() -> None:
    costly = [
        found
        for found in imports()
        if found.importer in QUICK
        and found.eager
        and found.imported not in FREE
        and own(found.imported) not in QUICK | {"__init__"}
    ]

    assert list(map(str, costly)) == []


@pytest.mark.parametrize(
    "arguments",
    [["save", "scan", '{"scan_result": {"workloads_detected": 12}}'], ["load"], ["get-step"]],
    ids=lambda arguments: arguments[0],
)
def test_a_call_loads_only_what_costs_nothing(arguments: list[str]) -> None:
    bare = loaded_by("-c", "pass")

    loaded = loaded_by(str(PACKAGE / "__main__.py"), *arguments) - bare

    assert {name for name in loaded if own(name) not in QUICK | {"__init__"}} <= FREE


@pytest.mark.parametrize("arguments", BUDGETS)
def test_a_verb_of_click_loads_little_beside_it(arguments: str, quick: Command) -> None:
    quick("save", "scan", '{"scan_result": {"workloads_detected": 12}}')
    libraries = "click, jmespath" if arguments.startswith("get") else "click"
    floor = loaded_by("-c", f"import {libraries}", site=True)

    loaded = loaded_by(str(PACKAGE / "__main__.py"), *arguments.split(), site=True) - floor

    ours = {each for name in loaded if (each := own(name))} - {"__init__"}
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
