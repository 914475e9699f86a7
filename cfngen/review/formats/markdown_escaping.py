"""Markdown of GitHub and GitLab as a type: a text in it has no markup, no links, no mentions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TypeVar

from cfngen.escaping import escape_controls, escape_lines
from cfngen.review.formats.columns import clipped
from cfngen.review.formats.reasons import Reason
from cfngen.review.formats.written import Written

# What can begin markup, HTML, a table's cell or mathematics; and at the start, a list or a heading.
MARKUP = re.compile(r"[&<>`*_\[\]|\\~$]")
START = re.compile(r"[^\w\s&]|\d+(?=[.)])")
# What calls people (@me), links issues and the like (#1, !1, GH-1) or addresses (http://, www.).
CALLS = re.compile(r"([@#!%~&$^])(?=[\w\"])|(\bgh-)(?=\d)|(:)(?=//)|(\bwww)(?=\.)", re.IGNORECASE)
# HTML does not stop addresses from becoming links, as backticks would.
LINKS = re.compile(r"@(?=\w)|:(?=//)|\bwww(?=\.)", re.IGNORECASE)
SEPARATOR = "\u200b"  # a space of no width: what it parts is no longer recognised
# What may stand between backticks as it is; the rest is written as HTML.
PLAIN = re.compile(r"[^\s`|\\<>&]([^`|\\<>&]*[^\s`|\\<>&])?")
MAX_CODE = 200  # characters of a name or a value
MAX_PROSE, MAX_REASON = 1000, 400

Line = TypeVar("Line", bound=str)


class Markdown(Written):
    """Markdown, in which a text stands as prose; `code` and `fenced` make code of one."""

    __slots__ = ()

    @classmethod
    def escaped(cls, text: str) -> str:
        """Return a text without any markup."""
        return prose(text)


def prose(text: str, max_length: int = MAX_PROSE) -> Markdown:
    """Return a text without any markup, for a paragraph, a cell or HTML."""
    clipped_text = clipped(escape_controls(text).strip(), max_length)
    clipped_text = _entities(_separated(CALLS, clipped_text))
    if START.match(clipped_text):
        clipped_text = START.sub(_entity, clipped_text, count=1)
    return Markdown(clipped_text)


def code(text: str, max_length: int = MAX_CODE) -> Markdown:
    """Return a name or a value as code, for a paragraph or a cell; empty for an empty one."""
    clipped_text = clipped(escape_controls(text), max_length)
    if PLAIN.fullmatch(clipped_text):
        return Markdown(f"`{clipped_text}`")
    return folded_code(clipped_text, max_length)


def folded_code(text: str, max_length: int = MAX_CODE) -> Markdown:
    """Return a name or a value as code where HTML stands, as in a `<summary>`."""
    clipped_text = clipped(escape_controls(text), max_length)
    inner = _entities(_separated(LINKS, clipped_text))
    return Markdown(f"<code>{inner}</code>" if inner else "")


def fenced(text: str, language: str) -> Markdown:
    """Return lines as a block of code, within a fence that they cannot close."""
    body = "\n".join(escape_lines(text))
    runs = [len(run) for run in re.findall("`+", body)]
    fence = "`" * max(3, *(run + 1 for run in runs)) if runs else "```"
    return Markdown(f"{fence}{language}\n{body}\n{fence}\n")


def linked(reason: Reason) -> Markdown:
    """Return a reason with a link to its page."""
    sentence = prose(reason.text, MAX_REASON)
    # A page is one of AWS's own, and nothing in its address is markup.
    link = Markdown(f"[{reason.title}]({reason.page})" if reason.page else "")
    return Markdown(": ").join(filter(None, (sentence, link)))


def joined(parts: Iterable[str], separator: str = "") -> Markdown:
    """Return parts as markdown, one after the other."""
    return Markdown(separator).join(parts)


def units(text: str) -> int:
    """Return the length of a text in UTF-16 code units, as browsers count."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def cut_lines(lines: Sequence[Line], available: int) -> list[Line]:
    """Return as many of the first lines as fit into some characters, with their ends."""
    kept = []
    for line in lines:
        available -= units(line) + 1
        if available < 0:
            break
        kept.append(line)
    return kept


def _separated(what: re.Pattern[str], text: str) -> str:
    return what.sub(lambda match: match[0] + SEPARATOR, text)


def _entities(text: str) -> str:
    return MARKUP.sub(_entity, text)


def _entity(match: re.Match[str]) -> str:
    return "".join(f"&#{ord(character)};" for character in match[0])
