"""Measures how much of one review, without the start of the process, is reading YAML.

It prints two figures, in seconds: reading, and the whole review, from the files to the text.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Any

from cfngen import revisions, sections
from cfngen.review import review
from cfngen.review.printed import GITHUB, printed


class Watch:
    """Adds up the time that some functions take, which must not call each other."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.total = 0.0

    def on(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return the function, timed."""

        def timed(*arguments: Any) -> Any:
            start = perf_counter()
            try:
                return function(*arguments)
            finally:
                self.total += perf_counter() - start

        return timed


def main(base: str, head: str) -> None:
    """Review two folders once."""
    watch = Watch()
    # A template is cut and read when it is opened; lines inside of a resource are found later.
    sections.Sections.__init__ = watch.on(sections.Sections.__init__)  # type: ignore[method-assign]
    sections._lines = watch.on(sections._lines)  # noqa: SLF001 - it is what takes the time
    printed(review({}, {}), "text", limit=GITHUB, version="")  # imports what is imported late
    start = perf_counter()
    before, after = revisions.pair(base, head, Path("output"))
    found = review(before.texts, after.texts, files=before.files | after.files)
    printed(found, "text", limit=GITHUB, version="")
    print(json.dumps([watch.total, perf_counter() - start]))


if __name__ == "__main__":
    main(*sys.argv[1:])
