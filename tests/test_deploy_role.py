"""The policy of a service role: enough for every handler, and on no more than is known."""

from __future__ import annotations

import json
import random
import re
from contextlib import suppress
from copy import deepcopy
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.deploy_scripts import PROJECT, ROOT, sources
from support.policies import PLACE, allowed, asking, of, one, passes, said, trusted

from cfngen.cli import main
from cfngen.cloudformation.quotas import MANAGED_POLICY, ROLE_POLICIES
from cfngen.cloudformation.read import read
from cfngen.cloudformation.regions import all_regions
from cfngen.cloudformation.schemas import OPERATIONS, iam_actions, iam_services, schema
from cfngen.deploy.role import Destination, Policy, policy
from cfngen.deploy.role.destination import PARTITIONS, parse_destination
from cfngen.deploy.role.exports import exported_arns
from cfngen.deploy.role.formats import as_json, as_yaml, comments, document, documents, size
from cfngen.errors import CfngenError

each_template = pytest.mark.parametrize("name", list(PROJECT.templates))


def ours(name: str) -> Policy:
    """Return the policy for one of our templates."""
    source = next(source for source in sources() if source.name == name)
    before = [(one.name, one.body) for one in sources() if one.name in source.entry.after]
    place = Destination(name)
    return policy(name, source.body, replace(place, exports=exported_arns(before, place)))


# --- our own templates ----------------------------------------------------------------------------


@each_template
def test_every_action_is_one_that_iam_has(name: str) -> None:
    """A misspelled action would grant nothing, and nobody would see it."""
    for action in allowed(ours(name)):
        service, _, verb = action.partition(":")
        assert verb.lower() in iam_actions()[service], action


@each_template
def test_any_resource_only_for_what_takes_none(name: str) -> None:
    """Whatever can be allowed on an ARN is."""
    for action, arns in allowed(ours(name)).items():
        service, _, verb = action.partition(":")
        takes = iam_services()[service]["Actions"][verb.lower()].get("Resources")
        assert ("*" in arns) == (not takes), action
        assert all(arn == "*" or re.match(r"arn:\*:[\w-]+:", arn) for arn in arns)


@each_template
def test_roles_are_passed_to_known_services_only(name: str) -> None:
    """Never without a condition, and never all roles."""
    for statement in ours(name).statements:
        if "iam:PassRole" in statement.actions:
            ((operator, key, services),) = statement.condition
            assert (operator, key) == ("StringEquals", "iam:PassedToService")
            assert all(service.endswith(".amazonaws.com") for service in services)
            assert not any(arn.endswith(":role/*") for arn in statement.resources)


@each_template
def test_nothing_of_the_handlers_is_lost_without_a_word(name: str) -> None:
    """An action is allowed, or it is said why it is left out."""
    found = ours(name)
    resources = next(s for s in sources() if s.name == name).body["Resources"]
    told = said(found)
    for type_ in {resource["Type"] for resource in resources.values()}:
        for operation in OPERATIONS:
            for action in schema(type_).permissions(operation):
                known = action in allowed(found) or action in told or action == "iam:PassRole"
                assert known, (type_, action)


@each_template
def test_documents_fit_iam_and_say_the_same_in_both_formats(name: str) -> None:
    """Comments of the YAML are all that it has beside the JSON."""
    found = ours(name)
    parts = documents(found)
    assert all(size(part) <= MANAGED_POLICY < ROLE_POLICIES for part in parts)
    plain = [document(part) for part in parts]
    assert list(yaml.safe_load_all(as_yaml(found))) == plain
    assert json.loads(as_json(found)) == (plain if len(plain) > 1 else plain[0])
    for body in plain:
        sids = [statement["Sid"] for statement in body["Statement"]]
        assert len(set(sids)) == len(sids)
        assert all(re.fullmatch(r"[A-Za-z0-9]+", sid) for sid in sids)


def test_every_character_of_a_document_is_counted_as_iam_counts() -> None:
    """White space is free; the limit is of the user guide."""
    (part,) = documents(ours("mirror-destination"))
    assert size(part) == len("".join(json.dumps(document(part), indent=4).split()))


# What people wrote with care for a role of CloudFormation's, and what the template makes.
BY_HAND = [
    ("infrastructure/template.yaml", "InfrastructurePolicy"),
    ("application.yaml", "ApplicationPolicy"),
]


@pytest.mark.parametrize(("template", "written"), BY_HAND)
def test_it_allows_what_was_written_by_hand(template: str, written: str) -> None:
    """The policies of the example, which were written without this, ask for nothing more."""
    folder = ROOT / "examples" / "service-x"
    found = policy(template, read((folder / template).read_text()), PLACE)
    by_hand = read((folder / "permissions.yaml").read_text())["Resources"][written]
    for statement in by_hand["Properties"]["PolicyDocument"]["Statement"]:
        actions = statement["Action"]
        for action in [actions] if isinstance(actions, str) else actions:
            assert action in allowed(found), action


def test_it_allows_what_the_stores_were_found_to_need() -> None:
    """`artifact_stores` has a role that makes the same buckets and keys in other regions."""
    body = read((PROJECT.output / "artifact-stores.yaml").read_text())
    mine = allowed(ours("artifact-stores"))
    statements = body["Resources"]["StoresMakerPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    asked = {
        action
        for statement in statements
        for action in (
            statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
        )
        if action.startswith("s3:")
    }
    assert len(asked) > 30
    assert asked <= set(mine)


# --- names ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("resource", "action", "arns"),
    [
        (one("AWS::SQS::Queue"), "sqs:CreateQueue", ["arn:*:sqs:*:*:shop-*"]),
        (one("AWS::SQS::Queue", QueueName="jobs"), "sqs:CreateQueue", ["arn:*:sqs:*:*:jobs"]),
        (
            one("AWS::SQS::Queue", QueueName={"Fn::Sub": "${AWS::StackName}-${Stage}-jobs"}),
            "sqs:CreateQueue",
            ["arn:*:sqs:*:*:shop-*-jobs"],
        ),
        (
            one("AWS::SQS::Queue", QueueName={"Fn::If": ["Big", "big", "small"]}),
            "sqs:CreateQueue",
            ["arn:*:sqs:*:*:big", "arn:*:sqs:*:*:small"],
        ),
        (one("AWS::S3::Bucket"), "s3:CreateBucket", ["arn:*:s3:::shop-*"]),
        (
            one("AWS::CodeBuild::Project"),
            "codebuild:CreateProject",
            ["arn:*:codebuild:*:*:project/It-*"],
        ),
        (
            one("AWS::Logs::LogGroup", LogGroupName="/shop/log"),
            "logs:CreateLogGroup",
            ["arn:*:logs:*:*:log-group:/shop/log", "arn:*:logs:*:*:log-group:/shop/log:*"],
        ),
        (
            one("AWS::SSM::Parameter", Name="/shop/p"),
            "ssm:PutParameter",
            ["arn:*:ssm:*:*:parameter/shop/p"],
        ),
        (
            one("AWS::SSM::Parameter", Name="p"),
            "ssm:PutParameter",
            ["arn:*:ssm:*:*:parameter/p"],
        ),
        (
            one("AWS::SecretsManager::Secret", Name="token"),
            "secretsmanager:CreateSecret",
            ["arn:*:secretsmanager:*:*:secret:token-??????"],
        ),
        (
            one("AWS::ECS::TaskDefinition", Family="mirror"),
            "ecs:RegisterTaskDefinition",
            ["arn:*:ecs:*:*:task-definition/mirror:*"],
        ),
        (
            one("AWS::Scheduler::Schedule", Name="nightly", GroupName="shop"),
            "scheduler:CreateSchedule",
            ["arn:*:scheduler:*:*:schedule/shop/nightly"],
        ),
        (
            one("AWS::Events::Rule", Name="push", EventBusName="shop-bus"),
            "events:PutRule",
            ["arn:*:events:*:*:rule/shop-bus/push"],
        ),
        (
            one("AWS::IAM::Role", Path="/shop/", RoleName="worker"),
            "iam:CreateRole",
            ["arn:*:iam::*:role/shop/worker"],
        ),
        (
            one("AWS::EC2::SecurityGroup"),
            "ec2:DeleteSecurityGroup",
            ["arn:*:ec2:*:*:security-group/*"],
        ),
        (one("AWS::KMS::Key"), "kms:PutKeyPolicy", ["arn:*:kms:*:*:key/*"]),
        (one("AWS::KMS::Key"), "kms:CreateKey", ["*"]),
        (
            one("AWS::CloudFormation::StackSet", StackSetName="stores"),
            "cloudformation:DeleteStackSet",
            ["arn:*:cloudformation:*:*:stackset/stores:*"],
        ),
    ],
)
def test_an_action_is_allowed_on_what_the_resource_will_be_called(
    resource: dict[str, Any], action: str, arns: list[str]
) -> None:
    """By its own name, by what CloudFormation calls it, or by the kind where that is an ID."""
    assert allowed(of({"It": resource}))[action] == arns


def test_what_a_name_waits_for_is_told_and_can_be_given() -> None:
    """A name that is a parameter is any name, until somebody says what it will be."""
    queue = {"It": one("AWS::SQS::Queue", QueueName={"Ref": "Name"})}
    open_ = of(queue, Parameters=asking("Name"))
    given = of(queue, Destination("shop", parameters={"Name": "jobs"}), Parameters=asking("Name"))
    assert allowed(open_)["sqs:CreateQueue"] == ["arn:*:sqs:*:*:*"]
    assert "It is called what Name says: --parameter Name=… narrows it" in said(open_)
    assert allowed(given)["sqs:CreateQueue"] == ["arn:*:sqs:*:*:jobs"]
    assert "narrows" not in said(given)
    behind = {"It": one("AWS::SQS::Queue", QueueName={"Fn::Sub": "${Stage}-${AWS::Region}"})}
    found = of(behind, Parameters=asking("Stage"))
    assert allowed(found)["sqs:CreateQueue"] == ["arn:*:sqs:*:*:*-*"]
    assert "It is called what Stage says" in said(found)
    by_resource = {"It": one("AWS::SQS::Queue", QueueName={"Ref": "Topic"})}
    assert "It is called what only the deployment knows" in said(of(by_resource))


@pytest.mark.parametrize(
    ("resource", "stack", "shared"),
    [
        (one("AWS::CodeBuild::Project"), "shop", "It-* may be another stack's"),
        (one("AWS::SSM::Parameter"), "shop", "CFN-It-* may be another stack's"),
        (one("AWS::IAM::Role"), "s" * 25, f"{'s' * 24}* may be another stack's"),
        (one("AWS::IAM::Role"), "s" * 24, ""),
        (one("AWS::EC2::Subnet"), "shop", "any ipam-pool, any vpc beside it"),
    ],
)
def test_what_other_stacks_share_is_told(resource: Any, stack: str, shared: str) -> None:
    """Where a name does not say whose it is, the policy is for others' resources, too."""
    text = said(of({"It": resource}, Destination(stack)))
    assert (shared in text) if shared else ("another stack" not in text)


def test_the_place_is_in_every_arn_that_has_one() -> None:
    """Partition, region and account, where they are given."""
    place = Destination("shop", "aws-cn", "cn-north-1", "123456789012")
    found = allowed(of({"It": one("AWS::SQS::Queue"), "Role": one("AWS::IAM::Role")}, place))
    assert found["sqs:CreateQueue"] == ["arn:aws-cn:sqs:cn-north-1:123456789012:shop-*"]
    assert found["iam:CreateRole"] == ["arn:aws-cn:iam::123456789012:role/shop-*"]


def test_a_long_stack_name_is_matched_by_what_cloudformation_keeps_of_it() -> None:
    """Names of at most 64 characters have no room for more."""
    found = of({"It": one("AWS::IAM::Role")}, Destination("a-very-long-name-of-a-stack-of-ours"))
    (arn,) = allowed(found)["iam:CreateRole"]
    assert fnmatchcase("arn:aws:iam::1:role/a-very-long-name-of-a-st-It-ABCDEFGHIJKL", arn)


def test_an_action_on_another_resource_is_allowed_on_the_one_it_refers_to() -> None:
    """A queue's policy is set on that queue; another queue's name would be too much."""
    resources = {
        "Jobs": one("AWS::SQS::Queue", QueueName="jobs"),
        "Other": one("AWS::SQS::Queue", QueueName="other"),
        "Policy": one("AWS::SQS::QueuePolicy", Queues=[{"Ref": "Jobs"}]),
        "May": one("AWS::Lambda::Permission", FunctionName={"Fn::GetAtt": "Work.Arn"}),
        "Work": one("AWS::Lambda::Function", FunctionName="work"),
        "Elsewhere": one("AWS::SNS::Subscription", TopicArn={"Ref": "Topic"}),
    }
    found = of(resources)
    assert allowed(found)["lambda:AddPermission"] == ["arn:*:lambda:*:*:function:work"]
    assert allowed(found)["sns:Subscribe"] == ["arn:*:sns:*:*:*"]
    assert "which topic is not known from the template" in said(found)
    del resources["Other"]
    assert allowed(of(resources))["sqs:SetQueueAttributes"] == ["arn:*:sqs:*:*:jobs"]


def test_ec2_is_asked_for_all_that_a_call_names() -> None:
    """A subnet is made in a VPC, and both are checked; tags are set on the subnet only."""
    found = allowed(of({"It": one("AWS::EC2::Subnet", VpcId={"Ref": "VpcId"})}))
    assert {"arn:*:ec2:*:*:subnet/*", "arn:*:ec2:*:*:vpc/*"} <= set(found["ec2:CreateSubnet"])
    assert found["ec2:CreateTags"] == ["arn:*:ec2:*:*:subnet/*"]


@pytest.mark.parametrize("name", ["*", "a*", "${x}", "a'\n- b", "\x1b[31m", "\ue000x\ue001", 7, []])
def test_no_name_of_a_template_widens_or_breaks_the_policy(name: Any) -> None:
    """A star in a name is a letter there, not a pattern; the document stays a document."""
    found = of({"It": one("AWS::SQS::Queue", QueueName=name)})
    text = as_yaml(found)
    assert yaml.safe_load(text) == document(documents(found)[0])
    assert "\x1b" not in text
    (arn,) = allowed(found)["sqs:CreateQueue"]
    assert not fnmatchcase("arn:aws:sqs:eu-west-1:1:somebody-elses", arn) or name == []


# --- what is for a feature ------------------------------------------------------------------------


def test_actions_of_a_feature_that_is_not_used_are_left_out_and_told() -> None:
    """An own key, a boundary or attached policies are asked for by a property."""
    plain = of({"Images": one("AWS::ECR::Repository"), "Role": trusted("x.amazonaws.com")})
    assert not {"kms:CreateGrant", "iam:AttachRolePolicy"} & set(allowed(plain))
    assert "Left out, since no property asks for it: AWS::ECR::Repository kms:" in said(plain)
    own = one("AWS::ECR::Repository", EncryptionConfiguration={"EncryptionType": "KMS"})
    used = of({"Images": own, "Role": trusted("x.amazonaws.com", ManagedPolicyArns=["arn:x"])})
    assert {"kms:CreateGrant", "iam:AttachRolePolicy"} <= set(allowed(used))


def test_what_iam_does_not_have_is_told() -> None:
    """Schemas name API operations that no policy can allow."""
    found = of({"Store": one("AWS::S3::Bucket")})
    assert "s3:DeleteBucketEncryption" not in allowed(found)
    assert re.search(
        r"IAM has no such action: AWS::S3::Bucket .*s3:DeleteBucketEncryption", said(found)
    )


# --- roles that are passed ------------------------------------------------------------------------


def test_a_role_is_passed_to_the_service_that_uses_it_only() -> None:
    """The service is that of the resource; a role that trusts others goes to those it trusts."""
    function = one("AWS::Lambda::Function", Role={"Fn::GetAtt": "Work.Arn"})
    task = one("AWS::ECS::TaskDefinition", TaskRoleArn={"Fn::GetAtt": ["Task", "Arn"]})
    method = one("AWS::ApiGateway::Method", Integration={"Credentials": {"Fn::GetAtt": "Api.Arn"}})
    found = of(
        {
            "Work": trusted("lambda.amazonaws.com", "edgelambda.amazonaws.com", RoleName="work"),
            "Task": trusted("ecs-tasks.amazonaws.com", RoleName="task"),
            "Api": trusted("apigateway.amazonaws.com", RoleName="api"),
            "Unused": trusted("ec2.amazonaws.com", RoleName="unused"),
            "Function": function,
            "Definition": task,
            "Method": method,
        }
    )
    assert passes(found) == {
        "arn:*:iam::*:role/work": {"lambda.amazonaws.com"},
        "arn:*:iam::*:role/task": {"ecs-tasks.amazonaws.com"},
        "arn:*:iam::*:role/api": {"apigateway.amazonaws.com"},
    }


def test_a_role_that_trusts_others_is_passed_to_those() -> None:
    """It could not be used by a service that it does not trust."""
    method = one("AWS::ApiGateway::Method", Integration={"Credentials": {"Fn::GetAtt": "R.Arn"}})
    found = of({"R": trusted("a.amazonaws.com", "b.amazonaws.com", RoleName="r"), "M": method})
    assert passes(found) == {"arn:*:iam::*:role/r": {"a.amazonaws.com", "b.amazonaws.com"}}


def test_roles_from_elsewhere_are_passed_by_their_arn_or_told() -> None:
    """A literal ARN is itself; one that is asked for is any role, for that service, and told."""
    arn = "arn:aws:iam::123456789012:role/theirs"
    known = of({"F": one("AWS::Lambda::Function", Role=arn)})
    assert passes(known) == {arn: {"lambda.amazonaws.com"}}
    function = one("AWS::Lambda::Function", Role={"Ref": "RoleArn"})
    asked = of({"F": function}, Parameters=asking("RoleArn"))
    assert passes(asked) == {"arn:*:iam::*:role/*": {"lambda.amazonaws.com"}}
    assert "Role of F is what RoleArn says: --parameter RoleArn=… narrows it" in said(asked)
    assert passes(of({"F": one("AWS::SNS::Topic")})) == {}


def test_a_function_that_another_stack_exports_is_named() -> None:
    """And is no role that is passed: a custom resource is served by it, and by no other."""
    value = {"Fn::GetAtt": ["F", "Arn"]}
    theirs = {
        "Outputs": {"Arn": {"Value": value, "Export": {"Name": "served-Arn"}}},
        "Resources": {"F": one("AWS::Lambda::Function"), "G": one("AWS::Lambda::Function")},
    }
    place = replace(PLACE, exports=exported_arns([("served", theirs)], PLACE))
    function = "arn:*:lambda:*:*:function:served-*"
    resources = {"C": one("Custom::Thing", ServiceToken={"Fn::ImportValue": "served-Arn"})}
    found = of(resources, place)
    assert allowed(found)["lambda:InvokeFunction"] == [function]
    assert passes(found) == {}
    assert allowed(of(resources))["lambda:InvokeFunction"] == ["arn:*:lambda:*:*:function:*"]


def test_roles_of_other_stacks_are_those_that_their_templates_export() -> None:
    """By ARN or by name, handed over or given a policy; an export that is not known is any role."""
    roles = {
        "Outputs": {
            "Arn": {
                "Value": {"Fn::GetAtt": ["R", "Arn"]},
                "Export": {"Name": {"Fn::Sub": "${AWS::StackName}-Arn"}},
            },
            "Name": {"Value": {"Ref": "R"}, "Export": {"Name": "Name"}},
            "Other": {"Value": "text", "Export": {"Name": "Other"}},
            "Alone": {"Value": {"Ref": "R"}},
        },
        "Resources": {"R": one("AWS::IAM::Role", Path="/team/"), "S": one("AWS::IAM::Role")},
    }
    place = replace(PLACE, exports=exported_arns([("roles", roles)], PLACE))
    theirs = "arn:*:iam::*:role/team/roles-*"
    assert place.exports == {"roles-Arn": (theirs,), "Name": (theirs,)}

    arn = {"Fn::ImportValue": {"Fn::Sub": "${Stack}-Arn"}}
    document = {"Statement": [{"Effect": "Allow", "Resource": {"Fn::GetAtt": ["Own", "Arn"]}}]}
    given = one(
        "AWS::IAM::RolePolicy",
        RoleName={"Fn::ImportValue": "Name"},
        PolicyName="more",
        PolicyDocument=document,
    )
    resources = {"F": one("AWS::Lambda::Function", Role=arn), "P": given}
    found = of(resources, place, Parameters=asking("Stack"))
    assert passes(found) == {theirs: {"lambda.amazonaws.com"}}
    assert allowed(found)["iam:PutRolePolicy"] == [theirs]
    assert "a role of another stack, as long as that stack is called like" in said(found)

    unknown = of(resources, Parameters=asking("Stack"))
    assert passes(unknown) == {"arn:*:iam::*:role/*": {"lambda.amazonaws.com"}}
    assert allowed(unknown)["iam:PutRolePolicy"] == ["arn:*:iam::*:role/*"]
    assert "Role of F is what another stack exports" in said(unknown)
    assert "RoleName of P is what another stack exports" in said(unknown)


def test_a_policy_of_its_own_is_put_on_its_role_and_on_no_other_that_it_names() -> None:
    """What the policy is about is not what changes."""
    document = {"Statement": [{"Effect": "Allow", "Resource": {"Fn::GetAtt": ["B", "Arn"]}}]}
    named = {"PolicyName": "p", "PolicyDocument": document}
    policies = {"P": one("AWS::IAM::RolePolicy", RoleName={"Ref": "A"}, **named)}
    roles = {name: trusted("a.amazonaws.com", RoleName=name.lower()) for name in ("A", "B")}
    apart = {"B": roles["B"]}
    assert allowed(of(roles | policies))["iam:PutRolePolicy"] == ["arn:*:iam::*:role/a"]
    theirs = one("AWS::IAM::RolePolicy", RoleName="theirs", **named)
    on = allowed(of(apart | {"P": theirs}))["iam:PutRolePolicy"]
    assert on == ["arn:*:iam::*:role/theirs"]


# --- beside the handlers --------------------------------------------------------------------------


def test_what_cloudformation_calls_and_looks_up_is_allowed() -> None:
    """Custom resources, parameters of Parameter Store, dynamic references, nested templates."""
    found = of(
        {
            "Work": one("AWS::Lambda::Function", FunctionName="work"),
            "Mine": one("Custom::Thing", ServiceToken={"Fn::GetAtt": "Work.Arn"}),
            "Theirs": one("AWS::CloudFormation::CustomResource", ServiceToken={"Ref": "Token"}),
            "Secret": one(
                "AWS::SSM::Parameter",
                Name="/shop/p",
                Value="{{resolve:secretsmanager:token:SecretString:password}}",
            ),
            "Plain": one("AWS::SSM::Parameter", Name="/q", Value="{{resolve:ssm:/shop/a:1}}"),
            "Nested": one(
                "AWS::CloudFormation::Stack",
                TemplateURL="https://cfn.s3.eu-west-1.amazonaws.com/a/b.yaml",
            ),
        },
        Parameters={"Image": {"Type": "AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>"}},
    )
    on = allowed(found)
    assert on["lambda:InvokeFunction"] == ["arn:*:lambda:*:*:function:*"]
    assert "whose function only the deployment knows" in said(found)
    assert on["secretsmanager:GetSecretValue"] == ["arn:*:secretsmanager:*:*:secret:token-??????"]
    assert "arn:*:ssm:*:*:parameter/*" in on["ssm:GetParameters"]
    assert "arn:*:s3:::cfn/a/b.yaml" in on["s3:GetObject"]
    assert "Nested templates need policies of their own" in said(found)


def test_a_custom_resource_calls_its_own_function_only() -> None:
    """Which is in the template, or a topic."""
    function = one("AWS::Lambda::Function", FunctionName="work")
    mine = one("Custom::Thing", ServiceToken={"Fn::GetAtt": "Work.Arn"})
    found = allowed(of({"Work": function, "Mine": mine}))
    assert found["lambda:InvokeFunction"] == ["arn:*:lambda:*:*:function:work"]
    topic = {"Ask": one("AWS::SNS::Topic"), "Mine": one("Custom::T", ServiceToken={"Ref": "Ask"})}
    assert allowed(of(topic))["sns:Publish"] == ["arn:*:sns:*:*:shop-*"]


# --- what cannot be done --------------------------------------------------------------------------


def test_types_of_which_nothing_is_known_are_an_error_all_at_once() -> None:
    """A hole in the policy would show at deploy time only."""
    with pytest.raises(CfngenError) as caught:
        of({"A": one("AWS::No::Such"), "B": one("AWS::Serverless::Function"), "C": {"Type": 3}})
    message = str(caught.value)
    assert "AWS::No::Such (A)" in message
    assert "AWS::Serverless::Function (B)" in message
    assert "3 (C)" in message
    assert "the transform made" in message
    assert "newer cfn-lint" in message
    assert "--skip-unknown prints a policy that does not cover them" in message


def test_what_a_loop_makes_is_in_the_policy() -> None:
    """A loop over literals is what it makes: the transform is run before the role is used."""
    queue = one("AWS::SQS::Queue", QueueName={"Fn::Sub": "${AWS::StackName}-${Name}"})
    loop = {"Fn::ForEach::Queues": ["Name", ["jobs", "lost"], {"${Name}Queue": queue}]}
    arns = allowed(of(loop, Transform="AWS::LanguageExtensions"))["sqs:CreateQueue"]
    assert arns == ["arn:*:sqs:*:*:shop-jobs", "arn:*:sqs:*:*:shop-lost"]
    with pytest.raises(CfngenError, match=r"Fn::ForEach \(Fn::ForEach::Queues\)"):
        of(loop)  # without the transform, nobody runs the loop


def test_types_of_which_nothing_is_known_can_be_left_out_and_told() -> None:
    """The hole is the first thing that is said; the rest is what it would be without."""
    body = {"Resources": {"A": one("AWS::No::Such"), "B": one("AWS::SQS::Queue")}}
    found = policy("t", body, PLACE, skip_unknown=True)
    assert found.statements == of({"B": one("AWS::SQS::Queue")}).statements
    assert found.warnings[0].startswith("NOT COVERED")
    assert "AWS::No::Such (A)" in found.warnings[0]
    assert as_yaml(found).index("NOT COVERED") < as_yaml(found).index("Statement")
    nothing = policy("t", {"Resources": {"A": one("AWS::No::Such")}}, PLACE, skip_unknown=True)
    assert yaml.safe_load(as_yaml(nothing))["Statement"] == []


@pytest.mark.parametrize("body", [None, [], {}, {"Resources": []}])
def test_what_is_no_template_is_told(body: Any) -> None:
    """Without a traceback."""
    with pytest.raises(CfngenError, match="no mapping `Resources`"):
        policy("t", body, PLACE)


def test_a_policy_that_is_too_long_is_several() -> None:
    """Each of them whole; a list of them in JSON."""
    names = {f"R{n}": one("AWS::SQS::Queue", QueueName=f"{n}-{'x' * 70}") for n in range(120)}
    found = of(names)
    parts = documents(found)
    assert len(parts) > 1
    assert all(size(part) <= MANAGED_POLICY for part in parts)
    granted = {(a, r) for part in parts for s in part for a in s.actions for r in s.resources}
    assert granted == {(a, r) for s in found.statements for a in s.actions for r in s.resources}
    assert isinstance(json.loads(as_json(found)), list)


def test_one_document_where_a_role_has_room_for_it() -> None:
    """Up to 10,240 characters, and not one more; what is said is the same."""
    found = ours("branch-builder")
    assert len(documents(found)) == 2
    (statements,) = documents(found, inline=True)
    assert MANAGED_POLICY < size(statements) <= ROLE_POLICIES
    body = document(statements)
    assert json.loads(as_json(found, inline=True)) == body
    assert yaml.safe_load(as_yaml(found, inline=True)) == body
    assert f"{size(statements):,} of the {ROLE_POLICIES:,} characters" in as_yaml(
        found, inline=True
    )
    names = {f"R{n}": one("AWS::SQS::Queue", QueueName=f"{n}-{'x' * 70}") for n in range(120)}
    with pytest.raises(CfngenError, match=r"exceed the quota of 10,240 .* 2 managed policies"):
        as_json(of(names), inline=True)


def test_what_is_left_out_is_counted_below_and_listed_when_asked() -> None:
    """The policy comes first; no line of the comments is longer than a page."""
    found = ours("branch-builder")
    text = as_yaml(found)
    assert text.index("Statement") < text.index("Left out")
    assert re.search(
        r"Left out, since no property asks for it: 17 actions of\s+(# )?AWS::S3::Bucket", text
    )
    assert "s3tables:CreateTable" not in text
    assert "s3tables:CreateTable" in as_yaml(found, explain=True)
    assert "--explain" not in as_yaml(found, explain=True)
    assert all(len(line) <= 100 for line in comments(found, explain=True))
    assert "s3tables:CreateTable" in "\n".join(comments(found, explain=True))


# --- what is given --------------------------------------------------------------------------------

DECLARED = {
    "Parameters": {"Name": {"Type": "String"}, "Size": {"AllowedValues": ["small", "large"]}}
}


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"stack": "a b"}, "--stack-name 'a b': not the name of a stack"),
        ({"stack": "1a"}, "--stack-name '1a': not the name of a stack"),
        ({"stack": "a" * 129}, "not the name of a stack"),
        ({"stack": ""}, "not the name of a stack"),
        ({"partition": "foo"}, "--partition 'foo': no such partition"),
        ({"partition": "aws-gov"}, "did you mean 'aws-us-gov'?"),
        ({"region": "eu-wst-1"}, "no such region; did you mean 'eu-west-1'?"),
        ({"region": "cn-north-1", "partition": "aws"}, "in the partition aws-cn, not in aws"),
        ({"region": "eu-west-1", "partition": "aws-iso"}, "in the partition aws, not in aws-iso"),
        ({"account": "12"}, "--account '12': an account ID has 12 digits"),
        ({"account": "١٢٣٤٥٦٧٨٩٠١٢"}, "12 digits"),
        ({"parameters": ("Nmae=1",)}, "no parameter 'Nmae'; did you mean 'Name'?"),
        ({"parameters": ("Name",)}, "--parameter Name: write NAME=VALUE"),
        ({"parameters": ("Name=a", "Name=b")}, "Name is 'a' already"),
        ({"parameters": ("Size=smal",)}, "not an allowed value; did you mean 'small'?"),
    ],
)
def test_what_cannot_be_is_told(given: dict[str, Any], told: str) -> None:
    """A policy for nowhere would allow nothing, and nobody would see why."""
    with pytest.raises(CfngenError) as caught:
        parse_destination(DECLARED, **{"stack": "shop", "regions": all_regions()} | given)
    assert told in str(caught.value)


def test_what_can_be_is_taken() -> None:
    """Anywhere, a place in full, and the same parameter twice with the same value."""
    assert parse_destination(None, stack="shop") == Destination("shop")
    found = parse_destination(
        DECLARED,
        stack="a-" * 64,
        partition="aws-us-gov",
        region="us-gov-west-1",
        account="123456789012",
        parameters=("Name=a=b", "Name=a=b", "Size=large"),
        regions=all_regions(),
    )
    assert found.parameters == {"Name": "a=b", "Size": "large"}


@pytest.mark.parametrize("region", all_regions())
def test_every_region_is_in_one_partition(region: str) -> None:
    """That of its own is taken, and no other."""
    taken = []
    for partition in PARTITIONS:
        with suppress(CfngenError):
            parse_destination(
                {}, stack="s", region=region, partition=partition, regions=all_regions()
            )
            taken.append(partition)
    assert len(taken) == 1


ODD = (None, [], {}, 3, True, "*", [None], {"Ref": 3}, {"Fn::If": ["a", "b"]}, {"Fn::GetAtt": [1]})


@pytest.mark.parametrize("seed", range(60))
def test_odd_shapes_are_refused_or_make_a_document(seed: int) -> None:
    """Any part of a stranger's template can be anything."""
    dice = random.Random(seed)  # noqa: S311 - a test's dice
    source = sources()[seed % len(sources())]
    body = json.loads(json.dumps(source.body))
    for _ in range(3):
        node: Any = body
        while (keys := list(node) if isinstance(node, dict) else range(len(node))) and len(keys):
            key = dice.choice(keys)
            inside = isinstance(node[key], dict | list) and node[key]
            if not inside or dice.random() < 0.1:
                node[key] = deepcopy(dice.choice(ODD))  # as the next one may change it
                break
            node = node[key]
    with suppress(CfngenError):
        found = policy(source.name, body, PLACE)
        plain = [document(part) for part in documents(found)]
        assert list(yaml.safe_load_all(as_yaml(found))) == plain


# --- the command ----------------------------------------------------------------------------------


def test_the_command_prints_yaml_or_json(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """JSON is data by itself; what is to be said of it goes to standard error."""
    monkeypatch.chdir(ROOT)
    assert main(["deploy-role", "branch-events"]) == 0
    assert capfd.readouterr().out == as_yaml(ours("branch-events"))
    assert main(["deploy-role", "branch-events", "--format", "json", "--stack-name", "mine"]) == 0
    printed = capfd.readouterr()
    assert ":mine-*" in json.dumps(json.loads(printed.out))
    assert "a permissions boundary would limit that" in printed.err


def test_the_command_reads_files_and_tells_mistakes(
    capfd: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit code 2, and no traceback."""
    monkeypatch.chdir(tmp_path)
    Path("t.yaml").write_text("Resources: {Jobs: {Type: AWS::SQS::Queue}}")
    assert main(["deploy-role", "t.yaml"]) == 0
    assert "arn:*:sqs:*:*:t-*" in capfd.readouterr().out
    Path("t.yaml").write_text("Resources: {Jobs: {Type: AWS::No::Such}}")
    assert main(["deploy-role", "t.yaml"]) == 2
    assert "AWS::No::Such (Jobs)" in capfd.readouterr().err
    assert main(["deploy-role", "t.yaml", "--skip-unknown"]) == 0
    assert "NOT COVERED" in capfd.readouterr().out
    wrong = "--parameter x --account 12 --region eu-wst-1 --partition foo --stack-name a_b"
    assert main(["deploy-role", "t.yaml", *wrong.split()]) == 2
    shown = capfd.readouterr()
    assert shown.out == ""
    for told in (
        "write NAME=VALUE",
        "12 digits",
        "eu-west-1",
        "partition",
        "not the name of a stack",
    ):
        assert told in shown.err


def test_the_command_knows_the_roles_of_templates_that_come_before(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the project's table; a file is in no table, and any role is allowed, with the reason."""
    monkeypatch.chdir(ROOT)
    assert main(["deploy-role", "multi-region-pipeline-home"]) == 0
    text = capfd.readouterr().out
    assert "role/cfngen/service-x/deployment-roles-*'" in text
    assert ":role/*'" not in text
    assert main(["deploy-role", "output/multi-region-pipeline-home.yaml"]) == 0
    text = capfd.readouterr().out
    assert ":role/*'" in text
    assert "is what another stack exports" in text
