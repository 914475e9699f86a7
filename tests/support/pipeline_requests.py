"""The requests to AWS that pipelines and schedules in a template come to.

Sources: the handlers in the registry's schema of AWS::CodePipeline::Pipeline (CreatePipeline, and
DisableStageTransition for each closed stage), AWS page "Using universal targets in EventBridge
Scheduler".
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from support.cloudformation import resolved
from support.shapes import problems

from cfngen.testing import of_type

UNIVERSAL = re.compile(r"arn:aws:scheduler:::aws-sdk:([a-z0-9]+):([a-z]\w+)")
# What the API takes otherwise than as a member of a pipeline's declaration.
APART = ("DisableInboundStageTransitions", "RestartExecutionOnUpdate", "Tags")


class Request(NamedTuple):
    """A request: the service as botocore names it, the operation, and its members."""

    service: str
    operation: str
    members: dict[str, Any]

    @property
    def problems(self) -> list[str]:
        """What AWS would refuse of it."""
        return problems(*self)


def requests(body: dict[str, Any], given: dict[str, Any]) -> Iterator[Request]:
    """Yield all that the pipelines and schedules of a template hand to an API.

    Args:
        body: the template.
        given: what parameters and attributes stand for.
    """
    for pipeline in of_type(body, "AWS::CodePipeline::Pipeline").values():
        yield from pipeline_requests(resolved(pipeline, given))
    for title, schedule in of_type(body, "AWS::Scheduler::Schedule").items():
        yield from schedule_requests(title, resolved(schedule, given))


def pipeline_requests(pipeline: dict[str, Any]) -> Iterator[Request]:
    """Yield what the handler of a pipeline asks for, whose functions are replaced by values."""
    declared = {key: value for key, value in pipeline.items() if key not in APART}
    yield Request("codepipeline", "CreatePipeline", {"pipeline": as_declared(declared)})
    for shut in pipeline.get("DisableInboundStageTransitions", []):
        members = {"pipelineName": pipeline["Name"], "transitionType": "Inbound"}
        members |= {"stageName": shut["StageName"], "reason": shut["Reason"]}
        yield Request("codepipeline", "DisableStageTransition", members)


def as_declared(value: Any) -> Any:
    """Return properties of a pipeline with the names that members of its declaration have."""
    if isinstance(value, list):
        return [as_declared(item) for item in value]
    if not isinstance(value, dict):
        return value
    found: dict[str, Any] = {}
    for key, item in value.items():
        name = key[0].lower() + key[1:]
        if key == "Configuration":  # a map, whose keys are the provider's
            found[name] = item
        elif key == "ArtifactStores":  # a list here, a map of regions there
            found[name] = {store["Region"]: as_declared(store["ArtifactStore"]) for store in item}
        else:
            found[name] = as_declared(item)
    return found


def schedule_requests(title: str, schedule: dict[str, Any]) -> Iterator[Request]:
    """Yield what makes a schedule, and what it asks for whenever it is due."""
    target = schedule["Target"]
    yield Request("scheduler", "CreateSchedule", {"Name": title, **schedule})
    universal = UNIVERSAL.fullmatch(target["Arn"])
    if not universal:
        raise ValueError(f"{title}: {target['Arn']} is no universal target")
    service, call = universal.groups()
    members = from_pascal_case(json.loads(target["Input"]))
    yield Request(service, call[0].upper() + call[1:], members)


def from_pascal_case(members: dict[str, Any]) -> dict[str, Any]:
    """Return members that Scheduler takes with the names that they have in the API.

    Raises:
        ValueError: one does not begin with a capital, as all do in AWS's examples.
    """
    if small := [name for name in members if not name[:1].isupper()]:
        raise ValueError(
            f"{', '.join(small)}: members of a universal target's input are PascalCase"
        )
    return {name[0].lower() + name[1:]: value for name, value in members.items()}
