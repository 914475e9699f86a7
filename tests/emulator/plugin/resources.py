"""CloudFormation's types that ministack lacks, made through the APIs that make them.

Their handlers wait for ministack's own front door, so they run beside its loop.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import behind
import own
import stack_sets
from ministack.core import responses
from ministack.services import s3
from ministack.services.cloudformation import _stack_events as stack_events
from ministack.services.cloudformation import changesets, provisioners, stacks
from ministack.services.cloudformation import handlers as cloudformation

Properties = dict[str, Any]
Made = tuple[str, dict[str, str]]


class RepositoryType:
    """AWS::CodeCommit::Repository."""

    @staticmethod
    def create(title: str, props: Properties, stack: str) -> Made:
        """Make it in moto."""
        name = props["RepositoryName"]
        described = {"repositoryDescription": props.get("RepositoryDescription", "")}
        own.here("codecommit").create_repository(repositoryName=name, **described)
        return RepositoryType.attributes(name, props)

    @staticmethod
    def update(title: str, old: Properties, new: Properties, stack: str) -> Made:
        """Rename it, as CloudFormation does."""
        if old["RepositoryName"] != new["RepositoryName"]:
            RepositoryType.delete(title, old)
            return RepositoryType.create("", new, stack)
        return RepositoryType.attributes(new["RepositoryName"], new)

    @staticmethod
    def delete(name: str, props: Properties) -> None:
        """Delete it."""
        own.here("codecommit").delete_repository(repositoryName=props["RepositoryName"])

    @staticmethod
    def attributes(name: str, props: Properties) -> Made:
        """Return what templates may ask of it."""
        region = responses.get_region()
        got = own.here("codecommit").get_repository(repositoryName=name)
        host = f"git-codecommit.{region}.amazonaws.com/v1/repos/{name}"
        return got["repositoryMetadata"]["repositoryId"], {
            "Arn": f"arn:aws:codecommit:{region}:{own.ACCOUNT}:{name}",
            "Name": name,
            "CloneUrlHttp": f"https://{host}",
            "CloneUrlSsh": f"ssh://{host}",
        }


class PipelineType:
    """AWS::CodePipeline::Pipeline."""

    @staticmethod
    def declared(props: Properties, name: str) -> Properties:
        """Spell a template's pipeline as the API has it."""
        told = provisioners._pascal_to_camel(props)
        for key in ("disableInboundStageTransitions", "restartExecutionOnUpdate", "tags"):
            told.pop(key, None)  # no part of what the API calls a pipeline
        if "artifactStores" in told:
            stores = told["artifactStores"]
            told["artifactStores"] = {each["region"]: each["artifactStore"] for each in stores}
        for stage in told["stages"]:
            for action in stage["actions"]:
                kind = action["actionTypeId"]
                kind["version"] = str(kind["version"])
                was = props["Stages"][told["stages"].index(stage)]["Actions"]
                given = was[stage["actions"].index(action)]
                action["configuration"] = given.get("Configuration", {})
        return {**told, "name": name}

    @staticmethod
    def introduce(arn: str) -> None:
        """Make the role known to moto, which looks at its trust policy."""
        path, _, name = arn.partition(":role")[2].rpartition("/")
        iam = behind.client("iam", "us-east-1")
        trust = own.here("iam").get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"]
        with suppress(iam.exceptions.EntityAlreadyExistsException):
            iam.create_role(
                Path=f"{path}/", RoleName=name, AssumeRolePolicyDocument=json.dumps(trust)
            )

    @staticmethod
    def create(title: str, props: Properties, stack: str) -> Made:
        """Make it in moto."""
        name = props.get("Name") or provisioners._physical_name(stack, title, max_len=100)
        PipelineType.introduce(props["RoleArn"])
        pipeline = PipelineType.declared(props, name)
        own.here("codepipeline").create_pipeline(pipeline=pipeline)
        return name, {"Version": "1"}

    @staticmethod
    def update(name: str, old: Properties, new: Properties, stack: str) -> Made:
        """Change it in moto."""
        PipelineType.introduce(new["RoleArn"])
        pipeline = PipelineType.declared(new, name)
        own.here("codepipeline").update_pipeline(pipeline=pipeline)
        return name, {"Version": "2"}

    @staticmethod
    def delete(name: str, props: Properties) -> None:
        """Delete it."""
        own.here("codepipeline").delete_pipeline(name=name)


class RolePolicyType:
    """AWS::IAM::RolePolicy."""

    @staticmethod
    def create(title: str, props: Properties, stack: str) -> Made:
        """Put the policy on its role."""
        name = props["PolicyName"]
        document = json.dumps(props["PolicyDocument"])
        own.here("iam").put_role_policy(
            RoleName=props["RoleName"], PolicyName=name, PolicyDocument=document
        )
        return f"{name}|{props['RoleName']}", {}

    @staticmethod
    def update(title: str, old: Properties, new: Properties, stack: str) -> Made:
        """Put it anew."""
        return RolePolicyType.create(title, new, stack)

    @staticmethod
    def delete(title: str, props: Properties) -> None:
        """Take it off, if the role is still there."""
        iam = own.here("iam")
        with suppress(iam.exceptions.NoSuchEntityException):
            iam.delete_role_policy(RoleName=props["RoleName"], PolicyName=props["PolicyName"])


class BusPolicyType:
    """AWS::Events::EventBusPolicy."""

    @staticmethod
    def create(title: str, props: Properties, stack: str) -> Made:
        """Put the statement on the bus."""
        statement = {"Sid": props["StatementId"], **props["Statement"]}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        own.here("events").put_permission(EventBusName=props["EventBusName"], Policy=policy)
        return f"{props['EventBusName']}|{props['StatementId']}", {}

    @staticmethod
    def update(title: str, old: Properties, new: Properties, stack: str) -> Made:
        """Put it anew."""
        return BusPolicyType.create(title, new, stack)

    @staticmethod
    def delete(title: str, props: Properties) -> None:
        """Take it off."""
        bus, statement = props["EventBusName"], props["StatementId"]
        own.here("events").remove_permission(EventBusName=bus, StatementId=statement)


def group_rule(way: str) -> dict[str, Any]:
    """Return the handlers of a security group's rules for a way in or out."""

    def permissions(props: Properties) -> list[Properties]:
        rule: Properties = {"IpProtocol": str(props["IpProtocol"])}
        rule |= {key: int(props[key]) for key in ("FromPort", "ToPort") if key in props}
        if "CidrIp" in props:
            rule["IpRanges"] = [{"CidrIp": props["CidrIp"]}]
        if other := props.get("SourceSecurityGroupId") or props.get("DestinationSecurityGroupId"):
            rule["UserIdGroupPairs"] = [{"GroupId": other}]
        return [rule]

    def create(title: str, props: Properties, stack: str) -> Made:
        call = getattr(own.here("ec2"), f"authorize_security_group_{way}")
        call(GroupId=props["GroupId"], IpPermissions=permissions(props))
        return f"sgr-{stack}-{title}", {"Id": f"sgr-{stack}-{title}"}

    def delete(title: str, props: Properties) -> None:
        call = getattr(own.here("ec2"), f"revoke_security_group_{way}")
        call(GroupId=props["GroupId"], IpPermissions=permissions(props))

    def update(rule: str, old: Properties, new: Properties, stack: str) -> Made:
        delete(rule, old)
        return create(rule.rpartition("-")[2], new, stack)

    return {"create": create, "update": update, "delete": delete}


class AddressType:
    """AWS::EC2::EIP."""

    @staticmethod
    def create(title: str, props: Properties, stack: str) -> Made:
        """Allocate it."""
        made = own.here("ec2").allocate_address(Domain="vpc")
        found = {"AllocationId": made["AllocationId"], "PublicIp": made["PublicIp"]}
        return made["PublicIp"], found

    @staticmethod
    def delete(address: str, props: Properties) -> None:
        """Release it."""
        found = own.here("ec2").describe_addresses(PublicIps=[address])["Addresses"]
        own.here("ec2").release_address(AllocationId=found[0]["AllocationId"])


class NatGatewayType:
    """AWS::EC2::NatGateway."""

    @staticmethod
    def create(title: str, props: Properties, stack: str) -> Made:
        """Make it."""
        asked = {key: props[key] for key in ("SubnetId", "AllocationId") if key in props}
        made = own.here("ec2").create_nat_gateway(**asked)["NatGateway"]["NatGatewayId"]
        return made, {"NatGatewayId": made}

    @staticmethod
    def delete(gateway: str, props: Properties) -> None:
        """Delete it."""
        own.here("ec2").delete_nat_gateway(NatGatewayId=gateway)


class ReplicaKeyType:
    """AWS::KMS::ReplicaKey."""

    @staticmethod
    def create(title: str, props: Properties, stack: str) -> Made:
        """Have it replicated by its primary key's region: both have one ID."""
        primary = props["PrimaryKeyArn"]
        made = own.root("kms", primary.split(":")[3]).replicate_key(
            KeyId=primary,
            ReplicaRegion=responses.get_region(),
            Policy=json.dumps(props["KeyPolicy"]),
            Description=props.get("Description", ""),
        )["ReplicaKeyMetadata"]
        return made["KeyId"], {"Arn": made["Arn"], "KeyId": made["KeyId"]}

    @staticmethod
    def update(key: str, old: Properties, new: Properties, stack: str) -> Made:
        """Change its policy."""
        kms = own.here("kms")
        kms.put_key_policy(KeyId=key, PolicyName="default", Policy=json.dumps(new["KeyPolicy"]))
        arn = kms.describe_key(KeyId=key)["KeyMetadata"]["Arn"]
        return key, {"Arn": arn, "KeyId": key}

    @staticmethod
    def delete(key: str, props: Properties) -> None:
        """Schedule it for deletion."""
        own.here("kms").schedule_key_deletion(KeyId=key, PendingWindowInDays=7)


def of(kind: type) -> dict[str, Callable[..., Any]]:
    """Return the handlers of a type."""
    names = ("create", "update", "delete")
    return {name: getattr(kind, name) for name in names if hasattr(kind, name)}


TYPES: dict[str, dict[str, Any]] = {
    "AWS::CloudFormation::StackSet": of(stack_sets.StackSetType),
    "AWS::CodeCommit::Repository": of(RepositoryType),
    "AWS::CodePipeline::Pipeline": of(PipelineType),
    "AWS::EC2::EIP": of(AddressType),
    "AWS::EC2::NatGateway": of(NatGatewayType),
    "AWS::EC2::SecurityGroupEgress": group_rule("egress"),
    "AWS::EC2::SecurityGroupIngress": group_rule("ingress"),
    "AWS::Events::EventBusPolicy": of(BusPolicyType),
    "AWS::IAM::RolePolicy": of(RolePolicyType),
    "AWS::KMS::ReplicaKey": of(ReplicaKeyType),
}


def known_by_arn(theirs: dict[str, Any]) -> dict[str, Any]:
    """Return handlers of AWS::SecretsManager::Secret by which Ref is the ARN, as AWS has it."""

    def name(arn: str) -> str:
        return arn.partition(":secret:")[2][:-7]

    def create(title: str, props: Properties, stack: str) -> Made:
        _, attributes = theirs["create"](title, props, stack)
        return attributes["Arn"], attributes

    def update(arn: str, *given: Any) -> Made:
        _, attributes = theirs["update"](name(arn), *given)
        return attributes["Arn"], attributes

    def delete(arn: str, props: Properties) -> None:
        theirs["delete"](name(arn), props)

    return {**theirs, "create": create, "update": update, "delete": delete}


def called_as_at_aws(
    theirs: dict[str, Any], key: str, called: Callable[[str, str], str]
) -> dict[str, Any]:
    """Return handlers of a type that call what has no name as CloudFormation does.

    Args:
        theirs: ministack's handlers.
        key: the property that names it.
        called: makes the name of stack and logical ID.
    """
    by_title = theirs.get("update_with_logical_id", False)

    def named(props: Properties, title: str, stack: str) -> Properties:
        return {key: called(stack, title), **props}

    def create(title: str, props: Properties, stack: str) -> Any:
        return theirs["create"](title, named(props, title, stack), stack)

    def update(name: str, old: Properties, new: Properties, stack: str, title: str) -> Any:
        old, new = named(old, title, stack), named(new, title, stack)
        return theirs["update"](name, old, new, stack, *[title] * by_title)

    return {**theirs, "create": create, "update": update, "update_with_logical_id": True}


def after_stack(stack: str, title: str) -> str:
    """Return a name such as `stack-Title-1A2B3C4D5E6F7`."""
    return str(provisioners._physical_name(stack, title, max_len=512))


def after_title(stack: str, title: str) -> str:
    """Return a name such as `Title-1A2B3C4D5E6F7`, that does not tell which stack it is of."""
    return f"{title[:24]}-{after_stack(stack, title).rpartition('-')[2]}"


# How CloudFormation calls what has no name, where ministack has ways of its own. Source: the names
# that "CloudFormation-generated names" in AWS's forums and issues show; no page promises them.
NAMES: dict[str, tuple[str, Callable[[str, str], str]]] = {
    "AWS::CodeBuild::Project": ("Name", after_title),
    "AWS::Logs::LogGroup": ("LogGroupName", after_stack),
    "AWS::SSM::Parameter": ("Name", lambda stack, title: f"CFN-{after_title(stack, title)}"),
    "AWS::SecretsManager::Secret": ("Name", after_title),
}


def kept_while_full(theirs: dict[str, Any]) -> dict[str, Any]:
    """Return handlers of AWS::S3::Bucket that delete no bucket with objects, as AWS's do not."""

    def delete(name: str, props: Properties) -> None:
        if s3._buckets.get(name, {}).get("objects") or s3._bucket_has_versions(name):
            raise ValueError(f"The bucket you tried to delete is not empty: {name}")
        theirs["delete"](name, props)

    return {**theirs, "delete": delete}


def in_the_words_of_aws(theirs: Callable[..., Any]) -> Callable[..., Any]:
    """Refuse SSM parameters that are not there as CloudFormation does, which operators read."""

    def ours(*given: Any) -> Any:
        try:
            return theirs(*given)
        except ValueError as error:
            if missing := re.search("SSM parameter '(.+)' does not exist", str(error)):
                text = "Unable to fetch parameters [{}] from parameter store for this account."
                raise ValueError(text.format(missing[1])) from None
            raise

    return ours


def told_of_deletions(theirs: Callable[..., Any]) -> Callable[..., Any]:
    """Have the end of an update tell what it deletes, as CloudFormation's events do."""

    def ours(kind: str, name: str, props: Properties, stack: str, title: str) -> Any:
        answer = theirs(kind, name, props, stack, title)
        logs = [log for log in stack_events.values() if log and log[-1]["StackName"] == stack]
        last = logs[-1][-1] if logs else {}
        begun = (last.get("LogicalResourceId"), last.get("ResourceStatus"))
        if last and begun != (title, "DELETE_IN_PROGRESS"):  # or ministack tells it itself
            told = (last["StackId"], stack, title, kind, "DELETE_COMPLETE")
            stacks._add_event(*told, physical_id=name)
        return answer

    return ours


def plug_in() -> None:
    """Add the types, and mend some."""
    stacks._delete_resource = told_of_deletions(stacks._delete_resource)
    handlers = provisioners._RESOURCE_HANDLERS
    handlers.update(TYPES)
    bucket = "AWS::S3::Bucket"
    handlers[bucket] = kept_while_full(handlers[bucket])
    for module in (changesets, cloudformation):
        module._resolve_parameters = in_the_words_of_aws(module._resolve_parameters)
    for kind, (key, called) in NAMES.items():
        handlers[kind] = called_as_at_aws(handlers[kind], key, called)
    secret = "AWS::SecretsManager::Secret"
    handlers[secret] = known_by_arn(handlers[secret])
    theirs = stacks._runs_on_worker_thread
    stacks._runs_on_worker_thread = lambda kind: kind in TYPES or theirs(kind)
