"""Files in the output directory that could be taken for one of the project's templates."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from pathlib import Path

from cfngen.cloudformation.source import SUFFIXES, is_aside
from cfngen.errors import WriteError
from cfngen.paths import display_path


def stray_files(output: Path, names: Iterable[str], *, within: Path | None = None) -> list[str]:
    """Return a line about each file that hides or doubles a template; reads no file.

    That is a file of another suffix beside a template that the project makes, and whatever is not a
    regular file though it is called like a template: a symlink, a FIFO, a device.

    Args:
        output: the directory, which need not exist.
        names: the files that the project makes there.
        within: the directory of the project. If it lies in the output directory, only the files of
            that directory itself are looked at, since the rest is not about templates.

    Raises:
        WriteError: the directory cannot be read.
    """
    wanted = {name.removesuffix(".yaml").casefold(): name for name in names}
    whole = within is None or not Path(os.path.realpath(within)).is_relative_to(
        os.path.realpath(output)
    )
    lines: list[str] = []
    for directory, directories, files in os.walk(output, onerror=_refuse):
        links = [name for name in directories if Path(directory, name).is_symlink()]
        directories[:] = sorted(
            name for name in directories if whole and not is_aside(name) and name not in links
        )
        names_there = {*files, *links}
        for name in sorted(names_there):
            stem, suffix = os.path.splitext(name)  # noqa: PTH122 - a name, not a path
            if suffix.casefold() not in SUFFIXES:
                continue
            path = Path(directory, name)
            template = wanted.get(stem.casefold()) if path.parent == output else None
            if (
                template
                and name != template
                and not _same_file(name, template, output, names_there)
            ):
                lines.append(
                    f"{display_path(path)}: beside {display_path(output / template)}, which this"
                    " project makes: a reviewer or a deployment may mistake one for the other;"
                    " remove it"
                )
            elif what := _special(path):
                lines.append(f"{display_path(path)}: is {what}, so it is not a template; remove it")
    return lines


def _same_file(name: str, template: str, output: Path, names_there: set[str]) -> bool:
    """Whether this is the template itself, on a disk where case does not count."""
    same = name.casefold() == template.casefold()
    return same and template not in names_there and os.path.lexists(output / template)


def _special(path: Path) -> str:
    """Return what a file is that is not a regular one, or nothing."""
    try:
        mode = path.lstat().st_mode
        if stat.S_ISLNK(mode):
            return f"a symlink to {path.readlink()}"
    except OSError:  # gone meanwhile
        return ""
    return "" if stat.S_ISREG(mode) else "not a regular file"


def _refuse(error: OSError) -> None:
    if isinstance(error, FileNotFoundError):
        return
    raise WriteError(f"{display_path(error.filename)}: cannot be read: {error.strerror}")
