"""What an outer template passes to one inside it is known there."""

from __future__ import annotations

import json

import pytest
from support.trees import BUCKET, NESTED, ROLE, compared, in_a_set, nested, of

from cfngen.review import review
from cfngen.review.model import Concern

STAGED = """\
Parameters:
  Stage:
    Type: String
Conditions:
  Live: !Equals [!Ref Stage, live]
Resources:
  Files:
    Type: AWS::S3::Bucket
    Properties:
      BucketName: !Sub '${Stage}-files'
      VersioningConfiguration: {Status: !If [Live, Enabled, Suspended]}
"""


def passing(value: str, rest: str = "") -> dict[str, str]:
    """Return an outer template that passes a stage to its nested one."""
    outer = NESTED.format(url="nested.yaml") + f"      Parameters: {{Stage: {value}}}\n{rest}"
    return {"shop.yaml": outer, "nested.yaml": STAGED}


def test_a_literal_that_is_passed_decides_conditions() -> None:
    """The nested text is the same; another literal renames a bucket and ends its versions."""
    found = compared(passing("live"), passing("test"))
    (stack,) = [s for s in found.stacks if s.name == "shop/Nested"]
    ((name, suspended),) = [
        [(d.before, d.after) for d in change.properties] for change in stack.resources
    ]
    assert name == ("live-files", "test-files")
    assert suspended == ("Enabled", "Suspended")
    assert {f.concern for f in stack.findings} >= {Concern.DATA, Concern.REPLACE}


TOPICS = "".join(f"  {name}:\n    Type: AWS::SNS::Topic\n" for name in ("One", "Two"))


def test_another_reference_that_is_passed_is_another_value() -> None:
    """What only the deployment knows may be another name now; the same reference is not."""
    one, two = (passing(f"!GetAtt {name}.TopicName", TOPICS) for name in ("One", "Two"))
    found = compared(one, two)
    assert ("shop/Nested", "Files") in of(found, Concern.REPLACE)
    plain = {"nested.yaml": STAGED.replace("!If [Live, Enabled, Suspended]", "Enabled")}
    plain["nested.yaml"] = plain["nested.yaml"].replace("Conditions:", "Metadata:")
    assert ("shop/Nested", "Files") in of(compared(one | plain, two | plain), Concern.REPLACE)
    assert compared(one, one).stacks == ()
    only_outer = compared(one, one | {"shop.yaml": one["shop.yaml"] + "  New: {Type: 'A::B::C'}\n"})
    assert [s.name for s in only_outer.stacks] == ["shop"]


def test_a_reference_to_what_is_replaced_is_another_value() -> None:
    """The outer's text is the same there, and its value will not be."""
    named = [
        passing("!GetAtt One.TopicName", TOPICS + f"    Properties: {{TopicName: {n}}}\n").copy()
        for n in "ab"
    ]
    for side in named:
        side["shop.yaml"] = side["shop.yaml"].replace("One.", "Two.")
    assert ("shop/Nested", "Files") in of(compared(*named), Concern.REPLACE)


def test_a_default_is_what_a_nested_stack_has_that_is_passed_nothing() -> None:
    """Nobody else gives a nested stack its parameters, so another default is another value."""
    outer = NESTED.format(url="nested.yaml")
    sides = [
        {
            "shop.yaml": outer,
            "nested.yaml": STAGED.replace(
                "    Type: String", f"    Type: String\n    Default: {d}"
            ),
        }
        for d in ("live", "test")
    ]
    assert ("shop/Nested", "Files") in of(compared(*sides), Concern.REPLACE)


def test_a_name_that_the_nested_template_does_not_declare_is_no_parameter() -> None:
    """What is passed by the name of a resource changes nothing that refers to the resource."""
    inner = BUCKET.format(policy="Retain") + (
        "  Policy:\n    Type: AWS::SNS::Topic\n    Properties: {TopicName: !Ref Files}\n"
    )
    outer = NESTED.format(url="nested.yaml") + "      Parameters: {Files: x}\n"
    found = compared({}, {"shop.yaml": outer, "nested.yaml": inner})
    (stack,) = [s for s in found.stacks if s.name == "shop/Nested"]
    assert ("Policy", "Files") in stack.references


def test_parameters_of_a_stack_set_and_what_instances_have_instead() -> None:
    """A literal is known, unless instances override it; then it may be anything."""
    given = [{"ParameterKey": "Stage", "ParameterValue": "live"}]
    other = [{"ParameterKey": "Stage", "ParameterValue": "test"}]
    found = review({"s": in_a_set(STAGED, given)}, {"s": in_a_set(STAGED, other)})
    assert ("s/Set", "Files") in of(found, Concern.REPLACE)

    def overriding(value: str) -> str:
        whole = json.loads(in_a_set(STAGED, given))
        whole["Resources"]["Set"]["Properties"]["StackInstancesGroup"] = [
            {
                "Regions": ["eu-west-1"],
                "ParameterOverrides": [{"ParameterKey": "Stage", "ParameterValue": value}],
            }
        ]
        return json.dumps(whole)

    found = review({"s": overriding("a")}, {"s": overriding("b")})
    assert ("s/Set", "Files") in of(found, Concern.REPLACE)
    assert review({"s": overriding("a")}, {"s": overriding("a")}).stacks == ()


def test_lists_are_passed_as_texts() -> None:
    """A list that is passed as one text is a list inside."""
    inner = """\
Parameters:
  Who: {Type: CommaDelimitedList}
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement:
          - {Effect: Allow, Action: sts:AssumeRole, Principal: {AWS: !Ref Who}}
"""
    outer = NESTED.format(url="nested.yaml") + "      Parameters: {Who: '%s'}\n"
    sides = [
        {"shop.yaml": outer % who, "nested.yaml": inner}
        for who in ("111111111111", "111111111111,*")
    ]
    found = compared(*sides)
    assert ("shop/Nested", "Role") in of(found, Concern.BROADEN)


# What is handed to the outer template

READER = """\
  Reader:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument: {}
      Policies:
        - PolicyName: Read
          PolicyDocument:
            Statement:
              - Effect: Allow
                Action: s3:GetObject
                Resource: !%s
"""


@pytest.mark.parametrize("way", ["GetAtt Nested.Outputs.Where", "Sub '${Nested.Outputs.Where}'"])
def test_an_output_that_is_another_is_another_value_outside(way: str) -> None:
    """A role of the outer template may do more once the nested one says another address."""
    inner = BUCKET.format(policy="Retain") + "Outputs:\n  Where:\n    Value: %s\n"
    outer = {"shop.yaml": NESTED.format(url="nested.yaml") + READER % way}
    one, other, every = (
        outer | {"nested.yaml": inner % where}
        for where in ("!GetAtt Files.Arn", "!Sub '${Files.Arn}/x'", "'*'")
    )
    assert of(compared(one, every), Concern.BROADEN) == [("shop", "Reader")]
    assert of(compared(one, other), Concern.BROADEN) == [("shop", "Reader")]
    assert compared(one, one).stacks == ()


def test_an_output_is_passed_on() -> None:
    """What one nested stack says is what another gets, wherever both of them stand."""
    saying = "Resources:\n  T: {Type: 'AWS::SNS::Topic'}\nOutputs:\n  Stage: {Value: %s}\n"
    outer = (
        NESTED.format(url="nested.yaml")
        + "      Parameters: {Stage: !GetAtt Says.Outputs.Stage}\n"
        + "  Says:\n    Type: AWS::CloudFormation::Stack\n"
        + "    Properties: {TemplateURL: says.yaml}\n"
    )
    sides = [
        {"shop.yaml": outer, "nested.yaml": STAGED, "says.yaml": saying % stage}
        for stage in ("live", "test")
    ]
    assert ("shop/Nested", "Files") in of(compared(*sides), Concern.REPLACE)


def test_an_output_of_what_is_replaced_is_another() -> None:
    """The nested output refers to what it did, and that is a new one."""
    inner = "Resources:\n  T: {Type: 'AWS::SNS::Topic', Properties: {TopicName: %s}}\n"
    inner += "Outputs:\n  Name: {Value: !GetAtt T.TopicName}\n"
    named = "  Files:\n    Type: AWS::S3::Bucket\n    UpdateReplacePolicy: Retain\n"
    named += "    Properties: {BucketName: !GetAtt Nested.Outputs.Name}\n"
    sides = [
        {"shop.yaml": NESTED.format(url="nested.yaml") + named, "nested.yaml": inner % name}
        for name in "ab"
    ]
    assert ("shop", "Files") in of(compared(*sides), Concern.REPLACE)


# What CloudFormation refuses there


def test_a_parameter_that_is_passed_is_not_missing() -> None:
    """A new parameter without a default is refused if the outer template passes nothing."""
    plain = STAGED.replace("Parameters:\n  Stage:\n    Type: String\n", "").replace(
        "Stage", "AWS::Region"
    )
    given = passing("live")
    silent = {"shop.yaml": NESTED.format(url="nested.yaml"), "nested.yaml": STAGED}
    before = silent | {"nested.yaml": plain}
    assert of(compared(before, given), Concern.REFUSED) == []
    refused = compared(before, silent).concerns(Concern.REFUSED)
    assert [finding.subject for finding in refused] == ["Stage"]
    assert "does not pass it" in refused[0].message


def test_capabilities_are_those_of_who_deploys() -> None:
    """A role in a nested stack needs the command's capability, in a stack set the set's own."""
    role = "\n".join(line[8:] for line in (ROLE % "'123456789012'").split("\n"))
    topic = "Resources:\n  Topic:\n    Type: AWS::SNS::Topic\n"
    found = nested(topic, role + topic.partition("\n")[2])
    assert ["--capabilities" in f.message for f in found.concerns(Concern.REFUSED)] == [True]
    found = review({"s": in_a_set(topic)}, {"s": in_a_set(role)})
    assert ["Capabilities of Set" in f.message for f in found.concerns(Concern.REFUSED)] == [True]
    listed = [
        in_a_set(text).replace(
            '"StackSetName"', '"Capabilities": ["CAPABILITY_IAM"], "StackSetName"'
        )
        for text in (topic, role)
    ]
    assert of(review({"s": listed[0]}, {"s": listed[1]}), Concern.REFUSED) == []
