"""Small templates of pipelines, to be timed."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from cfngen.timeline import Durations, Timeline, timeline

NO_TIME = Durations(build=0, deploy=0, approval=0)


def at(text: str) -> datetime:
    """Return a moment in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def action(kind: str, **more: Any) -> dict[str, Any]:
    """Return an action, from `Category/Provider`."""
    category, _, provider = kind.partition("/")
    named = {"Category": category, "Provider": provider, "Owner": "AWS", "Version": "1"}
    return {"Name": kind.replace("/", "-"), "ActionTypeId": named, **more}


def stage(name: str, region: str = "eu-west-1", **more: Any) -> dict[str, Any]:
    """Return a stage that deploys to a region."""
    return {"Name": name, "Actions": [action("Deploy/CloudFormation", Region=region)], **more}


SOURCE = {"Name": "Source", "Actions": [action("Source/CodeCommit")]}
BUILD = {"Name": "Build", "Actions": [action("Build/CodeBuild")]}


def pipeline(*stages: dict[str, Any], shut: tuple[str, ...] = (), **more: Any) -> dict[str, Any]:
    """Return a pipeline that begins with a source."""
    closed = [{"StageName": name, "Reason": "x"} for name in shut]
    properties = {"Stages": [SOURCE, *stages], "DisableInboundStageTransitions": closed, **more}
    return {"Type": "AWS::CodePipeline::Pipeline", "Properties": properties}


def schedule(
    cron: str, zone: str, stage: str, *, opens: bool, of: str = "Pipeline", **more: Any
) -> dict[str, Any]:
    """Return a schedule that opens or closes the way into a stage."""
    call = "enable" if opens else "disable"
    said = {"PipelineName": f"${{{of}}}", "StageName": stage, "TransitionType": "Inbound"}
    target = {
        "Arn": {
            "Fn::Sub": "arn:${AWS::Partition}:scheduler:::"
            f"aws-sdk:codepipeline:{call}StageTransition"
        },
        "Input": {"Fn::Sub": json.dumps(said)},
    }
    properties = {
        "ScheduleExpression": cron,
        "ScheduleExpressionTimezone": zone,
        "Target": target,
        **more,
    }
    return {"Type": "AWS::Scheduler::Schedule", "Properties": properties}


def rule(cron: str, zone: str = "UTC") -> dict[str, Any]:
    """Return the entry condition of a deployment window."""
    window = {
        "Name": "window",
        "RuleTypeId": {"Provider": "DeploymentWindow"},
        "Configuration": {"Cron": cron, "TimeZone": zone},
    }
    return {"BeforeEntry": {"Conditions": [{"Result": "FAIL", "Rules": [window]}]}}


def switched(opens: str, closes: str, zone: str, *stages: dict[str, Any], **more: Any) -> Any:
    """Return a template with a pipeline whose stage Deploy is opened and closed by schedules."""
    return body(
        Pipeline=pipeline(*(stages or (stage("Deploy"),)), shut=("Deploy",), **more),
        Open=schedule(opens, zone, "Deploy", opens=True),
        Close=schedule(closes, zone, "Deploy", opens=False),
    )


def body(**resources: Any) -> dict[str, Any]:
    """Return a template."""
    return {"Resources": resources}


def told(
    template: Any, *pushes: str, durations: Durations = NO_TIME, stage: str = "Deploy"
) -> list[str]:
    """Return what becomes of each push in a stage: when it is entered, or why it is not."""
    found = timed(template, *pushes, durations=durations)
    runs = [run for run in found.runs if run.stage.name == stage]
    return [
        f"{run.entered:%Y-%m-%d %H:%M}"
        if run.entered
        else f"superseded by {lost.push} at {lost.at:%m-%d %H:%M} before {lost.stage}"
        if (lost := run.superseded_by)
        else "never"
        for run in runs
    ]


def timed(template: Any, *pushes: str, durations: Durations = NO_TIME) -> Timeline:
    """Return what becomes of pushes."""
    return timeline(template, [at(push) for push in pushes], durations, name="release")
