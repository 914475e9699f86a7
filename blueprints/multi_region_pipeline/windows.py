"""The schedules that open and close the ways into stages."""

from troposphere.codepipeline import Pipeline

from cfngen import Template
from cfngen.patterns import dead_letters, dead_letters_alarm, role
from cfngen.patterns.alarms import AlarmTopic
from cfngen.patterns.windows import may_switch, stage_schedules

from .options import Options


def add_windows(
    t: Template, options: Options, pipelines: dict[str, Pipeline], topic: AlarmTopic
) -> None:
    """Add the schedules that open and close the ways into stages."""
    lost = t.add(
        dead_letters(
            "LostSwitches",
            rules=(),
            reason="Openings and closings of windows that did not come through.",
        )
    )
    names = "${AWS::StackName}" + ("-*" if options.separate else "")
    window_role = t.add(
        role("WindowRole", "scheduler", may_switch(names), lost.may_send),
        reason="Assumed by the schedules: it opens and closes the ways into stages.",
    )
    for step in options.steps:
        if step.window:
            t.add(
                stage_schedules(
                    step.title,
                    step.window,
                    pipeline=pipelines[step.name],
                    stage=step.stage,
                    role=window_role,
                    dead_letter_arn=lost.arn,
                )
            )
    t.add(
        dead_letters_alarm(
            "WindowStuck",
            queue=lost,
            topic=topic.topic,
            description="A window could not be opened or closed. Queue LostSwitches says which.",
        )
    )
