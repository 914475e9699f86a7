"""The published schema of the review's JSON, and that what is printed is as it says."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from importlib.resources import files
from typing import Any

import jsonschema
import pytest
from review import handmade
from support import review_schema
from support.corpus import CASES, case

from cfngen.review import review
from cfngen.review.formats import format_review
from cfngen.review.model import Certainty, Concern, Review

SHIPPED = files("cfngen.review.formats").joinpath("review.schema.json").read_text("utf-8")
SCHEMA = json.loads(SHIPPED)
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
REVIEWS = [
    handmade.NOTHING,
    handmade.everything(),
    handmade.unseen(),
    *(handmade.one(concern, certainty) for concern in Concern for certainty in Certainty),
    *map(handmade.hostile, handmade.HOSTILE),
]
THEMES = sorted({path.parent.name for path in CASES})


def validate(result: Review) -> None:
    """Hold what is printed to the schema, as a program reads it."""
    VALIDATOR.validate(json.loads(format_review(result, "json")))


def test_the_schema_is_made_from_the_types() -> None:
    """A field, a member or a type that changes is published: `make pages` writes it anew."""
    assert review_schema.text() == SHIPPED
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_a_schema_lists_the_members_of_an_enumeration_with_what_they_mean() -> None:
    """A program need not guess what a word stands for."""
    fate = SCHEMA["$defs"]["Fate"]
    assert fate["enum"] == ["", "deleted", "retained", "snapshot", "left behind", "unknown"]
    assert "`snapshot`: Deleted, and a snapshot of it is kept." in fate["description"]


def test_only_a_value_that_one_side_may_lack_may_lack_its_key() -> None:
    """All other keys are always there."""
    optional = {
        (name, key)
        for name, node in SCHEMA["$defs"].items()
        for key in set(node.get("properties", ())) - set(node.get("required", ()))
    }
    assert optional == {("Detail", "before"), ("Detail", "after")}


def test_no_key_is_printed_that_the_schema_does_not_know() -> None:
    """A consumer that is generated from it misses nothing."""

    def closed(node: Any) -> Iterator[bool]:
        if isinstance(node, dict):
            if node.get("type") == "object" and "properties" in node:
                yield node["additionalProperties"] is False
            for item in node.values():
                yield from closed(item)

    assert all(closed(SCHEMA))
    assert set(SCHEMA["properties"]) - {"schema_version", "verdict"} == {
        field.name for field in dataclasses.fields(Review)
    }


@pytest.mark.parametrize("number", range(len(REVIEWS)))
def test_json_is_as_its_schema_says(number: int) -> None:
    """A program can rely on it, whatever stands in a template."""
    validate(REVIEWS[number])


@pytest.mark.parametrize("theme", THEMES)
def test_json_of_the_corpus_is_as_its_schema_says(theme: str) -> None:
    """So it is for every pair of templates that we know of."""
    for path in CASES:
        if path.parent.name == theme:
            pair = case(path)
            validate(review(pair.before, pair.after))
