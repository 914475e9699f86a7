"""Templates inside of templates: each is compared as it would be outside."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from support.rewritten import changed
from support.trees import BUCKET, NESTED, ROLE, compared, in_a_set, nested, of, tree

from cfngen.cloudformation.document import Origin
from cfngen.cloudformation.read import read
from cfngen.cloudformation.source import Source
from cfngen.review import review
from cfngen.review.formats import format_review
from cfngen.review.model import Certainty, Concern, Kind, Review
from cfngen.review.origins import with_origins
from cfngen.review.pairs import may_nest

STORES = (Path(__file__).parents[2] / "output" / "artifact-stores.yaml").read_text("utf-8")
INSIDE = "artifact-stores/StoresElsewhere"
ROOT = "AWS: !Sub arn:${AWS::Partition}:iam::${AWS::AccountId}:root"


def stores(**replaced: str) -> Review:
    """Review our own stores, with the first of some texts inside of the stack set changed."""
    outer, word, inner = STORES.partition("TemplateBody")
    for old, new in replaced.values():
        assert old in inner
        inner = inner.replace(old, new, 1)
    return review({"artifact-stores": STORES}, {"artifact-stores": outer + word + inner})


# Our own stack set


def test_a_key_that_is_opened_inside_of_a_stack_set_is_broadened() -> None:
    """A policy within a body is read as one outside of it; the line is the outer file's."""
    found = stores(policy=(ROOT, "AWS: '*'"))
    assert set(of(found, Concern.BROADEN)) == {(INSIDE, "ArtifactKey")}
    (line,) = {finding.line for finding in found.concerns(Concern.BROADEN)}
    assert STORES.split("\n")[line - 1].strip() == ROOT
    assert line > STORES[: STORES.index("TemplateBody")].count("\n")


def test_retain_that_becomes_delete_inside_of_a_stack_set_is_data_at_risk() -> None:
    """Policies of deletion and of replacement within a body count as outside of it."""
    found = stores(
        deletion=("DeletionPolicy: RetainExceptOnCreate", "DeletionPolicy: Delete"),
        replacement=("UpdateReplacePolicy: Retain", "UpdateReplacePolicy: Delete"),
    )
    assert of(found, Concern.DATA) == [(INSIDE, "ArtifactKey")] * 2
    lines = [STORES.split("\n")[f.line - 1].strip() for f in found.concerns(Concern.DATA)]
    assert lines == ["DeletionPolicy: RetainExceptOnCreate", "UpdateReplacePolicy: Retain"]


def test_what_is_inside_is_counted() -> None:
    """A template inside another is one of those compared, also where nothing differs."""
    found = review({"artifact-stores": STORES}, {"artifact-stores": STORES})
    assert found.stacks == ()
    assert (found.scope.compared, found.scope.nested, found.unchanged) == (2, 1, 2)
    assert "2 templates compared (1 nested)" in format_review(found, "text")


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 4))
@example(131071, 2)
def test_inside_is_as_outside(seed: int, times: int) -> None:
    """Whatever changes in a template: what is found is the same inside of a stack set."""
    alone = STORES
    other = changed(alone, seed, times)
    outside = review({"x": alone}, {"x": other})
    inside = review(*({"shop": in_a_set(text)} for text in (alone, other)))
    kinds = [
        sorted(
            (f.concern, f.certainty, f.subject, f.message.replace(f"accept {name}/", ""))
            for f in stack.findings
        )
        for found, name in ((outside, "x"), (inside, "shop/Set"))
        for stack in found.stacks
        if stack.name == name
    ]
    if any("CAPABILITY" in f.message or f.section == "Parameters" for f in outside.findings):
        return  # said in other words there
    assert kinds[: len(kinds) // 2] == kinds[len(kinds) // 2 :]


# Bodies


def body(value: str) -> str:
    """Return a stack set whose body is a value of YAML."""
    return (
        "Parameters:\n  Who:\n    Type: String\nResources:\n  Topic:\n    Type: AWS::SNS::Topic\n"
        f"  Set:\n    Type: AWS::CloudFormation::StackSet\n    Properties:\n"
        f"      TemplateBody: {value}\n"
    )


@pytest.mark.parametrize("tag", ["|", "!Sub |", "\n        Fn::Sub: |", "!Sub\n        - |"])
def test_lines_of_a_block_are_those_of_the_file(tag: str) -> None:
    """However a block is written, a finding has the line that an editor shows."""
    inner = "\n".join("    " + line if line else "" for line in (ROLE % "X").split("\n"))
    text = body(f"{tag}\n{inner}").replace("Sub\n        - |", "Sub\n        - |")
    if "- |" in tag:
        text += "        - {a: b}\n"
    head = text.replace("AWS: X", "AWS: '*'")
    (finding, *_) = review({"s": text.replace("X", "'123456789012'")}, {"s": head}).findings
    assert finding.subject == "Role"
    assert head.split("\n")[finding.line - 1].strip() == "AWS: '*'"


def test_a_body_in_one_string_has_the_line_of_its_property() -> None:
    """Where no line inside can be named, the property of the outer template is."""
    texts = [body(json.dumps(ROLE % who)) for who in ("'123456789012'", "'*'")]
    (finding, *_) = review({"s": texts[0]}, {"s": texts[1]}).findings
    assert "TemplateBody" in texts[1].split("\n")[finding.line - 1]


@pytest.mark.parametrize(
    "written",
    [
        "!Sub |\n" + ROLE,
        f'!Join ["", [{json.dumps(ROLE)}]]',
        "\n        Fn::ToJsonString:\n"
        + ROLE.replace("\n  ", "\n    ").replace("        ", "          ", 1),
    ],
    ids=["Sub", "Join", "ToJsonString"],
)
def test_functions_that_make_a_body_are_worked_out(written: str) -> None:
    """A body that a function makes of literals is as good as a literal one."""
    texts = [body(written.replace("%s", who)) for who in ("'123456789012'", "'*'")]
    found = review({"s": texts[0]}, {"s": texts[1]})
    assert ("s/Set", "Role") in of(found, Concern.BROADEN)
    assert of(found, Concern.UNKNOWN) == []


@pytest.mark.parametrize("other", ["'${Topic}'", "'<Who>'", "'ref0(Who)'", "'${!Who}'"])
def test_a_reference_of_the_outer_template_is_no_text(other: str) -> None:
    """What stands in its place is equal to no text that looks like it, and to no other."""
    old = body("!Sub |\n" + ROLE.replace("%s", "'${Who}'"))
    found = review({"s": old}, {"s": old.replace("'${Who}'", other)})
    assert [stack.name for stack in found.stacks] == ["s", "s/Set"]
    assert "${outer Who}" in format_review(found, "text", details=True)


def test_a_reference_of_the_inner_template_is_its_own() -> None:
    """`${!X}` within `Fn::Sub` is a reference inside, and `${X}` is none of there."""
    inner = (
        ROLE.replace("%s", "!Sub '${Other}${!Other.Arn}'") + "          Other: {Type: 'A::B::C'}\n"
    )
    (stack,) = [s for s in review({}, {"s": body("!Sub |\n" + inner)}).stacks if s.name == "s/Set"]
    assert stack.references == (("Role", "Other"),)
    without = body("!Sub |\n" + inner.replace("${!Other.Arn}", ""))
    (stack,) = [s for s in review({}, {"s": without}).stacks if s.name == "s/Set"]
    assert stack.references == ()


def test_a_body_that_only_the_deployment_knows_is_unknown() -> None:
    """A body by a parameter is none that could be compared, so its change is no quiet one."""
    texts = [body(f"!If [C, {one}, '{{}}']") for one in ("a", "b")]
    assert of(review({"s": texts[0]}, {"s": texts[1]}), Concern.UNKNOWN) == [("s", "Set")]
    same = review({"s": texts[0]}, {"s": texts[0]})
    assert (same.stacks, same.scope.opaque) == ((), ("s/Set",))


# Files


def test_a_nested_file_that_changes_is_reviewed() -> None:
    """The outer text is the same, and the file is not: that is a change of the nested stack."""
    found = nested(BUCKET.format(policy="Retain"), "\n" + BUCKET.format(policy="Delete"))
    assert of(found, Concern.DATA) == [("shop/Nested", "Files")]
    (stack,) = found.stacks
    assert (stack.file, stack.kind, stack.findings[0].line) == ("nested.yaml", Kind.CHANGED, 5)
    assert (found.scope.compared, found.unchanged) == (2, 1)


@pytest.mark.parametrize(
    "outer",
    [
        json.dumps(read(NESTED.format(url="nested.yaml"))).replace("Templ", "\\u0054empl"),
        NESTED.format(url="nested.yaml").replace("TemplateURL", '"\\x54emplateURL"'),
        NESTED.format(url="nested.yaml").replace(
            "TemplateURL", '? "Template\\\n        URL"\n      '
        ),
        NESTED.format(url="nested.yaml").replace("TemplateURL", '? "Template\\\rURL"\n      '),
        "Transform: AWS::LanguageExtensions\n"
        + NESTED.replace(
            "TemplateURL: {url}",
            "Fn::ForEach::X: [N, [URL], {{'Template${{N}}': nested.yaml}}]",
        ).format(),
    ],
    ids=["JSON", "YAML", "two lines", "two lines of old", "loop"],
)
def test_an_escape_hides_no_file(outer: str) -> None:
    """A key that is spelled with an escape, or made by a loop, is looked at all the same."""
    sides = [
        {"shop.yaml": outer, "nested.yaml": BUCKET.format(policy=policy)}
        for policy in ("Retain", "Delete")
    ]
    assert of(compared(*sides), Concern.DATA) == [("shop/Nested", "Files")]


def test_what_looks_like_an_escape_hides_none() -> None:
    """Whatever stands before a key that is spelled with an escape is read for itself."""
    for before in ("", r"'\U':1,", r"'\u':1,", r"'\x',", "%5", "\\\\"):
        assert may_nest(f'{{{before}"\\x54emplateURL":1}}'), before
        assert not may_nest(f'{{{before}"\\x54emplateURI":1}}'), before
    assert not may_nest("InputTransformer: {}")


def test_a_nested_stack_that_goes_takes_its_data_along() -> None:
    """Each stateful resource of a nested stack that is removed is reported as deleted."""
    rest = "  Topic:\n    Type: AWS::SNS::Topic\n"
    table = BUCKET.format(policy="Delete").replace("S3::Bucket", "DynamoDB::Table")
    files = {"nested.yaml": table}
    base = files | {"shop.yaml": NESTED.format(url="nested.yaml") + rest}
    found = compared(base, files | {"shop.yaml": f"Resources:\n{rest}"})
    assert ("shop", "Nested") in of(found, Concern.DATA)
    (stack,) = [s for s in found.stacks if s.name == "shop/Nested"]
    assert [(f.subject, f.certainty) for f in stack.findings] == [("Files", Certainty.WILL)]


def test_a_nested_stack_that_is_retained_keeps_its_data() -> None:
    """What leaves the outer stack by `Retain` is gone from the review, not from the account."""
    rest = "  Topic:\n    Type: AWS::SNS::Topic\n"
    keeping = NESTED.format(url="nested.yaml") + "    DeletionPolicy: Retain\n"
    files = {"nested.yaml": BUCKET.format(policy="Delete")}
    found = compared(
        files | {"shop.yaml": keeping + rest}, files | {"shop.yaml": f"Resources:\n{rest}"}
    )
    assert [s.kind for s in found.stacks if s.name == "shop/Nested"] == [Kind.REMOVED]


def test_a_template_that_is_gone_has_its_nested_ones_gone() -> None:
    """The stacks of a template that is removed stay, and so do those inside of it."""
    files = {"nested.yaml": BUCKET.format(policy="Delete")}
    found = compared(files | {"shop.yaml": NESTED.format(url="nested.yaml")}, files)
    assert [(s.name, s.kind) for s in found.stacks] == [
        ("shop", Kind.REMOVED),
        ("shop/Nested", Kind.REMOVED),
    ]


def test_a_nested_stack_that_is_new_is_new() -> None:
    """What a nested stack allows is new with it."""
    files = {"nested.yaml": "\n".join(line[8:] for line in (ROLE % "'*'").split("\n"))}
    found = compared({}, files | {"shop.yaml": NESTED.format(url="nested.yaml")})
    assert [(s.name, s.kind) for s in found.stacks][1] == ("shop/Nested", Kind.ADDED)
    assert ("shop/Nested", "Role") in of(found, Concern.BROADEN)


def test_names_overwrite_no_template() -> None:
    """A template that is called as one inside another is compared, and so is that one."""
    files = [
        {"shop.yaml": NESTED.format(url="nested.yaml"), "nested.yaml": BUCKET.format(policy=p)}
        for p in ("Retain", "Delete")
    ]
    sides = [
        tree(side, "shop.yaml") | {"shop/Nested": Source(side["nested.yaml"])} for side in files
    ]
    found = review(sides[0], sides[1])
    assert {s.name for s in found.stacks} == {"shop/Nested", "shop/Nested (inside)"}


def test_templates_are_found_on_every_level() -> None:
    """A nested stack of a nested stack, by paths from where each stands."""
    sides = [
        {
            "shop.yaml": NESTED.format(url="a/one.yaml"),
            "a/one.yaml": NESTED.format(url="../b/two.yaml"),
            "b/two.yaml": BUCKET.format(policy=policy),
        }
        for policy in ("Retain", "Delete")
    ]
    assert of(compared(*sides), Concern.DATA) == [("shop/Nested/Nested", "Files")]


def test_what_has_itself_in_it_ends() -> None:
    """A template that nests itself is opened once, and then said to be so."""
    files = {"shop.yaml": NESTED.format(url="shop.yaml")}
    found = compared({}, files)
    assert of(found, Concern.UNKNOWN) == [("shop", "Nested")]
    assert compared(files, files).scope.opaque == ("shop/Nested",)


def test_neither_depth_nor_number_hide_a_change() -> None:
    """What is behind the limits is unknown, also where nothing that is seen differs."""
    deep = {f"{n}.yaml": NESTED.format(url=f"{n + 1}.yaml") + f"# {n}\n" for n in range(30)}
    deep |= {"shop.yaml": NESTED.format(url="0.yaml"), "30.yaml": BUCKET.format(policy="Retain")}
    other = deep | {"30.yaml": BUCKET.format(policy="Delete")}
    assert compared(deep, other).concerns(Concern.UNKNOWN)
    twice = "Resources:\n" + "".join(
        f"  N{n}:\n    Type: AWS::CloudFormation::Stack\n    Properties: {{TemplateURL: %s.yaml}}\n"
        for n in range(4)
    )
    wide = {f"{n}.yaml": f"# {n}\n{twice.replace('%s', str(n + 1))}" for n in range(9)}
    wide |= {"shop.yaml": twice.replace("%s", "0"), "9.yaml": BUCKET.format(policy="Retain")}
    started = time.process_time()
    assert compared(wide, wide | {"9.yaml": BUCKET.format(policy="Delete")}).concerns(
        Concern.UNKNOWN
    )
    assert time.process_time() - started < 20


def test_lines_of_blueprints_are_those_of_the_resource_around() -> None:
    """What is inside of a stack set is from where the blueprint makes the stack set."""
    found = stores(policy=(ROOT, "AWS: '*'"))
    origins = {"artifact-stores": {("Resources", "StoresElsewhere"): Origin("blueprint.py", 7)}}
    inside = [s for s in with_origins(found, origins).stacks if s.name == INSIDE]
    assert {finding.origin for stack in inside for finding in stack.findings} == {
        Origin("blueprint.py", 7)
    }
