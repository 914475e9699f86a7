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

from cfngen.errors import BlueprintError, CfngenError, Problems, did_you_mean, nearest
from cfngen.paths import display_path

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

    from cfngen.authoring.blueprint import Blueprint
    from cfngen.review.rule import RegisteredRule

GROUP = "cfngen.blueprints"
RULES_GROUP = "cfngen.review_rules"
FILE = "blueprint.py"
MARK = "@blueprint"  # what a file with a blueprint has in it


@dataclass(frozen=True)
class InstalledBlueprint:
    """Where one blueprint is: its module, and the distribution that brought it."""

    name: str
    module: str
    distribution: str

    def load(self) -> Blueprint:
        """Import the blueprint.

        Raises:
            BlueprintError: the module has a mistake, or no blueprint of the directory's name.
        """
        from cfngen.authoring.blueprint import Blueprint
        from cfngen.authoring.mistakes import author_mistakes

        spec = importlib.util.find_spec(self.module.partition(".")[0])
        (directory, *_) = (spec and spec.submodule_search_locations) or ("",)
        try:
            # Standard output is for data.
            with author_mistakes(directory), contextlib.redirect_stdout(sys.stderr):
                module = importlib.import_module(self.module)
        except CfngenError:
            raise
        except Exception as error:
            error.add_note(f"while importing the blueprint {self}")
            raise
        value = getattr(module, self.name, None)
        if not isinstance(value, Blueprint):
            raise BlueprintError(self._missing(module, value))
        return value

    def __str__(self) -> str:
        """Return the name and who brought it."""
        return f"{self.name} of {self.distribution}"

    def _missing(self, module: ModuleType, value: object) -> str:
        from cfngen.authoring.blueprint import Blueprint

        others = [other.name for other in vars(module).values() if isinstance(other, Blueprint)]
        if callable(value):
            remedy = f"the function {self.name} is not decorated with @blueprint"
        elif others:
            remedy = f"only {', '.join(others)}; a blueprint is named after its directory"
        else:
            remedy = "a blueprint is a function, decorated and named after its directory"
        file = display_path(module.__file__ or "")
        return f"{file} ({self.distribution}): no @blueprint {self.name}: {remedy}"


def blueprints() -> dict[str, InstalledBlueprint]:
    """Return every installed blueprint by name, sorted; none of them is imported yet.

    An entry point names a package; each directory in it with a `blueprint.py` is a blueprint.
    Directories that start with an underscore hold what several of them share.

    Raises:
        Problems: two distributions bring the same name, or an entry point leads nowhere.
    """
    installed, problems = search()
    if problems:
        raise Problems(problems)
    return installed


def review_rules() -> dict[str, RegisteredRule]:
    """Return the rules of the review by code: ours, and those of installed packages.

    An entry point of the group `cfngen.review_rules` names a package that is laid out as
    `cfngen.review.rules`: a directory for each concern, a file for each rule.

    Raises:
        Problems: an entry point leads nowhere, a file in it is no rule, or a code is there twice.
    """
    from cfngen.review import rules

    packages = [list(rules.rules().values())]
    problems: list[str] = []
    for point in sorted(set(entry_points(group=RULES_GROUP)), key=_order):
        try:
            # Standard output is for data.
            with contextlib.redirect_stdout(sys.stderr):
                packages.append(list(rules.registered(importlib.import_module(point.value))))
        except ModuleNotFoundError as error:
            problems.append(f"the entry point {point.name} of {RULES_GROUP} leads nowhere: {error}")
        except Problems as error:
            problems += error.problems
    if problems:
        raise Problems(problems)
    return rules.combined(packages)


def search() -> tuple[dict[str, InstalledBlueprint], list[str]]:
    """Return what `blueprints` does, and beside it everything that is wrong."""
    installed: dict[str, InstalledBlueprint] = {}
    problems: list[str] = []
    for point in sorted(set(entry_points(group=GROUP)), key=_order):
        for blueprint in _brought_by(point, problems):
            other = installed.setdefault(blueprint.name, blueprint)
            if other != blueprint:
                problems.append(
                    f"blueprint {blueprint.name} comes from {other.distribution} ({other.module})"
                    f" and from {blueprint.distribution} ({blueprint.module}); uninstall or rename"
                    " one of them"
                )
    return dict(sorted(installed.items())), problems


def find(name: str) -> InstalledBlueprint:
    """Return one installed blueprint, not imported yet.

    Raises:
        BlueprintError: there is none of that name.
        Problems: as `blueprints`.
    """
    installed = blueprints()
    if name not in installed:
        raise BlueprintError(unknown(name, installed))
    return installed[name]


def unknown(name: str, installed: dict[str, InstalledBlueprint]) -> str:
    """Return the message about a blueprint that is not installed."""
    names = ", ".join(installed) or "none are installed"
    hints = "".join(f"; {hint}" for directory, hint in misnamed() if directory == name)
    return f"no blueprint {name!r}{did_you_mean(name, installed)} (available: {names}){hints}"


def misnamed() -> list[tuple[str, str]]:
    """Return what looks like a blueprint but has no `blueprint.py`: its name, and what to do."""
    packages = dict.fromkeys(point.module for point in entry_points(group=GROUP))
    misnamed = []
    for package in packages:
        with contextlib.suppress(Exception):  # `search` says what is wrong with the package
            spec = importlib.util.find_spec(package)
            for directory in (spec and spec.submodule_search_locations) or ():
                misnamed += list(_misnamed(Path(directory)))
    return sorted(misnamed)


def _misnamed(package: Path) -> Iterator[tuple[str, str]]:
    for path in package.iterdir():
        shown = display_path(path)
        if path.name.startswith(("_", ".")):
            continue
        if path.suffix == ".py" and _has_mark(path):
            yield path.stem, f"{shown} is no blueprint; move it to {path.stem}/{FILE}"
        if not path.is_dir() or (path / FILE).exists():
            continue
        files = {file.name: file for file in sorted(path.glob("*.py"))}
        marked = [name for name, file in files.items() if _has_mark(file)]
        likely = marked or [name for name in [nearest(FILE, files)] if name]
        if likely:
            yield path.name, f"{shown}/ has no {FILE}; is {likely[0]} meant to be it? Rename it"
        elif files.keys() - {"__init__.py"}:
            hint = "add one, or begin the directory's name with '_' if it is shared"
            yield path.name, f"{shown}/ has no {FILE}, so it is no blueprint; {hint}"


def _has_mark(file: Path) -> bool:
    return MARK in file.read_text(encoding="utf-8", errors="replace")


def _order(point: EntryPoint) -> tuple[str, str, str]:
    return _distribution(point), point.name, point.value


def _distribution(point: EntryPoint) -> str:
    return (point.dist.name if point.dist else "") or "a distribution without a name"


def _brought_by(point: EntryPoint, problems: list[str]) -> list[InstalledBlueprint]:
    distribution = _distribution(point)
    where = f"{distribution}: its entry point {GROUP}:{point.name} names {point.value}"
    again = f"reinstall or uninstall {distribution}"
    try:
        package = point.module
        # It is not imported: what a package does on import must not happen before it is used.
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
    brought = []
    for location in sorted(spec.submodule_search_locations):
        for name in _directories(Path(location), where, problems):
            if name.isidentifier():
                module = f"{package}.{name}.blueprint"
                brought.append(InstalledBlueprint(name, module, distribution))
            else:
                problems.append(
                    f"{location}/{name} ({distribution}): a blueprint's directory is named as its"
                    " function, with letters, digits and '_'; rename it"
                )
    return brought


def _directories(package: Path, where: str, problems: list[str]) -> list[str]:
    """Return the names of the directories that hold a blueprint."""
    try:
        return sorted(
            directory.name
            for directory in package.iterdir()
            if not directory.name.startswith(("_", ".")) and (directory / FILE).is_file()
        )
    except OSError as error:
        problems.append(f"{where}; {package} cannot be read: {error.strerror}")
        return []
