"""Makes untrusted text safe to print: control characters and log commands are spelled out."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

# What a terminal obeys, what turns text around, what is not seen, and what UTF-8 cannot hold.
INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\xa0\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u2000-\u200f\u2028-\u202f\u205f-\u206f\u2800\u3000\u3164\ufe00-\ufe0f\ufeff\uffa0"
    "\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e0fff]"
)
# What the log of a CI system obeys: `::error::` where a line or a word begins, as GitHub has it,
# and its `##[error]`, Azure's `##vso[` and `##teamcity[` anywhere.
LOG_COMMANDS = re.compile(r"(?<!\S)::(?=[A-Za-z][^\n]*?::)|##(?=(?:vso|teamcity)?\[)")


def escape_controls(text: str) -> str:
    """Return a text on one line in which nothing is hidden: control characters are spelled out."""
    if text.isascii() and text.isprintable():  # as nearly every text is
        return escape_log_commands(text)
    return escape_line(text.replace("\n", "⏎").replace("\t", "⇥"))


def escape_line(text: str) -> str:
    """Return a line in which control characters and orders are spelled out, save tabs."""
    text = INVISIBLE.sub(lambda match: match[0].encode("unicode-escape").decode("ascii"), text)
    return escape_log_commands(text)


def escape_log_commands(text: str) -> str:
    """Return a line that no log takes for an order: the first sign of each is spelled out."""
    if "::" not in text and "##" not in text:
        return text
    return LOG_COMMANDS.sub(lambda match: f"\\x{ord(match[0][0]):02x}{match[0][1:]}", text)


def escape_lines(text: str) -> list[str]:
    """Return the lines of a text, such as a diff, each one visible."""
    return [escape_line(line) for line in text.rstrip("\n").split("\n")]


def as_json(value: Any) -> str:
    """Return data as indented JSON in which nothing is hidden, and that means the same."""
    import json  # `--help` does without

    return escape_json(json.dumps(value, indent=2, ensure_ascii=False, default=str)) + "\n"


def escape_json(text: str) -> str:
    """Return JSON in which nothing is hidden, and that means the same."""
    return _escaped(text, _in_json)


def escape_xml(text: str) -> str:
    """Return XML with what is hidden in it, or an order, as references, so that it means the same.

    Args:
        text: the document; what XML cannot hold at all is not in it.
    """
    return _escaped(text, lambda sign: f"&#x{ord(sign):x};")


def _escaped(text: str, escape: Callable[[str], str]) -> str:
    text = INVISIBLE.sub(lambda match: escape(match[0]), text)
    return LOG_COMMANDS.sub(lambda match: escape(match[0][0]) + match[0][1:], text)


def _in_json(sign: str) -> str:
    if ord(sign) < 0x10000:
        return f"\\u{ord(sign):04x}"
    above = ord(sign) - 0x10000  # in two halves
    return f"\\u{0xD800 + (above >> 10):04x}\\u{0xDC00 + (above & 0x3FF):04x}"
