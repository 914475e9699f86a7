"""New resources with a custom name that another resource has, or keeps for a while."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, islice

from cfngen.cloudformation.text import AnyText
from cfngen.cloudformation.values import shown
from cfngen.review.alternatives import existence, is_satisfiable, type_of
from cfngen.review.compare.resources import UPDATE_BEHAVIORS
from cfngen.review.compare.retention import (
    deletion_fails_while_full,
    deletion_policy,
    replacement_policy,
)
from cfngen.review.model import Certainty, Concern, Finding, ResourceChange
from cfngen.review.names import Names, given_name, is_shared
from cfngen.review.stack import Resource, Stack

RETAINED = ("Retain", "RetainExceptOnCreate")
# Types whose `Name` is theirs alone in an account and region, by their own pages.
UNIQUE = frozenset((
    "AWS::CodeBuild::Project", "AWS::ElasticLoadBalancingV2::LoadBalancer",
    "AWS::ElasticLoadBalancingV2::TargetGroup", "AWS::SecretsManager::Secret",
    "AWS::StepFunctions::Activity",
))  # fmt: skip


def name_conflicts(
    name: str,
    before: Stack,
    after: Stack,
    changes: dict[str, ResourceChange],
    base: Names,
    head: Names,
) -> Iterator[Finding]:
    """Yield the resources that are new, or have a new name, where another one has that name.

    Args:
        name: the template's name.
        before: base's template.
        after: head's template.
        changes: the resources that are not the same.
        base: the names in all templates before the change.
        head: those after it.
    """
    candidates = [
        new
        for change in changes.values()
        if (new := after.resource(change.name)) and _is_new(new, before, after)
    ]
    if not candidates:
        return
    leaving, staying = _ResourcesByName(), _ResourcesByName()
    for change in changes.values():
        old, now = before.resource(change.name), after.resource(change.name)
        if old and not (now and _same(old, now)):
            leaving.add(old)
    types = {new.type for new in candidates}
    for other in after.names:
        if type_of(after, other) in types and (there := after.resource(other)):
            staying.add(there)
    for new in candidates:
        own = chain(
            _leaving(new, leaving.of(new), after, changes),
            _present(new, staying.of(new), before, after),
        )
        reasons = list(islice(own, 1)) or _elsewhere(name, new, base, head)  # one is enough
        for certainty, reason in reasons:
            message = f"has the name {shown(given_name(new))}{reason}"
            yield Finding(
                Concern.REFUSED, certainty, new.name, message, UPDATE_BEHAVIORS, code="R107"
            )


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


def _leaving(
    new: Resource, leaving: list[Resource], after: Stack, changes: dict[str, ResourceChange]
) -> Reasons:
    """Yield the resources of the same stack that had the name, and have it when this is created."""
    for old in leaving:
        change, now = changes[old.name], after.resource(old.name)
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


def _elsewhere(name: str, new: Resource, base: Names, head: Names) -> Reasons:
    """Yield the resources of other templates that have, or had, a name that means the same there.

    Templates that have other names in common are in different accounts or regions, as those of
    two stages are; and of two new ones nothing is known.
    """
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
