"""A template that AWS would refuse for its size is known before it is deployed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cfngen import allow, policy_document
from cfngen.cloudformation import quotas
from cfngen.linting.lint import Linter
from cfngen.linting.rule import Problem
from cfngen.linting.rules.budgets import BUDGETS, HOLDERS, over_budget

NAME = "A" * 30  # of which CloudFormation keeps 24


def problems(resources: dict[str, Any], **sections: Any) -> list[Problem]:
    """Return what is over a budget in a template."""
    return list(over_budget({"Resources": resources, **sections}))


def of(type_: str, **properties: Any) -> dict[str, Any]:
    """Return a resource."""
    return {"Type": type_, "Properties": properties}


def rule(names: list[Any]) -> dict[str, Any]:
    """Return a rule for projects of CodeBuild."""
    return of("AWS::Events::Rule", EventPattern={"detail": {"project-name": names}})


def at(path: tuple[str, ...], value: Any) -> Any:
    """Return properties with a value at a path."""
    for key in reversed(path):
        value = [value] if key == "*" else {key: value}
    return value


def filled(size: int, *, as_text: bool) -> Any:
    """Return a value of so many characters."""
    return "x" * size if as_text else {"k": "x" * (size - len('{"k":""}'))}


@pytest.mark.parametrize("budget", BUDGETS, ids=lambda b: f"{b.type} {'.'.join(b.path)}")
def test_each_budget_takes_what_aws_takes_and_not_one_more(budget: Any) -> None:
    """Whatever is measured, the limit itself is right and the next character is too much."""
    for size, found in ((budget.limit, 0), (budget.limit + 1, 1)):
        properties = at(budget.path, filled(size, as_text=budget.as_text))
        said = problems({"It": {"Type": budget.type, "Properties": properties}})
        assert len(said) == found
    (problem,) = said
    steps = [0 if key == "*" else key for key in budget.path]
    assert problem.path == ("Resources", "It", "Properties", *steps)
    assert f"has {budget.limit + 1:,} characters or more once deployed" in problem.message
    assert f"{budget.service} takes {budget.limit:,}; {budget.remedy}" in problem.message


def test_the_budgets_are_aws_s() -> None:
    """Written down a second time, from the pages."""
    assert {(b.type.split("::", 1)[1], b.path[-1:], b.limit) for b in BUDGETS} == {
        ("Events::Rule", ("EventPattern",), 2_048),
        ("Events::Rule", ("InputTemplate",), 8_192),
        ("Events::Rule", ("Input",), 8_192),
        ("IAM::ManagedPolicy", ("PolicyDocument",), 6_144),
        ("IAM::Role", ("AssumeRolePolicyDocument",), 2_048),
        ("SQS::QueuePolicy", ("PolicyDocument",), 8_192),
        ("SNS::TopicPolicy", ("PolicyDocument",), 30_720),
        ("S3::BucketPolicy", ("PolicyDocument",), 20_480),
        ("KMS::Key", ("KeyPolicy",), 32_768),
        ("ECR::Repository", ("RepositoryPolicyText",), 10_240),
        ("Logs::ResourcePolicy", ("PolicyDocument",), 5_120),
        ("Lambda::Function", ("Variables",), 4_096),
        ("ECS::TaskDefinition", (), 65_536),
        ("CodeBuild::Project", ("BuildSpec",), 25_600),
    }
    assert {type_: held[0] for type_, held in HOLDERS.items()} == {
        "AWS::IAM::Role": 10_240,
        "AWS::IAM::User": 2_048,
        "AWS::IAM::Group": 5_120,
    }


# --- names that a deployment makes ---


@pytest.mark.parametrize(
    ("type_", "reference", "length"),
    [
        ("AWS::CodeBuild::Project", {"Ref": NAME}, 24 + 1 + 13),
        ("AWS::CodeBuild::Project", {"Fn::GetAtt": [NAME, "Arn"]}, 24 + 1 + 13 + 54),
        ("AWS::IAM::Role", {"Ref": NAME}, 24 + 1 + 24 + 1 + 13),
        ("AWS::IAM::Role", {"Fn::GetAtt": [NAME, "Arn"]}, 63 + 31),
        ("AWS::S3::Bucket", {"Fn::Sub": f"${{{NAME}.Arn}}/*"}, 63 + 13 + 2),
        ("AWS::SNS::Topic", {"Ref": NAME}, 63 + len("arn:aws:sns:ap-southeast-2:123456789012:")),
        ("AWS::SQS::Queue", {"Fn::GetAtt": [NAME, "QueueName"]}, 63),
        ("AWS::KMS::Key", {"Ref": NAME}, 36),
        ("AWS::ElasticLoadBalancingV2::LoadBalancer", {"Fn::GetAtt": [NAME, "Name"]}, 25),
    ],
)
def test_physical_names_count_at_their_longest(type_: str, reference: Any, length: int) -> None:
    """Of the stack's name and the logical ID 24 characters each are kept, and 13 added."""
    frame = len('{"detail":{"project-name":[""]}}')
    for spare, found in ((0, 0), (1, 1)):
        text = {"Fn::Join": ["", [reference, "x" * (2_048 - frame - length + spare)]]}
        said = problems({NAME: {"Type": type_}, "Rule": rule([text])})
        assert len(said) == found, said
    assert "2,049 characters " in said[0].message


def test_a_name_that_the_template_gives_counts_as_it_is() -> None:
    """With what fills it in."""
    project = of("AWS::CodeBuild::Project", Name={"Fn::Sub": "${AWS::StackName}-builds"})
    frame = len('{"detail":{"project-name":[""]}}') + 24 + len("-builds")
    for spare, found in ((0, 0), (1, 1)):
        text = {"Fn::Sub": "${It}" + "x" * (2_048 - frame + spare)}
        assert len(problems({"It": project, "Rule": rule([text])})) == found


@pytest.mark.parametrize(
    ("declared", "length"),
    [
        ({"Type": "String"}, 1),
        ({"Type": "String", "MinLength": 5}, 1),
        ({"Type": "String", "MaxLength": 100}, 100),
        ({"Type": "String", "AllowedValues": ["a", "abc"]}, 3),
        ({"Type": "String", "AllowedValues": ["a", "abc"], "MaxLength": 100}, 3),
        ({"Type": "AWS::EC2::VPC::Id"}, 21),
    ],
)
def test_an_answer_counts_only_as_far_as_the_template_bounds_it(
    declared: dict[str, Any], length: int
) -> None:
    """What may be anything is taken to be short, so that nothing is found that need not be so."""
    frame = len('{"detail":{"project-name":[""]}}')
    for spare, found in ((0, 0), (1, 1)):
        text = {"Fn::Sub": "${Asked}" + "x" * (2_048 - frame - length + spare)}
        said = problems({"Rule": rule([text])}, Parameters={"Asked": declared})
        assert len(said) == found


@pytest.mark.parametrize(
    "unknown",
    [
        "{{resolve:ssm:/a/long/name/of/a/parameter}}",
        {"Fn::ImportValue": "a" * 100},
        {"Fn::GetAtt": ["Custom", "Something"]},
        {"Ref": "Custom"},
    ],
)
def test_what_only_the_deployment_knows_is_taken_to_be_short(unknown: Any) -> None:
    """A secret, another stack's export, an answer of a custom resource."""
    frame = len('{"detail":{"project-name":["","x"]}}')
    assert not problems(
        {"Rule": rule(["x" * (2_048 - frame), unknown]), "Custom": {"Type": "Custom::It"}}
    )


def test_of_two_branches_the_longer_counts_and_one_that_is_left_out_does_not() -> None:
    """And what is certain is told from what depends on the condition."""
    long, none = "x" * 3_000, {"Ref": "AWS::NoValue"}
    (problem,) = problems({"Rule": rule([{"Fn::If": ["Long", long, none]}])})
    assert "may have 3,0" in problem.message
    assert not problems({"Rule": rule([{"Fn::If": ["Long", "x", none]}])})
    (problem,) = problems({"Rule": rule([{"Fn::If": ["Long", long, long + "x"]}])})
    assert "has 3,032 characters or more" in problem.message


# --- policies, which count together ---


def wide(count: int, kind: str = "Role", **about: Any) -> dict[str, Any]:
    """Return the resources of a role whose policies name so many objects one by one."""
    on = [{"Fn::Sub": f"arn:${{AWS::Partition}}:s3:::bucket-{n:04}/*"} for n in range(count)]
    document = policy_document(allow("s3:GetObject", on=on))
    if kind == "Role":
        properties: dict[str, Any] = {"Policies": [{"PolicyDocument": document}]}
    elif kind == "RolePolicy":
        properties = {"RoleName": {"Ref": "Held"}, "PolicyDocument": document}
    else:
        properties = {"Roles": [{"Ref": "Held"}], "PolicyDocument": document}
    return {"Type": f"AWS::IAM::{kind}", "Properties": properties, **about}


def test_what_a_role_has_inside_and_beside_it_counts_together() -> None:
    """Its own policies, those that name it, and those that several share; not another role's."""
    assert problems({"Held": wide(250)}) == []
    (problem,) = problems({"Held": wide(400)})
    assert problem.path == ("Resources", "Held", "Properties", "Policies", 0, "PolicyDocument")
    assert "the role with all its inline policies has 11,694 characters or more" in problem.message
    assert "IAM takes 10,240; name what it is about by a prefix" in problem.message
    for kind in ("RolePolicy", "Policy"):
        (problem,) = problems({"Held": wide(250), "More": wide(150, kind)})
        assert problem.path[1] == "Held"
    assert problems({"Held": wide(250), "Other": wide(150)}) == []


def test_policies_that_may_exclude_one_another_are_not_added_up() -> None:
    """Those under the condition with the most count, beside what is always there."""
    either = {"A": wide(150, "Policy", Condition="A"), "B": wide(150, "Policy", Condition="B")}
    assert problems({"Held": wide(100), **either}) == []
    assert problems({"Held": wide(200), **either})
    both = {"A": wide(150, "Policy", Condition="A"), "B": wide(150, "Policy", Condition="A")}
    assert problems({"Held": wide(100), **both})
    held = wide(200, Condition="A")
    assert problems({"Held": held, "More": wide(200, "Policy", Condition="A")})


# --- the rest ---


def test_a_name_that_is_too_long_whatever_fills_it_in_is_found() -> None:
    """Not one that fits for a short stack's name, nor a plain one, which cfn-lint finds."""
    for count, found in ((63, 0), (64, 1)):
        name = {"Fn::Sub": "${AWS::StackName}" + "x" * count}
        said = problems({"It": of("AWS::IAM::Role", RoleName=name)})
        assert len(said) == found
    assert said[0].path == ("Resources", "It", "Properties", "RoleName")
    assert "has 65 characters or more once deployed; AWS::IAM::Role takes 64" in said[0].message
    queue = of("AWS::SQS::Queue", QueueName={"Fn::Sub": "${AWS::StackName}" + "x" * 80})
    assert "AWS::SQS::Queue takes 80" in problems({"It": queue})[0].message
    assert not problems({"It": of("AWS::IAM::Role", RoleName="x" * 100)})


def test_resources_are_counted() -> None:
    """Five hundred fit into a template."""
    topic = {"Type": "AWS::SNS::Topic"}
    assert not problems({f"T{n}": topic for n in range(quotas.RESOURCES)})
    (problem,) = problems({f"T{n}": topic for n in range(quotas.RESOURCES + 1)})
    assert problem.path == ("Resources",)
    assert "501 resources; CloudFormation takes 500" in problem.message


def test_targets_under_a_condition_are_measured() -> None:
    """Whatever list or item an `Fn::If` chooses."""
    target = {"Arn": "arn:x", "InputTransformer": {"InputTemplate": "x" * 9_000}}
    targets = {"Fn::If": ["A", [{"Fn::If": ["B", target, {"Ref": "AWS::NoValue"}]}], []]}
    (problem,) = problems({"Rule": of("AWS::Events::Rule", Targets=targets)})
    assert problem.path[3:] == (
        *("Targets", "Fn::If", 1, 0, "Fn::If", 1),
        *("InputTransformer", "InputTemplate"),
    )


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"Resources": None},
        {"Resources": []},
        {"Resources": {"A": None, "B": [], "C": {"Type": 7, "Properties": 3}}},
        {"Resources": {"Fn::ForEach::X": ["N", ["a"], {"R${N}": {"Type": "AWS::SNS::Topic"}}]}},
        {"Resources": {"A": of("AWS::IAM::Role", Policies={"Fn::If": []}, RoleName={"Ref": "A"})}},
        {"Resources": {"A": of("AWS::IAM::Role", Policies=[None, 3, {"PolicyDocument": None}])}},
        {"Resources": {"A": of("AWS::IAM::Policy", Roles="x", PolicyDocument="{")}},
        {"Resources": {"A": of("AWS::Lambda::Function", Environment=3)}},
        {"Resources": {"A": rule([{"Ref": "P"}])}, "Parameters": {"P": {"MaxLength": "x"}}},
    ],
    ids=json.dumps,
)
def test_what_is_malformed_is_passed_over(body: dict[str, Any]) -> None:
    """cfn-lint says what is wrong with it."""
    assert list(over_budget(body)) == []


def test_what_is_certain_is_an_error_and_what_may_be_a_warning(linter: Linter) -> None:
    """At the line that is too large."""
    many = [{"Fn::GetAtt": [f"Queue{n}", "Arn"]} for n in range(25)]
    for patterns, rule in ((["x" * 30] * 80, "E9402"), (many, "W9402")):
        rule_of = {"Type": "AWS::Events::Rule", "Properties": {
            "EventPattern": {"resources": patterns},
        }}  # fmt: skip
        queues = {f"Queue{n}": {"Type": "AWS::SQS::Queue"} for n in range(25)}
        text = json.dumps({"Resources": {"Rule": rule_of, **queues}}, indent=1)
        found = {f.rule: f for f in linter.lint(text, "t.json") if f.rule.endswith("9402")}
        assert list(found) == [rule]
        assert found[rule].severity == ("error" if rule[0] == "E" else "warning")
        assert "EventPattern" in text.splitlines()[found[rule].line - 1]
