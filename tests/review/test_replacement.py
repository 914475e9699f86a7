"""Replacement, property by property, for each type that our templates use."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml
from support.folded import for_each

from cfngen.review import review
from cfngen.review.model import Concern

HERE = Path(__file__).parent
OUTPUT = HERE.parents[1] / "output"
TYPES: dict[str, Any] = yaml.safe_load((HERE / "replacement.yaml").read_text("utf-8"))
CASES = [(type_, case) for type_, about in TYPES.items() for case in about["cases"]]


def named(type_and_case: tuple[str, Any]) -> str:
    """Call a case as it is written."""
    type_, case = type_and_case
    return f"{type_} {','.join(case['set'])}"


def template(type_: str, properties: dict[str, Any]) -> str:
    """Return a template with one resource."""
    return yaml.safe_dump({"Resources": {"It": {"Type": type_, "Properties": properties}}})


@for_each(CASES, name=named)
def test_replacement_is_what_the_reference_says(type_and_case: tuple[str, Any]) -> None:
    """`Update requires: Replacement` is will, `No interruption` no; either way it is told why."""
    type_, case = type_and_case
    before = TYPES[type_]["properties"]
    laid_over = before | case["set"]
    after = {key: value for key, value in laid_over.items() if value is not None}
    found = review({"stack": template(type_, before)}, {"stack": template(type_, after)})
    (change,) = found.stacks[0].resources
    expected = "no" if case["replacement"] is False else case["replacement"]  # YAML's `no`
    assert change.replacement == expected
    assert bool(change.reasons) == (expected != "no")
    if expected == "no":  # a name may refuse a replacement, too; the corpus tells of those
        refused = [(str(f.certainty), f.subject) for f in found.concerns(Concern.REFUSED)]
        assert refused == ([("will", "It")] if case.get("refused") else [])


def test_every_type_of_our_templates_is_there() -> None:
    """A blueprint that uses another type has to say what replaces it."""
    ours = {
        found
        for path in OUTPUT.glob("*.yaml")
        for found in re.findall(r"^ +Type: (AWS::\w+::\w+)$", path.read_text("utf-8"), re.MULTILINE)
    }
    assert len(ours) > 40
    assert ours <= set(TYPES)
    assert any(type_.startswith("Custom::") for type_ in TYPES)


@for_each(TYPES)
def test_each_type_has_a_change_that_keeps_it(type_: str) -> None:
    """A type that everything replaces has nothing but create-only properties."""
    all_create_only = {
        "AWS::ApiGateway::Resource",
        "AWS::EC2::SubnetRouteTableAssociation",
        "AWS::Lambda::Permission",
    }
    kept = any(case["replacement"] is False for case in TYPES[type_]["cases"])
    assert kept != (type_ in all_create_only)
