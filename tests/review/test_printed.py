"""A review is printed for people and programs, whatever is in the templates."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import pytest
from review import handmade

from cfngen.cloudformation.evidence import Evidence
from cfngen.review import model
from cfngen.review.formats import FORMATS, format_review
from cfngen.review.formats.columns import columns, folded
from cfngen.review.formats.findings import by_gravity, grouped_findings
from cfngen.review.formats.phrases import grant_lines, outcome
from cfngen.review.formats.reasons import reasons
from cfngen.review.formats.sides import Items, difference, items
from cfngen.review.formats.verdict import SAFE, STACKS_STAY, tally, verdict
from cfngen.review.model import (
    MISSING,
    Certainty,
    Concern,
    Detail,
    Kind,
    ResourceChange,
    Review,
    Scope,
    StackReview,
)

PAGES = "https://docs.aws.amazon.com"

EVERYTHING = (
    "2 stacks change, 12 templates compared, 1 template is new (1 resource policy), 1 template is"
    " removed (its stack remains"
    " until somebody deletes it): 1 refused, data of 1 resource at risk, 1 resource will be"
    " replaced, 1 resource may be replaced, 1 resource opened to the internet, 1 role broadened"
)
REVIEWS = {
    "nothing": handmade.NOTHING,
    "everything": handmade.everything(),
    "unseen": handmade.unseen(),
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
        (
            handmade.NOTHING,
            "Nothing changes for the stacks that are running, 14 templates compared",
        ),
        (handmade.unseen(), "No change was found, 3 templates compared: 1 unknown"),
        (Review("a", "b"), "Nothing was compared: there is no template on either side"),
        (
            Review("a", "b", (StackReview("new", Kind.ADDED),)),
            "No template was compared; 1 template is new",
        ),
        (
            Review("a", "b", handmade.everything().stacks[1:2], scope=Scope(1)),
            f"1 stack changes, 1 template compared: 1 resource changed in place; {SAFE}",
        ),
        (
            Review("a", "b", (StackReview("gone", Kind.REMOVED),), 2, Scope(2)),
            f"No stack is updated, 2 templates compared; 1 template is removed ({STACKS_STAY[0]})",
        ),
        (
            handmade.one(Concern.REFUSED, Certainty.WILL),
            "1 stack changes, 1 template compared: 1 refused",
        ),
        (
            handmade.one(Concern.REFUSED, Certainty.MAY),
            "1 stack changes, 1 template compared: 1 may be refused",
        ),
        (
            handmade.one(Concern.DATA, Certainty.WILL),
            "1 stack changes, 1 template compared: data of 1 resource at risk",
        ),
        (
            handmade.one(Concern.REPLACE, Certainty.MAY),
            "1 stack changes, 1 template compared: 1 resource may be replaced",
        ),
        (
            handmade.one(Concern.BROADEN, Certainty.WILL),
            "1 stack changes, 1 template compared: 1 policy broadened",
        ),
        (
            handmade.everything(),
            EVERYTHING,
        ),
    ],
)
def test_the_verdict_says_the_worst_first(review: Review, said: str) -> None:
    """One line tells what a reviewer has to know, and stands first for people."""
    assert verdict(review) == said
    assert format_review(review, "text", width=1000).splitlines()[0] == said
    assert format_review(review, "markdown").splitlines()[1].endswith(f" {said}")
    assert f"<h1>{said}</h1>" in format_review(review, "html")
    assert json.loads(format_review(review, "json"))["verdict"] == said


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("name", REVIEWS)
def test_what_is_printed_is_text_and_always_the_same(name: str, form: str) -> None:
    """Every review has one text in each format, which UTF-8 can hold and no terminal obeys."""
    text = format_review(REVIEWS[name], form)
    assert text == format_review(REVIEWS[name], form)
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
    assert format_review(handmade.everything(), form) == sample.read_text("utf-8")


LABELS = (
    "refused",
    "possibly refused",
    "data at risk",
    "replaced",
    "possibly replaced",
    "opened to the internet",
    "broadened",
)


def test_findings_come_in_the_order_of_their_gravity() -> None:
    """What is refused comes first, then data, replacements and powers; the certain before that."""
    lines = format_review(handmade.everything(), "text").splitlines()
    assert [line for line in lines if line in LABELS] == list(LABELS)
    assert [one.label for one in grouped_findings(handmade.everything().stacks)] == list(LABELS)
    page = format_review(handmade.everything(), "html")
    assert re.findall(r'<span class="concern">([^<]*)<', page) == list(LABELS)


def test_the_gravest_template_comes_first() -> None:
    """Whatever a template is called, one with a refusal stands before one without."""
    review = handmade.everything()
    stacks = (review.stacks[1], review.stacks[3], review.stacks[2], review.stacks[0])
    names = [stack.name for stack in by_gravity(stacks)]
    assert names == ["backlog-proxy-efs", "build-network", "git-backup", "branch-events"]
    for form in ("text", "markdown", "html"):
        text = format_review(replace(review, stacks=stacks), form, details=True)
        assert text.index("build-network.yaml" if form != "markdown" else "build-network") > (
            text.index("Repository")
        )


def test_what_is_found_in_several_templates_is_told_once() -> None:
    """The same finding names both of its places, and the same details are told once."""
    found = handmade.mirror()
    twin = replace(found, name="twin", file="output/twin.yaml")
    text = format_review(Review("a", "b", (found, twin)), "text")
    assert text.count("POST /backlog asks nobody who they are") == 1
    assert "output/twin.yaml:190" in text
    assert "  same as backlog-proxy-efs" in text
    table = format_review(Review("a", "b", (found, twin)), "markdown").partition("<details>")[0]
    assert table.count("asks nobody who they are") == 1
    assert "`backlog-proxy-efs`<br>`twin`" in table


def test_what_is_counted_is_counted_the_same_everywhere() -> None:
    """The verdict's numbers are those of the page's tiles; a new template's powers are none."""
    stacks = handmade.everything().stacks
    assert {concern: tally(stacks, concern) for concern in Concern} == {
        Concern.REFUSED: (1, 0),
        Concern.DATA: (1, 0),
        Concern.REPLACE: (1, 1),
        Concern.BROADEN: (2, 0),
        Concern.UNKNOWN: (0, 0),
    }
    page = format_review(handmade.everything(), "html")
    assert re.findall(r"<b>(\d+)</b> <span>([^<]*)<", page) == [
        ("1", "stack refused"),
        ("1", "data at risk"),
        ("1", "replaced"),
        ("2", "broadened"),
        ("0", "unknown"),
    ]
    assert '<span class="may">1 opened to the internet</span>' in page


def test_a_denial_that_goes_is_no_denial_that_comes() -> None:
    """Who gains because a denial goes is told so: with a minus, and the word."""
    power = handmade.mirror().permissions[0]
    deny = model.Grant(model.Effect.DENY, "*", ("s3:*",), "B")
    changed = replace(power, gained=(deny, *power.gained[:1]), lost=(replace(deny, resource="C"),))
    assert [(mark, words[:8]) for mark, words in grant_lines(changed)] == [
        ("-", "denied: "),
        ("+", "codecomm"),
        ("+", "denied: "),
    ]


def test_what_is_kept_only_leaves_the_stack() -> None:
    """A removed resource with a policy that keeps it is not said to be removed."""
    note = "leaves the stack and stays in the account (DeletionPolicy: Retain)"
    change = ResourceChange(
        "Logs", "AWS::Logs::LogGroup", Kind.REMOVED, note=note, fate=model.Fate.RETAINED
    )
    assert outcome(change) == note
    assert outcome(replace(change, note="", fate=model.Fate.DELETED)) == "removed"
    retyped = replace(
        change, kind=Kind.CHANGED, note="", fate=model.Fate.NONE, type_before="AWS::S3::Bucket"
    )
    assert outcome(retyped) == "refused: was AWS::S3::Bucket"


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (["a", "b"], ["a", "b", "c"], Items((), ("c",), 2)),
        (["a", "a"], ["a"], Items(("a",), (), 1)),
        ("a", ["a", "b"], Items((), ("b",), 1)),
        (["a", "b"], ["b", "a"], None),
        ([{"a": 1}], [{"a": 2}], None),
        ("a", "b", None),
        (MISSING, ["a"], None),
    ],
)
def test_of_a_list_only_the_news_is_told(before: Any, after: Any, expected: Items | None) -> None:
    """Plain lists are told by what came and went; an order that changed is told as a whole."""
    assert items(Detail("a", before, after)) == expected


def test_a_difference_has_no_commas() -> None:
    """What an added item follows is not different because of a comma behind it."""
    lines = difference(Detail("a", {"x": [{"k": "a\nb"}]}, {"x": [{"k": "a\nb"}, 2], "y": {}}))
    assert [line for line in lines if line[0] in "+-"] == ["+   - 2", "+ y: {}"]


def test_text_is_coloured_by_the_style_it_is_given() -> None:
    """Colours do not change what is said."""
    review = handmade.everything()
    coloured = format_review(review, "text", click.style)
    assert click.style("-/+ ", fg="red") in coloured
    assert click.unstyle(coloured) == format_review(review, "text")


@pytest.mark.parametrize("details", [False, True])
@pytest.mark.parametrize(
    "width",
    [40, 80, *(pytest.param(width, marks=pytest.mark.slow) for width in (60, 120))],
)
@pytest.mark.parametrize("name", REVIEWS)
def test_no_line_is_wider_than_the_terminal(name: str, width: int, *, details: bool) -> None:
    """Whatever is in the templates, only an address may be longer than a line."""
    for line in format_review(REVIEWS[name], "text", width=width, details=details).splitlines():
        assert columns(line) <= width or "https://" in line, line


def test_lines_are_folded_between_words_and_nothing_is_lost() -> None:
    """A word that is too long is broken, an address is not."""
    assert folded("one two three", 7) == ["one two", "three"]
    assert folded("x" * 10 + " y", 4) == ["xxxx", "xxxx", "xx y"]
    assert folded("see https://docs.aws.amazon.com/a.html", 10)[1].startswith("https://")
    assert folded("日本語", 4) == ["日本", "語"]
    assert folded("", 4) == [""]


def test_details_are_told_when_asked_for() -> None:
    """A template without a finding has one line, unless it is the only one or details are asked."""
    review = handmade.everything()
    calm = "Tags[Name].Value: a → b"
    assert calm not in format_review(review, "text")
    assert "build-network  1 resource changed in place" in format_review(review, "text")
    assert calm in format_review(review, "text", details=True)
    assert calm in format_review(replace(review, stacks=review.stacks[1:2]), "text")


def test_json_leaves_out_what_is_not_there() -> None:
    """A value that one side does not have has no key, and a null is a value."""
    details = (Detail("a", MISSING, None), Detail("b", handmade.ref("Thing.Arn"), MISSING))
    stack = handmade.mirror()
    changed = replace(stack, resources=(replace(stack.resources[0], properties=details),))
    data = json.loads(format_review(Review("a", "b", (changed,)), "json"))
    first, second = data["stacks"][0]["resources"][0]["properties"]
    assert "before" not in first
    assert first["after"] is None
    assert second["before"] == "${Thing.Arn}"
    assert "after" not in second


def test_a_new_revision_is_no_harm() -> None:
    """What is replaced without a finding, such as a task definition, does not alarm."""
    task = ResourceChange("Task", "AWS::ECS::TaskDefinition", Kind.CHANGED, Certainty.WILL)
    stacks = (StackReview("stack", Kind.CHANGED, resources=(task,)),)
    start = "1 stack changes, 1 template compared"
    review = Review("a", "b", stacks, scope=Scope(1))
    assert verdict(review) == f"{start}: 1 resource in a new revision; {SAFE}"


def test_an_unknown_format_is_an_error() -> None:
    """A format that there is not is told together with those that there are."""
    with pytest.raises(ValueError, match="text, html, json, markdown, sarif"):
        format_review(handmade.NOTHING, "yaml")


@pytest.mark.parametrize(
    ("evidence", "expected"),
    [
        (Evidence(), ("", "")),
        (
            Evidence("AWS::X::Y", "createOnlyProperties", "/properties/A/*/B"),
            (
                (
                    "A[].B cannot be changed in place"
                    " (AWS::X::Y createOnlyProperties /properties/A/*/B)"
                ),
                "",
            ),
        ),
        (
            Evidence("AWS::X::Y", "refuses", "/properties/B"),
            (
                ("B cannot be changed once the resource exists (AWS::X::Y refuses /properties/B)"),
                "",
            ),
        ),
        (
            Evidence("AWS::X::Y", "", "/properties/Z", f"{PAGES}/b/a.html"),
            (
                "a change to Z is not made in place (AWS::X::Y /properties/Z)",
                f"{PAGES}/b/a.html",
            ),
        ),
        (
            Evidence("AWS::X::Y"),
            ("there is no schema of AWS::X::Y that says whether this replaces the resource", ""),
        ),
        (Evidence(page=f"{PAGES}/a.html"), ("", f"{PAGES}/a.html")),
        *(
            (Evidence(page=address), (address, ""))
            for address in (
                f"{PAGES}/a.html)](https://evil.example/x.html",
                "https://docs.aws.amazon.com.evil.example/a.html",
                f'{PAGES}/a.html"onclick="x.html',
            )
        ),
    ],
)
def test_reasons_are_words_and_only_pages_of_aws_become_links(
    evidence: Evidence, expected: tuple[str, str]
) -> None:
    """A schema's keyword is told in words; an address is a link only if it is AWS's own."""
    assert [(reason.text, reason.page) for reason in reasons([evidence, evidence])] == [expected]
