"""Planted defects: each can be planted, and its test is there to notice it."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests" / "mutations"))

from run import Defect, chosen  # noqa: E402  # run by its file, as `make verify` does


def missing_test(defect: Defect) -> str:
    """Return what is missing of the test that has to notice a defect."""
    file, *names = defect.test.split("::")
    if not (ROOT / file).exists():
        return file
    body: list[ast.stmt] = ast.parse((ROOT / file).read_text()).body
    for name in names:
        named = name.partition("[")[0]
        found = [node for node in body if getattr(node, "name", "") == named]
        if not found:
            return defect.test
        body = getattr(found[0], "body", [])
    return ""


def test_each_planted_defect_stands_once_in_its_file() -> None:
    """What a defect replaces is in its file, and only once: else it cannot be planted."""
    counts = {d.title: (ROOT / d.file).read_text().count(d.old) for d in chosen([])}
    assert {title: count for title, count in counts.items() if count != 1} == {}


def test_each_planted_defect_has_its_test() -> None:
    """The test that has to notice a defect is there: pytest would run none without it."""
    assert {d.title: missing for d in chosen([]) if (missing := missing_test(d))} == {}
