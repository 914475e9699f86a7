"""Finds blueprints, ours and others', through the entry point `cfngen.blueprints`."""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import sys
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import TYPE_CHECKING

from cfngen.errors import BlueprintError, Problems, did_you_mean

if TYPE_CHECKING:
    from types import ModuleType

    from cfngen.authoring.blueprint import Blueprint

GROUP = "cfngen.blueprints"


@dataclass(frozen=True)
class Entry:
    """Where one blueprint is: its module, and the distribution that brought it."""

    name: str
    module: str
    distribution: str

    def load(self) -> Blueprint:
        """Import the blueprint.

        An exception while it is imported is a bug of its author: it keeps its traceback, with a
        note saying which blueprint it was.

        Raises:
            BlueprintError: the module holds no blueprint of the folder's name.
        """
        from cfngen.authoring.blueprint import Blueprint

        try:
            with contextlib.redirect_stdout(sys.stderr):  # ours is for data
                module = importlib.import_module(self.module)
        except SystemExit:
            raise BlueprintError(
                f"{self}: ends the program when it is imported; a blueprint only defines things"
            ) from None
        except Exception as error:
            error.add_note(f"while importing the blueprint {self}")
            raise
        found = getattr(module, self.name, None)
        if not isinstance(found, Blueprint):
            raise BlueprintError(self._missing(module, found))
        return found

    def __str__(self) -> str:
        """Return the name and who brought it."""
        return f"{self.name} of {self.distribution}"

    def _missing(self, module: ModuleType, found: object) -> str:
        from cfngen.authoring.blueprint import Blueprint

        others = [thing.name for thing in vars(module).values() if isinstance(thing, Blueprint)]
        if callable(found):
            remedy = f"the function {self.name} is not decorated with @blueprint"
        elif others:
            remedy = f"only {', '.join(others)}; a blueprint is named after its folder"
        else:
            remedy = "a blueprint is a function, decorated and named after its folder"
        return f"{module.__file__} ({self.distribution}): no @blueprint {self.name}: {remedy}"


def blueprints() -> dict[str, Entry]:
    """Return every installed blueprint by name, sorted; none of them is imported yet.

    An entry point names a package; each folder in it with a `blueprint.py` is a blueprint. Folders
    that start with an underscore hold what several of them share.

    Raises:
        Problems: two distributions bring the same name, or an entry point leads nowhere.
    """
    found, problems = search()
    if problems:
        raise Problems(problems)
    return found


def search() -> tuple[dict[str, Entry], list[str]]:
    """Return what `blueprints` does, and beside it everything that is wrong."""
    found: dict[str, Entry] = {}
    problems: list[str] = []
    for point in sorted(set(entry_points(group=GROUP)), key=_order):
        for entry in _entries(point, problems):
            other = found.setdefault(entry.name, entry)
            if other != entry:
                problems.append(
                    f"blueprint {entry.name} comes from {other.distribution} ({other.module}) and"
                    f" from {entry.distribution} ({entry.module}); uninstall or rename one of them"
                )
    return dict(sorted(found.items())), problems


def find(name: str) -> Entry:
    """Return one blueprint's entry.

    Raises:
        BlueprintError: there is none of that name.
        Problems: as `blueprints`.
    """
    known = blueprints()
    if name not in known:
        raise BlueprintError(unknown(name, known))
    return known[name]


def unknown(name: str, known: dict[str, Entry]) -> str:
    """Return what to say of a blueprint that is not there."""
    have = ", ".join(known) or "none are installed"
    return f"no blueprint {name!r}{did_you_mean(name, known)} (there are: {have})"


def _order(point: EntryPoint) -> tuple[str, str, str]:
    return _distribution(point), point.name, point.value


def _distribution(point: EntryPoint) -> str:
    return (point.dist.name if point.dist else "") or "a distribution without a name"


def _entries(point: EntryPoint, problems: list[str]) -> list[Entry]:
    distribution = _distribution(point)
    where = f"{distribution}: its entry point {GROUP}:{point.name} names {point.value}"
    again = f"reinstall or uninstall {distribution}"
    try:
        package = point.module
        # Found, not imported: what a package does on import is nobody's business before it is used.
        spec = importlib.util.find_spec(package)
    except Exception as error:  # a parent package may raise anything
        problems.append(
            f"{where}, which cannot be found ({type(error).__name__}: {error}); {again}"
        )
        return []
    if spec is None or spec.submodule_search_locations is None:
        what = "is not installed" if spec is None else "is a module, not a package"
        problems.append(f"{where}, which {what}; {again}")
        return []
    entries = []
    for folder in sorted(spec.submodule_search_locations):
        for name in _folders(Path(folder), where, problems):
            if name.isidentifier():
                entries.append(Entry(name, f"{package}.{name}.blueprint", distribution))
            else:
                problems.append(
                    f"{folder}/{name} ({distribution}): a blueprint's folder is named as its"
                    " function, with letters, digits and '_'; rename it"
                )
    return entries


def _folders(package: Path, where: str, problems: list[str]) -> list[str]:
    """Return the names of the folders that hold a blueprint."""
    try:
        return sorted(
            folder.name
            for folder in package.iterdir()
            if not folder.name.startswith(("_", ".")) and (folder / "blueprint.py").is_file()
        )
    except OSError as error:
        problems.append(f"{where}; {package} cannot be read: {error.strerror}")
        return []
