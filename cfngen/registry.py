"""Finds blueprints, ours and others', through the entry point `cfngen.blueprints`."""

from __future__ import annotations

import importlib
import pkgutil
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING

from cfngen.errors import BlueprintError, did_you_mean

if TYPE_CHECKING:
    from cfngen.blueprint import Blueprint

GROUP = "cfngen.blueprints"


@dataclass(frozen=True)
class Entry:
    """Where one blueprint is: its package, and the distribution that brought it."""

    name: str
    module: str
    distribution: str

    def load(self) -> Blueprint:
        """Import the blueprint.

        Raises:
            BlueprintError: the module holds no blueprint of the folder's name.
        """
        from cfngen.blueprint import Blueprint

        found = getattr(importlib.import_module(self.module), self.name, None)
        if not isinstance(found, Blueprint):
            raise BlueprintError(
                f"{self.module} ({self.distribution}): no @blueprint named {self.name};"
                " a blueprint is named after its folder"
            )
        return found


def blueprints() -> dict[str, Entry]:
    """Return every installed blueprint by name, sorted; none of them is imported yet.

    An entry point names a package; each folder in it with a `blueprint.py` is a blueprint. Folders
    that start with an underscore hold what several of them share.

    Raises:
        BlueprintError: two distributions bring the same name, or an entry point leads nowhere.
    """
    found: dict[str, Entry] = {}
    problems: list[str] = []
    for point in sorted(set(entry_points(group=GROUP)), key=lambda p: (p.name, p.value)):
        for entry in _entries(point, problems):
            other = found.setdefault(entry.name, entry)
            if other != entry:
                problems.append(
                    f"blueprint {entry.name} comes from {other.distribution} ({other.module}) and"
                    f" from {entry.distribution} ({entry.module}); uninstall or rename one of them"
                )
    if problems:
        raise BlueprintError("\n".join(problems))
    return dict(sorted(found.items()))


def find(name: str) -> Entry:
    """Return one blueprint's entry.

    Raises:
        BlueprintError: there is none of that name.
    """
    known = blueprints()
    if name not in known:
        raise BlueprintError(unknown(name, known))
    return known[name]


def unknown(name: str, known: dict[str, Entry]) -> str:
    """Return what to say of a blueprint that is not there."""
    have = ", ".join(known) or "none are installed"
    return f"no blueprint {name!r}{did_you_mean(name, known)} (there are: {have})"


def _entries(point: EntryPoint, problems: list[str]) -> list[Entry]:
    distribution = point.dist.name if point.dist else "?"
    try:
        package = importlib.import_module(point.value)
    except ImportError as error:
        problems.append(
            f"{distribution}: its entry point {GROUP}:{point.name} names {point.value}, which"
            f" cannot be imported ({error}); reinstall or uninstall {distribution}"
        )
        return []
    entries = []
    for module in pkgutil.iter_modules(getattr(package, "__path__", [])):
        if module.ispkg and not module.name.startswith("_"):
            inner = f"{point.value}.{module.name}"
            if _has_blueprint(package.__path__, module.name):
                entries.append(Entry(module.name, f"{inner}.blueprint", distribution))
    return entries


def _has_blueprint(path: list[str], name: str) -> bool:
    return any(
        m.name == "blueprint" for m in pkgutil.iter_modules([f"{folder}/{name}" for folder in path])
    )
