"""The page of a review asks for nothing, can be read by everybody, and believes nobody."""

from __future__ import annotations

import base64
import hashlib
import re
from collections import Counter
from html.parser import HTMLParser
from importlib.resources import files

import pytest
from review import handmade

from cfngen.review.formats import format_review
from cfngen.review.formats.diagram import Node, Picture
from cfngen.review.formats.svg import _Drawing

VOID = {"meta", "link", "path", "rect"}
CSS = files("cfngen.review.formats").joinpath("review.css").read_text("utf-8")


class Page(HTMLParser):
    """Reads a page and holds its elements to their order."""

    def __init__(self, text: str) -> None:
        """Read a page to its end."""
        super().__init__()
        self.open: list[str] = []
        self.tags: Counter[str] = Counter()
        self.attributes: list[tuple[str, str, str]] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element."""
        self.tags[tag] += 1
        self.attributes += [(tag, key, value or "") for key, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element without content."""
        self.tags[tag] += 1
        self.attributes += [(tag, key, value or "") for key, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        """Close the element that is open."""
        assert self.open.pop() == tag


REVIEWS = [handmade.NOTHING, handmade.everything(), *map(handmade.hostile, handmade.HOSTILE)]


@pytest.mark.parametrize("review", REVIEWS)
def test_a_page_makes_no_request_and_runs_nothing(review: handmade.Review) -> None:
    """It has no script, no picture, no font of others, and a policy that forbids them."""
    text = format_review(review, "html")
    page = Page(text)
    assert not set(page.tags) & {"script", "img", "iframe", "object", "form", "base", "a:href"}
    for tag, key, value in page.attributes:
        assert not key.startswith("on")
        assert key not in ("style", "src", "srcset", "action")
        if key == "href":
            assert value == "data:," if tag == "link" else re.fullmatch(r"#stack-\d+", value)
    assert "url(" not in CSS
    assert "@import" not in CSS
    style = text.split("<style>")[1].split("</style>")[0]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"default-src 'none'; style-src 'sha256-{digest}'" in text


@pytest.mark.parametrize("review", REVIEWS)
def test_hostile_text_adds_no_element(review: handmade.Review) -> None:
    """A page of hostile text has the elements of any other; identifiers are the only ones."""
    page = Page(format_review(review, "html"))
    assert page.tags["h1"] == 1
    assert page.tags["section"] == len(review.stacks) + 2 * (len(review.stacks) > 1)
    identifiers = [value for _, key, value in page.attributes if key == "id"]
    assert len(identifiers) == len(set(identifiers))
    known = set(identifiers)
    for _, key, value in page.attributes:
        if key == "aria-labelledby":
            assert set(value.split()) <= known
        if key == "href" and value.startswith("#"):
            assert value[1:] in known
        assert key != "scope" or value in ("col", "row")
    assert page.tags["th"] == sum(key == "scope" for _, key, _ in page.attributes)


def test_everything_is_on_the_page() -> None:
    """Each finding, change, power, way in and payload can be read."""
    text = format_review(handmade.everything(), "html")
    for part in (
        "has a name of its own",
        "opened to the internet",
        "<b>closed</b>",
        "+ codecommit:Git* (6 actions) · *",
        "git push --prune &quot;$DESTINATION&quot;",
        "${AWS::StackName}-cache",
        "The template is over 51,200 bytes now",
        'href="#stack-3"',
        "MountTarget refers to CacheFiles.",
    ):
        assert part in text


def contrast(one: str, other: str) -> float:
    """Return the ratio of two colours' luminance, as WCAG 2 defines it."""

    def luminance(colour: str) -> float:
        parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return sum(w * p for w, p in zip((0.2126, 0.7152, 0.0722), linear, strict=True))

    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_colours_can_be_read_in_light_and_in_dark() -> None:
    """Text has a contrast of 4.5 to 1 and more on everything that it stands on."""
    themes = [dict(re.findall(r"--([\w-]+): (#\w{6})", part)) for part in CSS.split("@media")[:2]]
    for theme in themes:
        papers = [name for name in theme if name.endswith("paper") or name == "sheet"]
        assert len(papers) == 7
        for paper in papers:
            for ink in ("ink", "faint"):
                assert contrast(theme[ink], theme[paper]) >= 4.5, (ink, paper)
        for tone in ("red", "amber", "green", "blue", "violet", "link"):
            for paper in ("paper", "sheet", f"{tone}-paper" if tone != "link" else "paper"):
                assert contrast(theme[tone], theme[paper]) >= 4.5, (tone, paper)


def test_boxes_of_a_picture_lie_apart_and_circles_end() -> None:
    """Whatever refers to what, no box lies on another, and each is within the picture."""
    nodes = tuple(Node("s", f"R{n}", "AWS::X::Y", "changed") for n in range(9))
    edges = ((0, 1), (1, 2), (2, 0), (2, 3), (0, 3), (4, 3), (5, 6), (6, 5))
    drawing = _Drawing(Picture(nodes, edges, 0), "p")
    places = list(drawing.places.values())
    assert len(set(places)) == len(nodes)
    for number, (x, y) in enumerate(places):
        assert 0 <= x < drawing.width - 200
        assert 0 <= y < drawing.height - 60
        for a, b in places[number + 1 :]:
            assert abs(x - a) >= 216 or abs(y - b) >= 62
