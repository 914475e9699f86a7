"""A review as text, markdown, JSON, SARIF or HTML: pure functions from values to text."""

from __future__ import annotations

from collections.abc import Callable

from cfngen.review.model import Review

FORMATS = ("text", "markdown", "json", "sarif", "html")
GITHUB = 65_536  # characters that a comment may have there


def plain(text: str, **_style: object) -> str:
    """Return a text unchanged: the style without colours."""
    return text


def format_review(
    review: Review,
    output_format: str,
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
        output_format: the name of the format.
        style: a function such as `click.style(text, fg=..., bold=...)`, for `text`.
        limit: characters that `markdown` stays below.
        width: columns of the terminal, for `text`.
        version: of cfngen, for `sarif`.
        details: whether `text` shows everything that changes, in templates without a finding too.
    """
    # Each format is imported when it is asked for.
    if output_format == "text":
        from cfngen.review.formats.text import as_text

        return as_text(review, style, width, details=details)
    if output_format == "markdown":
        from cfngen.review.formats.markdown import as_markdown

        return as_markdown(review, limit)
    if output_format == "json":
        from cfngen.review.formats.json import as_json

        return as_json(review)
    if output_format == "sarif":
        from cfngen.review.formats.sarif import as_sarif

        return as_sarif(review, version)
    if output_format == "html":
        from cfngen.review.formats.html import as_html

        return as_html(review)
    msg = f"no format {output_format!r}; there are {', '.join(FORMATS)}"
    raise ValueError(msg)
