"""The plan of this project, and the commands for deployments that READMEs print."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from cfngen.console.project import synthesize_all
from cfngen.deploy.script import PlannedTemplate, Step, steps
from cfngen.paths import display_path
from cfngen.project import manifest

ROOT = Path(__file__).parents[2]
PROJECT = manifest.load(ROOT)


@cache
def sources() -> tuple[PlannedTemplate, ...]:
    """Return every template of this project, drawn."""
    return tuple(
        PlannedTemplate(
            entry, drawn.document.body, drawn.size, display_path(PROJECT.output / entry.file_name)
        )
        for entry in PROJECT.templates.values()
        for drawn in synthesize_all([entry])
    )


@cache
def planned() -> tuple[Step, ...]:
    """Return the deployments of all of them, those of other accounts last."""
    accounts = sorted({source.entry.account for source in sources()})
    groups = [[s for s in sources() if s.entry.account == account] for account in accounts]
    return tuple(step for group in groups for step in steps(group))


@dataclass(frozen=True)
class Printed:
    """One `aws cloudformation deploy` of a README."""

    page: Path
    template: str
    words: tuple[str, ...]

    def option(self, name: str) -> str:
        """Return the value of an option, nothing if it is not given."""
        words = [*self.words, "", ""]
        return words[words.index(name) + 1] if name in words else ""

    @property
    def parameters(self) -> set[str]:
        """The names of the parameters that it gives."""
        after = "--parameter-overrides"
        given = self.words[self.words.index(after) + 1 :] if after in self.words else ()
        return {name for word in given for name, equals, _ in [word.partition("=")] if equals}


def printed(page: Path) -> list[Printed]:
    """Return the commands of a page that deploy a template of `output/`."""
    blocks = re.findall(r"```(?:bash|sh|console)\n(.*?)```", page.read_text(), re.S)
    lines = "\n".join(blocks).replace("\\\n", " ").splitlines()
    found = []
    for line in lines:
        if "aws cloudformation deploy" in line:
            # Quoted values have spaces; only what stands before an equals sign matters of them.
            words = re.sub(r'"[^"]*"|\'[^\']*\'', "VALUE", line).split()
            file = words[words.index("--template-file") + 1]
            if file.startswith("output/"):
                found.append(Printed(page, Path(file).stem, tuple(words)))
    return found


def readmes() -> list[Path]:
    """Return every page that could print a command."""
    pages = [ROOT / "README.md", *ROOT.glob("docs/*.md"), *ROOT.glob("blueprints/*/README*.md")]
    return sorted(pages)
