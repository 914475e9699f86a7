"""What the deployment roles ask for at deploy time."""

from .._shared.deployers import Policies
from .._shared.store_access import StoreParameters


class Params(Policies, StoreParameters):
    """What CloudFormation asks for at deploy time."""
