"""Build once, deploy to many regions, each in its own hours."""

import json
from typing import Any

from troposphere import Equals, Ref, Region, Sub
from troposphere.codepipeline import Pipeline, Stages

from cfngen import Template, blueprint
from cfngen.patterns import dead_letters, role
from cfngen.patterns.pipelines import action, pipeline
from cfngen.patterns.windows import closed, gatekeeper, may_switch

from .build import add_build
from .deploy import PACKAGE, Deployment, deployment
from .gates import Step
from .notify import add_alarm, add_rules, add_topic
from .options import Options
from .parameters import questions
from .roles import Roles
from .source import NAME as SOURCE
from .source import add_start, source_action, triggers
from .storage import Storage


@blueprint
def multi_region_pipeline(options: Options) -> Template:
    """Build once and deploy to many regions, each in its own hours."""
    t = Template()
    p: Any = t.declare(questions(options))
    _only_at_home(t, options)
    storage = Storage(options)
    roles = Roles(t, p, options, storage)
    topic = add_topic(t, p, options)
    project = add_build(t, p, options, roles, storage)
    first = [
        Stages(Name="Source", Actions=[source_action(p, options, roles.source)]),
        Stages(
            Name="Build",
            Actions=[
                action(
                    "Build",
                    "Build/CodeBuild",
                    role=roles.build(project),
                    takes=[SOURCE],
                    gives=[PACKAGE],
                    configuration={"ProjectName": Ref(project)},
                )
            ],
        ),
    ]
    deploys = deployment(p, options, roles, topic.topic)
    if options.separate:
        made = _one_for_each_region(t, options, roles, storage, deploys, first)
    else:
        made = _one_for_all(t, options, roles, storage, deploys, first)
    add_start(t, p, options)
    if options.scheduled:
        _add_gatekeepers(t, options, made, topic)
    add_rules(t, options, topic)
    t.output("Pipeline", Ref(made[""]), "Name of the pipeline")
    t.output("NotifyTopic", Ref(topic.topic), "Topic that hears of failures and approvals")
    return t


def _only_at_home(t: Template, options: Options) -> None:
    """Refuse the stack in another region than the one whose stores it keeps things in."""
    rule = {
        "Assert": Equals(Region, options.home),
        "AssertDescription": f"This template is made for {options.home}",
    }
    t.add_rule("HomeRegion", {"Assertions": [rule]})


def _one_for_all(
    t: Template,
    options: Options,
    roles: Roles,
    storage: Storage,
    deploys: Deployment,
    first: list[Stages],
) -> dict[str, Pipeline]:
    """Add one pipeline that deploys stage after stage; return it under each step's name."""
    stages = [*first, *(stage for step in options.steps for stage in deploys.stages(step))]
    made = t.add(
        pipeline(
            "Pipeline",
            DependsOn=roles.seal().title,
            Name=Ref("AWS::StackName"),
            role=roles.pipeline,
            stores=storage.stores(*options.all_regions),
            stages=stages,
            mode=options.execution_mode,
            shut=_shut(options, options.steps),
            **triggers(options),
        ),
        why=_remark(options),
    )
    return {"": made} | {step.name: made for step in options.steps}


def _one_for_each_region(
    t: Template,
    options: Options,
    roles: Roles,
    storage: Storage,
    deploys: Deployment,
    first: list[Stages],
) -> dict[str, Pipeline]:
    """Add a pipeline that builds, and one for each region that it starts; return all of them."""
    hand_over, starts, takes_over = roles.hand_over(), roles.start_regions(), roles.take_over()
    depends = roles.seal().title
    made: dict[str, Pipeline] = {}
    bucket = storage.bucket("packages", options.home)
    for step in options.steps:
        sources = [
            action(
                name,
                "Source/S3",
                role=takes_over,
                gives=[name],
                configuration={
                    "S3Bucket": bucket,
                    "S3ObjectKey": _stored(options, "none", name),
                    "AllowOverrideForS3ObjectKey": "true",
                    "PollForSourceChanges": "false",
                },
            )
            for name in (SOURCE, PACKAGE)
        ]
        made[step.name] = pipeline(
            f"Pipeline{step.title}",
            DependsOn=depends,
            Name=Sub(f"${{AWS::StackName}}-{step.name}"),
            role=roles.pipeline,
            stores=storage.stores(*(region.region for region in step.regions)),
            stages=[Stages(Name="Source", Actions=sources), *deploys.stages(step)],
            mode=options.execution_mode,
            shut=_shut(options, [step]),
        )
    execution = "#{codepipeline.PipelineExecutionId}"
    store = [
        action(
            f"Store{name}",
            "Deploy/S3",
            role=hand_over,
            takes=[name],
            configuration={
                "BucketName": bucket,
                "Extract": "false",
                "ObjectKey": _stored(options, execution, name),
            },
        )
        for name in (SOURCE, PACKAGE)
    ]
    revisions = [
        {
            "actionName": name,
            "revisionType": "S3_OBJECT_KEY",
            "revisionValue": _stored(options, execution, name),
        }
        for name in (SOURCE, PACKAGE)
    ]
    start = [
        action(
            f"Start-{name}",
            "Invoke/CodePipeline",
            role=starts,
            configuration={
                "PipelineName": Ref(region),
                "SourceRevisions": json.dumps(revisions),
            },
        )
        for name, region in made.items()
    ]
    home = t.add(
        pipeline(
            "Pipeline",
            DependsOn=depends,
            Name=Ref("AWS::StackName"),
            role=roles.pipeline,
            stores=storage.stores(),
            stages=[
                *first,
                Stages(Name="Store", Actions=store),
                Stages(Name="Start", Actions=start),
            ],
            mode=options.execution_mode,
            **triggers(options),
        ),
        why="Builds, stores what came of it under the execution's id, and starts the others.",
    )
    for region in made.values():
        t.add(region, why=_remark(options))
    return {"": home, **made}


def _stored(options: Options, execution: str, name: str) -> str:
    """Return the key under which an artifact of one execution is stored."""
    return f"{options.service}/{execution}/{name.lower()}.zip"


def _shut(options: Options, steps: list[Step]) -> list[Any]:
    """Return the stages that nothing enters until a schedule opens them."""
    if options.windows == "rule":
        return []
    return [closed(step.stage, step.window) for step in steps if step.window]


def _remark(options: Options) -> str:
    if options.windowed and options.windows == "rule":
        return """\
NOT VERIFIED: AWS does not say whether an execution waits for the rule DeploymentWindow or fails.
Watch the first one; `aws codepipeline override-stage-condition` lets it through by hand."""
    return ""


def _add_gatekeepers(t: Template, options: Options, made: dict[str, Pipeline], topic: Any) -> None:
    """Add the schedules that open and close the ways into stages."""
    lost = t.add(
        dead_letters(
            "LostSwitches", why="Openings and closings of windows that did not come through."
        )
    )
    pipelines = "${AWS::StackName}" + ("-*" if options.separate else "")
    held = t.add(
        role("WindowRole", "scheduler", may_switch(pipelines), lost.may_send),
        why="Held by the schedules: it opens and closes the ways into stages.",
    )
    for step in options.steps:
        if step.window:
            t.add(
                gatekeeper(
                    step.title,
                    step.window,
                    pipeline=made[step.name],
                    stage=step.stage,
                    role=held,
                    lost=lost.arn,
                )
            )
    add_alarm(t, lost, topic)
