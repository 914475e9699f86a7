"""A build every night, with an e-mail if it fails."""

from dataclasses import dataclass
from typing import Literal

from troposphere import Ref

from cfngen import Parameters, Template, blueprint, option, parameter
from cfngen.patterns import (
    RETENTION_DAYS,
    dead_letters_alarm,
    email_parameter,
    email_topic,
    failed_builds_alarm,
    standalone_build,
    start_on_schedule,
)


class Params(Parameters):
    """CloudFormation parameters: their values are passed at deploy time."""

    RepositoryName = parameter(
        "CodeCommit repository to build, in this account and Region.",
        AllowedPattern="[A-Za-z0-9._-]{1,100}",
        ConstraintDescription="Enter the name of a CodeCommit repository, such as app.",
        group="Source",
    )
    BranchName = parameter(
        "Branch to build.",
        Default="main",
        AllowedPattern="[^ ]{1,256}",
        ConstraintDescription="Enter the name of a branch, such as main.",
    )
    ScheduleExpression = parameter(
        "When to build, as a cron or rate expression of EventBridge Scheduler.",
        Default="cron(0 2 * * ? *)",
        AllowedPattern=r"(cron|rate)\(.+\)",
        ConstraintDescription="Enter a cron or rate expression, such as cron(0 2 * * ? *) or"
        " rate(1 day).",
        group="Schedule",
    )
    TimeZone = parameter(
        "Time zone of the schedule, such as Europe/Dublin.",
        Default="UTC",
        MinLength=1,
        MaxLength=50,
    )
    BuildMinutes = parameter(
        "Minutes after which a build is stopped.",
        Type="Number",
        Default=60,
        MinValue=5,
        MaxValue=2160,
        group="Operation",
    )
    AlarmEmail = email_parameter("E-mail address to notify of failed builds. Leave empty for none.")
    LogDays = parameter(
        "Days that the log of the builds is kept.",
        Type="Number",
        Default=30,
        AllowedValues=list(RETENTION_DAYS),
    )


@dataclass(frozen=True)
class Options:
    """Build-time options: they decide which resources the template has."""

    architecture: Literal["arm64", "x86_64"] = option("Processor of the builds", default="arm64")
    buildspec: str = option("Path of the buildspec in the repository", default="buildspec.yml")


@blueprint
def nightly_build(options: Options) -> Template:
    """Build a branch of a CodeCommit repository every night, and mail when that fails."""
    t = Template()
    p = t.declare(Params)
    build = t.add(
        standalone_build(
            "Build",
            description="Builds one branch of a repository",
            repository=p.RepositoryName,
            SourceVersion=p.BranchName,
            buildspec=options.buildspec,
            architecture=options.architecture,
            minutes=p.BuildMinutes,
            days=p.LogDays,
            reason="May pull its repository and write its log, and nothing else.",
        )
    )
    nightly = t.add(
        start_on_schedule(
            "Nightly",
            build,
            expression=p.ScheduleExpression,
            timezone=p.TimeZone,
            reason="Starts the build, and tries again for an hour if that fails.",
        )
    )
    alarms = t.add(email_topic("AlarmTopic", p.AlarmEmail))
    t.add(
        failed_builds_alarm(
            "BuildFailed",
            project=build.project,
            topic=alarms.topic,
            description="A build failed or ran out of time. BuildLog says why.",
        )
    )
    t.add(
        dead_letters_alarm(
            "BuildNotStarted",
            queue=nightly.dead_letters,
            topic=alarms.topic,
            description="The schedule could not start a build. The queue NightlyLost says why.",
        )
    )
    t.output("Project", build.name, "CodeBuild project, to start a build by hand.")
    t.output("Log", Ref(build.log), "Log of the builds.")
    t.output(*alarms.output)
    return t
