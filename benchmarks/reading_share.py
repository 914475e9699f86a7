"""Measures how much of one `cfngen review` is reading YAML, from within its process.

It prints two figures, in seconds: reading, and the whole command, without the interpreter's start.
"""

from __future__ import annotations

import contextlib
import io
import json
import sys
from collections.abc import Callable
from time import perf_counter
from typing import Any

START = perf_counter()  # before anything of cfngen is imported


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


def measured(arguments: list[str]) -> tuple[float, float]:
    """Run the command once."""
    from cfngen.cli import main
    from cfngen.cloudformation import sections

    watch = Watch()
    # A template is cut and read when it is opened; lines inside of a resource are found later.
    sections.Sections.__init__ = watch.on(sections.Sections.__init__)  # type: ignore[method-assign]
    sections._lines = watch.on(sections._lines)  # noqa: SLF001 - it is what takes the time
    printed = io.BytesIO()
    with contextlib.redirect_stdout(io.TextIOWrapper(printed)), contextlib.suppress(SystemExit):
        main(["review", *arguments])
    if not printed.getvalue():
        raise SystemExit("nothing was reviewed")
    return watch.total, perf_counter() - START


if __name__ == "__main__":
    print(json.dumps(measured(sys.argv[1:])))
