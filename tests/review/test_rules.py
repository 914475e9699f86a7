"""Every finding has the code of a rule, and every rule is found by its file."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest
from support.corpus import CASES, case
from support.review_pages import PAGE, page

from cfngen.cli import main
from cfngen.errors import Problems
from cfngen.review import review
from cfngen.review.model import Concern
from cfngen.review.rule import Rule
from cfngen.review.rules import combined, registered, rules
from cfngen.testing.rule_cases import missing_cases, rule_cases, unexpected

# Codes of texts that cannot be read, of files that are not compared, and of change sets: no pair
# can show them.
OF_FILES = {"U101", "U103", "U104", "U105", "U106", "U107", "U108", "P102"}
RULE = '''"""A queue is deployed."""

from cfngen.review.rule import Hit, Rule


def check(facts):
    """Yield each queue."""
    for change in facts.changes.values():
        yield Hit(change.name, "is a queue")


RULE = Rule(
    title="A queue is deployed",
    help="It waits. Look at it.",
    source="https://docs.aws.amazon.com/sqs/",
    check=check,
)
'''
BASE = "Resources: {}\n"
HEAD = "Resources:\n  Jobs:\n    Type: AWS::SQS::Queue\n"


def test_every_finding_has_the_code_of_a_rule_of_its_concern() -> None:
    """In all of the corpus, and each rule is shown by a pair there."""
    shown = set()
    for path in CASES:
        pair = case(path)
        result = review(pair.before, pair.after)
        codes = {finding.code for finding in result.findings}
        assert {rule.code for rule in result.rules} == codes
        for finding in result.findings:
            assert rules()[finding.code].concern is finding.concern, (path, finding)
        shown |= codes
    assert shown == set(rules()) - OF_FILES


@pytest.mark.parametrize("code", list(rules()))
def test_a_rule_says_what_it_means(code: str) -> None:
    """Its title is part of a sentence, its help is sentences, its page is one of AWS's.

    And it has one check.
    """
    rule = rules()[code]
    checks = (rule.rule.check, rule.rule.check_comparison, rule.rule.check_change_set)
    assert sum(check is not None for check in checks) == 1
    assert code.startswith(rule.concern.letter)
    assert rule.rule.title[0].isupper()
    assert rule.rule.title[-1].isalnum()
    assert rule.rule.help.endswith(".")
    assert 60 < len(rule.rule.help) < 500
    assert re.fullmatch(r"https://docs\.aws\.amazon\.com/[\w./-]+", rule.rule.source)


def test_the_page_is_up_to_date() -> None:
    """Run `make pages` after changing a rule."""
    assert PAGE.read_text("utf-8") == page()


def test_explain_lists_all_codes_and_explains_one(capsys: pytest.CaptureFixture[str]) -> None:
    """A code may be written in small letters, and a concern stands for its codes."""
    assert main(["explain"]) == 0
    listed = capsys.readouterr().out
    assert all(f"  {code}  {rule.rule.title}\n" in listed for code, rule in rules().items())
    assert main(["explain", "d101"]) == 0
    explained = capsys.readouterr().out
    assert explained.startswith("D101 resource_removed (data)\nA resource that holds data")
    assert explained.endswith(f"\n{rules()['D101'].rule.source}\n")
    assert main(["explain", "replace"]) == 0
    assert "P101 resource_replaced" in capsys.readouterr().out
    assert main(["explain", "D100", "resource"]) == 2
    message = capsys.readouterr().err
    assert "no code 'D100'; did you mean 'D1" in message
    assert "no code 'resource'" in message


def test_findings_are_in_the_order_of_the_template() -> None:
    """Of one concern; whatever the codes of the rules are, and one resource's by their codes."""
    before = """
Parameters: {Days: {Type: Number, MinValue: 1}}
Resources:
  Second: {Type: AWS::SQS::Queue, Properties: {QueueName: b}}
  First: {Type: AWS::DynamoDB::Table, DeletionPolicy: Retain, UpdateReplacePolicy: Retain}
  Last: {Type: AWS::DynamoDB::Table}
"""
    after = """
Parameters: {Days: {Type: Number, MinValue: 7}}
Resources:
  First: {Type: AWS::DynamoDB::Table, Condition: Kept, Properties: {TableName: a}}
  Second: {Type: AWS::SNS::Topic}
  Third: {Type: AWS::SQS::Queue, Properties: {QueueName: b}}
Conditions: {Kept: !Equals [!Ref Days, 7]}
Output: {}
"""
    found = [(f.code, f.subject) for f in review({"a": before}, {"a": after}).findings]
    assert found == [
        ("R110", "Output"),
        ("R103", "Days"),
        ("R105", "Second"),
        ("R107", "Third"),
        ("D102", "First"),
        ("D104", "First"),
        ("D105", "First"),
        ("D101", "Second"),
        ("D101", "Last"),
        ("P101", "First"),
    ]


def package(folder: Path, name: str, file: str = "T100_queue_deployed.py", text: str = RULE) -> str:
    """Write a package with a rule of a third party, and return its name."""
    directory = folder / name / "unknown"
    directory.mkdir(parents=True)
    for init in (folder / name, directory):
        (init / "__init__.py").touch()
    (directory / file).write_text(text)
    return name


def test_a_third_party_adds_rules_by_an_entry_point(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """They are found, explained, and can be failed on, as ours."""
    package(tmp_path, "their_rules")
    metadata = tmp_path / "their_rules-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: their-rules\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text("[cfngen.review_rules]\ntheirs = their_rules\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.yaml").write_text(BASE)
    (tmp_path / "b.yaml").write_text(HEAD)
    assert main(["explain", "T100"]) == 0
    assert "A queue is deployed." in capsys.readouterr().out
    for form in ("text", "markdown", "html", "json", "sarif"):
        asked = ["review", "a.yaml", "b.yaml", "--no-blueprints", "--format", form]
        assert main([*asked, "--fail-on", "T100"]) == 1
        assert "T100" in capsys.readouterr().out, form
    (metadata / "entry_points.txt").write_text("[cfngen.review_rules]\ntheirs = nowhere_here\n")
    assert main(["explain", "T100"]) == 2
    assert "the entry point theirs of cfngen.review_rules leads nowhere" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("file", "text"), [("queue.py", RULE), ("T100_queue.py", "RULE = 'a text'\n")]
)
def test_what_is_no_rule_is_said(
    file: str, text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that is called otherwise, or has no rule, is not passed over."""
    name = package(tmp_path, f"wrong_{file[0]}", file, text)
    monkeypatch.syspath_prepend(str(tmp_path))
    __import__(name)
    with pytest.raises(Problems, match="is no rule of the review"):
        list(registered(sys.modules[name]))


def test_a_rule_without_a_check_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would be silent for ever."""
    name = package(tmp_path, "silent", text=RULE.replace("    check=check,\n", ""))
    monkeypatch.syspath_prepend(str(tmp_path))
    __import__(name)
    with pytest.raises(Problems, match="T100_queue_deployed never finds anything"):
        list(registered(sys.modules[name]))


def test_a_third_party_runs_its_rules_on_cases_as_we_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The runner takes the rules of any package, and needs no entry point."""
    name = package(tmp_path, "with_cases")
    monkeypatch.syspath_prepend(str(tmp_path))
    __import__(name)
    own = combined([registered(sys.modules[name])])
    cases = tmp_path / "cases/unknown/T100_queue_deployed.yaml"
    cases.parent.mkdir(parents=True)
    cases.write_text(
        f"- claim: A queue.\n  before: &none {json.dumps(BASE)}\n  after: {json.dumps(HEAD)}\n"
        "  hits: [{subject: Jobs}]\n"
        f"- claim: A topic.\n  before: {{Resources: {{Topic: {{Type: AWS::SNS::Topic}}}}}}\n"
        "  after: {Resources: {Topic: {Type: AWS::SNS::Topic}}}\n  hits: []\n"
    )
    assert list(missing_cases(own, tmp_path / "cases")) == []
    assert [unexpected(case, own) for case in rule_cases(tmp_path / "cases")] == [[], []]


def test_a_code_is_given_once() -> None:
    """Two rules of one code are refused, whoever brings them."""
    (first, *_) = rules().values()
    other = type(first)(first.code, "another", Concern.UNKNOWN, Rule("A", "B.", "https://x"))
    with pytest.raises(Problems, match=f"two rules of the review have the code {first.code}"):
        combined([[first], [other]])
