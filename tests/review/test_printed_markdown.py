"""A pull-request comment holds its form, whoever wrote the template, and however long it is."""

from __future__ import annotations

import re

import pytest
from review import handmade

from cfngen.review.formats import format_review
from cfngen.review.formats.diagram import MAX_NODES, mermaid, picture, quoted
from cfngen.review.formats.markdown_escaping import code, fenced, prose, units

LIMITS = (65_536, 1_000_000, 10_240, 2_000, 1)
TAGS = {"br", "code", "details", "summary"}


def without_fences(text: str) -> tuple[str, list[str]]:
    """Return markdown without its blocks of code, and their languages; fences must be closed."""
    kept, languages = [], []
    fence = ""
    for line in text.splitlines():
        if fence:
            fence = "" if re.fullmatch(rf"{fence}`*\s*", line) else fence
        elif opened := re.match(r"(`{3,})(\w*)$", line):
            fence = opened[1]
            languages.append(opened[2])
        else:
            kept.append(line)
    assert not fence
    return "\n".join(kept), languages


def check(text: str) -> None:
    """Hold a comment to its form: tags in pairs, rows of one width, nothing that calls or links."""
    assert text.startswith("<!-- cfngen review -->\n### ")
    kept, _ = without_fences(text.partition("\n")[2])
    bare = re.sub(r"`[^`\n]+`", "x", kept)  # what stands between backticks is no markup
    assert "`" not in bare
    tags = re.findall(r"<(/?)(\w+)>", bare)
    assert bare.count("<") == bare.count(">") == len(tags)
    assert {name for _, name in tags} <= TAGS
    depth = 0
    for end, name in tags:
        depth += {("", "details"): 1, ("/", "details"): -1}.get((end, name), 0)
        assert 0 <= depth <= 2
    assert depth == 0
    for name in TAGS - {"br"}:
        assert tags.count(("", name)) == tags.count(("/", name))
    width = 0
    for line in kept.splitlines():
        cells = line.count("|")  # ends a cell between backticks, too
        assert cells in (0, width) or not width
        width = cells
    # Entities cannot begin markup; what they stand for can still call somebody.
    assert not re.search(r"@\w|://|\bwww\.", decoded(bare), re.IGNORECASE)
    uncoded = re.sub(r"<code>.*?</code>", "", bare)
    assert not re.search(r"#\d|\bgh-\d", decoded(uncoded), re.IGNORECASE)
    own = r"\*\*(Permissions|Payload|Reachable from the internet)\*\*|^_(An|Did|Details|Signs).*_$"
    assert not re.search(r"[*\\~\[\]]|\b_|_\b", re.sub(own, "", uncoded, flags=re.MULTILINE))


def decoded(text: str) -> str:
    """Return what a browser shows of a text without its tags."""
    return re.sub(r"&#(\d+);", lambda match: chr(int(match[1])), re.sub(r"<[^>]*>", "", text))


@pytest.mark.parametrize("limit", LIMITS)
@pytest.mark.parametrize("text", handmade.HOSTILE)
def test_nothing_breaks_out(text: str, limit: int) -> None:
    """A name or a value is no markup, calls nobody and links to nothing."""
    found = format_review(handmade.hostile(text), "markdown", limit=limit)
    check(found)
    assert units(found) < max(limit, 1000)


@pytest.mark.parametrize("limit", LIMITS)
@pytest.mark.parametrize("stacks", [1, 3, 40, pytest.param(300, marks=pytest.mark.slow)])
def test_a_long_review_is_cut_where_nothing_breaks(stacks: int, limit: int) -> None:
    """A comment stays below its limit, keeps its form, and says what was cut."""
    review = handmade.huge(stacks)
    found = format_review(review, "markdown", limit=limit)
    check(found)
    assert units(found) < max(limit, 1000)
    whole = format_review(review, "markdown", limit=10**9)
    assert ("did not fit" in found.lower()) == (found != whole)


def test_every_template_stays_in_a_comment_of_300() -> None:
    """Details go before findings, and findings before the line of each template."""
    review = handmade.huge(300)
    found = format_review(review, "markdown")
    for stack in review.stacks:
        assert (
            f"`{stack.name}` refused, data of 1 resource at risk, 1 resource will be replaced"
            in found
        )
    review = handmade.huge(20)
    found = format_review(review, "markdown", limit=50_000)
    assert found.count("⛔ refused") == found.count("⚠️ broadened") == 1
    assert "<br>`backlog-proxy-efs-005`<br>and 14 more |" in found


def test_what_a_new_template_allows_is_folded() -> None:
    """The table in sight is about stacks that run; nobody had other powers in a new one."""
    text = format_review(handmade.everything(), "markdown")
    table, _, folded = text.partition("<details>")
    assert "may do more than before" in table
    assert "events may start what it targets" not in table
    assert "events may start what it targets" not in folded  # or it would be told twice
    assert "+ events.amazonaws.com · sqs:SendMessage" in folded
    assert "events-rule" in folded


def test_the_biggest_details_go_first() -> None:
    """A huge diff goes, and the small tables stay."""
    found = handmade.everything()
    diff = "\n".join(f"+line {number} {'x' * 60}" for number in range(300))
    stack = handmade.mirror()
    payload = stack.payloads[0]
    big = type(payload)(payload.name, payload.resource, payload.path, diff)
    stack = type(stack)(**{**vars(stack), "payloads": (big, payload)})
    found = type(found)(found.base, found.head, (stack, *found.stacks[1:]))
    text = format_review(found, "markdown", limit=15_000)
    assert "line 17" not in text
    assert "git push --prune" in text
    assert "_Did not fit into this comment: payloads._" in text
    assert "`Environment.EnvironmentVariables[CACHE].Value`" in text


def test_code_and_prose_say_what_they_are_given() -> None:
    """Plain names stay plain; what could be markup is written as entities."""
    assert code("Repository.Arn") == "`Repository.Arn`"
    assert code("a|b`") == "<code>a&#124;b&#96;</code>"
    assert code("") == ""
    assert code("a\nb") == "`a⏎b`"
    assert prose("- x") == "&#45; x"
    assert prose("1. x") == "&#49;. x"
    assert prose("<b>") == "&#60;b&#62;"
    assert prose("a-b: it's fine, see AWS::S3::Bucket") == "a-b: it's fine, see AWS::S3::Bucket"
    assert fenced("a\n````\nb", "diff") == "`````diff\na\n````\nb\n`````\n"


def test_the_diagram_shows_the_gravest_and_counts_the_rest() -> None:
    """A picture has so many nodes that one can see them, each with its own look."""
    found = picture(handmade.huge(10).stacks)
    assert len(found.nodes) == MAX_NODES
    assert found.rest == 70
    assert {node.style_class for node in found.nodes} == {"replaced", "refused"}
    text = mermaid(found)
    assert 'rest["and 70 more resources"]' in text
    assert mermaid(picture(handmade.everything().stacks[1:])) == ""
    assert mermaid(picture(handmade.everything().stacks)).count(" --> ") == 7


@pytest.mark.parametrize("text", handmade.HOSTILE)
def test_a_label_cannot_end_its_quotes(text: str) -> None:
    """Labels of a diagram are letters, harmless signs and entity codes."""
    assert re.fullmatch(r"(?:\w|[ :/-]|#\d+;)+", quoted(text))
    assert not re.match("[ :/-]", quoted(text))
