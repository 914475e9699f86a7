"""What the multi-region pipeline decides at build time."""

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
    """Patterns of what starts the pipeline, and of what does not although it would."""

    includes: tuple[str, ...] = option("Patterns of which one must match", default=())
    excludes: tuple[str, ...] = option("Patterns of which none may match", default=())

    def __bool__(self) -> bool:
        """Whether it says anything."""
        return bool(self.includes or self.excludes)

    @property
    def criteria(self) -> dict[str, list[str]]:
        """The filter as CodePipeline has it."""
        both = {"Includes": list(self.includes), "Excludes": list(self.excludes)}
        return {key: patterns for key, patterns in both.items() if patterns}


@dataclass(frozen=True)
class Options:
    """Decided at build time, because they change the template's shape."""

    service: str = option(
        "Name of what is deployed; stacks are named after it", default="service-x"
    )
    home: str = option("Region of the pipeline, and of this stack", default="eu-west-1")
    regions: tuple[Region, ...] = option(
        "Regions to deploy to, in order: label, code and what each has to get through",
        default=(
            Region(label="eu", region="eu-west-1"),
            Region(label="us", region="us-east-1"),
            Region(label="au", region="ap-southeast-2"),
        ),
    )
    waves: tuple[Wave, ...] = option(
        "What regions of one wave get through together, by the wave's name", default=()
    )
    layout: Literal["stages", "single_stage", "pipelines"] = option(
        "A stage for each region or wave, all regions side by side in one stage, or a pipeline for"
        " each region",
        default="stages",
    )
    windows: Literal["scheduler", "rule"] = option(
        "What keeps deployments to their windows: schedules, or CodePipeline's own rule, of which"
        " nobody has yet seen here that it waits",
        default="scheduler",
    )
    on_failure: OnFailure = option(
        "If a deployment fails: stop, roll the stage back, or try what failed once more",
        default="stop",
    )
    execution_mode: Literal["SUPERSEDED", "QUEUED", "PARALLEL"] = option(
        "What becomes of an execution when a newer one comes", default="SUPERSEDED"
    )
    source: Literal["connection", "codecommit", "s3"] = option(
        "Where the code is: GitHub, GitLab or Bitbucket through a connection that is there,"
        " CodeCommit, or an archive in a bucket",
        default="connection",
    )
    branches: Filter = option("Branches whose pushes start the pipeline", default=Filter())
    tags: Filter = option("Tags whose pushes start the pipeline", default=Filter())
    paths: Filter = option("Files whose change starts it, on those branches", default=Filter())
    stores: Literal["stack", "parameters"] = option(
        "Where artifacts are kept: in the stores of the artifact_stores stack, or in buckets of"
        " your own that SSM parameters name",
        default="stack",
    )
    roles: Literal["own", "stack"] = option(
        "Whose roles deploy the service: roles of the pipeline's own stack, or those of a stack of"
        " the blueprint deployment_roles, which the pipeline imports",
        default="own",
    )
    architecture: Literal["x86_64", "arm64"] = option(
        "Processor of the build; arm64 has no local cache", default="x86_64"
    )
    privileged: bool = option("Let the build run Docker", default=False)
    minutes: int = option("Minutes after which a build is given up", default=15)
    capabilities: tuple[
        Literal["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"], ...
    ] = option("What the deployed templates may do", default=("CAPABILITY_IAM",))

    def problems(self) -> Iterator[str]:
        """Yield what does not go together."""
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
            yield f"minutes = {self.minutes}: CodeBuild takes 5 to 2160"

    def _filter_problems(self) -> Iterator[str]:
        """Yield filters that go without a connection, or that CodePipeline would refuse."""
        filters = {"branches": self.branches, "tags": self.tags, "paths": self.paths}
        given = [name for name, patterns in filters.items() if patterns]
        if given and self.source != "connection":
            yield f'{given[0]}: filters go with source = "connection" only; leave them out'
        if self.paths and not self.branches:
            yield "paths: they go with branches; say which"
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
        """Whether schedules open and close the ways into stages."""
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
