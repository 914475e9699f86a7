"""What CloudFormation does not read is told, and nothing that it does."""

from __future__ import annotations

from pathlib import Path

import pytest

from cfngen.review import review
from cfngen.review.model import Certainty, Concern, Finding
from cfngen.review.rules import rules

RULE = {"R110": rules()["R110"]}
OUTPUT = Path(__file__).parents[2] / "output"
GOOD = "Resources:\n  Topic: {Type: AWS::SNS::Topic}\n"


def errors(text: str, before: str = GOOD) -> list[Finding]:
    """Return what is refused in a template that was another one before."""
    return list(review({"t": before}, {"t": text}, rules=RULE).findings)


@pytest.mark.parametrize("path", sorted(OUTPUT.glob("*.yaml")), ids=lambda path: path.stem)
def test_our_templates_are_read(path: Path) -> None:
    """Nothing is found in what the linter lets through."""
    assert not review({}, {"t": path.read_text("utf-8")}, rules=RULE).findings


def test_what_is_refused_before_a_change_is_not_told_again() -> None:
    """A finding is about what a change makes."""
    bad = f"AWSTemplateFormatVersion: 1\n{GOOD}Nothing: {{}}\n"
    assert {finding.subject for finding in errors(bad)} == {"AWSTemplateFormatVersion", "Nothing"}
    assert errors(bad, bad) == []


def test_a_wrong_version_is_no_review_of_nothing() -> None:
    """A change of nothing but the version is not said to change nothing."""
    found = review(
        {"t": f"AWSTemplateFormatVersion: '2010-09-09'\n{GOOD}"},
        {"t": f"AWSTemplateFormatVersion: '2012-10-17'\n{GOOD}"},
    )
    assert [stack.empty for stack in found.stacks] == [False]
    assert [finding.concern for finding in found.findings] == [Concern.REFUSED]


@pytest.mark.parametrize(
    ("more", "subject", "said"),
    [
        ("Parameters: x\n", "Parameters", "must be a mapping"),
        ("Outputs:\n", "Outputs", "must be a mapping"),
        ("Description: {}\n", "Description", "must be a string"),
        ("  None:\n", "None", "must be a mapping"),
        ("  Nulled: {Type: AWS::SNS::Topic, Properties: }\n", "Nulled", "Properties is null"),
        ("  Typed: {Type: {Ref: X}}\n", "Typed", "Type must be a string"),
        (f"  {'x' * 256}: {{Type: AWS::SNS::Topic}}\n", "x" * 256, "is not a valid logical ID"),
        ("Outputs: {O: {Value: }}\n", "O", "has no Value"),
        ("Outputs: {a_b: {Value: 1}}\n", "a_b", "is not a valid logical ID"),
        ("Parameters: {P: 1}\n", "P", "must be a mapping"),
        ("Modules: {}\n", "Modules", "is not a template section"),
    ],
)
def test_each_thing_is_told_by_its_name(more: str, subject: str, said: str) -> None:
    """Where, and what is wrong there."""
    (finding,) = errors(GOOD + more)
    assert finding.subject == subject
    assert said in finding.message
    assert finding.certainty is Certainty.WILL
    assert finding.reasons[0].page.startswith("https://docs.aws.amazon.com/")


@pytest.mark.parametrize(
    "text",
    [
        GOOD + "Transform: AWS::Serverless-2016-10-31\nGlobals: {}\n",
        GOOD + "Metadata: {a: b}\nHooks: {}\nRules: {}\nConditions: {}\nMappings: {}\n",
        GOOD + "Outputs:\n  Fn::Transform: {Name: AWS::Include}\n",
        GOOD + "  Made: {Fn::Transform: {Name: AWS::Include}}\n",
        GOOD + "Fn::Transform: {Name: AWS::Include}\n",
        GOOD + "Transform: AWS::LanguageExtensions\nParameters: {P: {Type: CommaDelimitedList}}\n"
        "Outputs:\n  Fn::ForEach::Each: [N, !Ref P, {'O${N}': {Value: 1}}]\n",
        GOOD + "  F: {Type: AWS::Serverless::Function, Connectors: {}, IgnoreGlobals: '*'}\n"
        "Transform: AWS::Serverless-2016-10-31\n",
        GOOD + f"Description: {'x' * 1024}\n",
        GOOD + "  C: {Type: Custom::It, Version: '1.0', Properties: {ServiceToken: a}}\n",
        GOOD + "  1a: {Type: AWS::SNS::Topic, DependsOn: Topic, UpdatePolicy: {}}\n",
    ],
)
def test_what_cloudformation_reads_is_not_told(text: str) -> None:
    """Transforms, loops and SAM write what others do not."""
    assert errors(text) == []


def test_more_than_the_quotas_allow_is_told() -> None:
    """CloudFormation reads 200 outputs and 500 resources."""
    outputs = "".join(f"  O{n}: {{Value: 1}}\n" for n in range(201))
    (finding,) = errors(f"{GOOD}Outputs:\n{outputs}")
    assert finding.message == "may have at most 200 entries"
    assert "cloudformation-limits" in finding.reasons[0].page
    topics = "".join(f"  T{n}: {{Type: AWS::SNS::Topic}}\n" for n in range(501))
    (finding,) = errors(f"Resources:\n{topics}")
    assert finding.subject == "Resources"


@pytest.mark.parametrize("odd", ["''", "1", "[]", "{}", "[{}]", "null", "true", "{a: [b]}", "x"])
@pytest.mark.parametrize(
    "place",
    [
        "AWSTemplateFormatVersion", "Conditions", "Description", "Globals", "Hooks", "Mappings",
        "Metadata", "Outputs", "Parameters", "Rules", "Transform", "1", "true",
    ],
)  # fmt: skip
def test_no_shape_of_a_section_ends_in_an_error(place: str, odd: str) -> None:
    """A stranger's template may have anything anywhere."""
    errors(f"{GOOD}{place}: {odd}\n")
    errors(f"{GOOD}  Odd: {odd}\nOutputs:\n  Odd: {odd}\nParameters:\n  Odd: {odd}\n")
