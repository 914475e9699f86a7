"""A function that starts a Fargate task, and sees which tasks of its cluster are at work."""

from __future__ import annotations

from typing import Any

from awacs import ecs
from troposphere import GetAtt

from cfngen.authoring.iam import Statement, allow
from cfngen.authoring.payload import Payload
from cfngen.authoring.waivers import waive
from cfngen.patterns.fargate import FargateTask
from cfngen.patterns.functions import PythonFunction, python_function

__all__ = ["see_tasks", "task_starter"]


def task_starter(
    title: str,
    code: Payload,
    task: FargateTask,
    *statements: Statement,
    describes: bool = False,
    environment: dict[str, Any] | None = None,
    **settings: Any,
) -> PythonFunction:
    """Return a function that may run one task, and list those of its cluster.

    It finds RunTask's parameters in its environment variable TASK, as JSON, and logs where the task
    does.

    Args:
        title: the function's logical ID.
        code: its source, whose `handler` is called.
        task: the task.
        statements: what else it may do.
        describes: whether it may also see in what state those tasks are.
        environment: its further environment variables.
        settings: `reason`, `dead_letter_queue`, `architecture` and `seconds`, as `python_function`
            takes them.

    Source: AWS page "Actions, resources, and condition keys for Amazon Elastic Container Service".
    """
    return python_function(
        title,
        code,
        *task.may_run,
        see_tasks(task, describes=describes),
        *statements,
        log=task.log,
        environment={**(environment or {}), "TASK": task.run_task},
        **settings,
    )


def see_tasks(task: FargateTask, *, describes: bool) -> Statement:
    """Allow listing the tasks of a task's cluster and, if wanted, describing them."""
    actions = [ecs.DescribeTasks, ecs.ListTasks] if describes else [ecs.ListTasks]
    scanned = "ecs:*" if describes else "ecs:ListTasks"
    return waive(
        allow(
            *actions,
            on="*",
            when={"ArnEquals": {"ecs:cluster": GetAtt(task.cluster, "Arn")}},
            reason="Tasks have no names beforehand: the condition names the cluster.",
        ),
        "cdk-nag:AwsSolutions-IAM5/every-resource",
        f"cfripper:WildcardResourceRule/{scanned}",
        f"parliament:RESOURCE_STAR/{scanned}",
        reason="Tasks have no names beforehand; the condition allows this in the stack's own"
        " cluster only, and it only reads.",
    )
