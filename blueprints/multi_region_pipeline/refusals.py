"""What cannot work, in the words of the options that ask for it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

from cfngen.cloudformation.regions import pipeline_problem
from cfngen.cloudformation.regions import regions as known_regions
from cfngen.patterns.pipeline_checks import ACTIONS, RULES, STAGES, pattern_problems

from .._shared.services import service_problems
from .gates import Step, title

if TYPE_CHECKING:
    from .options import Options

LABEL = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
# Labels of which names are made that something else has: PipelineRole, SourceBucket, CODEBUILD_….
TAKEN = ("codebuild", "failed", "home", "policy", "role", "source")
ACTIONS_PER_REGION = 3  # infrastructure, change set, execution
ACTION_NAME = 100  # characters; the longest is that of an infrastructure
BAKE = 24 * 60  # minutes that a pipeline waits for alarms at most


def refusals(options: Options) -> Iterator[str]:
    """Yield what is wrong with the options, each with the option's name and what would do."""
    yield from _names(options)
    yield from _regions(options)
    yield from _waves(options)
    for step in options.steps:
        alone = step.regions and step.name == step.regions[0].label
        where = f"regions: {step.name!r}" if alone else f"waves: {step.name!r}"
        where = where if step.name else "regions, all in one stage"
        for problem in (*_windows(options, step), *_failures(options, step), *_alarms(step)):
            yield f"{where}: {problem}"
    yield from _limits(options)
    yield from _triggers(options)
    if not 5 <= options.minutes <= 2160:
        yield f"minutes = {options.minutes}: CodeBuild takes 5 to 2160"


def _names(options: Options) -> Iterator[str]:
    yield from service_problems(options.service)
    labels = [region.label for region in options.regions]
    for region in options.regions:
        if not LABEL.fullmatch(region.label):
            yield (
                f"regions: {region.label!r} cannot be a label: small letters, digits and single"
                " dashes, a letter first"
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
    for one in dict.fromkeys(labels):
        for other in dict.fromkeys(labels):
            if one < other and title(one) == title(other):
                yield f"regions: the labels {one!r} and {other!r} differ in dashes only"


def _regions(options: Options) -> Iterator[str]:
    if not options.regions:
        yield "regions: name one at least"
    places = [("home", options.home), *(("regions", found.region) for found in options.regions)]
    for key, code in places:
        if problem := pipeline_problem(code):
            yield f"{key}: {problem}"
    yield from _twice("regions: two are for", [region.region for region in options.regions])
    known = known_regions()
    if options.source == "connection" and options.home not in known.codeconnections:
        yield (
            f'source = "connection": {options.home} has no CodeConnections, as of {known.as_of};'
            " choose another home, or another source"
        )


def _waves(options: Options) -> Iterator[str]:
    used = {region.wave for region in options.regions if region.wave}
    if options.layout != "stages" and (used or options.waves):
        how = "all regions are one wave"
        if options.layout == "pipelines":
            how = "no region waits for another"
        yield f'waves: with layout = "{options.layout}", {how}; leave them out'
    yield from _twice("waves: two have the name", [wave.name for wave in options.waves])
    for name in dict.fromkeys((*used, *(wave.name for wave in options.waves))):
        if name not in used:
            yield f"waves: no region is in the wave {name!r}"
        if not LABEL.fullmatch(name):
            yield f"waves: {name!r} cannot be a name: small letters, digits and single dashes"
    alone = {region.label for region in options.regions if not region.wave}
    for name in sorted(used & alone):
        yield f"waves: {name!r} is a wave and the label of a region outside of it"


def _windows(options: Options, step: Step) -> Iterator[str]:
    if len(step.windows) > 1:
        yield (
            f"two different windows ({' and '.join(map(str, step.windows))}), but one stage is"
            ' entered once; give each region a stage (layout = "stages") or a pipeline'
            ' (layout = "pipelines") of its own'
        )
    for window in step.windows:
        for problem in window.problems(options.windows):
            yield f"window: {problem}"
    if not step.window:
        return
    if options.execution_mode == "PARALLEL":
        yield (
            "a window in PARALLEL mode: all that waits would deploy at once when it opens; take"
            " SUPERSEDED"
        )
    elif options.execution_mode == "QUEUED" and options.windows == "scheduler":
        yield (
            "a window in QUEUED mode: when a stage is opened, only the latest execution is sure to"
            " go on; take SUPERSEDED"
        )
    if step.alarms("entry_alarms") and options.windows == "rule":
        yield (
            "a window and an alarm in one entry condition: CodePipeline looks at the alarm before"
            ' the window opens, and not again; take windows = "scheduler"'
        )


def _failures(options: Options, step: Step) -> Iterator[str]:
    if len(step.failures) > 1:
        yield f"on_failure is {' and '.join(step.failures)}, but one stage has one"
    if options.execution_mode == "PARALLEL" and options.failure(step) == "rollback":
        yield (
            'on_failure = "rollback": in PARALLEL mode nothing can be rolled back; take another'
            " mode"
        )


def _alarms(step: Step) -> Iterator[str]:
    if bool(step.alarms("alarms")) != bool(step.bake_minutes):
        yield "alarms and bake_minutes go together: which are watched, and for how long"
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


def _limits(options: Options) -> Iterator[str]:
    count, steps = len(options.regions), options.steps
    stages = 2 + len(steps) + sum(step.approval for step in steps)
    if options.separate and count > ACTIONS:
        yield f"regions: {count}; the stage that starts their pipelines has {ACTIONS} actions"
    elif not options.separate and stages > STAGES:
        yield (
            f"regions: {stages} stages with source, build and approvals; a pipeline has {STAGES}:"
            ' put regions into waves, or take layout = "pipelines"'
        )
    room = ACTIONS // ACTIONS_PER_REGION
    for step in steps:
        if len(step.regions) > room:
            yield (
                f"regions: {len(step.regions)} in one stage make"
                f" {len(step.regions) * ACTIONS_PER_REGION} actions; a stage has {ACTIONS} at most,"
                f" so {room} regions"
            )


def _triggers(options: Options) -> Iterator[str]:
    filters = {"branches": options.branches, "tags": options.tags, "paths": options.paths}
    given = [name for name, found in filters.items() if found]
    if given and options.source != "connection":
        yield f'{given[0]}: filters go with source = "connection" only; leave them out'
    if options.paths and not options.branches:
        yield "paths: they go with branches; say which"
    for name, found in filters.items():
        yield from (f"{name}: {problem}" for problem in pattern_problems(found.criteria))


def _twice(what: str, values: list[str]) -> Iterator[str]:
    for value in dict.fromkeys(values):
        if values.count(value) > 1:
            yield f"{what} {value!r}"
