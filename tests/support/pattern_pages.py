"""The stub of `cfngen.patterns` and the table of patterns in the docs, both made from its modules.

`python tests/support/pattern_pages.py` writes them.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

from cfngen.patterns._exports import homes, sources

ROOT = Path(__file__).parents[2]
STUB = ROOT / "cfngen" / "patterns" / "__init__.pyi"
GUIDE = ROOT / "docs" / "writing-a-blueprint.md"
LINE_LENGTH = 100
BEGIN = "<!-- Made by `python tests/support/pattern_pages.py` from the modules' docstrings. -->\n"
END = "<!-- End of what is made. -->\n"


def exports() -> dict[str, list[str]]:
    """Return what each module exports, sorted by module; those that export nothing are left out."""
    found: dict[str, list[str]] = {}
    for name, module in homes().items():
        found.setdefault(module, []).append(name)
    return dict(sorted(found.items()))


def stub() -> str:
    """Return the text of `cfngen/patterns/__init__.pyi`, as ruff formats it."""
    lines = ["# Made by `python tests/support/pattern_pages.py` from the modules' `__all__`.", ""]
    for module, exported in exports().items():
        names = sorted(exported, key=_sorted_as)
        line = f"from cfngen.patterns.{module} import {', '.join(names)}"
        if len(line) > LINE_LENGTH:
            line = "\n    ".join(
                [line.partition(names[0])[0] + "(", *(f"{name}," for name in names)]
            )
            line += "\n)"
        lines.append(line)
    names = sorted(homes(), key=_sorted_as)
    lines += ["", "__all__ = [", *(f'    "{name}",' for name in names), "]", ""]
    return "\n".join(lines)


def _sorted_as(name: str) -> tuple[int, str]:
    """Return what ruff sorts names by: constants, classes, functions."""
    return (0 if name.isupper() else 1 if name[0].isupper() else 2, name)


def table() -> str:
    """Return the table of patterns: the names of each module, and its docstring's first line."""
    rows = ["| module | patterns | what you get |", "|---|---|---|"]
    for module, names in exports().items():
        tree = ast.parse(sources()[module])
        summary = (ast.get_docstring(tree) or "").partition("\n")[0]
        calls = ", ".join(_call(tree, name) for name in names)
        link = f"[`{module}`](../cfngen/patterns/{module}.py)"
        rows.append(f"| {link} | {calls} | {summary} |")
    return "\n".join(rows) + "\n"


def _call(tree: ast.Module, name: str) -> str:
    """Return a function with what it takes without a keyword; a class or constant as it is."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name == name:
            taken = [argument.arg for argument in node.args.args]
            if node.args.vararg:
                taken.append(f"*{node.args.vararg.arg}")
            if node.args.kwonlyargs or node.args.kwarg:
                taken.append("…")
            return f"`{name}({', '.join(taken)})`"
    return f"`{name}`"


def with_table(guide: str) -> str:
    """Return the guide with the table between its marks."""
    between = re.compile(re.escape(BEGIN) + ".*?" + re.escape(END), re.DOTALL)
    made, count = between.subn(lambda _: f"{BEGIN}\n{table()}\n{END}", guide)
    if count != 1:
        raise ValueError(f"{GUIDE.name}: the marks around the table are there {count} times")
    return made


def main() -> None:
    """Write the stub and the table."""
    STUB.write_text(stub())
    GUIDE.write_text(with_table(GUIDE.read_text()))


if __name__ == "__main__":
    main()
