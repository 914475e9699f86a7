"""Topics that mail people, and the alarms that they hear of."""

from __future__ import annotations

from typing import Any

import pytest
from support.cloudformation import resolved
from troposphere.sns import Topic

from cfngen import Parameters, Template
from cfngen.errors import PatternError
from cfngen.patterns import (
    alarm,
    dead_letters,
    dead_letters_alarm,
    email_parameter,
    email_topic,
    ordered_queue,
)
from cfngen.testing import dangling, unused


class Params(Parameters):
    """One address."""

    OpsEmail = email_parameter(group="Operation")


def body() -> dict[str, Any]:
    """Return a template with a topic that mails."""
    t = Template("A test")
    p = t.declare(Params)
    topic = t.add(email_topic("OpsTopic", p.OpsEmail))
    t.output(*topic.output)
    return t.document().body


@pytest.mark.parametrize(("address", "mailed"), [("ops@example.com", True), ("", False)])
def test_an_address_that_is_left_empty_gets_no_mail(address: str, mailed: bool) -> None:  # noqa: FBT001
    """The subscription is there if there is an address; the condition comes with the topic."""
    template = body()
    subscription = template["Resources"]["OpsSubscription"]
    assert subscription["Properties"]["Endpoint"] == {"Ref": "OpsEmail"}
    condition = template["Conditions"][subscription["Condition"]]
    assert resolved(condition, {"OpsEmail": address}) is mailed
    assert template["Parameters"]["OpsEmail"]["Default"] == ""
    assert template["Outputs"]["OpsTopic"]["Value"] == {"Ref": "OpsTopic"}
    assert not list(dangling(template))
    assert not list(unused(template))


def test_an_address_has_to_be_a_parameter() -> None:
    """A condition could not ask whether a text of ours is empty."""
    address: Any = "ops@example.com"
    with pytest.raises(
        PatternError, match=r"email_topic\('OpsTopic'\): address: 'ops@example.com'"
    ):
        email_topic("OpsTopic", address)


@pytest.mark.parametrize("metric", ["FailedBuilds", " FailedBuilds", "AWS/CodeBuild "])
def test_a_metric_without_its_namespace_is_refused(metric: str) -> None:
    """CloudWatch would take it, and never hear of it."""
    with pytest.raises(PatternError) as caught:
        alarm("Failed", "It failed", metric=metric, dimensions={}, topic=Topic("Topic"))
    assert (caught.value.pattern, caught.value.argument) == ("alarm", "metric")


def test_a_queue_of_dead_letters_rings_at_each_message() -> None:
    """What is sent there is counted; what SQS moves there is not, so that what is there counts."""
    lost = dead_letters("Lost", rules=(), reason="To test.")
    pushes = ordered_queue(
        "Pushes", given_up="GivenUp", attempts=2, seconds=60, rules=(), reason="To test."
    )
    for queue, title, redrive in ((lost, "Lost", False), (pushes.given_up, "GivenUp", True)):
        made = dead_letters_alarm(
            "Rings", queue=queue, topic=Topic("Topic"), redrive=redrive
        ).to_dict()["Properties"]
        (dimension,) = made["Dimensions"]
        assert dimension["Value"] == {"Fn::GetAtt": [title, "QueueName"]}
        metric = "ApproximateNumberOfMessagesVisible" if redrive else "NumberOfMessagesSent"
        statistic = "Maximum" if redrive else "Sum"
        assert made["MetricName"] == metric
        assert (made["Threshold"], made["Statistic"]) == (0, statistic)
        assert f"queue {title} " in made["AlarmDescription"]
        assert made["AlarmActions"] == made["OKActions"] == [{"Ref": "Topic"}]
