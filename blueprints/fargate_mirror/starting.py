"""What starts tasks: a queue of events, and a function that takes them in batches."""

from collections.abc import Iterator

from awacs import codecommit, codepipeline
from troposphere import AccountId, GetAtt, Ref, Sub
from troposphere.awslambda import Permission
from troposphere.codecommit import Repository, Trigger
from troposphere.events import DeadLetterConfig, RetryPolicy, Rule, Target

from cfngen import Payloads, Statement, Template, allow, waive
from cfngen.patterns import (
    DeadLetters,
    FargateTask,
    PolledQueue,
    dead_letters,
    polled_queue,
    task_starter,
)
from cfngen.patterns.functions import PythonFunction

from .direct import add_direct_start
from .options import Options
from .parameters import Params
from .pushes import mirrored_pushes
from .task import NAMESPACE, repositories, source_arn

payload = Payloads(__package__)
SECONDS = 120  # of the function
BATCH = 100


def add_start(t: Template, p: Params, options: Options, task: FargateTask) -> DeadLetters:
    """Add what starts runs, and the queue for what came to nothing."""
    pushes = mirrored_pushes(p, options)
    rules = [*pushes, "Reconcile", "TaskDied"]
    spot = ["SpotInterrupted"] if options.spot and not options.with_function else []
    lost = t.add(
        dead_letters(
            "Lost",
            rules=[GetAtt(rule, "Arn") for rule in (*rules[:-1], *spot, rules[-1])],
            reason="Events that started no run, and runs that died too often.",
        )
    )
    if not options.with_function:
        add_direct_start(t, p, options, task, lost, pushes)
        return lost
    queue = t.add(
        polled_queue(
            "Waiting",
            dead_letter_queue=lost,
            rules=[GetAtt(rule, "Arn") for rule in rules],
            seconds=SECONDS,
            reason="Repositories that wait for a task: for days, if there is no room for one.",
        )
    )
    _add_starter(t, p, options, task, queue, lost)
    target = Target(
        Id="Waiting",
        Arn=queue.arn,
        RetryPolicy=RetryPolicy(MaximumRetryAttempts=20, MaximumEventAgeInSeconds=3600),
        DeadLetterConfig=DeadLetterConfig(Arn=lost.arn),
    )
    for title, pattern in pushes.items():
        t.add(Rule(title, EventPattern=pattern, Targets=[target]))
    t.add(
        Rule("Reconcile", ScheduleExpression=p.Schedule, Targets=[target]),
        reason="A push that nobody heard of, or that was lost, is made good by the next run.",
    )
    t.add(
        Rule("TaskDied", EventPattern=task.died(0, 1), Targets=[target]),
        reason=(
            "No image, no memory, a host that retires: such a run has not said how it ended, and"
            " is done again."
        ),
    )
    return lost


def _add_starter(
    t: Template,
    p: Params,
    options: Options,
    task: FargateTask,
    queue: PolledQueue,
    lost: DeadLetters,
) -> PythonFunction:
    """Add the function that runs tasks, what it takes messages from, and who may call it."""
    function = t.add(
        task_starter(
            "Starter",
            payload["start_mirror.py"],
            task,
            queue.may_consume,
            queue.may_send,
            *_may(options),
            describes=True,
            reason="Runs a task for each repository that waits, as soon as there is room for it.",
            dead_letter_queue=lost,
            architecture=options.architecture,
            seconds=SECONDS,
            environment={
                "BRANCHES": p.Branches,
                "CONTAINER": task.container,
                "LOST_URL": Ref(lost.queue),
                "METRICS": Sub(f"{NAMESPACE} ${{AWS::StackName}}"),
                "QUEUE_URL": Ref(queue.queue),
                "REPOSITORIES": repositories(p, options),
            },
        )
    )
    t.add(
        queue.poll("Polling", function, batch=BATCH),
        reason="Lambda gathers events for 20 seconds: of a burst, one task is started.",
    )
    t.output(
        "Starter",
        Ref(function.function),
        "Name of the function that starts runs. Invoke it to start one by hand.",
    )
    t.output("Waiting", Ref(queue.queue), "URL of the queue of repositories that wait for a task.")
    if options.trigger == "codecommit":
        _add_repository(t, p, options, function)
    return function


def _may(options: Options) -> Iterator[Statement]:
    """Yield what the function may do besides running tasks and handling messages."""
    if options.has_patterns:
        yield waive(
            allow(
                codecommit.ListRepositories,
                on="*",
                reason="To find names that begin as asked. A list has no name of its own.",
            ),
            "cdk-nag:AwsSolutions-IAM5/every-resource",
            "cfripper:WildcardResourceRule/codecommit:ListRepositories",
            reason="ListRepositories knows no resource and tells names and ids only.",
        )
    if options.codepipeline:
        yield waive(
            allow(
                codepipeline.PutJobFailureResult,
                codepipeline.PutJobSuccessResult,
                on="*",
                reason="Jobs have no ARN; who answers one has to know its id.",
            ),
            "cdk-nag:AwsSolutions-IAM5/every-resource",
            "cfripper:WildcardResourceRule/codepipeline:*",
            "parliament:RESOURCE_STAR/codepipeline:*",
            reason="The two actions know no resource. A job's id comes with the call of the"
            " pipeline that waits for it, and cannot be guessed.",
        )


def _add_repository(t: Template, p: Params, options: Options, function: PythonFunction) -> None:
    """Add a repository whose own trigger calls the function."""
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
