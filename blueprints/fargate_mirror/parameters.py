"""What the Fargate mirror asks for at deploy time."""

from cfngen import Parameters, parameter
from cfngen.patterns.logs import RETENTION_DAYS
from cfngen.patterns.pushes import NAME, repositories_question
from cfngen.patterns.tasks import task_questions

from ..mirror_image.image import STACK
from .options import PREFIX, REGION, Options


class SourceName(Parameters):
    """Which repository, where it has to be one."""

    RepositoryName = parameter(
        "Name of the repository in CodeCommit",
        AllowedPattern=NAME,
        ConstraintDescription="a name that does not end in .git",
        group="Source",
    )


class SourceUrl(Parameters):
    """Where a source outside of CodeCommit is."""

    SourceUrl = parameter(
        "URL of the Git repository, without a password",
        AllowedPattern="https://([^/:@ ]+@)?[^/:@ ]+/[^ ]+",
        ConstraintDescription="such as https://github.com/acme/app.git",
        group="Source",
    )


class SourceUrls(Parameters):
    """Where several are."""

    SourceUrl = parameter(
        "URL of the Git repositories, without a password, with {repository} for the name",
        AllowedPattern=r"https://([^/:@ ]+@)?[^/:@ ]+/[^ ]*\{repository\}[^ ]*",
        ConstraintDescription="such as https://github.com/acme/{repository}.git",
        group="Source",
    )


class SourceSshUrl(Parameters):
    """Where one is, over SSH."""

    SourceUrl = parameter(
        "URL of the Git repository",
        AllowedPattern="(ssh://|[^/:@ ]+@[^/:@ ]+:)[^ ]+",
        ConstraintDescription="such as git@github.com:acme/app.git",
        group="Source",
    )


class SourceSshUrls(Parameters):
    """Where several are, over SSH."""

    SourceUrl = parameter(
        "URL of the Git repositories, with {repository} for the name",
        AllowedPattern=r"(ssh://|[^/:@ ]+@[^/:@ ]+:)[^ ]*\{repository\}[^ ]*",
        ConstraintDescription="such as git@github.com:acme/{repository}.git",
        group="Source",
    )


class SourceHostKeys(Parameters):
    """How to know the host."""

    SourceHostKeys = parameter(
        "Lines of known_hosts for the Git host, checked by you before you trust them",
        AllowedPattern=r"[\s\S]*(ssh|ecdsa)-[\s\S]+",
        ConstraintDescription="the content of a known_hosts file",
    )


class SourceSecret(Parameters):
    """How to prove oneself to it."""

    SourceSecret = parameter(
        "ARN of the secret that holds a token, JSON with username and password, or an SSH key",
        AllowedPattern="arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:[A-Za-z0-9/_+=.@-]+",
        ConstraintDescription="the ARN of a secret",
    )


class Destination(Parameters):
    """Where mirrors are, if no list says so."""

    DestinationRegion = parameter(
        "Region that repositories are mirrored to",
        AllowedPattern=REGION,
        ConstraintDescription="a region such as us-west-2",
        group="Destination",
    )
    DestinationPrefix = parameter(
        "Put before the names of repositories there; empty for the same names",
        Default="",
        AllowedPattern=PREFIX,
    )


class Operation(Parameters):
    """How it runs."""

    Schedule = parameter(
        "How often to mirror all, although nothing was heard of them",
        Default="rate(1 day)",
        AllowedPattern=r"(rate|cron)\(.+\)",
        ConstraintDescription="rate(1 day) or cron(0 3 * * ? *)",
        group="Operation",
    )
    MaxDeletions = parameter(
        "Most refs that one run may delete from a mirror; empty for any number",
        Default="",
        AllowedPattern="[0-9]{0,6}",
        ConstraintDescription="a number, or nothing",
    )
    AlarmEmail = parameter(
        "Address that hears of alarms; empty for none",
        Default="",
        AllowedPattern="|[^@ ]+@[^@ ]+",
        ConstraintDescription="an e-mail address",
    )
    LogDays = parameter(
        "Days that logs are kept", Type="Number", Default=30, AllowedValues=list(RETENTION_DAYS)
    )


class Lag(Parameters):
    """When a push took too long."""

    LagSeconds = parameter(
        "Seconds from push to mirror above which there is an alarm",
        Type="Number",
        Default=900,
        MinValue=60,
    )


class Silence(Parameters):
    """When nothing was heard for too long."""

    SilentHours = parameter(
        "Hours without a run after which there is an alarm; more than the schedule has",
        Type="Number",
        Default=26,
        MinValue=2,
        MaxValue=168,
    )


def questions(options: Options) -> type[Parameters]:
    """Return what this shape of the stack asks, in the order it is asked."""
    asked: list[type[Parameters]] = []
    several = len(options.repositories) > 1
    if options.source == "ssh":
        asked += [SourceSshUrls if several else SourceSshUrl, SourceHostKeys]
    elif options.external:
        asked.append(SourceUrls if several else SourceUrl)
    if options.source in ("https", "ssh"):
        asked.append(SourceSecret)
    if not options.repositories:
        asked.append(SourceName if options.single else repositories_question("mirror"))
    if not options.destinations:
        asked.append(Destination)
    asked += task_questions(options, STACK)
    asked += [Operation, Silence if options.scheduled else Lag]
    return type("Params", tuple(asked), {})
