"""Reviews templates against themselves, written otherwise, and prints what a review says of it.

    .venv/bin/python tests/review/metamorphic.py DIRECTORY...

Whatever is printed beside the counts is wrong: see `support/rewritings.py` for what is done.
"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from support.rewritings import differences, rewritings, template

SUFFIXES = {".json", ".template", ".yaml", ".yml"}
MAX_LINES = 5  # of one template and one way of writing it


def main(directories: list[str]) -> int:
    """Review every template below some directories; 1 if anything is said of any."""
    done: Counter[str] = Counter()
    wrong: Counter[str] = Counter()
    templates = others = 0
    for path in sorted(path for each in directories for path in Path(each).rglob("*")):
        if path.suffix not in SUFFIXES or not path.is_file():
            continue
        text = path.read_bytes().decode("utf-8", "replace")
        given = template(text)
        if given is None:
            others += 1
            continue
        templates += 1
        for name, rewritten in rewritings(given):
            done[name] += 1
            lines = differences(text, rewritten)
            if lines:
                wrong[name] += 1
                print(f"{path}: {name}")
                print(*(f"  {line}" for line in lines[:MAX_LINES]), sep="\n")
    print(f"{templates:,} templates, {others:,} other files")
    print(
        *(f"{name}: {count:,} reviewed, {wrong[name]:,} wrong" for name, count in done.items()),
        sep="\n",
    )
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
