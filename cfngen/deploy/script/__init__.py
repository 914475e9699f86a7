"""The shell script that deploys templates in their order, after it has checked everything."""

from cfngen.deploy.script.model import PlannedTemplate, Step, stack_name
from cfngen.deploy.script.planning import steps

__all__ = ["PlannedTemplate", "Step", "stack_name", "steps"]
