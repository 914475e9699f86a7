"""What the artifact stores ask for at deploy time."""

from cfngen import Parameters, parameter
from cfngen.patterns.stores import stores_name


class Params(Parameters):
    """What CloudFormation asks for at deploy time."""

    StoresName = parameter(
        "Prefix of the buckets' names. Enter the same value in the pipelines' stacks.",
        group="Stores",
        **stores_name(lambda o: (o.home, *o.regions)),
    )
    ArtifactDays = parameter(
        "Number of days after which artifacts that pipelines pass between actions expire.",
        Type="Number",
        Default=30,
        MinValue=1,
        MaxValue=365,
    )
