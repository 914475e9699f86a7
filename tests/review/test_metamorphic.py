"""Reviews of templates against themselves, written otherwise: there is nothing to say."""

from __future__ import annotations

from pathlib import Path

import pytest
from review.metamorphic import main
from support.corpus import CASES, case
from support.rewritings import REWRITINGS, differences, rewritings, template

OUTPUT = Path(__file__).parents[2] / "output"
CHANGED = """
Parameters: {Stage: {Type: String}}
Conditions:
  Live: !Equals [!Ref Stage, live]
  Quick: !And [!Condition Live, !Equals [!Ref Stage, quick]]
Resources:
  Queue:
    Type: AWS::SQS::Queue
    Condition: Live
    Properties: {QueueName: !Sub '${Stage}-jobs', DelaySeconds: !If [Quick, 0, 30]}
"""


@pytest.mark.parametrize("path", sorted(OUTPUT.glob("*.yaml")), ids=lambda path: path.stem)
def test_a_template_of_ours_means_the_same_however_it_is_written(path: Path) -> None:
    """As JSON, with other line ends, other spellings of references, other names of conditions."""
    text = path.read_text("utf-8")
    given = template(text)
    assert given
    lines = {name: differences(text, other) for name, other in rewritings(given)}
    assert lines == {name: [] for name in REWRITINGS}


@pytest.mark.parametrize("theme", sorted({path.parent.name for path in CASES}))
def test_a_template_of_the_corpus_means_the_same_however_it_is_written(theme: str) -> None:
    """All that the corpus has of one theme, before and after."""
    cases = [case(path) for path in CASES if path.parent.name == theme]
    texts = {text for each in cases for side in (each.before, each.after) for text in side.values()}
    assert [
        (text, name, lines)
        for text in sorted(texts)
        if (given := template(text))
        for name, other in rewritings(given)
        if (lines := differences(text, other))
    ] == []


@pytest.mark.parametrize("rewriting", REWRITINGS)
def test_a_template_that_is_written_otherwise_and_changed_is_reported(rewriting: str) -> None:
    """A review looks at what was rewritten: a change beside it is seen."""
    given = template(CHANGED.replace("30", "60"))
    assert given
    assert differences(CHANGED, dict(rewritings(given))[rewriting])


def test_every_rewriting_changes_the_text() -> None:
    """None of them leaves the template as it is, or only writes it as JSON."""
    given = template(CHANGED)
    assert given
    texts = [text for _, text in rewritings(given)]
    assert len({*texts, CHANGED}) == len(REWRITINGS) + 1


def test_the_script_counts_and_names_what_differs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each template of a folder counts, and what is none is left out."""
    (tmp_path / "queue.yaml").write_text(CHANGED)
    (tmp_path / "notes.json").write_text("[]")
    assert main([str(tmp_path)]) == 0
    printed = capsys.readouterr().out
    assert "1 templates, 1 other files" in printed
    assert "renamed-conditions: 1 reviewed, 0 wrong" in printed
