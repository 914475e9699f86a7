"""Options of the Fargate mirror, set at build time."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Literal

from cfngen import option
from cfngen.cloudformation.regions import codecommit_problem
from cfngen.patterns.pushes import repository_problems
from cfngen.patterns.tasks import TaskOptions

from ..mirror_image.image import STACK

REGION = "[a-z]{2,4}(-[a-z]+)+-[0-9]"
PREFIX = "[A-Za-z0-9._-]{0,80}"
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
        """Yield which of region, prefix and role are invalid."""
        if problem := codecommit_problem(self.region):
            yield f"region: {problem}"
        for part, pattern in (("prefix", PREFIX), ("role", f"|{ROLE}")):
            value = getattr(self, part)
            if not re.fullmatch(pattern, value):
                yield f"{part}: {value!r} cannot be a {part}"

    def may_come_round(self, repositories: tuple[str, ...]) -> bool:
        """Return whether a mirror there would match the sources, if it is in their region."""
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
    """Options that decide which resources the template has."""

    image_template: ClassVar[str] = STACK
    source: Literal["codecommit", "https", "ssh", "public"] = option(
        "Where the sources are: CodeCommit in this region and account, or any Git host, with a"
        " token, with an SSH key, or without credentials",
        default="codecommit",
    )
    trigger: Literal["events", "codecommit", "direct", "schedule"] = option(
        "What starts a run besides the schedule: events through a queue that waits for capacity,"
        " the trigger of a repository that the stack creates, events without a queue, or"
        " nothing; sources outside of CodeCommit send no events",
        default="events",
    )
    repositories: tuple[str, ...] = option(
        "Names of the repositories, and name prefixes followed by *; if empty, a parameter of the"
        " template",
        default=(),
    )
    destinations: tuple[Destination, ...] = option(
        "Regions to mirror to, each with an optional name prefix and an optional role in another"
        " account; if empty, parameters of the template",
        default=(),
    )
    cache: Literal["none", "efs"] = option(
        "Where clones are kept between runs: nowhere, or on EFS for big repositories",
        default="none",
    )
    ephemeral_storage: int = option("Ephemeral storage of a task in GiB, 20 to 200", default=50)
    minutes: int = option("Timeout of mirroring one repository, in minutes", default=60)
    codepipeline: bool = option(
        "Let an action of CodePipeline start runs and wait for their end", default=False
    )
    dashboard: bool = option("Add a CloudWatch dashboard", default=False)

    def problems(self) -> Iterator[str]:
        """Yield which options cannot be combined, and which values are invalid."""
        yield from self.size_problems
        yield from repository_problems(self.repositories, single=self.single)
        if self.source != "codecommit" and self.trigger in ("codecommit", "direct"):
            yield (
                f'trigger = "{self.trigger}": a source outside of CodeCommit sends no events;'
                ' remove it, or set "schedule"'
            )
        if self.codepipeline and not self.with_function:
            yield (
                'codepipeline: with trigger = "direct" there is no function that a pipeline could'
                " call; leave one of both out"
            )
        if self.trigger == "codecommit" and self.repositories:
            yield (
                'repositories: with trigger = "codecommit" the stack creates the repository, whose'
                " name is the parameter RepositoryName; remove them"
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
                " destination(s) do not fit into one role's policies; use name prefixes, or"
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
    def description(self) -> str:
        """What stands in the console about the stack."""
        if self.scheduled:
            return "Mirror repositories into CodeCommit on a schedule"
        return "Mirror repositories into CodeCommit in other regions on every push"

    @property
    def with_function(self) -> bool:
        """Whether a queue and a function stand between events and tasks."""
        return self.trigger != "direct"

    @property
    def has_patterns(self) -> bool:
        """Whether repositories may be named by how their names begin."""
        return not self.single and (not self.repositories or "*" in "".join(self.repositories))
