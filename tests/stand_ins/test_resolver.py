"""What stands for CloudFormation's functions in tests is no kinder than CloudFormation."""

from __future__ import annotations

from typing import Any

import pytest
from support.cloudformation import UnresolvedError, resolved

TEMPLATE: dict[str, Any] = {
    "Parameters": {"Stage": {"Default": "test"}, "Asked": {}},
    "Mappings": {"Sizes": {"us-east-2": {"test": "small"}}},
    "Conditions": {
        "IsTest": {"Fn::Equals": [{"Ref": "Stage"}, "test"]},
        "IsNot": {"Fn::Not": [{"Condition": "IsTest"}]},
        "Either": {"Fn::Or": [{"Condition": "IsNot"}, {"Condition": "IsTest"}]},
        "Both": {"Fn::And": [{"Condition": "IsNot"}, {"Condition": "IsTest"}]},
    },
    "Resources": {"Files": {"Type": "AWS::S3::Bucket"}},
}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"Ref": "Files"}, "<Files>"),
        ({"Fn::GetAtt": ["Files", "Arn"]}, "<Files.Arn>"),
        ({"Fn::Sub": "${Files.Arn}/${Stage} ${!Literal}"}, "<Files.Arn>/test ${Literal}"),
        ({"Fn::If": ["IsTest", "yes", {"Ref": "Gone"}]}, "yes"),
        ({"Fn::If": ["IsNot", "yes", "no"]}, "no"),
        ({"Fn::If": ["Either", "yes", "no"]}, "yes"),
        ({"Fn::If": ["Both", "yes", "no"]}, "no"),
        ({"Fn::FindInMap": ["Sizes", {"Ref": "AWS::Region"}, {"Ref": "Stage"}]}, "small"),
        ({"Fn::GetAZs": ""}, ["us-east-2a", "us-east-2b", "us-east-2c"]),
        ({"Fn::Select": ["1", {"Fn::GetAZs": "eu-west-1"}]}, "eu-west-1b"),
        ({"a": {"Ref": "AWS::NoValue"}, "b": [{"Ref": "AWS::NoValue"}, "c"]}, {"b": ["c"]}),
        ({"a": {"Fn::If": ["IsNot", "x", {"Ref": "AWS::NoValue"}]}, "b": 1}, {"b": 1}),
        ({"Fn::Equals": [True, "true"]}, True),
        ({"Fn::Equals": [1, "1"]}, True),
    ],
)
def test_functions_come_to_what_cloudformation_makes_of_them(value: Any, expected: Any) -> None:
    """With its defaults, conditions and mappings; of what is not chosen nothing is asked."""
    assert resolved(value, {}, TEMPLATE) == expected


@pytest.mark.parametrize(
    "value",
    [
        {"Ref": "Gone"},
        {"Ref": "Asked"},
        {"Ref": "AWS::Gone"},
        {"Fn::GetAtt": ["Gone", "Arn"]},
        {"Fn::GetAtt": ["Stage", "Arn"]},
        {"Fn::Sub": "${Gone}"},
        {"Fn::Sub": "${Gone.Arn}"},
        {"Fn::If": ["Gone", "yes", "no"]},
        {"Fn::FindInMap": ["Gone", "a", "b"]},
        {"Fn::FindInMap": ["Sizes", "eu-west-1", "test"]},
        {"Fn::ImportValue": "gone"},
        {"Fn::Gone": "a"},
        {"Ref": "AWS::NoValue"},
    ],
    ids=str,
)
def test_what_is_not_there_is_refused(value: Any) -> None:
    """A test that goes on with a made-up value would prove nothing."""
    with pytest.raises(UnresolvedError):
        resolved(value, {}, TEMPLATE)


@pytest.mark.parametrize(
    "value",
    [{"Ref": "AWS::Gone"}, {"Fn::If": ["Gone", 1, 2]}, {"Fn::FindInMap": ["Gone", "a", "b"]}],
    ids=str,
)
def test_without_its_template_a_piece_is_refused_what_no_resource_can_be(value: Any) -> None:
    """Only what may be a resource's name is taken for one."""
    assert resolved({"Ref": "Files"}) == "<Files>"
    with pytest.raises(UnresolvedError):
        resolved(value)
