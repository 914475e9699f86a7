"""Which events tell people, or start the pipeline, by an emulator of EventBridge."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from support import aws_events
from support.cloudformation import resolved
from support.pipelines import GIVEN, SHAPES

from cfngen import synthesize
from cfngen.project.registry import find
from cfngen.testing import of_type

if TYPE_CHECKING:
    from support.eventbridge import EventBridge

BLUEPRINT = find("multi_region_pipeline").load()


def rules(**options: Any) -> dict[str, Any]:
    """Return the rules of a shape, with what the deployment fills in."""
    body = synthesize(BLUEPRINT, options).document.body
    return {
        name: resolved(rule, GIVEN) for name, rule in of_type(body, "AWS::Events::Rule").items()
    }


def pipeline_event(what: str, **detail: Any) -> dict[str, Any]:
    """Return an event as CodePipeline sends it.

    Source: AWS page "Monitoring CodePipeline events", its examples of the three kinds.
    """
    common = {"pipeline": "release", "execution-id": "12345678-1234-5678-abcd-12345678abcd",
              "version": 3.0}  # fmt: skip
    return aws_events.event(
        "aws.codepipeline",
        f"CodePipeline {what} Execution State Change",
        "arn:aws:codepipeline:eu-west-1:123456789012:release",
        {**common, **detail},
    )


FAILED = pipeline_event("Pipeline", state="FAILED")
ACTION = pipeline_event(
    "Action",
    stage="Deploy-us",
    action="us-execute",
    state="FAILED",
    region="us-east-1",
    type={"owner": "AWS", "category": "Deploy", "provider": "CloudFormation", "version": "1"},
)
OPENED = pipeline_event("Stage", stage="Deploy-eu", state="STARTED")
EVERY = {
    "failed": FAILED,
    "failed elsewhere": pipeline_event("Pipeline", state="FAILED", pipeline="other"),
    "failed in a region's": pipeline_event("Pipeline", state="FAILED", pipeline="release-eu"),
    "succeeded": pipeline_event("Pipeline", state="SUCCEEDED"),
    "superseded": pipeline_event("Pipeline", state="SUPERSEDED"),
    "action failed": ACTION,
    "action began": pipeline_event("Action", stage="Build", action="Build", state="STARTED"),
    "entered": OPENED,
    "left": pipeline_event("Stage", stage="Deploy-eu", state="SUCCEEDED"),
    "building": pipeline_event("Stage", stage="Build", state="STARTED"),
}


def seen(eventbridge: EventBridge, rule: dict[str, Any]) -> set[str]:
    """Return which of all events a rule sees."""
    return {name for name, e in EVERY.items() if eventbridge.matches(rule["EventPattern"], e)}


def test_people_hear_of_failures_and_of_windows_and_of_nothing_else(
    eventbridge: EventBridge,
) -> None:
    """Of this pipeline only: neither a success nor a build is worth a message."""
    found = rules(regions=SHAPES["windows"]["regions"])
    assert {name: seen(eventbridge, rule) for name, rule in found.items()} == {
        "PipelineFailed": {"failed"},
        "ActionFailed": {"action failed"},
        "WindowOpened": {"entered"},
    }


def test_with_a_pipeline_for_each_region_people_hear_of_all_of_them(
    eventbridge: EventBridge,
) -> None:
    """Their names begin with that of the one at home."""
    found = rules(**SHAPES["pipelines"])
    assert seen(eventbridge, found["PipelineFailed"]) == {"failed", "failed in a region's"}


def test_an_alarm_that_fails_a_stage_is_told_with_the_stage(eventbridge: EventBridge) -> None:
    """No action fails then, so that nothing else would say where it was."""
    watched = {"label": "eu", "region": "eu-west-1", "alarms": ["errors"], "bake_minutes": 5}
    found = rules(regions=[watched, {"label": "us", "region": "us-east-1"}])["StageFailed"]
    failed = pipeline_event("Stage", stage="Deploy-eu", state="FAILED")
    assert eventbridge.matches(found["EventPattern"], failed)
    for other in (OPENED, pipeline_event("Stage", stage="Deploy-us", state="FAILED")):
        assert not eventbridge.matches(found["EventPattern"], other)
    _, text = eventbridge.transformed(found["Targets"][0]["InputTransformer"], failed)
    assert "stage Deploy-eu failed" in json.loads(text)


def test_without_windows_nobody_hears_of_any() -> None:
    """There is no such rule."""
    assert set(rules()) == {"PipelineFailed", "ActionFailed"}


@pytest.mark.parametrize(
    ("rule", "event", "words"),
    [
        ("PipelineFailed", FAILED, ["release failed", "12345678-1234"]),
        ("ActionFailed", ACTION, ["us-execute", "Deploy-us", "us-east-1", "release"]),
        ("WindowOpened", OPENED, ["the window of stage Deploy-eu has opened", "release"]),
    ],
)
def test_messages_name_pipeline_stage_and_region(
    rule: str, event: dict[str, Any], words: list[str], eventbridge: EventBridge
) -> None:
    """What arrives is one line of text, as SNS sends it on."""
    found = rules(regions=SHAPES["windows"]["regions"])[rule]
    (target,) = found["Targets"]
    assert target["Arn"] == "<NotifyTopic>"
    _, text = eventbridge.transformed(target["InputTransformer"], event)
    message = json.loads(text)
    assert isinstance(message, str)
    for word in words:
        assert word in message
    assert "<" not in message


def test_the_topic_lets_in_rules_alarms_and_nobody_else() -> None:
    """EventBridge without a condition, which its messages might not meet, and so be lost."""
    body = synthesize(BLUEPRINT, SHAPES["waves"]).document.body
    (policy,) = of_type(body, "AWS::SNS::TopicPolicy").values()
    alarms, events, tls_only = policy["PolicyDocument"]["Statement"]
    assert tls_only["Effect"] == "Deny"
    assert alarms["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    assert events["Principal"] == {"Service": "events.amazonaws.com"}
    assert events["Action"] == "sns:Publish"
    assert "Condition" not in events


def push(**changed: Any) -> dict[str, Any]:
    """Return the event of a push to a branch."""
    detail = {"event": "referenceUpdated", "referenceType": "branch", "referenceName": "main"}
    repository = changed.pop("repository", "app")
    arn = f"arn:aws:codecommit:eu-west-1:123456789012:{repository}"
    return aws_events.event(
        "aws.codecommit", "CodeCommit Repository State Change", arn, {**detail, **changed}
    )


def test_a_push_to_the_branch_starts_the_pipeline_at_once(eventbridge: EventBridge) -> None:
    """Nobody asks CodeCommit every minute; other branches, tags and deletions start nothing."""
    found = rules(source="codecommit")["Push"]
    pattern = found["EventPattern"]
    assert eventbridge.matches(pattern, push())
    assert eventbridge.matches(pattern, push(event="referenceCreated"))
    for other in (
        push(event="referenceDeleted"),
        push(referenceName="main2"),
        push(referenceType="tag"),
        push(repository="application"),
    ):
        assert not eventbridge.matches(pattern, other), other
    (target,) = found["Targets"]
    assert target["Arn"] == "arn:aws:codepipeline:eu-west-1:123456789012:release"


def test_an_upload_of_the_archive_starts_the_pipeline_at_once(eventbridge: EventBridge) -> None:
    """Only of that object, in that bucket."""
    pattern = rules(source="s3")["Push"]["EventPattern"]

    def upload(bucket: str = "sources", key: str = "app/source.zip") -> dict[str, Any]:
        detail = {"bucket": {"name": bucket}, "object": {"key": key, "size": 5}}
        return aws_events.event("aws.s3", "Object Created", f"arn:aws:s3:::{bucket}", detail)

    assert eventbridge.matches(pattern, upload())
    assert not eventbridge.matches(pattern, upload(bucket="others"))
    assert not eventbridge.matches(pattern, upload(key="app/source.zip.bak"))
