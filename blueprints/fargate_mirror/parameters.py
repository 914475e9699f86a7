"""Parameters of the Fargate mirror's template."""

from typing import Any

from cfngen import Parameters, first_of, parameter
from cfngen.patterns.alarms import email_parameter
from cfngen.patterns.logs import RETENTION_DAYS
from cfngen.patterns.published_files import files_parameter
from cfngen.patterns.pushes import NAME, repositories_parameter
from cfngen.patterns.tasks import TaskParameters

from ..mirror_program.branches import branches_parameter
from ..mirror_program.program import PARAMETER, STACK, WHAT
from .options import PREFIX, REGION


class Source(Parameters):
    """Which repositories are mirrored."""

    SourceUrl = first_of(
        parameter(
            "SSH URL of the source repositories, with {repository} in place of the name.",
            AllowedPattern=r"(ssh://|[^/:@ ]+@[^/:@ ]+:)[^ ]*\{repository\}[^ ]*",
            ConstraintDescription="Enter an SSH URL with {repository} in place of the name, such"
            " as git@github.com:acme/{repository}.git.",
            group="Source",
            when=lambda o: o.source == "ssh" and o.several,
        ),
        parameter(
            "SSH URL of the source repository.",
            AllowedPattern="(ssh://|[^/:@ ]+@[^/:@ ]+:)[^ ]+",
            ConstraintDescription="Enter an SSH URL, such as git@github.com:acme/app.git.",
            group="Source",
            when=lambda o: o.source == "ssh",
        ),
        parameter(
            "HTTPS URL of the source repositories, without a password and with {repository} in"
            " place of the name.",
            AllowedPattern=r"https://([^/:@ ]+@)?[^/:@ ]+/[^ ]*\{repository\}[^ ]*",
            ConstraintDescription="Enter an HTTPS URL without a password and with {repository} in"
            " place of the name, such as https://github.com/acme/{repository}.git.",
            group="Source",
            when=lambda o: o.external and o.several,
        ),
        parameter(
            "HTTPS URL of the source repository, without a password.",
            AllowedPattern="https://([^/:@ ]+@)?[^/:@ ]+/[^ ]+",
            ConstraintDescription="Enter an HTTPS URL without a password, such as"
            " https://github.com/acme/app.git.",
            group="Source",
            when=lambda o: o.external,
        ),
    )
    SourceHostKeys = parameter(
        "Lines of known_hosts for the source's Git host. Verify them before you enter them.",
        AllowedPattern=r"[\s\S]*(ssh|ecdsa)-[\s\S]+",
        ConstraintDescription="Enter lines as ssh-keyscan prints them.",
        when=lambda o: o.source == "ssh",
    )
    SourceSecret = parameter(
        "ARN of the secret with the credentials of the source: a token, JSON with username"
        " and password, or an SSH private key.",
        AllowedPattern="arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:[A-Za-z0-9/_+=.@-]+",
        ConstraintDescription="Enter the ARN of a secret.",
        when=lambda o: o.source in ("https", "ssh"),
    )
    RepositoryName = parameter(
        "Name of the CodeCommit repository.",
        AllowedPattern=NAME,
        ConstraintDescription="Enter a name such as app, which must not end in .git.",
        group="Source",
        when=lambda o: not o.repositories and o.single,
    )
    Repositories = repositories_parameter(
        "mirror", when=lambda o: not o.repositories and not o.single
    )
    Branches = branches_parameter()


class Destination(Parameters):
    """Where mirrors are, unless the option `destinations` lists them."""

    DestinationRegion = parameter(
        "Region that the repositories are mirrored to.",
        AllowedPattern=REGION,
        ConstraintDescription="Enter the code of a Region, such as us-west-2.",
        group="Destination",
        when=lambda o: not o.destinations,
    )
    DestinationPrefix = parameter(
        "Prefix for the names of the mirrored repositories. Leave empty to keep the same names.",
        Default="",
        AllowedPattern=PREFIX,
        ConstraintDescription="Enter at most 80 letters, digits, dots, underscores and hyphens,"
        " such as mirror-, or leave it empty.",
        when=lambda o: not o.destinations,
    )


class Program(Parameters):
    """Which program the image is built with, if this stack builds it."""

    ProgramParameter = files_parameter(
        PARAMETER, STACK, what=WHAT, group="Image", when=lambda o: o.image == "build"
    )


def _max_deletions(default: str, **more: Any) -> Any:
    return parameter(
        "Maximum number of branches and tags that one run may delete from a mirror. Leave"
        " empty for no limit.",
        Default=default,
        AllowedPattern="[0-9]{0,6}",
        ConstraintDescription="Enter a number, or leave it empty.",
        **more,
    )


class Operation(Parameters):
    """How it runs, and who is notified."""

    Schedule = parameter(
        lambda o: (
            "How often to mirror all repositories"
            f"{'' if o.scheduled else ', in addition to the runs that pushes start'}."
        ),
        Default="rate(1 day)",
        AllowedPattern=r"(rate|cron)\(.+\)",
        ConstraintDescription="Enter an expression such as rate(1 day) or cron(0 3 * * ? *).",
        group="Operation",
    )
    MaxDeletions = first_of(
        _max_deletions("", when=lambda o: o.external),  # a mirror that keeps what it deletes
        _max_deletions("100"),
    )
    KeepDays = parameter(
        "Number of days to keep branches and tags that the source deletes or rewrites. Enter 0 to"
        " keep them for ever.",
        Type="Number",
        Default=90,
        MinValue=0,
        MaxValue=3650,
        when=lambda o: o.external,
    )
    AlarmEmail = email_parameter()
    LogDays = parameter(
        "Number of days to keep logs.",
        Type="Number",
        Default=30,
        AllowedValues=list(RETENTION_DAYS),
    )
    SilentHours = parameter(
        "Number of hours without a run after which an alarm is raised. Enter more than the"
        " interval of Schedule.",
        Type="Number",
        Default=26,
        MinValue=2,
        MaxValue=168,
    )
    LagSeconds = parameter(
        "Maximum number of seconds from a push to its mirroring. An alarm is raised if it"
        " takes longer.",
        Type="Number",
        Default=900,
        MinValue=60,
        when=lambda o: not o.scheduled,
    )


class Params(Source, Destination, TaskParameters, Program, Operation):
    """Parameters of the template."""
