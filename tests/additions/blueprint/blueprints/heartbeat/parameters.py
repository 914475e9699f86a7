"""What the heartbeat asks for at deploy time."""

from cfngen import Parameters, parameter
from cfngen.patterns import RETENTION_DAYS, email_parameter


class Params(Parameters):
    """Asked at deploy time."""

    LogDays = parameter(
        "Days to keep the function's log.",
        Type="Number",
        Default=30,
        AllowedValues=list(RETENTION_DAYS),
    )
    AlarmEmail = email_parameter(
        "E-mail address to notify when no line was written. Leave empty for none."
    )
