"""Plants each defect in a copy of the project, and looks whether its test notices.

`run.py WORD…` plants only those whose title or file has one of the words in it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from agreement_defects import AGREEMENT_DEFECTS
from aws_defects import AWS_DEFECTS
from comparison_defects import COMPARISON_DEFECTS
from defects import DEFECTS, Defect

ROOT = Path(__file__).parents[2]
PARTS = ("cfngen", "blueprints", "tests", "output", "examples", "docs", "integrations")
FILES = ("pyproject.toml", ".cfnlintrc", "README.md", "CHANGELOG.md", "Makefile")


def copied(folder: Path) -> Path:
    """Return a copy of the project that imports itself."""
    for name in PARTS:
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / name, folder / name, symlinks=True, ignore=ignored)
    for name in FILES:
        shutil.copy(ROOT / name, folder)
    (folder / "cfngen_blueprints").symlink_to("blueprints")
    return folder


def run(folder: Path, *tests: str) -> subprocess.CompletedProcess[str]:
    """Run tests of a copy."""
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *tests]
    environment = {**os.environ, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def noticed(defect: Defect) -> str:
    """Plant a defect; return what is wrong if its test does not fail."""
    with tempfile.TemporaryDirectory() as made:
        folder = copied(Path(made))
        path = folder / defect.file
        text = path.read_text()
        if text.count(defect.old) != 1:
            return f"{defect.title}: {defect.file} has it {text.count(defect.old)} times"
        path.write_text(text.replace(defect.old, defect.new))
        done = run(folder, defect.test)
        if done.returncode == 1:
            return ""
        return f"{defect.title}: {defect.test} ended with {done.returncode}\n{done.stdout[-800:]}"


def chosen(words: list[str]) -> list[Defect]:
    """Return the defects that have one of the words in their title or file; all without words."""
    every = [*DEFECTS, *COMPARISON_DEFECTS, *AWS_DEFECTS, *AGREEMENT_DEFECTS]
    return [d for d in every if not words or any(w in f"{d.title} {d.file}" for w in words)]


def main(words: list[str]) -> int:
    """Run the tests as they are, then with each defect; say which were not noticed."""
    defects = chosen(words)
    with tempfile.TemporaryDirectory() as made:
        tests = dict.fromkeys(defect.test for defect in defects)
        good = run(copied(Path(made)), "-n", "3", *tests)
    if good.returncode:
        print(good.stdout[-3000:], good.stderr[-3000:])
        return 1
    with ThreadPoolExecutor(3) as pool:
        wrong = [problem for problem in pool.map(noticed, defects) if problem]
    print("\n".join(wrong))
    print(f"{len(defects) - len(wrong)} of {len(defects)} defects were noticed")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
