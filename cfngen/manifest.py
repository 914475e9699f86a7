"""Which templates this project makes, with which options."""

from __future__ import annotations

import importlib.util
import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cfngen import registry
from cfngen.errors import ManifestError, did_you_mean
from cfngen.options import option_problems

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}\Z")
KEYS = ("blueprint", "options", "regions")


@dataclass(frozen=True)
class Entry:
    """One template to be made: `output/NAME.yaml`."""

    name: str
    blueprint: registry.Entry
    options: dict[str, Any] = field(default_factory=dict)
    regions: tuple[str, ...] = ()
    where: str = ""

    @property
    def file_name(self) -> str:
        """The name of the file in the output folder."""
        return f"{self.name}.yaml"


@dataclass(frozen=True)
class Manifest:
    """The templates of one project and the folder they go to."""

    templates: dict[str, Entry]
    output: Path
    source: str

    def select(self, names: tuple[str, ...] = ()) -> list[Entry]:
        """Return the named templates, all of them without names.

        Raises:
            ManifestError: unknown names, all of them at once.
        """
        problems = [self._unknown(n) for n in dict.fromkeys(names) if n not in self.templates]
        if problems:
            raise ManifestError(problems)
        return [self.templates[n] for n in dict.fromkeys(names or self.templates)]

    def _unknown(self, name: str) -> str:
        made = [t.name for t in self.templates.values() if t.blueprint.name == name]
        if made:
            return f"{name!r} is a blueprint; the templates made of it: {', '.join(made)}"
        have = ", ".join(self.templates) or "none"
        return (
            f"no template {name!r} in {self.source}{did_you_mean(name, self.templates)}"
            f" (there are: {have})"
        )


def load(start: Path, output: Path | None = None) -> Manifest:
    """Read the manifest of the project around `start`: the nearest parent that has one.

    A manifest is the table `[tool.cfngen]` of `pyproject.toml`, or the same tables without the
    prefix `tool.cfngen` in `cfngen.toml`. Without either, every installed blueprint is one
    template with its default options.

    Args:
        start: the folder to start from.
        output: where to write, instead of the manifest's `output` (default: `output`).

    Raises:
        ManifestError: everything that is wrong with it, each with file, table and key.
    """
    known = registry.blueprints()
    source, table = _nearest(start)
    if source is None:
        entries = {
            name.replace("_", "-"): Entry(name.replace("_", "-"), entry, where="the defaults")
            for name, entry in known.items()
        }
        return Manifest(entries, output or start / "output", "the installed blueprints")
    prefix = "tool.cfngen." if source.name == "pyproject.toml" else ""
    reader = _Reader(source, prefix, known)
    entries = reader.read(table)
    target = reader.output(table)
    if reader.problems:
        raise ManifestError(reader.problems)
    return Manifest(entries, output or source.parent / target, _short(source))


def all_regions() -> tuple[str, ...]:
    """Return the regions cfn-lint has schemas for, without importing it."""
    spec = importlib.util.find_spec("cfnlint")
    root = Path((spec.submodule_search_locations or [""])[0] if spec else "")
    folder = root / "data" / "schemas" / "providers"
    names = (item.name for item in folder.iterdir()) if folder.is_dir() else iter(())
    return tuple(sorted(n.replace("_", "-") for n in names if re.match(r"[a-z]{2,4}_", n)))


class _Reader:
    """Reads the tables of one file and keeps every problem it meets."""

    def __init__(self, source: Path, prefix: str, known: dict[str, registry.Entry]) -> None:
        self.source = source
        self.prefix = prefix
        self.known = known
        self.problems: list[str] = []
        self.shown = _short(source)

    def problem(self, table: str, what: str) -> None:
        where = f"[{(self.prefix + table).rstrip('.')}]" if table or self.prefix else "top level"
        self.problems.append(f"{self.shown}: {where} {what}")

    def read(self, table: dict[str, Any]) -> dict[str, Entry]:
        self.unknown_keys("", table, ("templates", "output"))
        templates = table.get("templates", {})
        if not isinstance(templates, dict):
            self.problem("", "templates: must be tables, one for each template")
            return {}
        entries: dict[str, Entry] = {}
        folded: dict[str, str] = {}
        for name, content in templates.items():
            where = f"templates.{name}"
            if not NAME.match(name):
                self.problem(
                    where,
                    f"{name!r} is no name for a file in the output folder:"
                    " use letters, digits, '.', '_' and '-', and begin with a letter or digit",
                )
            elif (other := folded.setdefault(name.casefold(), name)) != name:
                self.problem(where, f"is the same file as {other!r} where case does not count")
            if not isinstance(content, dict):
                self.problem(where, 'must be a table, such as { blueprint = "backlog_proxy" }')
            elif entry := self.entry(name, where, content):
                entries[name] = entry
        return entries

    def entry(self, name: str, where: str, content: dict[str, Any]) -> Entry | None:
        self.unknown_keys(where, content, KEYS)
        regions = self.regions(where, content.get("regions", []))
        options = content.get("options", {})
        wanted = content.get("blueprint")
        if not isinstance(wanted, str):
            self.problem(where, "blueprint: must name one" + ("" if wanted is None else ", as text"))
            return None
        if wanted not in self.known:
            self.problem(where, f"blueprint: {registry.unknown(wanted, self.known)}")
            return None
        if not isinstance(options, dict):
            self.problem(where, "options: must be a table")
            return None
        blueprint = self.known[wanted]
        if options:
            for what in option_problems(blueprint.load().options_type, options):
                self.problem(where, f"options.{what}")
        return Entry(name, blueprint, options, regions, f"{self.shown} [{self.prefix}{where}]")

    def regions(self, where: str, regions: Any) -> tuple[str, ...]:
        if not isinstance(regions, list) or not all(isinstance(r, str) for r in regions):
            self.problem(where, 'regions: must be a list of names, such as ["us-east-1"]')
            return ()
        known = all_regions() if regions else ()
        for region in regions:
            if region not in known:
                self.problem(
                    where, f"regions: no AWS region {region!r}{did_you_mean(region, known)}"
                )
        return tuple(regions)

    def output(self, table: dict[str, Any]) -> Path:
        value = table.get("output", "output")
        if not isinstance(value, str) or not value or Path(value).is_absolute():
            self.problem("", "output: must be a folder below the project")
        elif ".." in Path(value).parts:
            self.problem("", f"output: {value!r} leads out of the project")
        else:
            return Path(value)
        return Path("output")

    def unknown_keys(self, where: str, table: dict[str, Any], known: tuple[str, ...]) -> None:
        for key in table:
            if key not in known:
                self.problem(
                    where,
                    f"{key}: unknown key{did_you_mean(key, known)} (known: {', '.join(known)})",
                )


def _nearest(start: Path) -> tuple[Path | None, dict[str, Any]]:
    """Return the manifest of the nearest folder that has one, and its table."""
    for folder in (start, *start.parents):
        own, shared = folder / "cfngen.toml", folder / "pyproject.toml"
        tables = {own: _toml(own), shared: (_toml(shared) or {}).get("tool", {}).get("cfngen")}
        found = [(path, table) for path, table in tables.items() if table is not None]
        if len(found) == 2:
            raise ManifestError(
                [
                    f"{_short(own)} and [tool.cfngen] of {_short(shared)} both list templates;"
                    " keep one of them"
                ]
            )
        for path, table in found:
            if not isinstance(table, dict):
                raise ManifestError([f"{_short(path)}: tool.cfngen must be a table"])
            return path, table
    return None, {}


def _toml(path: Path) -> dict[str, Any] | None:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ManifestError([f"{_short(path)}: not TOML: {error}"]) from None
    except OSError as error:
        raise ManifestError([f"{_short(path)}: cannot be read: {error.strerror}"]) from None


def _short(path: Path) -> str:
    """Return a path as the user would type it from where they are."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)
