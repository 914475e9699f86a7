"""What builds in order: the queue, the worker that empties it, and what starts the worker."""

from collections.abc import Iterator
from typing import Any

from awacs import codebuild, codecommit, s3, sqs, sts
from troposphere import GetAtt, Ref, Sub
from troposphere.events import DeadLetterConfig, Rule, Target
from troposphere.iam import ManagedPolicy

from cfngen import Payloads, Statement, Template, allow, policy_document, waive
from cfngen.patterns import (
    DeadLetters,
    FargateTask,
    OrderedQueue,
    fargate_task,
    log_group,
    ordered_queue,
    start_as_is,
    task_starter,
)
from cfngen.patterns.functions import PythonFunction
from cfngen.patterns.image_findings import image_findings_rule
from cfngen.patterns.queues import without_dead_letters
from cfngen.patterns.tasks import task_image, task_network

from ..worker_image.image import dockerfile, files
from .builds import CLONE_URL, VARIABLES, Builds, projects_json, source_arns
from .options import Options
from .parameters import Params

payload = Payloads(__package__)

# How often a message may be received. Two failures are counted by the worker, which then moves the
# message itself; these are for workers that die with it in their hands.
ATTEMPTS = 10
VISIBILITY_SECONDS = 120


def add_worker(
    t: Template, p: Params, options: Options, builds: Builds, lost: DeadLetters, rules: list[str]
) -> tuple[OrderedQueue, Target]:
    """Add queue and worker; return the queue, and the target of rules that hear of pushes."""
    log = t.add(log_group("WorkerLog", days=p.LogDays))
    t.output(
        "WorkerLog", Ref(log), "Name of the log group that records what happened to each push."
    )
    queue = t.add(
        ordered_queue(
            "Pushes",
            given_up="GivenUp",
            attempts=ATTEMPTS,
            seconds=VISIBILITY_SECONDS,
            # In an update from a release whose rules sent here, and in its rollback, such a rule is
            # at work while the policy changes: without this, its pushes would end in Lost.
            rules=[GetAtt(rule, "Arn") for rule in rules],
            reason="A group for each branch: its pushes go one by one, others beside them.",
        )
    )
    network = t.add(task_network("WorkerAccess", p, options, ports={443: "HTTPS to AWS"}))
    image = t.add(
        task_image("WorkerImage", p, options, dockerfile=dockerfile(), files=files(), log=log)
    )
    t.add(
        image_findings_rule("ImageFindings", repository=image.repository, topic=Ref("AlarmTopic")),
        reason=without_dead_letters(
            "the findings are listed in ECR's console as well.",
            "ECR scans the image as it is pushed.",
        ),
    )
    task = t.add(
        fargate_task(
            "Worker",
            *_may(p, options, builds, queue),
            image=image.uri,
            pulls=image.may_pull,
            placement=network.placement,
            cpu=options.cpu,
            memory=options.memory,
            ephemeral_storage=options.ephemeral_storage,
            architecture=options.architecture,
            environment=_environment(p, options, builds, queue),
            directory="/data",
            log=log,
            waits_for=network.waits_for,
            reason="Starts a build for each push, and ends when none waits and none is in work.",
            role_reason=(
                "Assumed by the worker: it reads pushes and repositories, and starts builds."
            ),
        )
    )
    if options.stops_apart:
        t.add(
            ManagedPolicy(
                "WorkerStops",
                PolicyDocument=policy_document(_may_stop(builds)),
                Roles=[Ref(task.role)],
            ),
            reason=(
                "Lets the worker stop builds: so many projects do not fit into its other policies."
            ),
        )
    starter = _add_starter(t, options, task, queue, lost)
    t.add(
        Rule("Resume", ScheduleExpression=p.Schedule, Targets=[_called(starter, lost)]),
        reason=(
            "Makes good a worker that crashed, or that could not be started, without another push."
        ),
    )
    t.add(
        Rule(
            "WorkerDied",
            EventPattern=task.died(0, 143),
            Targets=[Target(Id="Lost", Arn=lost.arn), _called(starter, lost)],
        ),
        reason=(
            "No image, no network, no memory: such a worker has nobody to report its failure, and"
            " another one takes what it had."
        ),
    )
    for rule in (*rules, "Resume", "WorkerDied"):
        t.add(starter.called_by(rule))
    t.output("Pushes", Ref(queue.queue), "URL of the queue of pushes.")
    t.output("GivenUp", Ref(queue.given_up), "URL of the queue of pushes that failed twice.")
    t.output(
        "Starter",
        Ref(starter.function),
        "Name of the function that starts a worker. Invoke it to start one by hand.",
    )
    return queue, _called(starter, lost)


def _called(starter: PythonFunction, lost: DeadLetters) -> Target:
    return Target(
        Id="Starter",
        Arn=starter.arn,
        DeadLetterConfig=DeadLetterConfig(Arn=lost.arn),
    )


def _add_starter(
    t: Template, options: Options, task: FargateTask, queue: OrderedQueue, lost: DeadLetters
) -> PythonFunction:
    return t.add(
        task_starter(
            "Starter",
            payload["start_worker.py"],
            task,
            allow(sqs.GetQueueAttributes, on=queue.arn),
            queue.may_send,
            reason="Queues pushes by their branches, and runs a worker unless enough are at work.",
            dead_letter_queue=lost,
            architecture=options.architecture,
            seconds=60,
            environment={"QUEUE_URL": Ref(queue.queue), "WORKERS": str(options.workers)},
        )
    )


def _may(p: Params, options: Options, builds: Builds, queue: OrderedQueue) -> Iterator[Statement]:
    """Yield what the worker may do."""
    yield queue.may_consume
    yield allow(sqs.SendMessage, on=GetAtt(queue.given_up, "Arn"))
    if options.other_account:
        yield allow(sts.AssumeRole, on=p.SourceRole)
    else:
        yield allow(codecommit.GitPull, on=source_arns(p, options))
    yield waive(
        allow(s3.PutObject, s3.AbortMultipartUpload, on=Sub("${Bundles.Arn}/*")),
        "cdk-nag:AwsSolutions-IAM5/<Bundles.Arn>/*",
        reason="Bundles are named after repository, branch and commit, which a push decides; the"
        " worker may add them and read none, in a bucket that holds nothing else.",
    )
    projects = list(builds.arns.values())
    yield from start_as_is(
        *projects,
        variables=VARIABLES if builds.outputs else VARIABLES[:-1],
        location=Sub("${Bundles}/*"),
    )
    if options.newest_only and not options.stops_apart:
        yield _may_stop(builds)


def _may_stop(builds: Builds) -> Statement:
    return allow(
        codebuild.BatchGetBuilds,
        codebuild.ListBuildsForProject,
        codebuild.StopBuild,
        on=list(builds.arns.values()),
    )


def _environment(
    p: Params, options: Options, builds: Builds, queue: OrderedQueue
) -> dict[str, Any]:
    """Return what the worker learns from its environment."""
    region = "${SourceRegion}" if options.other_account else "${AWS::Region}"
    return {
        "QUEUE_URL": Ref(queue.queue),
        "GIVEN_UP_URL": Ref(queue.given_up),
        "HELD_SECONDS": str(VISIBILITY_SECONDS),
        "SOURCE_URL": Sub(CLONE_URL % (region, "{repository}")),
        **({"SOURCE_ROLE": p.SourceRole} if options.other_account else {}),
        "BUNDLES": Ref("Bundles"),
        **({"OUTPUTS": Ref("Outputs")} if builds.outputs else {}),
        "PROJECTS": projects_json(builds),
        **({"NEWEST_ONLY": "true"} if options.newest_only else {}),
        # Who asked for a bigger disk has repositories of which not several may fit.
        **({"THREADS": "1"} if options.ephemeral_storage > 20 else {}),
    }
