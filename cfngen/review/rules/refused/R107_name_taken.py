"""A new resource has the name of another one."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, islice

from cfngen.cloudformation.text import AnyText
from cfngen.cloudformation.values import shown
from cfngen.review.alternatives import existence, is_satisfiable, type_of
from cfngen.review.compare.retention import (
    deletion_fails_while_full,
    deletion_policy,
    replacement_policy,
)
from cfngen.review.facts import Facts
from cfngen.review.model import Certainty, Kind
from cfngen.review.names import given_name, is_shared
from cfngen.review.rule import Hit, Rule
from cfngen.review.stack import Resource, Stack

RETAINED = ("Retain", "RetainExceptOnCreate")
# Types whose `Name` is theirs alone in an account and region, by their own pages.
UNIQUE = frozenset((
    "AWS::CodeBuild::Project", "AWS::ElasticLoadBalancingV2::LoadBalancer",
    "AWS::ElasticLoadBalancingV2::TargetGroup", "AWS::SecretsManager::Secret",
    "AWS::StepFunctions::Activity",
))  # fmt: skip


def check(facts: Facts) -> Iterator[Hit]:
    """Yield the resources that are new, or have a new name, where another one has that name."""
    if facts.kind is Kind.REMOVED:
        return
    candidates = [
        new
        for change in facts.changes.values()
        if (new := facts.after.resource(change.name)) and _is_new(new, facts.before, facts.after)
    ]
    if not candidates:
        return
    leaving, staying = _ResourcesByName(), _ResourcesByName()
    for change in facts.changes.values():
        old, now = facts.before.resource(change.name), facts.after.resource(change.name)
        if old and not (now and _same(old, now)):
            leaving.add(old)
    types = {new.type for new in candidates}
    for other in facts.after.names:
        if type_of(facts.after, other) in types and (there := facts.after.resource(other)):
            staying.add(there)
    for new in candidates:
        own = chain(
            _leaving(new, leaving.of(new), facts),
            _present(new, staying.of(new), facts.before, facts.after),
        )
        reasons = list(islice(own, 1)) or _elsewhere(facts, new)  # one is enough
        for certainty, reason in reasons:
            yield Hit(new.name, f"has the name {shown(given_name(new))}{reason}", certainty)


def _is_new(new: Resource, before: Stack, after: Stack) -> bool:
    """Whether a resource of head has a given name that it did not have."""
    old = before.resource(new.name)
    named = given_name(new) and not (old and _same(old, new))
    return bool(named) and existence(after, new) is not None


Reasons = Iterator[tuple[Certainty, str]]


class _ResourcesByName:
    """The resources of one template by type and given name, in the template's order."""

    def __init__(self) -> None:
        self.by_name: dict[tuple[str, AnyText], list[Resource]] = {}

    def add(self, resource: Resource) -> None:
        if given := given_name(resource):
            self.by_name.setdefault((resource.type, given), []).append(resource)

    def of(self, resource: Resource) -> list[Resource]:
        return self.by_name.get((resource.type, given_name(resource)), [])


def _leaving(new: Resource, leaving: list[Resource], facts: Facts) -> Reasons:
    """Yield the resources of the same stack that had the name, and have it when this is created."""
    for old in leaving:
        change, now = facts.changes[old.name], facts.after.resource(old.name)
        if old.name == new.name:
            continue
        certain = "Condition" not in old.attributes and change.replacement is not Certainty.MAY
        if now and now.type == old.type and change.replacement is Certainty.NO:
            certain = False  # the name may be changed in place, and in time
        certainty = Certainty.WILL if certain else Certainty.MAY
        outcome = "is deleted only afterwards: change the name, or keep the logical ID"
        if kept := _kept(old, now):
            outcome = f"{kept}: change the name"
        yield certainty, f" of {old.name}, which {outcome}"


def _present(new: Resource, staying: list[Resource], before: Stack, after: Stack) -> Reasons:
    """Yield the other resources of the template that have the name as well."""
    condition = existence(after, new)
    if not _unique(new) or condition is None:
        return
    for other in staying:
        if other.name == new.name:
            if before.resource(other.name) is None:
                return  # the later one of two new resources reports the conflict
            continue
        other_condition = existence(after, other)
        if other_condition is not None and is_satisfiable(condition | other_condition):
            certain = not (condition | other_condition) and new.schema.identified_by_name
            certainty = Certainty.WILL if certain else Certainty.MAY
            yield certainty, f", which {other.name} also has: change one of them"


def _unique(resource: Resource) -> bool:
    """Whether no second resource can have the name, as far as is known.

    What is only called `Name` may be shared, as that of a query is.
    """
    schema = resource.schema
    return schema.identified_by_name or schema.names != ("Name",) or resource.type in UNIQUE


def _elsewhere(facts: Facts, new: Resource) -> Reasons:
    """Yield the resources of other templates that have, or had, a name that means the same there.

    Templates that have other names in common are in different accounts or regions, as those of
    two stages are; and of two new ones nothing is known.
    """
    name, base, head = facts.listed_as, facts.base.names, facts.head.names
    given = given_name(new)
    if not base.texts or not is_shared(given) or not _unique(new):
        return
    then, now = (side.with_name(new.type, given, name) for side in (base, head))
    still = {(resource.template, resource.resource.name) for resource in now}
    named = {
        (resource.template, resource.resource.name): resource
        for resource in (*then, *now)
        if not {name, resource.template}.isdisjoint(base.texts)
    }
    for (template, logical_id), resource in named.items():
        if base.deployed_apart(name, template):
            continue
        kept = _kept(resource.resource, head.resource(template, logical_id))
        refused = f"refused, unless they are in different {_scope(new.type)}"
        if (template, logical_id) in still:
            yield Certainty.MAY, f", which {logical_id} of {template} also has: {refused}"
            continue
        outcome = f"has it until its stack is deleted: {refused}"
        if kept:
            outcome = f"{kept}: {refused}"
        elif template in head.texts:
            outcome = f"has it until {template} is deployed: deploy that first"
        yield Certainty.MAY, f" of {logical_id} of {template}, which {outcome}"


def _scope(type_: str) -> str:
    """Return where nothing else can have a name of a type."""
    if type_ == "AWS::S3::Bucket":  # AWS page "General purpose bucket naming rules"
        return "partitions"
    return "accounts" if type_.startswith("AWS::IAM::") else "accounts or regions"


def _kept(old: Resource, now: Resource | None) -> str:
    """Return why a resource that leaves, or is replaced by another, keeps its name for good."""
    replaced = now is not None and now.type == old.type
    attribute = "UpdateReplacePolicy" if replaced else "DeletionPolicy"
    policy = replacement_policy(now) if replaced and now else deletion_policy(old)
    if policy in RETAINED:
        return f"leaves its stack and keeps it ({attribute}: {policy})"
    if deletion_fails_while_full(old) is Certainty.WILL:
        return f"cannot be deleted, and keeps it, while it holds {old.schema.holds}"
    return ""


def _same(first: Resource, second: Resource) -> bool:
    return first.type == second.type and given_name(first) == given_name(second)


RULE = Rule(
    title="A new resource has the name of another one",
    help=(
        "The name of such a resource is unique in an account and a Region. CloudFormation creates new "
        "resources before it deletes what has left the template, so the name is still taken, and the "
        "creation fails. Choose another name, or remove the other resource in a deployment before "
        "this one."
    ),
    check=check,
    source="https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-update-behaviors.html",
)
