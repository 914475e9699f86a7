"""What `cfngen.patterns` exports, and the pages that are made of it."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support.pattern_pages import GUIDE, STUB, stub, with_table

import cfngen.patterns
from cfngen.patterns._exports import homes, sources

PATTERNS = Path(cfngen.patterns.__file__).parent


@pytest.mark.parametrize("module", sorted(sources()))
def test_a_module_lists_what_it_defines(module: str) -> None:
    """Each module of patterns has an `__all__`, whose names are its own and documented."""
    tree = ast.parse(sources()[module])
    defined = {
        target.id
        for node in tree.body
        for target in ([*node.targets] if isinstance(node, ast.Assign) else [])
        if isinstance(target, ast.Name)
    } | {node.target.id for node in tree.body if isinstance(node, ast.AnnAssign)}
    defined |= {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    assert "__all__" in defined
    exported = {name for name, home in homes().items() if home == module}
    assert exported <= defined


def test_every_exported_name_can_be_imported() -> None:
    """`from cfngen.patterns import x` gives what the module has, whatever else has that name."""
    for name, home in homes().items():
        module = __import__(f"cfngen.patterns.{home}", fromlist=["x"])
        assert getattr(cfngen.patterns, name) is getattr(module, name)
    assert sorted(cfngen.patterns.__all__) == cfngen.patterns.__all__ == dir(cfngen.patterns)


def test_an_unknown_name_is_none() -> None:
    """A name that no module exports is an ordinary AttributeError."""
    with pytest.raises(AttributeError, match="no attribute 'web_hook'"):
        cfngen.patterns.web_hook  # noqa: B018 - reading it is the test


def test_a_pattern_costs_only_what_it_uses() -> None:
    """Importing one pattern loads no other module of patterns than it is made of."""
    code = (
        "import sys; from cfngen.patterns import log_group;"
        "print(*sorted(m for m in sys.modules if m.startswith('cfngen.patterns.')))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.split() == ["cfngen.patterns._exports", "cfngen.patterns.logs"]


def test_the_stub_and_the_guide_are_what_the_modules_say() -> None:
    """Run `python tests/support/pattern_pages.py` after adding a pattern."""
    assert STUB.read_text() == stub()
    guide = GUIDE.read_text()
    assert guide == with_table(guide)


def test_a_pattern_is_added_by_one_file(tmp_path: Path) -> None:
    """A module that is put into the folder is found, and nothing else is edited."""
    package = tmp_path / "cfngen"
    shutil.copytree(PATTERNS.parent, package, ignore=shutil.ignore_patterns("__pycache__"))
    (package / "patterns" / "bells.py").write_text('__all__ = ["bell"]\n\nbell = "rings"\n')
    run = subprocess.run(
        [sys.executable, "-c", "from cfngen.patterns import bell; print(bell)"],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
    )
    assert run.stdout == "rings\n"


def test_no_two_modules_export_one_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name has one home, or the walk says whose it is."""
    twice = {"one": '__all__ = ["bell"]\n', "two": '__all__ = [\n    "bell",\n]\n'}
    monkeypatch.setattr("cfngen.patterns._exports.sources", lambda: twice)
    with pytest.raises(ValueError, match="one and two export 'bell'"):
        homes.__wrapped__()
