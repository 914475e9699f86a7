"""A new resource whose name another one has is told of, wherever in a review that one is."""

from __future__ import annotations

from typing import Any

import pytest

from cfngen.cloudformation.sections import Sections
from cfngen.review import names, review
from cfngen.review.model import Certainty, Concern, Finding

TOPIC = "Resources:\n  Topic: {Type: AWS::SNS::Topic}\n"
BUCKET = "  {}: {{Type: AWS::S3::Bucket, Properties: {{BucketName: {}}}}}\n"
QUEUE = "  {}: {{Type: AWS::SQS::Queue, Properties: {{QueueName: {}}}}}\n"
ROLE = (
    "  {}: {{Type: AWS::IAM::Role, Properties: {{RoleName: {}, AssumeRolePolicyDocument: {{}}}}}}\n"
)


def refused(before: dict[str, str], after: dict[str, str]) -> list[Finding]:
    """Return what a review says will or may be refused because of a name."""
    found = review(before, after).concerns(Concern.REFUSED)
    return [finding for finding in found if "has the name" in finding.message]


def added(holder: str, new: str) -> list[Finding]:
    """Return what is refused when one template has a resource, and another one gets `new`."""
    others = {"holder": TOPIC + holder}
    return refused(others | {"new": TOPIC}, others | {"new": TOPIC + new})


@pytest.mark.parametrize(
    "written",
    [
        "shop-objects",
        "'shop-objects'",
        "!Sub shop-objects",
        "!Join ['-', [shop, objects]]",
        "!Sub ['${a}-${b}', {a: shop, b: objects}]",
        "!Select [1, [a, shop-objects]]",
        '"shop\\x2dobjects"',
        "{'Fn::Join': ['', [sho, p-obj, ects]]}",
    ],
)
def test_a_name_is_the_same_however_it_is_written(written: str) -> None:
    """A name that is made of parts is not hidden from those who look for its words."""
    (finding,) = added(BUCKET.format("Store", written), BUCKET.format("Found", "shop-objects"))
    assert finding.subject == "Found"
    assert finding.certainty is Certainty.MAY
    assert "which Store of holder also has" in finding.message


def test_where_a_name_is_taken_depends_on_its_type() -> None:
    """A bucket's is one in a partition, a role's one in an account, a queue's one in a region."""
    for resource, scope in ((BUCKET, "partitions"), (ROLE, "accounts"), (QUEUE, "or regions")):
        (finding,) = added(resource.format("A", "shop"), resource.format("B", "shop"))
        assert finding.message.endswith(scope)


@pytest.mark.parametrize(
    ("holder", "new"),
    [
        (BUCKET.format("A", "one"), BUCKET.format("B", "two")),
        (QUEUE.format("A", "shop"), BUCKET.format("B", "shop")),
        (BUCKET.format("A", "!Ref Topic"), BUCKET.format("B", "!Ref Topic")),
        (BUCKET.format("A", "'{{resolve:ssm:/a}}'"), BUCKET.format("B", "'{{resolve:ssm:/a}}'")),
        ("  A: {Type: AWS::S3::Bucket}\n", "  B: {Type: AWS::S3::Bucket}\n"),
    ],
)
def test_names_that_are_not_known_to_be_one_are_not_told_of(holder: str, new: str) -> None:
    """What only the deployment knows is equal by chance."""
    assert added(holder, new) == []


def test_a_template_that_is_gone_keeps_its_names() -> None:
    """Its stack is there until somebody deletes it."""
    one = {"old": TOPIC + ROLE.format("A", "reader")}
    (finding,) = refused(one | {"new": TOPIC}, {"new": TOPIC + ROLE.format("B", "reader")})
    assert "has it until its stack is deleted" in finding.message


def test_a_bucket_that_is_full_keeps_its_name() -> None:
    """It stays behind although nobody asked for that."""
    before = {"old": TOPIC + BUCKET.format("A", "shop"), "new": TOPIC}
    after = {"old": TOPIC, "new": TOPIC + BUCKET.format("B", "shop")}
    (finding,) = refused(before, after)
    assert "while it holds objects" in finding.message


def test_new_templates_take_no_names_from_each_other() -> None:
    """They may be stages of one thing; and a first adoption is refused for nothing."""
    new = {name: TOPIC + BUCKET.format("A", "shop") for name in ("live", "test")}
    assert refused({}, new) == []
    assert refused({"other": TOPIC}, {"other": TOPIC} | new) == []


def test_a_name_under_a_condition_may_be_taken() -> None:
    """Both are there only if both conditions hold; of one and its opposite never both are."""
    head = "Parameters: {S: {Type: String}}\nConditions: {C: !Equals [!Ref S, x]}\n" + TOPIC
    before = head + BUCKET.format("A", "!If [C, shop, shop]").replace("Type", "Condition: C, Type")
    (finding,) = refused({"t": before}, {"t": before + BUCKET.format("B", "shop")})
    assert finding.certainty is Certainty.MAY


def test_templates_that_cannot_have_the_name_are_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of hundreds of templates only those with the name's words are parsed."""
    others = {f"t{n}": TOPIC + BUCKET.format("Own", f"other-{n}") for n in range(300)}
    others["last"] = TOPIC + BUCKET.format("Own", "shop-objects")
    parsed: list[str] = []

    def counted(text: str, *rest: Any) -> Sections:
        parsed.append(text)
        return Sections(text, *rest)

    monkeypatch.setattr(names, "Sections", counted)
    before, after = others | {"new": TOPIC}, others | {"new": TOPIC + QUEUE.format("Q", "jobs")}
    assert refused(before, after) == []
    assert parsed == []
    after = others | {"new": TOPIC + BUCKET.format("Found", "shop-objects")}
    assert len(refused(before, after)) == 1
    assert set(parsed) <= {others["last"], before["new"]}
