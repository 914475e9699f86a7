"""Parameters of the stack with the function behind custom resources."""

from cfngen import Parameters, parameter
from cfngen.patterns.logs import RETENTION_DAYS


class Params(Parameters):
    """Parameters of the template."""

    LogDays = parameter(
        "Number of days to keep the log of the function.",
        Type="Number",
        Default=30,
        AllowedValues=list(RETENTION_DAYS),
        group="Operation",
    )
