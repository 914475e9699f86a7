"""Parts that nobody can look into: what could hide a change is a finding, and nothing else is."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.trees import BUCKET, NESTED, compared, nested, of

from cfngen.review import review
from cfngen.review.formats import FORMATS, format_review
from cfngen.review.model import Certainty, Concern, Finding, Kind

REMOTE = NESTED.format(url="https://bucket.s3.amazonaws.com/{version}.yaml") + (
    "      Parameters: {{A: {given}}}\n"
)
MACRO = """\
Transform: [Rewriter]
Resources:
  Topic:
    Type: AWS::SNS::Topic
    Metadata: {{Note: {note}}}
"""
PLACED = """\
Resources:
  Topic:
    Type: AWS::SNS::Topic
    Properties:
      DisplayName: {sibling}
      Fn::Transform: {{Name: Rewriter, Parameters: {{A: {given}}}}}
"""
LOOP = """\
Transform: AWS::LanguageExtensions
Parameters: {{Names: {{Type: CommaDelimitedList}}}}
Resources:
  Fn::ForEach::T:
    - N
    - !Ref Names
    - 'T${{N}}': {{Type: 'AWS::SNS::Topic', Properties: {{DisplayName: {given}}}}}
"""
FETCHED = """\
Resources:
  Topic:
    Type: AWS::SNS::Topic
    Properties: {{'Fn::Transform': {{Name: AWS::Include, Parameters: {{Location: 's3://{a}'}}}}}}
"""
MODULE = "Resources:\n  Mod:\n    Type: Acme::Shop::Bucket::MODULE\n    Properties: {{Name: {a}}}\n"
OUTPUT = (
    "Resources:\n  T: {{Type: 'AWS::SNS::Topic'}}\nOutputs:\n  O:\n"
    "    Value: {{'Fn::Transform': {{Name: Rewriter, Parameters: {{A: {a}}}}}}}\n"
)
APPLICATION = """\
Transform: AWS::Serverless-2016-10-31
Resources:
  App:
    Type: AWS::Serverless::Application
    Properties: {{Location: {{ApplicationId: arn, SemanticVersion: {a}}}}}
"""
# Text, what it has before, what it has after, what the part is called.
OPAQUE = {
    "reference": (REMOTE, {"version": "1", "given": "a"}, {"version": "2"}, "Nested"),
    "parameters": (REMOTE, {"version": "1", "given": "a"}, {"given": "b"}, "Nested"),
    "a macro sees all": (MACRO, {"note": "a"}, {"note": "b"}, "Transform/Rewriter"),
    "a macro's parameters": (PLACED, {"sibling": "x", "given": "a"}, {"given": "b"}, "Topic"),
    "a macro's siblings": (PLACED, {"sibling": "x", "given": "a"}, {"sibling": "y"}, "Topic"),
    "a loop": (LOOP, {"given": "a"}, {"given": "b"}, "Fn::ForEach::T"),
    "an include": (FETCHED, {"a": "x"}, {"a": "y"}, "Topic"),
    "a module": (MODULE, {"a": "x"}, {"a": "y"}, "Mod"),
    "an output": (OUTPUT, {"a": "x"}, {"a": "y"}, "Outputs/O"),
    "an application": (APPLICATION, {"a": "1.0.0"}, {"a": "1.0.1"}, "App"),
}
opaque = pytest.mark.parametrize(("text", "old", "new", "part"), OPAQUE.values(), ids=OPAQUE)


@opaque
def test_an_opaque_part_that_differs_is_unknown(
    text: str, old: dict[str, str], new: dict[str, str], part: str
) -> None:
    """A change could hide in it, so that it is a finding; what is the same is counted."""
    base, head = text.format(**old), text.format(**(old | new))
    (finding,) = review({"s": base}, {"s": head}).concerns(Concern.UNKNOWN)
    assert f"accept s/{part} under [review]" in finding.message
    assert finding.line > 1 or part == "Transform/Rewriter"
    same = review({"s": base}, {"s": base})
    assert (same.stacks, same.scope.opaque) == ((), (f"s/{part}",))


@opaque
def test_an_opaque_part_that_is_new_is_unknown(
    text: str, old: dict[str, str], new: dict[str, str], part: str
) -> None:
    """Also in a template that is new; one that is gone has stacks that stay as they are."""
    head = text.format(**(old | new))
    (finding,) = review({}, {"s": head}).concerns(Concern.UNKNOWN)
    assert "is new here" in finding.message
    assert review({"s": head}, {}).concerns(Concern.UNKNOWN) == ()
    plain = "Resources:\n  Else: {Type: 'AWS::SNS::Topic'}\n"
    assert len(review({"s": plain}, {"s": head}).concerns(Concern.UNKNOWN)) == 1
    gone = review({"s": head}, {"s": plain})
    assert gone.concerns(Concern.UNKNOWN) or gone.concerns(Concern.DATA), part


@opaque
def test_an_opaque_part_may_be_accepted(
    text: str, old: dict[str, str], new: dict[str, str], part: str
) -> None:
    """By its name, with a reason; another name accepts nothing."""
    base, head = {"s": text.format(**old)}, {"s": text.format(**(old | new))}
    found = review(base, head, accepted={f"s/{part}": "signed elsewhere"})
    assert found.concerns(Concern.UNKNOWN) == ()
    assert found.scope.accepted == ((f"s/{part}", "signed elsewhere"),)
    other = review(base, head, accepted={f"x/{part}": "a", f"s/{part}x": "b", part: "c"})
    assert len(other.concerns(Concern.UNKNOWN)) == 1
    for form in FORMATS:
        assert "Nothing changes" not in format_review(other, form)


def test_bytes_of_what_cannot_be_read_count() -> None:
    """A file that is no template is no reason to say nothing of it."""
    found = nested("- a", "- b")
    assert of(found, Concern.UNKNOWN) == [("shop", "Nested")]
    assert nested("- a", "- a").scope.opaque == ("shop/Nested",)


def test_a_file_that_is_gone_is_unknown() -> None:
    """A template that could be read, and cannot be any more, is not the same."""
    outer = {"shop.yaml": NESTED.format(url="nested.yaml")}
    there = outer | {"nested.yaml": BUCKET.format(policy="Retain")}
    assert of(compared(there, outer), Concern.UNKNOWN) == [("shop", "Nested")]
    back = compared(outer, there)
    assert of(back, Concern.UNKNOWN) == [("shop", "Nested")]
    assert ("shop/Nested", Kind.ADDED) in [(s.name, s.kind) for s in back.stacks]


def test_transforms_of_aws_hide_nothing_new() -> None:
    """They are published; only what they are given can change, and that is compared."""
    text = "Transform: [AWS::Serverless-2016-10-31, AWS::LanguageExtensions]\n" + BUCKET
    found = review({"s": text.format(policy="Retain")}, {"s": text.format(policy="Delete")})
    assert found.concerns(Concern.UNKNOWN) == ()
    assert found.scope.opaque == ()


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(sorted(OPAQUE)), st.text("aby019.- /", max_size=12))
def test_no_text_of_an_opaque_part_is_nothing(kind: str, value: str) -> None:
    """Whatever a reference or parameter becomes: it is as before, or it is a finding."""
    text, old, new, _ = OPAQUE[kind]
    (key,) = new
    base = text.format(**old)
    head = text.format(**(old | {key: json.dumps(value)}))
    found = review({"s": base}, {"s": head})
    assert found.concerns(Concern.UNKNOWN) or value == old[key]


def test_findings_name_where_and_what_now() -> None:
    """A message says which part, what of it, and what may be done."""
    text, old, new, _ = OPAQUE["reference"]
    finding: Finding
    (finding,) = review({"s": text.format(**old)}, {"s": text.format(**(old | new))}).concerns(
        Concern.UNKNOWN
    )
    assert finding.message == (
        "the template at https://bucket.s3.amazonaws.com/2.yaml has changed and was not"
        " inspected: put it beside this template, or accept s/Nested under [review] in the"
        " manifest, with a reason"
    )


SHAPES: list[object] = [
    1, [], {}, "", None, [[]], {"a": 1}, {"Fn::If": ["C", 1, 2]}, {"Fn::Transform": 1},
    {"Ref": "X"}, "\ue000", "../../x", "file:///etc/passwd",
    "//x", "\0",
    [{"Name": "AWS::Include", "Parameters": {"Location": {"Ref": "X"}}}, "B"],
    {"Name": "AWS::Include"},
]  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES, ids=repr)
def test_odd_shapes_are_no_errors_and_never_nothing(shape: object) -> None:
    """Whatever stands where a template, its parameters or a transform does is one of these."""
    for type_, key in (
        ("CloudFormation::Stack", "TemplateURL"),
        ("CloudFormation::StackSet", "TemplateBody"),
        ("CloudFormation::StackSet", "StackInstancesGroup"),
        ("Serverless::Application", "Location"),
        ("SNS::Topic", "Fn::Transform"),
    ):
        properties = {key: shape, "Parameters": shape}
        resource = {"Type": f"AWS::{type_}", "Properties": properties, "Metadata": shape}
        odd = json.dumps({"Transform": shape, "Resources": {"A": resource}})
        plain = json.dumps({"Resources": {"A": resource | {"Properties": {key: "a"}}}})
        for base, head in ((odd, plain), (plain, odd)):
            assert review({"s": base}, {"s": head}).stacks
        same = review({"s": odd}, {"s": odd})
        assert same.stacks == ()
        if type_ != "SNS::Topic":
            assert "s/A" in same.scope.opaque


def transforms(value: str, *, macros: int, places: int, listed: int) -> str:
    """Return a template with many transforms everywhere."""
    place = {"Fn::Transform": {"Name": "M", "Parameters": {"A": value}}}
    properties: dict[str, object] = {"L": [place] * places}
    properties["Fn::Transform"] = [f"M{number}" for number in range(listed)]
    whole = {"A": {"Type": "A::B::C", "Properties": properties}}
    return json.dumps({"Transform": [f"T{n}" for n in range(macros)], "Resources": whole})


@pytest.mark.slow
def test_many_opaque_parts_take_no_longer_each() -> None:
    """What sees a whole template is compared with it once, however many they are."""
    started = time.process_time()
    texts = [transforms(v, macros=2_000, places=2_000, listed=2_000) for v in "ab"]
    assert len(review({"s": texts[0]}, {"s": texts[1]}).concerns(Concern.UNKNOWN)) == 2_001
    assert time.process_time() - started < 20


@pytest.mark.parametrize("character", ["\x85", "\u2028", "\u2029", "\r"])
def test_what_not_everybody_reads_as_the_same_is_unknown(character: str) -> None:
    """A line that ends for one reader and goes on for another may say two things."""
    text = "Resources:\n  A:\n    Type: AWS::S3::Bucket\n    # kept{}DeletionPolicy: Retain\n"
    base, head = text.format("\n    "), text.format(f"{character}    ")
    found = review({"s": base}, {"s": head})
    assert [f.concern for f in found.findings if f.section == ""] == [Concern.UNKNOWN]
    assert not [f for f in review({"s": head}, {"s": f"{head}\n"}).findings if f.section == ""]


def test_a_base_that_cannot_be_read_is_unknown() -> None:
    """Whoever mends a template has a review: all of it is new, and what changes is not known."""
    broken = "Resources:\n  A: {Type: 'AWS::SNS::Topic'}\n  A: {Type: 'AWS::SNS::Topic'}\n"
    whole = "Resources:\n  A: {Type: 'AWS::SNS::Topic'}\n"
    found = review({"s": broken}, {"s": whole})
    assert [(f.concern, f.subject) for f in found.unknowns] == [(Concern.UNKNOWN, "s")]
    assert [stack.kind for stack in found.stacks] == [Kind.ADDED]
    assert (found.scope.compared, found.unchanged) == (0, 0)
    assert format_review(found, "text").startswith("No template was compared; 1 template is new")


MERGED = """
Resources:
  A: {Type: 'AWS::SNS::Topic', Properties: &p {DisplayName: a}}
  B: {Type: 'AWS::SNS::Topic', Properties: {<<: *p, TopicName: %s}}
  C: {Type: 'AWS::SNS::Topic', Properties: {TopicName: !ImportValue shop}}
"""
EXPORTER = (
    "Resources: {T: {Type: 'AWS::SNS::Topic'}}\nOutputs: {O: {Value: %s, Export: {Name: shop}}}"
)


@pytest.mark.parametrize("base", [EXPORTER % "a", None, EXPORTER % "b)"])
def test_a_template_that_cannot_be_read_loses_its_own_findings_only(base: str | None) -> None:
    """It is unknown by its name and no part of the count; all others are reviewed."""
    broken = (EXPORTER % "a").replace("}}", "")
    sides = {"s": EXPORTER % "a"}, {"s": EXPORTER % "b", "m": broken}
    found = review(sides[0] | ({"m": base} if base else {}), sides[1])
    (unknown,) = found.unknowns
    assert (unknown.code, unknown.subject, unknown.certainty) == ("U101", "m", Certainty.WILL)
    assert [stack.name for stack in found.stacks] == ["s"]
    assert (found.scope.compared, found.unchanged) == (1, 0)


@pytest.mark.parametrize(
    ("base", "head"), [(MERGED % "a", MERGED % "b"), (None, MERGED % "b"), (MERGED % "a", None)]
)
def test_a_template_with_a_merge_key_is_unknown_and_the_others_are_not(
    base: str | None, head: str | None
) -> None:
    """It is named as one that cannot be read; every other template is reviewed."""
    sides = [
        {"s": EXPORTER % value} | ({"m": text} if text else {})
        for value, text in (("a", base), ("b", head))
    ]
    found = review(sides[0], sides[1])
    assert [(f.concern, f.subject) for f in found.unknowns] == [(Concern.UNKNOWN, "m")]
    assert [stack.name for stack in found.stacks] == ["s"]
    assert (found.scope.compared, found.unchanged) == (1, 0)


def test_a_template_with_a_merge_key_that_stays_is_left_out_by_name() -> None:
    """Nothing changes in it, but what it imports is not known: the verdict does not count it."""
    sides = [{"s": EXPORTER % value, "m": MERGED % "a"} for value in "ab"]
    found = review(sides[0], sides[1])
    assert [(left.path, left.side) for left in found.scope.left_out] == [("m", "both")]
    assert (found.scope.compared, found.unchanged, found.unknowns) == (1, 0, ())


def test_a_merge_key_that_is_written_out_has_a_review() -> None:
    """Whoever writes the keys out sees that all of it is new to a reviewer."""
    found = review({"m": MERGED % "a"}, {"m": EXPORTER % "a"})
    assert [(f.concern, f.subject) for f in found.unknowns] == [(Concern.UNKNOWN, "m")]
    assert [stack.kind for stack in found.stacks] == [Kind.ADDED]


@pytest.mark.parametrize("group", [[1], 1, "x", None, {"Regions": 1}])
def test_odd_groups_of_instances_are_no_errors(group: object) -> None:
    """Whatever stands where instances are named, a review has an end."""
    body = json.dumps({"Resources": {"T": {"Type": "AWS::SNS::Topic"}}})
    properties = {"TemplateBody": body, "StackInstancesGroup": [group]}
    stack_set = {"Type": "AWS::CloudFormation::StackSet", "Properties": properties}
    text = json.dumps({"Resources": {"S": stack_set}})
    assert review({"s": text}, {"s": text.replace("Topic", "Subscription")}).stacks
