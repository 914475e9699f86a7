"""What the branch builder asks for at deploy time."""

from cfngen import Parameters, parameter
from cfngen.patterns.logs import RETENTION_DAYS
from cfngen.patterns.pushes import repositories_parameter
from cfngen.patterns.tasks import TaskParameters

from .options import PROJECT

EMAIL = "|[^@ ]+@[^@ ]+"


class Source(Parameters):
    """Which repositories are built, and where they are."""

    Repositories = repositories_parameter("build", when=lambda o: not o.repositories)
    SourceAccount = parameter(
        "Account that has the repositories",
        AllowedPattern="[0-9]{12}",
        ConstraintDescription="twelve digits",
        group="Source",
        when=lambda o: o.other_account,
    )
    SourceRegion = parameter(
        "Region that they are in",
        AllowedPattern="[a-z]{2,4}(-[a-z]+)+-[0-9]",
        ConstraintDescription="a region such as us-west-2",
        when=lambda o: o.other_account,
    )
    SourceRole = parameter(
        "Role there that may pull from them: ReaderRole of branch-events",
        AllowedPattern=r"arn:aws[a-z-]*:iam::[0-9]{12}:role/[\w+=,.@/-]{1,512}",
        ConstraintDescription="the ARN of a role",
        when=lambda o: o.other_account,
    )
    SourceAnswerRole = parameter(
        "Role there that may answer pull requests: AnswerRole of branch-events",
        AllowedPattern=r"arn:aws[a-z-]*:iam::[0-9]{12}:role/[\w+=,.@/-]{1,512}",
        ConstraintDescription="the ARN of a role",
        when=lambda o: o.other_account and o.pull_requests != "none",
    )


class Builds(Parameters):
    """What builds are like."""

    BuildSpec = parameter(
        "Where in a repository its buildspec is",
        Default="buildspec.yml",
        AllowedPattern="(?!arn:|/)[^ :]+",
        ConstraintDescription="a path in the repository",
        group="Builds",
        when=lambda o: not o.existing_projects,
    )
    BuildComputeType = parameter(
        "Size of the machine",
        Default="BUILD_GENERAL1_SMALL",
        AllowedValues=[f"BUILD_GENERAL1_{size}" for size in ("SMALL", "MEDIUM", "LARGE")],
        when=lambda o: not o.existing_projects,
    )
    BuildMinutes = parameter(
        "Minutes after which a build is given up",
        Type="Number",
        Default=60,
        MinValue=5,
        MaxValue=2160,
        when=lambda o: not o.existing_projects,
    )
    OutputDays = parameter(
        "Days that what builds make is kept",
        Type="Number",
        Default=90,
        MinValue=1,
        when=lambda o: not o.existing_projects,
    )
    ProjectName = parameter(
        "Build project of all repositories",
        AllowedPattern=PROJECT,
        ConstraintDescription="the name of a project",
        group="Builds",
        when=lambda o: o.existing_projects and not o.separate,
    )
    BundleDays = parameter(
        "Days that bundles of commits are kept",
        Type="Number",
        Default=30,
        MinValue=1,
        when=lambda o: not o.direct,
    )


class Operation(Parameters):
    """How it runs, and who is notified."""

    ResultsEmail = parameter(
        "Address that hears how builds ended; empty for none",
        group="Operation",
        Default="",
        AllowedPattern=EMAIL,
        ConstraintDescription="an e-mail address",
    )
    AlarmEmail = parameter(
        "Address that hears of alarms; empty for none",
        Default="",
        AllowedPattern=EMAIL,
        ConstraintDescription="an e-mail address",
    )
    LogDays = parameter(
        "Days that logs are kept",
        Type="Number",
        Default=30,
        AllowedValues=list(RETENTION_DAYS),
        when=lambda o: o.keeps_logs,
    )
    Schedule = parameter(
        "How often to look for pushes that nobody works on",
        Default="rate(5 minutes)",
        AllowedPattern=r"(rate|cron)\(.+\)",
        ConstraintDescription="rate(5 minutes) or cron(0/5 * * * ? *)",
        when=lambda o: not o.direct,
    )
    WaitSeconds = parameter(
        "Seconds that a push may wait before there is an alarm",
        Type="Number",
        Default=900,
        MinValue=60,
        when=lambda o: not o.direct,
    )


class Params(Source, Builds, TaskParameters, Operation):
    """What CloudFormation asks for at deploy time."""
