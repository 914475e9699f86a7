"""Build once, deploy to many regions, each in its own hours."""

from typing import Any

from troposphere import Ref
from troposphere.codepipeline import Pipeline, Stages

from cfngen import Template, blueprint
from cfngen.patterns import dead_letters, role
from cfngen.patterns.pipelines import action
from cfngen.patterns.windows import gatekeeper, may_switch

from .._shared.services import only_at_home
from .build import add_build
from .deploy import PACKAGE, deployment
from .layouts import Layout
from .notify import add_alarm, add_rules, add_topic
from .options import Options
from .parameters import Params
from .roles import Roles
from .source import NAME as SOURCE
from .source import add_start, source_action
from .storage import Storage


@blueprint
def multi_region_pipeline(options: Options) -> Template:
    """Build once and deploy to many regions, each in its own hours."""
    t = Template()
    p = t.declare(Params, options)
    only_at_home(t, options.home)
    storage = Storage(options)
    roles = Roles(t, p, options, storage.access)
    topic = add_topic(t, p)
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
    deploys = deployment(options, roles, topic.topic)
    made = Layout(t, options, roles, storage, deploys, first).add()
    add_start(t, p, options, topic)
    if options.scheduled:
        _add_gatekeepers(t, options, made, topic)
    add_rules(t, options, topic)
    t.output("Pipeline", Ref(made[""]), "Name of the pipeline")
    t.output("NotifyTopic", Ref(topic.topic), "Topic that hears of failures and approvals")
    return t


def _add_gatekeepers(t: Template, options: Options, made: dict[str, Pipeline], topic: Any) -> None:
    """Add the schedules that open and close the ways into stages."""
    lost = t.add(
        dead_letters(
            "LostSwitches", reason="Openings and closings of windows that did not come through."
        )
    )
    pipelines = "${AWS::StackName}" + ("-*" if options.separate else "")
    held = t.add(
        role("WindowRole", "scheduler", may_switch(pipelines), lost.may_send),
        reason="Assumed by the schedules: it opens and closes the ways into stages.",
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
    # Worse is one that could not be closed.
    stuck = "A window could not be opened or closed; queue LostSwitches says which"
    add_alarm(t, "WindowStuck", stuck, lost, topic)
