"""The picture of the hub, kept true: what may import what, and what client and hub share."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
HUB = ROOT / "session_hub"

# each layer may import the ones below it, imports for types not at all; a wing is `name.*`
LAYERS = [
    modules.split()
    for modules in (
        "__main__",
        "program",
        "admin_commands serve",
        "admin_socket app proxies protocol",
        "admin retention routes",
        "events openapi operation",
        "auth.account auth.approval auth.browser auth.device schemas",
        "sessions.*",
        "auth.tokens",
        "auth",
        "hub pages stream store_folder",
        "stores.sqlite.schema",
        "stores.sqlite",
        "stores stores.statements buckets http",
        "access writer file_systems free_text metrics structured_log",
        "clock problems",
        "limits",
    )
]
# where the modules of a wing may import each other, as long as they do not go in a circle
WINGS = {"auth", "sessions"}
# what the hub takes from the client: rules and words, nothing that reads a folder
SHARED = {"document", "names", "steps", "times", "errors", "words", "text"}


def module_of(path: Path, package: Path) -> str:
    """`stores.sqlite` for stores/sqlite/__init__.py."""
    parts = path.relative_to(package).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts) or "__init__"


def walk(node: ast.AST) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(node):
        if not (isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test)):
            yield child
            yield from walk(child)


def imported_by(path: Path) -> Iterator[str]:
    for node in walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@cache
def arrows() -> dict[str, set[str]]:
    """From each module of the hub to those that it imports."""
    paths = {module_of(path, HUB): path for path in HUB.rglob("*.py")}
    found = {}
    for module, path in paths.items():
        names = {name.removeprefix("session_hub.") for name in imported_by(path)}
        # a package that is only around what is imported is no arrow
        own = {name for name in names & paths.keys() if paths[name].read_text().count("\n") > 1}
        found[module] = own - {module, "__init__"}
    return found


def wing_of(module: str) -> str:
    """`auth` for auth.device."""
    return module.partition(".")[0]


def layer(module: str) -> int:
    """The number of its layer."""
    names_it = (module, f"{wing_of(module)}.*")
    return next(n for n, names in enumerate(LAYERS) if any(name in names for name in names_it))


def test_every_module_has_its_place_in_the_picture() -> None:
    assert [layer(module) for module in arrows() if module not in ("__init__", "sessions")]


def test_arrows_point_one_way() -> None:
    against = [
        f"{importer} imports {imported}"
        for importer, others in arrows().items()
        for imported in others
        if layer(importer) >= layer(imported)
        and not (wing_of(importer) == wing_of(imported) and wing_of(importer) in WINGS)
    ]

    assert against == []


def test_nothing_goes_in_a_circle() -> None:
    # raises CycleError, which names the circle
    TopologicalSorter(arrows()).prepare()


def test_the_hub_takes_rules_and_words_from_the_client_and_no_more() -> None:
    taken = {
        name.split(".")[1]
        for path in HUB.rglob("*.py")
        for name in imported_by(path)
        if name.startswith("session_cli.")
    }

    assert taken - {"__version__"} <= SHARED


def test_the_client_imports_nothing_of_the_hub() -> None:
    importers = [
        str(path.relative_to(ROOT))
        for path in (ROOT / "session_cli").rglob("*.py")
        if any(name.partition(".")[0] == "session_hub" for name in imported_by(path))
    ]

    assert importers == []
