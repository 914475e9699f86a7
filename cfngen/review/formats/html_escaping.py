"""HTML as a type: every text in it is escaped, and nothing in it is hidden."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from html import escape
from importlib.resources import files

from cfngen.escaping import escape_controls, escape_line
from cfngen.review.formats.written import Written

MAX_SHORT = 80  # characters of a text that is likely to come again, as names and types do


class Html(Written):
    """HTML, in which a text stands on one line, or as the value of an attribute in quotes.

    >>> Html("<p>%s</p>") % "<script>"
    '<p>&lt;script&gt;</p>'
    """

    __slots__ = ()

    @classmethod
    def escaped(cls, text: str) -> str:
        """Return a text escaped for HTML and quoted attributes."""
        return _escaped_short(text) if len(text) < MAX_SHORT else _escaped(text)


def _escaped(text: str) -> str:
    return escape(escape_controls(text))


_escaped_short = lru_cache(maxsize=4096)(_escaped)


def line(text: str, css_class: str) -> Html:
    """Return a line of a diff as HTML, with its tabs."""
    attribute = f' class="{css_class}"' if css_class else ""
    return Html(f"<span{attribute}>{escape(escape_line(text))}</span>")


def joined(parts: Iterable[str], separator: str = "") -> Html:
    """Return parts as HTML, one after the other."""
    return Html(separator).join(parts)


def tag(name: str, content: str, class_: str = "", **attributes: str) -> Html:
    """Return something within a tag."""
    start = f'{name} class="{Html.escaped(class_)}"' if class_ else name
    for key, text in attributes.items():
        start += f' {key}="{Html.escaped(text)}"'
    inner = content if isinstance(content, Html) else Html.escaped(content)
    return Html(f"<{start}>{inner}</{name}>")


def shipped(name: str) -> Html:
    """Return a file that comes with cfngen, as it is."""
    return Html(files("cfngen.review.formats").joinpath(name).read_text(encoding="utf-8"))
