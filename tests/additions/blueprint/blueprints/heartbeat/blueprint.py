"""A schedule that has a function write one line to its log, as a sign of life."""

from troposphere.events import Rule, Target

from cfngen import Parameters, Payloads, Template, blueprint, parameter
from cfngen.patterns import python_function, without_dead_letters
from cfngen.patterns.logs import RETENTION_DAYS


class Params(Parameters):
    """What CloudFormation asks for at deploy time."""

    LogDays = parameter(
        "Days to keep the function's log.",
        Type="Number",
        Default=30,
        AllowedValues=[*RETENTION_DAYS],
    )


@blueprint
def heartbeat() -> Template:
    """Write a line to a log every hour, as a sign that an account is alive."""
    t = Template()
    p = t.declare(Params)
    function = t.add(
        python_function(
            "Heartbeat",
            Payloads(__package__)["heartbeat.py"],
            days=p.LogDays,
            reason="Writes the line.",
        )
    )
    t.add(
        Rule(
            "Hourly",
            ScheduleExpression="rate(1 hour)",
            Targets=[Target(Id="Heartbeat", Arn=function.arn)],
        ),
        reason=without_dead_letters("an hour later comes the next line."),
    )
    t.add(function.called_by("Hourly"))
    t.output("FunctionArn", function.arn, "ARN of the function that writes the line.")
    return t
