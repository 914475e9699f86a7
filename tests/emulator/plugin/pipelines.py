"""AWS::CodePipeline::Pipeline, held to what CodePipeline refuses; moto keeps it.

The rules are those of `cfngen` itself, by which it refuses a pipeline, and CodePipeline's
service model. Here they see the values that parameters have brought. Sources are in both.
"""

from __future__ import annotations

import functools
import importlib.util
import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import behind
import own
from ministack.core import responses
from ministack.services import s3
from ministack.services.cloudformation import provisioners
from support import shapes

Properties = dict[str, Any]
Made = tuple[str, dict[str, str]]
RULES = Path(__file__).parents[3] / "cfngen" / "patterns" / "pipeline_checks.py"
# What the API takes otherwise than as a member of a pipeline's declaration.
APART = ("DisableInboundStageTransitions", "RestartExecutionOnUpdate", "Tags")


@functools.cache
def rules() -> Any:
    """Return cfngen's rules for pipelines: their package needs more than the emulator has."""
    spec = importlib.util.spec_from_file_location("pipeline_checks", RULES)
    if spec is None or spec.loader is None:
        raise ImportError(str(RULES))
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


def spelled(value: Any, shape: Any) -> Any:
    """Return a property as the API's model has it: names, and types of what a template quotes."""
    kind = shape.type_name
    if kind == "structure" and isinstance(value, dict):
        names = {name.lower(): name for name in shape.members}
        renamed = {names.get(key.lower(), key): each for key, each in value.items()}
        members = shape.members
        return {k: spelled(v, members[k]) if k in members else v for k, v in renamed.items()}
    if kind == "list" and isinstance(value, list):
        return [spelled(each, shape.member) for each in value]
    if kind == "map" and isinstance(value, dict):
        return {key: spelled(each, shape.value) for key, each in value.items()}
    if kind in ("integer", "long") and isinstance(value, str) and value.lstrip("-").isdigit():
        return int(value)
    if kind == "boolean" and value in ("true", "false"):
        return value == "true"
    if kind == "string" and isinstance(value, int):
        return str(value).lower() if isinstance(value, bool) else str(value)
    return value


def declared(props: Properties, name: str) -> Properties:
    """Spell a template's pipeline as the API has it."""
    found = {key: value for key, value in props.items() if key not in APART}
    if "ArtifactStores" in found:  # a list here, a map of regions there
        stores = found["ArtifactStores"]
        found["ArtifactStores"] = {each["Region"]: each["ArtifactStore"] for each in stores}
    shape = shapes.input_of("codepipeline", "CreatePipeline").members["pipeline"]
    made: Properties = spelled({**found, "Name": name}, shape)
    return made


def check(props: Properties, pipeline: Properties) -> None:
    """Refuse a pipeline that CodePipeline does not take.

    Raises:
        RefusalError: its structure is not valid, or a store of it is not there.
    """
    found = [
        *rules().pipeline_problems(props),
        *shapes.problems("codepipeline", "CreatePipeline", {"pipeline": pipeline}),
    ]
    for shut in props.get("DisableInboundStageTransitions", []):
        asked = {"pipelineName": pipeline["name"], "transitionType": "Inbound"}
        asked |= {"stageName": shut["StageName"], "reason": shut["Reason"]}
        found += shapes.problems("codepipeline", "DisableStageTransition", asked)
    if found := [*found, *stores(pipeline)]:
        raise own.RefusalError(f"{'; '.join(found)} (InvalidStructureException)")


def stores(pipeline: Properties) -> list[str]:
    """Return what is wrong with the buckets of a pipeline's artifacts."""
    here = responses.get_region()
    one = {here: pipeline["artifactStore"]} if "artifactStore" in pipeline else {}
    found = pipeline.get("artifactStores", one)
    problems = [] if here in found else [f"no artifact store in {here}, the pipeline's own region"]
    for region, store in found.items():
        bucket = s3._buckets.get(store["location"], {})
        if bucket.get("region", "us-east-1") != region or not bucket:
            problems.append(
                f"The bucket named {store['location']} is not located in the {region} AWS region"
            )
    return problems


def introduce(arn: str) -> None:
    """Make the role known to moto, which looks at its trust policy.

    Raises:
        RefusalError: CodePipeline may not assume it.
    """
    path, _, name = arn.partition(":role")[2].rpartition("/")
    role = own.role_named(name)
    if role is None or role["Arn"] != arn:
        raise own.RefusalError(
            f"CodePipeline is not authorized to perform AssumeRole on role {arn}"
        )
    iam = behind.client("iam", "us-east-1")
    document = role["AssumeRolePolicyDocument"]
    trust = document if isinstance(document, str) else json.dumps(document)
    with suppress(iam.exceptions.EntityAlreadyExistsException):
        iam.create_role(Path=f"{path}/", RoleName=name, AssumeRolePolicyDocument=trust)


class PipelineType:
    """AWS::CodePipeline::Pipeline."""

    @staticmethod
    def ready(props: Properties, name: str) -> Properties:
        """Return a pipeline that CodePipeline takes, as the API has it."""
        pipeline = declared(props, name)
        check(props, pipeline)
        introduce(props["RoleArn"])
        return pipeline

    @staticmethod
    def create(title: str, props: Properties, stack: str) -> Made:
        """Make it in moto."""
        name = props.get("Name") or provisioners._physical_name(stack, title, max_len=100)
        pipeline = PipelineType.ready(props, name)
        own.here("codepipeline").create_pipeline(pipeline=pipeline)
        return name, {"Version": "1"}

    @staticmethod
    def update(name: str, old: Properties, new: Properties, stack: str) -> Made:
        """Change it in moto, and count its versions."""
        pipeline = PipelineType.ready(new, name)
        client = own.here("codepipeline")
        before = client.get_pipeline(name=name)["pipeline"].get("version", 1)
        client.update_pipeline(pipeline=pipeline)
        return name, {"Version": str(before + 1)}

    @staticmethod
    def delete(name: str, props: Properties) -> None:
        """Delete it."""
        own.here("codepipeline").delete_pipeline(name=name)
