"""The schedule that makes good a lost webhook, and the alarms."""

from troposphere import GetAtt
from troposphere.codebuild import Project
from troposphere.events import RetryPolicy, Rule, Target

from cfngen import Template
from cfngen.patterns import (
    email_topic,
    failed_builds_alarm,
    failed_starts_alarm,
    role,
    start_builds,
    without_dead_letters,
)

from .parameters import Params


def add_monitoring(t: Template, p: Params, project: Project) -> None:
    """Add the schedule that makes good a lost webhook, and the alarm for failed builds."""
    starter = t.add(
        role("ReconcileRole", "events", start_builds(project)),
        reason="Assumed by the schedule: it may start one build project.",
    )
    rule = t.add(
        Rule(
            "Reconcile",
            Description="Mirrors although no webhook came",
            ScheduleExpression=p.ReconcileSchedule,
            Targets=[
                Target(
                    Id="Mirror",
                    Arn=GetAtt(project, "Arn"),
                    RoleArn=GetAtt(starter, "Arn"),
                    RetryPolicy=RetryPolicy(MaximumRetryAttempts=10, MaximumEventAgeInSeconds=3600),
                )
            ],
        ),
        reason=without_dead_letters(
            "the next run does the same.",
            "A webhook that never came, or was refused for good, is made good by the next run.",
        ),
    )
    alarms = t.add(email_topic("AlarmTopic", p.AlarmEmail))
    t.add(
        failed_builds_alarm(
            "MirrorFailed",
            project=project,
            topic=alarms.topic,
            description="A build of Mirror failed. The mirror is outdated until one succeeds.",
        )
    )
    t.add(
        failed_starts_alarm(
            "MirrorNotStarted",
            rule=rule,
            topic=alarms.topic,
            description="Reconcile could not start a build. Check its role.",
        )
    )
    t.output(*alarms.output)
