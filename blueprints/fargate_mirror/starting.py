"""What starts the task: events, a schedule, the end of an interrupted run."""

import json
from collections.abc import Callable
from typing import Any

from awacs import ecs
from troposphere import AccountId, GetAtt, Ref, Sub
from troposphere.awslambda import DeadLetterConfig as LambdaDeadLetterConfig
from troposphere.awslambda import Permission
from troposphere.codecommit import Repository, Trigger
from troposphere.events import DeadLetterConfig, InputTransformer, RetryPolicy, Rule, Target

from cfngen import Payloads, Template, allow
from cfngen.patterns import DeadLetters, FargateTask, dead_letters, python_function, role
from cfngen.patterns.functions import PythonFunction

from .options import Options
from .task import source_arn

payload = Payloads(__package__)

# A rule's pattern may have 2,048 characters, of which the rest of it needs some 400.
PATTERN_ROOM = 1600


def add_start(t: Template, p: Any, options: Options, task: FargateTask) -> DeadLetters:
    """Add what starts runs, and the queue for what came to nothing."""
    patterns = _push_patterns(p, options)
    callers = [*patterns, "Reconcile", *(["SpotInterrupted"] if options.spot else [])]
    lost = t.add(
        dead_letters(
            "Lost",
            rules=[GetAtt(rule, "Arn") for rule in (*callers, "TaskDied")],
            why="Events that started no run, and runs that ended before they could say how.",
        )
    )
    starter = _starter(t, p, options, task, lost, callers)
    for title, pattern in patterns.items():
        t.add(
            Rule(
                title,
                EventPattern=pattern,
                Targets=[starter(_override(task))],
            )
        )
    t.add(
        Rule(
            "Reconcile",
            ScheduleExpression=p.Schedule,
            Targets=[starter()],
        ),
        why="A push that nobody heard of, or that was lost, is made good by the next run.",
    )
    if options.spot:
        t.add(
            Rule(
                "SpotInterrupted",
                EventPattern=_stopped(task, {"stopCode": ["SpotInterruption"]}),
                Targets=[starter()],
            ),
            why="What was interrupted is done again.",
        )
    unexplained = {"exitCode": [{"anything-but": [0, 1, 143]}, {"exists": False}]}
    t.add(
        Rule(
            "TaskDied",
            EventPattern=_stopped(task, {"containers": unexplained}),
            Targets=[Target(Id="Lost", Arn=lost.arn)],
        ),
        why="No image, no network, no memory: such a run has nobody to report its failure.",
    )
    return lost


def _push_patterns(p: Any, options: Options) -> dict[str, Any]:
    """Return the patterns of the events that start a run, by the name of their rule."""
    if options.scheduled or options.trigger == "codecommit":
        return {}
    asked: list[list[Any]] = [[]]
    if not options.repositories:
        asked = [[{"wildcard": p.Repositories}]]
    elif "*" not in options.repositories:
        for name in options.repositories:
            test = {"prefix": name.rstrip("*")} if name.endswith("*") else name
            if len(json.dumps([*asked[-1], test])) > PATTERN_ROOM:
                asked.append([])
            asked[-1].append(test)
    return {
        f"Push{number if number > 1 else ''}": {
            "source": ["aws.codecommit"],
            "detail-type": ["CodeCommit Repository State Change"],
            "detail": {
                "event": ["referenceCreated", "referenceUpdated", "referenceDeleted"],
                "referenceType": ["branch", "tag"],
                **({"repositoryName": names} if names else {}),
            },
        }
        for number, names in enumerate(asked, start=1)
    }


def _stopped(task: FargateTask, detail: dict[str, Any]) -> dict[str, Any]:
    """Return the pattern of the end of a task."""
    return {
        "source": ["aws.ecs"],
        "detail": {
            "clusterArn": [GetAtt(task.cluster, "Arn")],
            "lastStatus": ["STOPPED"],
            **detail,
        },
    }


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


def _starter(
    t: Template,
    p: Any,
    options: Options,
    task: FargateTask,
    lost: DeadLetters,
    callers: list[str],
) -> Callable[..., Target]:
    """Add what rules call, and return how: with the input that a task would need."""
    retries = {
        "RetryPolicy": RetryPolicy(MaximumRetryAttempts=20, MaximumEventAgeInSeconds=3600),
        "DeadLetterConfig": DeadLetterConfig(Arn=lost.arn),
    }
    if options.with_function:
        function = _function(t, p, options, task, lost, callers)
        return lambda _=None: Target(Id="Starter", Arn=function.arn, **retries)
    held = t.add(
        role("StartRole", "events", *task.may_run),
        why="Held by rules: it may run this task and no other.",
    )
    return lambda said=None: task.target(
        held, **({"InputTransformer": said} if said else {}), **retries
    )


def _run_task(task: FargateTask) -> Sub:
    """Return RunTask's parameters, but for what depends on the event, as JSON."""
    network = {
        "subnets": [f"${{{subnet.data['Ref']}}}" for subnet in task.placement.subnets],
        "securityGroups": ["${MirrorAccess.GroupId}"],
        "assignPublicIp": task.placement.assign_public_ip,
    }
    launch: dict[str, Any] = {"launchType": "FARGATE"}
    if task.placement.spot:
        # Its weight is 0 unless it is given, and such a provider places nothing.
        launch = {"capacityProviderStrategy": [{"capacityProvider": "FARGATE_SPOT", "weight": 1}]}
    parameters = {
        "cluster": f"${{{task.cluster.title}.Arn}}",
        "taskDefinition": f"${{{task.definition.title}}}",
        **launch,
        "networkConfiguration": {"awsvpcConfiguration": network},
    }
    lines = ",\n ".join(f'"{key}": {json.dumps(value)}' for key, value in parameters.items())
    return Sub(f"{{{lines}}}\n")


def _function(
    t: Template,
    p: Any,
    options: Options,
    task: FargateTask,
    lost: DeadLetters,
    callers: list[str],
) -> PythonFunction:
    """Add the function that runs a task, unless one is about to begin, and who may call it."""
    function = t.add(
        python_function(
            "Starter",
            payload["start_mirror.py"],
            *task.may_run,
            allow(
                ecs.DescribeTasks,
                ecs.ListTasks,
                on="*",
                when={"ArnEquals": {"ecs:cluster": GetAtt(task.cluster, "Arn")}},
                because="Tasks have no names beforehand: the condition names the cluster.",
            ),
            lost.may_send,
            why="Runs a task, unless one for the same repository is about to begin.",
            log=task.log,
            architecture=options.architecture,
            seconds=120,
            environment={"CONTAINER": task.container, "TASK": _run_task(task)},
        )
    )
    # Lambda tries thrice, and then puts the event there.
    function.function.DeadLetterConfig = LambdaDeadLetterConfig(TargetArn=lost.arn)
    t.output("Starter", Ref(function.function), "Function that starts runs, also by hand")
    for rule in callers:
        t.add(
            Permission(
                f"{rule}Permission",
                FunctionName=function.arn,
                Action="lambda:InvokeFunction",
                Principal="events.amazonaws.com",
                SourceArn=GetAtt(rule, "Arn"),
            )
        )
    if options.trigger == "codecommit":
        t.add(
            Permission(
                "TriggerPermission",
                FunctionName=function.arn,
                Action="lambda:InvokeFunction",
                Principal="codecommit.amazonaws.com",
                SourceAccount=AccountId,
                # Not GetAtt: it must be there before the repository is.
                SourceArn=source_arn(p, options),
            )
        )
        repository = t.add(
            Repository(
                "Repository",
                DependsOn="TriggerPermission",
                DeletionPolicy="RetainExceptOnCreate",
                UpdateReplacePolicy="Retain",
                RepositoryName=p.RepositoryName,
                Triggers=[Trigger(Name="mirror", DestinationArn=function.arn, Events=["all"])],
            ),
            why="Push here. Kept when the stack goes: history outlives its plumbing.",
        )
        t.output("RepositoryCloneUrl", GetAtt(repository, "CloneUrlHttp"), "Where to push to")
    return function
