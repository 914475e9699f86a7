"""Modules import only from the floors below them: `[tool.importlinter]` in pyproject.toml."""

from __future__ import annotations

import ast
import importlib
import os
import re
import shutil
import subprocess
import sys
import tomllib
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import grimp
import pytest
from importlinter.cli import lint_imports
from support.folded import for_each

PROJECT = Path(__file__).parents[1]
ROOT = PROJECT / "cfngen"
SETTINGS = (PROJECT / "pyproject.toml").read_text()
CONTRACTS = {c["id"]: c for c in tomllib.loads(SETTINGS)["tool"]["importlinter"]["contracts"]}
MODULES = sorted(ROOT.rglob("*.py"))

each_module = for_each(MODULES, name=lambda path: str(path.relative_to(ROOT)))


@pytest.mark.parametrize("contract", CONTRACTS)
def test_each_contract_is_kept(contract: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Floors, no circles within a directory, and no import of blueprints; the output says where."""
    monkeypatch.syspath_prepend(PROJECT)
    monkeypatch.chdir(PROJECT)
    assert lint_imports(limit_to_contracts=(contract,), no_cache=True) == 0


def test_no_module_imports_itself_on_a_way_round(monkeypatch: pytest.MonkeyPatch) -> None:
    """There is no circle of modules anywhere, through packages' `__init__` either."""
    monkeypatch.syspath_prepend(PROJECT)
    graph = grimp.build_graph("cfngen", "blueprints", cache_dir=None)
    for ignored in CONTRACTS["siblings"].get("ignore_imports", []):
        importer, _, imported = ignored.partition(" -> ")
        graph.remove_import(importer=importer, imported=imported)
    imports = {m: graph.find_modules_directly_imported_by(m) for m in sorted(graph.modules)}
    assert len(imports) > 200
    try:
        TopologicalSorter(imports).prepare()
    except CycleError as error:
        pytest.fail(" <- ".join(error.args[1]))


def test_an_import_that_is_not_allowed_is_noticed(tmp_path: Path) -> None:
    """Each contract breaks in a copy: by an import in a function, for a type, of a blueprint."""
    ignored = shutil.ignore_patterns("__pycache__")
    for package in ("cfngen", "blueprints"):
        shutil.copytree(PROJECT / package, tmp_path / package, ignore=ignored)
    shutil.copy(PROJECT / "pyproject.toml", tmp_path)
    for module, line in (
        ("errors", "def upwards() -> None:\n    from cfngen.linting import lint  # noqa: F401\n"),
        ("patterns/logs", "if TYPE_CHECKING:\n    from cfngen.patterns import functions\n"),
        ("timeline/clock", "import blueprints.build_files.blueprint\n"),
    ):
        with (tmp_path / f"cfngen/{module}.py").open("a") as stream:
            stream.write(f"\n\nTYPE_CHECKING = False\n{line}")
    (tmp_path / "cfngen/attic.py").write_text('"""A module without a floor."""\n')
    program = (
        "from importlinter.cli import lint_imports; raise SystemExit(lint_imports(no_cache=True))"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, check=False, capture_output=True, text=True,
        env={**os.environ, "PYTHONPATH": str(tmp_path), "COLUMNS": "200"},
    )  # fmt: skip
    assert run.returncode == 1, run.stderr
    assert "0 kept, 3 broken" in run.stdout
    assert "attic" in run.stdout
    assert re.search(r"cfngen\.errors\s*->\s*cfngen\.linting", run.stdout)
    assert "No cycles are allowed in cfngen.patterns" in run.stdout
    assert re.search(r"cfngen\.timeline\.clock\s*->\s*blueprints", run.stdout)


def test_the_page_of_the_house_quotes_the_floors() -> None:
    """docs/house.md has the list of floors as it is in pyproject.toml, word for word."""
    floors = re.search(r"^layers = \[\n.*?^\]\n", SETTINGS, re.MULTILINE | re.DOTALL)
    assert floors
    assert floors[0] in (PROJECT / "docs/house.md").read_text()


@each_module
def test_a_module_imports_no_public_name_from_the_package(path: Path) -> None:
    """`from cfngen import Template` is for others: inside, it would hide an upward import."""
    import cfngen

    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module == "cfngen":
            assert not {alias.name for alias in node.names} & set(cfngen.__all__)


def decorators(node: ast.FunctionDef | ast.ClassDef) -> set[str]:
    """Return the names of a definition's decorators; those with arguments are left out."""
    return {name.id for name in node.decorator_list if isinstance(name, ast.Name)}


@each_module
def test_a_module_and_its_public_names_say_what_they_are(path: Path) -> None:
    """Modules begin with one sentence; public functions and classes have a docstring."""
    tree = ast.parse(path.read_text())
    first = (ast.get_docstring(tree) or "").partition("\n")[0]
    assert first.endswith(".")
    assert len(first) <= 100
    for node in tree.body:
        named = isinstance(node, ast.FunctionDef | ast.ClassDef)
        if named and not node.name.startswith("_") and "overload" not in decorators(node):
            assert ast.get_docstring(node), f"{node.name} has no docstring"


def test_no_module_has_a_name_that_says_nothing() -> None:
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
