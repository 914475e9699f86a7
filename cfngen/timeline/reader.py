"""Reads the pipelines of a template, their deployment windows and their schedules."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from cfngen.cloudformation.cron import Cron, rule_cron, schedule_cron
from cfngen.cloudformation.template import TemplateBody
from cfngen.cloudformation.text import Text
from cfngen.cloudformation.values import shown
from cfngen.cloudformation.zones import zone_problem
from cfngen.errors import CfngenError, Problems
from cfngen.timeline.hours import Gate, Switch
from cfngen.timeline.model import Durations, Model, Pipeline, Stage, circular_starts

SWITCH = re.compile(r":aws-sdk:codepipeline:(enable|disable)StageTransition\Z")
OWN_REGION = "its own Region"


def read_pipelines(template: TemplateBody, durations: Durations, name: str) -> Model:
    """Return the pipelines of a template.

    Args:
        template: the template.
        durations: how long things take.
        name: the stack's name, as far as names are made of it.

    Raises:
        Problems: it has none, or one that cannot be timed; says which and why.
    """
    return _Reader(template, durations, name).read()


class _Reader:
    """Reads one template and keeps what is wrong with it."""

    def __init__(self, template: TemplateBody, durations: Durations, name: str) -> None:
        self.template = template
        self.durations = durations
        self.name = name
        self.problems: list[str] = []
        self.notes: list[str] = []

    def read(self) -> Model:
        templates = self.properties("AWS::CodePipeline::Pipeline")
        if not templates:
            raise Problems([f"{self.name}: has no AWS::CodePipeline::Pipeline"])
        ids = {key: title for title, p in templates.items() for key in self.keys(title, p)}
        switches = self.switches(ids)
        pipelines: dict[str, Pipeline] = {}
        for title, properties in templates.items():
            try:
                own = switches.get(title, {})
                pipelines[title] = self.pipeline(title, properties, own, ids)
            except (AttributeError, KeyError, TypeError) as error:
                self.problems.append(
                    f"{title}: its stages cannot be read here: {_missing(error)}; write stages and"
                    " actions out in the template"
                )
        starts = {p.id: {id_ for s in p.stages for id_ in s.starts} for p in pipelines.values()}
        starts = {id_: started & set(pipelines) for id_, started in starts.items()}
        self.problems += [
            f"{title}: circular dependency: it starts itself, directly or through other pipelines"
            for title in circular_starts(starts)
        ]
        if self.problems:
            raise Problems(f"{self.name}: {problem}" for problem in self.problems)
        return Model(pipelines, tuple(dict.fromkeys(self.notes)))

    def properties(self, type_: str) -> dict[str, dict[str, Any]]:
        """Return the properties of the resources of a type, by their logical IDs."""
        resources = self.template.of_type(type_)
        return {name: resource.properties for name, resource in resources.items()}

    def keys(self, title: str, properties: dict[str, Any]) -> list[str]:
        """Return what may refer to a pipeline elsewhere in the template."""
        name = _text(properties.get("Name"))
        return [f"${{{title}}}", *([name] if name else [])]

    def pipeline(
        self,
        title: str,
        properties: dict[str, Any],
        switches: dict[str, list[Switch]],
        ids: dict[str, str],
    ) -> Pipeline:
        closed = {t["StageName"] for t in properties.get("DisableInboundStageTransitions", [])}
        written = list(self.written(title, properties["Stages"]))
        named = {stage["Name"] for stage in written}
        for unknown in [name for name in (*switches, *sorted(closed)) if name not in named]:
            self.problems.append(f"{title} has no stage {unknown!r}, which is opened or closed")
        stages = tuple(
            self.stage(title, s, tuple(switches.get(s["Name"], ())), s["Name"] in closed, ids)
            for s in written
        )
        name = (_text(properties.get("Name")) or title).replace("${AWS::StackName}", self.name)
        return Pipeline(title, name, properties.get("ExecutionMode", "SUPERSEDED"), stages)

    def written(self, title: str, stages: list[Any]) -> Iterator[dict[str, Any]]:
        """Yield stages; of those that depend on a condition, the first version that there is."""
        for stage in stages:
            versions = list(_alternatives(stage))
            if not versions:
                continue
            condition, version = versions[0]
            if condition:
                self.notes.append(
                    f"{title}: the stage {shown(version['Name'])} is timed as if {condition}"
                )
            yield version

    def stage(
        self,
        title: str,
        stage: dict[str, Any],
        switches: tuple[Switch, ...],
        closed: bool,  # noqa: FBT001 - as CloudFormation has it
        ids: dict[str, str],
    ) -> Stage:
        # Of actions in two versions both count: each kind takes its time once.
        actions = [a for action in stage["Actions"] for _, a in _alternatives(action)]
        kinds = {a["ActionTypeId"]["Category"]: a for a in actions}
        deploys = [
            action
            for action in actions
            if action["ActionTypeId"]["Category"] == "Deploy"
            and action["ActionTypeId"]["Provider"] != "S3"  # which stores, rather than deploys
        ]
        minutes = self.durations.build if {"Build", "Test", "Compute"} & set(kinds) else 0
        minutes += self.durations.deploy if deploys else 0
        minutes += self.durations.approval if "Approval" in kinds else 0
        minutes += max((self.bake(rule) for rule in _rules(stage, "OnSuccess")), default=0)
        regions = dict.fromkeys(_text(action.get("Region")) for action in deploys)
        starts = [
            ids[name]
            for action in actions
            if action["ActionTypeId"]["Category"] == "Invoke"
            and (name := _text(action.get("Configuration", {}).get("PipelineName"))) in ids
        ]
        return Stage(
            shown(stage["Name"]),
            minutes,
            Gate(switches, closed, tuple(self.windows(title, stage))),
            bool(deploys),
            tuple(region or OWN_REGION for region in regions),
            tuple(starts),
        )

    def bake(self, rule: dict[str, Any]) -> int:
        """Return for how many minutes a rule watches."""
        wait = rule.get("Configuration", {}).get("WaitTime", 0)
        return int(wait) if re.fullmatch("[0-9]{1,6}", str(wait)) else 0

    def windows(self, title: str, stage: dict[str, Any]) -> Iterator[tuple[Cron, str]]:
        """Yield the crons of a stage's deployment windows, each with its time zone."""
        for rule in _rules(stage, "BeforeEntry"):
            where = f"{title}: stage {shown(stage['Name'])}"
            if rule["RuleTypeId"]["Provider"] != "DeploymentWindow":
                self.notes.append(
                    f"{where}: the rule {shown(rule.get('Name', ''))} is assumed to succeed"
                )
                continue
            configuration = rule.get("Configuration", {})
            self.notes.append(
                "it is assumed, not verified, that executions wait for the rule DeploymentWindow"
            )
            zone = shown(configuration.get("TimeZone", "UTC"))
            try:
                cron = rule_cron(shown(configuration.get("Cron", "")))
            except CfngenError as error:
                self.problems.append(f"{where}: {error}")
                continue
            if problem := zone_problem(zone):
                self.problems.append(f"{where}: {problem}")
            else:
                yield cron, zone

    def switches(self, ids: dict[str, str]) -> dict[str, dict[str, list[Switch]]]:
        """Return the schedules that open and close stages, by pipeline and stage."""
        switches: dict[str, dict[str, list[Switch]]] = {}
        for title, schedule in self.properties("AWS::Scheduler::Schedule").items():
            target = schedule.get("Target", {})
            call = SWITCH.search(_text(target.get("Arn")))
            if not call or schedule.get("State", "ENABLED") == "DISABLED":
                continue
            try:
                arguments = json.loads(_text(target.get("Input")))
                pipeline = ids[arguments["PipelineName"]]
                stage = arguments["StageName"]
            except (ValueError, KeyError, TypeError):
                self.notes.append(f"{title} opens or closes a stage of a pipeline elsewhere")
                continue
            zone = shown(schedule.get("ScheduleExpressionTimezone", "UTC"))
            try:
                cron = schedule_cron(shown(schedule["ScheduleExpression"]))
            except CfngenError as error:
                self.problems.append(f"{title}: {error}")
                continue
            if problem := zone_problem(zone):
                self.problems.append(f"{title}: {problem}")
                continue
            switch = Switch(cron, zone, opens=call[1] == "enable")
            switches.setdefault(pipeline, {}).setdefault(stage, []).append(switch)
        return switches


def _alternatives(value: Any, condition: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the versions of a stage or action that conditions leave open, each with when it is.

    >>> version = {"Name": "Slow"}
    >>> list(_alternatives({"Fn::If": ["IsSlow", version, {"Ref": "AWS::NoValue"}]}))
    [('IsSlow is true', {'Name': 'Slow'})]
    """
    choice = value.get("Fn::If") if isinstance(value, dict) and len(value) == 1 else None
    if isinstance(choice, list) and len(choice) == 3:
        for truth, branch in zip(("true", "false"), choice[1:], strict=True):
            when = f"{shown(choice[0])} is {truth}"
            yield from _alternatives(branch, f"{condition} and {when}" if condition else when)
    elif isinstance(value, dict) and value.keys() != {"Ref"}:
        yield condition, value


def _missing(error: Exception) -> str:
    """Return what is missing, without a name of Python's."""
    if isinstance(error, KeyError):
        return f"one has no {error.args[0]}"
    return "one is no mapping, or is left to a function"


def _rules(stage: dict[str, Any], moment: str) -> Iterator[dict[str, Any]]:
    for condition in stage.get(moment, {}).get("Conditions", []):
        yield from condition.get("Rules", [])


def _text(value: Any) -> str:
    """Return a resolved text with references as `Fn::Sub` has them; nothing for anything else."""
    return shown(value) if isinstance(value, str | Text) else ""
