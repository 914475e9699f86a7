"""What could not be delivered is kept and told of, or the reason stands where the rule is made."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from support.shapes_of_ours import Shape, all_shapes

from cfngen.patterns.queues import NO_QUEUE, without_dead_letters
from cfngen.testing import allowed, statements

# What each metric hears of, and how it is summed up (AWS page "Available CloudWatch metrics for
# Amazon SQS"): what SQS itself moves after `maxReceiveCount` attempts does not count as sent.
SENT = ("NumberOfMessagesSent", "Sum")
REDRIVEN = ("ApproximateNumberOfMessagesVisible", "Maximum")
# Who calls a function and does not wait for its answer (AWS page "Invoking Lambda functions
# asynchronously"); API Gateway and custom resources hear of a failure themselves.
ASYNCHRONOUS = {
    "codecommit.amazonaws.com",
    "events.amazonaws.com",
    "s3.amazonaws.com",
    "sns.amazonaws.com",
}


@dataclass(frozen=True)
class Delivery:
    """Something that is delivered, and can fail.

    Attributes:
        shape: the template.
        source: the logical ID of the rule, schedule or function.
        target: the ARN that it goes to.
        queue: the ARN of the dead-letter queue, if any.
        writer: `rule`, or the logical ID of the role that writes to the queue.
    """

    shape: Shape
    source: str
    target: Any
    queue: Any
    writer: str

    def __str__(self) -> str:
        """Return where it is."""
        return f"{self.source} of {self.shape}"


def logical(arn: Any) -> str:
    """Return whose ARN a `GetAtt` is."""
    return str(arn["Fn::GetAtt"][0]) if isinstance(arn, dict) and "Fn::GetAtt" in arn else ""


def deliveries(shape: Shape) -> Iterator[Delivery]:
    """Yield all that a template delivers without anybody waiting for it."""
    for name, rule in shape.of_type("Events::Rule").items():
        for target in rule["Targets"]:
            queue = target.get("DeadLetterConfig", {}).get("Arn")
            yield Delivery(shape, name, target["Arn"], queue, "rule")
    for name, schedule in shape.of_type("Scheduler::Schedule").items():
        target = schedule["Target"]
        queue = target.get("DeadLetterConfig", {}).get("Arn")
        yield Delivery(shape, name, target["Arn"], queue, logical(target["RoleArn"]))
    called = {
        logical(permission["FunctionName"])
        for permission in shape.of_type("Lambda::Permission").values()
        if permission["Principal"] in ASYNCHRONOUS
    }
    for name, function in shape.of_type("Lambda::Function").items():
        if name in called:
            queue = function.get("DeadLetterConfig", {}).get("TargetArn")
            yield Delivery(shape, name, None, queue, logical(function["Role"]))


def dead_letter_queues(shape: Shape) -> set[str]:
    """Return the logical IDs of the queues that keep what could not be delivered."""
    return {logical(one.queue) for one in deliveries(shape) if one.queue}


def watched(shape: Shape, metric: tuple[str, str]) -> set[str]:
    """Return the logical IDs of the queues for which an alarm rings at any message."""
    return {
        alarm["Dimensions"][0]["Value"]["Fn::GetAtt"][0]
        for alarm in shape.of_type("CloudWatch::Alarm").values()
        if (alarm["Namespace"], alarm["MetricName"], alarm["Statistic"]) == ("AWS/SQS", *metric)
        and (alarm["Threshold"], alarm["EvaluationPeriods"]) == (0, 1)
    }


def redriven(shape: Shape) -> set[str]:
    """Return the logical IDs of the queues that SQS moves messages to by itself."""
    found = set()
    for queue in shape.of_type("SQS::Queue").values():
        if "RedrivePolicy" in queue:
            failed = logical(queue["RedrivePolicy"]["deadLetterTargetArn"])
            other = shape.of_type("SQS::Queue")[failed]
            assert other.get("FifoQueue") == queue.get("FifoQueue")
            found.add(failed)
    return found


def sent_by_roles(shape: Shape, queues: set[str]) -> set[str]:
    """Return those of the queues that a role of the template may send messages to."""
    found = set()
    for role in shape.of_type("IAM::Role"):
        for arn in allowed(shape.body, role).get("sqs:SendMessage", []):
            found |= {logical(arn)} & queues
    return found


def may_write(shape: Shape, one: Delivery) -> bool:
    """Whether the queue takes what this puts there."""
    queue = logical(one.queue)
    if one.writer != "rule":
        return one.queue in allowed(shape.body, one.writer).get("sqs:SendMessage", [])
    return any(
        {"Fn::GetAtt": [one.source, "Arn"]} in statement["Condition"]["ArnEquals"]["aws:SourceArn"]
        for policy in shape.of_type("SQS::QueuePolicy").values()
        if policy["Queues"] == [{"Ref": queue}]
        for _, statement in statements(policy)
        if statement["Effect"] == "Allow"
        and statement["Principal"] == {"Service": "events.amazonaws.com"}
    )


def test_what_is_lost_is_kept_or_has_its_reason() -> None:
    """Each rule, schedule and function has a dead-letter queue, or a reason above it for none.

    What goes to such a queue itself needs no other.
    """
    for shape in all_shapes():
        ours = dead_letter_queues(shape)
        for one in deliveries(shape):
            reason = shape.comment(one.source).partition(NO_QUEUE)[2]
            if one.queue:
                assert not reason, f"{one}: has a queue, and a reason why not"
            elif logical(one.target) not in ours:
                assert len(reason.split()) >= 4, f"{one}: no dead-letter queue, and no reason"


def test_a_dead_letter_queue_takes_what_is_put_there() -> None:
    """It is a standard queue of the template, and whoever writes there may.

    Source: AWS page "Using dead-letter queues to process undelivered events in EventBridge".
    """
    seen = set()
    for shape in all_shapes():
        for one in deliveries(shape):
            if one.queue:
                properties = shape.of_type("SQS::Queue")[logical(one.queue)]
                assert not properties.get("FifoQueue"), f"{one}: a FIFO queue takes no such events"
                assert may_write(shape, one), f"{one}: may not write to {logical(one.queue)}"
                seen.add("rule" if one.writer == "rule" else shape.resources[one.source]["Type"])
            elif logical(one.target) in dead_letter_queues(shape):
                there = Delivery(shape, one.source, None, one.target, "rule")
                assert may_write(shape, there), f"{one}: may not write to {logical(one.target)}"
    assert seen == {"rule", "AWS::Scheduler::Schedule", "AWS::Lambda::Function"}


def test_who_keeps_dead_letters_tells_of_each() -> None:
    """Each queue of what failed has an alarm that rings for the second message as for the first.

    One that counts what is in the queue stays in its state while anything is kept, so it is for
    what SQS moves there only, which no other metric hears of.
    """
    seen = 0
    for shape in all_shapes():
        moved = redriven(shape)
        sent = dead_letter_queues(shape) | sent_by_roles(shape, moved)
        assert sent == watched(shape, SENT), f"sent messages of {shape}"
        assert moved == watched(shape, REDRIVEN), f"moved messages of {shape}"
        seen += len(moved | sent)
    assert seen


def test_a_reason_is_printed_where_it_is_read() -> None:
    """What is said about a rule without a queue stands above it in the template."""
    assert without_dead_letters("the next does it.", "Once a day.") == (
        f"Once a day. {NO_QUEUE} the next does it."
    )
    said = [
        shape.comment(name)
        for shape in all_shapes()
        for name in shape.of_type("Events::Rule")
        if NO_QUEUE in shape.comment(name)
    ]
    assert said
    assert all(re.search(rf"{NO_QUEUE} [a-z].*\.$", text) for text in said)


def test_a_rule_that_nobody_keeps_the_events_of_has_an_alarm_or_tells_people() -> None:
    """What starts work is watched; only what tells people may fail without a word."""
    for shape in all_shapes():
        ours = dead_letter_queues(shape)
        failing = {
            alarm["Dimensions"][0]["Value"].get("Ref")
            for alarm in shape.of_type("CloudWatch::Alarm").values()
            if alarm["MetricName"] == "FailedInvocations"
        }
        topics = set(shape.of_type("SNS::Topic"))
        for one in deliveries(shape):
            if not one.queue and logical(one.target) not in ours:
                told = isinstance(one.target, dict) and one.target.get("Ref") in topics
                assert told or one.source in failing, f"{one}: fails without a word"
