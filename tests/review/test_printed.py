"""A review is printed for people and programs, whatever is in the templates."""

from __future__ import annotations

import dataclasses
import json
import re
import typing
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import click
import jsonschema
import pytest
from review import handmade

from cfngen.review import model
from cfngen.review.model import (
    MISSING,
    Certainty,
    Concern,
    Detail,
    Kind,
    ResourceChange,
    Review,
    StackReview,
)
from cfngen.review.printed import FORMATS, printed
from cfngen.review.printed.phrases import why
from cfngen.review.printed.verdict import SAFE, verdict

PAGES = "https://docs.aws.amazon.com"

SCHEMA = json.loads(files("cfngen").joinpath("data", "review.schema.json").read_text("utf-8"))
EVERYTHING = (
    "2 stacks change, 1 template is new (1 policy), 1 template is gone: 1 refused, 1 resource will"
    " be replaced (data at risk), 1 resource may be replaced, 1 role broadened, 1 resource opened"
    " to the internet"
)
REVIEWS = {
    "nothing": handmade.NOTHING,
    "everything": handmade.everything(),
    **{
        f"{concern}-{certainty}": handmade.one(concern, certainty)
        for concern in Concern
        for certainty in (Certainty.WILL, Certainty.MAY)
    },
    **{f"hostile-{n}": handmade.hostile(text) for n, text in enumerate(handmade.HOSTILE)},
}


@pytest.mark.parametrize(
    ("review", "said"),
    [
        (handmade.NOTHING, "Nothing changes for the stacks that are running"),
        (
            Review("a", "b", (StackReview("new", Kind.ADDED),)),
            "Nothing changes for the stacks that are running; 1 template is new",
        ),
        (
            Review("a", "b", handmade.everything().stacks[1:2]),
            f"1 stack changes: 1 resource changed in place; {SAFE}",
        ),
        (handmade.one(Concern.REFUSED, Certainty.WILL), "1 stack changes: 1 refused"),
        (handmade.one(Concern.REFUSED, Certainty.MAY), "1 stack changes: 1 may be refused"),
        (
            handmade.one(Concern.DATA, Certainty.WILL),
            "1 stack changes: data of 1 resource at risk",
        ),
        (
            handmade.one(Concern.REPLACE, Certainty.MAY),
            "1 stack changes: 1 resource may be replaced",
        ),
        (handmade.one(Concern.BROADEN, Certainty.WILL), "1 stack changes: 1 policy broadened"),
        (
            handmade.everything(),
            EVERYTHING,
        ),
    ],
)
def test_the_verdict_says_the_worst_first(review: Review, said: str) -> None:
    """One line tells what a reviewer has to know, and stands first for people."""
    assert verdict(review) == said
    assert printed(review, "text", width=1000).splitlines()[0] == said
    assert printed(review, "markdown").splitlines()[1].endswith(f" {said}")
    assert f"<h1>{said}</h1>" in printed(review, "html")
    assert json.loads(printed(review, "json"))["verdict"] == said


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("name", REVIEWS)
def test_what_is_printed_is_text_and_always_the_same(name: str, form: str) -> None:
    """Every review has one text in each format, which UTF-8 can hold and no terminal obeys."""
    text = printed(REVIEWS[name], form)
    assert text == printed(REVIEWS[name], form)
    assert text.endswith("\n")
    text.encode("utf-8")
    if form != "json":
        text = text.replace("\u200b", "")  # markdown's own
    assert form == "json" or not re.search(
        "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\ufeff]", text
    )


@pytest.mark.parametrize("form", handmade.SAMPLES)
def test_the_samples_are_current(form: str) -> None:
    """What people read is looked at; `python tests/review/handmade.py` writes it anew."""
    sample = Path(__file__).parent / "printed" / handmade.SAMPLES[form]
    assert printed(handmade.everything(), form) == sample.read_text("utf-8")


def test_findings_come_in_the_order_of_their_gravity() -> None:
    """What is refused comes first, then data, replacements and powers; the certain before that."""
    lines = printed(handmade.everything(), "text").splitlines()
    told = ("refused", "refused?", "data at risk", "replaced", "replaced?", "broadened")
    found = [line[2:15].strip() for line in lines if line[2:15].strip() in told and line[14] == " "]
    assert found == [*told, "broadened"]


def test_text_is_coloured_by_the_style_it_is_given() -> None:
    """Colours do not change what is said, and a narrower terminal gets shorter lines."""
    review = handmade.everything()
    coloured = printed(review, "text", click.style)
    assert click.style("-/+ ", fg="red") in coloured
    assert click.unstyle(coloured) == printed(review, "text")
    prose = [
        line for line in printed(review, "text", width=60).splitlines() if "at out" not in line
    ]
    assert max(map(len, prose[:20])) <= 60
    assert printed(review, "text", width=60) != printed(review, "text")


@pytest.mark.parametrize("name", REVIEWS)
def test_json_is_as_its_schema_says(name: str) -> None:
    """A program can rely on the published schema."""
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.Draft202012Validator(SCHEMA).validate(json.loads(printed(REVIEWS[name], "json")))


def test_the_schema_knows_every_field_of_the_model() -> None:
    """A field that comes is published."""
    told = {"Review": SCHEMA, **SCHEMA["$defs"]}
    classes = [c for c in vars(model).values() if dataclasses.is_dataclass(c)]
    assert classes
    for found in classes:
        names = {field.name for field in dataclasses.fields(found)}
        known = set(told[found.__name__]["properties"])
        assert known - {"schema_version", "verdict"} == names, found.__name__
        for field, kind in typing.get_type_hints(found).items():
            if isinstance(kind, type) and issubclass(kind, str) and kind is not str:
                node: Any = told[found.__name__]["properties"][field]
                node = SCHEMA["$defs"][node["$ref"].rpartition("/")[2]] if "$ref" in node else node
                assert node["enum"] == [member.value for member in kind]  # type: ignore[attr-defined]


def test_json_leaves_out_what_is_not_there() -> None:
    """A value that one side does not have has no key, and a null is a value."""
    details = (Detail("a", MISSING, None), Detail("b", handmade.ref("Thing.Arn"), MISSING))
    stack = handmade.mirror()
    changed = replace(stack, resources=(replace(stack.resources[0], properties=details),))
    data = json.loads(printed(Review("a", "b", (changed,)), "json"))
    first, second = data["stacks"][0]["resources"][0]["properties"]
    assert "before" not in first
    assert first["after"] is None
    assert second["before"] == "${Thing.Arn}"
    assert "after" not in second


def test_a_new_revision_is_no_harm() -> None:
    """What is replaced without a finding, such as a task definition, does not alarm."""
    task = ResourceChange("Task", "AWS::ECS::TaskDefinition", Kind.CHANGED, Certainty.WILL)
    review = Review("a", "b", (StackReview("stack", Kind.CHANGED, resources=(task,)),))
    assert verdict(review) == f"1 stack changes: 1 resource in a new revision; {SAFE}"


def test_an_unknown_format_is_an_error() -> None:
    """A format that there is not is told together with those that there are."""
    with pytest.raises(ValueError, match="text, markdown, json, sarif, html"):
        printed(handmade.NOTHING, "yaml")


@pytest.mark.parametrize(
    ("because", "expected"),
    [
        ("", ("", "")),
        ("AWS::X::Y createOnlyProperties /properties/Z", None),
        (f"{PAGES}/a.html", ("see", f"{PAGES}/a.html")),
        (f"AWS::X::Y /properties/Z: {PAGES}/b/a.html", None),
        (f"{PAGES}/a.html)](https://evil.example/x.html", None),
        ("https://docs.aws.amazon.com.evil.example/a.html", None),
        (f'{PAGES}/a.html"onclick="x.html', None),
    ],
)
def test_only_pages_of_aws_become_links(because: str, expected: tuple[str, str] | None) -> None:
    """A reason ends in a link only if it ends in an address of AWS's documentation."""
    words, page = why(because)
    if expected:
        assert (words, page) == expected
    elif because.startswith("AWS::X::Y /properties/Z: "):
        assert (words, page) == ("because AWS::X::Y /properties/Z: see", f"{PAGES}/b/a.html")
    else:
        assert (words, page) == (f"because {because}", "")
