"""The alarms, who hears of them, and a dashboard."""

from troposphere import Ref, Sub
from troposphere.cloudwatch import Dashboard

from cfngen import Template
from cfngen.patterns import DeadLetters, alarm, dead_letters_alarm, email_topic

from .dashboard import dashboard_body
from .options import Options
from .parameters import Params
from .task import NAMESPACE

MAX_WAITING_SECONDS = 3600  # for a task, where no parameter says it


def add_monitoring(t: Template, p: Params, options: Options, lost: DeadLetters) -> None:
    """Add the alarms, who hears of them and, if asked for, a dashboard."""
    alarms = t.add(email_topic("AlarmTopic", p.AlarmEmail, rules=True))
    stack = {"Stack": Ref("AWS::StackName")}
    t.add(
        alarm(
            "MirrorFailed",
            "A repository could not be mirrored. MirrorLog has its name and the reason.",
            metric=f"{NAMESPACE} Failures",
            dimensions=stack,
            topic=alarms.topic,
        )
    )
    t.add(
        dead_letters_alarm(
            "MirrorLost",
            queue=lost,
            topic=alarms.topic,
            description="An event started no run, or a run stopped unexpectedly. Queue Lost holds"
            " it.",
        )
    )
    if options.external:
        t.add(
            alarm(
                "MirrorRewritten",
                "The source has force-pushed a branch or moved a tag. MirrorLog shows which, and"
                " the name under which the mirror keeps the previous commit.",
                metric=f"{NAMESPACE} RefsRewritten",
                dimensions=stack,
                topic=alarms.topic,
            )
        )
    t.add(
        alarm(
            "MirrorSilent",
            "No run has reported in MirrorLog for hours. Check that the schedule is enabled and"
            " that tasks can start.",
            metric=f"{NAMESPACE} Failures",
            dimensions=stack,
            statistic="SampleCount",
            topic=alarms.topic,
            above=1,
            ComparisonOperator="LessThanThreshold",
            Period=3600,
            EvaluationPeriods=p.SilentHours,
            TreatMissingData="breaching",
        )
    )
    if options.with_function:
        t.add(
            dead_letters_alarm(
                "MirrorGivenUp",
                queue=lost,
                topic=alarms.topic,
                description="An event was moved to queue Lost, since the function Starter failed"
                " with it too often. MirrorLog has the error.",
                redrive=True,
            )
        )
        t.add(
            alarm(
                "StarterFailed",
                "The function Starter failed. MirrorLog has the error. The events are received"
                " again.",
                metric="AWS/Lambda Errors",
                dimensions={"FunctionName": Ref("Starter")},
                topic=alarms.topic,
            )
        )
        t.add(
            alarm(
                "MirrorWaits",
                "A repository has waited too long for a task. MirrorLog says what refuses it, such"
                " as a quota of Fargate.",
                metric=f"{NAMESPACE} WaitingSeconds",
                dimensions=stack,
                statistic="Maximum",
                topic=alarms.topic,
                above=MAX_WAITING_SECONDS if options.scheduled else p.LagSeconds,
            )
        )
    if not options.scheduled:
        t.add(
            alarm(
                "MirrorLags",
                "Mirroring a push took too long. MirrorLog has the name of the repository.",
                metric=f"{NAMESPACE} LagSeconds",
                dimensions=stack,
                statistic="Maximum",
                topic=alarms.topic,
                above=p.LagSeconds,
            )
        )
    if options.dashboard:
        shown = dashboard_body(NAMESPACE, lag=not options.scheduled, rewrites=options.external)
        t.add(Dashboard("Dashboard", DashboardBody=Sub(shown)))
    t.output(*alarms.output)
    t.output(
        "LostEvents",
        Ref(lost.queue),
        "URL of the dead-letter queue for events and runs that failed.",
    )
