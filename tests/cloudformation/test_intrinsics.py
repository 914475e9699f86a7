"""Values as CloudFormation would see them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cfngen.cloudformation.placeholders import masked
from cfngen.cloudformation.read import read
from cfngen.cloudformation.resolve import Resolver
from cfngen.cloudformation.text import Unknown, join, reference, unknown
from cfngen.cloudformation.values import canonical, is_known, references, shown

MAPPINGS = {"Sizes": {"eu-west-1": {"Small": "t3.micro", "Count": 2}}}
CONDITIONS = {
    "Always": {"Fn::Equals": ["a", "a"]},
    "Never": {"Fn::Not": [{"Condition": "Always"}]},
    "Asked": {"Fn::Equals": [{"Ref": "Stage"}, "prod"]},
    "Either": {"Fn::Or": [{"Condition": "Asked"}, {"Condition": "Always"}]},
    "Both": {"Fn::And": [{"Condition": "Asked"}, {"Condition": "Never"}]},
    "Round": {"Condition": "Round"},
}


def resolved(text: str) -> Any:
    """Resolve a value that is written as YAML."""
    return Resolver(MAPPINGS, CONDITIONS).resolve(read(text))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("!Ref Bucket", "${Bucket}"),
        ("!Sub '${Bucket}'", "${Bucket}"),
        ("!Join ['', [!Ref Bucket]]", "${Bucket}"),
        ("!GetAtt Bucket.Arn", "${Bucket.Arn}"),
        ("Fn::GetAtt: [Bucket, Arn]", "${Bucket.Arn}"),
        ("!Sub '${Bucket.Arn}/*'", "${Bucket.Arn}/*"),
        ("!Join ['/', [!GetAtt Bucket.Arn, '*']]", "${Bucket.Arn}/*"),
        ("!Sub ['${Name}-x', {Name: !Ref Bucket}]", "${Bucket}-x"),
        ("!Sub 'a-${!literal}'", "a-${literal}"),
        ("!Join ['-', [a, b, 1, true]]", "a-b-1-true"),
        ("!Select [1, [a, b]]", "b"),
        ("!Select ['1', !Split [',', 'a,b']]", "b"),
        ("!FindInMap [Sizes, eu-west-1, Small]", "t3.micro"),
        ("!If [Always, a, b]", "a"),
        ("!If [Never, a, b]", "b"),
        ("!If [Either, a, b]", "a"),
        ("!If [Both, a, b]", "b"),
        ("!If [Asked, a, a]", "a"),
        ("2012-10-17", "2012-10-17"),
    ],
)
def test_a_value_is_worked_out(text: str, expected: str) -> None:
    """Functions with literal arguments are gone; references stand in the text."""
    assert shown(resolved(text)) == expected


@pytest.mark.parametrize(
    "text",
    [
        "!FindInMap [Sizes, !Ref AWS::Region, Small]",
        "!FindInMap [Sizes, us-east-1, Small]",
        "!ImportValue network-VpcId",
        "!Select [0, !GetAZs '']",
        "!Select [9, [a]]",
        "!Split [',', !Ref List]",
        "!If [Asked, a, b]",
        "!If [Round, a, b]",
        "!If [Missing, a, b]",
        "!Cidr [!Ref VpcCidr, 4, 6]",
        "!Join [',', !Ref List]",
        "!Sub [a]",
        "!Sub {a: b}",
        "!GetAtt [a]",
        "!Ref [a]",
        "Fn::Unheard: [1, {a: b}]",
    ],
)
def test_what_only_the_deployment_knows_is_kept(text: str) -> None:
    """It is no literal, it is equal to itself and to nothing else, and it can be shown."""
    value = resolved(text)
    assert canonical(value) == canonical(resolved(text))
    assert canonical(value) != canonical(resolved("other"))
    assert shown(value)


def test_a_text_that_looks_like_a_reference_is_none() -> None:
    """A shell's `${Bucket}` is a literal; a character of private use is a character."""
    looks = resolved("'${Bucket}'")
    assert is_known(looks)
    assert canonical(looks) != canonical(resolved("!Ref Bucket"))
    icon = "\ue000Bucket\ue001"
    assert resolved(f'"{icon}"') == icon
    assert resolved(f"!Sub '{icon}'") == icon
    assert shown(resolved("!Sub '${Bucket} ${!HOME}'")) == "${Bucket} ${!HOME}"


def test_no_value_is_none() -> None:
    """`AWS::NoValue` takes the property away, in mappings and in lists."""
    assert resolved("{a: !Ref AWS::NoValue, b: [!Ref AWS::NoValue, c]}") == {"b": ["c"]}


def test_references_are_found_wherever_they_are() -> None:
    """In texts, in lists, in functions that are left, and in functions inside of texts."""
    value = resolved(
        "{a: !Sub '${One.Arn}/*', b: [!If [Asked, !Ref Two, x]],"
        " c: !Select [0, !Split [',', !GetAtt Three.List]]}"
    )
    assert {name for name, _ in references(value)} >= {"One", "Two", "Three"}
    assert ("One", "Arn") in references(value)


def test_scalars_are_what_cloudformation_takes_them_for() -> None:
    """`true` and `'true'` are one to it, 80 and `'80'` are, 1.0 and `'1.0'` are."""
    for one, other in ((True, "true"), (80, "80"), (1.0, "1.0"), ([True], ["true"])):
        assert canonical(one) == canonical(other)
    assert canonical("1.0") != canonical("1")
    assert canonical(1.0) != canonical(1)
    assert canonical(None) != canonical("null")


def test_what_depends_on_a_changed_mapping_or_condition_says_what_it_was() -> None:
    """The same words mean another value where what they refer to has changed."""
    lookup = read("!FindInMap [Sizes, !Ref AWS::Region, Small]")
    choice = read("!If [Asked, a, b]")
    told = frozenset(("Sizes", "Asked"))
    one = Resolver(MAPPINGS, CONDITIONS, told)
    other = Resolver({"Sizes": {}}, {"Asked": {"Fn::Equals": [{"Ref": "Stage"}, "x"]}}, told)
    assert canonical(one.resolve(lookup)) != canonical(other.resolve(lookup))
    assert canonical(one.resolve(choice)) != canonical(other.resolve(choice))


def test_functions_in_functions_are_readable_and_told_apart() -> None:
    """What is left for deploy time is not escaped once for each level; no two have one text."""
    split = {"Fn::Split": [".amazonaws.com/", {"Ref": "Uri"}]}
    host = {"Fn::Select": [0, split]}
    region = {"Fn::Select": [3, {"Fn::Split": [".", host]}]}
    resolver = Resolver({}, {})
    assert shown(resolver.resolve(region)) == (
        '${Fn::Select [3, ${Fn::Split [".", ${Fn::Select [0, ${Fn::Split [".amazonaws.com/",'
        " ${Uri}]}]}]}]}"
    )
    alike = [
        {"Fn::Split": [",", {"Fn::Sub": "${Uri}"}]},
        {"Fn::Split": [",", {"Fn::Sub": "a${Uri}"}]},
        {"Fn::Split": [",", {"Fn::Sub": "${Uri}${Uri}"}]},
        {"Fn::Split": [",", "${Uri}", {"Ref": "Uri"}]},
        {"Fn::Split": [", ", {"Ref": "Uri"}]},
        {"Fn::Split": [[",", {"Ref": "Uri"}]]},
        {"Fn::Split": {",": {"Ref": "Uri"}}},
    ]
    assert len({str(resolver.resolve(one)) for one in alike}) == len(alike)


PASSED = {"Stage": "prod", "Zones": ["a", "b"], "Key": unknown("outer", "Key.Arn")}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("!Ref Stage", "prod"),
        ("!Sub '${Stage}-${Key}-${Other}'", "prod-${outer Key.Arn}-${Other}"),
        ("!Sub ['${Stage}', {Stage: mine}]", "mine"),
        ("!Join ['-', !Ref Zones]", "a-b"),
        ("!Select [1, !Ref Zones]", "b"),
        ("!If [Asked, here, there]", "here"),
        ("!GetAtt Stage.Arn", "${Stage.Arn}"),
        ("{Ref: Other}", "${Other}"),
    ],
)
def test_parameters_that_are_known_are_worked_out(text: str, expected: str) -> None:
    """What an outer template passes stands wherever the parameter is referred to."""
    found = Resolver(MAPPINGS, CONDITIONS, parameters=PASSED)
    assert shown(found.resolve(read(text))) == expected
    assert not found.truth("Never")
    assert found.truth("Asked") is True


def test_what_stands_for_an_outer_reference_is_no_reference_here() -> None:
    """It is known to the deployment alone, in texts and keys, and refers to nothing inside."""
    written = join(["{", reference("X"), ": [!Sub 'a-", reference("X"), "', ref0]}"])
    outer = masked(written, lambda _: "X", lambda _: Unknown("outer", ("X",)))
    value = Resolver({}, {}, outer=outer).resolve(read(outer.text))
    assert shown(value) == '{"${outer X}": ["a-${outer X}", "ref0"]}'
    assert not is_known(value)
    assert references(value) == set()


def test_a_word_for_a_reference_cannot_be_written_by_a_template() -> None:
    """However a text spells it, with escapes or without: the word is one that it does not have."""
    plain = masked(join(['["ref0(0)", "', reference("X"), '"]']))
    assert plain.restored(json.loads(plain.text)) == ["ref0(0)", reference("X")]
    escaped = masked(join(['["\\u0072ef0(0)", "', reference("X"), '"]']))
    assert escaped.restored(json.loads(escaped.text)) == ["ref0(0)", reference("X")]
