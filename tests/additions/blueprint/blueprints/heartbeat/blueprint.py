"""A function that writes one line to its log every hour, and a mail when that fails."""

from cfngen import Payloads, Template, blueprint
from cfngen.patterns import (
    dead_letters,
    dead_letters_alarm,
    email_topic,
    python_function,
    start_on_schedule,
)

from .parameters import Params


@blueprint
def heartbeat() -> Template:
    """Write a line to a log every hour, as a sign that an account is alive."""
    t = Template()
    p = t.declare(Params)
    lost = t.add(dead_letters("Lost", rules=(), reason="Starts that came to nothing."))
    function = t.add(
        python_function(
            "Heartbeat",
            Payloads(__package__)["heartbeat.py"],
            days=p.LogDays,
            dead_letter_queue=lost,
            reason="Writes the line.",
        )
    )
    t.add(
        start_on_schedule(
            "Hourly",
            function,
            expression="rate(1 hour)",
            dead_letter_queue=lost,
            reason="Every hour.",
        )
    )
    alarms = t.add(email_topic("AlarmTopic", p.AlarmEmail))
    t.add(dead_letters_alarm("NoLine", queue=lost, topic=alarms.topic))
    t.output("FunctionArn", function.arn, "ARN of the function that writes the line.")
    t.output(*alarms.output)
    return t
