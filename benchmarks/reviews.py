"""Reviews of a hundred stacks at once, and of one stack beside `cdk diff`, as rows of run.py."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cached_property
from pathlib import Path

from cdk_diff import diff, shown
from stacks import HOW_MANY, project
from timing import (
    CFNGEN,
    PYTHON,
    NotComparableError,
    Pairs,
    Usage,
    finished,
    in_turns,
    run,
)

READ = """
import sys, pathlib
from cfngen.cloudformation.read import read
for folder in sys.argv[1:]:
    for file in pathlib.Path(folder).iterdir(): read(file.read_text("utf-8"))
"""
Sides = tuple[str, str]
THOUSAND, FEW = 1_000, 20
ALONE = ("taskset", "--cpu-list", "0")  # on one processor a review is one process


class Reviews:
    """Two projects of a hundred stacks, each before and after a change, made when first needed."""

    def __init__(self, folder: str, templates: Callable[[], list[Path]]) -> None:
        """Take an empty folder, and where to get the templates that the projects are made of."""
        self.folder = Path(folder)
        self.templates = templates

    @cached_property
    def different(self) -> Sides:
        """A project in which no two templates share a resource."""
        return self._project("different")

    @cached_property
    def copies(self) -> Sides:
        """A project of copies under other names."""
        return self._project("copies")

    @cached_property
    def thousand(self) -> Sides:
        """A project of a thousand, all of which change."""
        return self._project("thousand", THOUSAND)

    @cached_property
    def few_of_thousand(self) -> Sides:
        """A project of a thousand, of which twenty change."""
        return self._project("few-of-thousand", THOUSAND, FEW)

    def of_thousand(self, runs: int) -> Pairs:
        """Time a review of a thousand templates, in as many processes as there are processors."""
        return reviewed(self.thousand, "text", runs)

    def of_thousand_alone(self, runs: int) -> Pairs:
        """Time the same in one process."""
        return reviewed(self.thousand, "text", runs, ALONE)

    def of_few(self, runs: int) -> Pairs:
        """Time a review of a thousand templates of which twenty change."""
        return reviewed(self.few_of_thousand, "text", runs)

    def text(self, runs: int) -> Pairs:
        """Time a review of templates that are all different."""
        return reviewed(self.different, "text", runs)

    def markdown(self, runs: int) -> Pairs:
        """Time the same, as a comment on a pull request."""
        return reviewed(self.different, "markdown", runs)

    def data(self, runs: int) -> Pairs:
        """Time the same, as JSON."""
        return reviewed(self.different, "json", runs)

    def of_copies(self, runs: int) -> Pairs:
        """Time a review of copies."""
        return reviewed(self.copies, "text", runs)

    def reading(self, runs: int) -> Pairs:
        """Time what of a review is reading YAML, against the whole review, in one process."""
        return share(self.different, runs)

    def reading_of_copies(self, runs: int) -> Pairs:
        """Time the same for copies, most of whose resources have been read before."""
        return share(self.copies, runs)

    def one_and_diff(self, runs: int) -> Pairs:
        """Time a review of the largest template against `cdk diff`, which must see a change too."""
        sides = [Path(folder) for folder in self.different]
        name = max(sides[0].iterdir(), key=lambda file: (file.stat().st_size, file.name)).name
        files = [side / name for side in sides]
        theirs = diff(self.folder / "cdk.out", *(file.read_text("utf-8") for file in files))
        _, text, _, code = finished(theirs)
        if not shown(text, code).resources:
            raise NotComparableError(f"cdk diff sees no change of {name}:\n{text[-999:]}")
        return in_turns([CFNGEN, "review", *map(str, files)], theirs, runs, expect=(0, code))

    def _project(self, name: str, count: int = HOW_MANY, changes: int | None = None) -> Sides:
        base, head = self.folder / f"{name}-base", self.folder / f"{name}-head"
        project(self.templates(), base, head, copies=name == "copies", count=count, changes=changes)
        expected = count if changes is None else changes
        review = json.loads(run([CFNGEN, "review", str(base), str(head), "--format", "json"])[1])
        if (found := len(review["stacks"])) != expected:
            raise NotComparableError(f"{found} of {expected} stacks are said to change")
        return str(base), str(head)


def reviewed(sides: Sides, form: str, runs: int, prefix: tuple[str, ...] = ()) -> Pairs:
    """Time a whole review against a program that only reads the templates of both sides."""
    ours = [*prefix, CFNGEN, "review", *sides, "--format", form]
    return in_turns(ours, [PYTHON, "-c", READ, *sides], runs)


def share(sides: Sides, runs: int) -> Pairs:
    """Time reading, and what it is a part of, in a process for each run."""
    command = [PYTHON, "benchmarks/reading_share.py", *sides]
    run(command)
    found = [json.loads(run(command)[1]) for _ in range(runs)]
    return [(Usage(reading), Usage(whole)) for reading, whole in found]
