"""A protection of data ends."""

from collections.abc import Iterator

from cfngen.cloudformation.values import scalar, shown
from cfngen.review.alternatives import lookup
from cfngen.review.facts import Facts, Updated
from cfngen.review.protection import lost_protections
from cfngen.review.replicas import TABLE, Replica, replicas
from cfngen.review.rule import Hit, Rule

PROTECTIONS = (
    ("DeletionProtectionEnabled",),
    ("PointInTimeRecoverySpecification", "PointInTimeRecoveryEnabled"),
)


def check(facts: Facts) -> Iterator[Hit]:
    """Yield the properties that protected a resource's data, or a replica's, and do so no more."""
    for resource in facts.updated:
        schema = resource.new.schema
        if schema.holds and schema.protects:
            for path in lost_protections(*resource.assumed):
                message = f"{path} no longer protects {schema.holds}"
                yield Hit(resource.new.name, message, path=path, page=schema.page)
        if resource.new.type == TABLE:
            yield from _of_replicas(resource)


def _of_replicas(resource: Updated) -> Iterator[Hit]:
    was, now = replicas(resource.old), replicas(resource.new)
    for key, replica in was.items():
        for path in PROTECTIONS:
            if key in now and _may_be_on(replica, path) and not _is_on(now[key], path):
                yield Hit(
                    resource.new.name,
                    f"{'.'.join(path)} no longer protects items in {shown(replica.region)}",
                    path="Replicas",
                )


def _may_be_on(replica: Replica, path: tuple[str, ...]) -> bool:
    return any(scalar(value) == "true" for _, value in lookup(replica.settings, *path))


def _is_on(replica: Replica, path: tuple[str, ...]) -> bool:
    return all(scalar(value) == "true" for _, value in lookup(replica.settings, *path))


RULE = Rule(
    title="A protection of data ends",
    help=(
        "A property that kept the data from being deleted, or that kept older versions or backups of "
        "it, is turned off. Nothing is lost by this deployment, but what is deleted or overwritten "
        "from now on may be."
    ),
    check=check,
    source="https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-deletionpolicy.html",
)
