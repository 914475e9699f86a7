"""The least-privilege policy of the service role that CloudFormation deploys a template with."""

from cfngen.deploy.role.destination import Destination
from cfngen.deploy.role.policies import OmittedActions, Policy, policy
from cfngen.deploy.role.statements import Statement

__all__ = ["Destination", "OmittedActions", "Policy", "Statement", "policy"]
