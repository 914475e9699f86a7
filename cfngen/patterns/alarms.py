"""An SNS topic with an e-mail subscription, and alarms that publish to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from awacs import sns as may
from troposphere import AWSObject, Equals, GetAtt, Not, Ref
from troposphere.cloudwatch import Alarm, MetricDimension
from troposphere.sns import SubscriptionResource, Topic, TopicPolicy
from troposphere.sqs import Queue

from cfngen.authoring.iam import allow, policy_document, tls_only
from cfngen.authoring.parameters import parameter
from cfngen.authoring.waivers import waive
from cfngen.errors import PatternError
from cfngen.patterns.queues import DeadLetters

__all__ = [
    "AlarmTopic",
    "alarm",
    "alarm_topic",
    "dead_letters_alarm",
    "email_parameter",
    "email_topic",
    "failed_builds_alarm",
    "failed_starts_alarm",
]

UNENCRYPTED = """\
Not encrypted: services cannot publish under the key AWS manages, a key of our own
costs a dollar a month, and the messages hold no more than a few names."""


@dataclass(frozen=True)
class AlarmTopic:
    """A topic and its policy.

    Attributes:
        topic: the topic.
        policy: the topic's policy.
        subscription: the e-mail subscription, if any.
        conditions: the conditions of the template that it needs, by name; `Template.add` adds them.
    """

    topic: Topic
    policy: TopicPolicy
    subscription: SubscriptionResource | None = None
    conditions: Mapping[str, Any] = field(default_factory=dict)

    @property
    def output(self) -> tuple[str, Ref, str]:
        """The output that names the topic, as `Template.output` takes it."""
        return self.topic.title, Ref(self.topic), "ARN of the topic that alarms publish to."

    @property
    def resources(self) -> list[tuple[AWSObject, str]]:
        """The resources, each with the comment above it."""
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
        email: an address that its messages are sent to.
        when: the condition under which they are.
        rules: whether EventBridge's rules may publish, too.
        alarms: whether alarms may, or else rules alone.
    """
    topic = waive(
        Topic(title),
        "checkov:CKV_AWS_26",
        reason="Messages hold names and states and nothing secret; services cannot publish under"
        " the key that AWS manages for SNS, and one of the stack's own costs a dollar a month.",
    )
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


def email_parameter(
    description: str = "E-mail address to notify of alarms. Leave empty for none.",
    *,
    group: str = "",
    label: str = "",
) -> parameter:
    """Return a parameter for an e-mail address, which may be empty.

    Args:
        description: what the address is for, and what it means to leave it empty.
        group: the heading in the console, as of any `parameter`.
        label: the label in the console, as of any `parameter`.

    Example:
        >>> from cfngen import Parameters
        >>> class Params(Parameters):
        ...     AlarmEmail = email_parameter(group="Operation")
    """
    return parameter(
        description,
        Default="",
        AllowedPattern="|[^@ ]+@[^@ ]+",
        ConstraintDescription="Enter an e-mail address, or leave it empty.",
        group=group,
        label=label,
    )


def email_topic(title: str, address: Ref, **settings: bool) -> AlarmTopic:
    """Return a topic with a subscription, unless the address is empty.

    `Template.add` adds the condition as well, which is called `Has` and the parameter's name.
    The owner of the address confirms the subscription by a link in an e-mail from SNS.

    Args:
        title: the logical ID.
        address: the parameter, declared with `email_parameter`.
        settings: `rules` and `alarms`, as `alarm_topic` takes them.

    Raises:
        PatternError: the address is not a parameter.

    Source: AWS page "Amazon SNS email notification subscription setup and management".

    Example:
        >>> topic = email_topic("AlarmTopic", Ref("AlarmEmail"))
        >>> topic.subscription.Condition, list(topic.conditions)
        ('HasAlarmEmail', ['HasAlarmEmail'])
    """
    if not isinstance(address, Ref):
        raise PatternError(
            "email_topic",
            title,
            "address",
            f"{address!r} is not a parameter; declare one with email_parameter(), or give"
            " alarm_topic() an address that is always there",
        )
    condition = f"Has{address.data['Ref']}"
    topic = alarm_topic(title, email=address, when=condition, **settings)
    return replace(topic, conditions={condition: Not(Equals(address, ""))})


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
    """Return an alarm for a metric above a threshold within five minutes; missing data is OK.

    The topic hears of its end as well. An alarm notifies of a change of its state only: one whose
    metric stays above the threshold does so once, whatever happens meanwhile.

    Args:
        title: the logical ID.
        description: what an operator reads in the message; it names the resource that the metric is
            of by its logical ID, for a metric of our own the log that it is written to.
        metric: namespace and name, such as `AWS/SQS ApproximateNumberOfMessagesVisible`.
        dimensions: the metric's dimensions.
        topic: the topic that it publishes to.
        statistic: `Sum`, `Maximum`, `SampleCount` and the like.
        above: the threshold.
        properties: what differs from the above, as CloudFormation spells it.

    Raises:
        PatternError: the metric has no namespace; CloudWatch would take it for another metric,
            which never has data.

    Source: AWS page "Using Amazon CloudWatch alarms".
    """
    namespace, _, name = metric.rpartition(" ")
    if not namespace.strip() or not name:
        raise PatternError(
            "alarm",
            title,
            "metric",
            f"{metric!r} has no namespace; write both, such as 'AWS/CodeBuild FailedBuilds'",
        )
    usual: dict[str, Any] = {
        "Statistic": statistic,
        "Period": 300,
        "EvaluationPeriods": 1,
        "Threshold": above,
        "ComparisonOperator": "GreaterThanThreshold",
        "TreatMissingData": "notBreaching",
    }
    own = {
        "AlarmDescription": description,
        "Namespace": namespace,
        "MetricName": name,
        "Dimensions": [MetricDimension(Name=key, Value=value) for key, value in dimensions.items()],
        **usual,
        "AlarmActions": [Ref(topic)],
        "OKActions": [Ref(topic)],
    }
    return Alarm(title, **{**own, **properties})


def dead_letters_alarm(
    title: str,
    *,
    queue: DeadLetters | Queue,
    topic: Any,
    description: str = "",
    redrive: bool = False,
) -> Alarm:
    """Return an alarm for messages that arrive in a dead-letter queue.

    Messages from rules and functions count as sent, so there is an alarm for each arrival, however
    long earlier messages are kept. Messages that SQS itself moves there after `maxReceiveCount`
    attempts do not count as sent: an alarm for those (`redrive`) counts the messages in the queue,
    and triggers again only after the queue was emptied.

    Args:
        title: the logical ID.
        queue: the queue.
        topic: the topic that it publishes to.
        description: what an operator reads; by default, that the queue has what was not delivered.
        redrive: whether it is for what SQS itself moves there.

    Source: AWS page "Available CloudWatch metrics for Amazon SQS" (`NumberOfMessagesSent` does not
    capture messages that are moved by a redrive policy).
    """
    queue = queue.queue if isinstance(queue, DeadLetters) else queue
    metric = "ApproximateNumberOfMessagesVisible" if redrive else "NumberOfMessagesSent"
    usual = f"Something was not delivered. The queue {queue.title} has what, and why."
    return alarm(
        title,
        description or usual,
        metric=f"AWS/SQS {metric}",
        dimensions={"QueueName": GetAtt(queue, "QueueName")},
        statistic="Maximum" if redrive else "Sum",
        topic=topic,
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
