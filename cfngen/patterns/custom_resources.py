"""The function behind custom resources, as a separate stack, and how other stacks use it.

One stack in an account and region has the function, and exports its ARN and its role's. Stacks with
custom resources import both: CloudFormation then refuses to delete that stack, or to replace its
function, for as long as one of them is there, since their own updates and deletions need it.

The function may do nothing itself. A stack has a role of its own for its custom resources, whose
permissions name resources of that stack, and whose trust policy names the function's role and the
stack. The function needs no permission to assume it: "When a resource-based policy grants access
to a principal in the same account, no additional identity-based policy is required" (AWS STS API
reference, "AssumeRole"). So nobody can make it assume a role that merely trusts the account.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from troposphere import AWSObject, GetAtt, ImportValue, Ref
from troposphere.cloudformation import CustomResource
from troposphere.iam import Role

from cfngen.authoring.iam import Statement
from cfngen.authoring.payload import Payloads
from cfngen.authoring.waivers import waive
from cfngen.patterns.functions import MAX_SECONDS, PythonFunction, python_function
from cfngen.patterns.roles import assumed_role

__all__ = ["CustomResourceFunction", "custom_resource", "custom_resource_function"]

PAYLOADS = Payloads(__package__)
# What the stack exports. A missing export is named by CloudFormation: "No export named ... found".
FUNCTION_EXPORT = "cfngen-custom-resources-FunctionArn"
ROLE_EXPORT = "cfngen-custom-resources-RoleArn"
# CloudFormation waits longer than Lambda lets a function run.
SERVICE_TIMEOUT = MAX_SECONDS + 60


@dataclass(frozen=True)
class CustomResourceFunction:
    """The function behind the custom resources of all stacks in an account and region.

    Attributes:
        function: the function, its role and its log group.
    """

    function: PythonFunction

    @property
    def resources(self) -> list[tuple[AWSObject, str]]:
        """The resources, each with the comment above it."""
        return self.function.resources

    @property
    def outputs(self) -> list[tuple[str, Any, str, str]]:
        """The outputs of the stack: name, value, description, name of the export."""
        return [
            (
                "FunctionArn",
                self.function.arn,
                "ARN of the function that serves custom resources of other stacks.",
                FUNCTION_EXPORT,
            ),
            (
                "RoleArn",
                GetAtt(self.function.role, "Arn"),
                "ARN of the function's role. Roles of other stacks trust it.",
                ROLE_EXPORT,
            ),
        ]


def custom_resource_function(title: str, *, days: Any) -> CustomResourceFunction:
    """Return the function that publishes files and has images built, for other stacks.

    Args:
        title: the function's logical ID.
        days: days that its log is kept.
    """
    function = python_function(
        title,
        PAYLOADS["custom_resources.py"],
        reason="Called by CloudFormation for other stacks, each of which gives it a role.",
        days=days,
        architecture="x86_64",  # which every region has
        seconds=MAX_SECONDS,
    )
    waive(
        function.function,
        "checkov:CKV_AWS_116",
        reason="CloudFormation calls it and waits for its answer; if that never comes the stack"
        " fails and rolls back, which nobody overlooks, and a kept event could not be answered any"
        " more.",
    )
    return CustomResourceFunction(function)


def custom_resource(
    kind: str, title: str, *statements: Statement, **properties: Any
) -> tuple[Role, CustomResource]:
    """Return a custom resource, and the role that is used for it.

    Args:
        kind: its type: `Custom::Files` or `Custom::Image`.
        title: its logical ID; the role's is the same with `Role` behind it.
        statements: what the role may do, from `allow` and `deny`.
        properties: the properties that the function reads, but for `Role`.

    Source: "Custom resources" in CloudFormation's user guide. A custom resource never gets another
    `ServiceToken`; one that is to be served by another function is another resource.
    """
    role = assumed_role(
        f"{title}Role",
        ImportValue(ROLE_EXPORT),
        *statements,
        when={"StringEquals": {"sts:ExternalId": Ref("AWS::StackId")}},
    )
    # troposphere knows a type by the class.
    of_kind = type(kind, (CustomResource,), {"resource_type": kind})
    resource = of_kind(
        title,
        ServiceToken=ImportValue(FUNCTION_EXPORT),
        ServiceTimeout=SERVICE_TIMEOUT,
        Role=GetAtt(role, "Arn"),
        **properties,
    )
    return role, resource
