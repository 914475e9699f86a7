"""What the Fargate mirror asks for at deploy time."""

from cfngen import Parameters, first_of, parameter
from cfngen.patterns.logs import RETENTION_DAYS
from cfngen.patterns.pushes import NAME, repositories_parameter
from cfngen.patterns.tasks import TaskParameters

from .options import PREFIX, REGION


class Source(Parameters):
    """Which repositories are mirrored."""

    SourceUrl = first_of(
        parameter(
            "URL of the Git repositories, with {repository} for the name",
            AllowedPattern=r"(ssh://|[^/:@ ]+@[^/:@ ]+:)[^ ]*\{repository\}[^ ]*",
            ConstraintDescription="such as git@github.com:acme/{repository}.git",
            group="Source",
            when=lambda o: o.source == "ssh" and o.several,
        ),
        parameter(
            "URL of the Git repository",
            AllowedPattern="(ssh://|[^/:@ ]+@[^/:@ ]+:)[^ ]+",
            ConstraintDescription="such as git@github.com:acme/app.git",
            group="Source",
            when=lambda o: o.source == "ssh",
        ),
        parameter(
            "URL of the Git repositories, without a password, with {repository} for the name",
            AllowedPattern=r"https://([^/:@ ]+@)?[^/:@ ]+/[^ ]*\{repository\}[^ ]*",
            ConstraintDescription="such as https://github.com/acme/{repository}.git",
            group="Source",
            when=lambda o: o.external and o.several,
        ),
        parameter(
            "URL of the Git repository, without a password",
            AllowedPattern="https://([^/:@ ]+@)?[^/:@ ]+/[^ ]+",
            ConstraintDescription="such as https://github.com/acme/app.git",
            group="Source",
            when=lambda o: o.external,
        ),
    )
    SourceHostKeys = parameter(
        "Lines of known_hosts for the Git host, checked by you before you trust them",
        AllowedPattern=r"[\s\S]*(ssh|ecdsa)-[\s\S]+",
        ConstraintDescription="the content of a known_hosts file",
        when=lambda o: o.source == "ssh",
    )
    SourceSecret = parameter(
        "ARN of the secret that holds a token, JSON with username and password, or an SSH key",
        AllowedPattern="arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:[A-Za-z0-9/_+=.@-]+",
        ConstraintDescription="the ARN of a secret",
        when=lambda o: o.source in ("https", "ssh"),
    )
    RepositoryName = parameter(
        "Name of the repository in CodeCommit",
        AllowedPattern=NAME,
        ConstraintDescription="a name that does not end in .git",
        group="Source",
        when=lambda o: not o.repositories and o.single,
    )
    Repositories = repositories_parameter(
        "mirror", when=lambda o: not o.repositories and not o.single
    )


class Destination(Parameters):
    """Where mirrors are, if no list says so."""

    DestinationRegion = parameter(
        "Region that repositories are mirrored to",
        AllowedPattern=REGION,
        ConstraintDescription="a region such as us-west-2",
        group="Destination",
        when=lambda o: not o.destinations,
    )
    DestinationPrefix = parameter(
        "Put before the names of repositories there; empty for the same names",
        Default="",
        AllowedPattern=PREFIX,
        when=lambda o: not o.destinations,
    )


class Operation(Parameters):
    """How it runs, and who is notified."""

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
    SilentHours = parameter(
        "Hours without a run after which there is an alarm; more than the schedule has",
        Type="Number",
        Default=26,
        MinValue=2,
        MaxValue=168,
        when=lambda o: o.scheduled,
    )
    LagSeconds = parameter(
        "Seconds from push to mirror above which there is an alarm",
        Type="Number",
        Default=900,
        MinValue=60,
        when=lambda o: not o.scheduled,
    )


class Params(Source, Destination, TaskParameters, Operation):
    """What CloudFormation asks for at deploy time."""
