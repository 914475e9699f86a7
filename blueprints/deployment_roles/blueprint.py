"""Hold the roles with which a pipeline deploys a service."""

from typing import Any

from troposphere import GetAtt, Ref

from cfngen import Template, blueprint

from .._shared.deployers import PURPOSES, add_deployer, add_pipeline_role, export_name
from .._shared.services import add_home_rule
from .._shared.store_access import StoreAccess
from .options import Options
from .parameters import Params


@blueprint
def deployment_roles(options: Options) -> Template:
    """Hold the roles with which a pipeline deploys a service."""
    t = Template()
    t.declare(Params, options)
    add_home_rule(t, options.home)
    access = StoreAccess(options.service, options.stores)
    pipeline = add_pipeline_role(t, options.service)
    exports: dict[str, tuple[Any, str]] = {
        "PipelineRoleArn": (GetAtt(pipeline, "Arn"), "ARN of the role of the pipeline itself"),
        "PipelineRoleName": (
            Ref(pipeline),
            "Name of the role of the pipeline itself; the pipeline's stack adds its policy to it",
        ),
    }
    for purpose in PURPOSES:
        deployer = add_deployer(t, purpose, access, GetAtt(pipeline, "Arn"))
        exports |= {
            f"{purpose}ActionRoleArn": (
                deployer.action_role,
                f"ARN of the role of the pipeline's actions that deploy {deployer.stack}",
            ),
            f"{purpose}ExecutionRoleArn": (
                deployer.execution_role,
                f"ARN of the role that CloudFormation deploys {deployer.stack} with",
            ),
        }
    for name, (value, description) in exports.items():
        t.output(name, value, description, export=export_name("AWS::StackName", name))
    return t
