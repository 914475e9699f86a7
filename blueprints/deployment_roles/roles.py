"""The roles, and what other stacks import of them."""

from typing import Any

from troposphere import GetAtt, Ref

from cfngen import Template

from .._shared.deployers import PURPOSES, add_deployer, add_pipeline_role
from .._shared.store_access import StoreAccess
from .options import Options


def add_roles(t: Template, options: Options) -> dict[str, tuple[Any, str]]:
    """Add the roles; return the values to export, each with its description, by name."""
    access = StoreAccess(options.service, options.stores)
    pipeline = add_pipeline_role(t, options.service)
    exports: dict[str, tuple[Any, str]] = {
        "PipelineRoleArn": (GetAtt(pipeline, "Arn"), "ARN of the pipeline's own role."),
        "PipelineRoleName": (
            Ref(pipeline),
            "Name of the pipeline's own role. The pipeline's stack attaches a policy to it.",
        ),
    }
    for purpose in PURPOSES:
        deployer = add_deployer(t, purpose, access, GetAtt(pipeline, "Arn"))
        exports |= {
            f"{purpose}ActionRoleArn": (
                deployer.action_role,
                f"ARN of the role of the pipeline's actions that deploy {deployer.stack}.",
            ),
            f"{purpose}ExecutionRoleArn": (
                deployer.execution_role,
                f"ARN of the role that CloudFormation assumes to deploy {deployer.stack}.",
            ),
        }
    return exports
