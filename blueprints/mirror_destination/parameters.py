"""What the mirror's destination asks for at deploy time."""

from cfngen import Parameters, parameter


class Params(Parameters):
    """What CloudFormation asks for at deploy time."""

    MirrorAccount = parameter(
        "ID of the account whose mirror may push to this account.",
        AllowedPattern="[0-9]{12}",
        ConstraintDescription="twelve digits",
        group="Mirror",
    )
    MirrorStack = parameter(
        "Name of the mirror's stack in that account. It may be created later.",
        AllowedPattern="[A-Za-z][A-Za-z0-9-]{0,38}",
        ConstraintDescription="the name of a stack, of at most 39 characters",
    )
    Repositories = parameter(
        "Repository that the mirror may push to, or the beginning of names followed by *."
        " Include the prefix that the mirror adds.",
        AllowedPattern=r"[A-Za-z0-9._-]{0,99}[A-Za-z0-9._*-]",
        ConstraintDescription="a name, or the beginning of names followed by *",
        group="Destination",
    )
    Region = parameter(
        "Region of the repositories. It need not be the region of this stack.",
        AllowedPattern="[a-z]{2,4}(-[a-z]+)+-[0-9]",
        ConstraintDescription="a region such as us-west-2",
    )
