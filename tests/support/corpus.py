"""The corpus of reviews: one file a case, with what is claimed of it and both sides' templates.

A case is a file of several documents of YAML. The first says what a reviewer has to be told; each
of the others is a template as it stands, below a line that says of which side it is:

    claim: A topic that is renamed is replaced.
    replacement: {Topic: will}
    --- # before
    Resources: …
    --- # after
    Resources: …

A side of several templates names them: `--- # before/alarms.yaml`. Where bytes matter that an
editor would change (line ends, a byte order mark, no line end at the end), a template is written as
one string of YAML, and said to be: `--- # after, quoted`. A side that is not there has no template.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import yaml

CORPUS = Path(__file__).parents[1] / "review" / "corpus"
CASES = sorted(CORPUS.glob("*/*.yaml"))
ALONE = "stack"  # what the one template of a side is called
# The parser in C, where there is one, reads hundreds of files several times as fast.
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
LABEL = re.compile(r"^--- # (before|after)(?:/([\w-]+)\.yaml)?(, quoted)?\n", re.M)


@dataclass(frozen=True)
class Case:
    """A pair of sides of templates.

    Attributes:
        name: its theme and its file, such as `data/bucket-removed`.
        expected: what a reviewer has to be told; what is left out is not there at all.
        before: the texts of the templates before the change, by name.
        after: those after it.
    """

    name: str
    expected: dict[str, Any] = field(repr=False)
    before: dict[str, str] = field(repr=False)
    after: dict[str, str] = field(repr=False)

    @property
    def theme(self) -> str:
        """What it is about, which is the name of its directory."""
        return self.name.partition("/")[0]


@cache
def case(path: Path) -> Case:
    """Return the case that a file of the corpus holds."""
    return parse(path.read_text("utf-8"), f"{path.parent.name}/{path.stem}")


def parse(text: str, name: str) -> Case:
    """Return the case that a text describes.

    Raises:
        ValueError: the text has no template, a template twice, or one that should be quoted and is
            no string; the message says which.

    """
    head, *documents = LABEL.split(text)
    if not documents:
        raise ValueError(f"{name}: no line `--- # before` or `--- # after`")
    sides: dict[str, dict[str, str]] = {"before": {}, "after": {}}
    for side, title, quoted, body in zip(*(documents[n::4] for n in range(4)), strict=True):
        template = loaded(body) if quoted else body
        if not isinstance(template, str):
            raise ValueError(f"{name}: {side} is quoted, and no string of YAML")
        if (title or ALONE) in sides[side]:
            raise ValueError(f"{name}: {side} has {title or 'a template'} twice")
        sides[side][title or ALONE] = template
    return Case(name, loaded(head), **sides)


def loaded(text: str) -> Any:
    """Return what a text of YAML says."""
    return yaml.load(text, LOADER)  # noqa: S506 - it is the safe one, in C
