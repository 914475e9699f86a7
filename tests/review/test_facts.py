"""What a review knows stands in fields: sentences are for readers, and nothing reads them back."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from review import handmade
from support.corpus import CASES, case

from cfngen.commands.review import failing_gates
from cfngen.review import review
from cfngen.review.formats.diagram import mermaid, picture
from cfngen.review.formats.findings import by_gravity, grouped_findings, label
from cfngen.review.formats.outputs.sarif import level
from cfngen.review.formats.phrases import is_kept, sign
from cfngen.review.formats.svg import as_svg
from cfngen.review.formats.verdict import gravity, ordered, summary, verdict
from cfngen.review.model import Concern, Fate, Finding, Kind, Review
from cfngen.review.rules import rules

THEMES = sorted({path.parent.name for path in CASES})
SENTENCES = {"message", "note", "notes", "description", "reason", "reasons", "title", "help"}
GATES = [*Concern, *rules()]


def emptied(value: Any) -> Any:
    """Return a value of the model in which every sentence is empty; there are as many as before."""
    if isinstance(value, tuple):
        return tuple(map(emptied, value))
    if not dataclasses.is_dataclass(value) or isinstance(value, type):
        return value
    fields = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    return dataclasses.replace(
        value,
        **{
            name: blank(item) if name in SENTENCES else emptied(item)
            for name, item in fields.items()
            if field_is_settable(value, name)
        },
    )


def field_is_settable(value: Any, name: str) -> bool:
    """Whether a field is given when a value is made."""
    return next(field.init for field in dataclasses.fields(value) if field.name == name)


def blank(sentences: Any) -> Any:
    """Return as many empty sentences."""
    return tuple("" for _ in sentences) if isinstance(sentences, tuple) else ""


def known(result: Review) -> dict[str, Any]:
    """Return everything that formats and gates conclude from a review."""
    stacks = result.stacks
    return {
        "verdict": verdict(result),
        "gravity": gravity(result.findings),
        "fails": [failing_gates(result, [gate]) for gate in GATES],
        "order": [stack.name for stack in by_gravity(stacks)],
        "summaries": [summary(stack) for stack in stacks],
        "findings": [
            (stack.name, finding.subject, label(finding), level(finding))
            for stack, finding in ordered(stacks, result.unknowns)
        ],
        "signs": [sign(change) for stack in stacks for change in stack.resources],
        "kept": [is_kept(change) for stack in stacks for change in stack.resources],
        "diagram": mermaid(picture(stacks)),
        "pictures": [as_svg(picture([stack]), "picture") for stack in stacks],
    }


def hidden(result: Review) -> set[tuple[str, str, str]]:
    """Return the findings that readers are not shown, as another one says the same."""
    stacks = result.stacks
    groups = grouped_findings(stacks, result.unknowns, include_new_stacks=True)
    shown = {
        (stack.name, finding.subject, finding.code)
        for group in groups
        for stack, finding in group.places
    }
    every = {(s.name, f.subject, f.code) for s, f in ordered(stacks, result.unknowns)}
    return every - shown


@pytest.mark.parametrize("theme", THEMES)
def test_no_verdict_exit_code_or_picture_rests_on_a_sentence(theme: str) -> None:
    """A review whose messages and notes are empty says the same otherwise."""
    for path in CASES:
        if path.parent.name == theme:
            pair = case(path)
            result = review(pair.before, pair.after)
            assert known(emptied(result)) == known(result), pair.name
            assert hidden(emptied(result)) == hidden(result), pair.name


@pytest.mark.parametrize("result", [handmade.everything(), handmade.unseen()])
def test_no_verdict_of_a_review_by_hand_rests_on_a_sentence(result: Review) -> None:
    """What the engine does not yield today is no exception."""
    assert known(emptied(result)) == known(result)


def test_nothing_is_left_to_read_in_an_emptied_review() -> None:
    """The test above would pass if nothing were emptied."""
    result = emptied(handmade.everything())
    assert {finding.message for finding in result.findings} == {""}
    assert not any(change.note for stack in result.stacks for change in stack.resources)


BASE = """\
Parameters: {Policy: {Type: String}}
Resources:
  Topic: {Type: AWS::SNS::Topic}
  Gone: {Type: AWS::SQS::Queue}
  Retained: {Type: AWS::SQS::Queue, DeletionPolicy: Retain}
  Snapshot: {Type: AWS::RDS::DBInstance}
  Full: {Type: AWS::S3::Bucket}
  Undecided: {Type: AWS::SQS::Queue, DeletionPolicy: {Ref: Policy}}
"""
HEAD = """\
Parameters: {Policy: {Type: String}}
Resources:
  Topic: {Type: AWS::SNS::Topic}
"""


def test_what_becomes_of_a_removed_resource_is_a_field() -> None:
    """A program need not search a sentence for it."""
    (stack,) = review({"s": BASE}, {"s": HEAD}).stacks
    fates = {change.name: change.fate for change in stack.resources}
    assert fates == {
        "Gone": Fate.DELETED,
        "Retained": Fate.RETAINED,
        "Snapshot": Fate.SNAPSHOT,
        "Full": Fate.LEFT_BEHIND,
        "Undecided": Fate.UNKNOWN,
    }


NAMED = """\
Resources:
  Jobs: {Type: AWS::SQS::Queue, Properties: {QueueName: %s}}
  Send:
    Type: AWS::SNS::Subscription
    Properties: {Protocol: sqs, TopicArn: a, Endpoint: {"Fn::GetAtt": [Jobs, Arn]}}
Outputs:
  Queue: {Value: {Ref: Jobs}}
"""


def test_what_a_resource_or_an_output_follows_is_a_field() -> None:
    """The names stand there one by one, and whether they are replaced."""
    (stack,) = review({"s": NAMED % "a"}, {"s": NAMED % "b"}).stacks
    send = next(change for change in stack.resources if change.name == "Send")
    assert (send.kind, send.follows) == (Kind.AFFECTED, ("Jobs",))
    assert [detail.follows for detail in send.properties] == [("Jobs",)]
    (output,) = stack.entries
    assert (output.follows, output.following.value) == (("Jobs",), "will")


PUBLIC = """\
Resources:
  Files:
    Type: AWS::S3::Bucket
  Policy:
    Type: AWS::S3::BucketPolicy
    Properties:
      Bucket: {Ref: Files}
      PolicyDocument:
        Statement: [{Effect: Allow, Principal: %s, Action: "s3:GetObject", Resource: "*"}]
"""


def test_the_exposure_and_the_policy_of_a_finding_are_fields() -> None:
    """A finding points at the exposure that it is about, and at the grant that opens it."""
    private, public = PUBLIC % "{AWS: '111111111111'}", PUBLIC % "'*'"
    (stack,) = review({"s": private}, {"s": public}).stacks
    about: dict[str, Finding] = {finding.code: finding for finding in stack.findings}
    exposure = about["B105"].exposure
    assert exposure in stack.exposures
    assert exposure is not None
    assert exposure.grant is not None
    assert exposure.grant.actions == ("s3:GetObject",)
    assert about["B103"].policy == "resource"
    assert ("s", "Files", "B103") in hidden(review({"s": private}, {"s": public}))
