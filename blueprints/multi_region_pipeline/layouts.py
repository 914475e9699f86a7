"""One pipeline for all regions, or one at home that starts one for each."""

import json
from typing import Any

from troposphere import Ref, Sub
from troposphere.codepipeline import Actions, Pipeline, Stages
from troposphere.iam import Role

from cfngen import Template
from cfngen.patterns.pipelines import action, pipeline
from cfngen.patterns.windows import closed

from .deploy import PACKAGE, Deployment
from .gates import Step
from .options import Options
from .roles import (
    PipelineRole,
    add_hand_over_role,
    add_pipeline_policy,
    add_start_regions_role,
    add_take_over_role,
)
from .source import NAME as SOURCE
from .source import triggers
from .storage import Storage

HANDED_OVER = (SOURCE, PACKAGE)
UNVERIFIED = """\
NOT VERIFIED: AWS does not say whether an execution waits for the rule DeploymentWindow or fails.
Watch the first one; `aws codepipeline override-stage-condition` lets it through by hand."""


def add_pipelines(
    t: Template,
    options: Options,
    role: PipelineRole,
    storage: Storage,
    deployment: Deployment,
    build_stages: list[Stages],
) -> dict[str, Pipeline]:
    """Add the pipelines; return the one that a push starts as `""`, and each step's by name.

    Args:
        t: the template.
        options: the blueprint's.
        role: the pipelines' own; its policy is added here, so that all others must be there.
        storage: where they keep artifacts.
        deployment: what stages that deploy are made of.
        build_stages: the stages in which the service is built.
    """
    if options.separate:
        return _add_pipeline_for_each_region(t, options, role, storage, deployment, build_stages)
    steps = options.steps
    policy = add_pipeline_policy(t, role, storage.access)
    single = t.add(
        _pipeline(
            "Pipeline",
            Ref("AWS::StackName"),
            [*build_stages, *(stage for step in steps for stage in deployment.stages(step))],
            steps,
            options=options,
            role=role,
            storage=storage,
            DependsOn=policy.title,
            **triggers(options),
        ),
        reason=_reason(options),
    )
    return {"": single} | {step.name: single for step in steps}


def _add_pipeline_for_each_region(
    t: Template,
    options: Options,
    role: PipelineRole,
    storage: Storage,
    deployment: Deployment,
    build_stages: list[Stages],
) -> dict[str, Pipeline]:
    hand_over_role = add_hand_over_role(t, options, role, storage.access)
    start_role = add_start_regions_role(t, role)
    take_over_role = add_take_over_role(t, options, role, storage.access)
    policy = add_pipeline_policy(t, role, storage.access)
    regional = {
        step.name: _pipeline(
            f"Pipeline{step.title}",
            Sub(f"${{AWS::StackName}}-{step.name}"),
            [
                Stages(Name="Source", Actions=_regional_sources(options, storage, take_over_role)),
                *deployment.stages(step),
            ],
            [step],
            options=options,
            role=role,
            storage=storage,
            DependsOn=policy.title,
        )
        for step in options.steps
    }
    starts = [
        action(
            f"Start-{name}",
            "Invoke/CodePipeline",
            role=start_role,
            configuration={
                "PipelineName": Ref(region),
                "SourceRevisions": _source_revisions(options),
            },
        )
        for name, region in regional.items()
    ]
    home = t.add(
        _pipeline(
            "Pipeline",
            Ref("AWS::StackName"),
            [
                *build_stages,
                Stages(Name="Store", Actions=_store_actions(options, storage, hand_over_role)),
                Stages(Name="Start", Actions=starts),
            ],
            [],
            options=options,
            role=role,
            storage=storage,
            DependsOn=policy.title,
            **triggers(options),
        ),
        reason=("Builds, stores what came of it under the execution's id, and starts the others."),
    )
    for region in regional.values():
        t.add(region, reason=_reason(options))
    return {"": home, **regional}


def _pipeline(
    title: str,
    name: Any,
    stages: list[Stages],
    steps: list[Step],
    *,
    options: Options,
    role: PipelineRole,
    storage: Storage,
    **properties: Any,
) -> Pipeline:
    """Return a pipeline that deploys in some steps, closed before those with a schedule."""
    by_schedule = options.windows == "scheduler"
    shut = [closed(step.stage, step.window) for step in steps if step.window and by_schedule]
    return pipeline(
        title,
        Name=name,
        role=role.arn,
        stores=storage.stores(*(r.region for step in steps for r in step.regions)),
        stages=stages,
        mode=options.execution_mode,
        closed_stages=shut,
        **properties,
    )


def _store_actions(options: Options, storage: Storage, role: Role) -> list[Actions]:
    """Return the actions that store what was fetched and built."""
    return [
        action(
            f"Store{name}",
            "Deploy/S3",
            role=role,
            takes=[name],
            configuration={
                "BucketName": storage.bucket("packages", options.home),
                "Extract": "false",
                "ObjectKey": _object_key(options, name),
            },
        )
        for name in HANDED_OVER
    ]


def _regional_sources(options: Options, storage: Storage, role: Role) -> list[Actions]:
    """Return the actions that fetch it again: which objects, each start says."""
    return [
        action(
            name,
            "Source/S3",
            role=role,
            gives=[name],
            configuration={
                "S3Bucket": storage.bucket("packages", options.home),
                "S3ObjectKey": _object_key(options, name, execution="none"),
                "AllowOverrideForS3ObjectKey": "true",
                "PollForSourceChanges": "false",
            },
        )
        for name in HANDED_OVER
    ]


def _source_revisions(options: Options) -> str:
    """Return which objects those actions fetch, as StartPipelineExecution takes it."""
    return json.dumps(
        [
            {
                "actionName": name,
                "revisionType": "S3_OBJECT_KEY",
                "revisionValue": _object_key(options, name),
            }
            for name in HANDED_OVER
        ]
    )


def _object_key(
    options: Options, name: str, execution: str = "#{codepipeline.PipelineExecutionId}"
) -> str:
    return f"{options.service}/{execution}/{name.lower()}.zip"


def _reason(options: Options) -> str:
    by_rule = options.windowed and options.windows == "rule"
    return UNVERIFIED if by_rule else ""
