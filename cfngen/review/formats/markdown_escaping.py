"""Text of strangers in GitHub's and GitLab's markdown: no markup, no link, nobody is called."""

from __future__ import annotations

import re
from collections.abc import Sequence

from cfngen.review.formats.columns import clipped, visible, visible_lines

# What can begin markup, HTML, a table's cell or mathematics; and at the start, a list or a heading.
MARKUP = re.compile(r"[&<>`*_\[\]|\\~$]")
START = re.compile(r"[^\w\s&]|\d+(?=[.)])")
# What calls people (@me), links issues and the like (#1, !1, GH-1) or addresses (http://, www.).
CALLS = re.compile(r"([@#!%~&$^])(?=[\w\"])|(\bgh-)(?=\d)|(:)(?=//)|(\bwww)(?=\.)", re.IGNORECASE)
# HTML does not stop addresses from becoming links, as backticks would.
LINKS = re.compile(r"@(?=\w)|:(?=//)|\bwww(?=\.)", re.IGNORECASE)
APART = "\u200b"  # a space of no width: what it parts is no longer recognised
# What may stand between backticks as it is; the rest is written as HTML.
PLAIN = re.compile(r"[^\s`|\\<>&]([^`|\\<>&]*[^\s`|\\<>&])?")
MOST = 200  # characters of a name or a value


def prose(text: str, most: int = 1000) -> str:
    """Return a text in which nothing is markup, for a paragraph, a cell or HTML."""
    told = clipped(visible(text).strip(), most)
    told = _entities(_apart(CALLS, told))
    return START.sub(_entity, told, count=1) if START.match(told) else told


def code(text: str, most: int = MOST) -> str:
    """Return a name or a value as code, for a paragraph or a cell; nothing for nothing."""
    told = clipped(visible(text), most)
    return f"`{told}`" if PLAIN.fullmatch(told) else folded_code(told, most)


def folded_code(text: str, most: int = MOST) -> str:
    """Return a name or a value as code where HTML stands, as in a `<summary>`."""
    told = clipped(visible(text), most)
    return f"<code>{_entities(_apart(LINKS, told))}</code>" if told else ""


def fenced(text: str, language: str) -> str:
    """Return lines as a block of code, within a fence that they cannot end."""
    body = "\n".join(visible_lines(text))
    runs = [len(run) for run in re.findall("`+", body)]
    fence = "`" * max(3, *(run + 1 for run in runs)) if runs else "```"
    return f"{fence}{language}\n{body}\n{fence}\n"


def units(text: str) -> int:
    """Return how long a text is where characters beyond 16 bits count twice, as in a browser."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def cut_lines(lines: Sequence[str], room: int) -> list[str]:
    """Return as many of the first lines as there is room for, with their ends."""
    kept = []
    for line in lines:
        room -= units(line) + 1
        if room < 0:
            break
        kept.append(line)
    return kept


def _apart(what: re.Pattern[str], text: str) -> str:
    return what.sub(lambda match: match[0] + APART, text)


def _entities(text: str) -> str:
    return MARKUP.sub(_entity, text)


def _entity(match: re.Match[str]) -> str:
    return "".join(f"&#{ord(character)};" for character in match[0])
