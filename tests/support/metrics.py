"""Which metrics there are, of AWS's services and of our own programs."""

from __future__ import annotations

import functools
import itertools
import os
import types
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from unittest import mock


@dataclass(frozen=True)
class Emitted:
    """What a service emits for a resource.

    Attributes:
        type: the resource's type.
        dimension: the metric's one dimension.
        attribute: how a template gets its value: an attribute, or `Ref`.
        metrics: their names.
        page: the AWS page that lists them.
    """

    type: str
    dimension: str
    attribute: str
    metrics: frozenset[str]
    page: str


# By namespace.
OF_APIS = Emitted(
    "AWS::ApiGateway::RestApi",
    "ApiName",
    "Name",
    frozenset({"4XXError", "5XXError", "Count", "IntegrationLatency", "Latency"}),
    "Amazon API Gateway dimensions and metrics",
)
OF_SERVICES = {
    "AWS/SQS": Emitted(
        "AWS::SQS::Queue",
        "QueueName",
        "QueueName",
        frozenset(
            {
                "ApproximateAgeOfOldestMessage",
                "ApproximateNumberOfMessagesDelayed",
                "ApproximateNumberOfMessagesNotVisible",
                "ApproximateNumberOfMessagesVisible",
                "NumberOfEmptyReceives",
                "NumberOfMessagesDeleted",
                "NumberOfMessagesReceived",
                "NumberOfMessagesSent",
                "SentMessageSize",
            }
        ),
        "Available CloudWatch metrics for Amazon SQS",
    ),
    "AWS/Lambda": Emitted(
        "AWS::Lambda::Function",
        "FunctionName",
        "Ref",
        frozenset({"Duration", "Errors", "Invocations", "Throttles"}),
        "Types of metrics for Lambda functions",
    ),
    "AWS/CodeBuild": Emitted(
        "AWS::CodeBuild::Project",
        "ProjectName",
        "Ref",
        frozenset({"Builds", "Duration", "FailedBuilds", "QueuedDuration", "SucceededBuilds"}),
        "AWS CodeBuild CloudWatch metrics",
    ),
    "AWS/Events": Emitted(
        "AWS::Events::Rule",
        "RuleName",
        "Ref",
        frozenset(
            {
                "FailedInvocations",
                "InvocationAttempts",
                "Invocations",
                "InvocationsFailedToBeSentToDlq",
                "InvocationsSentToDlq",
                "SuccessfulInvocationAttempts",
                "ThrottledRules",
                "TriggeredRules",
            }
        ),
        "Monitoring Amazon EventBridge",
    ),
}

# A metric: namespace, name, dimensions.
Metric = tuple[str, str, frozenset[tuple[str, str]]]
EMBEDDED = "CloudWatchMetrics"  # what marks a line of a log as metrics, in a program's text


def _of_metrics_py(
    module: Any, since: str, setting: str, *, kept: bool
) -> Iterator[dict[str, Any]]:
    """Yield the lines that a mirroring writes, whatever comes of it."""
    for moment, failures, pushed in itertools.product({since, ""}, (0, 1), (False, True)):
        figures: dict[str, int] = {}
        if kept:  # as backups.py has it from the beginning
            figures["RefsRewritten"] = 0
        if pushed:
            module.count(figures, 2, "Writing objects: 100% (3/3), 217 bytes | 217.00 KiB/s, done.")
        yield module.line(setting, moment, "REGION", "a-repository", figures, failures)


def _of_start_mirror_py(
    module: Any, since: str, setting: str, *, kept: bool
) -> Iterator[dict[str, Any]]:
    """Yield the line about what waits."""
    yield module.measure(WaitingSeconds=7)


# Programs of ours that write metrics into their log: the variable that says which namespace and
# stack, the one that says since when, and what they write.
OF_PROGRAMS: dict[str, tuple[str, str, Callable[..., Iterator[dict[str, Any]]]]] = {
    "metrics.py": ("MIRROR_METRICS", "MIRROR_SINCE", _of_metrics_py),
    "start_mirror.py": ("METRICS", "", _of_start_mirror_py),
}


# What a function of ours that writes metrics reads when it is loaded.
FUNCTION = {
    "AWS_DEFAULT_REGION": "us-east-1",
    "BRANCHES": "",
    "CONTAINER": "mirror",
    "LOST_URL": "https://lost",
    "QUEUE_URL": "https://queue",
    "REPOSITORIES": "*",
    "TASK": '{"cluster": "c"}',
}


@functools.cache
def of_program(
    name: str, text: str, setting: str, *, since: bool, kept: bool = False
) -> set[Metric]:
    """Return the metrics that CloudWatch makes of what a program writes, by running it.

    Args:
        name: the file's name.
        text: the program.
        setting: the value of its variable for namespace and stack.
        since: whether anything says when the source changed.
        kept: whether what the source destroys is kept.

    Source: AWS page "Specification: Embedded metric format".
    """
    module = types.ModuleType(name)
    with mock.patch.dict(os.environ, {**FUNCTION, OF_PROGRAMS[name][0]: setting}):
        exec(compile(text, name, "exec"), vars(module))  # noqa: S102 - a program of ours
    found: set[Metric] = set()
    moment = "2026-12-31T23:59:59Z" if since else ""
    for line in OF_PROGRAMS[name][2](module, moment, setting, kept=kept):
        for directive in line["_aws"][EMBEDDED]:
            for dimensions in directive["Dimensions"]:
                values = frozenset((key, str(line[key])) for key in dimensions)
                for metric in directive["Metrics"]:
                    assert metric["Name"] in line, "a metric without a value is none"
                    found.add((directive["Namespace"], metric["Name"], values))
    return found
