"""Schedules and rules that start something, with all that they need for it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from troposphere import GetAtt, Ref
from troposphere.codepipeline import Pipeline
from troposphere.events import InputTransformer

from cfngen import Payload, Template
from cfngen.errors import PatternError
from cfngen.patterns import (
    Placement,
    dead_letters,
    fargate_task,
    log_group,
    python_function,
    standalone_build,
    start_on_event,
    start_on_schedule,
)
from cfngen.patterns.build_permissions import DENIED
from cfngen.testing import allowed, beyond_api, dangling, of_type, statements

NIGHT = {"expression": "cron(0 2 * * ? *)", "reason": "Each night."}
PUSH = {"source": ["aws.codecommit"]}


def made(*things: Any) -> dict[str, Any]:
    """Return the body of a template of these, in which no name leads nowhere."""
    t = Template("A test")
    for thing in things:
        t.add(thing)
    body = t.document().body
    assert not list(dangling(body))
    assert not list(beyond_api(body))
    return body


def build() -> Any:
    """Return something to build."""
    return standalone_build(
        "Build", description="Builds", repository="app", buildspec="b.yml", days=1
    )


def function() -> Any:
    """Return a function."""
    code = Payload("def handler(event, context):\n    pass\n", "teller.py")
    return python_function("Teller", code, reason="Tells.", days=1)


def task(*, spot: bool = False) -> Any:
    """Return a Fargate task."""
    return fargate_task(
        "Run",
        image="i",
        pulls=[],
        placement=Placement(["subnet-1"], "sg-1", public=True, spot=spot),
        cpu=256,
        memory=512,
        ephemeral_storage=20,
        architecture="arm64",
        environment={},
        directory="/work",
        log=log_group("RunLog", days=1),
        reason="Runs.",
        role_reason="Assumed by it.",
    )


def pipeline() -> Pipeline:
    """Return a pipeline, of which only the logical ID matters here."""
    stages: list[Any] = []
    return Pipeline("Release", RoleArn="arn:aws:iam::123456789012:role/r", Stages=stages)


PIPELINE_ARN = {
    "Fn::Sub": "arn:${AWS::Partition}:codepipeline:${AWS::Region}:${AWS::AccountId}:${Release}"
}


@pytest.mark.parametrize(
    ("thing", "arn", "right"),
    [
        (build, {"Fn::GetAtt": ["Build", "Arn"]}, "codebuild:StartBuild"),
        (function, {"Fn::GetAtt": ["Teller", "Arn"]}, "lambda:InvokeFunction"),
        (pipeline, PIPELINE_ARN, "codepipeline:StartPipelineExecution"),
    ],
)
def test_a_schedule_may_start_what_it_starts(thing: Any, arn: Any, right: str) -> None:
    """Its role has that right on this resource, may write to its queue, and has no other right."""
    started = thing()
    body = made(started, start_on_schedule("Nightly", started, **NIGHT))
    target = body["Resources"]["Nightly"]["Properties"]["Target"]
    assert target["Arn"] == arn
    assert target["RoleArn"] == {"Fn::GetAtt": ["NightlyRole", "Arn"]}
    queue = {"Fn::GetAtt": ["NightlyLost", "Arn"]}
    assert target["DeadLetterConfig"] == {"Arn": queue}
    assert allowed(body, "NightlyRole") == {right: [arn], "sqs:SendMessage": [queue]}


@pytest.mark.parametrize("spot", [False, True])
def test_a_schedule_runs_a_task_where_the_task_runs(spot: bool) -> None:  # noqa: FBT001
    """Scheduler is told the task's network and capacity, and may pass the task's roles."""
    started = task(spot=spot)
    body = made(started.log, started, start_on_schedule("Nightly", started, **NIGHT))
    target = body["Resources"]["Nightly"]["Properties"]["Target"]
    assert target["Arn"] == {"Fn::GetAtt": ["RunCluster", "Arn"]}
    parameters = target["EcsParameters"]
    assert ("LaunchType" in parameters, "CapacityProviderStrategy" in parameters) == (
        not spot,
        spot,
    )
    network = parameters["NetworkConfiguration"]["AwsvpcConfiguration"]
    assert network == {
        "Subnets": ["subnet-1"],
        "SecurityGroups": ["sg-1"],
        "AssignPublicIp": "ENABLED",
    }
    assert {"ecs:RunTask", "iam:PassRole"} <= set(allowed(body, "NightlyRole"))


@pytest.mark.parametrize("thing", [build, pipeline, task])
def test_a_rule_starts_things_with_a_role_and_keeps_what_failed(thing: Any) -> None:
    """Its queue takes events of this rule, and of no other."""
    started = thing()
    extra = [started.log] if thing is task else []
    body = made(*extra, started, start_on_event("Push", started, pattern=PUSH))
    (target,) = body["Resources"]["Push"]["Properties"]["Targets"]
    assert target["RoleArn"] == {"Fn::GetAtt": ["PushRole", "Arn"]}
    assert target["DeadLetterConfig"] == {"Arn": {"Fn::GetAtt": ["PushLost", "Arn"]}}
    assert target["RetryPolicy"] == {"MaximumRetryAttempts": 20, "MaximumEventAgeInSeconds": 3600}
    (policy,) = of_type(body, "AWS::SQS::QueuePolicy").values()
    by_rules = policy["PolicyDocument"]["Statement"][0]
    rules = by_rules["Condition"]["ArnEquals"]["aws:SourceArn"]
    assert rules == [{"Fn::GetAtt": ["Push", "Arn"]}]


def test_a_rule_calls_a_function_by_its_permission() -> None:
    """Lambda asks the function's own policy, so that there is no role."""
    started = function()
    start = start_on_event("Push", started, pattern=PUSH)
    body = made(started, start)
    assert start.role is None
    assert "RoleArn" not in body["Resources"]["Push"]["Properties"]["Targets"][0]
    (permission,) = of_type(body, "AWS::Lambda::Permission").values()
    assert permission["SourceArn"] == {"Fn::GetAtt": ["Push", "Arn"]}


def test_an_event_overrides_nothing_of_a_build_but_the_variables_named() -> None:
    """Whoever can choose the event's words chooses neither image, role nor commands."""
    started = build()
    given = InputTransformer(InputPathsMap={"b": "$.detail.b"}, InputTemplate='{"x": <b>}')
    start = start_on_event("Push", started, pattern=PUSH, transformer=given, variables=["BRANCH"])
    body = made(started, start)
    role = body["Resources"]["PushRole"]
    denied = [s["Condition"] for _, s in statements(role) if s["Effect"] == "Deny"]
    for key in DENIED:
        assert {"Null": {f"codebuild:{key}": "false"}} in denied
    name = "codebuild:environment.environmentVariables.name"
    assert {"ForAnyValue:StringNotEquals": {name: ["BRANCH"]}} in denied


def test_several_starts_share_a_queue() -> None:
    """A queue that is given is not made again, and has to let the rule write."""
    started = build()
    lost = dead_letters("Lost", rules=[GetAtt("Push", "Arn")], reason="To test.")
    rule = start_on_event("Push", started, pattern=PUSH, dead_letter_queue=lost)
    schedule = start_on_schedule("Nightly", started, dead_letter_queue=lost, **NIGHT)
    body = made(started, lost, rule, schedule)
    assert list(of_type(body, "AWS::SQS::Queue")) == ["Lost"]
    with pytest.raises(PatternError) as caught:
        start_on_event("Other", started, pattern=PUSH, dead_letter_queue=lost)
    assert str(caught.value).startswith(
        "start_on_event('Other'): dead_letter_queue: Lost does not let this rule"
    )


@pytest.mark.parametrize(
    ("changed", "argument", "told"),
    [
        ({"expression": "0 2 * * ? *"}, "expression", "no cron(...), rate(...) or at(...)"),
        ({"expression": "cron(0 2 * * *)"}, "expression", "six fields"),
        ({"expression": "cron(0 25 * * ? *)"}, "expression", "hours"),
        ({"expression": "cron(0 25 ? * WED *)"}, "expression", "hours"),
        ({"expression": "rate(0 days)"}, "expression", "no cron(...), rate(...) or at(...)"),
        ({"timezone": "Europe/Dublen"}, "timezone", "did you mean 'Europe/Dublin'?"),
        ({"retries": 186}, "retries", "0 to 185"),
        ({"retry_seconds": 59}, "retry_seconds", "60 to 86400"),
    ],
)
def test_what_scheduler_would_refuse_is_refused_with_the_argument(
    changed: dict[str, Any], argument: str, told: str
) -> None:
    """The error says which pattern, which logical ID, which argument, and what would be right."""
    with pytest.raises(PatternError) as caught:
        start_on_schedule("Nightly", build(), **{**NIGHT, **changed})
    error = caught.value
    assert (error.pattern, error.title, error.argument) == (
        "start_on_schedule",
        "Nightly",
        argument,
    )
    assert str(error).startswith(f"start_on_schedule('Nightly'): {argument}: ")
    assert told in str(error)


@pytest.mark.parametrize(
    "expression",
    ["rate(1 day)", "rate(5 minutes)", "at(2026-12-24T18:00:00)", "cron(0 2 L * ? *)",
     "cron(0 2 ? * MON#1 *)", Ref("When")],
)  # fmt: skip
def test_what_scheduler_takes_is_taken(expression: Any) -> None:
    """Also days that are not worked out here, and what only the deployment knows."""
    start = start_on_schedule("Nightly", build(), expression=expression, reason="Now and then.")
    assert start.trigger.ScheduleExpression == expression


def test_what_cannot_be_started_is_named() -> None:
    """A queue is no program; and variables go with builds."""
    lost: Any = dead_letters("Lost", rules=(), reason="To test.")
    with pytest.raises(PatternError, match=r"start_on_schedule\('Nightly'\): starts: "):
        start_on_schedule("Nightly", lost, **NIGHT)
    with pytest.raises(PatternError, match="variables: are for builds only"):
        start_on_event("Push", function(), pattern=PUSH, variables=["BRANCH"])


def test_the_input_of_a_task_is_passed() -> None:
    """A transformer reaches the target of each kind."""
    given = InputTransformer(InputPathsMap={}, InputTemplate=json.dumps({"containerOverrides": []}))
    for thing in (build, function, task):
        start = start_on_event("Push", thing(), pattern=PUSH, transformer=given)
        assert start.trigger.Targets[0].InputTransformer is given
