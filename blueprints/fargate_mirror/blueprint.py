"""Mirror repositories into CodeCommit in other regions: event, Fargate task, push."""

from typing import Any

from troposphere import Equals, GetAtt, Not, Ref, Region, Sub
from troposphere.cloudwatch import Dashboard

from cfngen import Template, blueprint
from cfngen.patterns import DeadLetters, alarm, alarm_topic, log_group

from .dashboard import dashboard_body
from .options import Options
from .parameters import Params
from .starting import add_start
from .task import NAMESPACE, add_task


@blueprint
def fargate_mirror(options: Options) -> Template:
    """Mirror repositories into CodeCommit in other regions on every push."""
    t = Template()
    p = t.declare(Params, options)
    _refuse_circles(t, p, options)
    log = t.add(log_group("MirrorLog", days=p.LogDays))
    task = add_task(t, p, options, log)
    lost = add_start(t, p, options, task)
    _watch(t, p, options, lost)
    return t


def _refuse_circles(t: Template, p: Params, options: Options) -> None:
    """Add rules against destinations that would be sources as well, and so go round for ever."""
    if options.external:
        return
    if not options.destinations:
        elsewhere = Not(Equals(p.DestinationRegion, Region))
        t.add_rule("NoCircle", _rule(elsewhere, "DestinationRegion must not be the stack's own"))
    ours = options.repositories or ("*",)
    circles = {there.region for there in options.destinations if not there.role
               and there.may_come_round(ours)}  # fmt: skip
    for region in sorted(circles):
        t.add_rule(
            "NoCircle" + "".join(part.capitalize() for part in region.split("-")),
            _rule(Not(Equals(region, Region)), f"A destination in {region} would be a source, too"),
        )


def _rule(assertion: Any, description: str) -> dict[str, Any]:
    return {"Assertions": [{"Assert": assertion, "AssertDescription": description}]}


def _watch(t: Template, p: Params, options: Options, lost: DeadLetters) -> None:
    """Add the alarms, who hears of them and, if asked for, a dashboard."""
    has_email = t.condition("HasAlarmEmail", Not(Equals(p.AlarmEmail, "")))
    alarms = t.add(alarm_topic("AlarmTopic", email=p.AlarmEmail, when=has_email))
    stack = {"Stack": Ref("AWS::StackName")}
    t.add(
        alarm(
            "MirrorFailed",
            "A repository could not be mirrored; MirrorLog says which, and why",
            metric=f"{NAMESPACE} Failures",
            dimensions=stack,
            topic=alarms.topic,
        )
    )
    t.add(
        alarm(
            "MirrorLost",
            "An event started no run, or a run died; queue Lost says which",
            metric="AWS/SQS ApproximateNumberOfMessagesVisible",
            dimensions={"QueueName": GetAtt(lost.queue, "QueueName")},
            statistic="Maximum",
            topic=alarms.topic,
        )
    )
    if options.scheduled:
        t.add(
            alarm(
                "MirrorSilent",
                "No run has reported in MirrorLog for hours: is the schedule on, can tasks start?",
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
    else:
        t.add(
            alarm(
                "MirrorLags",
                "It took long from a push to its mirroring; MirrorLog says of which repository",
                metric=f"{NAMESPACE} LagSeconds",
                dimensions=stack,
                statistic="Maximum",
                topic=alarms.topic,
                above=p.LagSeconds,
            )
        )
    if options.dashboard:
        t.add(
            Dashboard(
                "Dashboard", DashboardBody=Sub(dashboard_body(NAMESPACE, lag=not options.scheduled))
            )
        )
    t.output("AlarmTopic", Ref(alarms.topic), "Topic that hears of alarms")
    t.output("LostEvents", Ref(lost.queue), "Queue of what came to nothing")
