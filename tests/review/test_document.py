"""Formats walk one document, and every text in it is escaped where it is written."""

from __future__ import annotations

import ast
import dataclasses
import enum
import typing
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from review import handmade
from review.test_printed_markdown import check, without_fences

import cfngen.review.formats
from cfngen.cloudformation.document import Origin
from cfngen.review.change_set import Difference
from cfngen.review.formats import format_review
from cfngen.review.formats.html_escaping import Html, tag
from cfngen.review.formats.markdown_escaping import Markdown
from cfngen.review.formats.terminal import Line
from cfngen.review.model import (
    ChangeSetDifference,
    PayloadChange,
    Reconciliation,
    Review,
    RuleDescription,
    Waiver,
    WaiverState,
)

FORMATS = Path(cfngen.review.formats.__file__).parent
ESCAPING = {"html_escaping.py": "Html", "markdown_escaping.py": "Markdown", "terminal.py": "Line"}
MARK = "zq"
HOSTILE = (
    f"{MARK}<script>alert(1)</script>|`b`|**x** [y](javascript:z) ![i](http://evil.test/x) @user"
    ' #1 <!-- --> \x1b[31mred\u202e\r\n::error::q::\n# Heading\n"\' onload="a" {MARK}'
)
# What the three do not show: what things are matched by, and what JSON and SARIF alone have.
NOT_SHOWN = {
    "ChangeSetDifference.action", "ChangeSetDifference.causes", "ChangeSetDifference.code",
    "ChangeSetDifference.policy", "ChangeSetDifference.replacement", "Detail.follows",
    "EntryChange.follows", "Finding.section", "Grant.when", "PermissionChange.resources",
    "RuleDescription.code", "RuleDescription.help", "RuleDescription.name",
    "RuleDescription.source", "StackReview.references", "Waiver.after", "Waiver.change",
}  # fmt: skip


def fields(model: type, seen: set[type]) -> Iterator[tuple[type, str]]:
    """Yield every field of a class, and of those inside of it, that can hold a text."""
    if model in seen:
        return
    seen.add(model)
    for name, hint in typing.get_type_hints(model).items():
        kinds = list(leaves(hint))
        if str in kinds or Any in kinds:
            yield model, name
        for kind in kinds:
            if dataclasses.is_dataclass(kind) and isinstance(kind, type):
                yield from fields(kind, seen)


def leaves(hint: Any) -> Iterator[Any]:
    """Yield the types within a type."""
    arguments = typing.get_args(hint)
    yield from (leaf for argument in arguments for leaf in leaves(argument))
    yield from [] if arguments else [hint]


FIELDS = list(fields(Review, set()))


def waived() -> Review:
    """Return a review that has something of every class of the model."""
    review = handmade.everything()
    waivers = [
        Waiver("D101", "mirror", f"Cache{state}", "a reason", "an owner", "2026-12-01", "0", "1",
               state=state)
        for state in WaiverState
    ]  # fmt: skip
    differences = tuple(
        ChangeSetDifference(f"Cache{number}", difference, "Modify", "True", "Retain", ("Name",))
        for number, difference in enumerate(Difference)
    )
    first, *rest = review.stacks
    findings = [
        dataclasses.replace(
            finding, waiver=waiver, code="D101", line=3, origin=Origin("cfngen.py", 3)
        )
        for finding, waiver in zip(first.findings, waivers, strict=False)
    ]
    first = dataclasses.replace(
        first,
        findings=(*findings, *first.findings[len(findings) :]),
        reconciliation=Reconciliation("change", "stack", 3, differences),
    )
    rule = RuleDescription("D101", "gone", first.findings[0].concern, "a title", "a help", "")
    return dataclasses.replace(
        review, stacks=(first, *rest), rules=(rule,), waivers=tuple(waivers), date="2026-01-01",
        digest="0123",
    )  # fmt: skip


def planted(value: Any, model: type, name: str) -> Any:
    """Return a part of a review in which a field of a class is hostile wherever it is."""
    if isinstance(value, tuple):
        return tuple(planted(item, model, name) for item in value)
    if not dataclasses.is_dataclass(value) or isinstance(value, type):
        return value
    parts = {
        field.name: planted(getattr(value, field.name), model, name)
        for field in dataclasses.fields(value)
        if field.init
    }
    if isinstance(value, model):
        parts[name] = hostile(parts[name])
    return dataclasses.replace(value, **parts)


def hostile(value: Any) -> Any:
    """Return a hostile text in the place of each text, and as many of them."""
    if isinstance(value, tuple):
        return tuple(map(hostile, value or ("",)))
    if dataclasses.is_dataclass(value) or isinstance(value, enum.Enum):
        return value
    return HOSTILE


class Tags(HTMLParser):
    """The elements of a page, with the names of their attributes."""

    def __init__(self, page: str) -> None:
        """Take a page and read it."""
        super().__init__()
        self.tags: set[tuple[str, ...]] = set()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element."""
        self.tags.add((tag, *(name for name, _ in attrs)))

    def handle_comment(self, data: str) -> None:
        """Note a comment, of which a page has none."""
        self.tags.add(("comment", data))


CLEAN = waived()
PAGE = (
    Tags(format_review(handmade.hostile("a"), "html")).tags
    | Tags(format_review(CLEAN, "html")).tags
)


@pytest.mark.parametrize(("model", "name"), FIELDS, ids=[f"{m.__name__}.{n}" for m, n in FIELDS])
def test_every_text_of_the_model_is_escaped_in_every_format(model: type, name: str) -> None:
    """Whatever field a stranger writes, no page, comment or terminal obeys it; most show it."""
    review = planted(CLEAN, model, name)
    assert review != CLEAN
    page, comment, lines = (
        format_review(review, form, details=True) for form in ("html", "markdown", "text")
    )
    assert Tags(page).tags <= PAGE
    check(comment)
    others = [format_review(review, form) for form in ("json", "sarif")]
    for text in (page, comment, lines, *others):
        assert not set(text) & {"\x1b", "\u202e", "\r"}
        assert "\n::error" not in text
        # Only a payload has lines of its own.
        assert "\n# Heading" not in text or (model, name) == (PayloadChange, "diff")
    assert "\n# Heading" not in without_fences(comment)[0]
    is_shown = any(MARK in text for text in (page, comment, lines))
    assert is_shown != (f"{model.__name__}.{name}" in NOT_SHOWN)


def calls() -> Iterator[tuple[str, str, ast.expr]]:
    """Yield each place where a format says that a text is written already, and the text."""
    for path in sorted(FORMATS.rglob("*.py")):
        if path.name in ESCAPING:
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            match node:
                case ast.Call(func=ast.Name(id="Html" | "Markdown" | "Line" as name), args=[text]):
                    yield path.name, name, text
                case ast.Call(func=ast.Name(id="joined" as name), args=[_, text]):
                    yield path.name, name, text


def test_only_literals_are_taken_as_written() -> None:
    """A format cannot call a text of a template HTML, markdown or a line of a terminal."""
    places = list(calls())
    assert {name for _, name, _ in places} == {"Html", "Markdown", "Line", "joined"}
    allowed = {"NONE"}  # a constant
    for place, name, text in places:
        is_literal = isinstance(text, ast.Constant) or (
            isinstance(text, ast.Name) and text.id in allowed
        )
        assert is_literal, f"{place}: {name}({ast.unparse(text)})"


@pytest.mark.parametrize("name", ["html", "markdown", "text"])
def test_a_format_makes_no_phrase_and_escapes_nothing_by_hand(name: str) -> None:
    """It imports the document, and how to write it; no phrases, and no escaping."""
    modules = {"html": "html_parts", "markdown": "markdown_parts", "text": "text_details"}
    for path in (FORMATS / "outputs" / f"{name}.py", FORMATS / f"{modules[name]}.py"):
        imported = {
            node.module or ""
            for node in ast.walk(ast.parse(path.read_text("utf-8")))
            if isinstance(node, ast.ImportFrom)
        }
        assert "cfngen.escaping" not in imported
        for other in ("condensed", "phrases", "scope", "change_sets", "waivers"):
            assert f"cfngen.review.formats.{other}" not in imported


@pytest.mark.parametrize("written", [Html, Markdown, Line])
def test_what_is_written_escapes_whatever_joins_it(written: type[Html]) -> None:
    """Each way to put texts together escapes them, and leaves what is written already."""
    hostile_text = "<b>\x1b`x`"
    escaped = written.escape(hostile_text)
    assert escaped != hostile_text
    literal = written("%s")
    assert literal % hostile_text == literal % escaped == escaped
    assert literal % (hostile_text,) == escaped
    assert written("") + hostile_text == written("") + escaped == escaped
    assert written("").join([hostile_text, escaped]) == escaped + escaped
    assert written("x ").rstrip() == "x"
    results = (escaped, literal % escaped, escaped + "a", written("").join("a"), escaped.rstrip())
    assert {type(result) for result in results} == {written}
    # An f-string is a text again.
    assert written.escape(f"{written('<i>')}") == written.escape("<i>")


def test_an_attribute_cannot_be_left() -> None:
    """A quote ends neither an attribute nor its element."""
    assert tag("p", "a", title='"><b>') == '<p title="&quot;&gt;&lt;b&gt;">a</p>'
