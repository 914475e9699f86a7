"""The parts of a review have an order, and its formats stand apart."""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).parents[2]
# Lowest first: a subpackage of the review imports from those before it, and from single modules.
SUBPACKAGES = ("compare", "permissions", "public_access", "formats")


def name_of(path: Path) -> str:
    """Return the dotted name of a module."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported(path: Path, known: set[str]) -> set[str]:
    """Return which of the known modules a module imports, at its top or within a function."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                full = f"{node.module}.{alias.name}"
                names.add(full if full in known else node.module)
        elif isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
    return names & known


def graph(package: str) -> dict[str, set[str]]:
    """Return which modules each module of a package imports."""
    paths = {name_of(path): path for path in (ROOT / package).rglob("*.py")}
    return {name: imported(path, set(paths)) for name, path in paths.items()}


def test_subpackages_have_an_order() -> None:
    """Policies know nothing of public access, a comparison nothing of policies."""
    for name, imports in graph("cfngen/review").items():
        parts = name.split(".")
        if len(parts) < 3 or parts[2] not in SUBPACKAGES:
            continue
        allowed = SUBPACKAGES[: SUBPACKAGES.index(parts[2]) + 1]
        for other in imports:
            subpackage = other.split(".")[2] if other.count(".") > 1 else ""
            assert subpackage not in SUBPACKAGES or subpackage in allowed, f"{name}: {other}"


def test_formats_know_only_the_result() -> None:
    """A format needs only the model of a review, and nothing of the review needs a format."""
    for name, imports in graph("cfngen/review").items():
        inside = name.startswith("cfngen.review.formats")
        others = {other for other in imports if not other.startswith("cfngen.review.formats")}
        if inside:
            assert others <= {"cfngen.review.model"}, name
        else:
            assert others == imports, name
