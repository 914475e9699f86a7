"""A file that is a template of the review and nested in another one: as `sam build` writes them."""

from __future__ import annotations

from pathlib import Path

import pytest

from cfngen.cli import main

QUEUE = "Resources:\n  Jobs:\n    Type: AWS::SQS::Queue\n    Properties: {QueueName: %s}\n"
NESTED = "  %s:\n    Type: AWS::CloudFormation::Stack\n    Properties: {TemplateURL: child.yaml}\n"


def printed(folder: Path, nested: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> str:
    """Return the review of a template whose nested template changes a name."""
    for side, name in (("a", "one"), ("b", "two")):
        (folder / side).mkdir()
        (folder / side / "child.yaml").write_text(QUEUE % name)
        outer = "Resources:\n" + "".join(NESTED % inner for inner in nested)
        (folder / side / "parent.yaml").write_text(outer)
    assert main(["review", "a", "b", "--fail-on", "replace"]) == 1
    return capsys.readouterr().out


@pytest.mark.parametrize(("nested", "refused"), [(("Inner",), 0), (("Inner", "Other"), 1)])
def test_a_file_is_in_no_conflict_with_itself(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    nested: tuple[str, ...],
    refused: int,
) -> None:
    """A named queue in it is one queue; where two stacks are made of it, two have one name."""
    monkeypatch.chdir(tmp_path)
    text = printed(tmp_path, nested, capsys)
    assert ("R107" in text) == bool(refused)
    assert "parent/Inner" in text
