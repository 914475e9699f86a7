"""CloudFormation's types that ministack lacks, made through the APIs that make them.

Their handlers wait for ministack's own front door, so they run beside its loop.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import networks
import own
import pipelines
import policies
import repositories
import stack_sets
from ministack.core import responses
from ministack.services import s3
from ministack.services.cloudformation import _stack_events as stack_events
from ministack.services.cloudformation import changesets, provisioners, stacks
from ministack.services.cloudformation import handlers as cloudformation
from refusals import of

Properties = dict[str, Any]
Made = tuple[str, dict[str, str]]


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


TYPES: dict[str, dict[str, Any]] = {
    **networks.TYPES,
    "AWS::CloudFormation::StackSet": of(stack_sets.StackSetType),
    "AWS::CodeCommit::Repository": of(repositories.RepositoryType),
    "AWS::CodePipeline::Pipeline": of(pipelines.PipelineType),
    "AWS::Events::EventBusPolicy": of(policies.BusPolicyType),
    "AWS::IAM::RolePolicy": of(policies.RolePolicyType),
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
            raise ValueError(
                f"The bucket you tried to delete is not empty: {name} (BucketNotEmpty)"
            )
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
