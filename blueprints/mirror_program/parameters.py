"""Parameters of the template that publishes the program."""

from cfngen import Parameters, parameter

from .program import PARAMETER


class Params(Parameters):
    """Parameters of the template."""

    ProgramParameter = parameter(
        "Name of the SSM parameter that the location of the program is written to. Enter another"
        " name for a second stack.",
        Default=PARAMETER,
        AllowedPattern="/[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*",
        ConstraintDescription="Enter a name that begins with a slash, such as /team/program.",
        group="Program",
    )
