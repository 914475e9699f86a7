"""What the bucket for templates asks for at deploy time."""

from cfngen import Parameters, parameter


class Params(Parameters):
    """What CloudFormation asks for at deploy time."""

    TemplateDays = parameter(
        "Days after which a template that was uploaded to the bucket is deleted; it is read only"
        " while a stack is deployed, so one day is enough",
        Type="Number",
        Default=7,
        MinValue=1,
        MaxValue=365,
        group="Templates",
    )
