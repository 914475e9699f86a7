"""Templates that are made to crash a review, to keep it busy, or to hide from it."""

from __future__ import annotations

import json
import re
import time
from typing import Any

import pytest

from cfngen.cloudformation.glob import covers
from cfngen.cloudformation.text import AnyText, join, reference
from cfngen.escaping import escape_controls
from cfngen.review import review
from cfngen.review.formats import format_review
from cfngen.review.model import Certainty, Concern

BUCKET = "Resources:\n  A:\n    Type: AWS::S3::Bucket\n"
X = reference("X")
LONG = 10.0  # seconds of this process: what goes wrong takes minutes, or all memory there is


def named(value: str) -> str:
    """Return a bucket whose name is a value of YAML."""
    return f"{BUCKET}    Properties:\n      BucketName: {value}\n"


def nested(function: str, times: int) -> str:
    """Return a bucket whose name is a function of a function, and so on."""
    value = '{"Ref": "AWS::Region"}'
    for _ in range(times):
        value = function % value
    return json.dumps({"Resources": {"A": {"Type": "AWS::S3::Bucket"}}}).replace(
        '"AWS::S3::Bucket"', f'"AWS::S3::Bucket", "Properties": {{"BucketName": {value}}}'
    )


def deep_policy(levels: int) -> str:
    """Return a policy that is JSON in a text, and goes deep."""
    statement = f'{{"Effect": "Allow", "Principal": {"[" * levels}{"]" * levels}}}'
    policy = {"PolicyDocument": f'{{"Statement": {statement}}}'}
    return json.dumps(
        {"Resources": {"P": {"Type": "AWS::Logs::ResourcePolicy", "Properties": policy}}}
    )


def laughs() -> str:
    """Return a template that is small until its aliases are written out."""
    lines = ["Metadata:", "  a: &a [x, x, x, x, x, x, x, x, x]"]
    for one, other in zip("abcdefgh", "bcdefghi", strict=True):
        lines.append(f"  {other}: &{other} [{', '.join([f'*{one}'] * 9)}]")
    return "\n".join(lines) + f"\n{BUCKET}    Properties:\n      Tags: *i\n"


@pytest.mark.parametrize(
    "text",
    [
        named("[" * 1_000 + "]" * 1_000),
        named("[" * 100_000 + "]" * 100_000),
        named("- " * 100_000),
        json.dumps({"Resources": {"A": 1}}).replace("1", "[" * 100_000 + "]" * 100_000),
        laughs(),
        named("&a [*a]"),
        named("!!bool maybe"),
        named("!!int ''"),
        named("!!float ''"),
        named("!!timestamp noon"),
        named("!!set {a, b}"),
        named("!!binary aGVsbG8="),
        named("!!python/name:os.system ''"),
        f"{BUCKET}    Properties:\n      !Ref A : b\n",
        "Resources:\n  1: {Type: A}\n  '1': {Type: B}\n",
        f"{BUCKET}---\n{BUCKET}",
    ],
)
def test_what_is_no_template_is_refused(text: str) -> None:
    """YAML that a parser crashes on, or that CloudFormation does not have, is unknown, in words."""
    (finding,) = review({"stack": BUCKET}, {"stack": text}).unknowns
    assert (finding.code, finding.certainty) == ("U101", Certainty.WILL)
    assert re.search("not YAML|no template", finding.message)


@pytest.mark.parametrize(
    "text",
    [
        "Resources:\n  A: ~\n",
        "Resources:\n  A: [a]\n",
        f"{BUCKET}    Ref: B\n",
        f"{BUCKET}    Fn::If: [A, b, c]\n",
        f"{BUCKET}    DeletionPolicy: [Retain]\n",
        f"{named('a')}    UpdateReplacePolicy: !If [C, Retain, Delete]\n",
        f"{BUCKET}    Condition: [a]\n    DependsOn: {{a: [b]}}\n    Metadata: 1\n",
        json.dumps({"Resources": {"A": {"Type": "AWS::S3::Bucket", "Metadata": "\ud800"}}}),
        named("!GetAtt {a: b}"),
        named("!Sub '${'"),
        deep_policy(900),
    ],
)
def test_odd_shapes_are_reviewed(text: str) -> None:
    """Whatever stands where CloudFormation wants something else is told of, on both sides."""
    for base, head in ((BUCKET, text), (text, BUCKET)):
        assert review({"stack": base}, {"stack": head}).stacks


def conditions(last: str) -> str:
    """Return conditions that each ask for the one before nine times."""
    lines = [f"  C0: !Equals [!Ref A, {last}]"]
    for number in range(1, 40):
        others = ", ".join([f"Condition: C{number - 1}"] * 9)
        lines.append(f"  C{number}: !Or [{others}]")
    return "Conditions:\n" + "\n".join(lines) + f"\n{named('!If [C39, a, b]')}"


def mapped(value: str) -> str:
    """Return a large mapping that many resources look something up in."""
    rows = "".join(f"    k{number}: {{v: '{'z' * 80}'}}\n" for number in range(3_000))
    users = "".join(
        f"  A{number}:\n    Type: AWS::SNS::Topic\n    Properties:\n"
        "      TopicName: !FindInMap [M, !Ref AWS::Region, v]\n"
        for number in range(300)
    )
    return f"Mappings:\n  M:\n{rows}    last: {{v: {value}}}\nResources:\n{users}"


def policies(ending: str, action: str, resource: str, count: int) -> str:
    """Return a role whose policy has many statements."""
    statements = [
        {"Effect": "Allow", "Action": action, "Resource": f"{resource}{number}{ending}*"}
        for number in range(count)
    ]
    policy = {"PolicyName": "p", "PolicyDocument": {"Statement": statements}}
    role = {"Type": "AWS::IAM::Role", "Properties": {"Policies": [policy]}}
    return json.dumps({"Resources": {"R": role}})


def rules(step: int) -> str:
    """Return a list of thousands of items, of two kinds."""
    items = [{"Port": (number + number // step) % 2} for number in range(6_000)]
    return json.dumps({"Resources": {"A": {"Type": "AWS::X::Y", "Properties": {"P": items}}}})


def swapped(role: str) -> str:
    """Return many functions that act with one of two roles, each of many statements."""
    resources: dict[str, Any] = {
        name: json.loads(policies(ending, "s3:Get*", "arn:", 700))["Resources"]["R"]
        for name, ending in (("A", ""), ("B", "x"))
    }
    for number in range(300):
        properties = {"Role": {"Fn::GetAtt": [role, "Arn"]}}
        resources[f"F{number}"] = {"Type": "AWS::Lambda::Function", "Properties": properties}
    return json.dumps({"Resources": resources})


@pytest.mark.parametrize(
    ("base", "head"),
    [
        (BUCKET, nested('{"Fn::Sub": ["${x}${x}", {"x": %s}]}', 30)),
        (BUCKET, nested('{"Fn::Select": [9, [%s]]}', 30)),
        (BUCKET, nested('{"Fn::Select": [0, {"Fn::Split": [",", %s]}]}', 20)),
        (BUCKET, nested('{"Fn::If": ["C", %s, {"Ref": "AWS::NoValue"}]}', 40)),
        (BUCKET, named("!Sub '" + "${" * 100_000 + "'")),
        (conditions("a"), conditions("b")),
        (mapped("a"), mapped("b")),
        pytest.param(rules(10_000), rules(7), marks=pytest.mark.slow),  # test_firewalls: fewer
        (policies("", "s3:Get*", "arn:", 1_000), policies("x", "s3:Get*", "arn:", 1_000)),
        (policies("", "s3:Get*", "*a" * 200, 300), policies("x", "s3:Get*", "*a" * 200, 300)),
        (swapped("A"), swapped("B")),
        pytest.param(
            policies("", "*:*a*e*", "arn:", 200),
            policies("x", "*:*e*a*", "arn:", 200),
            marks=pytest.mark.slow,
        ),
    ],
)
def test_nothing_takes_long(base: str, head: str) -> None:
    """What doubles with each level, or is compared with everything else, is bounded."""
    started = time.process_time()
    review({"stack": base}, {"stack": head})
    assert time.process_time() - started < LONG


def test_names_of_exports_are_compared_quickly() -> None:
    """An export's name with many references in it may be what another template imports."""
    name = "".join(f"${{A{number}}}a" for number in range(30))
    output = f"Outputs:\n  O: {{Value: a, Export: {{Name: !Sub '{name}'}}}}\n"
    importing = named(f"!ImportValue {'a' * 60}b")
    started = time.process_time()
    review({"one": BUCKET + output, "two": importing}, {"one": BUCKET, "two": importing})
    assert time.process_time() - started < LONG


@pytest.mark.parametrize(
    ("pattern", "other", "expected"),
    [
        ("a*b*c", "a1b2c", True),
        ("a*b*c", "a*c", False),
        ("*a", "a*", False),
        ("ab*ba", "aba", False),
        ("a?c*", "abc", True),
        ("a?c", "a*c", False),
        ("a?", join(["a", X]), False),
        ("a*", join(["a", X]), True),
        (join(["a", X, "*"]), join(["a", X, "b"]), True),
        (join(["a", X, "*"]), join(["a", reference("Y"), "b"]), False),
        ("a\U000f0000*", join(["a", X, "b"]), False),
        ("a*?", "a?*", True),
    ],
)
def test_patterns(pattern: AnyText, other: AnyText, expected: bool) -> None:  # noqa: FBT001 - a verdict
    """A pattern covers another only if it matches all that the other does."""
    assert covers(pattern, other) is expected


@pytest.mark.slow
def test_too_many_statements_are_more_than_before() -> None:
    """Policies that are too large to be compared are never told of as harmless."""
    found = review(
        {"stack": policies("", "s3:Get*", "arn:", 2_500)},
        {"stack": policies("x", "s3:Get*", "arn:", 2_500)},
    )
    assert [finding.subject for finding in found.concerns(Concern.BROADEN)] == ["R"]


@pytest.mark.parametrize(
    ("before", "after", "word"),
    [
        ("Type: AWS::CloudFormation::Stack", {"TemplateURL": ("a", "b")}, "the template b"),
        ("Type: Acme::Shop::Bucket::MODULE", {"Name": ("a", "b")}, "module"),
    ],
)
def test_what_cannot_be_known_is_said(
    before: str, after: dict[str, tuple[str, str]], word: str
) -> None:
    """Where what is deployed stands elsewhere, a finding says that nobody looked there."""
    ((key, values),) = after.items()
    texts = [
        f"Resources:\n  A:\n    {before}\n    Properties:\n      {key}: {one}\n" for one in values
    ]
    found = review({"stack": texts[0]}, {"stack": texts[1]})
    assert [word in finding.message for finding in found.concerns(Concern.UNKNOWN)] == [True]


def test_macros_are_said() -> None:
    """A template that a macro rewrites has a finding, as far as anything in it changes."""
    texts = [f"Transform: [Rewriter]\n{named(one)}" for one in ("a", "b")]
    found = review({"stack": texts[0]}, {"stack": texts[1]})
    assert [finding.subject for finding in found.concerns(Concern.UNKNOWN)] == ["Rewriter"]


def function(code: str) -> str:
    """Return a function with its program in it."""
    properties: dict[str, Any] = {"Code": {"ZipFile": code}, "Runtime": "python3.13"}
    return json.dumps(
        {"Resources": {"F": {"Type": "AWS::Lambda::Function", "Properties": properties}}}
    )


@pytest.mark.parametrize("end", ["\r", "\u2028", "\x0c", "\x85"])
def test_ends_of_lines_are_not_all_the_same(end: str) -> None:
    """A command that comes out of a comment is seen, whatever stood before it."""
    found = review({"stack": function(f"# a{end}b\nc\n")}, {"stack": function("# a\nb\nc\n")})
    (payload,) = found.stacks[0].payloads
    assert "+b" in payload.diff.splitlines()


def test_json_that_looks_the_same_is_told() -> None:
    """A key that is there twice is seen, though a parser takes the last one only."""
    found = review(
        {"stack": function('{"a": 1, "a": 2}\n1').replace("\\n1", "")},
        {"stack": function('{"a": 3, "a": 2}\n1').replace("\\n1", "")},
    )
    (payload,) = found.stacks[0].payloads
    assert "3" in payload.diff


def test_a_long_line_shows_where_it_differs() -> None:
    """In Markdown, where lines are cut, what differs behind the cut is seen all the same."""
    texts = [function(f"a\n{'x' * 3_000}{word}{'x' * 3_000}\n") for word in ("mine", "yours")]
    told = format_review(review({"stack": texts[0]}, {"stack": texts[1]}), "markdown", limit=60_000)
    assert "mine" in told
    assert "yours" in told


@pytest.mark.parametrize("sign", ["\u3164", "\u115f", "\ufe0f", "\u2800", "\u00a0", "\u2003"])
def test_blanks_are_seen(sign: str) -> None:
    """What looks like nothing, or like a space and is none, is spelled out."""
    assert sign not in escape_controls(f"a{sign}b")


def test_json_moves_no_terminal() -> None:
    """No control character of a template is in the JSON as it is."""
    texts = [function(f"a\nb{word}") for word in ("", "\x9b2J\u202e\x1b")]
    told = format_review(review({"stack": texts[0]}, {"stack": texts[1]}), "json")
    assert not {"\x9b", "\u202e", "\x1b"} & set(told)
    assert json.loads(told)["stacks"][0]["payloads"][0]["diff"].endswith("b\x9b2J\u202e\x1b")
