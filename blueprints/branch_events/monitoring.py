"""The alarm for pushes that did not arrive, and who hears of it."""

from troposphere import Equals, GetAtt, Not, Ref

from cfngen import Template
from cfngen.patterns import DeadLetters, alarm, alarm_topic

from .parameters import Params


def add_monitoring(t: Template, p: Params, lost: DeadLetters) -> None:
    """Add the alarm and its topic."""
    has_email = t.condition("HasAlarmEmail", Not(Equals(p.AlarmEmail, "")))
    alarms = t.add(alarm_topic("AlarmTopic", email=p.AlarmEmail, when=has_email))
    t.add(
        alarm(
            "EventLost",
            "The builder's account was not told of a push; queue Lost says of which, and why",
            metric="AWS/SQS ApproximateNumberOfMessagesVisible",
            dimensions={"QueueName": GetAtt(lost.queue, "QueueName")},
            statistic="Maximum",
            topic=alarms.topic,
        )
    )
    t.output("AlarmTopic", Ref(alarms.topic), "Topic that hears of alarms")
    t.output("Lost", Ref(lost.queue), "Queue of pushes that did not arrive")
