"""Rules that run tasks themselves, without a function and without a queue between."""

from collections.abc import Mapping
from typing import Any

from troposphere.events import DeadLetterConfig, InputTransformer, RetryPolicy, Rule, Target

from cfngen import Template
from cfngen.patterns import DeadLetters, FargateTask, role

from .options import Options
from .parameters import Params


def add_direct_start(
    t: Template,
    p: Params,
    options: Options,
    task: FargateTask,
    lost: DeadLetters,
    pushes: Mapping[str, Any],
) -> None:
    """Add rules that run a task for each event, and the role that they assume."""
    start_role = t.add(
        role("StartRole", "events", *task.may_run),
        reason="Assumed by rules: it may run this task and no other.",
    )
    retries = {
        "RetryPolicy": RetryPolicy(MaximumRetryAttempts=20, MaximumEventAgeInSeconds=3600),
        "DeadLetterConfig": DeadLetterConfig(Arn=lost.arn),
    }
    for title, pattern in pushes.items():
        target = task.target(start_role, InputTransformer=_override(task), **retries)
        t.add(Rule(title, EventPattern=pattern, Targets=[target]))
    t.add(
        Rule(
            "Reconcile",
            ScheduleExpression=p.Schedule,
            Targets=[task.target(start_role, **retries)],
        ),
        reason="A push that nobody heard of, or that was lost, is made good by the next run.",
    )
    if options.spot:
        t.add(
            Rule(
                "SpotInterrupted",
                EventPattern=task.stopped(stopCode=["SpotInterruption"]),
                Targets=[task.target(start_role, **retries)],
            ),
            reason="What was interrupted is done again.",
        )
    t.add(
        Rule(
            "TaskDied",
            # With Spot, 143 is mostly an interruption, which is done again.
            EventPattern=task.died(0, 1, *([143] if options.spot else [])),
            Targets=[Target(Id="Lost", Arn=lost.arn)],
        ),
        reason="No image, no network, no memory: such a run has nobody to report its failure.",
    )


def _override(task: FargateTask) -> InputTransformer:
    """Return how a task learns from an event which repository has changed, and when."""
    paths = {"id": "$.id", "repository": "$.detail.repositoryName", "time": "$.time"}
    names = {"EVENT_ID": "<id>", "MIRROR_SINCE": "<time>", "REPOSITORY": "<repository>"}
    # EventBridge puts the quotes around what it fills in.
    variables = ", ".join(f'{{"name": "{n}", "value": {v}}}' for n, v in names.items())
    return InputTransformer(
        InputPathsMap=paths,
        InputTemplate=f'{{"containerOverrides": [{{"name": "{task.container}",'
        f' "environment": [{variables}]}}]}}',
    )
