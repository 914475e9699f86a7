"""The program that mirrors, as its stack publishes it."""

from __future__ import annotations

import functools
from pathlib import Path

from cfngen_blueprints.mirror_program import program

from cfngen import synthesize
from cfngen.project.registry import find

# What the parameter Branches takes, and what it does not.
BRANCHES = [
    *("", "main", "main,release/*", "main, release/*", "*", "*-x", "m*n", "-x", "a$(id)'\"|&"),
    *("\u30d6\u30e9\u30f3\u30c1/*", "a" * 499),
]
NO_BRANCHES = [
    *(",", "main,", ",main", "main,,x", "a b", "main release", " main", "main ", "a  b"),
    *("**", "*a*", "a?", "a[b", "a~1", "a^", "a:b", "a\\b", "a\n", "a\tb"),
]
HASH = "0123456789abcdef"
LOCATION = f"mirror-program-archives/{HASH}.zip"


@functools.cache
def _published() -> tuple[tuple[str, str], ...]:
    body = synthesize(find("mirror_program").load(), {}).document.body
    return tuple(body["Resources"]["MirrorProgramVersion"]["Properties"]["Files"].items())


def published() -> dict[str, str]:
    """Return the files of the program, by name."""
    return dict(_published())


def carried(*names: str) -> dict[str, str]:
    """Return files of the program that templates carry (all if none is named), by name."""
    return {name: str(text) for name, text in program.carried(*names).items()}


def fetched(directory: Path, **changed: str | None) -> None:
    """Put the program where a build has its source, as CodeBuild does before the first phase.

    Args:
        directory: the build's working directory.
        changed: another text for a file, by its name without `.py`.
    """
    directory.mkdir(exist_ok=True)
    others = {f"{name}.py": text for name, text in changed.items() if text is not None}
    for name, text in (published() | others).items():
        (directory / name).write_text(text)
