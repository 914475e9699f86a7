"""SQS queues: a dead-letter queue and a FIFO queue, both TLS only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from awacs import sqs as may
from troposphere import AWSObject, GetAtt, Ref
from troposphere.sqs import Queue, QueuePolicy, RedrivePolicy

from cfngen.authoring.iam import Statement, allow, policy_document, tls_only
from cfngen.authoring.waivers import waive
from cfngen.deprecation import renamed_keywords

__all__ = ["DeadLetters", "OrderedQueue", "dead_letters", "ordered_queue", "without_dead_letters"]

NO_QUEUE = "No dead-letter queue:"


@dataclass(frozen=True)
class DeadLetters:
    """A dead-letter queue and its policy, which allows rules to send to it, with TLS only.

    Attributes:
        queue: the queue.
        policy: who may write there besides roles that have `may_send`.
        reason: the comment above the queue.
        rules: the ARNs of the rules that may write there.
    """

    queue: Queue
    policy: QueuePolicy
    reason: str
    rules: tuple[Any, ...] = ()

    @property
    def resources(self) -> list[tuple[AWSObject, str]]:
        """The resources, each with the comment above it."""
        return [(self.queue, self.reason), (self.policy, "")]

    @property
    def arn(self) -> GetAtt:
        """The queue's ARN."""
        return GetAtt(self.queue, "Arn")

    @property
    def may_send(self) -> Statement:
        """Allow a role to put events there, as a function's destination needs it."""
        return allow(may.SendMessage, on=self.arn)


@renamed_keywords(why="preceding")
def without_dead_letters(reason: str, preceding: str = "") -> str:
    """Return the comment above a rule or schedule that has no dead-letter queue.

    Args:
        reason: why losing an event does no harm, as the end of a sentence.
        preceding: what else the comment says, before it.

    Example:
        >>> without_dead_letters("the next run does the same.", "Once a night.")
        'Once a night. No dead-letter queue: the next run does the same.'
    """
    return f"{preceding} {NO_QUEUE} {reason}".strip()


@renamed_keywords(why="reason")
def dead_letters(title: str, *, rules: Sequence[Any], reason: str) -> DeadLetters:
    """Return an encrypted dead-letter queue that keeps messages for 14 days.

    Args:
        title: the logical ID.
        rules: the ARNs of the rules that may send to it; none, if only schedules and functions
            do, whose roles need `may_send` instead.
        reason: the comment above it.

    Source: AWS page "Using dead-letter queues to process undelivered events in EventBridge".
    """
    queue = encrypted_queue(title)
    return DeadLetters(_last(queue), queue_policy(queue, rules), reason, tuple(rules))


@dataclass(frozen=True)
class OrderedQueue:
    """A FIFO queue, and its dead-letter queue."""

    queue: Queue
    given_up: Queue
    policies: tuple[QueuePolicy, QueuePolicy]
    reason: str

    @property
    def resources(self) -> list[tuple[AWSObject, str]]:
        """The resources, each with the comment above it."""
        return [
            (self.given_up, f"What failed, or was received from {self.queue.title} too often."),
            (self.queue, self.reason),
            *((policy, "") for policy in self.policies),
        ]

    @property
    def arn(self) -> GetAtt:
        """The queue's ARN."""
        return GetAtt(self.queue, "Arn")

    @property
    def may_consume(self) -> Statement:
        """Allow taking messages off it, holding them meanwhile, and counting them."""
        return allow(
            may.ReceiveMessage,
            may.DeleteMessage,
            may.ChangeMessageVisibility,
            may.GetQueueAttributes,
            on=self.arn,
        )

    @property
    def may_send(self) -> Statement:
        """Allow sending messages, with a group and a deduplication id of the sender's choice."""
        return allow(may.SendMessage, on=self.arn)


@renamed_keywords(why="reason")
def ordered_queue(
    title: str, *, given_up: str, attempts: int, seconds: int, rules: Sequence[Any], reason: str
) -> OrderedQueue:
    """Return an encrypted FIFO queue that keeps messages for 14 days.

    A message that is sent twice within five minutes is kept once, as rules need it: they can name
    a group, but no deduplication id.

    Args:
        title: the logical ID.
        given_up: the logical ID of its dead-letter queue.
        attempts: how often a message is received before it goes there (`maxReceiveCount`).
        seconds: the visibility timeout.
        rules: the ARNs of the rules that may write there.
        reason: the comment above it.
    """
    failed = encrypted_queue(given_up, FifoQueue=True)
    queue = encrypted_queue(
        title,
        FifoQueue=True,
        ContentBasedDeduplication=True,
        VisibilityTimeout=seconds,
        RedrivePolicy=RedrivePolicy(
            deadLetterTargetArn=GetAtt(failed, "Arn"), maxReceiveCount=attempts
        ),
    )
    policies = queue_policy(queue, rules), queue_policy(failed)
    return OrderedQueue(queue, _last(failed), policies, reason)


def encrypted_queue(title: str, **properties: Any) -> Queue:
    """Return a queue that is encrypted with SQS's own key, and keeps messages for 14 days.

    Args:
        title: the logical ID.
        properties: further properties, as CloudFormation spells them.
    """
    return waive(
        Queue(
            title,
            DeletionPolicy="Delete",
            UpdateReplacePolicy="Delete",
            MessageRetentionPeriod=14 * 24 * 60 * 60,
            SqsManagedSseEnabled=True,
            **properties,
        ),
        "checkov:CKV_AWS_27",
        reason="It is encrypted, with the key that SQS manages, of which the rule does not know;"
        " EventBridge could not write under the key that AWS manages in KMS.",
    )


def _last(queue: Queue) -> Queue:
    return waive(
        queue,
        "cdk-nag:AwsSolutions-SQS3",
        reason="It is the dead-letter queue itself, of rules, schedules, functions or the queue"
        " beside it.",
    )


def queue_policy(queue: Queue, rules: Sequence[Any] = ()) -> QueuePolicy:
    """Return the policy by which a queue takes nothing without TLS, and events of some rules."""
    arn = GetAtt(queue, "Arn")
    by_rules = allow(
        may.SendMessage,
        on=arn,
        to={"Service": "events.amazonaws.com"},
        when={"ArnEquals": {"aws:SourceArn": list(rules)}},
    )
    return QueuePolicy(
        f"{queue.title}Policy",
        Queues=[Ref(queue)],
        PolicyDocument=policy_document(*([by_rules] if rules else []), tls_only("sqs:*", arn)),
    )
