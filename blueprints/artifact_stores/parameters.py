"""What the artifact stores ask for at deploy time."""

from cfngen import Parameters, parameter
from cfngen.patterns.stores import stores_name


class Params(Parameters):
    """What CloudFormation asks for at deploy time."""

    StoresName = parameter(
        "What names of buckets begin with, here and in the pipelines",
        group="Stores",
        **stores_name(lambda o: (o.home, *o.regions)),
    )
    ArtifactDays = parameter(
        "Days after which what pipelines hand from action to action expires",
        Type="Number",
        Default=30,
        MinValue=1,
        MaxValue=365,
    )
