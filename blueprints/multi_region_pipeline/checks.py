"""Checks of regions, waves and gates: which options cannot be combined."""

import re
from collections.abc import Iterator, Sequence
from typing import Literal

from cfngen.cloudformation.regions import pipeline_problem
from cfngen.cloudformation.regions import regions as known_regions
from cfngen.patterns.pipeline_checks import MAX_ACTIONS_OF_STAGE as ACTIONS
from cfngen.patterns.pipeline_checks import MAX_RULES as RULES
from cfngen.patterns.pipeline_checks import MAX_STAGES as STAGES

from .gates import OnFailure, Region, Step, Wave, title

LABEL = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
# Labels of which names are made that something else has: PipelineRole, SourceBucket, CODEBUILD_….
TAKEN = ("codebuild", "failed", "home", "policy", "role", "source")
ACTIONS_PER_REGION = 3  # infrastructure, change set, execution
ACTION_NAME = 100  # characters; the longest is that of an infrastructure
BAKE = 24 * 60  # minutes that a pipeline waits for alarms at most


def label_problems(regions: Sequence[Region]) -> Iterator[str]:
    """Yield labels that cannot be part of names, or of the same names as another's."""
    labels = [region.label for region in regions]
    for region in regions:
        if not LABEL.fullmatch(region.label):
            yield (
                f"regions: {region.label!r} cannot be a label: use small letters, digits and single"
                " hyphens, beginning with a letter"
            )
        if region.label in TAKEN:
            yield f"regions: the label {region.label!r} is taken; so are {', '.join(TAKEN)}"
        longest = f"{region.label}-infrastructure"
        if len(longest) > ACTION_NAME:
            yield (
                f"regions: {region.label!r} ({region.region}): the name of the action {longest!r}"
                f" has {len(longest)} characters; CodePipeline takes {ACTION_NAME}"
            )
    yield from _twice("regions: two have the label", labels)
    for first in dict.fromkeys(labels):
        for second in dict.fromkeys(labels):
            if first < second and title(first) == title(second):
                yield f"regions: the labels {first!r} and {second!r} differ in dashes only"


def region_problems(home: str, regions: Sequence[Region], source: str) -> Iterator[str]:
    """Yield regions that a pipeline cannot be in or deploy to."""
    if not regions:
        yield "regions: list at least one"
    places = [("home", home), *(("regions", region.region) for region in regions)]
    for key, code in places:
        if problem := pipeline_problem(code):
            yield f"{key}: {problem}"
    yield from _twice("regions: two are for", [region.region for region in regions])
    catalogue = known_regions()
    if source == "connection" and home not in catalogue.codeconnections:
        yield (
            f'source = "connection": {home} has no CodeConnections, as of {catalogue.as_of};'
            " choose another home, or another source"
        )


def wave_problems(layout: str, regions: Sequence[Region], waves: Sequence[Wave]) -> Iterator[str]:
    """Yield waves that no region is in, or that the layout has no stage for."""
    used = {region.wave for region in regions if region.wave}
    if layout != "stages" and (used or waves):
        order = "all regions are one wave"
        if layout == "pipelines":
            order = "no region waits for another"
        yield f'waves: with layout = "{layout}", {order}; remove them'
    yield from _twice("waves: two have the name", [wave.name for wave in waves])
    for name in dict.fromkeys((*used, *(wave.name for wave in waves))):
        if name not in used:
            yield f"waves: no region is in the wave {name!r}"
        if not LABEL.fullmatch(name):
            yield f"waves: {name!r} cannot be a name: use small letters, digits and single hyphens"
    alone = {region.label for region in regions if not region.wave}
    for name in sorted(used & alone):
        yield f"waves: {name!r} is a wave and the label of a region outside of it"


def step_problems(
    step: Step, *, mechanism: str, execution_mode: str, on_failure: OnFailure
) -> Iterator[str]:
    """Yield which settings cannot be combined in one stage of deployments.

    Args:
        step: the stage.
        mechanism: what keeps it to its window, `scheduler` or `rule`.
        execution_mode: of the pipeline.
        on_failure: of the pipeline, for a stage that says nothing else.
    """
    alone = step.regions and step.name == step.regions[0].label
    where = f"regions: {step.name!r}" if alone else f"waves: {step.name!r}"
    where = where if step.name else "regions, all in one stage"
    for problem in (
        *_windows(step, mechanism, execution_mode),
        *_failures(step, execution_mode, on_failure),
        *_alarms(step),
    ):
        yield f"{where}: {problem}"


def _windows(step: Step, mechanism: str, execution_mode: str) -> Iterator[str]:
    if len(step.windows) > 1:
        yield (
            f"two different windows ({' and '.join(map(str, step.windows))}), but one stage is"
            ' entered once; give each region a stage (layout = "stages") or a pipeline'
            ' (layout = "pipelines") of its own'
        )
    for window in step.windows:
        for problem in window.problems_with(mechanism):
            yield f"window: {problem}"
    if not step.window:
        return
    if execution_mode == "PARALLEL":
        yield (
            "a window in PARALLEL mode: all that waits would deploy at once when it opens; take"
            " SUPERSEDED"
        )
    elif execution_mode == "QUEUED" and mechanism == "scheduler":
        yield (
            "a window in QUEUED mode: when a stage is opened, only the latest execution is sure to"
            " go on; take SUPERSEDED"
        )
    if step.alarms("entry_alarms") and mechanism == "rule":
        yield (
            "a window and an alarm in one entry condition: CodePipeline looks at the alarm before"
            ' the window opens, and not again; take windows = "scheduler"'
        )


def _failures(step: Step, execution_mode: str, on_failure: OnFailure) -> Iterator[str]:
    if len(step.failures) > 1:
        yield f"on_failure is {' and '.join(step.failures)}, but one stage has one"
    if execution_mode == "PARALLEL" and step.failure(on_failure) == "rollback":
        yield (
            'on_failure = "rollback": in PARALLEL mode nothing can be rolled back; take another'
            " mode"
        )


def _alarms(step: Step) -> Iterator[str]:
    if bool(step.alarms("alarms")) != bool(step.bake_minutes):
        yield "alarms and bake_minutes need each other: set both, or neither"
    if not 0 <= step.bake_minutes <= BAKE:
        yield f"bake_minutes = {step.bake_minutes}: 1 to {BAKE}"
    which: Literal["alarms", "entry_alarms"]
    for which in ("alarms", "entry_alarms"):
        count = len(step.alarms(which))
        if count > RULES:
            yield (
                f"{which}: {count} in all its regions; a condition has {RULES} rules at most: make"
                " composite alarms"
            )


def quota_problems(
    regions: Sequence[Region], steps: Sequence[Step], *, separate: bool
) -> Iterator[str]:
    """Yield how many stages or actions are more than a pipeline takes.

    Args:
        regions: all of them.
        steps: the stages of deployments.
        separate: whether each region has a pipeline of its own.
    """
    count = len(regions)
    stages = 2 + len(steps) + sum(step.approval for step in steps)
    if separate and count > ACTIONS:
        yield f"regions: {count}; the stage that starts their pipelines has {ACTIONS} actions"
    elif not separate and stages > STAGES:
        yield (
            f"regions: {stages} stages with source, build and approvals; a pipeline has {STAGES}:"
            ' put regions into waves, or take layout = "pipelines"'
        )
    max_regions = ACTIONS // ACTIONS_PER_REGION
    for step in steps:
        if len(step.regions) > max_regions:
            yield (
                f"regions: {len(step.regions)} in one stage make"
                f" {len(step.regions) * ACTIONS_PER_REGION} actions; a stage has {ACTIONS} at most,"
                f" so {max_regions} regions"
            )


def _twice(what: str, values: list[str]) -> Iterator[str]:
    for value in dict.fromkeys(values):
        if values.count(value) > 1:
            yield f"{what} {value!r}"
