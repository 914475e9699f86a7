"""A template as YAML that a reviewer can read."""

from __future__ import annotations

import json
import math
import re
from typing import Any

from cfngen.cloudformation.document import Document
from cfngen.cloudformation.read import read
from cfngen.errors import RenderError

Path = tuple[str | int, ...]

# The order a reviewer reads in, by place; keys not named keep the author's order, after these.
SECTIONS = (
    "AWSTemplateFormatVersion", "Transform", "Description", "Metadata", "Parameters",
    "Rules", "Mappings", "Conditions", "Resources", "Outputs",
)  # fmt: skip
THINGS = {
    "Parameters": ("Type", "Description", "Default", "NoEcho", "AllowedValues", "AllowedPattern"),
    "Resources": (
        "Type", "Condition", "DependsOn", "CreationPolicy", "DeletionPolicy",
        "UpdateReplacePolicy", "UpdatePolicy", "Metadata", "Properties",
    ),
    "Outputs": ("Description", "Condition", "Value", "Export"),
}  # fmt: skip
POLICY = ("Version", "Id", "Statement")
STATEMENT = (
    "Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction",
    "Resource", "NotResource", "Condition",
)  # fmt: skip
# Sections whose things stand apart, a blank line between.
APART = ("Parameters", "Rules", "Resources", "Outputs")

# Functions whose short tag AWS's reference shows for text or a list. It has none for `Fn::Length`,
# `Fn::ToJsonString`, `Fn::ForEach` or those of rules; `Fn::Transform` and `Fn::GetStackOutput`
# take a mapping.
SHORT = {
    f"Fn::{name}"
    for name in (
        "And", "Base64", "Cidr", "Equals", "FindInMap", "GetAZs", "If",
        "ImportValue", "Join", "Not", "Or", "Select", "Split", "Sub",
    )
}  # fmt: skip
WIDTH = 100  # arguments stand on one line up to this column ...
DEPTH = 2  # ... and up to this many lists inside each other

# What every reader of YAML takes as it stands, save what turns text around or is not seen at all;
# anything else is escaped. Blanks and signs that only shape others are left.
UNPRINTABLE = re.compile(
    "[^\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
    "|[\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u2800\u3164\uffa0\U000e0000-\U000e0fff]"
)
# Printable text that is read as text without quotes, unless it is ambiguous.
PLAIN = re.compile(
    r"(?!---|\.\.\.|-(?: |\Z))[^\s?:,\[\]{}#&*!|>'\"%@`](?:[^:#]|:(?! |\Z)|(?<! )#)*"
)
# What some reader, of whichever version of YAML, takes for a number, a date, a word of its own.
AMBIGUOUS = re.compile(
    r"[-+]?\.?[0-9][0-9a-foxtz_.,: +-]*|[-+]?\.(?:inf|nan)"
    r"|y|n|yes|no|on|off|true|false|null|none|~|=|<<",
    re.IGNORECASE,
)


def render(document: Document) -> str:
    """Return a template as YAML, read back and compared with what was meant.

    Raises:
        RenderError: something in it has no YAML that means the same; says where.
    """
    body = document.body
    if not isinstance(body, dict):
        raise RenderError(f"a template is a mapping, not {type(body).__name__}")
    page = _Page(document.comments)
    lines = page.above((), 0) + (page.mapping(body, (), 0) or ["{}"])
    text = "\n".join(lines) + "\n"
    place = _difference(body, read(text), ())
    if place is not None:
        raise RenderError(f"{_name(place)}: the YAML would not read back as what was meant")
    return text


class _Page:
    """Writes the lines of a template, with the comments that stand between them."""

    def __init__(self, comments: dict[Path, str]) -> None:
        self.comments = comments
        # Places that have a comment or have one inside: it needs a line of its own.
        self.commented = {path[:n] for path in comments for n in range(len(path) + 1)}

    def mapping(self, value: dict[Any, Any], path: Path, indent: int) -> list[str]:
        lines: list[str] = []
        apart = len(path) == 1 and path[0] in APART
        for key in _ordered(value, path):
            if lines and (apart or (not path and isinstance(value[key], dict))):
                lines.append("")
            here = (*path, key)
            lines += self.above(here, indent)
            lines += self.value(f"{' ' * indent}{_key(key, here)}:", value[key], here, indent)
        return lines

    def sequence(self, value: list[Any], path: Path, indent: int) -> list[str]:
        lines: list[str] = []
        pad = " " * indent
        for number, item in enumerate(value):
            here = (*path, number)
            lines += self.above(here, indent)
            if not item or not isinstance(item, (dict, list)) or self.tag(item, here):
                lines += self.value(f"{pad}-", item, here, indent)
                continue
            # A mapping or list begins on the line of its dash; comments that it begins with
            # would come between the two, so they move above the dash.
            if isinstance(item, dict):
                inner = self.mapping(item, here, indent + 2)
            else:
                inner = self.sequence(item, here, indent + 2)
            first = next(i for i, line in enumerate(inner) if not line.lstrip().startswith("#"))
            lines += [pad + line.lstrip() for line in inner[:first]]
            lines += [f"{pad}- {inner[first].lstrip()}", *inner[first + 1 :]]
        return lines

    def value(self, lead: str, value: Any, path: Path, indent: int) -> list[str]:
        """Return `lead` and a value: on the same line if it fits there, indented below if not."""
        if function := self.tag(value, path):
            value, path = _argument(value, function), (*path, function)
            lead += f" !{function.removeprefix('Fn::')}"
            line = _one_line(value, path) if isinstance(value, list) else ""
            if line and len(lead) + 1 + len(line) <= WIDTH:
                return [f"{lead} {line}"]
        if isinstance(value, dict) and value:
            return [lead, *self.mapping(value, path, indent + 2)]
        if isinstance(value, list) and value:
            if all(type(item) is int for item in value) and path not in self.commented:
                return [f"{lead} {value}"]  # numbers read well side by side
            return [lead, *self.sequence(value, path, indent + 2)]
        if isinstance(value, str) and (block := _block(value, indent + 2)):
            return [f"{lead} {block[0]}", *block[1:]]
        return [f"{lead} {_scalar(value, path)}"]

    def tag(self, value: Any, path: Path) -> str:
        """Return the name of a function to be written as a short tag."""
        function = _function(value, path)
        return "" if (*path, function) in self.commented else function

    def above(self, path: Path, indent: int) -> list[str]:
        """Return the lines of the comment above a place."""
        lines = self.comments.get(path, "").strip().splitlines()
        return [f"{' ' * indent}# {UNPRINTABLE.sub(' ', line)}".rstrip() for line in lines]


def _ordered(value: dict[Any, Any], path: Path) -> list[Any]:
    """Return the keys in reading order for this place, the author's order otherwise."""
    order: tuple[str, ...] = ()
    if not path:
        order = SECTIONS
    elif len(path) == 2:
        order = THINGS.get(str(path[0]), ())
    elif "Version" in value and "Statement" in value:
        order = POLICY
    elif "Effect" in value and "Statement" in path[-2:]:
        order = STATEMENT
    return [k for k in order if k in value] + [k for k in value if k not in order]


def _function(value: Any, path: Path) -> str:
    """Return the name of the function if `value` is one that loses nothing as a short tag.

    Its argument must be text or a list: YAML has no tag right inside a tag, and gives back every
    other scalar behind a tag as text.
    """
    if not isinstance(value, dict) or len(value) != 1:
        return ""
    ((name, argument),) = value.items()
    if name == "Ref" or (name == "Condition" and path[0] == "Conditions"):
        short = isinstance(argument, str)
    elif name == "Fn::GetAtt":  # the tag takes one text, which is split at its first dot
        short = (
            isinstance(argument, list)
            and [isinstance(part, str) for part in argument] == [True, True]
            and "." not in argument[0]
        )
    else:
        short = name in SHORT and isinstance(argument, (str, list))
    return str(name) if short else ""


def _argument(value: dict[str, Any], function: str) -> Any:
    argument = value[function]
    return ".".join(argument) if function == "Fn::GetAtt" else argument


def _one_line(value: Any, path: Path, depth: int = DEPTH) -> str:
    """Return a value as it stands between brackets, or nothing if it needs lines of its own."""
    if function := _function(value, path):
        line = _one_line(_argument(value, function), (*path, function), depth)
        return line and f"!{function.removeprefix('Fn::')} {line}"
    if isinstance(value, list) and value:
        lines = [_one_line(item, (*path, i), depth - 1) for i, item in enumerate(value) if depth]
        return f"[{', '.join(lines)}]" if lines and all(lines) else ""
    if (isinstance(value, dict) and value) or (isinstance(value, str) and "\n" in value):
        return ""
    return _scalar(value, path, flow=True)


def _key(key: Any, path: Path) -> str:
    if not isinstance(key, str):
        raise RenderError(f"{_name(path)}: a key must be text, not {type(key).__name__}")
    written = _text(key, path)
    if len(written) > 1024:
        raise RenderError(
            f"{_name(path[:-1])}: a key of {len(key):,} characters, {len(written):,} as YAML"
            " writes it; YAML takes 1,024"
        )
    return written


def _scalar(value: Any, path: Path, *, flow: bool = False) -> str:
    """Return a value that stands on one line; `flow` if it stands between brackets."""
    if isinstance(value, str):
        return _text(value, path, flow=flow)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(int(value))
    if isinstance(value, float) and math.isfinite(value):
        text = repr(float(value))
        return text if "." in text else text.replace("e", ".0e")  # YAML 1.1 wants the dot
    if isinstance(value, (dict, list)):
        return "{}" if isinstance(value, dict) else "[]"
    if value is None:
        raise RenderError(f"{_name(path)}: no value; leave it out, or use Ref AWS::NoValue")
    what = str(value) if isinstance(value, float) else f"a {type(value).__name__}"
    raise RenderError(
        f"{_name(path)}: {what}; a template holds text, finite numbers, booleans, lists, mappings"
    )


def _text(text: str, path: Path, *, flow: bool = False) -> str:
    """Return text plain, in single or in double quotes: the first that reads back the same."""
    text = str.__str__(text)  # without the ways of a subclass
    if not UNPRINTABLE.search(text):
        plain = PLAIN.fullmatch(text) and not (text[-1].isspace() or AMBIGUOUS.fullmatch(text))
        if plain and not (flow and re.search(r"[,?\[\]{}]", text)):
            return text
        if "'" in text and not re.search(r'["\\]', text):
            return f'"{text}"'
        return "'" + text.replace("'", "''") + "'"
    if re.search("[\ud800-\udfff]", text):
        raise RenderError(f"{_name(path)}: half a surrogate pair, which no UTF-8 file can hold")
    escaped = json.dumps(text, ensure_ascii=False)  # what JSON escapes, it escapes as YAML does
    return UNPRINTABLE.sub(_escape, escaped)


def _escape(match: re.Match[str]) -> str:
    number = ord(match[0])
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


def _block(text: str, indent: int) -> list[str]:
    """Return the lines of a `|` block, or nothing if it would not show all there is."""
    lines = text.removesuffix("\n").split("\n")
    if "\n" not in text or not lines[-1]:
        return []
    if any(line.endswith(" ") or UNPRINTABLE.search(line) for line in lines):
        return []
    # A reader takes the first line for how far the block is indented: say it where that misleads.
    indented = "2" if text[0] in " \n" else ""
    head = f"|{indented}" if text.endswith("\n") else f"|{indented}-"
    return [head, *(" " * indent + line if line else "" for line in lines)]


def _name(path: Path) -> str:
    """Return a place as messages name it."""
    name = ".".join(str(step) for step in path) or "the template"
    return name.encode("utf-8", "backslashreplace").decode("utf-8")


def _difference(meant: Any, got: Any, path: Path) -> Path | None:
    """Return the first place that differs in value or type."""
    if isinstance(meant, dict):
        if not isinstance(got, dict) or set(meant) != set(got):
            return path
        pairs = [(key, meant[key], got[key]) for key in meant]
    elif isinstance(meant, list):
        if not isinstance(got, list) or len(meant) != len(got):
            return path
        pairs = [(i, *pair) for i, pair in enumerate(zip(meant, got, strict=True))]
    else:
        kind = next(kind for kind in (str, bool, int, float, object) if isinstance(meant, kind))
        return None if type(got) is kind and meant == got else path
    places = (_difference(first, other, (*path, step)) for step, first, other in pairs)
    return next((place for place in places if place is not None), None)
