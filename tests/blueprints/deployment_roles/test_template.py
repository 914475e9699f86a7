"""What the deployment roles' template promises, and that a pipeline with it is as one without."""

from __future__ import annotations

from typing import Any

import pytest
from support.cloudformation import resolved
from support.pipelines import (
    GIVEN,
    SHAPES,
    arn_of,
    may,
    pipelines,
    policy_statements,
    with_roles,
)
from support.policy_evaluation import like, listed

from cfngen import synthesize
from cfngen.authoring.options import option_problems
from cfngen.project.registry import find
from cfngen.testing import of_type, references

BLUEPRINT = find("deployment_roles").load()
PIPELINE = find("multi_region_pipeline").load()
PURPOSES = ("Infrastructure", "Application")
ACTION_ROLES = [f"{purpose}ActionRole" for purpose in PURPOSES]
EXECUTION_ROLES = [f"{purpose}ExecutionRole" for purpose in PURPOSES]
# What a pipeline's options and the roles' have in common.
COMMON = ("service", "home", "stores")
each_shape = pytest.mark.parametrize("options", SHAPES.values(), ids=SHAPES)


def body(**options: Any) -> dict[str, Any]:
    """Return a shape's template as data."""
    found: dict[str, Any] = synthesize(BLUEPRINT, options).document.body
    return found


def pipeline(**options: Any) -> dict[str, Any]:
    """Return a pipeline's template as data."""
    found: dict[str, Any] = synthesize(PIPELINE, options).document.body
    return found


def trust(template: dict[str, Any], role: str) -> dict[str, Any]:
    """Return the only statement of a role's trust policy."""
    document = template["Resources"][role]["Properties"]["AssumeRolePolicyDocument"]
    (statement,) = document["Statement"]
    found: dict[str, Any] = statement
    return found


# --- the roles ---


def test_there_are_five_roles_and_nothing_else() -> None:
    """Nothing in the stack costs anything or could be replaced with data in it."""
    template = body()
    assert set(template["Resources"]) == {"PipelineRole", *ACTION_ROLES, *EXECUTION_ROLES}
    assert set(of_type(template, "AWS::IAM::Role")) == set(template["Resources"])


def test_codepipeline_and_nobody_else_assumes_the_pipeline_s_role() -> None:
    """For this account only, and the role has no permissions before a pipeline is there."""
    template = body()
    assert trust(template, "PipelineRole") == {
        "Effect": "Allow",
        "Principal": {"Service": "codepipeline.amazonaws.com"},
        "Action": "sts:AssumeRole",
        "Condition": {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}},
    }
    assert policy_statements(template, "PipelineRole") == []
    assert "ManagedPolicyArns" not in template["Resources"]["PipelineRole"]["Properties"]


@pytest.mark.parametrize("role", ACTION_ROLES)
def test_the_pipeline_s_role_and_nobody_else_assumes_the_roles_of_actions(role: str) -> None:
    """That one role, by its ARN: neither the account nor a pattern of names."""
    assert trust(body(), role) == {
        "Effect": "Allow",
        "Principal": {"AWS": {"Fn::GetAtt": ["PipelineRole", "Arn"]}},
        "Action": "sts:AssumeRole",
    }


@pytest.mark.parametrize("role", EXECUTION_ROLES)
def test_cloudformation_and_nobody_else_assumes_the_execution_roles(role: str) -> None:
    """Which roles get what the owner's policies allow."""
    template = body()
    assert trust(template, role) == {
        "Effect": "Allow",
        "Principal": {"Service": "cloudformation.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
    asked = f"{role.removesuffix('ExecutionRole')}PolicyArns"
    assert template["Resources"][role]["Properties"]["ManagedPolicyArns"] == {"Ref": asked}
    assert "Default" not in template["Parameters"][asked]


def test_each_action_role_passes_its_own_execution_role_to_cloudformation_only() -> None:
    """No other role passes anything, and none passes the other's."""
    template = body()
    passed = {
        role: (statement["Resource"], statement["Condition"])
        for role in template["Resources"]
        for statement in policy_statements(template, role)
        if "iam:PassRole" in listed(statement["Action"])
    }
    to_cloudformation = {"StringEquals": {"iam:PassedToService": "cloudformation.amazonaws.com"}}
    assert passed == {
        f"{purpose}ActionRole": (arn_of(template, f"{purpose}ExecutionRole"), to_cloudformation)
        for purpose in PURPOSES
    }


def test_each_action_role_deploys_its_own_stack_in_any_region() -> None:
    """Of this service; neither the other kind, nor a stack whose name only begins so."""
    template = body(service="shop")
    calls = {
        "InfrastructureActionRole": "cloudformation:UpdateStack",
        "ApplicationActionRole": "cloudformation:ExecuteChangeSet",
    }
    stacks = {
        name: f"arn:aws:cloudformation:us-east-1:123456789012:stack/{name}/1"
        for name in ("shop-infrastructure", "shop-application", "shop-application-2", "service-x")
    }
    for role, call in calls.items():
        mine = f"shop-{role.removesuffix('ActionRole').lower()}"
        assert {name for name, arn in stacks.items() if may(template, role, call, arn)} == {mine}


def test_the_stores_key_and_buckets_let_the_roles_in() -> None:
    """Every role is under the path of its service, which is what those policies look at."""
    stores = synthesize(find("artifact_stores").load(), {"services": ["shop"]}).document.body
    key = stores["Resources"]["ArtifactKey"]["Properties"]["KeyPolicy"]["Statement"]
    (use,) = (s for s in key if s["Sid"] == "Use")
    bucket = stores["Resources"]["PackagesPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    (denied,) = (s for s in bucket if s["Sid"] == "OnlyServices")
    patterns = [
        resolved(use["Condition"]["ArnLike"]["aws:PrincipalArn"], GIVEN),
        resolved(denied["Condition"]["ArnNotLike"]["aws:PrincipalArn"], GIVEN),
    ]
    for service, let_in in (("shop", True), ("shop2", False)):
        template = body(service=service)
        for role in template["Resources"]:
            for pattern in patterns:
                assert like(arn_of(template, role), pattern) is let_in, role


def test_objects_must_be_in_buckets_of_this_account() -> None:
    """With either kind of stores; only those of one's own have no key to be used."""
    for stores in ("stack", "parameters"):
        template = body(stores=stores)
        found = [
            statement
            for role in template["Resources"]
            for statement in policy_statements(template, role)
        ]
        objects = [s for s in found if "s3:GetObject" in listed(s["Action"])]
        assert len(objects) == len(ACTION_ROLES) + len(EXECUTION_ROLES)
        for statement in objects:
            assert statement["Condition"] == {
                "StringEquals": {"aws:ResourceAccount": "123456789012"}
            }
        decrypts = any("kms:Decrypt" in listed(s["Action"]) for s in found)
        assert decrypts is (stores == "stack")


# --- what others import ---


def test_every_output_is_exported_under_the_stack_s_name() -> None:
    """Two stacks of roles live in one region, and a pipeline chooses by the stack's name."""
    template = body()
    values = {
        "PipelineRoleArn": {"Fn::GetAtt": ["PipelineRole", "Arn"]},
        "PipelineRoleName": {"Ref": "PipelineRole"},
        **{
            f"{role}Arn": {"Fn::GetAtt": [role, "Arn"]}
            for role in (*ACTION_ROLES, *EXECUTION_ROLES)
        },
    }
    assert {name: o["Value"] for name, o in template["Outputs"].items()} == values
    for name, output in template["Outputs"].items():
        exported = resolved(output["Export"]["Name"], {"AWS::StackName": "shop-roles"})
        assert exported == f"shop-roles-{name}"


@each_shape
def test_a_pipeline_imports_what_there_is(options: dict[str, Any]) -> None:
    """Every name that it imports of the roles' stack is exported, and every export is imported."""
    template = pipeline(**options, roles="stack")
    exported = {
        resolved(output["Export"]["Name"], {"AWS::StackName": "deployment-roles"})
        for output in body()["Outputs"].values()
    }
    found: set[str] = set()
    todo: list[Any] = [template]
    while todo:
        node = todo.pop()
        if isinstance(node, dict) and "Fn::ImportValue" in node:
            given = {**GIVEN, "RolesStack": "deployment-roles"}
            found.add(resolved(node["Fn::ImportValue"], given))
        todo += node.values() if isinstance(node, dict) else node if isinstance(node, list) else []
    assert found - {"artifact-stores-KeyId"} == exported


@each_shape
def test_a_pipeline_with_imported_roles_is_the_one_with_roles_of_its_own(
    options: dict[str, Any],
) -> None:
    """Resource by resource, letter by letter, but for what the policy on the role is called.

    So `PipelineRole` may do exactly the same, every role trusts the same one, and each action has
    the same role.
    """
    own = pipeline(**options)["Resources"]
    roles = body(**{key: options[key] for key in COMMON if key in options})
    joined = with_roles(pipeline(**options, roles="stack"), roles)
    own["PipelinePolicy"]["Properties"]["PolicyName"] = {"Ref": "AWS::StackName"}
    assert joined == own


def test_pipelines_that_share_a_role_attach_policies_of_their_own_names() -> None:
    """Called after their stacks, none overwrites another's."""
    policy = pipeline(roles="stack")["Resources"]["PipelinePolicy"]["Properties"]
    assert policy["PolicyName"] == {"Ref": "AWS::StackName"}
    assert resolved(policy["RoleName"], {"RolesStack": "shop-roles"}) == (
        "<shop-roles-PipelineRoleName>"
    )


def test_a_pipeline_with_imported_roles_asks_for_their_stack_and_not_for_policies() -> None:
    """What may be made is decided in the other stack; a policy given here would do nothing."""
    asked = pipeline(roles="stack")["Parameters"]
    before = pipeline()["Parameters"]
    assert set(before) - set(asked) == {"InfrastructurePolicyArns", "ApplicationPolicyArns"}
    assert set(asked) - set(before) == {"RolesStack"}
    assert asked["RolesStack"]["Default"] == "deployment-roles"


@each_shape
def test_a_pipeline_with_imported_roles_has_none_that_deploys(options: dict[str, Any]) -> None:
    """Nor does it let any of its own roles pass one on."""
    template = pipeline(**options, roles="stack")
    roles = of_type(template, "AWS::IAM::Role")
    assert not set(roles) & {"PipelineRole", *ACTION_ROLES, *EXECUTION_ROLES}
    for role in roles:
        for statement in policy_statements(template, role):
            assert "iam:PassRole" not in listed(statement["Action"])
    for name in pipelines(template):
        assert template["Resources"][name]["DependsOn"] == "PipelinePolicy"


# --- where, and for what ---


def test_it_is_made_for_the_home_region() -> None:
    """Exports are imported in their own region; CloudFormation refuses the stack elsewhere."""
    (assertion,) = body(home="eu-central-1")["Rules"]["HomeRegion"]["Assertions"]
    assert resolved(assertion["Assert"], {"AWS::Region": "eu-central-1"}) is True
    assert resolved(assertion["Assert"], {"AWS::Region": "eu-west-1"}) is False


def test_it_asks_for_stores_as_the_pipeline_does() -> None:
    """For the name of the stores, or for a pattern of buckets: of either, only what is used."""
    for stores, parameter in (("stack", "StoresName"), ("parameters", "BucketPattern")):
        template = body(stores=stores)
        theirs = pipeline(stores=stores, regions=[{"label": "eu", "region": "eu-west-1"}])
        for key in ("Type", "Default", "AllowedPattern", "MaxLength"):
            mine = template["Parameters"][parameter].get(key)
            assert mine == theirs["Parameters"][parameter].get(key), key
        policies = {"InfrastructurePolicyArns", "ApplicationPolicyArns"}
        assert set(template["Parameters"]) == {*policies, parameter}
        used = {name for name in template["Parameters"] if name in references(template)}
        assert used == set(template["Parameters"])


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"service": "a*"}, "service: 'a*' cannot be the name of a service: use"),
        ({"home": "mars-1"}, "home: 'mars-1' is no commercial region with CodePipeline, as of"),
        ({"stores": "elsewhere"}, "stores"),
    ],
)
def test_what_cannot_be_is_refused_in_words(options: dict[str, Any], words: str) -> None:
    """Each message names the option and says what would do."""
    assert words in "\n".join(option_problems(BLUEPRINT.options_type, options))
