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
from queue import SimpleQueue

sys.path.insert(0, str(Path(__file__).parent))

from agreement_defects import AGREEMENT_DEFECTS
from aws_defects import AWS_DEFECTS
from comparison_defects import COMPARISON_DEFECTS
from defects import DEFECTS, Defect

ROOT = Path(__file__).parents[2]
PARTS = ("cfngen", "blueprints", "tests", "output", "examples", "docs", "integrations")
COPIES = 5  # each of which has one defect at a time
FILES = ("pyproject.toml", ".cfnlintrc", "README.md", "CHANGELOG.md", "Makefile")


def copied(folder: Path) -> Path:
    """Return a copy of the project that imports itself."""
    folder.mkdir()
    for name in PARTS:
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / name, folder / name, symlinks=True, ignore=ignored)
    for name in FILES:
        shutil.copy(ROOT / name, folder)
    (folder / "cfngen_blueprints").symlink_to("blueprints")
    return folder


def run(folder: Path, *tests: str) -> subprocess.CompletedProcess[str]:
    """Run tests of a copy, which keeps what was compiled for the next run."""
    options = ["-q", "-x", "-p", "no:cacheprovider", "--tb=short", "--show-capture=no"]
    options += ["--no-cpu-limit"]  # a slow test has not noticed anything
    command = [sys.executable, "-m", "pytest", *options, *tests]
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def rewritten(path: Path, text: str) -> None:
    """Write a file, and remove what was compiled of it: Python would go by the second and size."""
    path.write_text(text)
    for compiled in path.parent.glob(f"__pycache__/{path.stem}.*.pyc"):
        compiled.unlink()


def noticed(defect: Defect, folder: Path) -> str:
    """Plant a defect in a copy, and mend it; return what is wrong if its test does not fail."""
    path = folder / defect.file
    text = path.read_text()
    if text.count(defect.old) != 1:
        return f"{defect.title}: {defect.file} has it {text.count(defect.old)} times"
    rewritten(path, text.replace(defect.old, defect.new))
    try:
        done = run(folder, defect.test)
    finally:
        rewritten(path, text)
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
    tests = dict.fromkeys(defect.test for defect in defects)
    with tempfile.TemporaryDirectory() as made, ThreadPoolExecutor(COPIES) as pool:
        copies: SimpleQueue[Path] = SimpleQueue()
        for number in range(COPIES):
            copies.put(copied(Path(made, str(number))))

        def in_a_copy(defect: Defect) -> str:
            folder = copies.get()
            try:
                return noticed(defect, folder)
            finally:
                copies.put(folder)

        first = copies.get()
        good = run(first, "-n", str(COPIES), *tests)
        copies.put(first)
        if good.returncode:
            print(good.stdout[-3000:], good.stderr[-3000:])
            return 1
        wrong = [problem for problem in pool.map(in_a_copy, defects) if problem]
    print("\n".join(wrong))
    print(f"{len(defects) - len(wrong)} of {len(defects)} defects were noticed")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
