"""Roles that a deployment hands over are found by what values are, wherever they stand."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from support.folded import for_each
from support.policies import PLACE, allowed, asking, of, one, passes, said, trusted
from support.schema_types import built, properties, types

from cfngen.deploy.role.exports import exported_arns
from cfngen.deploy.role.handlers import actions
from cfngen.deploy.role.pass_role import PROFILE_NAME, ROLE_NAME

ANY = "arn:*:iam::*:role/*"
GIVEN = "arn:*:iam::*:role/given"
API, EC2, LAMBDA = "apigateway.amazonaws.com", "ec2.amazonaws.com", "lambda.amazonaws.com"
PASSING = [type_ for type_ in types() if "iam:PassRole" in actions(type_)]
ROLE = trusted(API, RoleName="given")
ARN = {"Fn::GetAtt": ["Given", "Arn"]}
THEIRS = "arn:aws:iam::123456789012:role/theirs"


def with_given(resource: Any, role: Any = ROLE) -> dict[str, set[str]]:
    """Return whom roles are passed to by a template of a role and a resource."""
    return passes(of({"Given": role, "It": resource}))


# --- every type -----------------------------------------------------------------------------------


def test_schemas_that_ask_for_a_role_are_many() -> None:
    """Those that write `Iam` are among them; else the tests below would be of nothing."""
    assert len(PASSING) > 350
    assert "AWS::Batch::JobDefinition" in PASSING


@for_each(PASSING)
def test_a_type_without_a_role_is_listed_with_its_name(type_: str) -> None:
    """What a handler asks for and the policy lacks is never left out silently."""
    found = of({"It": one(type_), "Other": one("AWS::Lambda::Function", Role=THEIRS)})
    assert passes(found) == {THEIRS: {LAMBDA}}
    assert f"instance profile to pass was found: {type_} (It) iam:PassRole" in said(found)


def roles_of(type_: str) -> list[tuple[tuple[str, ...], dict[str, Any]]]:
    """Return the properties of a type that have a role's ARN or name by the schema's own words."""
    return [
        (path, node)
        for path, node in properties(type_)
        if node.get("format") in ("AWS::IAM::Role.Arn", "AWS::IAM::Role.Name")
        or ":role" in str(node.get("pattern", "")).replace(r"\/", "/")
        or path[-1].endswith(("RoleArn", "RoleARN"))
    ]


WITH_ROLES = [type_ for type_ in PASSING if roles_of(type_)]


@for_each(WITH_ROLES)
def test_a_role_is_found_in_every_property_that_schemas_say_has_one(type_: str) -> None:
    """A reference to a role of the template, and the ARN of another."""
    for path, node in roles_of(type_):
        if node.get("type", "string") != "string":
            continue
        mine = with_given(one(type_, **built(path, ARN)))
        assert mine == {GIVEN: {API}}, path
        assert THEIRS in passes(of({"It": one(type_, **built(path, THEIRS))})), path


@for_each(WITH_ROLES)
def test_a_role_that_only_the_deployment_knows_is_any_role(type_: str) -> None:
    """A parameter shows nothing: the property's name says that it is a role."""
    for path, node in roles_of(type_):
        if node.get("type", "string") != "string":
            continue
        found = of({"It": one(type_, **built(path, {"Ref": "P"}))}, Parameters=asking("P"))
        assert list(passes(found)) == [ANY], path
        assert "--parameter P=… narrows it" in said(found)


# A role is put into a profile as one of its `Roles`, and in no other way.
@for_each(type_ for type_ in PASSING if type_ != "AWS::IAM::InstanceProfile")
def test_a_role_in_a_property_of_any_name_is_found(type_: str) -> None:
    """Whatever the schema says of the property, also one that has no properties of its own."""
    assert with_given(one(type_, Whatever={"deep": [{"down": ARN}]})) == {GIVEN: {API}}


# --- instance profiles ----------------------------------------------------------------------------

LAUNCHED = [
    one("AWS::EC2::Instance", IamInstanceProfile="PROFILE"),
    one(
        "AWS::EC2::EC2Fleet",
        LaunchTemplateConfigs=[{"Overrides": [{"IamInstanceProfile": {"Name": "PROFILE"}}]}],
    ),
    one(
        "AWS::EC2::SpotFleet",
        SpotFleetRequestConfigData={
            "LaunchSpecifications": [{"IamInstanceProfile": {"Arn": "PROFILE"}}]
        },
    ),
    one("AWS::AutoScaling::LaunchConfiguration", IamInstanceProfile="PROFILE"),
    one("AWS::ImageBuilder::InfrastructureConfiguration", InstanceProfileName="PROFILE"),
    one("AWS::PCS::ComputeNodeGroup", IamInstanceProfileArn="PROFILE"),
    one("AWS::EMR::Cluster", JobFlowRole="PROFILE"),
    one("AWS::Batch::ComputeEnvironment", ComputeResources={"InstanceRole": "PROFILE"}),
    one("AWS::WorkspacesInstances::WorkspaceInstance", ManagedInstance={
        "IamInstanceProfile": {"Name": "PROFILE"}
    }),
    one(
        "AWS::ElasticBeanstalk::Environment",
        OptionSettings=[
            {
                "Namespace": "aws:autoscaling:launchconfiguration",
                "OptionName": "IamInstanceProfile",
                "Value": "PROFILE",
            }
        ],
    ),
]  # fmt: skip
each_launched = pytest.mark.parametrize("resource", LAUNCHED, ids=lambda one: one["Type"])


def put(resource: Any, value: Any) -> Any:
    """Return a resource with a value in place of its profile."""
    return json.loads(json.dumps(resource).replace('"PROFILE"', json.dumps(value)))


@each_launched
@pytest.mark.parametrize(
    "value", ["outside", "arn:aws:iam::123456789012:instance-profile/x", {"Ref": "Profile"}]
)
def test_a_profile_from_elsewhere_is_any_role_for_ec2_only(resource: Any, value: Any) -> None:
    """Which role is in it, the account knows; that it is any is explained."""
    found = of({"It": put(resource, value)}, Parameters=asking("Profile"))
    assert passes(found) == {ANY: {EC2}}
    assert "of It is an instance profile from elsewhere" in said(found)


@each_launched
@pytest.mark.parametrize("value", [{"Ref": "Own"}, {"Fn::GetAtt": ["Own", "Arn"]}])
def test_a_profile_of_the_template_leads_to_its_role(resource: Any, value: Any) -> None:
    """By its name or by its ARN."""
    role = trusted(EC2, RoleName="given")
    own = one("AWS::IAM::InstanceProfile", Roles=[{"Ref": "Given"}])
    resources = {"Given": role, "Own": own, "It": put(resource, value)}
    assert passes(of(resources)) == {GIVEN: {EC2}}


def test_what_is_launched_from_a_template_hands_over_the_profile_in_that() -> None:
    """An instance, a fleet and a group; a launch template from elsewhere is listed."""
    launch = one(
        "AWS::EC2::LaunchTemplate",
        LaunchTemplateData={"IamInstanceProfile": {"Arn": {"Fn::GetAtt": ["Own", "Arn"]}}},
    )
    own = {
        "Given": trusted(EC2, RoleName="given"),
        "Own": one("AWS::IAM::InstanceProfile", Roles=[{"Ref": "Given"}]),
    }
    named = {"LaunchTemplateId": {"Ref": "Launch"}}
    for it in (
        one("AWS::EC2::Instance", LaunchTemplate=named),
        one("AWS::AutoScaling::AutoScalingGroup", LaunchTemplate=named),
        one(
            "AWS::EC2::EC2Fleet",
            LaunchTemplateConfigs=[{"LaunchTemplateSpecification": named}],
        ),
    ):
        assert passes(of(own | {"Launch": launch, "It": it})) == {GIVEN: {EC2}}
        data = {"IamInstanceProfile": {"Name": "outside"}}
        outside = one("AWS::EC2::LaunchTemplate", LaunchTemplateData=data)
        assert passes(of({"Launch": outside, "It": it})) == {ANY: {EC2}}
        elsewhere = of({"It": it}, Parameters=asking("Launch"))
        assert passes(elsewhere) == {}
        assert f"{it['Type']} (It) iam:PassRole" in said(elsewhere)


def test_a_profile_of_a_migration_is_none_of_iam() -> None:
    """AWS DMS has instance profiles of its own."""
    migration = one("AWS::DMS::MigrationProject", InstanceProfileIdentifier="p")
    assert passes(of({"It": migration})) == {}


# --- inside of text -------------------------------------------------------------------------------


def document(credentials: str) -> str:
    """Return an OpenAPI document as text."""
    gateway = {"type": "aws", "httpMethod": "POST", "uri": "u", "credentials": credentials}
    path = {"post": {"x-amazon-apigateway-integration": gateway}}
    return json.dumps({"openapi": "3.0.1", "paths": {"/": path}})


@pytest.mark.parametrize(
    ("body", "roles"),
    [
        ({"Fn::Sub": document("${Given.Arn}")}, {GIVEN: {API}}),
        ({"Fn::Sub": "a: 1\ncredentials: ${Given.Arn}\nb: 2\n"}, {GIVEN: {API}}),
        (
            {"Fn::Sub": document("arn:${AWS::Partition}:iam::${AWS::AccountId}:role/${Given}")},
            {GIVEN: {API}},
        ),
        (
            {"Fn::Sub": document("arn:${AWS::Partition}:iam::${AWS::AccountId}:role/given")},
            {GIVEN: {API}},
        ),
        (document(THEIRS), {THEIRS: {API}}),
        (
            {"Fn::Sub": document("arn:aws:iam::1:role/${Stage}-x")},
            {"arn:aws:iam::1:role/*-x": {API}},
        ),
        ({"Fn::Sub": document("${GatewayRoleArn}")}, {ANY: {API}}),
        ({"Fn::Sub": document("${ByDefault}")}, {ANY: {API}}),
        ({"credentials": {"Ref": "Anything"}}, {ANY: {API}}),
        ({"credentials": "arn:aws:iam::*:user/*"}, {}),
        ({"credentials": {"Fn::GetAtt": ["Given", "RoleId"]}}, {}),
        (document("${Given.Arn}"), {}),  # no `Fn::Sub`: it is only text
    ],
)  # fmt: skip
def test_a_role_within_a_document_is_found(body: Any, roles: dict[str, set[str]]) -> None:
    """As a reference, as an ARN in whole or in parts, or by the name of a parameter."""
    parameters = asking("Stage", "GatewayRoleArn", "Anything")
    parameters["ByDefault"] = {"Type": "String", "Default": THEIRS}
    it = one("AWS::ApiGateway::RestApi", Body=body)
    assert passes(of({"Given": ROLE, "It": it}, Parameters=parameters)) == roles


def test_a_parameter_that_is_given_is_read_as_its_value() -> None:
    """Under any name, in a text or alone."""
    place = replace(PLACE, parameters={"P": THEIRS})
    for body in ({"x": {"Ref": "P"}}, {"Fn::Sub": "credentials: ${P}"}):
        it = {"It": one("AWS::ApiGateway::RestApi", Body=body)}
        assert passes(of(it, place, Parameters=asking("P"))) == {THEIRS: {API}}
        assert passes(of(it, Parameters=asking("P"))) == {}


def test_a_role_that_another_stack_exports_is_found_under_any_name() -> None:
    """What an import is, the other template says."""
    theirs = {
        "Resources": {"R": one("AWS::IAM::Role", Path="/team/")},
        "Outputs": {"O": {"Value": {"Fn::GetAtt": ["R", "Arn"]}, "Export": {"Name": "Handed"}}},
    }
    place = replace(PLACE, exports=exported_arns([("roles", theirs)], PLACE))
    it = {"It": one("AWS::ApiGateway::RestApi", Body={"x": {"Fn::ImportValue": "Handed"}})}
    assert passes(of(it, place)) == {"arn:*:iam::*:role/team/roles-*": {API}}


# --- what hands nothing over ----------------------------------------------------------------------

VARIABLE = {"Name": "RoleArn", "Value": ARN}
INERT = [
    one("AWS::Lambda::Function", Environment={"Variables": {"ROLE_ARN": ARN}}),
    one("AWS::Lambda::Function", Code={"ZipFile": {"Fn::Sub": "role = '${Given.Arn}'"}}),
    one("AWS::CodeBuild::Project", Environment={"EnvironmentVariables": [VARIABLE]}),
    one("AWS::CodeBuild::Project", Source={"BuildSpec": {"Fn::Sub": "- assume ${Given.Arn}"}}),
    one("AWS::ECS::TaskDefinition", ContainerDefinitions=[{"Environment": [VARIABLE]}]),
    one("AWS::EC2::Instance", UserData={"Fn::Base64": {"Fn::Sub": "assume ${Given.Arn}"}}),
    one("AWS::StepFunctions::StateMachine", DefinitionString={"Fn::Sub": "${Given.Arn}"}),
    one("AWS::CodePipeline::Pipeline", Stages=[{"Actions": [{"Configuration": {"RoleArn": ARN}}]}]),
    one("AWS::CloudFormation::StackSet", TemplateBody={"Fn::Sub": "x: ${Given.Arn}"}),
    one("AWS::SNS::Topic", Tags=[{"Key": "role", "Value": ARN}]),
    one("AWS::ApiGateway::RestApi", Policy={"Statement": {"Principal": {"AWS": ARN}}}),
    one("AWS::ApiGateway::RestApi", Policy={"Fn::Sub": '{"Statement": {"Who": "${Given.Arn}"}}'}),
    one("AWS::Scheduler::Schedule", Target={"Input": {"Fn::Sub": "${Given.Arn}"}}),
]


@pytest.mark.parametrize("resource", INERT, ids=lambda one: one["Type"])
def test_what_only_names_a_role_hands_nothing_over(resource: Any) -> None:
    """An environment, a policy or a program may use a role, which takes no `iam:PassRole`."""
    assert "iam:PassRole" in actions(resource["Type"])
    assert with_given(resource) == {}


@pytest.mark.parametrize("name", ["RoleArn", "ExecutionRoleARN", "TaskRole", "Roles", "RoleName",
    "CredentialsArn", "AuthorizerCredentialsArn", "Credentials", "credentials", "SnsCallerArn",
    "DeliverLogsPermissionArn", "RoleArnForLogging", "role_arn"])  # fmt: skip
def test_a_name_of_a_role(name: str) -> None:
    """As services have it."""
    assert ROLE_NAME.search(name)
    assert not PROFILE_NAME.search(name)


@pytest.mark.parametrize("name", ["RoleType", "PermissionModel", "CallerReference", "Controller",
    "CompromisedCredentialsRiskConfiguration", "RoleAlias", "AcceptRoleSessionName"])  # fmt: skip
def test_no_name_of_a_role(name: str) -> None:
    """What has a role's name in its own, and is none."""
    assert not ROLE_NAME.search(name)


# --- to whom --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("resource", "service"),
    [
        (one("AWS::Cognito::UserPool", SmsConfiguration={"SnsCallerArn": THEIRS}), "cognito-idp"),
        (one("AWS::ApiGatewayV2::Integration", CredentialsArn=THEIRS), "apigateway"),
        (one("AWS::ApiGatewayV2::Authorizer", AuthorizerCredentialsArn=THEIRS), "apigateway"),
        (one("AWS::EC2::FlowLog", DeliverLogsPermissionArn=THEIRS), "vpc-flow-logs"),
        (one("AWS::RDS::DBInstance", MonitoringRoleArn=THEIRS), "monitoring.rds"),
        (one("AWS::Batch::JobDefinition", ContainerProperties={"JobRoleArn": THEIRS}), "ecs-tasks"),
        (one("AWS::CloudFormation::Macro", LogRoleARN=THEIRS), "cloudformation"),
        (
            one(
                "AWS::Config::RemediationConfiguration",
                Parameters={"AutomationAssumeRole": {"StaticValue": {"Values": [THEIRS]}}},
            ),
            "config",
        ),
    ],
)
def test_a_role_goes_to_the_service_that_uses_it(resource: Any, service: str) -> None:
    """A service is not always called like its types; a role from elsewhere does not say so."""
    assert passes(of({"It": resource})) == {THEIRS: {f"{service}.amazonaws.com"}}


def test_a_macro_asks_for_nothing_but_its_role() -> None:
    """CloudFormation registers it by itself."""
    found = of({"It": one("AWS::CloudFormation::Macro", Name="m", FunctionName="f")})
    assert allowed(found) == {}
    assert "AWS::CloudFormation::Macro (It) iam:PassRole" in said(found)


def test_a_role_of_a_type_that_does_not_list_the_action_is_pointed_out() -> None:
    """Schemas are not complete; IAM's own types give roles policies, and pass none."""
    rules = [{"Actions": [{"WriteToS3": {"RoleArn": THEIRS}}]}]
    found = of({"It": one("AWS::SES::MailManagerRuleSet", Rules=rules)})
    assert passes(found) == {}
    assert "do not list iam:PassRole, so it is not in the policy" in said(found)
    assert "It (AWS::SES::MailManagerRuleSet)" in said(found)
    plain = of({"It": one("AWS::SES::MailManagerRuleSet"), "Given": ROLE})
    assert "do not list iam:PassRole" not in said(plain)


# --- roles that are read --------------------------------------------------------------------------


def test_a_handler_may_read_every_role_that_it_passes() -> None:
    """One of the template and one that another stack exports, both of one pipeline."""
    theirs = {
        "Resources": {"R": one("AWS::IAM::Role", Path="/team/")},
        "Outputs": {"O": {"Value": {"Fn::GetAtt": ["R", "Arn"]}, "Export": {"Name": "Handed"}}},
    }
    place = replace(PLACE, exports=exported_arns([("roles", theirs)], PLACE))
    pipeline = one(
        "AWS::CodePipeline::Pipeline",
        RoleArn={"Fn::ImportValue": "Handed"},
        Stages=[{"Actions": [{"RoleArn": ARN}]}],
    )
    own = trusted("codepipeline.amazonaws.com", RoleName="given")
    found = of({"It": pipeline, "Given": own}, place)
    assert set(passes(found)) == {GIVEN, "arn:*:iam::*:role/team/roles-*"}
    assert set(allowed(found)["iam:GetRole"]) == set(passes(found))


def test_a_type_that_makes_a_role_of_its_own_reads_that_too() -> None:
    """Beside the one that it is given."""
    type_ = next(
        type_
        for type_ in PASSING
        if {"iam:GetRole", "iam:CreateServiceLinkedRole"} <= set(actions(type_))
    )
    on = allowed(of({"It": one(type_, RoleArn=THEIRS)}))["iam:GetRole"]
    assert THEIRS in on
    assert any(":role/aws-service-role/" in arn for arn in on)
