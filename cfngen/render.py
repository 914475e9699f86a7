"""A template as YAML that a reviewer can read."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from functools import lru_cache
from io import StringIO
from typing import Any

import yaml
from yaml.emitter import Emitter
from yaml.nodes import MappingNode, ScalarNode, SequenceNode
from yaml.resolver import Resolver

from cfngen.errors import RenderError
from cfngen.template import Document

Path = tuple[str | int, ...]

# The order a reviewer reads in, by place; keys not named keep the author's order, after these.
RESOURCE = (
    "Type", "Condition", "DependsOn", "CreationPolicy", "DeletionPolicy",
    "UpdateReplacePolicy", "UpdatePolicy", "Metadata", "Properties",
)  # fmt: skip
PARAMETER = ("Type", "Description", "Default", "NoEcho", "AllowedValues", "AllowedPattern")
OUTPUT = ("Description", "Condition", "Value", "Export")
POLICY = ("Version", "Id", "Statement")
STATEMENT = (
    "Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction",
    "Resource", "NotResource", "Condition",
)  # fmt: skip

# Functions with a short tag. GetStackOutput, Transform and ForEach stay in the long form:
# CloudFormation forbids, or does not know, the short one where they are used.
TAGS = {
    f"Fn::{name}": f"!{name}"
    for name in (
        "And", "Base64", "Cidr", "Contains", "Equals", "FindInMap", "GetAZs", "If",
        "ImportValue", "Join", "Length", "Not", "Or", "Select", "Split", "Sub", "ToJsonString",
    )
}  # fmt: skip
LOGICAL_ID = re.compile(r"[A-Za-z0-9]+\Z")
# What some reader of YAML, of whichever version, takes for something else than text.
AMBIGUOUS = re.compile(
    r"[-+.]?[0-9][0-9a-fA-FxXoO_.,:eE+-]*\Z|0[xob][0-9a-fA-F_]+\Z|[-+]?\.(inf|nan)\Z"
    r"|(y|n|yes|no|on|off|true|false|null|none|~)\Z|[=<]",
    re.IGNORECASE,
)


def render(document: Document, header: str = "") -> str:
    """Return the template as YAML, read back and compared with what was meant.

    Args:
        document: the template as plain data.
        header: one comment line for the top, without `#`.

    Raises:
        RenderError: something in it has no YAML that means the same; says where.
    """
    body = document.body
    if not isinstance(body, dict):
        raise RenderError(f"a template is a mapping, not {type(body).__name__}")
    lines = [f"# {header}"] if header else []
    for number, (section, content) in enumerate(body.items()):
        if isinstance(content, dict) and content and number:
            lines.append("")
        lines += _entry(section, content, (), 0, document.comments)
    text = "\n".join(lines) + "\n" if lines else "{}\n"
    if difference := _difference(body, read(text), ()):
        raise RenderError(f"{difference}: the YAML would not read back as what was meant")
    return text


def read(text: str) -> Any:
    """Return a CloudFormation template as plain data, short tags turned into long functions.

    Raises:
        RenderError: the text is not YAML, or repeats a key.
    """
    try:
        return yaml.load(text, Loader=_Reader)  # noqa: S506 - a SafeLoader that knows tags
    except yaml.YAMLError as error:
        raise RenderError(f"not YAML: {error}") from None


# --- structure ---------------------------------------------------------------------------------


def _entry(key: Any, value: Any, path: Path, indent: int, comments: dict[Path, str]) -> list[str]:
    """Return the lines of `key: value`."""
    here = (*path, key)
    if not isinstance(key, str):
        raise RenderError(f"{_place(here)}: a key must be text, not {type(key).__name__}")
    pad = " " * indent
    name = _inline(key, here)
    if len(name) > 1000:  # YAML ends a simple key at 1,024 characters
        raise RenderError(f"{_place(path)}: a key of {len(key)} characters; at most 1,000")
    return _comment(here, pad, comments) + _value(f"{pad}{name}:", value, here, indent, comments)


def _item(value: Any, path: Path, indent: int, comments: dict[Path, str]) -> list[str]:
    """Return the lines of `- value`; a mapping begins on the line of its dash."""
    pad = " " * indent
    comment = _comment(path, pad, comments)
    if not (isinstance(value, dict) and value) or _function(value):
        return comment + _value(f"{pad}-", value, path, indent, comments)
    lines = _mapping(value, path, indent + 2, comments)
    # A comment above the first key would stand between the dash and its mapping.
    first = next(i for i, line in enumerate(lines) if not line.lstrip().startswith("# "))
    lines[first] = f"{pad}- {lines[first][indent + 2 :]}"
    return comment + lines


def _value(
    lead: str, value: Any, path: Path, indent: int, comments: dict[Path, str], tag: str = ""
) -> list[str]:
    """Return `lead` followed by a value, on its line or indented below it."""
    head = f"{lead} {tag}" if tag else lead
    if function := ("" if tag else _function(value)):
        argument = value[function]
        if function == "Fn::GetAtt":
            argument = ".".join(argument)
        return _value(lead, argument, (*path, function), indent, comments, _tag(function))
    if isinstance(value, dict) and value:
        return [head, *_mapping(value, path, indent + 2, comments)]
    if isinstance(value, list) and value:
        if tag and _is_plain_list(value, path):
            return [f"{head} [{', '.join(_flow(item, path) for item in value)}]"]
        lines = [head]
        for number, item in enumerate(value):
            lines += _item(item, (*path, number), indent + 2, comments)
        return lines
    if isinstance(value, str) and "\n" in value and _is_block(value):
        return [f"{head} {line}" if i == 0 else line for i, line in _block(value, indent + 2)]
    return [f"{head} {_scalar(value, path)}"]


def _mapping(
    value: dict[Any, Any], path: Path, indent: int, comments: dict[Path, str]
) -> list[str]:
    lines: list[str] = []
    # The things of a section stand apart; so does what has a comment inside.
    apart = len(path) == 1 and path[0] in ("Parameters", "Resources", "Outputs", "Rules")
    for number, key in enumerate(_ordered(value, path)):
        if apart and number:
            lines.append("")
        lines += _entry(key, value[key], path, indent, comments)
    return lines


def _ordered(value: dict[Any, Any], path: Path) -> list[Any]:
    """Return the keys in reading order for this place, the author's order otherwise."""
    order: tuple[str, ...] = ()
    if len(path) == 2:
        order = {"Resources": RESOURCE, "Parameters": PARAMETER, "Outputs": OUTPUT}.get(
            str(path[0]), ()
        )
    elif "Statement" in value and "Version" in value:
        order = POLICY
    elif "Effect" in value and "Statement" in path[-2:]:
        order = STATEMENT
    return [k for k in order if k in value] + [k for k in value if k not in order]


def _comment(path: Path, pad: str, comments: dict[Path, str]) -> list[str]:
    text = comments.get(path, "")
    return [f"{pad}# {line}".rstrip() for line in text.splitlines()]


# --- functions ---------------------------------------------------------------------------------


def _function(value: Any) -> str:
    """Return the name of the function if this is one that can be written as a short tag."""
    if not isinstance(value, dict) or len(value) != 1:
        return ""
    (name,) = value
    argument = value[name]
    if name in ("Ref", "Condition"):
        return name if isinstance(argument, str) and "\n" not in argument else ""
    if name == "Fn::GetAtt":
        simple = isinstance(argument, list) and len(argument) == 2
        if simple and all(isinstance(part, str) and part for part in argument):
            resource, attribute = argument
            return name if LOGICAL_ID.match(resource) and "\n" not in attribute else ""
        return ""
    if name not in TAGS:
        return ""
    # A tag cannot stand directly inside a tag, and YAML gives every tagged scalar back as text.
    return name if isinstance(argument, (str, list)) or _is_map(argument) else ""


def _is_map(argument: Any) -> bool:
    return isinstance(argument, dict) and not _function(argument)


def _tag(function: str) -> str:
    return TAGS.get(function) or "!" + function.removeprefix("Fn::")


def _is_plain_list(value: list[Any], path: Path) -> bool:
    """Whether a function's arguments are short enough in kind for one line."""
    if path[-1] in ("Fn::Sub", "Fn::If"):
        return all(not isinstance(item, (dict, list)) or _function(item) for item in value) and (
            all(not isinstance(item, str) or "\n" not in item for item in value)
            and all(_is_plain(item) for item in value)
        )
    return all(_is_plain(item) for item in value)


def _is_plain(item: Any) -> bool:
    if isinstance(item, list):
        return bool(item) and all(_is_plain(i) and not isinstance(i, list) for i in item)
    if isinstance(item, dict):
        function = _function(item)
        return function in ("Ref", "Condition", "Fn::GetAtt", "Fn::GetAZs") and not isinstance(
            item[function], dict
        )
    return not (isinstance(item, str) and "\n" in item)


def _flow(item: Any, path: Path) -> str:
    """Return an item of a list written on one line."""
    if isinstance(item, list):
        return f"[{', '.join(_flow(i, path) for i in item)}]"
    if isinstance(item, dict):
        (name,) = item
        argument = ".".join(item[name]) if name == "Fn::GetAtt" else item[name]
        return f"{_tag(name)} {_inline(argument, path, flow=True)}"
    return _inline(item, path, flow=True) if isinstance(item, str) else _scalar(item, path)


# --- scalars -----------------------------------------------------------------------------------


def _scalar(value: Any, path: Path) -> str:
    """Return a value that stands on one line."""
    if isinstance(value, str):
        return _inline(value, path)
    if value is True or value is False:
        return "true" if value else "false"
    if isinstance(value, int):
        return str(int(value))
    if isinstance(value, float) and math.isfinite(value):
        text = repr(value).lower()
        # YAML 1.1 reads 1e+16 as text; it wants the dot.
        return text if "." in text else text.replace("e", ".0e")
    if value == {} and isinstance(value, dict):
        return "{}"
    if value == [] and isinstance(value, list):
        return "[]"
    what = "null" if value is None else repr(value)[:80]
    raise RenderError(f"{_place(path)}: {what}: CloudFormation has no such value")


def _inline(text: str, path: Path, *, flow: bool = False) -> str:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise RenderError(f"{_place(path)}: a lone surrogate, which UTF-8 cannot hold") from None
    return _quoted(str(text), flow)


@lru_cache(maxsize=4096)
def _quoted(text: str, flow: bool) -> str:
    """Return text plain, single-quoted or double-quoted: the first that reads back the same."""
    look = Emitter(StringIO(), allow_unicode=True).analyze_scalar(text)
    allowed = look.allow_flow_plain if flow else look.allow_block_plain
    if allowed and not look.multiline and _RESOLVER.resolve(ScalarNode, text, (True, False)) == (
        "tag:yaml.org,2002:str"
    ):
        if not AMBIGUOUS.match(text):
            return text
    if look.allow_single_quoted and not look.multiline:
        return "'" + text.replace("'", "''") + "'"
    out = StringIO()
    emitter = Emitter(out, allow_unicode=True, width=math.inf)
    emitter.write_double_quoted(text, split=False)
    return out.getvalue().strip(" ")


def _is_block(text: str) -> bool:
    """Whether a `|` block shows this text as it is."""
    if any(line != line.rstrip(" ") for line in text.split("\n")) or not text.strip():
        return False
    if re.search("[^\n\x20-\x7e\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]", text):
        return False
    return not re.search("[\x85\u2028\u2029]", text)


def _block(text: str, indent: int) -> Iterator[tuple[int, str]]:
    """Yield the numbered lines of a `|` block."""
    body = text.rstrip("\n")
    trailing = len(text) - len(body)
    # A first line that starts with a space (or none at all) hides how far the block is indented.
    hint = "2" if body[:1] in (" ", "\n") else ""
    chomp = {0: "-", 1: ""}.get(trailing, "+")
    yield 0, f"|{hint}{chomp}"
    for number, line in enumerate(body.split("\n"), start=1):
        yield number, " " * indent + line if line else ""
    for _ in range(trailing - 1):
        yield -1, ""


def _place(path: Path) -> str:
    return ".".join(str(step) for step in path) or "the template"


# --- reading back ------------------------------------------------------------------------------

_RESOLVER = Resolver()


class _Reader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """A safe YAML loader that knows CloudFormation's short tags and refuses repeated keys."""


def _construct_function(loader: Any, suffix: str, node: Any) -> dict[str, Any]:
    name = suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}"
    argument: Any
    if isinstance(node, ScalarNode):
        argument = loader.construct_scalar(node)
        if name == "Fn::GetAtt":
            argument = argument.split(".", 1)
    elif isinstance(node, SequenceNode):
        argument = loader.construct_sequence(node, deep=True)
    else:
        argument = _construct_map(loader, node)
    return {name: argument}


def _construct_map(loader: Any, node: MappingNode) -> dict[Any, Any]:
    mapping: dict[Any, Any] = {}
    for key_node, value_node in node.value:
        key = loader.construct_object(key_node, deep=True)
        if key in mapping:
            raise yaml.constructor.ConstructorError(
                None, None, f"repeated key {key!r}", key_node.start_mark
            )
        mapping[key] = loader.construct_object(value_node, deep=True)
    return mapping


_Reader.add_multi_constructor("!", _construct_function)
_Reader.add_constructor("tag:yaml.org,2002:map", _construct_map)


def _difference(meant: Any, got: Any, path: Path) -> str:
    """Return the place of the first difference in value or type, or nothing."""
    if isinstance(meant, dict):
        if not isinstance(got, dict) or set(meant) != set(got):
            return _place(path)
        pairs: Any = ((key, meant[key], got[key]) for key in meant)
    elif isinstance(meant, list):
        if not isinstance(got, list) or len(meant) != len(got):
            return _place(path)
        pairs = ((i, *pair) for i, pair in enumerate(zip(meant, got, strict=True)))
    else:
        kind = next(t for t in (str, bool, int, float, object) if isinstance(meant, t))
        return "" if isinstance(got, kind) and type(got) is kind and meant == got else _place(path)
    return next((d for k, m, g in pairs if (d := _difference(m, g, (*path, k)))), "")
