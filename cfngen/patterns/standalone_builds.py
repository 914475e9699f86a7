"""A CodeBuild project with its role and its log group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from awacs import codecommit
from troposphere import AWSObject, GetAtt, Ref
from troposphere.codebuild import EnvironmentVariable, Project
from troposphere.iam import Role
from troposphere.logs import LogGroup

from cfngen.authoring.iam import Statement, allow, names
from cfngen.authoring.substitution import sub
from cfngen.errors import PatternError
from cfngen.patterns.builds import build_project
from cfngen.patterns.logs import log_group, write_logs
from cfngen.patterns.roles import role

__all__ = ["BuildProject", "standalone_build"]

# What a build needs to read a variable that is kept elsewhere
# (AWS page "Build specification reference", `env/parameter-store` and `env/secrets-manager`).
READS = {
    "PARAMETER_STORE": "ssm:GetParameters",
    "SECRETS_MANAGER": "secretsmanager:GetSecretValue",
}
CLONE_URL = "https://git-codecommit.${AWS::Region}.${AWS::URLSuffix}/v1/repos/"
REPOSITORY_ARN = "arn:${AWS::Partition}:codecommit:${AWS::Region}:${AWS::AccountId}:"


@dataclass(frozen=True)
class BuildProject:
    """A project with the log group it writes to and the role that its builds assume.

    Attributes:
        log: its log group.
        role: its role.
        project: the project.
        reason: the comment above the project.
        shares_log: whether the log group is shared, and therefore not among the resources.
    """

    log: LogGroup
    role: Role
    project: Project
    reason: str
    shares_log: bool = False

    @property
    def resources(self) -> list[tuple[AWSObject, str]]:
        """The resources, each with the comment above it."""
        return [
            *([] if self.shares_log else [(self.log, "")]),
            (self.role, f"Assumed by builds of {self.project.title}."),
            (self.project, self.reason),
        ]

    @property
    def name(self) -> Ref:
        """The project's name."""
        return Ref(self.project)

    @property
    def arn(self) -> GetAtt:
        """The project's ARN."""
        return GetAtt(self.project, "Arn")


def standalone_build(
    title: str,
    *statements: Statement,
    description: str,
    buildspec: Any,
    days: Any = None,
    log: LogGroup | None = None,
    environment: Sequence[EnvironmentVariable] = (),
    repository: Any = None,
    source: Mapping[str, Any] | None = None,
    reason: str = "",
    **settings: Any,
) -> BuildProject:
    """Return a project, its log group, and its role with permission to write the log.

    Args:
        title: the project's logical ID; its log group and role are named after it.
        statements: permissions of builds besides writing their log, from `allow`.
        description: what it does.
        buildspec: the text of the buildspec, or its path in the source.
        days: days that its log is kept, if it is its own.
        log: a log group that it shares with others.
        environment: environment variables, from `variable`. To read one that is a secret has to be
            among the statements.
        repository: the name of the CodeCommit repository, in the stack's account and region, that
            is its source; builds are granted to pull it.
        source: otherwise, where its source is, as CloudFormation spells it, with the rights that it
            needs among the statements; without either, it has none.
        reason: the comment above the project.
        settings: further arguments of `build_project`.

    Raises:
        PatternError: neither `days` nor `log` is given, or both; a secret that no statement lets
            builds read; both a `repository` and a `source`; or what `build_project` refuses.

    Source: AWS page "Allow CodeBuild to interact with other AWS services".

    Example:
        >>> build = standalone_build(
        ...     "Nightly", description="Builds", repository="app", buildspec="build.yml", days=30
        ... )
        >>> [resource.title for resource, reason in build.resources]
        ['NightlyLog', 'NightlyRole', 'Nightly']
    """
    if (days is None) == (log is None):
        raise PatternError(
            "standalone_build",
            title,
            "days",
            "say either days=, how long the project's own log is kept, or log=, which it shares",
        )
    _check_secrets(title, environment, statements)
    pull: list[Statement] = []
    if repository is not None:
        if source:
            raise PatternError(
                "standalone_build", title, "source", "repository= is its source; remove one of them"
            )
        source = {"Type": "CODECOMMIT", "Location": sub(CLONE_URL, repository)}
        pull = [allow(codecommit.GitPull, on=sub(REPOSITORY_ARN, repository))]
    shares_log = log is not None
    log = log or log_group(f"{title}Log", days=days)
    build_role = role(f"{title}Role", "codebuild", *statements, *pull, write_logs(log))
    project = build_project(
        title,
        description=description,
        buildspec=buildspec,
        role=build_role,
        log=log,
        environment=environment,
        source=source,
        **settings,
    )
    return BuildProject(log, build_role, project, reason, shares_log)


def _check_secrets(
    title: str, environment: Sequence[EnvironmentVariable], statements: Sequence[Statement]
) -> None:
    """Raise a PatternError for a variable that no build could be given."""
    granted = {
        action
        for statement in statements
        if statement["Effect"] == "Allow"
        for action in names(_tuple(statement["Action"]))
    }
    for entry in environment:
        kind = entry.properties.get("Type", "PLAINTEXT")
        needed = READS.get(kind)
        if needed and needed not in granted:
            raise PatternError(
                "standalone_build",
                title,
                "environment",
                f"{entry.Name} comes from {kind}, and no statement allows {needed}; add"
                f" allow({needed.replace(':', '.')}, on=...) with the ARN of what it is kept in",
            )


def _tuple(value: Any) -> tuple[Any, ...]:
    return tuple(value) if isinstance(value, (list, tuple)) else (value,)
