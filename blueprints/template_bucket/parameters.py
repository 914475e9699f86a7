"""What the bucket for templates asks for at deploy time."""

from cfngen import Parameters, parameter


class Params(Parameters):
    """What CloudFormation asks for at deploy time."""

    TemplateDays = parameter(
        "Number of days after which an uploaded template is deleted. It is read only while a"
        " stack is deployed, so one day is enough.",
        Type="Number",
        Default=7,
        MinValue=1,
        MaxValue=365,
        group="Templates",
    )
