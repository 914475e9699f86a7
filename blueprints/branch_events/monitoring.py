"""The alarm for pushes that did not arrive, and who hears of it."""

from troposphere import GetAtt, Ref

from cfngen import Template
from cfngen.patterns import DeadLetters, alarm, email_topic

from .parameters import Params


def add_monitoring(t: Template, p: Params, lost: DeadLetters) -> None:
    """Add the alarm and its topic."""
    alarms = t.add(email_topic("AlarmTopic", p.AlarmEmail))
    t.add(
        alarm(
            "EventLost",
            "A push could not be sent to the builder's account. Queue Lost holds it, with the"
            " reason.",
            metric="AWS/SQS ApproximateNumberOfMessagesVisible",
            dimensions={"QueueName": GetAtt(lost.queue, "QueueName")},
            statistic="Maximum",
            topic=alarms.topic,
        )
    )
    t.output("AlarmTopic", Ref(alarms.topic), "ARN of the topic that alarms publish to.")
    t.output(
        "Lost", Ref(lost.queue), "URL of the dead-letter queue for pushes that were not delivered."
    )
