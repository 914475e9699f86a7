"""What a resource sets is taken away again by the deletion of another."""

from collections.abc import Iterator
from typing import Any

from cfngen.cloudformation.text import AnyText
from cfngen.cloudformation.values import scalar, shown
from cfngen.review.alternatives import (
    existence,
    if_alternatives,
    referenced_name,
    text_alternatives,
    type_of,
)
from cfngen.review.compare.retention import KEEPING_POLICIES, deletion_policy
from cfngen.review.facts import Facts
from cfngen.review.identities import ATTACHMENTS
from cfngen.review.model import Certainty, Kind
from cfngen.review.names import given_name
from cfngen.review.rule import Hit, Rule
from cfngen.review.stack import Resource, Stack

# What types set of something else: what that is called, the properties that say of what, each for
# itself if it is a list, and those that it is known by there.
SETTING = {
    "AWS::Events::EventBusPolicy": ("the statement", ("EventBusName",), ("StatementId",)),
    "AWS::IAM::GroupPolicy": ("the inline policy", ("GroupName",), ("PolicyName",)),
    "AWS::IAM::Policy": ("the inline policy", ("Roles", "Users", "Groups"), ("PolicyName",)),
    "AWS::IAM::RolePolicy": ("the inline policy", ("RoleName",), ("PolicyName",)),
    "AWS::IAM::UserPolicy": ("the inline policy", ("UserName",), ("PolicyName",)),
    "AWS::IAM::UserToGroupAddition": ("the membership", ("Users",), ("GroupName",)),
    "AWS::SecretsManager::ResourcePolicy": ("the policy", ("SecretId",), ()),
    "AWS::SNS::Subscription": ("the subscription", ("TopicArn",), ("Protocol", "Endpoint")),
    "AWS::SNS::TopicInlinePolicy": ("the policy", ("TopicArn",), ()),
    "AWS::SNS::TopicPolicy": ("the policy", ("Topics",), ()),
    "AWS::SQS::QueueInlinePolicy": ("the policy", ("Queue",), ()),
    "AWS::SQS::QueuePolicy": ("the policy", ("Queues",), ()),
}
# Principals that have inline policies in them, and by which property a policy names such.
PRINCIPALS = {
    "AWS::IAM::Group": "Groups", "AWS::IAM::Role": "Roles", "AWS::IAM::User": "Users",
}  # fmt: skip
ALIKE = {
    "RoleName": "Roles", "UserName": "Users", "GroupName": "Groups", "Queue": "Queues",
    "TopicArn": "Topics",
}  # fmt: skip
DEFAULT = {"EventBusName": "default"}
Key = tuple[str | AnyText | tuple[str, AnyText], ...]


def check(facts: Facts) -> Iterator[Hit]:
    """Yield what is set of something by a resource that stays, and by one that is deleted."""
    leaving = {
        key: old
        for name, change in facts.changes.items()
        if change.kind is Kind.REMOVED and (old := _deleted(facts.before, name))
        for key, target in _settings(old)
        if not _replaced(target, facts)
    }
    if not leaving:
        return
    types = {*SETTING, *ATTACHMENTS, *PRINCIPALS}
    for name in facts.after.names:
        new = facts.after.resource(name) if type_of(facts.after, name) in types else None
        if new is None or existence(facts.after, new) is None:
            continue
        for key, target in _settings(new):
            old = leaving.get(key)
            if old is None or (old.type == new.type and given_name(new)):  # which R107 reports
                continue
            what = f"{key[0]} of {shown(target)}" if target else "the address"
            if new.type not in PRINCIPALS or name in facts.changes:
                yield Hit(
                    old.name,
                    f"its deletion comes last, and may take away {what}, which {name} sets as well:"
                    f" keep the logical ID, or remove it in a deployment before {name} sets that",
                    Certainty.MAY,
                )


def _deleted(stack: Stack, name: str) -> Resource | None:
    """Return a resource that is deleted with its entry in the template; `None` for others."""
    old = stack.resource(name)
    if old is None or existence(stack, old) is None or deletion_policy(old) in KEEPING_POLICIES:
        return None
    return old


def _replaced(target: AnyText, facts: Facts) -> bool:
    """Whether what is set belongs to something that does not stay."""
    change = facts.changes.get(referenced_name(target))
    if change is None:
        return False
    return change.kind is Kind.REMOVED or change.replacement is Certainty.WILL


def _settings(resource: Resource) -> Iterator[tuple[Key, AnyText]]:
    """Yield what a resource sets: what it is known by, and of what."""
    properties = resource.properties
    if resource.type in ATTACHMENTS:
        keys = ATTACHMENTS[resource.type]
        yield (resource.type, *(shown(properties.get(key)) for key in keys)), ""
    if resource.type in PRINCIPALS:
        yield from _inline(resource)
    if resource.type not in SETTING:
        return
    what, targets, known_by = SETTING[resource.type]
    own = [scalar(properties[key]) if key in properties else "" for key in known_by]
    for key in targets:
        for _, target in text_alternatives(properties.get(key, DEFAULT.get(key))):
            yield (what, ALIKE.get(key, key), _referent(target), *own), target


def _referent(target: AnyText) -> tuple[str, AnyText]:
    """Return what is the same for a `Ref` and a `GetAtt`, and for nothing else."""
    name = referenced_name(target)
    return ("logical ID", name) if name else ("text", target)


def _inline(resource: Resource) -> Iterator[tuple[Key, AnyText]]:
    """Yield the inline policies that a role, user or group has in it."""
    what, _, _ = SETTING["AWS::IAM::Policy"]
    principals = PRINCIPALS[resource.type]
    names = [_referent(given)] if (given := given_name(resource)) else []
    for _, policies in if_alternatives(resource.properties.get("Policies")):
        for item in policies if isinstance(policies, list) else ():
            for _, policy in if_alternatives(item):
                for name in _names(policy):
                    for referent in (("logical ID", resource.name), *names):
                        yield (what, principals, referent, name), resource.name


def _names(policy: Any) -> Iterator[AnyText]:
    if isinstance(policy, dict):
        for _, name in text_alternatives(policy.get("PolicyName")):
            yield name


RULE = Rule(
    title="What a resource sets may be taken away again by the deletion of another",
    help=(
        "Both resources set the same thing: the one policy of a queue or topic, an inline policy of "
        "one name, a subscription of one endpoint. CloudFormation first creates what is new, which "
        "overwrites what is there, and deletes what has left the template last; the service then "
        "has nothing any more, and the stack says that all went well. Keep the logical ID. Or "
        "remove the one in a deployment of its own, and add the other in the next."
    ),
    check=check,
    source="https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-update-behaviors.html",
)
