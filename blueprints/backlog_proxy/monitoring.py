"""The schedule that makes good a lost webhook, and the alarms."""

from troposphere import GetAtt, Ref
from troposphere.codebuild import Project
from troposphere.events import RetryPolicy, Rule, Target

from cfngen import Template
from cfngen.patterns import (
    Webhook,
    alarm,
    email_topic,
    failed_builds_alarm,
    failed_starts_alarm,
    role,
    start_builds,
    without_dead_letters,
)

from .parameters import Params


def add_monitoring(t: Template, p: Params, project: Project, hook: Webhook) -> None:
    """Add the schedule that makes good a lost webhook, and alarms.

    Builds that fail are one thing to hear of; builds that never start are another, which their
    own metrics do not have. So there is an alarm for whoever starts them, and one for silence.
    """
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
    t.add(
        alarm(
            "WebhookFailed",
            "WebhookApi answered a call with an error, so that it started no build. Check the quota"
            " of concurrent builds and the log of Authorizer.",
            metric="AWS/ApiGateway 5XXError",
            dimensions=hook.dimensions,
            topic=alarms.topic,
        )
    )
    t.add(
        alarm(
            "MirrorSilent",
            "No build of Mirror has succeeded for hours. Start one, and see what keeps it from"
            " starting or from succeeding.",
            metric="AWS/CodeBuild SucceededBuilds",
            dimensions={"ProjectName": Ref(project)},
            topic=alarms.topic,
            above=1,
            ComparisonOperator="LessThanThreshold",
            Period=3600,
            EvaluationPeriods=p.SilentHours,
            TreatMissingData="breaching",
        )
    )
    t.output(*alarms.output)
