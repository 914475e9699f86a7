"""Who may do what in the multi-region pipeline, asserted on its template as data."""

from __future__ import annotations

from typing import Any

import pytest
from cfngen_blueprints._shared.store_access import StoreAccess
from cfngen_blueprints.multi_region_pipeline.options import Options
from cfngen_blueprints.multi_region_pipeline.roles import (
    add_own_role,
    add_pipeline_policy,
    add_start_regions_role,
    add_watch_role,
)
from support.cloudformation import resolved
from support.pipelines import (
    GIVEN,
    SHAPES,
    actions,
    arn_of,
    may,
    pipelines,
    policy_statements,
    role_of,
)
from support.policy_evaluation import listed

from cfngen import Template, synthesize
from cfngen.errors import BlueprintError
from cfngen.project.registry import find
from cfngen.testing import of_type, statements

BLUEPRINT = find("multi_region_pipeline").load()
each_shape = pytest.mark.parametrize("options", SHAPES.values(), ids=SHAPES)


def body(**options: Any) -> dict[str, Any]:
    """Return a shape's template as data."""
    found: dict[str, Any] = synthesize(BLUEPRINT, options).document.body
    return found


@each_shape
def test_no_role_can_pass_on_another_role_than_its_own(options: dict[str, Any]) -> None:
    """The two roles of deployments pass one role each, to CloudFormation; no other role does."""
    template = body(**options)
    passed = {}
    for role in of_type(template, "AWS::IAM::Role"):
        for statement in policy_statements(template, role):
            if "iam:PassRole" in listed(statement["Action"]):
                assert statement["Condition"] == {
                    "StringEquals": {"iam:PassedToService": "cloudformation.amazonaws.com"}
                }
                passed[role] = statement["Resource"]
    assert passed == {
        f"{purpose}ActionRole": arn_of(template, f"{purpose}ExecutionRole")
        for purpose in ("Infrastructure", "Application")
    }


@each_shape
def test_actions_hold_roles_of_their_own_that_only_the_pipeline_assumes(
    options: dict[str, Any],
) -> None:
    """Neither does the pipeline's role do anything but keep artifacts and assume those roles."""
    template = body(**options)
    assumed = set()
    for pipeline in pipelines(template).values():
        assert pipeline["RoleArn"] == {"Fn::GetAtt": ["PipelineRole", "Arn"]}
        for _, _, action in actions(pipeline):
            assumed.add(role_of(action))
        for stage in pipeline["Stages"]:
            for moment in ("BeforeEntry", "OnSuccess"):
                for condition in stage.get(moment, {}).get("Conditions", []):
                    assumed |= {role_of(r) for r in condition["Rules"] if "RoleArn" in r}
    for role in assumed:
        (trust,) = template["Resources"][role]["Properties"]["AssumeRolePolicyDocument"][
            "Statement"
        ]
        assert trust["Principal"] == {"AWS": {"Fn::GetAtt": ["PipelineRole", "Arn"]}}
        assert may(template, "PipelineRole", "sts:AssumeRole", arn_of(template, role))
    others = set(of_type(template, "AWS::IAM::Role")) - assumed
    for role in others:
        assert not may(template, "PipelineRole", "sts:AssumeRole", arn_of(template, role))
    services = {
        action.partition(":")[0]
        for statement in policy_statements(template, "PipelineRole")
        for action in listed(statement["Action"])
    }
    assert services <= {"sts", "s3", "kms"}


@each_shape
def test_a_pipeline_waits_until_its_role_may_do_its_work(options: dict[str, Any]) -> None:
    """What the role may do is a resource of its own, since it names the roles of actions."""
    template = body(**options)
    for name in pipelines(template):
        assert template["Resources"][name]["DependsOn"] == "PipelinePolicy"


@each_shape
def test_whoever_uses_the_key_is_under_the_service_s_path(options: dict[str, Any]) -> None:
    """The key and the buckets let nobody else in, whatever a role's own policy says."""
    template = body(**options)
    stores = synthesize(find("artifact_stores").load()).document.body
    use = next(
        s
        for _, s in statements(stores["Resources"]["ArtifactKey"]["Properties"]["KeyPolicy"])
        if s["Sid"] == "Use"
    )
    pattern = resolved(use["Condition"]["ArnLike"]["aws:PrincipalArn"], GIVEN)
    users, others = set(), set()
    for role in of_type(template, "AWS::IAM::Role"):
        does = {a for s in policy_statements(template, role) for a in listed(s["Action"])}
        touches = any(a.startswith(("kms:", "s3:")) for a in does)
        (users if touches else others).add(role)
    assert users
    for role in users:
        assert arn_of(template, role).startswith(pattern.removesuffix("*")), role
    for role in others - {"StartBuildRole", "ApprovalRole", "WatchRole", "StartRegionsRole"}:
        assert not arn_of(template, role).startswith(pattern.removesuffix("*")), role


@each_shape
def test_cloudformation_may_make_what_is_said_at_deploy_time_and_nothing_by_default(
    options: dict[str, Any],
) -> None:
    """The policies of what is deployed have no default, and so none of an administrator."""
    template = body(**options)
    for purpose in ("Infrastructure", "Application"):
        asked = template["Parameters"][f"{purpose}PolicyArns"]
        assert "Default" not in asked
        role = template["Resources"][f"{purpose}ExecutionRole"]["Properties"]
        assert role["ManagedPolicyArns"] == {"Ref": f"{purpose}PolicyArns"}
        (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
        assert trust["Principal"] == {"Service": "cloudformation.amazonaws.com"}
        does = {
            action
            for statement in policy_statements(template, f"{purpose}ExecutionRole")
            for action in listed(statement["Action"])
        }
        assert does <= {"s3:GetObject", "s3:GetObjectVersion", "kms:Decrypt"}


def store(kind: str, region: str, key: str = "x") -> str:
    """Return the ARN of an object."""
    return f"arn:aws:s3:::artifact-stores-{kind}-123456789012-{region}-an/{key}"


def stack(name: str, region: str = "eu-west-1") -> str:
    """Return the ARN of a stack."""
    return f"arn:aws:cloudformation:{region}:123456789012:stack/{name}/1"


BUILD, SOURCE = "BuildRole", "SourceRole"
INFRASTRUCTURE, APPLICATION = "InfrastructureActionRole", "ApplicationActionRole"
EXECUTION = "ApplicationExecutionRole"
HERE = "eu-west-1:123456789012"
TRANSFORM = "arn:aws:cloudformation:us-east-1:aws:transform/Serverless-2016-10-31"

THEIR_WORK = [
    (BUILD, "s3:PutObject", store("packages", "us-east-1", "service-x/x")),
    (BUILD, "s3:PutObject", store("artifacts", "eu-west-1")),
    (INFRASTRUCTURE, "cloudformation:CreateStack", stack("service-x-infrastructure", "us-east-1")),
    (APPLICATION, "cloudformation:ExecuteChangeSet", stack("service-x-application", "us-east-1")),
    (APPLICATION, "cloudformation:CreateChangeSet", TRANSFORM),
    (EXECUTION, "s3:GetObject", store("packages", "ap-southeast-2", "service-x/x")),
    (SOURCE, "s3:PutObject", store("artifacts", "eu-west-1")),
    (SOURCE, "s3:PutObjectAcl", store("artifacts", "eu-west-1")),
    (SOURCE, "codeconnections:UseConnection", GIVEN["ConnectionArn"]),
    (
        SOURCE,
        "codestar-connections:UseConnection",
        f"arn:aws:codestar-connections:{HERE}:connection/1a2b3c4d",
    ),
]
NEXT_TO_IT = [
    (BUILD, "s3:PutObject", store("packages", "eu-west-1", "other/x")),
    (BUILD, "s3:PutObject", store("artifacts", "us-east-1")),
    (BUILD, "s3:PutObjectAcl", store("artifacts", "eu-west-1")),
    (BUILD, "s3:DeleteObject", store("packages", "eu-west-1", "service-x/x")),
    (BUILD, "cloudformation:UpdateStack", stack("service-x-application")),
    (INFRASTRUCTURE, "cloudformation:UpdateStack", stack("service-x-application")),
    (INFRASTRUCTURE, "cloudformation:DeleteStack", stack("service-x-infrastructure")),
    (APPLICATION, "cloudformation:ExecuteChangeSet", stack("service-x-infrastructure")),
    (APPLICATION, "cloudformation:ExecuteChangeSet", stack("service-xy-application")),
    (APPLICATION, "cloudformation:UpdateStack", stack("service-x-application")),
    (APPLICATION, "s3:PutObject", store("artifacts", "eu-west-1")),
    (EXECUTION, "s3:GetObject", store("packages", "eu-west-1", "other/x")),
    (EXECUTION, "s3:GetObject", store("artifacts", "eu-west-1")),
    (SOURCE, "codeconnections:UseConnection", f"arn:aws:codeconnections:{HERE}:connection/other"),
    ("StartBuildRole", "codebuild:StartBuild", f"arn:aws:codebuild:{HERE}:project/other"),
    ("PipelineRole", "kms:Decrypt", f"arn:aws:kms:{HERE}:key/mrk-other"),
]


@pytest.mark.parametrize(("role", "action", "on"), THEIR_WORK)
def test_roles_may_do_their_work(role: str, action: str, on: str) -> None:
    """In every region, and with either name of the connections' service."""
    assert may(body(), role, action, on)


@pytest.mark.parametrize(("role", "action", "on"), NEXT_TO_IT)
def test_roles_may_not_do_what_is_next_to_their_work(role: str, action: str, on: str) -> None:
    """Another service's packages, another stack, another connection, another key."""
    assert not may(body(), role, action, on)


def test_conditions_of_a_request_decide() -> None:
    """Another change set, a role for another service, and a bucket that somebody else has taken."""
    template = body()
    application, change = stack("service-x-application"), "cloudformation:ExecuteChangeSet"
    named = {"cloudformation:ChangeSetName": "pipeline"}
    assert may(template, APPLICATION, change, application, **named)
    assert not may(template, APPLICATION, change, application, **{**named, next(iter(named)): "x"})
    passed = arn_of(template, EXECUTION)
    for service, expected in (("cloudformation", True), ("lambda", False)):
        to = {"iam:PassedToService": f"{service}.amazonaws.com"}
        assert may(template, APPLICATION, "iam:PassRole", passed, **to) is expected
    taken = {"aws:ResourceAccount": "999999999999"}
    for role in (SOURCE, BUILD):
        assert not may(template, role, "s3:PutObject", store("artifacts", "eu-west-1"), **taken)


def test_every_object_must_be_in_a_bucket_of_this_account() -> None:
    """Whatever its name: where names are not an account's own, somebody else may have taken it."""
    template = body()
    for role in of_type(template, "AWS::IAM::Role"):
        for statement in policy_statements(template, role):
            if any("Object" in action for action in listed(statement["Action"])):
                assert statement["Condition"] == {
                    "StringEquals": {"aws:ResourceAccount": "123456789012"}
                }


def test_schedules_switch_the_stages_of_this_stack_s_pipelines_only() -> None:
    """Of the one pipeline, or of the regions' and not of the one at home."""
    arn = f"arn:aws:codepipeline:{HERE}:"
    for shape, mine, others in (
        ("windows", ["release/Deploy-eu"], ["release-eu/Deploy-eu", "other/Deploy-eu"]),
        ("pipelines", ["release-eu/Deploy-eu"], ["release/Start", "other-eu/Deploy-eu"]),
    ):
        template = body(**SHAPES[shape])
        for call in ("codepipeline:EnableStageTransition", "codepipeline:DisableStageTransition"):
            for stage in mine:
                assert may(template, "WindowRole", call, arn + stage)
            for stage in others:
                assert not may(template, "WindowRole", call, arn + stage)
        assert not may(template, "WindowRole", "codepipeline:PutApprovalResult", arn + mine[0])


def test_only_the_pipeline_s_own_change_set_is_made_and_executed() -> None:
    """One that somebody else left on the stack is not touched."""
    (statement,) = (
        found
        for found in policy_statements(body(), APPLICATION)
        if "cloudformation:ExecuteChangeSet" in listed(found["Action"])
    )
    assert statement["Condition"] == {
        "StringEqualsIfExists": {"cloudformation:ChangeSetName": "pipeline"}
    }


def test_a_role_that_the_policy_would_not_name_is_refused() -> None:
    """Roles are added before the policy that lists them; later ones, and a second policy, not."""
    t = Template()
    options = Options()
    access = StoreAccess(options.service, options.stores)
    pipeline = add_own_role(t, options)
    add_watch_role(t, pipeline)
    add_pipeline_policy(t, pipeline, access)
    with pytest.raises(BlueprintError, match="StartRegionsRole is added after PipelinePolicy"):
        add_start_regions_role(t, pipeline)
    assert "StartRegionsRole" not in t.resources
    with pytest.raises(BlueprintError, match="the roles are those of PipelinePolicy already"):
        add_pipeline_policy(t, pipeline, access)
