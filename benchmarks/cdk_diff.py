"""`cdk diff` of two templates, without an app or an account, and what its output says.

The output is read as a person would, in the CDK's favour wherever it leaves a choice.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from timing import CDK

from cfngen.cloudformation.read import read

KINDS = {"+": "added", "-": "removed", "~": "changed"}
SECTIONS = {
    **{name: f"{name}s" for name in ("Parameter", "Output", "Condition", "Mapping", "Rule")},
    "Unknown": "",  # a section that the CDK has no name for, as a whole
}
RESOURCE = re.compile(r"\[(.)\] (\w+::\S+) (\w+)(?: (.*))?$")
ENTRY = re.compile(r"\[(.)\] (\w+) (\w+)(.*)$")
# What stands before a value, in the tree of a resource: a branch, or a sign of its own.
MARK = re.compile(r"[ │]*(?:[├└]─|\[[ +~-]\])")
EVERYBODY = re.compile(r"Everyone|(?:AWS:)?\*")
Row = dict[str, str]


@dataclass(frozen=True)
class Item:
    """One resource as it is shown; `marked` if each line of its changes has a sign of its own."""

    name: str
    type: str
    kind: str
    impact: str
    marked: bool


@dataclass(frozen=True)
class Shown:
    """What is said of one stack; `broadens` is what `--fail-on broadening` judges."""

    broadens: bool
    resources: tuple[Item, ...]
    entries: frozenset[tuple[str, str]]
    rows: tuple[Row, ...]

    @property
    def silent(self) -> bool:
        """Whether nothing is shown, or nothing but the description and the like."""
        return not (self.changes or self.rows)

    @property
    def changes(self) -> set[tuple[str, str]]:
        """What is added, removed or changed; a resource that is only shown as affected is not."""
        return {(f"Resources.{i.name}", i.kind) for i in self.resources} | self.entries

    @property
    def opened(self) -> list[Row]:
        """The rows that give everybody something, or let everybody in."""
        return [
            row
            for row in self.rows
            if row[""] == "+" and row.get("Effect") != "Deny" and row.get("Dir") != "Out"
            if EVERYBODY.match(row.get("Principal", row.get("Peer", "")))
        ]


def diff(folder: Path, before: str | None, after: str | None) -> list[str]:
    """Return the command for two templates, after making what it reads in a new folder.

    That is a cloud assembly by hand, with the template as JSON: of YAML the CDK then knows neither
    comments nor the order of keys nor short tags, so none of them can mislead it. A template that
    is not there is an empty one.
    """
    folder.mkdir(parents=True)
    for name, text in (("before", before), ("after", after)):
        body = {"Resources": {}} if text is None else read(text)
        (folder / f"{name}.json").write_text(json.dumps(body, default=str), "utf-8")
    stack = {
        "type": "aws:cloudformation:stack",
        "environment": "aws://111122223333/us-east-1",
        "properties": {"templateFile": "after.json", "stackName": "stack"},
    }
    manifest = {"version": "36.0.0", "artifacts": {"stack": stack}}
    (folder / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    asked = ["--app", str(folder), "--template", str(folder / "before.json")]
    plain = ["--no-notices", "--no-color", "--ci"]  # --ci: on standard output
    return [CDK, "diff", *asked, "--method", "template", "--fail-on", "broadening", *plain]


def shown(text: str, code: int) -> Shown:
    """Read what was printed.

    Raises:
        ValueError: it is no comparison.
    """
    if "Number of stacks with differences: " not in text:
        raise ValueError(f"cdk diff compared nothing: {text[-999:]}")
    lines = text.split("\n")
    return Shown(
        code == 1,
        tuple(items(lines)),
        frozenset(entries(lines)),
        tuple(rows(lines)),
    )


def items(lines: list[str]) -> Iterator[Item]:
    """Yield the resources that are shown."""
    for number, line in enumerate(lines):
        if found := RESOURCE.match(line):
            block = []
            for below in lines[number + 1 :]:
                if RESOURCE.match(below) or ENTRY.match(below) or below.startswith("✨"):
                    break
                block.append(below)
            marked = all(MARK.match(below) for below in block if below.strip())
            sign, kind, name, impact = found.groups()
            yield Item(name, kind, KINDS[sign], impact or "", marked)


def entries(lines: list[str]) -> Iterator[tuple[str, str]]:
    """Yield the parameters, outputs and so on that are shown, as `Outputs.Url`."""
    for line in lines:
        found = ENTRY.match(line)
        if not found or found[2] not in SECTIONS or RESOURCE.match(line):
            continue
        sign, section, name, rest = found.groups()
        if section != "Unknown":
            yield f"{SECTIONS[section]}.{name}", KINDS[sign]
        elif sign != "~":  # the whole section: each thing in it
            yield from ((f"{name}.{each}", KINDS[sign]) for each in json.loads(rest[2:]))


def rows(lines: list[str]) -> Iterator[Row]:
    """Yield the rows of the tables of security changes, by heading; the sign is under ``."""
    headings: list[str] = []
    row: list[str] = []
    for line in lines:
        if line[:1] in ("┌", "├", "└"):
            if row and headings:
                yield dict(zip(headings, row, strict=True))
            elif row:
                headings = row
            headings, row = ([] if line[0] in "┌└" else headings), []
        elif line[:1] == "│":
            cells = [cell.strip() for cell in line.strip("│").split("│")]
            if row and headings and cells[0]:  # a row begins without a line above it
                yield dict(zip(headings, row, strict=True))
                row = []
            joined = zip(row, cells, strict=True)
            row = [f"{a}\n{b}".strip() for a, b in joined] if row else cells
