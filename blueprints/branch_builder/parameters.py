"""What the branch builder asks for at deploy time."""

from cfngen import Parameters, parameter
from cfngen.patterns.logs import RETENTION_DAYS
from cfngen.patterns.pushes import repositories_question
from cfngen.patterns.tasks import task_questions

from ..worker_image.image import STACK
from .options import PROJECT, Options

EMAIL = {
    "Default": "",
    "AllowedPattern": "|[^@ ]+@[^@ ]+",
    "ConstraintDescription": "an e-mail address",
}


class OtherAccount(Parameters):
    """Where they are, if not here."""

    SourceAccount = parameter(
        "Account that has the repositories",
        AllowedPattern="[0-9]{12}",
        ConstraintDescription="twelve digits",
        group="Source",
    )
    SourceRegion = parameter(
        "Region that they are in",
        AllowedPattern="[a-z]{2,4}(-[a-z]+)+-[0-9]",
        ConstraintDescription="a region such as us-west-2",
    )
    SourceRole = parameter(
        "Role there that may pull from them: ReaderRole of branch-events",
        AllowedPattern=r"arn:aws[a-z-]*:iam::[0-9]{12}:role/[\w+=,.@/-]{1,512}",
        ConstraintDescription="the ARN of a role",
    )


class Answer(Parameters):
    """Who answers pull requests there."""

    SourceAnswerRole = parameter(
        "Role there that may answer pull requests: AnswerRole of branch-events",
        AllowedPattern=r"arn:aws[a-z-]*:iam::[0-9]{12}:role/[\w+=,.@/-]{1,512}",
        ConstraintDescription="the ARN of a role",
    )


class Project(Parameters):
    """The project that is there."""

    ProjectName = parameter(
        "Build project of all repositories",
        AllowedPattern=PROJECT,
        ConstraintDescription="the name of a project",
        group="Builds",
    )


class Builds(Parameters):
    """What builds are like."""

    BuildSpec = parameter(
        "Where in a repository its buildspec is",
        Default="buildspec.yml",
        AllowedPattern="(?!arn:|/)[^ :]+",
        ConstraintDescription="a path in the repository",
        group="Builds",
    )
    BuildComputeType = parameter(
        "Size of the machine",
        Default="BUILD_GENERAL1_SMALL",
        AllowedValues=[f"BUILD_GENERAL1_{size}" for size in ("SMALL", "MEDIUM", "LARGE")],
    )
    BuildMinutes = parameter(
        "Minutes after which a build is given up",
        Type="Number",
        Default=60,
        MinValue=5,
        MaxValue=2160,
    )
    OutputDays = parameter(
        "Days that what builds make is kept", Type="Number", Default=90, MinValue=1
    )


class Bundles(Parameters):
    """How long bundles are needed."""

    BundleDays = parameter(
        "Days that bundles of commits are kept", Type="Number", Default=30, MinValue=1
    )


class Operation(Parameters):
    """Who hears of it."""

    ResultsEmail = parameter("Address that hears how builds ended; empty for none", **EMAIL,
                             group="Operation")  # fmt: skip
    AlarmEmail = parameter("Address that hears of alarms; empty for none", **EMAIL)


class Logs(Parameters):
    """How long logs are kept, where there are any."""

    LogDays = parameter(
        "Days that logs are kept", Type="Number", Default=30, AllowedValues=list(RETENTION_DAYS)
    )


class Queue(Parameters):
    """When a queue is looked after."""

    Schedule = parameter(
        "How often to look for pushes that nobody works on",
        Default="rate(5 minutes)",
        AllowedPattern=r"(rate|cron)\(.+\)",
        ConstraintDescription="rate(5 minutes) or cron(0/5 * * * ? *)",
    )
    WaitSeconds = parameter(
        "Seconds that a push may wait before there is an alarm",
        Type="Number",
        Default=900,
        MinValue=60,
    )


def questions(options: Options) -> type[Parameters]:
    """Return what this shape of the stack asks, in the order it is asked."""
    asked: list[type[Parameters]] = []
    if not options.repositories:
        asked.append(repositories_question("build"))
    if options.other_account:
        asked.append(OtherAccount)
        if options.pull_requests != "none":
            asked.append(Answer)
    if not options.existing_projects:
        asked.append(Builds)
    elif not options.separate:
        asked.append(Project)
    if not options.direct:
        asked += [Bundles, *task_questions(options, STACK)]
    asked.append(Operation)
    if not (options.direct and options.existing_projects and options.pull_requests == "none"):
        asked.append(Logs)
    if not options.direct:
        asked.append(Queue)
    return type("Params", tuple(asked), {})
