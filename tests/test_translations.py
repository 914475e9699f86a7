"""Translated READMEs say what the English ones say, as far as their structure shows it.

The words of a translation are its own. Its headings, code blocks, tables and links are those of the
English README, in the same order, and so is each name that stands in code.
"""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[1]
TRANSLATIONS = sorted(ROOT.glob("blueprints/*/README.*.md"))
each = pytest.mark.parametrize("path", TRANSLATIONS, ids=[p.parent.name for p in TRANSLATIONS])
# Examples of regions, which are others for other readers.
REGIONS = re.compile(r"\b(us-east-1|us-west-2|ap-northeast-1|ap-northeast-3)\b")
COMMENT = re.compile(r"(^|\s+)#(?![!{]).*$", re.MULTILINE)
CODE = re.compile(r"`([^`\n]+)`")


class Block(NamedTuple):
    """A fenced block of a document."""

    language: str
    text: str


def parts(path: Path) -> tuple[list[Block], str]:
    """Return the fenced blocks of a document, and what is around them."""
    text = path.read_text(encoding="utf-8")
    fence = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
    return [Block(*found.groups()) for found in fence.finditer(text)], fence.sub("", text)


def english(path: Path) -> Path:
    """Return the README that a translation is of."""
    return path.with_name("README.md")


def headings(text: str) -> list[tuple[int, str]]:
    """Return the level and the words of each heading."""
    found = re.findall(r"^(#+) (.+)$", text, re.MULTILINE)
    return [(len(level), words) for level, words in found]


def anchor(words: str) -> str:
    """Return what a heading is linked by, as GitHub makes it."""
    return re.sub(r"[^\w\- ]", "", words.lower()).replace(" ", "-")


def comparable(block: Block) -> str:
    """Return what a block does: without comments, and in one region.

    Of a diagram its nodes and arrows are left, without the words on them.
    """
    if block.language == "mermaid":
        plain = re.sub(r'"[^"]*"|-\. [^.|"-]+ \.->', "", block.text)
        return re.sub(r"[ \t]+|\.->|-\.|-->|--", " ", plain).replace("  ", " ")
    return REGIONS.sub("REGION", COMMENT.sub("", block.text))


def tables(text: str) -> list[list[list[str]]]:
    """Return the cells of each row of each table."""
    found = re.findall(r"(?:^\|.*\|\n)+", text, re.MULTILINE)
    split = re.compile(r"(?<!\\)\|")
    return [[split.split(row.strip("|")) for row in table.splitlines()] for table in found]


def links(path: Path, text: str) -> list[str]:
    """Return the targets of links in order, those into READMEs as if these were English.

    An anchor becomes the number of its heading.
    """
    targets = []
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        file, _, name = target.partition("#")
        if "://" in target:
            targets.append(target)
            continue
        there = path.parent / file if file else path
        assert there.is_file(), f"{path}: {target} leads nowhere"
        number = ""
        if name:
            known = [anchor(words) for _, words in headings(parts(there)[1])]
            assert name in known, f"{path}: {target} is no heading of {there.name}"
            number = f"#{known.index(name)}"
        targets.append(re.sub(r"README\.\w+\.md$", "README.md", file) + number)
    return targets


def test_there_are_translations() -> None:
    """Nothing below is true only because nothing was found."""
    names = {path.parent.name for path in TRANSLATIONS}
    assert names >= {"backlog_proxy", "build_network", "fargate_mirror"}


@each
def test_headings_are_of_the_same_levels(path: Path) -> None:
    """Each section of the English README is there, in its place."""
    levels = [level for level, _ in headings(parts(path)[1])]
    assert levels == [level for level, _ in headings(parts(english(path))[1])]


@each
def test_commands_are_identical(path: Path) -> None:
    """Code blocks differ in their comments and in the region at most."""
    ours, theirs = parts(path)[0], parts(english(path))[0]
    assert [block.language for block in ours] == [block.language for block in theirs]
    for number, (one, other) in enumerate(zip(ours, theirs, strict=True)):
        assert comparable(one) == comparable(other), f"block {number}"


@each
def test_tables_are_of_the_same_shape(path: Path) -> None:
    """Each row is there with its columns, and names the same things in code."""
    ours, theirs = tables(parts(path)[1]), tables(parts(english(path))[1])
    assert [len(table) for table in ours] == [len(table) for table in theirs]
    for one, other in zip(ours, theirs, strict=True):
        for row, original in zip(one, other, strict=True):
            assert len(row) == len(original), row
            codes = [Counter(CODE.findall("|".join(cells))) for cells in (row, original)]
            assert codes[0] == codes[1], f"{row}\n{codes[1] - codes[0]}\n{codes[0] - codes[1]}"


@each
def test_links_lead_to_the_same_places(path: Path) -> None:
    """Each link is there, and into a translation of the same language where there is one."""
    (blocks, ours), (_, theirs) = parts(path), parts(english(path))
    assert blocks
    language = path.name.split(".")[1]
    for file in re.findall(r"\]\((\.\./[\w/]+/)README\.md[^)]*\)", ours):
        assert not (path.parent / file / f"README.{language}.md").is_file(), file
    assert links(path, ours)[1:] == links(english(path), theirs)[1:]  # the first is to each other


@each
def test_a_translation_is_for_readers_of_its_region(path: Path) -> None:
    """Japanese commands deploy to Tokyo, and prices are Tokyo's."""
    text = path.read_text(encoding="utf-8")
    if path.name == "README.ja.md":
        assert "export AWS_DEFAULT_REGION=ap-northeast-1" in text
        assert not [block for block in parts(path)[0] if "us-east-1" in block.text]


@each
def test_both_languages_link_to_each_other(path: Path) -> None:
    """The English README says that there is another, and the other way round."""
    assert f"({path.name})" in english(path).read_text(encoding="utf-8").partition("\n## ")[0]
    assert "(README.md)" in path.read_text(encoding="utf-8").partition("\n## ")[0]
