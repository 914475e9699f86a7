"""A global table loses a replica."""

from collections.abc import Iterator

from cfngen.cloudformation.values import shown
from cfngen.review.facts import Facts
from cfngen.review.model import Certainty
from cfngen.review.replicas import TABLE, replicas
from cfngen.review.rule import Hit, Rule


def check(facts: Facts) -> Iterator[Hit]:
    """Yield the Regions in which a table has no replica any more."""
    for resource in facts.updated:
        if resource.new.type != TABLE:
            continue
        was, now = replicas(resource.old), replicas(resource.new)
        for key, replica in was.items():
            if key in now and (now[key].certain or not replica.certain):
                continue
            certain = replica.certain and key not in now
            verb = "is" if certain else "may be"
            yield Hit(
                resource.new.name,
                f"the replica in {shown(replica.region)} {verb} deleted with all of its items;"
                " DeletionPolicy does not keep it",
                Certainty.WILL if certain else Certainty.MAY,
                "Replicas",
            )


RULE = Rule(
    title="A global table loses a replica",
    help=(
        "DynamoDB deletes the replica with all of its items in that Region, at once and whatever "
        "DeletionPolicy says; the other Regions keep theirs. Make sure that nothing reads there, "
        "and take a backup if it is needed."
    ),
    check=check,
    source="https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_ReplicationGroupUpdate.html",
)
