"""The file of a manifest: where it is, and what it says without any blueprint being imported."""

from __future__ import annotations

import json
import re
import stat
import tomllib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cfngen.errors import ManifestError, did_you_mean
from cfngen.paths import display_path

KEYS = ("templates", "output", "review", "roles", "tags")
OUTPUT = Path("output")


@dataclass(frozen=True)
class ManifestSource:
    """Where a project is, and its tables, not understood yet.

    `root` is the directory of the manifest, or where the search began if there is none.
    """

    root: Path
    tables: tuple[tuple[Path, Any], ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def has_manifest(self) -> bool:
        """Whether there is a manifest at all, even if it cannot be read."""
        return bool(self.tables or self.problems)


def find(start: Path) -> ManifestSource:
    """Return the nearest directory from `start` upwards with a manifest; complains of nothing yet.

    Cheap, for those who only ask where the project is, or what its templates are called.
    """
    start = start.absolute()
    return find_in((start, *start.parents), read_on_disk)


def find_in(directories: Iterable[Path], read: Callable[[Path], bytes | None]) -> ManifestSource:
    """Return the first of the directories with a manifest, whose files `read` knows.

    Args:
        directories: nearest first, as messages should name them; there must be one at least.
        read: returns the bytes of a file, `None` where there is no such file. An `OSError` that
            it raises becomes one of the problems.
    """
    nearest: Path | None = None
    for directory in directories:
        nearest = nearest or directory
        problems: list[str] = []
        own = _toml(directory / "cfngen.toml", read, problems)
        shared = _toml(directory / "pyproject.toml", read, problems)
        tool = (shared or {}).get("tool")
        tables: list[tuple[Path, Any]] = []
        if isinstance(tool, dict) and "cfngen" in tool:
            tables.append((directory / "pyproject.toml", tool["cfngen"]))
        if own is not None:
            tables.append((directory / "cfngen.toml", own))
        if tables or problems:
            return ManifestSource(directory, tuple(tables), tuple(problems))
    if nearest is None:
        raise ValueError("no directory to look for a manifest in")
    return ManifestSource(nearest)


def output_directory(source: ManifestSource) -> Path:
    """Return the directory of the templates; nothing else is read, and no blueprint is imported.

    Raises:
        ManifestError: what is wrong with the file, or with that directory.
    """
    table, reader = _read_only(source)
    directory = OUTPUT
    if isinstance(table, dict):
        directory = reader.output(table.get("output", str(OUTPUT)))
    reader.complain()
    return source.root / directory


def listed_templates(source: ManifestSource) -> list[str] | None:
    """Return the names in the table of templates, `None` where there is no such table.

    `None` also stands for no manifest at all; an empty table is an empty list. No blueprint is
    imported, and the tables of the templates themselves are not looked at.

    Raises:
        ManifestError: the file cannot be read, or `templates` are no tables.
    """
    table, reader = _read_only(source)
    templates = reader.templates(table) if isinstance(table, dict) else None
    reader.complain()
    return None if templates is None else list(templates)


def accepted_parts(source: ManifestSource) -> dict[str, str]:
    """Return which parts a review need not look into, each with the reason; none by default.

    They are the tables in `opaque` of the table `[review]`.

    Raises:
        ManifestError: what is wrong with the file, or with that table.
    """
    table, reader = _read_only(source)
    accepted = reader.accepted(table.get("review")) if isinstance(table, dict) else {}
    reader.complain()
    return accepted


def duplicate_tables(source: ManifestSource) -> list[str]:
    """Return what is wrong with where the tables are: there may be one only."""
    if len(source.tables) < 2:
        return []
    second = display_path(source.root / "pyproject.toml")
    what = "is a second table of templates beside cfngen.toml; keep one of them"
    return [f"{second}: [tool.cfngen] {what}"]


def _read_only(source: ManifestSource) -> tuple[Any, Reader]:
    """Return the one table of a manifest, `None` without one, and who reads it."""
    path, table = source.tables[0] if source.tables else (source.root / "cfngen.toml", None)
    reader = Reader(path)
    reader.problems += [*source.problems, *duplicate_tables(source)]
    if source.tables and not isinstance(table, dict):
        reader.problem((), "must be a table")
    return table, reader


class Reader:
    """Reads the tables of one file and keeps every problem it meets."""

    def __init__(self, source: Path) -> None:
        """Begin without problems."""
        self.source = source
        self.problems: list[str] = []

    def at(self, *keys: str) -> str:
        """Return file and table, for messages."""
        table = self.table(*keys)
        return (
            f"{display_path(self.source)}: {table}"
            if table != "[]"
            else f"{display_path(self.source)}:"
        )

    def table(self, *keys: str) -> str:
        """Return the header of a table, as this file has it."""
        prefix = ("tool", "cfngen") if self.source.name == "pyproject.toml" else ()
        return f"[{'.'.join(map(bare, (*prefix, *keys)))}]"

    def problem(self, keys: tuple[str, ...], what: str) -> None:
        """Keep a problem of the table with these keys."""
        self.problems.append(f"{self.at(*keys)} {what}")

    def complain(self) -> None:
        """Raise a `ManifestError` with the problems, if there are any."""
        if self.problems:
            raise ManifestError(self.problems)

    def unknown_keys(
        self, where: tuple[str, ...], table: dict[str, Any], allowed: tuple[str, ...], of: str = ""
    ) -> None:
        """Complain of each key that is not allowed; `of` says which entry of a list has it."""
        for key, value in table.items():
            if key in allowed:
                continue
            hint = did_you_mean(key, allowed)
            if not where and isinstance(value, dict) and "blueprint" in value:
                hint = f"; did you mean {self.table('templates', key)}?"
            self.problem(where, f"{of}{bare(key)}: unknown key{hint} (known: {', '.join(allowed)})")

    def templates(self, table: dict[str, Any]) -> dict[str, Any] | None:
        """Return the tables of the templates, `None` where there is no such table."""
        templates = table.get("templates")
        if templates is None or isinstance(templates, dict):
            return templates
        self.problem((), "templates: must be tables, one for each template")
        return None

    def output(self, value: Any) -> Path:
        """Return the directory for the templates, below the project."""
        if not isinstance(value, str) or not value or "\0" in value:
            shown = json.dumps(value, ensure_ascii=False, default=str)
            self.problem((), f"output: must be a directory below the project, got {shown}")
        elif Path(value).is_absolute() or ".." in Path(value).parts:
            self.problem((), f"output: {value!r} is outside the project; only --output may be")
        else:
            return Path(value)
        return OUTPUT

    def accepted(self, review: Any) -> dict[str, str]:
        """Return the parts that the table `[review]` accepts, with the reasons."""
        if review is None:
            return {}
        if not isinstance(review, dict):
            self.problem((), "review: must be a table")
            return {}
        where = ("review",)
        # `cfngen.project.review_waivers` reads the waivers, for those without a manifest as well.
        self.unknown_keys(where, review, ("opaque", "waivers"))
        parts = review.get("opaque", [])
        if not isinstance(parts, list) or not all(isinstance(part, dict) for part in parts):
            self.problem(
                where,
                "opaque: must be a list of tables, such as"
                ' [{ name = "shop/Network", reason = "the network team reviews it" }]',
            )
            return {}
        accepted: dict[str, str] = {}
        first: dict[str, int] = {}
        for number, part in enumerate(parts):
            of = f"opaque[{number}]."
            self.unknown_keys(where, part, ("name", "reason"), of)
            name = self._text(where, f"{of}name", part.get("name"), "shop/Network")
            reason = self._text(where, f"{of}reason", part.get("reason"), "reviewed elsewhere")
            if name and first.setdefault(name, number) != number:
                self.problem(where, f"{of}name: {name!r} is listed already: opaque[{first[name]}]")
            elif name:
                accepted[name] = reason
        return accepted

    def _text(self, where: tuple[str, ...], key: str, value: Any, example: str) -> str:
        text = value.strip() if isinstance(value, str) else ""
        if not text or not text.isprintable():
            self.problem(where, f'{key}: must be text on one line, such as "{example}"')
            return ""
        return text


def read_on_disk(path: Path) -> bytes | None:
    """Return what is in a file; a symlink to nowhere or a device is not taken for no file.

    Raises:
        OSError: there is something that cannot be read.
    """
    try:
        mode = path.stat().st_mode
        if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):  # a directory says so itself
            raise OSError(0, "not a regular file")
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        if path.is_symlink():
            raise OSError(0, f"a symlink to {path.readlink()}, which does not exist") from None
        return None


def _toml(
    path: Path, read: Callable[[Path], bytes | None], problems: list[str]
) -> dict[str, Any] | None:
    """Return what a file says, `None` if there is none; what is wrong goes to the problems."""
    try:
        content = read(path)
        if content is None:
            return None
        return tomllib.loads(content.decode("utf-8").replace("\r\n", "\n"))
    except OSError as error:
        problems.append(f"{display_path(path)}: cannot be read: {error.strerror}")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        problems.append(f"{display_path(path)}:{line}: not UTF-8; save the file as UTF-8")
    except RecursionError:
        problems.append(f"{display_path(path)}: not TOML: nested too deeply")
    except ValueError as error:  # a TOMLDecodeError, or a number of thousands of digits
        parts = re.fullmatch(r"(?s)(.*) \(at line (\d+), column (\d+)\)", str(error))
        place = f":{parts[2]}:{parts[3]}" if parts else ""
        problems.append(f"{display_path(path)}{place}: not TOML: {parts[1] if parts else error}")
    return {} if path.name == "cfngen.toml" else None


def bare(key: str) -> str:
    """Return a key as TOML would have it written."""
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else json.dumps(key, ensure_ascii=False)
