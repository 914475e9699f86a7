"""The nightly build: what it starts, what it may do, and who hears when it fails."""

from typing import Any

import pytest

from cfngen import generate
from cfngen.testing import allowed, beyond_api, dangling, of_type, over_budget, unused


@pytest.fixture(scope="module")
def template() -> dict[str, Any]:
    """Give the template, in which the linter has found nothing."""
    generated = generate("nightly_build")
    assert not generated.findings
    return generated.document.body


def test_the_schedule_starts_the_build_and_may_do_nothing_else(template: dict[str, Any]) -> None:
    """Its role starts this project, and puts into the queue what it could not start."""
    schedule = template["Resources"]["Nightly"]["Properties"]
    assert schedule["Target"]["Arn"] == {"Fn::GetAtt": ["Build", "Arn"]}
    assert schedule["Target"]["RoleArn"] == {"Fn::GetAtt": ["NightlyRole", "Arn"]}
    assert allowed(template, "NightlyRole") == {
        "codebuild:StartBuild": [{"Fn::GetAtt": ["Build", "Arn"]}],
        "sqs:SendMessage": [{"Fn::GetAtt": ["NightlyLost", "Arn"]}],
    }


def test_a_build_may_pull_its_repository_and_write_its_log(template: dict[str, Any]) -> None:
    """And nothing else."""
    assert set(allowed(template, "BuildRole")) == {
        "codecommit:GitPull",
        "logs:CreateLogStream",
        "logs:PutLogEvents",
    }


def test_a_failed_build_and_a_build_that_did_not_start_are_told(template: dict[str, Any]) -> None:
    """Two alarms, of which one topic hears; it mails them unless the address is empty."""
    topic = [{"Ref": "AlarmTopic"}]
    alarms = of_type(template, "AWS::CloudWatch::Alarm")
    assert {name: alarm["AlarmActions"] for name, alarm in alarms.items()} == {
        "BuildFailed": topic,
        "BuildNotStarted": topic,
    }
    subscription = template["Resources"]["AlarmSubscription"]
    assert subscription["Condition"] == "HasAlarmEmail"
    assert subscription["Properties"]["Protocol"] == "email"


def test_it_names_nothing_in_vain_and_takes_what_aws_takes(template: dict[str, Any]) -> None:
    """No name leads nowhere, none is unused, and no value is one that AWS would refuse."""
    assert not list(dangling(template))
    assert not list(unused(template))
    assert not list(beyond_api(template))
    assert not list(over_budget(template))
