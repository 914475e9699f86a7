"""Waivers go with what they are about, by path, and add no byte to a template."""

from __future__ import annotations

import pytest
from troposphere import Ref
from troposphere.cloudformation import StackSet
from troposphere.s3 import Bucket, BucketEncryption
from troposphere.sns import Topic

from cfngen import Template, Waiver, allow, policy_document, render, waive
from cfngen.authoring.waivers import waivers_of
from cfngen.errors import WaiverError
from cfngen.patterns import role
from cfngen.project import waiver_files


def test_what_is_waived_is_returned_and_keeps_its_waivers() -> None:
    """Each rule with the reason, and the line that says so; a later reason replaces an earlier."""
    topic = Topic("Alerts")
    assert waive(topic, "checkov:A", "cdk-nag:B/<Things.Arn>/*", reason="First.") is topic
    waive(topic, "checkov:A", reason="Second.")
    assert waivers_of(topic) == (
        Waiver("cdk-nag:B/<Things.Arn>/*", "First."),
        Waiver("checkov:A", "Second."),
    )
    origin = waivers_of(topic)[1].origin
    assert origin is not None
    assert (origin.file, waivers_of(topic)[1].scanner) == (__file__, "checkov")


@pytest.mark.parametrize(
    ("rules", "reason"),
    [((), "Why."), (("checkov:A",), " "), (("CKV_AWS_18",), "Why."), (("checkov: A",), "Why.")],
)
def test_a_waiver_without_a_rule_or_a_reason_is_refused(
    rules: tuple[str, ...], reason: str
) -> None:
    """It says what to write instead."""
    with pytest.raises(WaiverError, match="rule"):
        waive(Topic("Alerts"), *rules, reason=reason)


def test_something_else_than_a_resource_or_a_statement_is_refused() -> None:
    """A pattern's result has several resources: which of them is meant is for its user to say."""
    with pytest.raises(TypeError, match="takes a resource"):
        waive({"Type": "AWS::SNS::Topic"}, "checkov:A", reason="Why.")


def test_waivers_travel_by_path() -> None:
    """Of resources, of parts of them, and of statements in whichever role has them."""
    t = Template()
    encryption = BucketEncryption(ServerSideEncryptionConfiguration=[])
    t.add(Bucket("Things", BucketEncryption=waive(encryption, "checkov:B", reason="Part.")))
    t.add(waive(Topic("Alerts"), "checkov:A", reason="Whole."))
    read_it = waive(allow("s3:GetObject", on=Ref("Things")), "cdk-nag:C", reason="Statement.")
    t.add(role("Reader", "lambda", allow("s3:ListBucket", on=Ref("Things")), read_it))
    reader = ("Resources", "Reader", "Properties", "Policies", 0, "PolicyDocument", "Statement", 1)
    assert t.document().waivers == {
        ("Resources", "Things", "Properties", "BucketEncryption"): (Waiver("checkov:B", "Part."),),
        ("Resources", "Alerts"): (Waiver("checkov:A", "Whole."),),
        reader: (Waiver("cdk-nag:C", "Statement."),),
    }


def test_waivers_of_a_carried_template_go_with_it() -> None:
    """Their paths lead through the property that holds its text."""
    inner, t = Template("Inner"), Template("Outer")
    inner.add(waive(Topic("Alerts"), "checkov:A", reason="Why."))
    t.add(StackSet("Elsewhere", StackSetName="e", PermissionModel="SELF_MANAGED",
                   TemplateBody=inner.carried()))  # fmt: skip
    document = t.document()
    body = document.body["Resources"]["Elsewhere"]["Properties"]["TemplateBody"]
    assert type(body) is str
    assert body == render(inner.document())
    path = ("Resources", "Elsewhere", "Properties", "TemplateBody", "Resources", "Alerts")
    assert document.waivers == {path: (Waiver("checkov:A", "Why."),)}
    assert waiver_files.waivers_by_resource(document, "checkov") == {}


def test_waivers_add_no_byte_to_a_template() -> None:
    """Not to its text, nor to what a policy or a resource is compared by."""

    def text(*, waived: bool) -> str:
        t = Template("The same")
        topic, statement = Topic("Alerts"), allow("sns:Publish", on=Ref("Alerts"))
        if waived:
            waive(topic, "checkov:A", reason="Why.")
            waive(statement, "cdk-nag:B", reason="Why.")
            assert policy_document(statement) == policy_document(
                allow("sns:Publish", on=Ref("Alerts"))
            )
        t.add(topic)
        t.add(role("Sender", "lambda", statement))
        return render(t.document())

    assert text(waived=True) == text(waived=False)
