"""AWS::CloudFormation::StackSet: a stack in each region, by the role that executes it.

CloudFormation assumes the administration role, which assumes the execution role: that one's rights
are what counts. Source: "Grant self-managed permissions" in the guide to CloudFormation.
"""

from __future__ import annotations

import time
from typing import Any

import boto3
import evidence
import own
from ministack.core import responses
from ministack.core.iam_evaluator import enforce

Properties = dict[str, Any]
Made = tuple[str, dict[str, str]]
SECONDS = 60.0
CLOUDFORMATION = "cloudformation.amazonaws.com"
ROLES = f"arn:aws:iam::{own.ACCOUNT}:role/"
ADMINISTRATION = "AWSCloudFormationStackSetAdministrationRole"
EXECUTION = "AWSCloudFormationStackSetExecutionRole"


class StackSetType:
    """The handlers."""

    @staticmethod
    def regions(props: Properties) -> list[str]:
        """Return where its stacks are; other accounts than this are not here."""
        for group in props["StackInstancesGroup"]:
            accounts = group["DeploymentTargets"].get("Accounts")
            if accounts != [own.ACCOUNT]:
                raise own.RefusalError(f"stacks in {accounts}: there is {own.ACCOUNT} only")
        return [r for group in props["StackInstancesGroup"] for r in group["Regions"]]

    @staticmethod
    def stack(props: Properties) -> str:
        """Return how its stacks are called."""
        return f"StackSet-{props['StackSetName']}-0"

    @staticmethod
    def executing(props: Properties, name: str) -> dict[str, str]:
        """Return the credentials that its stacks are deployed with, and refuse in AWS's words."""
        administration = props.get("AdministrationRoleARN") or ROLES + ADMINISTRATION
        execution = ROLES + props.get("ExecutionRoleName", EXECUTION)
        region = responses.get_region()
        source = f"arn:aws:cloudformation:{region}:{own.ACCOUNT}:stackset/{name}"
        try:
            keys = own.credentials(administration, CLOUDFORMATION, **{"aws:SourceArn": source})
        except own.RefusalError as error:
            raise own.RefusalError(
                f"Account {own.ACCOUNT} should have '{administration.rpartition('/')[2]}' role "
                "with trust relationship to CloudFormation service."
            ) from error
        admitted = own.trusts(execution, administration) and not enforce(
            keys["aws_access_key_id"], "sts:AssumeRole", "sts", region, resource_arn=execution
        )
        if not admitted:
            raise own.RefusalError(
                f"Account {own.ACCOUNT} should have '{execution.rpartition('/')[2]}' role with "
                f"trust relationship to Role '{administration.rpartition('/')[2]}'."
            )
        evidence.ROLES.add(administration.rpartition("/")[2])
        return own.credentials(execution, administration, session=name.rpartition(":")[2])

    @staticmethod
    def client(props: Properties, name: str, region: str) -> Any:
        """Return a client with the execution role's credentials."""
        keys = StackSetType.executing(props, name)
        given = {"endpoint_url": own.URL, "config": own.ONCE, **keys}
        return boto3.client("cloudformation", region_name=region, **given)

    @staticmethod
    def deploy(props: Properties, name: str, regions: list[str], kind: str) -> None:
        """Create or update the stacks of some regions."""
        stack = StackSetType.stack(props)
        asked = {"TemplateBody": props["TemplateBody"], "Parameters": props["Parameters"]}
        asked["Capabilities"] = props.get("Capabilities", [])
        for region in regions:
            client = StackSetType.client(props, name, region)
            getattr(client, f"{kind}_stack")(StackName=stack, **asked)
            StackSetType.wait(client, stack, f"{kind.upper()}_COMPLETE")

    @staticmethod
    def wait(client: Any, name: str, wanted: str) -> None:
        """Wait for the end of what happens to a stack."""
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            status = client.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"]
            if status == wanted:
                return
            if not status.endswith("_IN_PROGRESS"):
                events = client.describe_stack_events(StackName=name)["StackEvents"]
                why = [e.get("ResourceStatusReason", "") for e in events]
                failed = next((w for w in reversed(why) if "not authorized" in w), "")
                raise ValueError(f"{name}: {status} {failed}")
            time.sleep(0.05)
        raise ValueError(f"{name} takes too long")

    @staticmethod
    def create(title: str, props: Properties, stack: str) -> Made:
        """Deploy its stacks."""
        name = f"{props['StackSetName']}:{responses.new_uuid()}"
        StackSetType.deploy(props, name, StackSetType.regions(props), "create")
        return name, {"StackSetId": name}

    @staticmethod
    def update(name: str, old: Properties, new: Properties, stack: str) -> Made:
        """Deploy what is new, update what stays, delete what is not named any more."""
        had, wanted = StackSetType.regions(old), StackSetType.regions(new)
        StackSetType.undo(new, name, [region for region in had if region not in wanted])
        StackSetType.deploy(new, name, [region for region in wanted if region not in had], "create")
        same = all(old[key] == new[key] for key in ("TemplateBody", "Parameters"))
        if not same:
            stay = [region for region in wanted if region in had]
            StackSetType.deploy(new, name, stay, "update")
        return name, {"StackSetId": name}

    @staticmethod
    def delete(name: str, props: Properties) -> None:
        """Delete its stacks."""
        StackSetType.undo(props, name, StackSetType.regions(props))

    @staticmethod
    def undo(props: Properties, name: str, regions: list[str]) -> None:
        """Delete the stacks of some regions."""
        for region in regions:
            client = StackSetType.client(props, name, region)
            found = client.describe_stacks(StackName=StackSetType.stack(props))["Stacks"][0]
            client.delete_stack(StackName=found["StackId"])
            StackSetType.wait(client, found["StackId"], "DELETE_COMPLETE")
