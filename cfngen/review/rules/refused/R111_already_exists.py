"""A resource gets another logical ID, and cannot exist twice."""

from collections.abc import Iterator

from cfngen.review.alternatives import existence
from cfngen.review.facts import Facts
from cfngen.review.identities import UNIQUE, identity
from cfngen.review.model import Certainty, Kind
from cfngen.review.names import given_name
from cfngen.review.rule import Hit, Rule
from cfngen.review.stack import Resource


def check(facts: Facts) -> Iterator[Hit]:
    """Yield what is created while the same is only deleted afterwards."""
    leaving: dict[str, Resource] = {}
    for change in facts.changes.values():
        old = facts.before.resource(change.name) if change.kind is Kind.REMOVED else None
        if old and old.type in UNIQUE and existence(facts.before, old) is not None:
            leaving.setdefault(identity(old), old)
    for change in facts.changes.values():
        new = facts.after.resource(change.name) if change.kind is Kind.ADDED else None
        if new is None or new.type not in UNIQUE or existence(facts.after, new) is None:
            continue
        same = leaving.get(identity(new))
        if same is None or given_name(new):  # which R107 reports
            continue
        conditional = "Condition" in new.attributes or "Condition" in same.attributes
        yield Hit(
            new.name,
            f"is the same as {same.name}, which is deleted only afterwards: keep the logical ID, or"
            " remove the one in a deployment before the other is added",
            Certainty.MAY if conditional else Certainty.WILL,
        )


RULE = Rule(
    title="A resource gets another logical ID, and cannot exist twice",
    help=(
        "CloudFormation creates what is new before it deletes what has left the template. The "
        "service already has such a route, rule, record or association, refuses a second one, and "
        "the update is rolled back. Keep the logical ID; or remove the resource in one deployment "
        "and add it again in the next."
    ),
    check=check,
    source="https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-update-behaviors.html",
)
