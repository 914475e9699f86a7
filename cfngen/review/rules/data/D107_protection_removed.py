"""A protection of data ends."""

from collections.abc import Iterator

from cfngen.cloudformation.values import scalar, shown
from cfngen.review.alternatives import lookup
from cfngen.review.facts import Facts
from cfngen.review.model import Kind
from cfngen.review.replicas import TABLE, Replica, replicas
from cfngen.review.rule import Hit, Rule

PROTECTIONS = (
    ("DeletionProtectionEnabled",),
    ("PointInTimeRecoverySpecification", "PointInTimeRecoveryEnabled"),
)


def check(facts: Facts) -> Iterator[Hit]:
    """Yield what no longer protects the replicas of a global table; the rest is in data_loss."""
    for change in facts.changes.values():
        old, new = facts.before.resource(change.name), facts.after.resource(change.name)
        if change.kind is not Kind.CHANGED or not (old and new) or new.type != TABLE:
            continue
        was, now = replicas(old), replicas(new)
        for key, replica in was.items():
            for path in PROTECTIONS:
                if key in now and _may_be_on(replica, path) and not _is_on(now[key], path):
                    yield Hit(
                        new.name,
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
