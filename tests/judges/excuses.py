"""The excuses for what judges find, read from comments in the code that the findings are about.

`python tests/judges/excuses.py` writes the page that lists them.
"""

from __future__ import annotations

import io
import re
import tokenize
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "excuses.md"
BEGINNING = "# excuse "
# JUDGE:RULE, JUDGE:RULE RESOURCE|RESOURCE: Reason.
FORM = re.compile(
    r"(?P<rules>[a-z-]+:\S+(?:, [a-z-]+:\S+)*) (?P<resources>[\w*?.|/-]+): (?P<reason>[A-Z`].*\.)"
)
INTRODUCTION = """\
# What judges find, and why it stays

<!-- Made by `python tests/judges/excuses.py` from comments in the code; change those. -->

Independent judges look at every template and workflow, and each finding is either mended or
excused. An excuse stands as a comment where the choice is made, holds for the resources it names
and for nothing else, and fails the build once it excuses nothing. `documented` is no program but a
[table](../tests/documented_permissions.toml) of what AWS's pages list as needed by a role.
"""


@dataclass(frozen=True)
class Excuse:
    """Why something that judges find stays as it is.

    Attributes:
        file: where the excuse stands, from the project's root.
        line: the line that it begins on.
        rules: the judges' rules as `judge:rule`, where `*` is any text.
        resources: the logical IDs, where `*` is any text.
        reason: why.
    """

    file: str
    line: int
    rules: tuple[str, ...]
    resources: tuple[str, ...]
    reason: str

    @property
    def parts(self) -> list[Part]:
        """Each rule for each resource."""
        return [Part(self, rule, glob) for rule in self.rules for glob in self.resources]


@dataclass(frozen=True)
class Part:
    """One rule of an excuse, for one resource."""

    excuse: Excuse
    rule: str
    resource: str

    def __str__(self) -> str:
        """Return it as it can be found."""
        return f"{self.excuse.file}:{self.excuse.line}: {self.rule} {self.resource}"

    @property
    def judge(self) -> str:
        """The judge whose rule it is."""
        return self.rule.partition(":")[0]

    @property
    def blueprint(self) -> str:
        """The blueprint whose templates it is about; nothing for those of all."""
        room, name, *_ = Path(self.excuse.file).parts
        return name if room == "blueprints" and not name.startswith("_") else ""

    def applies(self, rule: str, template: str, place: str) -> bool:
        """Whether it is about a finding.

        Args:
            rule: the finding's judge and rule.
            template: the template's name, or nothing.
            place: the logical ID, or file and line.
        """
        if self.blueprint and blueprints().get(template.partition(".")[0]) != self.blueprint:
            return False
        return matches(rule, self.rule) and matches(place, self.resource)


def matches(text: str, glob: str) -> bool:
    """Whether a text is what a glob says, in which only the star is special."""
    return fnmatchcase(text, re.sub(r"([\[?])", r"[\1]", glob))


def blueprints() -> dict[str, str]:
    """Return the blueprint of each template."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    templates = project["tool"]["cfngen"]["templates"]
    return {name: str(template["blueprint"]) for name, template in templates.items()}


def excuses() -> list[Excuse]:
    """Return every excuse, by file and line.

    Raises:
        ValueError: one is not in the form that excuses have.
    """
    places = ("cfngen/patterns/*.py", "blueprints/**/*.py", ".github/workflows/*.yml")
    files = [path for place in places for path in ROOT.glob(place)]
    return [excuse for path in sorted(files) for excuse in read_excuses(path)]


def read_excuses(path: Path) -> Iterator[Excuse]:
    """Yield the excuses in one file; each goes on in the lines of comment right below it.

    Raises:
        ValueError: one is not in the form that excuses have.
    """
    name = str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else path.name
    found: list[tuple[int, list[str]]] = []
    last = 0
    for line, text in _comments(path):
        if text.startswith(BEGINNING):
            found.append((line, [text.removeprefix(BEGINNING)]))
        elif found and line == last + 1:
            found[-1][1].append(text.removeprefix("#").strip())
        else:
            continue
        last = line
    for line, parts in found:
        said = FORM.fullmatch(" ".join(parts))
        if not said:
            raise ValueError(f"{name}:{line}: not `excuse JUDGE:RULE RESOURCE: Reason.`")
        rules, resources = said["rules"].split(", "), said["resources"].split("|")
        yield Excuse(name, line, tuple(rules), tuple(resources), said["reason"])


def _comments(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the comments in a file of Python, or those with lines of their own, and their lines."""
    text = path.read_text()
    if path.suffix != ".py":
        for number, line in enumerate(text.splitlines(), 1):
            if line.lstrip().startswith("#"):
                yield number, line.lstrip()
        return
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string


def page() -> str:
    """Return the page that lists them, by judge and rule."""
    rows: dict[str, list[tuple[str, str, str, str]]] = {}
    for excuse in excuses():
        for rule in excuse.rules:
            judge, _, name = rule.partition(":")
            resources = ", ".join(f"`{glob}`" for glob in excuse.resources)
            rows.setdefault(judge, []).append((name, excuse.file, resources, excuse.reason))
    text = [INTRODUCTION]
    for judge, found in sorted(rows.items()):
        text.append(f"## {judge}\n")
        text.append("| Rule | Where | Resources | Why |\n|---|---|---|---|")
        for name, file, resources, reason in sorted(found):
            said = reason.replace("|", "\\|").replace("<", "&lt;")
            text.append(f"| `{name}` | [{file}](../{file}) | {resources} | {said} |")
        text[-1] += "\n"
    return "\n".join(text)


if __name__ == "__main__":
    PAGE.write_text(page())
