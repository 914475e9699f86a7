"""Values that AWS's APIs refuse are findings, and what they take is none."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from linting.rules import api_limits
from support import drawn

from cfngen.cloudformation.schemas import CUSTOM, is_custom
from cfngen.linting.lint import ERROR, WARNING, Linter
from cfngen.linting.rules.api_limits import beyond_api
from cfngen.linting.value_limits import compiled
from cfngen.project.registry import InstalledBlueprint

PIPELINE = "AWS::CodePipeline::Pipeline"
CLOSED = ("DisableInboundStageTransitions", 0, "Reason")


def template(kind: str, properties: Any, **more: Any) -> dict[str, Any]:
    """Return a template of one resource."""
    return {"Resources": {"R": {"Type": kind, "Properties": properties}}, **more}


def closed(reason: Any, **more: Any) -> dict[str, Any]:
    """Return a pipeline with a closed stage."""
    return template(
        PIPELINE,
        {"DisableInboundStageTransitions": [{"StageName": "Live", "Reason": reason}]},
        **more,
    )


def said(body: dict[str, Any]) -> list[tuple[str, str]]:
    """Return what is found, with the place below the properties."""
    return [(what, ".".join(map(str, p.path[3:]))) for what, p in beyond_api(body)]


@pytest.mark.parametrize(
    "reason",
    [
        "Open 01:00",
        {"Fn::Sub": "Open 01:00"},
        {"Fn::Join": [":", ["Open 01", "00"]]},
        {"Fn::FindInMap": ["Windows", "live", "Reason"]},
        {"Fn::If": ["Late", "Open 01.00", "Open 01:00"]},
        {"Ref": "Reason"},
        "é",
        "a\n",
    ],
)
def test_a_pattern_is_matched_whole(reason: Any) -> None:
    """However the text is made, if it is known before deploy time."""
    body = closed(
        reason,
        Mappings={"Windows": {"live": {"Reason": "Open 01:00"}}},
        Parameters={"Reason": {"Type": "String", "Default": "Open 01:00"}},
        Conditions={"Late": {"Fn::Equals": [{"Ref": "AWS::Region"}, "eu-west-1"]}},
    )
    ((what, problem),) = beyond_api(body)
    assert what == "pattern"
    assert problem.path[:6] == ("Resources", "R", "Properties", *CLOSED)
    assert "(codepipeline DisableStageTransition reason)" in problem.message


@pytest.mark.parametrize(
    "reason",
    [
        "Open 01.00-05.00 Europe-Dublin TUE-SAT",
        "{{resolve:ssm:/reason}}",
        {"Ref": "Reason"},
        {"Fn::Sub": "${Reason}: closed"},
        {"Fn::ImportValue": "reason: closed"},
        {"Fn::If": ["Given", {"Ref": "Empty"}, {"Ref": "AWS::NoValue"}]},
        {"Ref": "Empty"},
    ],
)
def test_what_is_left_for_deploy_time_is_not_judged(reason: Any) -> None:
    """Nor is a default that says that there is none."""
    parameters = {
        "Reason": {"Type": "String"},
        "Empty": {"Type": "String", "Default": ""},
    }
    assert said(closed(reason, Parameters=parameters)) == []


def test_allowed_values_and_defaults_count_where_no_condition_keeps_them_away() -> None:
    """The place that is named is where they are used."""
    allowed = {"Type": "String", "AllowedValues": ["good", "bad:", "worse:"], "Default": "good"}
    body = closed({"Ref": "Reason"}, Parameters={"Reason": allowed})
    problems = [problem.message for _, problem in beyond_api(body)]
    assert len(problems) == 2
    assert all("an allowed value of the parameter Reason" in problem for problem in problems)
    body["Resources"]["R"]["Condition"] = "Wanted"
    assert said(body) == []


@pytest.mark.parametrize(
    ("kind", "properties", "what", "where"),
    [
        (PIPELINE, {"Name": "a b"}, "pattern", "Name"),
        (PIPELINE, {"Name": "a" * 101}, "length", "Name"),
        (PIPELINE, {"Name": {"Fn::Sub": f"{'a' * 101}${{AWS::Region}}"}}, "length", "Name"),
        (
            *(PIPELINE, {"Stages": [{"Name": "S", "Actions": [{"RunOrder": 1000}]}]}),
            *("range", "Stages.0.Actions.0.RunOrder"),
        ),
        (PIPELINE, {"ExecutionMode": "SLOW"}, "enum", "ExecutionMode"),
        (
            *(PIPELINE, {"Stages": [{"Actions": [{"Configuration": {"k" * 51: "v"}}]}]}),
            *("length", f"Stages.0.Actions.0.Configuration.{'k' * 51}"),
        ),
        (
            *(PIPELINE, {"Stages": [{"Actions": [{"Configuration": {"k": "v" * 1001}}]}]}),
            *("length", "Stages.0.Actions.0.Configuration.k"),
        ),
        (
            *(PIPELINE, {"ArtifactStores": [{"ArtifactStore": {"Type": "S4"}}]}),
            *("enum", "ArtifactStores.0.ArtifactStore.Type"),
        ),
        ("AWS::CodeBuild::Project", {"Name": "a b"}, "pattern", "Name"),
        ("AWS::CodeBuild::Project", {"TimeoutInMinutes": "4"}, "range", "TimeoutInMinutes"),
        (
            *("AWS::CodeBuild::Project", {"Environment": {"EnvironmentVariables": [{"Name": ""}]}}),
            *("length", "Environment.EnvironmentVariables.0.Name"),
        ),
        (
            *("AWS::Lambda::Function", {"Environment": {"Variables": {"1A": "x"}}}),
            *("pattern", "Environment.Variables.1A"),
        ),
        ("AWS::Lambda::Function", {"MemorySize": 64}, "range", "MemorySize"),
        ("AWS::Events::Rule", {"Targets": [{"Id": "a b"}]}, "pattern", "Targets.0.Id"),
        ("AWS::Scheduler::Schedule", {"State": "ON"}, "enum", "State"),
        ("AWS::Logs::LogGroup", {"LogGroupName": "a b"}, "pattern", "LogGroupName"),
        (
            *("AWS::IAM::Role", {"Policies": [{"PolicyName": "a b"}]}),
            *("pattern", "Policies.0.PolicyName"),
        ),
        ("AWS::ECR::Repository", {"RepositoryName": "Big"}, "pattern", "RepositoryName"),
        ("AWS::SSM::Parameter", {"Name": ""}, "length", "Name"),
        (
            *("AWS::WAFv2::WebACL", {"Rules": [{"Statement": {"AndStatement": {"Statements": [
                {"IPSetReferenceStatement": {"Arn": "short"}}]}}}]}),
            *("length", "Rules.0.Statement.AndStatement.Statements.0.IPSetReferenceStatement.Arn"),
        ),
    ],
)  # fmt: skip
def test_what_apis_refuse(kind: str, properties: Any, what: str, where: str) -> None:
    """Patterns, lengths, ranges, enumerations; of texts and keys, at any depth."""
    assert (what, where) in said(template(kind, properties))


@pytest.mark.parametrize(
    ("kind", "properties"),
    [
        (PIPELINE, {"Name": "app", "PipelineType": "V2", "RestartExecutionOnUpdate": "true"}),
        ("AWS::CodeBuild::Project", {"TimeoutInMinutes": "60", "Name": "app"}),
        ("AWS::IAM::Role", {"AssumeRolePolicyDocument": {"Version": "2012-10-17"}}),
        ("AWS::Events::Rule", {"EventPattern": {"source": ["aws.codebuild"]}}),
        ("AWS::Unheard::Of", {"Name": "a b"}),
        ("AWS::SSM::Parameter", {"Type": "String", "Value": {"Fn::Base64": "x"}}),
        ("AWS::CodeBuild::Project", {"Name": ["a b"]}),
        (PIPELINE, []),
        (PIPELINE, {"Name": {"Ref": ["a b"]}, "Stages": {"Ref": {"Fn::Sub": "a b"}}}),
    ],
)
def test_what_they_take(kind: str, properties: Any) -> None:
    """What CloudFormation converts, and what is not as it should be, are no finding here."""
    assert said(template(kind, properties)) == []


@pytest.mark.parametrize(("minutes", "shown"), [(3, "3"), ("3", "3"), (2.5, "2.5")])
def test_a_number_is_told_as_it_was_written(minutes: Any, shown: str) -> None:
    """A whole one without a fraction."""
    ((_, problem),) = beyond_api(template("AWS::CodeBuild::Project", {"TimeoutInMinutes": minutes}))
    assert problem.message.startswith(f"TimeoutInMinutes is {shown}, not from 5 to 2,160")


def test_they_are_findings_of_the_linter(linter: Linter) -> None:
    """An error for what is certain, a warning for an enumeration, at the line of the value."""
    body = closed("Open 01:00")
    body["Resources"]["R"]["Properties"]["ExecutionMode"] = "SLOW"
    text = json.dumps(body, indent=1)
    found = {f.rule: f for f in linter.lint(text, "t.json") if f.rule.endswith("9401")}
    assert {rule: f.severity for rule, f in found.items()} == {"E9401": ERROR, "W9401": WARNING}
    assert "Reason" in text.splitlines()[found["E9401"].line - 1]
    assert "SLOW" in text.splitlines()[found["W9401"].line - 1]


def test_they_are_waived_as_cfn_lints_own(linter: Linter) -> None:
    """In the resource's metadata."""
    body = closed("Open 01:00")
    ignored = {"cfn-lint": {"config": {"ignore_checks": ["E9401"]}}}
    body["Resources"]["R"]["Metadata"] = ignored
    assert not [f for f in linter.lint(json.dumps(body), "t.json") if f.rule == "E9401"]


@pytest.mark.slow
def test_the_data_is_what_the_models_say() -> None:
    """After an upgrade of botocore, it is written anew."""
    assert api_limits.DATA.read_text("utf-8") == api_limits.text(), (
        f"run python {api_limits.__file__}"
    )


def test_every_pattern_of_the_data_is_read() -> None:
    """None is skipped."""

    def patterns(node: Any) -> Iterator[str]:
        if isinstance(node, dict):
            if "of" in node and "pattern" in node:
                yield node["pattern"]
            for below in node.values():
                yield from patterns(below)

    found = set(patterns(json.loads(api_limits.text())))
    assert len(found) > 50
    for pattern in found:
        compiled(pattern)


def test_every_value_of_ours_has_a_member_or_a_reason() -> None:
    """Of all blueprints, by the property's path; and nothing is explained that is not there."""
    used = {path for entry in drawn.OURS.values() for path in literals(entry)}
    kinds = api_limits.kinds()
    assert {kind for kind, _ in used} <= kinds.keys()
    lost = [(kind, path) for kind, path in sorted(used) if not api_limits.covers(kinds[kind], path)]
    assert lost == []


def literals(entry: InstalledBlueprint) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield the properties that have a literal in a blueprint's templates, by type.

    All types of custom resources are one: each service decides what it is handed.
    """
    for shape in drawn.shapes(entry):
        for resource in shape.document.body["Resources"].values():
            for path in paths(resource.get("Properties", {})):
                yield CUSTOM if is_custom(resource["Type"]) else resource["Type"], path


def paths(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield the paths of literals, `*` for the items of a list."""
    if isinstance(value, dict):
        ((name, argument),) = value.items() if len(value) == 1 else ((None, None),)
        if name == "Fn::If":
            for branch in argument[1:]:
                yield from paths(branch, path)
        elif not (name == "Ref" or str(name).startswith("Fn::")):
            for key, item in value.items():
                yield from paths(item, (*path, key))
    elif isinstance(value, list):
        for item in value:
            yield from paths(item, (*path, "*"))
    else:
        yield path
