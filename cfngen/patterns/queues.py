"""A queue for events that nobody could be told about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from awacs import sqs as may
from troposphere import AWSObject, GetAtt, Ref
from troposphere.sqs import Queue, QueuePolicy

from cfngen.iam import Statement, allow, policy_document


@dataclass(frozen=True)
class DeadLetters:
    """A queue, and the policy that lets rules put events there, if there are any."""

    queue: Queue
    policy: QueuePolicy | None
    why: str

    @property
    def resources(self) -> list[tuple[AWSObject, str]]:
        """The resources and why each is there."""
        return [(self.queue, self.why), *([(self.policy, "")] if self.policy else [])]

    @property
    def arn(self) -> GetAtt:
        """The queue's ARN."""
        return GetAtt(self.queue, "Arn")

    @property
    def may_send(self) -> Statement:
        """Allow a role to put events there, as a function's destination needs it."""
        return allow(may.SendMessage, on=self.arn)


def dead_letters(title: str, *, rules: Sequence[Any] = (), why: str) -> DeadLetters:
    """Return an encrypted queue that keeps for 14 days what could not be delivered.

    Args:
        title: the logical ID.
        rules: the ARNs of the rules that may write there; roles need `may_send` instead.
        why: the comment above it.
    """
    queue = Queue(
        title,
        DeletionPolicy="Delete",
        UpdateReplacePolicy="Delete",
        MessageRetentionPeriod=14 * 24 * 60 * 60,
        SqsManagedSseEnabled=True,
    )
    if not rules:
        return DeadLetters(queue, None, why)
    policy = QueuePolicy(
        f"{title}Policy",
        Queues=[Ref(queue)],
        PolicyDocument=policy_document(
            allow(
                may.SendMessage,
                on=GetAtt(queue, "Arn"),
                to={"Service": "events.amazonaws.com"},
                when={"ArnEquals": {"aws:SourceArn": list(rules)}},
            )
        ),
    )
    return DeadLetters(queue, policy, why)
