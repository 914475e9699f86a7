"""The page of the review's rules, made from their files.

`python tests/support/review_pages.py` writes it.
"""

from __future__ import annotations

from pathlib import Path

from cfngen.review.model import Concern
from cfngen.review.rule import RegisteredRule
from cfngen.review.rules import rules

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "rules.md"
HEAD = """\
<!-- Made by `python tests/support/review_pages.py` from the rules in cfngen/review/rules. -->
# The rules of the review

Each finding of [`cfngen review`](reviewing.md) has a code, the same in every format. In a terminal,
`cfngen explain CODE` says what stands here; `--fail-on` takes concerns and codes. A code never gets
another meaning.
"""


def page() -> str:
    """Return the text of docs/rules.md."""
    parts = [HEAD]
    for concern in Concern:
        mine = [rule for rule in rules().values() if rule.concern is concern]
        parts += [
            f"\n## {concern.value}: {concern.sentence}\n",
            "\n| code | what is the case |\n|---|---|\n",
            *(f"| [{rule.code}](#{_anchor(rule)}) | {rule.rule.title} |\n" for rule in mine),
            *map(_section, mine),
        ]
    return "".join(parts)


def _section(rule: RegisteredRule) -> str:
    return (
        f"\n### {_heading(rule)}\n\n{rule.rule.title}.\n\n{rule.rule.help}\n\n"
        f"[AWS: {rule.rule.source.rpartition('/')[2]}]({rule.rule.source})\n"
    )


def _heading(rule: RegisteredRule) -> str:
    return f"{rule.code} {rule.name}"


def _anchor(rule: RegisteredRule) -> str:
    """Return the anchor that GitHub gives the heading."""
    return _heading(rule).lower().replace(" ", "-")


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
