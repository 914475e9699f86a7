"""Actions of handlers are those that IAM has today, and what a property's value adds to them."""

from __future__ import annotations

from typing import Any

import pytest
from support.policies import allowed, asking, of, one, said
from support.schema_types import types

from cfngen.cloudformation.schemas import OPERATIONS, iam_actions, schema
from cfngen.deploy.role.handlers import ALLOWED_BY, RENAMED_SERVICES, TWO_PREFIXES, actions, exists

OLD, NEW = TWO_PREFIXES[0]
ID = "12345678-1234-1234-1234-123456789012"


def connection(prefix: str) -> str:
    """Return a connection's ARN."""
    return f"arn:aws:{prefix}:eu-west-1:123456789012:connection/{ID}"


def pipeline(arn: Any) -> dict[str, Any]:
    """Return a pipeline that reads from a connection."""
    action = {"Name": "Source", "Configuration": {"ConnectionArn": arn}}
    return one("AWS::CodePipeline::Pipeline", Stages=[{"Actions": [action]}])


# --- renamed --------------------------------------------------------------------------------------


@pytest.mark.parametrize("prefix", [OLD, NEW])
def test_a_connection_is_passed_by_the_action_of_its_own_prefix(prefix: str) -> None:
    """The service prefix of an action has to be that of the ARN."""
    on = allowed(of({"It": pipeline(connection(prefix))}))
    assert on[f"{prefix}:PassConnection"] == [connection(prefix)]
    assert {action for action in on if action.endswith(":PassConnection")} == {
        f"{prefix}:PassConnection"
    }


def test_a_connection_that_only_the_deployment_knows_may_have_either_prefix() -> None:
    """Connections of before the rename keep their ARNs."""
    found = of({"It": pipeline({"Ref": "P"})}, Parameters=asking("P"))
    for prefix in (OLD, NEW):
        assert allowed(found)[f"{prefix}:PassConnection"] == [f"arn:*:{prefix}:*:*:connection/*"]
    assert "ConnectionArn of It is what P says: --parameter P=… narrows it" in said(found)


def test_a_connection_of_the_template_has_the_prefix_of_its_type() -> None:
    """Which the older type's may have either way."""
    arn = {"Fn::GetAtt": ["Made", "ConnectionArn"]}
    for type_, prefixes in (
        ("AWS::CodeConnections::Connection", {NEW}),
        ("AWS::CodeStarConnections::Connection", {OLD, NEW}),
    ):
        on = allowed(of({"Made": one(type_), "It": pipeline(arn)}))
        passing = {a.partition(":")[0] for a in on if a.endswith(":PassConnection")}
        assert passing == prefixes


def older() -> list[str]:
    """Return the types whose schemas have a prefix of before a rename."""
    return [
        type_ for type_ in types() if any(action.startswith(f"{OLD}:") for action in written(type_))
    ]


def written(type_: str) -> list[str]:
    """Return the actions of a type's handlers as the schema has them."""
    return [one for operation in OPERATIONS for one in schema(type_).permissions(operation)]


@pytest.mark.parametrize("type_", older())
def test_every_action_of_a_renamed_service_is_needed_with_both_prefixes(type_: str) -> None:
    """To use and to get a connection as well as to pass it."""
    for action in written(type_):
        service, _, verb = action.partition(":")
        if service == OLD and exists(action):
            assert {f"{OLD}:{verb}", f"{NEW}:{verb}"} <= set(actions(type_))


def test_services_are_written_as_iam_writes_them() -> None:
    """Whatever a schema calls them, as far as IAM has the action at all."""
    assert "iam:PassRole" in actions("AWS::Batch::JobDefinition")
    assert "ec2:CreateManagedPrefixList" in actions("AWS::EC2::PrefixList")
    for type_ in types():
        for action in actions(type_):
            service = action.partition(":")[0]
            assert service == service.lower() or not exists(action.lower()), action
            assert service not in RENAMED_SERVICES or not exists(
                f"{RENAMED_SERVICES[service]}:{action.partition(':')[2]}"
            )


@pytest.mark.parametrize("operation", ALLOWED_BY)
def test_an_operation_without_an_action_is_allowed_by_one_that_iam_has(operation: str) -> None:
    """And is still listed as one that IAM does not have."""
    assert not exists(operation)
    assert all(exists(action) for action in ALLOWED_BY[operation])
    used = [type_ for type_ in types() if operation in written(type_)]
    assert used
    for type_ in used:
        assert {operation, *ALLOWED_BY[operation]} <= set(actions(type_))


def test_prefixes_are_iams() -> None:
    """Both of a renamed service, and what misspelled ones stand for."""
    for names in (*TWO_PREFIXES, tuple(RENAMED_SERVICES.values())):
        assert set(names) <= set(iam_actions())
    assert not set(RENAMED_SERVICES) & set(iam_actions())


# --- by a property's value ------------------------------------------------------------------------

MRK = "arn:*:iam::*:role/aws-service-role/mrk.kms.amazonaws.com/*"


@pytest.mark.parametrize("value", [True, "true", {"Ref": "P"}, {"Fn::If": ["C", True, False]}])
def test_a_multi_region_key_makes_the_role_that_synchronizes_it(value: Any) -> None:
    """The first of an account does; a value that only the deployment knows may be the one."""
    found = of({"It": one("AWS::KMS::Key", MultiRegion=value)}, Parameters=asking("P"))
    assert allowed(found)["iam:CreateServiceLinkedRole"] == [MRK]
    (statement,) = (s for s in found.statements if "iam:CreateServiceLinkedRole" in s.actions)
    assert statement.condition == (
        ("StringEquals", "iam:AWSServiceName", ("mrk.kms.amazonaws.com",)),
    )
    assert "the first multi-Region key of an account" in said(found)


@pytest.mark.parametrize("properties", [{}, {"MultiRegion": False}, {"MultiRegion": "false"}])
def test_a_key_of_one_region_makes_no_role(properties: Any) -> None:
    """It asks for no right on roles."""
    assert "iam:CreateServiceLinkedRole" not in allowed(
        of({"It": one("AWS::KMS::Key", **properties)})
    )


def test_a_file_system_that_is_backed_up_makes_the_role_for_that() -> None:
    """By a property within a property."""
    for status, count in (("ENABLED", 1), ("DISABLED", 0)):
        it = one("AWS::EFS::FileSystem", BackupPolicy={"Status": status})
        arns = allowed(of({"It": it}))["iam:CreateServiceLinkedRole"]
        assert arns.count(MRK.replace("mrk.kms", "backup")) == count


@pytest.mark.parametrize(
    ("type_", "service"),
    [
        ("AWS::ECR::ReplicationConfiguration", "*.ecr"),
        ("AWS::ApiGatewayV2::VpcLink", "*.apigateway"),
        ("AWS::DynamoDB::GlobalTable", "dynamodb.application-autoscaling"),
        ("AWS::EKS::Nodegroup", "eks-nodegroup"),
        ("AWS::EC2::FlowLog", "delivery.logs"),
        ("AWS::ECS::Cluster", "ecs"),
    ],
)
def test_a_service_linked_role_is_of_the_service_or_of_a_part_of_it(
    type_: str, service: str
) -> None:
    """ECR's replication has `replication.ecr`; a policy on `ecr` alone would not allow it."""
    arns = allowed(of({"It": one(type_)}))["iam:CreateServiceLinkedRole"]
    assert MRK.replace("mrk.kms", service) in arns


@pytest.mark.parametrize("spelled", RENAMED_SERVICES)
def test_what_a_service_is_spelled_like_is_of_use(spelled: str) -> None:
    """Some action of a schema is one of IAM's only with the other spelling."""
    verbs = {
        action.partition(":")[2]
        for type_ in types()
        for action in written(type_)
        if action.startswith(f"{spelled}:")
    }
    assert any(exists(f"{RENAMED_SERVICES[spelled]}:{verb}") for verb in verbs)
