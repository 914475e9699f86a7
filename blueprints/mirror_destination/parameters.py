"""What the mirror's destination asks for at deploy time."""

from cfngen import Parameters, parameter


class Params(Parameters):
    """What CloudFormation asks for at deploy time."""

    MirrorAccount = parameter(
        "ID of the account whose mirror may push to this account.",
        AllowedPattern="[0-9]{12}",
        ConstraintDescription="Enter the 12 digits of an AWS account ID, such as 111122223333.",
        group="Mirror",
    )
    MirrorStack = parameter(
        "Name of the mirror's stack in that account. It may be created later.",
        AllowedPattern="[A-Za-z][A-Za-z0-9-]{0,38}",
        ConstraintDescription="Enter a stack name of at most 39 letters, digits and hyphens, with"
        " a letter first.",
    )
    Repositories = parameter(
        "Repository that the mirror may push to, or the beginning of names followed by *."
        " Include the prefix that the mirror adds.",
        AllowedPattern=r"[A-Za-z0-9._-]{0,99}[A-Za-z0-9._*-]",
        ConstraintDescription="Enter the name of a repository, or the beginning of names followed"
        " by *, such as team-*.",
        group="Destination",
    )
    Region = parameter(
        "Region of the repositories. It need not be the region of this stack.",
        AllowedPattern="[a-z]{2,4}(-[a-z]+)+-[0-9]",
        ConstraintDescription="Enter the code of a Region, such as us-west-2.",
    )
