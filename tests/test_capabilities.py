"""A template needs the capabilities that CloudFormation would ask for, and no others."""

from __future__ import annotations

from typing import Any

import pytest

from cfngen.capabilities import EXPAND, IAM, NAMED, Need, macros, needs

ROLE = {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": {}}}
NAMED_ROLE = {"Type": "AWS::IAM::Role", "Properties": {"RoleName": {"Ref": "Name"}}}
QUEUE = {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "jobs"}}


def named(**properties: Any) -> dict[str, Any]:
    """Return a role with more properties."""
    return {"Type": "AWS::IAM::Role", "Properties": properties}


@pytest.mark.parametrize(
    ("resources", "expected"),
    [
        ({"Jobs": QUEUE}, ()),
        ({"Jobs": QUEUE, "A": ROLE, "B": ROLE}, (Need(IAM, ("A", "B")),)),
        ({"A": ROLE, "B": NAMED_ROLE}, (Need(NAMED, ("B",)),)),
        ({"A": named(RoleName={"Ref": "AWS::NoValue"})}, (Need(IAM, ("A",)),)),
        (
            {"P": {"Type": "AWS::IAM::Policy", "Properties": {"PolicyName": "x"}}},
            (Need(IAM, ("P",)),),
        ),
        ({"P": {"Type": "AWS::IAM::ManagedPolicy"}}, (Need(IAM, ("P",)),)),
        ({"P": {"Type": "AWS::IAM::ServerCertificate"}}, ()),
        ({"F": {"Type": "AWS::Serverless::Function"}}, (Need(IAM, ("F",)),)),
        ({"F": {"Type": "AWS::Serverless::Function", "Properties": {"Role": "r"}}}, ()),
        ({"A": {"Type": "AWS::Serverless::Application"}}, (Need(EXPAND, ("A",)),)),
    ],
)
def test_each_capability_has_the_resources_that_need_it(
    resources: dict[str, Any], expected: tuple[Need, ...]
) -> None:
    """A name makes it the stronger one, which includes the weaker."""
    assert needs({"Resources": resources}) == expected


def test_a_transform_is_to_be_expanded_wherever_it_stands() -> None:
    """At the top, one or several, and within a resource; a property of that name is none."""
    body = {
        "Transform": ["AWS::Serverless-2016-10-31", {"Name": "Ours"}],
        "Resources": {
            "Jobs": QUEUE,
            "Glue": {"Type": "AWS::Glue::MLTransform", "Properties": {"Transform": "no macro"}},
            "More": {"Fn::Transform": {"Name": "AWS::Include", "Parameters": {}}},
        },
    }
    found = ("AWS::Serverless-2016-10-31", "Ours", "AWS::Include")
    assert macros(body) == found
    assert needs(body) == (Need(EXPAND, tuple(f"the transform {name}" for name in found)),)


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        {"Resources": None},
        {"Resources": {"A": None, "B": {"Type": ["x"]}, "C": {"Type": "AWS::IAM::Role"}}},
        {"Transform": [3, ["a"], {}], "Resources": {1: {"Type": "AWS::X", "Properties": "p"}}},
    ],
)
def test_odd_shapes_are_looked_at_without_a_crash(body: Any) -> None:
    """A template of a stranger's can be anything."""
    for need in needs(body):
        assert need.because
