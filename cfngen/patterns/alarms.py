"""Alarms, and the topic that tells people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from awacs import sns as may
from troposphere import AWSObject, Ref
from troposphere.cloudwatch import Alarm, MetricDimension
from troposphere.sns import SubscriptionResource, Topic, TopicPolicy

from cfngen.authoring.iam import allow, policy_document, tls_only

UNENCRYPTED = """\
Not encrypted: services cannot publish under the key AWS manages, a key of our own
costs a dollar a month, and the messages hold no more than a few names."""


@dataclass(frozen=True)
class AlarmTopic:
    """A topic and who may publish to it."""

    topic: Topic
    policy: TopicPolicy
    subscription: SubscriptionResource | None = None

    @property
    def resources(self) -> list[tuple[AWSObject, str]]:
        """The resources and why each is there."""
        return [
            (
                self.topic,
                UNENCRYPTED,
            ),
            (self.policy, ""),
            *([(self.subscription, "")] if self.subscription else []),
        ]


def alarm_topic(
    title: str, *, email: Any = None, when: str = "", rules: bool = False, alarms: bool = True
) -> AlarmTopic:
    """Return a topic that this account's CloudWatch alarms may publish to.

    Args:
        title: the logical ID.
        email: an address that is told.
        when: the condition under which it is.
        rules: whether EventBridge's rules may publish, too.
        alarms: whether alarms may, or else rules alone.
    """
    # excuse checkov:CKV_AWS_26 *Topic: Messages hold names and states and nothing secret; services
    # cannot publish under the key that AWS manages for SNS, and one of the stack's own would cost a
    # dollar a month.
    topic = Topic(title)
    # The AWS page "Using resource-based policies for Amazon EventBridge" has no condition either.
    by_rules = [
        allow(
            may.Publish,
            on=Ref(topic),
            to={"Service": "events.amazonaws.com"},
            reason="No condition: EventBridge is not documented to say here for which rule it is.",
        )
    ] * rules
    by_alarms = [
        allow(
            may.Publish,
            on=Ref(topic),
            to={"Service": "cloudwatch.amazonaws.com"},
            when={"StringEquals": {"aws:SourceAccount": Ref("AWS::AccountId")}},
        )
    ] * alarms
    policy = TopicPolicy(
        f"{title}Policy",
        Topics=[Ref(topic)],
        PolicyDocument=policy_document(*by_alarms, *by_rules, tls_only("sns:Publish", Ref(topic))),
    )
    if email is None:
        return AlarmTopic(topic, policy)
    subscription = SubscriptionResource(
        f"{title.removesuffix('Topic')}Subscription",
        **({"Condition": when} if when else {}),
        TopicArn=Ref(topic),
        Protocol="email",
        Endpoint=email,
    )
    return AlarmTopic(topic, policy, subscription)


def alarm(
    title: str,
    description: str,
    *,
    metric: str,
    dimensions: dict[str, Any],
    topic: Any,
    statistic: str = "Sum",
    above: Any = 0,
    **properties: Any,
) -> Alarm:
    """Return an alarm for a metric above a threshold within five minutes; no data is fine.

    Args:
        title: the logical ID.
        description: what an operator reads in the message; it names the resource that the metric is
            of by its logical ID, for a metric of our own the log that it is written to.
        metric: namespace and name, such as `AWS/SQS ApproximateNumberOfMessagesVisible`.
        dimensions: the metric's dimensions.
        topic: the topic that is told.
        statistic: `Sum`, `Maximum`, `SampleCount` and the like.
        above: the threshold.
        properties: what differs from the above, as CloudFormation spells it.
    """
    namespace, _, name = metric.rpartition(" ")
    usual: dict[str, Any] = {
        "Statistic": statistic,
        "Period": 300,
        "EvaluationPeriods": 1,
        "Threshold": above,
        "ComparisonOperator": "GreaterThanThreshold",
        "TreatMissingData": "notBreaching",
    }
    return Alarm(
        title,
        AlarmDescription=description,
        Namespace=namespace,
        MetricName=name,
        Dimensions=[MetricDimension(Name=key, Value=value) for key, value in dimensions.items()],
        **{**usual, **properties},
        AlarmActions=[Ref(topic)],
    )


def failed_starts_alarm(title: str, *, rule: Any, topic: Any, description: str) -> Alarm:
    """Return an alarm for events that a rule could not deliver, after all attempts.

    It is for rules without a dead-letter queue: what goes to one is not counted. Source: AWS page
    "Monitoring Amazon EventBridge" (namespace AWS/Events, metric FailedInvocations).
    """
    return alarm(
        title,
        description,
        metric="AWS/Events FailedInvocations",
        dimensions={"RuleName": Ref(rule)},
        topic=topic,
    )


def failed_builds_alarm(title: str, *, project: Any, topic: Any, description: str) -> Alarm:
    """Return an alarm for builds of one project that failed or ran out of time.

    Source: AWS page "Monitoring CodeBuild" (namespace AWS/CodeBuild, metric FailedBuilds).
    """
    return alarm(
        title,
        description,
        metric="AWS/CodeBuild FailedBuilds",
        dimensions={"ProjectName": Ref(project)},
        topic=topic,
        above=1,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
    )
