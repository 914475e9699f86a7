"""Options of the branch builder, set at build time."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import ClassVar, Literal

from cfngen import option
from cfngen.cloudformation.physical_names import MAX_KEPT, max_generated_length
from cfngen.cloudformation.quotas import EVENT_PATTERN
from cfngen.patterns.pushes import policy_problems, repository_problems
from cfngen.patterns.tasks import TaskOptions

from ..worker_image.image import STACK

# What a branch can be called (git-check-ref-format), with stars.
GLOB = r'[^\x00-\x20~^:?\[\\\x7f"]{1,256}'
# What a project can be called (AWS API CreateProject).
PROJECT = "[A-Za-z0-9][A-Za-z0-9_-]{1,149}"
# Characters of the worker's policies besides what the names of repositories and projects need, and
# what a project's ARN has besides its name, with quotes and a comma.
POLICIES_TAKEN = 2_900
PROJECT_ARN = len('"arn:aws:codebuild:ap-southeast-2:123456789012:project/",')
# The longest that CloudFormation makes of a logical ID.
PROJECT_NAME = max_generated_length("a" * MAX_KEPT, "AWS::CodeBuild::Project")
# Of a rule's pattern, what the names of branches may take, to leave some to repositories.
MAX_BRANCHES = EVENT_PATTERN - 1000


def _glob_problem(glob: str) -> str:
    """Return what is wrong with the name of a branch in which * stands for anything."""
    if "**" in glob:
        return f"{glob!r}: a single * stands for anything, slashes included"
    if glob.startswith("refs/"):
        return f"{glob!r}: omit refs/heads/"
    return "" if re.fullmatch(GLOB, glob) else f"no branch can be called {glob!r}"


@dataclass(frozen=True)
class Options(TaskOptions):
    """Options that decide which resources the template has."""

    image_template: ClassVar[str] = STACK
    mode: Literal["fargate", "direct"] = option(
        "How builds are started: by a worker that receives pushes from a queue in order and bundles"
        " the commits, or directly by events",
        default="fargate",
    )
    repositories: tuple[str, ...] = option(
        "Names of the repositories, and name prefixes followed by *; if empty, a parameter of the"
        " template",
        default=(),
    )
    branches: tuple[str, ...] = option(
        "Which branches are built: names in which * matches any characters", default=("*",)
    )
    exclude: tuple[str, ...] = option(
        "Which of these are not built: names in which * matches any characters", default=()
    )
    newest_only: bool = option(
        "Build only the newest commit of a branch, and stop builds of older ones", default=False
    )
    projects: Literal["shared", "repository"] = option(
        "One build project for all repositories, or one for each, which cannot read the others",
        default="shared",
        needs={"repositories": ["app"]},
    )
    existing_projects: bool = option(
        "Use existing projects: the one in parameter ProjectName, or those with the names of the"
        " repositories",
        default=False,
    )
    privileged: bool = option(
        "Run builds in privileged mode, so that they can run Docker", default=False
    )
    pull_requests: Literal["none", "comment", "approve"] = option(
        "Report the build of the newest commit to its pull requests: not at all, in a comment, or"
        " in a comment and by approving them or revoking the approval",
        default="none",
    )
    results: Literal["all", "failures"] = option(
        "Which builds the results topic is told of: all, or those that failed or timed out",
        default="all",
    )
    other_account: bool = option(
        "The repositories are in another account, in which branch_events is deployed",
        default=False,
    )
    workers: int = option("Maximum number of concurrent workers, 1 to 20", default=3)

    def problems(self) -> Iterator[str]:
        """Yield which options cannot be combined, and which values are invalid."""
        yield from self.size_problems
        yield from repository_problems(self.repositories)
        for field in ("branches", "exclude"):
            for glob in getattr(self, field):
                if problem := _glob_problem(glob):
                    yield f"{field}: {problem}"
        if not self.branches:
            yield 'branches: without any, nothing is built; use ["*"] for all'
        if sum(len(glob) + 30 for glob in (*self.branches, *self.exclude)) > MAX_BRANCHES:
            yield "branches, exclude: too many for the pattern of a rule; use * for what they share"
        if not 1 <= self.workers <= 20:
            yield f"workers = {self.workers}: use 1 to 20"
        yield from self._project_problems()
        if self.direct:
            yield from self._direct_problems()

    def _project_problems(self) -> Iterator[str]:
        if self.projects == "repository":
            if not self.repositories or "*" in "".join(self.repositories):
                yield (
                    'projects = "repository": a rule can tell repositories apart only by their'
                    ' names; list them in repositories, without *, or use "shared"'
                )
            elif self.existing_projects:
                for name in self.repositories:
                    if not re.fullmatch(PROJECT, name):
                        yield (
                            f"repositories: {name!r} cannot be the name of a build project; set"
                            ' existing_projects = false, or projects = "shared"'
                        )
        if self.existing_projects and self.privileged:
            yield "privileged: an existing project has its own setting; remove it"
        taken = POLICIES_TAKEN + self.project_policy_chars
        yield from policy_problems(self.repositories, taken=taken)

    def _direct_problems(self) -> Iterator[str]:
        """Yield the options that need a worker."""
        idle = [field.name for field in fields(TaskOptions) if field.name != "architecture"]
        idle += ["workers"]
        for field in fields(self):
            if field.name in idle and getattr(self, field.name) != field.default:
                yield f'{field.name}: there is no task with mode = "direct"; remove it'
        if self.newest_only:
            yield 'newest_only: only a worker can stop builds; set mode = "fargate"'
        if self.other_account:
            yield (
                "other_account: a build cannot clone from another account by its own role; set"
                ' mode = "fargate"'
            )

    @property
    def project_policy_chars(self) -> int:
        """How many characters the ARNs of each repository's project need, where there are any."""
        if not self.separate:
            return 0
        names = (len(n) if self.existing_projects else PROJECT_NAME for n in self.repositories)
        return sum(PROJECT_ARN + name for name in names)

    @property
    def stops_apart(self) -> bool:
        """Whether the permission to stop builds has to be in another policy, for the quota."""
        taken = POLICIES_TAKEN + 2 * self.project_policy_chars  # once to start, once to stop
        return self.newest_only and bool(policy_problems(self.repositories, taken=taken))

    @property
    def answers(self) -> bool:
        """Whether pull requests are told of builds."""
        return self.pull_requests != "none"

    @property
    def runs_task(self) -> bool:
        """Whether the template has workers."""
        return not self.direct

    @property
    def keeps_logs(self) -> bool:
        """Whether the stack has any log."""
        return not (self.direct and self.existing_projects and not self.answers)

    @property
    def direct(self) -> bool:
        """Whether events start builds themselves."""
        return self.mode == "direct"

    @property
    def separate(self) -> bool:
        """Whether each repository has a project of its own."""
        return self.projects == "repository"
