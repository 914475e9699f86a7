"""What the deployment roles ask for at deploy time."""

from cfngen import Parameters, parameter
from cfngen.patterns.stores import stores_name

from .._shared.deployers import Policies
from .._shared.store_access import BucketNames
from .options import Options


def questions(options: Options) -> type[Parameters]:
    """Return the parameters of this shape of the stack, in order."""
    if options.stores == "parameters":
        return type("Params", (Policies, BucketNames), {})

    class Stores(Parameters):
        """Which stores."""

        StoresName = parameter(
            "StoresName of the stack of artifact stores, whose buckets and key the roles use",
            group="Stores",
            **stores_name((options.home,)),
        )

    return type("Params", (Policies, Stores), {})
