"""Options of the multi-region pipeline, set at build time."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from cfngen import option
from cfngen.cloudformation.regions import regions as known_regions
from cfngen.patterns.pipeline_checks import pattern_problems

from .._shared.services import service_problems
from .checks import (
    label_problems,
    quota_problems,
    region_problems,
    step_problems,
    wave_problems,
)
from .gates import OnFailure, Region, Step, Wave, steps


@dataclass(frozen=True)
class Filter:
    """Patterns of what starts the pipeline, and of exceptions."""

    includes: tuple[str, ...] = option("Patterns, at least one of which must match", default=())
    excludes: tuple[str, ...] = option("Patterns, none of which may match", default=())

    def __bool__(self) -> bool:
        """Whether there is any pattern."""
        return bool(self.includes or self.excludes)

    @property
    def criteria(self) -> dict[str, list[str]]:
        """The filter as CodePipeline has it."""
        both = {"Includes": list(self.includes), "Excludes": list(self.excludes)}
        return {key: patterns for key, patterns in both.items() if patterns}


@dataclass(frozen=True)
class Options:
    """Options that decide which resources the template has."""

    service: str = option("Name of the service; its stacks are named after it", default="service-x")
    home: str = option("Region of the pipeline and of this stack", default="eu-west-1")
    regions: tuple[Region, ...] = option(
        "Regions to deploy to, in order, with windows, approvals and alarms",
        default=(
            Region(label="eu", region="eu-west-1"),
            Region(label="us", region="us-east-1"),
            Region(label="au", region="ap-southeast-2"),
        ),
    )
    waves: tuple[Wave, ...] = option(
        "Windows, approvals and alarms of regions that are deployed in parallel", default=()
    )
    layout: Literal["stages", "single_stage", "pipelines"] = option(
        "A stage for each region or wave, all regions in parallel in one stage, or a pipeline for"
        " each region",
        default="stages",
    )
    windows: Literal["scheduler", "rule"] = option(
        "How windows are enforced: by schedules, or by CodePipeline's rule DeploymentWindow, which"
        " is not verified to wait",
        default="scheduler",
    )
    on_failure: OnFailure = option(
        "If a deployment fails: stop, roll the stage back, or retry the failed actions once",
        default="stop",
    )
    execution_mode: Literal["SUPERSEDED", "QUEUED", "PARALLEL"] = option(
        "CodePipeline's execution mode: what happens to an execution when a newer one starts",
        default="SUPERSEDED",
    )
    source: Literal["connection", "codecommit", "s3"] = option(
        "Where the code is: GitHub, GitLab or Bitbucket through an existing connection,"
        " CodeCommit, or an archive in S3",
        default="connection",
    )
    branches: Filter = option("Branches whose pushes start the pipeline", default=Filter())
    tags: Filter = option("Tags whose pushes start the pipeline", default=Filter())
    paths: Filter = option(
        "Files on those branches whose changes start the pipeline", default=Filter()
    )
    stores: Literal["stack", "parameters"] = option(
        "Where artifacts are stored: in an artifact_stores stack, or in your own buckets, which SSM"
        " parameters name",
        default="stack",
    )
    roles: Literal["own", "stack"] = option(
        "Where the deployment roles are: in the pipeline's stack, or in a stack of the blueprint"
        " deployment_roles, from which they are imported",
        default="own",
    )
    architecture: Literal["x86_64", "arm64"] = option(
        "Processor architecture of the build; arm64 has no local cache", default="x86_64"
    )
    privileged: bool = option("Let the build run Docker", default=False)
    minutes: int = option("Timeout of the build, in minutes", default=15)
    capabilities: tuple[
        Literal["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"], ...
    ] = option("Capabilities of the deployed templates", default=("CAPABILITY_IAM",))

    def problems(self) -> Iterator[str]:
        """Yield which options cannot be combined, and which values are invalid."""
        yield from service_problems(self.service)
        yield from label_problems(self.regions)
        yield from region_problems(self.home, self.regions, self.source)
        yield from wave_problems(self.layout, self.regions, self.waves)
        for step in self.steps:
            yield from step_problems(
                step,
                mechanism=self.windows,
                execution_mode=self.execution_mode,
                on_failure=self.on_failure,
            )
        yield from quota_problems(self.regions, self.steps, separate=self.separate)
        yield from self._filter_problems()
        if self.architecture == "arm64" and self.home in known_regions().without_arm_builds:
            yield f"home: CodeBuild has no ARM builds in {self.home}; leave out architecture"
        if not 5 <= self.minutes <= 2160:
            yield f"minutes = {self.minutes}: use 5 to 2160, as CodeBuild allows"

    def _filter_problems(self) -> Iterator[str]:
        """Yield filters without a connection, and those that CodePipeline would refuse."""
        filters = {"branches": self.branches, "tags": self.tags, "paths": self.paths}
        given = [name for name, patterns in filters.items() if patterns]
        if given and self.source != "connection":
            yield f'{given[0]}: filters need source = "connection"; remove them'
        if self.paths and not self.branches:
            yield "paths: they need branches; list these"
        for name, patterns in filters.items():
            yield from (f"{name}: {problem}" for problem in pattern_problems(patterns.criteria))

    @property
    def steps(self) -> list[Step]:
        """The stages of deployments, in order."""
        return steps(self.layout, self.regions, self.waves)

    @property
    def all_regions(self) -> list[str]:
        """The codes of the home region and of those to deploy to."""
        return list(dict.fromkeys((self.home, *(region.region for region in self.regions))))

    @property
    def own_roles(self) -> bool:
        """Whether the roles that deploy are in the pipeline's stack."""
        return self.roles == "own"

    @property
    def separate(self) -> bool:
        """Whether each region has a pipeline of its own."""
        return self.layout == "pipelines"

    @property
    def windowed(self) -> bool:
        """Whether anything has a window."""
        return any(step.window for step in self.steps)

    @property
    def scheduled(self) -> bool:
        """Whether schedules open and close stages."""
        return self.windowed and self.windows == "scheduler"

    @property
    def pushes(self) -> list[dict[str, dict[str, list[str]]]]:
        """The filters of pushes, as CodePipeline has them."""
        on_branches = {
            key: patterns.criteria
            for key, patterns in (("Branches", self.branches), ("FilePaths", self.paths))
            if patterns
        }
        on_tags = {"Tags": self.tags.criteria} if self.tags else {}
        return [push for push in (on_branches, on_tags) if push]
