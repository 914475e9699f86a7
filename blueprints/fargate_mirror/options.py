"""What the Fargate mirror decides at build time."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Literal

from cfngen import option
from cfngen.patterns.pushes import repository_problems
from cfngen.patterns.tasks import TaskOptions

from ..mirror_image.image import STACK

PREFIX = "[A-Za-z0-9._-]{0,80}"
REGION = "[a-z]{2,4}(-[a-z]+)+-[0-9]"
ROLE = r"arn:aws[a-z-]*:iam::[0-9]{12}:role/[\w+=,.@/-]{1,512}"
# Of the 10,240 characters that all policies of a role may have, for the names of repositories.
MAX_POLICY_CHARS = 8000


@dataclass(frozen=True)
class Destination:
    """A place that repositories are mirrored to."""

    region: str
    prefix: str = ""  # put before the name of each repository
    role: str = ""  # in another account, the role that may push there

    @property
    def account(self) -> str:
        """The other account, or nothing for the stack's own."""
        return self.role.split(":")[4] if self.role else ""

    def problems(self) -> Iterator[str]:
        """Yield what cannot be a region, a prefix or a role."""
        for part, pattern in (("region", REGION), ("prefix", PREFIX), ("role", f"|{ROLE}")):
            value = getattr(self, part)
            if not re.fullmatch(pattern, value):
                yield f"{part}: {value!r} cannot be a {part}"

    def may_come_round(self, repositories: tuple[str, ...]) -> bool:
        """Tell whether what is written there would be a source as well, in the same region."""
        for wanted in repositories:
            begins, open_ended = self.prefix + wanted.rstrip("*"), wanted.endswith("*")
            for other in repositories:
                stem = other.rstrip("*")
                if begins == stem or (other.endswith("*") and begins.startswith(stem)):
                    return True
                if open_ended and stem.startswith(begins):
                    return True
        return False


@dataclass(frozen=True)
class Options(TaskOptions):
    """Decided at build time, because they change the template's shape."""

    image_template: ClassVar[str] = STACK
    source: Literal["codecommit", "https", "ssh", "public"] = option(
        "Where the sources are: CodeCommit here, or any Git host, by token, by SSH key or freely",
        default="codecommit",
    )
    trigger: Literal["events", "codecommit", "direct", "schedule"] = option(
        "What starts a run besides the schedule: events through a function that coalesces them,"
        " the repository's own trigger, events without a function, or nothing; sources outside"
        " of CodeCommit send nothing",
        default="events",
    )
    repositories: tuple[str, ...] = option(
        "Names, and beginnings of names followed by *; without any, a parameter says which",
        default=(),
    )
    destinations: tuple[Destination, ...] = option(
        "Regions, each with a prefix and a role in another account if need be; without any,"
        " parameters say which",
        default=(),
    )
    cache: Literal["none", "efs"] = option(
        "Where git is kept between runs: nowhere, or on a file system for big repositories",
        default="none",
    )
    ephemeral_storage: int = option("Disk of a task in GiB, 20 to 200", default=50)
    minutes: int = option("Minutes after which one repository is given up", default=60)
    dashboard: bool = option("Add a CloudWatch dashboard", default=False)

    def problems(self) -> Iterator[str]:
        """Yield what does not go together."""
        yield from self.size_problems
        yield from repository_problems(self.repositories, single=self.single)
        if self.source != "codecommit" and self.trigger in ("codecommit", "direct"):
            yield (
                f'trigger = "{self.trigger}": a source outside of CodeCommit sends no events;'
                ' leave it out, or say "schedule"'
            )
        if self.trigger == "codecommit" and self.repositories:
            yield (
                'repositories: with trigger = "codecommit" the stack makes the repository, whose'
                " name is parameter RepositoryName; leave them out"
            )
        # Without a list there is one, too; its prefix fits into what 90 is more than an ARN needs.
        destinations = self.destinations or (Destination(""),)
        names = sum(
            90 + len(name) + len(there.prefix)
            for name in self.repositories
            for there in (Destination(""), *destinations)
        )
        if names > MAX_POLICY_CHARS:
            yield (
                f"repositories: {len(self.repositories)} names at {len(destinations)}"
                " destination(s) do not fit into one role's policies; use beginnings of names, or"
                " several templates"
            )

    @property
    def several(self) -> bool:
        """Whether more than one repository is named."""
        return len(self.repositories) > 1

    @property
    def external(self) -> bool:
        """Whether the sources are outside of CodeCommit."""
        return self.source != "codecommit"

    @property
    def single(self) -> bool:
        """Whether repositories are named one by one."""
        return self.external or self.trigger == "codecommit"

    @property
    def scheduled(self) -> bool:
        """Whether nothing but the schedule starts a run."""
        return self.external or self.trigger == "schedule"

    @property
    def with_function(self) -> bool:
        """Whether a function stands between events and tasks."""
        return not self.external and self.trigger in ("events", "codecommit")
