"""Gives each scanner an environment of its own, with exactly what its requirements say.

`python tests/scanners/install.py [SCANNER...]` installs those that are not yet as they should be.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
REQUIREMENTS = HERE / "requirements"
PLACE = HERE.parents[1] / ".venv" / "scanners"
STAMP = ".installed"


def main() -> None:
    """Install what is asked for, or everything."""
    known = sorted(path.stem for path in REQUIREMENTS.iterdir())
    wanted = sys.argv[1:] or known
    if unknown := set(wanted) - set(known):
        sys.exit(f"no such scanner: {', '.join(sorted(unknown))}; there are {', '.join(known)}")
    for name in wanted:
        folder = PLACE / name
        text = "".join(path.read_text() for path in requirements(name))
        from_npm = (REQUIREMENTS / name).is_dir()
        if not from_npm:
            text += sys.version
        stamp = folder / STAMP
        if stamp.exists() and stamp.read_text() == text:
            continue
        if from_npm and not shutil.which("npm"):
            print(f"{name}: left out, it needs npm (on Debian: npm)", file=sys.stderr)  # noqa: T201
            continue
        shutil.rmtree(folder, ignore_errors=True)
        install_from_npm(name, folder) if from_npm else install_from_pypi(name, folder)
        stamp.write_text(text)


def requirements(name: str) -> list[Path]:
    """Return the files that say what a scanner is made of."""
    path = REQUIREMENTS / name
    return sorted(path.iterdir()) if path.is_dir() else [path.with_suffix(".txt")]


def install_from_pypi(name: str, folder: Path) -> None:
    """Make a virtual environment with what a file of requirements says."""
    run(sys.executable, "-m", "venv", folder)
    pip = [folder / "bin" / "python", "-m", "pip", "install", "--quiet"]
    run(*pip, "--disable-pip-version-check", "--no-deps", "-r", *requirements(name))


def install_from_npm(name: str, folder: Path) -> None:
    """Install what a lock file of npm says, without running anything of it."""
    folder.mkdir(parents=True)
    for path in requirements(name):
        shutil.copy(path, folder)
    run("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent", cwd=folder)


def run(*command: str | Path, cwd: Path | None = None) -> None:
    """Run a command, and end if it fails."""
    if status := subprocess.run(command, cwd=cwd).returncode:
        sys.exit(f"{' '.join(map(str, command))}: exit {status}")


if __name__ == "__main__":
    main()
