"""Parameters of the branch builder's template."""

from cfngen import Parameters, parameter
from cfngen.patterns.alarms import email_parameter
from cfngen.patterns.logs import RETENTION_DAYS
from cfngen.patterns.pushes import repositories_parameter
from cfngen.patterns.tasks import TaskParameters

from .options import PROJECT


class Source(Parameters):
    """Which repositories are built, and where they are."""

    Repositories = repositories_parameter("build", when=lambda o: not o.repositories)
    SourceAccount = parameter(
        "ID of the account that has the repositories.",
        AllowedPattern="[0-9]{12}",
        ConstraintDescription="Enter the 12 digits of an AWS account ID, such as 111122223333.",
        group="Source",
        when=lambda o: o.other_account,
    )
    SourceRegion = parameter(
        "Region of the repositories.",
        AllowedPattern="[a-z]{2,4}(-[a-z]+)+-[0-9]",
        ConstraintDescription="Enter the code of a Region, such as us-west-2.",
        when=lambda o: o.other_account,
    )
    SourceRole = parameter(
        "ARN of the role in that account that may pull from the repositories: output"
        " ReaderRole of the branch-events stack.",
        AllowedPattern=r"arn:aws[a-z-]*:iam::[0-9]{12}:role/[\w+=,.@/-]{1,512}",
        ConstraintDescription="Enter the ARN of an IAM role.",
        when=lambda o: o.other_account,
    )
    SourceAnswerRole = parameter(
        "ARN of the role in that account that may comment on pull requests: output AnswerRole"
        " of the branch-events stack.",
        AllowedPattern=r"arn:aws[a-z-]*:iam::[0-9]{12}:role/[\w+=,.@/-]{1,512}",
        ConstraintDescription="Enter the ARN of an IAM role.",
        when=lambda o: o.other_account and o.pull_requests != "none",
    )


class Builds(Parameters):
    """How builds run."""

    BuildSpec = parameter(
        "Path of the buildspec in each repository.",
        Default="buildspec.yml",
        AllowedPattern="(?!arn:|/)[^ :]+",
        ConstraintDescription="Enter a path relative to the root of the repository, such as"
        " ci/buildspec.yml.",
        group="Builds",
        when=lambda o: not o.existing_projects,
    )
    BuildComputeType = parameter(
        "Compute type of the builds.",
        Default="BUILD_GENERAL1_SMALL",
        AllowedValues=[f"BUILD_GENERAL1_{size}" for size in ("SMALL", "MEDIUM", "LARGE")],
        when=lambda o: not o.existing_projects,
    )
    BuildMinutes = parameter(
        "Timeout of a build in minutes.",
        Type="Number",
        Default=60,
        MinValue=5,
        MaxValue=2160,
        when=lambda o: not o.existing_projects,
    )
    OutputDays = parameter(
        "Number of days to keep the output of builds.",
        Type="Number",
        Default=90,
        MinValue=1,
        when=lambda o: not o.existing_projects,
    )
    ProjectName = parameter(
        "Name of the existing CodeBuild project that builds all repositories.",
        AllowedPattern=PROJECT,
        ConstraintDescription="Enter the name of a CodeBuild project, such as app-build.",
        group="Builds",
        when=lambda o: o.existing_projects and not o.separate,
    )
    BundleDays = parameter(
        "Number of days to keep the bundles of commits that builds read.",
        Type="Number",
        Default=3,
        MinValue=1,
        when=lambda o: not o.direct,
    )


class Operation(Parameters):
    """How it runs, and who is notified."""

    ResultsEmail = email_parameter(
        "E-mail address to notify of the results of builds. Leave empty for none.",
        group="Operation",
    )
    AlarmEmail = email_parameter()
    LogDays = parameter(
        "Number of days to keep logs.",
        Type="Number",
        Default=30,
        AllowedValues=list(RETENTION_DAYS),
        when=lambda o: o.keeps_logs,
    )
    Schedule = parameter(
        "How often to check for pushes that no worker is processing.",
        Default="rate(5 minutes)",
        AllowedPattern=r"(rate|cron)\(.+\)",
        ConstraintDescription="Enter a rate or cron expression, such as rate(5 minutes) or"
        " cron(0/5 * * * ? *).",
        when=lambda o: not o.direct,
    )
    WaitSeconds = parameter(
        "Number of seconds that a push may wait before an alarm is raised.",
        Type="Number",
        Default=900,
        MinValue=60,
        when=lambda o: not o.direct,
    )


class Params(Source, Builds, TaskParameters, Operation):
    """Parameters of the template."""
