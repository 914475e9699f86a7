"""What the other half of the branch builder asks for at deploy time."""

from cfngen import Parameters, parameter
from cfngen.patterns.alarms import email_parameter
from cfngen.patterns.pushes import repositories_parameter


class Params(Parameters):
    """What CloudFormation asks for at deploy time."""

    BuilderAccount = parameter(
        "ID of the account that builds.",
        AllowedPattern="[0-9]{12}",
        ConstraintDescription="Enter the 12 digits of an AWS account ID, such as 111122223333.",
        group="Builder",
    )
    BuilderRegion = parameter(
        "Region of the branch builder in that account.",
        AllowedPattern="[a-z]{2,4}(-[a-z]+)+-[0-9]",
        ConstraintDescription="Enter the code of a Region, such as us-west-2.",
    )
    BuilderStack = parameter(
        "Name of the branch builder's stack in that account. It is created after this stack.",
        AllowedPattern="[A-Za-z][A-Za-z0-9-]{0,38}",
        ConstraintDescription="Enter a stack name of at most 39 letters, digits and hyphens, with"
        " a letter first.",
    )
    Repositories = repositories_parameter("build", when=lambda o: not o.repositories)
    AlarmEmail = email_parameter(
        "E-mail address to notify of events that were not delivered. Leave empty for none.",
        group="Operation",
    )
