"""The pictures of a review that the documents show, and the example that they are of."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from cfngen.cli import cli

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "review"
IMAGE = re.compile(r"!\[(.*?)\]\((.*?\.png)\)")


@pytest.mark.parametrize("page", ["README.md", "docs/reviewing.md"])
def test_the_documents_show_both(page: str) -> None:
    """Each shows the page and the comment, with a text for those who do not see them."""
    images = IMAGE.findall((ROOT / page).read_text(encoding="utf-8"))
    assert [Path(path).stem for _, path in images] == ["review-page", "review-comment"]
    for words, path in images:
        assert len(words) > 40
        assert 0 < (ROOT / page).parent.joinpath(path).stat().st_size < 150_000


def test_the_example_shows_each_kind() -> None:
    """Its review has what the pictures show, and its waiver is still about the change."""
    arguments = ["review", str(EXAMPLE / "before"), str(EXAMPLE / "after")]
    done = CliRunner().invoke(cli, [*arguments, "--date", "2026-12-01", "--format", "json"])
    assert done.exit_code == 0, done.output
    review = json.loads(done.stdout)
    findings = [finding for stack in review["stacks"] for finding in stack["findings"]]
    assert {finding["code"] for finding in findings} == {"D102", "D103", "D104", "P101", "B101"}
    waived = [finding["code"] for finding in findings if finding.get("waiver")]
    assert waived == ["D102"]
