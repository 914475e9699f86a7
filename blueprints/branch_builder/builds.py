"""The projects that build, what their builds may do, and where things are kept."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from awacs import codebuild, codecommit, s3
from troposphere import GetAtt, Ref, Sub
from troposphere.codebuild import Project

from cfngen import Statement, Template, allow, waive
from cfngen.authoring.substitution import placeholder
from cfngen.patterns import (
    build_project,
    cache_bucket,
    fetch_source,
    log_group,
    role,
    write_logs,
)
from cfngen.patterns.buckets import CacheBucket

from .options import Options
from .parameters import Params

CLONE_URL = "https://git-codecommit.%s.${AWS::URLSuffix}/v1/repos/%s"
REPOSITORY = "arn:${AWS::Partition}:codecommit:${AWS::Region}:${AWS::AccountId}:%s"
PROJECT = "arn:${AWS::Partition}:codebuild:${AWS::Region}:${AWS::AccountId}:project/%s"
REPORTS = "arn:${AWS::Partition}:codebuild:${AWS::Region}:${AWS::AccountId}:report-group/%s"
# What a build is told; the last only by projects that the stack makes.
VARIABLES = ("REPOSITORY_NAME", "BRANCH_NAME", "COMMIT_ID", "OUTPUT_LOCATION")
EVERY = "*"
NAMES = (
    "No build may list the bucket, and the name of each bundle and place for outputs ends with 128"
    " bits that only its own build is told: it finds none of another's. Names begin with the"
    ' repository; projects = "repository" also keeps each to a folder of its own.'
)


@dataclass(frozen=True)
class Builds:
    """Projects by repository, and the buckets.

    Attributes:
        names: the project of each repository, or that of all as that of `*`.
        arns: their ARNs, the same way.
        bundles: what is built; without it, builds clone.
        outputs: what builds make, if the stack made the projects.
    """

    names: Mapping[str, Any]
    arns: Mapping[str, Any]
    bundles: CacheBucket | None
    outputs: CacheBucket | None


def add_builds(t: Template, p: Params, options: Options) -> Builds:
    """Add the buckets and, unless they are there, projects with a role for each."""
    bundles = None
    if not options.direct:
        bundles = t.add(
            cache_bucket("Bundles", days=p.BundleDays),
            reason="What is built. No build writes here, or it could change what others build.",
        )
        t.output(
            "Bundles",
            Ref(bundles.bucket),
            "Name of the bucket of bundles. They are named REPOSITORY/BRANCH/COMMIT/SECRET.zip.",
        )
    if options.existing_projects:
        names = {n: n for n in options.repositories} if options.separate else {EVERY: p.ProjectName}
        arns = {n: Sub(PROJECT % ("${ProjectName}" if n == EVERY else n)) for n in names}
        return Builds(names, arns, bundles, None)
    outputs = t.add(
        cache_bucket("Outputs", days=p.OutputDays),
        reason="What builds make, as REPOSITORY/BRANCH/COMMIT/SECRET/...",
    )
    t.output("Outputs", Ref(outputs.bucket), "Name of the bucket for the output of builds.")
    wanted = options.repositories if options.separate else (EVERY,)
    projects = {
        name: _add_project(t, p, options, title, name, bundles)
        for name, title in zip(wanted, logical_ids(wanted), strict=True)
    }
    return Builds(
        {name: Ref(project) for name, project in projects.items()},
        {name: GetAtt(project, "Arn") for name, project in projects.items()},
        bundles,
        outputs,
    )


def logical_ids(repositories: tuple[str, ...]) -> list[str]:
    """Return a logical ID for each repository's project; `Builds` for the one of all."""
    taken: list[str] = []
    for name in repositories:
        parts = re.findall("[A-Za-z0-9]+", name)
        stem = "".join(part[:1].upper() + part[1:] for part in parts)
        tries = (f"{stem}{number or ''}Builds" for number in (0, *range(2, len(repositories) + 2)))
        taken.append(next(title for title in tries if title not in taken))
    return taken


def source_arns(p: Params, options: Options) -> Any:
    """Return the ARNs of the repositories that are built, which are in this account.

    The name stands in a map: cfn-lint tries all values of all parts in all regions, beginning with
    the map, and a parameter without a default has none.
    """
    if options.repositories:
        return [Sub(REPOSITORY % name) for name in options.repositories]
    return Sub(REPOSITORY % "${Name}", Name=p.Repositories)


def _add_project(
    t: Template,
    p: Params,
    options: Options,
    title: str,
    repository: str,
    bundles: CacheBucket | None,
) -> Project:
    """Add a project, its log and the role that its builds hold."""
    log = t.add(log_group(f"{title}Log", days=p.LogDays))
    t.output(f"{title}Log", Ref(log), "Name of the log group of the builds.")
    prefix = "" if repository == EVERY else f"{repository}/"
    may: list[Statement] = [write_logs(log)]
    if bundles:
        objects = Sub(f"${{Bundles.Arn}}/{prefix}*")
        fetch = fetch_source(objects, GetAtt(bundles.bucket, "Arn"))
        waive(fetch[0], f"cdk-nag:AwsSolutions-IAM5/<Bundles.Arn>/{prefix}*", reason=NAMES)
        may += fetch
        # Each build gets a location of its own; the project only has to have one.
        source = {"Type": "S3", "Location": Sub("${Bundles}/" + f"{prefix}bundle.zip")}
    else:
        on = Sub(REPOSITORY % repository) if prefix else source_arns(p, options)
        may.append(allow(codecommit.GitPull, on=on))
        name = repository if prefix else "repository"
        source = {"Type": "CODECOMMIT", "Location": Sub(CLONE_URL % ("${AWS::Region}", name))}
    may.append(_may_report(title))
    put = allow(s3.PutObject, on=Sub(f"${{Outputs.Arn}}/{prefix}*"))
    may.append(waive(put, f"cdk-nag:AwsSolutions-IAM5/<Outputs.Arn>/{prefix}*", reason=NAMES))
    build_role = t.add(
        role(f"{title}Role", "codebuild", *may),
        reason=(
            f"Assumed by {title}: who pushes a branch says what its build does, so it may "
            "do little."
        ),
    )
    t.output(
        f"{title}Role",
        Ref(build_role),
        "Name of the role of the builds. Attach policies to it if builds need more permissions.",
    )
    return t.add(
        build_project(
            title,
            description=f"Builds what is pushed to {repository if prefix else 'a repository'}",
            buildspec=p.BuildSpec,
            role=build_role,
            log=log,
            architecture=options.architecture,
            compute=p.BuildComputeType,
            minutes=p.BuildMinutes,
            privileged=options.privileged,
            source=source,
        )
    )


def _may_report(title: str) -> Statement:
    """Allow builds of a project to make test reports, in groups that CodeBuild calls after it.

    Source: AWS page "Test report permissions" of CodeBuild.
    """
    name = f"${{AWS::StackName}}-{title}-*"
    return waive(
        allow(
            codebuild.CreateReportGroup,
            codebuild.CreateReport,
            codebuild.UpdateReport,
            codebuild.BatchPutTestCases,
            codebuild.BatchPutCodeCoverages,
            on=Sub(REPORTS % name),
        ),
        f"cdk-nag:AwsSolutions-IAM5/codebuild:report-group/<AWS::StackName>-{title}-*",
        reason="A group is called after its project, which CloudFormation calls after the stack and"
        " this logical ID, and then after what the buildspec says.",
    )


def projects_json(builds: Builds) -> Any:
    """Return the projects by repository as JSON, for the worker."""
    if all(isinstance(name, str) for name in builds.names.values()):
        pairs = [f'"{r}": "{name}"' for r, name in builds.names.items()]
        return "{" + ", ".join(pairs) + "}"
    parts = ", ".join(f'"{r}": "{placeholder(name)}"' for r, name in builds.names.items())
    return Sub("{" + parts + "}")
