"""What lies in the output folder and could be taken for one of the project's templates."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from pathlib import Path

from cfngen.cloudformation.source import SUFFIXES, is_aside
from cfngen.errors import WriteError
from cfngen.paths import display_path


def mistakable(output: Path, names: Iterable[str], *, within: Path | None = None) -> list[str]:
    """Return a line about each file that hides or doubles a template; reads no file.

    That is a file of another suffix beside a template that the project makes, and whatever is no
    ordinary file though it is called like a template: a link, a FIFO, a device.

    Args:
        output: the folder, which need not exist.
        names: the files that the project makes there.
        within: the folder of the project. If it lies in the output folder, only the files of that
            folder itself are looked at, since the rest is not about templates.

    Raises:
        WriteError: the folder cannot be read.
    """
    wanted = {name.removesuffix(".yaml").casefold(): name for name in names}
    whole = within is None or not Path(os.path.realpath(within)).is_relative_to(
        os.path.realpath(output)
    )
    lines: list[str] = []
    for folder, folders, files in os.walk(output, onerror=_refuse):
        links = [name for name in folders if Path(folder, name).is_symlink()]
        folders[:] = sorted(
            name for name in folders if whole and not is_aside(name) and name not in links
        )
        there = {*files, *links}
        for name in sorted(there):
            stem, suffix = os.path.splitext(name)  # noqa: PTH122 - a name, not a path
            if suffix.casefold() not in SUFFIXES:
                continue
            path = Path(folder, name)
            template = wanted.get(stem.casefold()) if path.parent == output else None
            if template and name != template and not _same_file(name, template, output, there):
                lines.append(
                    f"{display_path(path)}: beside {display_path(output / template)}, which this"
                    " project makes: a reviewer or a deployment may take one for the other; remove"
                    " it"
                )
            elif what := _special(path):
                lines.append(f"{display_path(path)}: is {what}, so it is no template; remove it")
    return lines


def _same_file(name: str, template: str, output: Path, there: set[str]) -> bool:
    """Whether this is the template itself, on a disk where case does not count."""
    same = name.casefold() == template.casefold()
    return same and template not in there and os.path.lexists(output / template)


def _special(path: Path) -> str:
    """Return what a file is that is no ordinary one, or nothing."""
    try:
        mode = path.lstat().st_mode
        if stat.S_ISLNK(mode):
            return f"a link to {path.readlink()}"
    except OSError:  # gone meanwhile
        return ""
    return "" if stat.S_ISREG(mode) else "no ordinary file"


def _refuse(error: OSError) -> None:
    if isinstance(error, FileNotFoundError):
        return
    raise WriteError(f"{display_path(error.filename)}: cannot be read: {error.strerror}")
