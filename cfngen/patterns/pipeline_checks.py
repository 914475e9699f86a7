"""Checks for what CodePipeline refuses, or accepts and ignores.

troposphere and the linter look at names and types; this looks at what they mean together. Sources:
AWS pages "Quotas in CodePipeline", "Configure conditions for a stage", "Rule structure reference",
"Filter triggers" and the service model of its API.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from cfngen.cloudformation.cron import rule_cron
from cfngen.cloudformation.zones import zone_problem
from cfngen.errors import CfngenError

__all__: list[str] = []  # for `pipeline`, which looks for all of it

MAX_STAGES, MAX_ACTIONS_OF_STAGE, MAX_ACTIONS = 50, 50, 1000
MAX_RULES = 5
NAME = re.compile(r"[A-Za-z0-9.@\-_]{1,100}")
# Why a stage is closed: the pipeline's handler passes it to DisableStageTransition, which is
# refused together with the pipeline.
REASON = re.compile(r"[a-zA-Z0-9!@ ().*?\-]{1,300}")
MAX_CONFIGURATION = 1000  # characters of one value
# Of a trigger: filters, patterns to include and as many to exclude, characters of a pattern.
MAX_FILTERS, MAX_PATTERNS, MAX_PATTERN = 3, 8, 255
SKIPPING = ("LambdaInvoke", "VariableCheck")
RESULTS = {"BeforeEntry": ("FAIL", "SKIP"), "OnSuccess": ("FAIL", "ROLLBACK"),
           "OnFailure": ("ROLLBACK",)}  # fmt: skip

Plain = dict[str, Any]


def pipeline_problems(pipeline: Plain) -> list[str]:
    """Return the problems of a pipeline's properties, as plain data."""
    return [
        *_sizes(pipeline["Stages"]),
        *_names(pipeline["Stages"]),
        *_artifacts(pipeline["Stages"]),
        *_stores(pipeline),
        *_configurations(pipeline["Stages"]),
        *_conditions(pipeline["Stages"]),
        *_closed(pipeline),
        *_mode(pipeline),
        *(problem for trigger in pipeline.get("Triggers", []) for problem in _trigger(trigger)),
    ]


def _trigger(trigger: Plain) -> Iterator[str]:
    """Yield what CodePipeline refuses of a trigger."""
    git = trigger["GitConfiguration"]
    for event, criteria in (("Push", ("Branches", "Tags")), ("PullRequest", ("Branches",))):
        filters = git.get(event, [])
        if len(filters) > MAX_FILTERS:
            yield f"trigger: {len(filters)} filters of {event}; CodePipeline takes {MAX_FILTERS}"
        for criterion in filters:
            if "FilePaths" in criterion and "Branches" not in criterion:
                yield f"trigger: {event}: file paths need branches; list these"
            elif not any(name in criterion for name in criteria):
                yield f"trigger: {event}: say {' or '.join(criteria).lower()}"
            for name in ("Branches", "Tags", "FilePaths"):
                for problem in pattern_problems(criterion.get(name, {})):
                    yield f"trigger: {name}: {problem}"


def pattern_problems(criteria: Plain) -> Iterator[str]:
    """Yield what CodePipeline refuses of the patterns of a filter."""
    for kind in ("Includes", "Excludes"):
        patterns = criteria.get(kind, [])
        if len(patterns) > MAX_PATTERNS:
            yield f"{len(patterns)} {kind.lower()}; CodePipeline takes {MAX_PATTERNS}"
        for pattern in patterns:
            if not 0 < len(pattern) <= MAX_PATTERN:
                yield (
                    f"{pattern!r} has {len(pattern)} characters; CodePipeline takes 1 to"
                    f" {MAX_PATTERN}"
                )


def _sizes(stages: list[Plain]) -> Iterator[str]:
    if not 2 <= len(stages) <= MAX_STAGES:
        yield f"{len(stages)} stages; a pipeline has 2 to {MAX_STAGES}"
    for stage in stages:
        if len(stage["Actions"]) > MAX_ACTIONS_OF_STAGE:
            yield (
                f"stage {stage['Name']}: {len(stage['Actions'])} actions; a stage has"
                f" {MAX_ACTIONS_OF_STAGE} at most"
            )
    every = sum(len(stage["Actions"]) for stage in stages)
    if every > MAX_ACTIONS:
        yield f"{every} actions; a pipeline has {MAX_ACTIONS} at most"


def _names(stages: list[Plain]) -> Iterator[str]:
    yield from _repeated("stage", [stage["Name"] for stage in stages])
    for stage in stages:
        names = [action["Name"] for action in stage["Actions"]]
        yield from _repeated(f"stage {stage['Name']}: action", names)
        for name in (stage["Name"], *names):
            if not NAME.fullmatch(name):
                yield (
                    f"{name!r} cannot be a name: letters, digits and . @ - _, 100 at most"
                    f" ({len(name)} here)"
                )


def _repeated(what: str, names: list[str]) -> Iterator[str]:
    for name in dict.fromkeys(names):
        if names.count(name) > 1:
            yield f"{what} {name!r} is there {names.count(name)} times"


def _artifacts(stages: list[Plain]) -> Iterator[str]:
    """Check that each artifact is an output once, before it is an input."""
    producers: dict[str, tuple[int, int]] = {}
    for number, stage in enumerate(stages):
        for action in stage["Actions"]:
            first = action["ActionTypeId"]["Category"] == "Source"
            if first != (number == 0):
                yield (
                    f"stage {stage['Name']}: action {action['Name']}: sources are in the first"
                    " stage, and nothing else is"
                )
            for artifact in action.get("OutputArtifacts", []):
                name = artifact["Name"]
                if name in producers:
                    yield f"action {action['Name']}: artifact {name!r} is made twice"
                producers[name] = (number, action.get("RunOrder", 1))
    for number, stage in enumerate(stages):
        for action in stage["Actions"]:
            for artifact in action.get("InputArtifacts", []):
                name = artifact["Name"]
                now = (number, action.get("RunOrder", 1))
                if producers.get(name, (number, MAX_ACTIONS)) >= now:
                    yield (
                        f"action {action['Name']}: takes the artifact {name!r}, which nothing"
                        " before it makes"
                    )


def _stores(pipeline: Plain) -> Iterator[str]:
    stores = pipeline.get("ArtifactStores")
    if stores is None:
        return
    having = [json.dumps(store["Region"]) for store in stores]
    yield from _repeated("artifact store of", having)
    for stage in pipeline["Stages"]:
        for action in stage["Actions"]:
            region = action.get("Region")
            if region is not None and json.dumps(region) not in having:
                yield (
                    f"action {action['Name']}: acts in {region}, which has no artifact store; add"
                    " one"
                )


def _configurations(stages: list[Plain]) -> Iterator[str]:
    for stage in stages:
        for action in stage["Actions"]:
            configuration = action.get("Configuration", {})
            where = f"action {action['Name']}"
            if configuration.get("ActionMode") == "CHANGE_SET_EXECUTE" and (
                "RoleArn" in configuration
            ):
                yield (
                    f"{where}: RoleArn is ignored by CHANGE_SET_EXECUTE; give it to the action"
                    " that makes the change set"
                )
            for key, value in configuration.items():
                text = value.get("Fn::Sub", "") if isinstance(value, dict) else value
                if isinstance(text, str) and len(text) > MAX_CONFIGURATION:
                    yield (
                        f"{where}: {key} has {len(text):,} characters; CodePipeline takes"
                        f" {MAX_CONFIGURATION:,}"
                    )


def _conditions(stages: list[Plain]) -> Iterator[str]:
    for number, stage in enumerate(stages):
        where = f"stage {stage['Name']}"
        for moment, results in RESULTS.items():
            conditions = stage.get(moment, {}).get("Conditions", [])
            if len(conditions) > 1:
                yield f"{where}: {len(conditions)} conditions in {moment}; there may be one"
            for condition in conditions:
                yield from _condition(where, moment, results, condition)
        failure = stage.get("OnFailure", {})
        retries = failure.get("Result") == "RETRY" or "RetryConfiguration" in failure
        if retries and failure.get("Conditions"):
            yield f"{where}: OnFailure: retry and rules exclude each other; choose one"
        if number == 0 and _rolls_back(stage):
            yield f"{where}: the first stage cannot be rolled back"
        rules = list(_rules(stage, "BeforeEntry"))
        windows = [rule for rule in rules if rule["RuleTypeId"]["Provider"] == "DeploymentWindow"]
        if windows and any(r["RuleTypeId"]["Provider"] == "CloudWatchAlarm" for r in rules):
            yield (
                f"{where}: a window and an alarm in one entry condition: the alarm is looked at"
                " before the window opens, and not again; give the alarm a stage of its own"
            )
        if windows and any(a["ActionTypeId"]["Category"] == "Approval" for a in stage["Actions"]):
            yield (
                f"{where}: an approval inside a stage with a window escapes it: the window is"
                " looked at when the stage is entered; give the approval a stage before"
            )
        for rule in windows:
            yield from _window(where, rule["Configuration"])


def _condition(
    where: str, moment: str, results: tuple[str, ...], condition: Plain
) -> Iterator[str]:
    result, rules = condition.get("Result", ""), condition.get("Rules", [])
    if result and result not in results:
        yield f"{where}: {moment}: {result} cannot be its result; {' or '.join(results)} can"
    others = [r for r in rules if r["RuleTypeId"]["Provider"] not in SKIPPING]
    if result == "SKIP" and others:
        yield f"{where}: {moment}: SKIP goes with rules of {' and '.join(SKIPPING)} only"
    if not 1 <= len(rules) <= MAX_RULES:
        yield f"{where}: {moment}: {len(rules)} rules; a condition has 1 to {MAX_RULES}"
    yield from _repeated(f"{where}: {moment}: rule", [rule["Name"] for rule in rules])


def _window(where: str, configuration: Plain) -> Iterator[str]:
    zone = configuration.get("TimeZone", "UTC")
    if isinstance(zone, str) and (problem := zone_problem(zone)):
        yield f"{where}: window: {problem}"
    cron = configuration["Cron"]
    if not isinstance(cron, str):
        return
    try:
        parsed = rule_cron(cron)
    except CfngenError as error:
        yield f"{where}: window: {error}"
        return
    fields = cron.split()
    if len(fields) != 7 or fields[:2] != ["*", "*"]:
        yield (
            f"{where}: window: {cron!r}: write all seven fields, seconds and minutes as *; the"
            " documentation can be read in several ways otherwise"
        )
    days = {1: 31, 2: 29, 3: 31, 4: 30, 5: 31, 6: 30, 7: 31, 8: 31, 9: 30, 10: 31, 11: 30, 12: 31}
    if all(min(parsed.days) > days[month] for month in parsed.months):
        yield f"{where}: window: {cron!r} never opens: there is no such day"


def _closed(pipeline: Plain) -> Iterator[str]:
    """Yield what CodePipeline refuses of the stages that are closed from the beginning."""
    names = [stage["Name"] for stage in pipeline["Stages"]]
    closed = pipeline.get("DisableInboundStageTransitions", [])
    yield from _repeated("closed stage", [stage["StageName"] for stage in closed])
    for stage in closed:
        where = f"closed stage {stage['StageName']}"
        if stage["StageName"] not in names:
            yield f"{where}: there is no such stage"
        reason = stage["Reason"]
        if isinstance(reason, str) and not REASON.fullmatch(reason):
            yield (
                f"{where}: {reason!r} cannot be its reason: letters, digits, blanks and"
                f" ! @ ( ) . * ? -, 300 at most ({len(reason)} here)"
            )


def _mode(pipeline: Plain) -> Iterator[str]:
    if pipeline.get("ExecutionMode") != "PARALLEL":
        return
    closed = {stage["StageName"] for stage in pipeline.get("DisableInboundStageTransitions", [])}
    for stage in pipeline["Stages"]:
        where = f"stage {stage['Name']}"
        if _rolls_back(stage):
            yield f"{where}: in PARALLEL mode nothing can be rolled back; take another mode"
        providers = {rule["RuleTypeId"]["Provider"] for rule in _rules(stage, "BeforeEntry")}
        if stage["Name"] in closed or "DeploymentWindow" in providers:
            yield (
                f"{where}: in PARALLEL mode all that waits for a window would deploy at once; take"
                " SUPERSEDED"
            )


def _rolls_back(stage: Plain) -> bool:
    failure = stage.get("OnFailure", {})
    conditions = [c for m in RESULTS for c in stage.get(m, {}).get("Conditions", [])]
    return "ROLLBACK" in (failure.get("Result"), *(c.get("Result") for c in conditions))


def _rules(stage: Plain, moment: str) -> Iterator[Plain]:
    for condition in stage.get(moment, {}).get("Conditions", []):
        yield from condition.get("Rules", [])
