"""The pipelines of a template, as far as it matters when they do what."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from cfngen.cloudformation.cron import rule_cron, schedule_cron
from cfngen.cloudformation.zones import zone_problem
from cfngen.errors import CfngenError, Problems
from cfngen.timeline.hours import Gate, Switch

MOST_TOLD = 50  # pipelines that are named, of those that go round
SWITCH = re.compile(r":aws-sdk:codepipeline:(enable|disable)StageTransition\Z")


@dataclass(frozen=True)
class Assumed:
    """How long things take, in minutes, since a template does not say."""

    build: int = 10
    deploy: int = 5
    approval: int = 0


@dataclass(frozen=True)
class Stage:
    """One stage: how long it takes, what it waits for, what it deploys to or starts."""

    name: str
    minutes: int
    gate: Gate
    deploys: bool
    regions: tuple[str, ...]
    starts: tuple[str, ...]


@dataclass(frozen=True)
class Pipeline:
    """One pipeline: its logical ID, its name, its execution mode and its stages."""

    id: str
    name: str
    mode: str
    stages: tuple[Stage, ...]


@dataclass(frozen=True)
class Model:
    """All pipelines of a template; `roots` are those that no other one starts."""

    pipelines: dict[str, Pipeline]
    notes: tuple[str, ...] = ()

    @property
    def roots(self) -> list[Pipeline]:
        """The pipelines that a push starts."""
        started = {name for p in self.pipelines.values() for s in p.stages for name in s.starts}
        return [p for p in self.pipelines.values() if p.id not in started]


def model(body: Any, assumed: Assumed, name: str) -> Model:
    """Return the pipelines of a template.

    Args:
        body: the template as plain data.
        assumed: how long things take.
        name: what the stack is called, as far as names are made of it.

    Raises:
        Problems: it has none, or one that cannot be timed; says which and why.
    """
    return _Reader(body, assumed, name).read()


@dataclass
class _Reader:
    """Reads one template and keeps what is wrong with it."""

    body: Any
    assumed: Assumed
    name: str
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def read(self) -> Model:
        found = self.of_type("AWS::CodePipeline::Pipeline")
        if not found:
            raise Problems([f"{self.name}: no AWS::CodePipeline::Pipeline in it to be timed"])
        known = {key: title for title, p in found.items() for key in self.keys(title, p)}
        switches = self.switches(known)
        pipelines: dict[str, Pipeline] = {}
        for title, properties in found.items():
            try:
                own = switches.get(title, {})
                pipelines[title] = self.pipeline(title, properties, own, known)
            except (AttributeError, KeyError, TypeError) as error:
                self.problems.append(
                    f"{title}: its stages are not written out as CloudFormation has them"
                    f" ({type(error).__name__}: {error})"
                )
        self.problems += [
            f"{title} starts itself, by way of others: it would go round for ever"
            for title in _in_circles(pipelines)
        ]
        if self.problems:
            raise Problems(f"{self.name}: {problem}" for problem in self.problems)
        return Model(pipelines, tuple(dict.fromkeys(self.notes)))

    def of_type(self, kind: str) -> dict[str, Any]:
        resources = self.body.get("Resources") if isinstance(self.body, dict) else None
        return {
            title: resource.get("Properties") or {}
            for title, resource in (resources or {}).items()
            if isinstance(resource, dict) and resource.get("Type") == kind
        }

    def keys(self, title: str, properties: dict[str, Any]) -> list[str]:
        """Return by what a pipeline may be called elsewhere in the template."""
        name = _text(properties.get("Name"))
        return [f"${{{title}}}", *([name] if name else [])]

    def pipeline(
        self,
        title: str,
        properties: dict[str, Any],
        switches: dict[str, list[Switch]],
        known: dict[str, str],
    ) -> Pipeline:
        shut = {t["StageName"] for t in properties.get("DisableInboundStageTransitions", [])}
        named = {stage["Name"] for stage in properties["Stages"]}
        for unknown in [name for name in (*switches, *sorted(shut)) if name not in named]:
            self.problems.append(f"{title} has no stage {unknown!r}, which is opened or closed")
        stages = tuple(
            self.stage(title, s, tuple(switches.get(s["Name"], ())), s["Name"] in shut, known)
            for s in properties["Stages"]
        )
        name = (_text(properties.get("Name")) or title).replace("${AWS::StackName}", self.name)
        return Pipeline(title, name, properties.get("ExecutionMode", "SUPERSEDED"), stages)

    def stage(
        self,
        title: str,
        stage: dict[str, Any],
        switches: tuple[Switch, ...],
        shut: bool,  # noqa: FBT001 - as CloudFormation has it
        known: dict[str, str],
    ) -> Stage:
        kinds = {a["ActionTypeId"]["Category"]: a for a in stage["Actions"]}
        deploys = [
            action
            for action in stage["Actions"]
            if action["ActionTypeId"]["Category"] == "Deploy"
            and action["ActionTypeId"]["Provider"] != "S3"  # which stores, rather than deploys
        ]
        minutes = self.assumed.build if {"Build", "Test", "Compute"} & set(kinds) else 0
        minutes += self.assumed.deploy if deploys else 0
        minutes += self.assumed.approval if "Approval" in kinds else 0
        minutes += max((self.bake(rule) for rule in _rules(stage, "OnSuccess")), default=0)
        regions = dict.fromkeys(_text(action.get("Region")) for action in deploys)
        starts = [
            known[name]
            for action in stage["Actions"]
            if action["ActionTypeId"]["Category"] == "Invoke"
            and (name := _text(action.get("Configuration", {}).get("PipelineName"))) in known
        ]
        return Stage(
            stage["Name"],
            minutes,
            Gate(switches, shut, tuple(self.windows(title, stage))),
            bool(deploys),
            tuple(region or "its own region" for region in regions),
            tuple(starts),
        )

    def bake(self, rule: dict[str, Any]) -> int:
        """Return for how many minutes a rule watches."""
        wait = rule.get("Configuration", {}).get("WaitTime", 0)
        return int(wait) if re.fullmatch("[0-9]{1,6}", str(wait)) else 0

    def windows(self, title: str, stage: dict[str, Any]) -> Iterator[Any]:
        """Yield the crons of a stage's windows, each with its zone."""
        for rule in _rules(stage, "BeforeEntry"):
            where = f"{title}: stage {stage['Name']}"
            if rule["RuleTypeId"]["Provider"] != "DeploymentWindow":
                self.notes.append(
                    f"{where}: the rule {rule.get('Name', '')} is supposed to let it in"
                )
                continue
            said = rule.get("Configuration", {})
            self.notes.append(
                "that an execution waits for the rule DeploymentWindow is supposed, not verified"
            )
            zone = said.get("TimeZone", "UTC")
            try:
                cron = rule_cron(said.get("Cron", ""))
            except CfngenError as error:
                self.problems.append(f"{where}: {error}")
                continue
            if problem := zone_problem(zone):
                self.problems.append(f"{where}: {problem}")
            else:
                yield cron, zone

    def switches(self, known: dict[str, str]) -> dict[str, dict[str, list[Switch]]]:
        """Return what opens and closes stages, by pipeline and stage."""
        found: dict[str, dict[str, list[Switch]]] = {}
        for title, schedule in self.of_type("AWS::Scheduler::Schedule").items():
            target = schedule.get("Target", {})
            call = SWITCH.search(_text(target.get("Arn")))
            if not call or schedule.get("State", "ENABLED") == "DISABLED":
                continue
            try:
                said = json.loads(_text(target.get("Input")))
                pipeline = known[said["PipelineName"]]
                stage = said["StageName"]
            except (ValueError, KeyError, TypeError):
                self.notes.append(f"{title} opens or closes a stage of a pipeline elsewhere")
                continue
            zone = schedule.get("ScheduleExpressionTimezone", "UTC")
            try:
                cron = schedule_cron(schedule["ScheduleExpression"])
            except CfngenError as error:
                self.problems.append(f"{title}: {error}")
                continue
            if problem := zone_problem(zone):
                self.problems.append(f"{title}: {problem}")
                continue
            switch = Switch(cron, zone, opens=call[1] == "enable")
            found.setdefault(pipeline, {}).setdefault(stage, []).append(switch)
        return found


def _in_circles(pipelines: dict[str, Pipeline]) -> list[str]:
    """Return pipelines that start themselves, the first few of them."""
    starts = {
        p.id: {name for stage in p.stages for name in stage.starts} for p in pipelines.values()
    }
    waiting = dict.fromkeys(pipelines, 0)
    for title in (other for others in starts.values() for other in others):
        waiting[title] += 1
    todo = [title for title, count in waiting.items() if not count]
    while todo:  # take away what nobody starts, time and again: what is left goes round
        for other in starts[todo.pop()]:
            waiting[other] -= 1
            if not waiting[other]:
                todo.append(other)
    left = [title for title, count in waiting.items() if count]
    return [title for title in left[:MOST_TOLD] if title in _started(pipelines, title)]


def _started(pipelines: dict[str, Pipeline], title: str) -> set[str]:
    """Return all pipelines that one starts, directly or by way of others."""
    found: set[str] = set()
    asked = [title]
    while asked:
        starts = {name for stage in pipelines[asked.pop()].stages for name in stage.starts}
        asked += starts - found
        found |= starts
    return found


def _rules(stage: dict[str, Any], moment: str) -> Iterator[dict[str, Any]]:
    for condition in stage.get(moment, {}).get("Conditions", []):
        yield from condition.get("Rules", [])


def _text(value: Any) -> str:
    """Return text as it stands, a reference as a `Sub` would write it, and nothing for the rest."""
    if isinstance(value, dict) and len(value) == 1:
        ((function, inner),) = value.items()
        if function == "Ref":
            return f"${{{inner}}}"
        if function == "Fn::Sub":
            return str(inner[0] if isinstance(inner, list) else inner)
    return value if isinstance(value, str) else ""
