"""What of the scanners' findings is waived, by the documents of the templates that are built.

`python tests/scanners/waivers.py` writes the page that lists it.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / "tests")]  # for the page, which no pytest makes

from support.drawn import PROJECT, drawn  # noqa: E402

from cfngen import Waiver  # noqa: E402
from cfngen.cloudformation.document import Document  # noqa: E402

PAGE = ROOT / "docs" / "waivers.md"
# The form of zizmor itself; the reason is the comment above it.
IN_A_WORKFLOW = re.compile(r"# zizmor: ignore\[(?P<rule>[\w-]+)\]$")
CARRIED = "TemplateBody"
INTRODUCTION = Path(__file__).with_name("introduction.md")


@dataclass(frozen=True)
class Placed:
    """A waiver at its place in a template.

    Attributes:
        template: the template's name; one that another carries is called after that and the
            resource that carries it, as its file is when it is scanned.
        path: the place: a resource, or something in one.
        waiver: the waiver.
    """

    template: str
    path: tuple[str | int, ...]
    waiver: Waiver

    def __str__(self) -> str:
        """Return what is waived, where, and which line says so."""
        path = ".".join(map(str, self.path))
        return f"{self.waiver.rule} {self.template}: {path}, attached at {self.waiver.origin}"

    @property
    def resource(self) -> str:
        """The logical ID of the resource."""
        return str(self.path[1])

    @property
    def declaration(self) -> tuple[object, ...]:
        """What says it: a statement's waiver goes with the statement to several roles.

        Not each scanner reads each kind of policy, so that it waives something for one of them
        and nothing for another.
        """
        if len(self.path) > 2:
            return self.waiver.origin, self.waiver.rule
        return self.template, self.path, self.waiver.rule

    def applies(self, rule: str, template: str, resource: str) -> bool:
        """Whether it is about a finding of a scanner, whose rule is `scanner:RULE`."""
        place = (self.template, self.resource)
        return place == (template, resource) and matches(rule, self.waiver.rule)


class InWorkflow(NamedTuple):
    """A waiver of zizmor's own form."""

    file: str
    line: int
    rule: str
    reason: str


def matches(text: str, glob: str) -> bool:
    """Whether a text is what a glob says, in which only the star is special."""
    return bool(re.fullmatch(".*".join(map(re.escape, glob.split("*"))), text))


def placed(name: str, document: Document) -> Iterator[Placed]:
    """Yield the waivers of a template, and of those that it carries."""
    for path, waivers in document.waivers.items():
        template, place = name, path
        if CARRIED in path:
            inside = path.index(CARRIED) + 1
            template, place = f"{name}.{path[1]}", path[inside:]
        for waiver in waivers:
            yield Placed(template, place, waiver)


def every() -> list[Placed]:
    """Return the waivers of all templates of the project."""
    return [found for name in PROJECT.templates for found in placed(name, drawn(name).document)]


def in_workflows(root: Path = ROOT) -> list[InWorkflow]:
    """Return zizmor's, with the comments above them."""
    found = []
    files = (".github/workflows/*.y*ml", "integrations/*/action.y*ml")
    for path in sorted(path for pattern in files for path in root.glob(pattern)):
        lines = path.read_text().splitlines()
        for number, line in enumerate(lines, 1):
            if match := IN_A_WORKFLOW.search(line):
                above = number - 2
                while lines[above].lstrip().startswith("#"):
                    above -= 1
                reason = " ".join(text.strip("# ") for text in lines[above + 1 : number - 1])
                name = path.relative_to(root).as_posix()
                found.append(InWorkflow(name, number, match["rule"], reason))
    return found


def page() -> str:
    """Return the page that lists them, by scanner and rule."""
    rows: dict[str, dict[tuple[str, str, str], list[str]]] = {}
    for one in every():
        waiver = one.waiver
        row = (waiver.rule_name, _file(waiver), waiver.reason)
        places = rows.setdefault(waiver.scanner, {}).setdefault(row, [])
        place = ".".join(map(str, (one.template, *one.path[:2])))
        if place not in places:
            places.append(place)
    for one in in_workflows():
        rows.setdefault("zizmor", {})[one.rule, one.file, one.reason] = [one.file]
    return "\n".join(
        [INTRODUCTION.read_text(), *(_table(scanner, rows[scanner]) for scanner in sorted(rows))]
    )


def _table(scanner: str, rows: Mapping[tuple[str, str, str], list[str]]) -> str:
    lines = [f"## {scanner}\n", "| Rule | Where | Resources | Reason |", "|---|---|---|---|"]
    for (rule, file, reason), places in sorted(rows.items()):
        where = ", ".join(f"`{place}`" for place in places)
        text = reason.replace("|", "\\|").replace("<", "&lt;")
        lines.append(f"| `{rule}` | [{file}](../{file}) | {where} | {text} |")
    return "\n".join(lines) + "\n"


def _file(waiver: Waiver) -> str:
    assert waiver.origin
    return Path(waiver.origin.file).resolve().relative_to(ROOT).as_posix()


if __name__ == "__main__":
    PAGE.write_text(page())
