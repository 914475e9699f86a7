"""Rooms import from the floors below them, and from nowhere else."""

from __future__ import annotations

import ast
import importlib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1] / "cfngen"

# Lowest first. A room imports only from the floors below its own.
FLOORS = [
    {"deprecation", "errors", "escaping", "paths"},
    {"cloudformation"},
    {"authoring", "linting"},
    {"patterns", "review", "timeline"},
    {"project"},
    {"deploy"},
    {"testing", "__init__"},
    {"commands"},
    {"cli"},
    {"__main__"},
]
# Patterns have floors of their own: these are what the others are made of.
SIMPLE_PATTERNS = {
    "logs", "roles", "buckets", "buildspec", "alarms", "files", "firewall", "pipeline_checks",
    "pipelines", "stores", "windows",
}  # fmt: skip

MODULES = sorted(ROOT.rglob("*.py"))


def room(path: Path) -> str:
    """Return the room a file is in: its folder, for a room of several files."""
    first = path.relative_to(ROOT).parts[0]
    return first.removesuffix(".py")


def floor(name: str) -> int:
    """Return the number of a room's floor."""
    return next(number for number, rooms in enumerate(FLOORS) if name in rooms)


def imports(tree: ast.AST) -> list[str]:
    """Return the rooms of cfngen that a module imports, outside `if TYPE_CHECKING`."""
    typing_only = {
        inner
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    found = []
    for node in ast.walk(tree):
        if node in typing_only:
            continue
        if isinstance(node, ast.ImportFrom) and node.module == "cfngen":
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("cfngen."):
            found.append(node.module.split(".")[1])
        elif isinstance(node, ast.Import):
            found += [a.name.split(".")[1] for a in node.names if a.name.startswith("cfngen.")]
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_a_room_imports_only_from_floors_below(path: Path) -> None:
    """No room knows of one above it."""
    mine = room(path)
    for other in imports(ast.parse(path.read_text())):
        if other == mine:  # a room of several files
            continue
        assert floor(other) < floor(mine), f"{mine} imports {other}"


def test_every_room_is_on_a_floor() -> None:
    """A new module is given its place."""
    assert {room(path) for path in MODULES} == set().union(*FLOORS)


@pytest.mark.parametrize("path", sorted((ROOT / "patterns").glob("*.py")), ids=lambda p: p.stem)
def test_simple_patterns_are_made_of_none_but_simple_ones(path: Path) -> None:
    """Patterns do not go round in circles."""
    if path.stem not in SIMPLE_PATTERNS:
        return
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("cfngen.patterns."):
            assert node.module.split(".")[2] in SIMPLE_PATTERNS


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_cfngen_never_imports_blueprints(path: Path) -> None:
    """The house uses its own front door: blueprints are found, not known."""
    tree = ast.parse(path.read_text())
    names = [
        name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in [getattr(node, "module", None) or "", *(alias.name for alias in node.names)]
    ]
    assert not [name for name in names if name.split(".")[0] in ("blueprints", "cfngen_blueprints")]


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_a_module_and_its_public_names_say_what_they_are(path: Path) -> None:
    """Modules begin with one sentence; public functions and classes have a docstring."""
    tree = ast.parse(path.read_text())
    first = (ast.get_docstring(tree) or "").partition("\n")[0]
    assert first.endswith(".")
    assert len(first) <= 100
    for node in tree.body:
        named = isinstance(node, ast.FunctionDef | ast.ClassDef)
        if named and not node.name.startswith("_"):
            assert ast.get_docstring(node), f"{node.name} has no docstring"


def test_no_room_is_called_after_nothing() -> None:
    """A name says what is inside."""
    vague = {"utils", "helpers", "common", "base", "core", "misc"}
    assert not vague & {path.stem for path in MODULES}


def test_the_public_names_are_those_of_the_stub() -> None:
    """`__init__.pyi` is the one list: each name is loaded from the module that it stands in."""
    import cfngen

    stub = ast.parse((ROOT / "__init__.pyi").read_text())
    imports = [node for node in stub.body if isinstance(node, ast.ImportFrom)]
    assert sorted(cfngen.__all__) == cfngen.__all__ == dir(cfngen)
    assert sorted(alias.name for node in imports for alias in node.names) == cfngen.__all__
    for node in imports:
        for alias in node.names:
            value = getattr(cfngen, alias.name)
            assert value is getattr(importlib.import_module(node.module), alias.name)
            assert value.__module__ == node.module, f"{alias.name} is defined elsewhere"
            assert alias.asname == alias.name  # what makes it public for type checkers
