"""What starts the task: events, a schedule, the end of an interrupted run."""

from collections.abc import Callable
from typing import Any

from awacs import ecs
from troposphere import AccountId, GetAtt, Ref
from troposphere.awslambda import Permission
from troposphere.codecommit import Repository, Trigger
from troposphere.events import DeadLetterConfig, InputTransformer, RetryPolicy, Rule, Target

from cfngen import Payloads, Template, allow, waive
from cfngen.patterns import DeadLetters, FargateTask, dead_letters, python_function, role
from cfngen.patterns.functions import PythonFunction
from cfngen.patterns.pushes import push_patterns

from .options import Options
from .parameters import Params
from .task import source_arn

payload = Payloads(__package__)


def add_start(t: Template, p: Params, options: Options, task: FargateTask) -> DeadLetters:
    """Add what starts runs, and the queue for what came to nothing."""
    patterns = _push_patterns(p, options)
    callers = [*patterns, "Reconcile", *(["SpotInterrupted"] if options.spot else [])]
    lost = t.add(
        dead_letters(
            "Lost",
            rules=[GetAtt(rule, "Arn") for rule in (*callers, "TaskDied")],
            reason="Events that started no run, and runs that ended before they could say how.",
        )
    )
    starter = _add_starter(t, p, options, task, lost, callers)
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
        reason="A push that nobody heard of, or that was lost, is made good by the next run.",
    )
    if options.spot:
        t.add(
            Rule(
                "SpotInterrupted",
                EventPattern=task.stopped(stopCode=["SpotInterruption"]),
                Targets=[starter()],
            ),
            reason="What was interrupted is done again.",
        )
    t.add(
        Rule(
            "TaskDied",
            EventPattern=task.died(0, 1, 143),
            Targets=[Target(Id="Lost", Arn=lost.arn)],
        ),
        reason="No image, no network, no memory: such a run has nobody to report its failure.",
    )
    return lost


def _push_patterns(p: Params, options: Options) -> dict[str, Any]:
    """Return the patterns of the events that start a run, by the name of their rule."""
    if options.scheduled or options.trigger == "codecommit":
        return {}
    return push_patterns(
        repositories=options.repositories,
        parameter_value=None if options.repositories else p.Repositories,
        events=["referenceCreated", "referenceUpdated", "referenceDeleted"],
        referenceType=["branch", "tag"],
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


def _add_starter(
    t: Template,
    p: Params,
    options: Options,
    task: FargateTask,
    lost: DeadLetters,
    callers: list[str],
) -> Callable[..., Target]:
    """Add what rules call; return what makes a target of it, with the input that a task needs."""
    retries = {
        "RetryPolicy": RetryPolicy(MaximumRetryAttempts=20, MaximumEventAgeInSeconds=3600),
        "DeadLetterConfig": DeadLetterConfig(Arn=lost.arn),
    }
    if options.with_function:
        function = _add_function(t, p, options, task, lost, callers)
        return lambda _=None: Target(Id="Starter", Arn=function.arn, **retries)
    start_role = t.add(
        role("StartRole", "events", *task.may_run),
        reason="Assumed by rules: it may run this task and no other.",
    )
    return lambda overrides=None: task.target(
        start_role, **({"InputTransformer": overrides} if overrides else {}), **retries
    )


def _add_function(
    t: Template,
    p: Params,
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
            waive(
                allow(
                    ecs.DescribeTasks,
                    ecs.ListTasks,
                    on="*",
                    when={"ArnEquals": {"ecs:cluster": GetAtt(task.cluster, "Arn")}},
                    reason="Tasks have no names beforehand: the condition names the cluster.",
                ),
                "cdk-nag:AwsSolutions-IAM5/every-resource",
                "cfripper:WildcardResourceRule/ecs:*",
                "parliament:RESOURCE_STAR/ecs:*",
                reason="Tasks have no names beforehand; the condition allows this in the stack's"
                " own cluster only, and it only reads.",
            ),
            reason="Runs a task, unless one for the same repository is about to begin.",
            log=task.log,
            dead_letter_queue=lost,
            architecture=options.architecture,
            seconds=120,
            environment={"CONTAINER": task.container, "TASK": task.run_task},
        )
    )
    t.output(
        "Starter",
        Ref(function.function),
        "Name of the function that starts runs. Invoke it to start one by hand.",
    )
    for rule in callers:
        t.add(function.called_by(rule))
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
            reason="Push here. Kept when the stack goes: history outlives its plumbing.",
        )
        t.output(
            "RepositoryCloneUrl",
            GetAtt(repository, "CloneUrlHttp"),
            "URL of the repository to push to.",
        )
    return function
