"""Questions to ask of a pipeline's template."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from support.cloudformation import resolved
from support.policy_evaluation import allowed

from cfngen.testing import of_type, statements

KEY = "mrk-1234abcd12ab34cd56ef1234567890ab"
GIVEN: dict[str, Any] = {
    "AWS::Region": "eu-west-1",
    "AWS::StackName": "release",
    "StoresName": "artifact-stores",
    "artifact-stores-KeyId": KEY,
    "ConnectionArn": "arn:aws:codeconnections:eu-west-1:123456789012:connection/1a2b3c4d",
    "RepositoryName": "app",
    "BranchName": "main",
    "SourceBucket": "sources",
    "SourceObjectKey": "app/source.zip",
    "BucketPattern": "acme-artifacts-*",
    "Pipeline": "release",
    **{f"{label}Bucket": f"acme-artifacts-{label}" for label in ("Home", "Eu", "Us", "Au")},
}

NIGHT = {"zone": "Europe/Dublin", "hours": "01:00-05:00"}
THREE = [
    {"label": "eu", "region": "eu-west-1", "window": NIGHT},
    {"label": "us", "region": "us-east-1", "window": {**NIGHT, "zone": "America/New_York"}},
    {"label": "au", "region": "ap-southeast-2", "window": {**NIGHT, "zone": "Australia/Sydney"}},
]
SHAPES: dict[str, dict[str, Any]] = {
    "defaults": {},
    "windows": {"regions": THREE},
    "rule": {"regions": THREE, "windows": "rule", "execution_mode": "QUEUED"},
    "single stage": {"layout": "single_stage"},
    "single stage, gated": {
        "layout": "single_stage",
        "regions": [{**THREE[0], "approval": True}, {"label": "us", "region": "us-east-1"}],
    },
    "pipelines": {"layout": "pipelines", "regions": THREE},
    "waves": {
        "regions": [
            {"label": "ie", "region": "eu-west-1", "wave": "europe"},
            {"label": "de", "region": "eu-central-1", "wave": "europe"},
            {"label": "us", "region": "us-east-1", "approval": True, "on_failure": "retry"},
        ],
        "waves": [
            {
                "name": "europe",
                "approval": True,
                "window": NIGHT,
                "alarms": ["errors"],
                "bake_minutes": 15,
                "entry_alarms": ["busy"],
                "on_failure": "rollback",
            }
        ],
    },
    "parameters": {"stores": "parameters", "home": "us-west-2"},
    "parameters, pipelines": {"stores": "parameters", "layout": "pipelines"},
    "codecommit": {"source": "codecommit", "privileged": True},
    "s3": {"source": "s3", "architecture": "arm64"},
    "filters": {
        "branches": {"includes": ["main"]},
        "paths": {"excludes": ["docs/**"]},
        "tags": {"includes": ["v*"]},
    },
}


def pipelines(body: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the pipelines' properties by logical ID."""
    return of_type(body, "AWS::CodePipeline::Pipeline")


def actions(pipeline: dict[str, Any]) -> Iterator[tuple[int, dict[str, Any], dict[str, Any]]]:
    """Yield the number of the stage, the stage and the action, for each action."""
    for number, stage in enumerate(pipeline["Stages"]):
        for action in stage["Actions"]:
            yield number, stage, action


def role_of(action: dict[str, Any]) -> str:
    """Return the logical ID of the role that an action holds."""
    function = action["RoleArn"]["Fn::GetAtt"]
    assert function[1] == "Arn"
    return str(function[0])


def policy_statements(body: dict[str, Any], role: str) -> list[dict[str, Any]]:
    """Return all that a role is allowed, inside it and in policies of its own, as deployed."""
    found: list[dict[str, Any]] = []
    for name, resource in body["Resources"].items():
        properties = resource.get("Properties", {})
        if resource["Type"] == "AWS::IAM::Role" and name == role:
            found += [s for _, s in statements(properties.get("Policies", []))]
        if resource["Type"] == "AWS::IAM::RolePolicy" and properties["RoleName"] == {"Ref": role}:
            found += [s for _, s in statements(properties["PolicyDocument"])]
    arns = {f"{n}.Arn": arn_of(body, n) for n in of_type(body, "AWS::IAM::Role")}
    return [resolved(statement, {**GIVEN, **arns}) for statement in found]


def may(body: dict[str, Any], role: str, action: str, on: str, **context: str) -> bool:
    """Whether a role's own policies allow a request; managed ones are the deployer's.

    Args:
        body: the template.
        role: the role's logical ID.
        action: such as `s3:GetObject`.
        on: the resource's ARN; it is this account's unless `context` says otherwise.
        context: the request's other condition keys, such as `iam:PassedToService`.
    """
    asked = {"aws:ResourceAccount": on.split(":")[4] or "123456789012", **context}
    return allowed(policy_statements(body, role), action, on, asked)


def arn_of(body: dict[str, Any], role: str) -> str:
    """Return the ARN that a role has once it is deployed."""
    path = body["Resources"][role]["Properties"].get("Path", "/")
    return f"arn:aws:iam::123456789012:role{path}release-{role}-1A2B3C4D5E6F"


def with_roles(body: dict[str, Any], roles: dict[str, Any]) -> dict[str, Any]:
    """Return the resources of a pipeline and of the stack whose roles it imports, as of one stack.

    What the pipeline imports is replaced by what the other template exports under that name.
    """
    exported = {
        resolved(output["Export"]["Name"], {"AWS::StackName": "deployment-roles"}): output["Value"]
        for output in roles["Outputs"].values()
    }
    default = body["Parameters"]["RolesStack"]["Default"]

    def replaced(value: Any) -> Any:
        if isinstance(value, list):
            return [replaced(item) for item in value]
        if not isinstance(value, dict):
            return value
        if list(value) == ["Fn::ImportValue"]:
            name = resolved(value["Fn::ImportValue"], {**GIVEN, "RolesStack": default})
            return exported.get(name, value)
        return {key: replaced(item) for key, item in value.items()}

    assert not set(roles["Resources"]) & set(body["Resources"])
    return {**roles["Resources"], **replaced(body["Resources"])}
