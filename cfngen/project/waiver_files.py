"""The files by which scanners skip what is waived: which there are, and what has to change."""

from __future__ import annotations

import os
import pkgutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path

from cfngen.cloudformation.document import Document, Waiver
from cfngen.errors import WaiverError
from cfngen.paths import display_path
from cfngen.project import waiver_formats, write

Texts = dict[Path, dict[str, str | None]]


@dataclass(frozen=True)
class WaiverFormat:
    """The form in which a scanner takes waivers; `waiver_formats` says what a module has."""

    scanner: str
    file: Callable[[str], str]
    text: Callable[[str, Document, Mapping[str, Sequence[Waiver]]], str]


@cache
def formats() -> dict[str, WaiverFormat]:
    """Return the forms there are, by the scanner's name."""
    names = sorted(module.name for module in pkgutil.iter_modules(waiver_formats.__path__))
    modules = [import_module(f"{waiver_formats.__name__}.{name}") for name in names]
    return {m.SCANNER: WaiverFormat(m.SCANNER, m.file, m.text) for m in modules}


def without_a_file(documents: Mapping[str, Document]) -> list[str]:
    """Return the scanners that have waivers in some templates and read none from a file."""
    scanners = {
        w.scanner for d in documents.values() for group in d.waivers.values() for w in group
    }
    return sorted(scanners - set(formats()))


def waivers_by_resource(document: Document, scanner: str) -> dict[str, list[Waiver]]:
    """Return a scanner's waivers by logical ID, those of statements with their resource.

    Each rule is there once for a resource; those inside a carried template are left out, since no
    scanner looks into a property.
    """
    rules: dict[str, dict[str, Waiver]] = {}
    for path, waivers in document.waivers.items():
        if "Resources" in path[1:]:
            continue
        for waiver in waivers:
            if waiver.scanner == scanner:
                rules.setdefault(str(path[1]), {}).setdefault(waiver.rule, waiver)
    return {title: list(each.values()) for title, each in rules.items()}


def pending_changes(
    directory: Path, documents: Mapping[str, Document], *, output: Path, prune: bool
) -> list[list[write.Change]]:
    """Return what has to change, for each directory; writes nothing.

    A file that is not wanted any more is removed: of the templates in `documents`, and with
    `prune` of all others, if cfngen made it.

    Args:
        directory: below it each scanner has a directory.
        documents: the templates by name.
        output: the directory of the templates themselves, which takes no such file.
        prune: whether `documents` are all templates of the project.

    Raises:
        WaiverError: a file would be in `output`, or a scanner does not take a rule as it is.
        WriteError: a directory or file cannot be read, or leads elsewhere.
    """
    wanted: Texts = {}
    for scanner_format in formats().values():
        for name, document in documents.items():
            waivers = waivers_by_resource(document, scanner_format.scanner)
            path = directory / scanner_format.scanner / scanner_format.file(name)
            text = scanner_format.text(name, document, waivers) if waivers else None
            if text is not None or path.exists():
                wanted.setdefault(path.parent, {})[path.name] = text
        if prune:
            for folder in _directories(directory / scanner_format.scanner):
                wanted.setdefault(folder, {})
    for folder in wanted:
        if _resolved(folder).is_relative_to(_resolved(output)):
            raise WaiverError(
                f"{display_path(directory)}: {display_path(output)}/ is for templates that are"
                " deployed; name another directory with --waivers"
            )
    return [
        write.pending_changes(folder, texts, prune=prune, pattern="*")
        for folder, texts in sorted(wanted.items())
    ]


def _directories(top: Path) -> list[Path]:
    """Return the directories there, links left out."""
    return [Path(folder) for folder, _, _ in os.walk(top)]


def _resolved(path: Path) -> Path:
    return Path(os.path.realpath(path))
