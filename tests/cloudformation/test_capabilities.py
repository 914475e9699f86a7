"""A template needs the capabilities that CloudFormation would ask for, and no others."""

from __future__ import annotations

import functools
import json
from typing import Any

import pytest

from cfngen.cloudformation import schema_files, schemas
from cfngen.cloudformation.capabilities import EXPAND, IAM, NAMED, Need, macros, needs

ROLE = {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": {}}}
NAMED_ROLE = {"Type": "AWS::IAM::Role", "Properties": {"RoleName": {"Ref": "Name"}}}
QUEUE = {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "jobs"}}
# Types that CloudFormation asks a capability for, with the property that names one, if any does.
# Source: CloudFormation's API reference, CreateChangeSet, `Capabilities`, and the types that the
# registry has had since for what is attached to a role, a user or a group.
ACKNOWLEDGED = {
    "AWS::IAM::AccessKey": None,
    "AWS::IAM::Group": "GroupName",
    "AWS::IAM::GroupPolicy": None,
    "AWS::IAM::InstanceProfile": "InstanceProfileName",
    "AWS::IAM::ManagedPolicy": "ManagedPolicyName",
    "AWS::IAM::Policy": None,
    "AWS::IAM::Role": "RoleName",
    "AWS::IAM::RolePolicy": None,
    "AWS::IAM::User": "UserName",
    "AWS::IAM::UserPolicy": None,
    "AWS::IAM::UserToGroupAddition": None,
}


@functools.cache
def registered() -> dict[str, frozenset[str]]:
    """Return every type of the registry, with the properties that are called a name."""
    folder = schema_files.data_directory() / "schemas" / "providers"
    types = {t for path in folder.glob("*.json") for t in json.loads(path.read_text())}
    return {
        type_: frozenset(
            name for name in schemas.schema(type_).body.get("properties", {}) if "Name" in name
        )
        for type_ in types
    }


def test_each_type_needs_what_cloudformation_asks_for_and_no_other_does() -> None:
    """Of all types that the registry has or we know of, by themselves and with each name.

    Those of SAM are below.
    """
    assert len(registered()) > 1000
    for type_ in {*registered(), *schemas.overlay(), *ACKNOWLEDGED}:
        if type_.startswith("AWS::Serverless::"):
            continue
        wanted = (Need(IAM, ("It",)),) if type_ in ACKNOWLEDGED else ()
        assert needs({"Resources": {"It": {"Type": type_}}}) == wanted, type_
        for name in registered().get(type_, ()):
            it = {"Type": type_, "Properties": {name: "x"}}
            is_name = type_ in ACKNOWLEDGED and ACKNOWLEDGED[type_] == name
            found = needs({"Resources": {"It": it}})
            assert found == ((Need(NAMED, ("It",)),) if is_name else wanted), (type_, name)


@pytest.mark.parametrize(
    ("type_", "wanted"),
    [
        ("AWS::Serverless::Api", ()),
        ("AWS::Serverless::Application", (Need(EXPAND, ("It",)),)),
        ("AWS::Serverless::Function", (Need(IAM, ("It",)),)),
        ("AWS::Serverless::HttpApi", ()),
        ("AWS::Serverless::LayerVersion", ()),
        ("AWS::Serverless::SimpleTable", ()),
        ("AWS::Serverless::StateMachine", (Need(IAM, ("It",)),)),
    ],
)
def test_each_type_of_sam_needs_what_sam_makes_of_it(type_: str, wanted: tuple[Need, ...]) -> None:
    """A function and a state machine get a role, an application is a stack that is expanded."""
    assert needs({"Resources": {"It": {"Type": type_}}}) == wanted


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
        assert need.reasons
