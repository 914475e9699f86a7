"""The alarm for pushes that did not arrive, and who hears of it."""

from troposphere import Ref

from cfngen import Template
from cfngen.patterns import DeadLetters, dead_letters_alarm, email_topic

from .parameters import Params


def add_monitoring(t: Template, p: Params, lost: DeadLetters) -> None:
    """Add the alarm and its topic."""
    alarms = t.add(email_topic("AlarmTopic", p.AlarmEmail))
    t.add(
        dead_letters_alarm(
            "EventLost",
            queue=lost,
            topic=alarms.topic,
            description="A push could not be sent to the builder's account. Queue Lost holds it,"
            " with the reason.",
        )
    )
    t.output(*alarms.output)
    t.output(
        "Lost", Ref(lost.queue), "URL of the dead-letter queue for pushes that were not delivered."
    )
