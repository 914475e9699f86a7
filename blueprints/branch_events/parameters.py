"""What the other half of the branch builder asks for at deploy time."""

from cfngen import Parameters, parameter
from cfngen.patterns.pushes import (
    repositories_parameter,
)


class Params(Parameters):
    """What CloudFormation asks for at deploy time."""

    BuilderAccount = parameter(
        "Account that builds",
        AllowedPattern="[0-9]{12}",
        ConstraintDescription="twelve digits",
        group="Builder",
    )
    BuilderRegion = parameter(
        "Region that it builds in",
        AllowedPattern="[a-z]{2,4}(-[a-z]+)+-[0-9]",
        ConstraintDescription="a region such as us-west-2",
    )
    BuilderStack = parameter(
        "Name of the builder's stack there, which is made after this one",
        AllowedPattern="[A-Za-z][A-Za-z0-9-]{0,38}",
        ConstraintDescription="the name of a stack, of at most 39 characters",
    )
    Repositories = repositories_parameter("build", when=lambda o: not o.repositories)
    AlarmEmail = parameter(
        "Address that hears of events that did not arrive; empty for none",
        Default="",
        AllowedPattern="|[^@ ]+@[^@ ]+",
        ConstraintDescription="an e-mail address",
        group="Operation",
    )
