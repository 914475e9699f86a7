"""A review as text, markdown, JSON, SARIF or HTML: pure functions from values to text."""

from __future__ import annotations

from collections.abc import Callable

from cfngen.review.model import Review

FORMATS = ("text", "markdown", "json", "sarif", "html")
GITHUB = 65_536  # characters that a comment may have there


def plain(text: str, **_how: object) -> str:
    """Return a text without colours: the style of what is no terminal."""
    return text


def printed(
    review: Review,
    form: str,
    style: Callable[..., str] = plain,
    *,
    limit: int = GITHUB,
    width: int = 100,
    version: str = "",
    details: bool = False,
) -> str:
    """Return a review in one of `FORMATS`.

    Args:
        review: what to print.
        form: the name of the format.
        style: a function such as `click.style(text, fg=..., bold=...)`, for `text`.
        limit: characters that `markdown` stays below.
        width: columns of the terminal, for `text`.
        version: of cfngen, for `sarif`.
        details: whether `text` tells everything that changes, in templates without a finding too.
    """
    # Each format is imported when it is asked for.
    if form == "text":
        from cfngen.review.formats.text import as_text

        return as_text(review, style, width, details=details)
    if form == "markdown":
        from cfngen.review.formats.markdown import as_markdown

        return as_markdown(review, limit)
    if form == "json":
        from cfngen.review.formats.json import as_json

        return as_json(review)
    if form == "sarif":
        from cfngen.review.formats.sarif import as_sarif

        return as_sarif(review, version)
    if form == "html":
        from cfngen.review.formats.html import as_html

        return as_html(review)
    msg = f"no format {form!r}; there are {', '.join(FORMATS)}"
    raise ValueError(msg)
