"""Untrusted text in GitHub's and GitLab's markdown: no markup, no links, no mentions."""

from __future__ import annotations

import re
from collections.abc import Sequence

from cfngen.escaping import escape_controls, escape_lines
from cfngen.review.formats.columns import clipped

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


def prose(text: str, max_length: int = 1000) -> str:
    """Return a text without any markup, for a paragraph, a cell or HTML."""
    clipped_text = clipped(escape_controls(text).strip(), max_length)
    clipped_text = _entities(_separated(CALLS, clipped_text))
    return START.sub(_entity, clipped_text, count=1) if START.match(clipped_text) else clipped_text


def code(text: str, max_length: int = MAX_CODE) -> str:
    """Return a name or a value as code, for a paragraph or a cell; empty for an empty one."""
    clipped_text = clipped(escape_controls(text), max_length)
    return (
        f"`{clipped_text}`"
        if PLAIN.fullmatch(clipped_text)
        else folded_code(clipped_text, max_length)
    )


def folded_code(text: str, max_length: int = MAX_CODE) -> str:
    """Return a name or a value as code where HTML stands, as in a `<summary>`."""
    clipped_text = clipped(escape_controls(text), max_length)
    return f"<code>{_entities(_separated(LINKS, clipped_text))}</code>" if clipped_text else ""


def fenced(text: str, language: str) -> str:
    """Return lines as a block of code, within a fence that they cannot close."""
    body = "\n".join(escape_lines(text))
    runs = [len(run) for run in re.findall("`+", body)]
    fence = "`" * max(3, *(run + 1 for run in runs)) if runs else "```"
    return f"{fence}{language}\n{body}\n{fence}\n"


def units(text: str) -> int:
    """Return the length of a text in UTF-16 code units, as browsers count."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def cut_lines(lines: Sequence[str], available: int) -> list[str]:
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
