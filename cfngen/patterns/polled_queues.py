"""A queue whose messages a function takes in batches, until it has done with each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from awacs import sqs as may
from troposphere import AWSObject, GetAtt, Ref, awslambda
from troposphere.sqs import Queue, QueuePolicy, RedrivePolicy

from cfngen.authoring.iam import Statement, allow
from cfngen.errors import PatternError
from cfngen.patterns.functions import MAX_SECONDS, PythonFunction
from cfngen.patterns.queues import DeadLetters, encrypted_queue, queue_policy

__all__ = ["PolledQueue", "polled_queue"]

MAX_RECEIVES = 1000  # the most that a redrive policy takes
MAX_WINDOW = 300


class ScalingConfig(awslambda.ScalingConfig):  # type: ignore[misc]
    """Adds what troposphere loses because it names two classes alike."""

    props = {"MaximumConcurrency": (int, False)}  # noqa: RUF012 - troposphere's own way


@dataclass(frozen=True)
class PolledQueue:
    """A queue, and how a function takes messages off it.

    Attributes:
        queue: the queue.
        policy: which rules may write there; nobody may without TLS.
        reason: the comment above the queue.
        window: seconds for which Lambda gathers messages before it calls the function.
    """

    queue: Queue
    policy: QueuePolicy
    reason: str
    window: int

    @property
    def resources(self) -> list[tuple[AWSObject, str]]:
        """The resources and why each is there."""
        return [(self.queue, self.reason), (self.policy, "")]

    @property
    def arn(self) -> GetAtt:
        """The queue's ARN."""
        return GetAtt(self.queue, "Arn")

    @property
    def may_consume(self) -> Statement:
        """Allow a function's role what Lambda needs to poll, and to put a message off."""
        return allow(
            may.ChangeMessageVisibility,
            may.DeleteMessage,
            may.GetQueueAttributes,
            may.ReceiveMessage,
            on=self.arn,
        )

    @property
    def may_send(self) -> Statement:
        """Allow sending messages."""
        return allow(may.SendMessage, on=self.arn)

    def poll(
        self, title: str, function: PythonFunction, *, batch: int, concurrency: int = 2
    ) -> awslambda.EventSourceMapping:
        """Return what hands the messages to a function, which answers which of them failed.

        The function's role needs `may_consume`. Its answer is
        `{"batchItemFailures": [{"itemIdentifier": MESSAGE_ID}]}`; what is not in it is deleted.

        Args:
            title: the logical ID.
            function: the function.
            batch: the most messages of a call, 10,000 at most.
            concurrency: the most calls at once; Lambda takes 2 and more.

        Source: AWS page "Using Lambda with Amazon SQS".
        """
        return awslambda.EventSourceMapping(
            title,
            EventSourceArn=self.arn,
            FunctionName=Ref(function.function),
            BatchSize=batch,
            MaximumBatchingWindowInSeconds=self.window,
            FunctionResponseTypes=["ReportBatchItemFailures"],
            ScalingConfig=ScalingConfig(MaximumConcurrency=concurrency),
        )


def polled_queue(
    title: str,
    *,
    dead_letter_queue: DeadLetters,
    rules: Sequence[Any],
    seconds: int,
    window: int = 20,
    receives: int = MAX_RECEIVES,
    reason: str,
) -> PolledQueue:
    """Return an encrypted queue that keeps messages for 14 days, or until they were done.

    A message that a call did not finish is seen again after six times the function's timeout and
    the window, as AWS advises; a function may put it off by another time. SQS deletes what is older
    than 14 days without a word: what is put off must have been received often enough before.

    Args:
        title: the logical ID.
        dead_letter_queue: where a message goes that was received too often.
        rules: the ARNs of the rules that may write there.
        seconds: the timeout of the function that polls it.
        window: seconds for which Lambda gathers messages before it calls the function.
        receives: how often a message may be received.
        reason: the comment above it.

    Raises:
        PatternError: SQS or Lambda takes no such number.

    Source: AWS page "Creating and configuring an Amazon SQS event source mapping".
    """
    for name, value, least, most in (
        ("seconds", seconds, 1, MAX_SECONDS),
        ("window", window, 0, MAX_WINDOW),
        ("receives", receives, 1, MAX_RECEIVES),
    ):
        if not least <= value <= most:
            raise PatternError("polled_queue", title, name, f"{value}; take {least} to {most}")
    queue = encrypted_queue(
        title,
        VisibilityTimeout=6 * seconds + window,
        RedrivePolicy=RedrivePolicy(
            deadLetterTargetArn=dead_letter_queue.arn, maxReceiveCount=receives
        ),
    )
    return PolledQueue(queue, queue_policy(queue, rules), reason, window)
