"""Scripts, handlers and buildspecs as a text diff instead of an escaped value."""

from __future__ import annotations

import difflib
import json
from typing import Any

from cfngen.cloudformation.read import check_size
from cfngen.cloudformation.text import Text
from cfngen.cloudformation.values import readable
from cfngen.errors import RenderError
from cfngen.review.model import MISSING, PayloadChange
from cfngen.review.stack import Resource

CONTEXT = 3  # lines around a change, as `diff -u` has it
# What a file is called whose content stands in a property; others are called after the property.
FILES = {"BuildSpec": "buildspec.yml", "UserData": "user-data", "DefinitionString": "states.json"}
SUFFIXES = {"python": "py", "nodejs": "js"}


def payload_change(resource: Resource, path: str, before: Any, after: Any) -> PayloadChange | None:
    """Return the diff of a property that holds a file, `None` if it does not.

    A file is a text of several lines on one side at least. JSON is compared as it would be written
    with a line for each value.
    """
    old, new = _text(before), _text(after)
    if old is None or new is None or max(old.strip().count("\n"), new.strip().count("\n")) < 1:
        return None
    name = f"{resource.name}/{_file(resource, path)}"
    diff = _diff(old, new) or _diff(str(before), str(after))  # JSON that only looks the same
    return PayloadChange(name, resource.name, path, diff or "(only the end of the file differs)")


def _diff(old: str, new: str) -> str:
    """Return a diff whose lines end where a shell ends a line.

    A command behind a carriage return belongs to the comment before it, and behind a line feed
    not.
    """
    if old.replace("\r\n", "\n") == new.replace("\r\n", "\n") and old != new:
        return "(only line endings differ)"
    before, after = (text.removesuffix("\n").split("\n") if text else [] for text in (old, new))
    lines = difflib.unified_diff(before, after, "before", "after", lineterm="", n=CONTEXT)
    return "\n".join(list(lines)[2:])  # without the names: they are shown already


def _text(value: Any) -> str | None:
    if value is MISSING:
        return ""
    if isinstance(value, dict) and list(value) == ["Fn::Base64"]:
        value = value["Fn::Base64"]
    if not isinstance(value, str | Text):
        return None
    text: str = readable(value)
    if text[:1] in "{[" and "\n" not in text.strip():
        try:
            data = json.loads(text)
            check_size(data)
        except (ValueError, RecursionError, RenderError):
            return text
        return json.dumps(data, indent=2, ensure_ascii=False)
    return text


def _file(resource: Resource, path: str) -> str:
    last = path.rpartition(".")[2]
    if path == "Code.ZipFile":
        runtime = str(resource.properties.get("Runtime", ""))
        suffix = next((s for r, s in SUFFIXES.items() if runtime.startswith(r)), "txt")
        return f"index.{suffix}"
    if last in FILES:
        return FILES[last]
    if "RequestTemplates" in path or "ResponseTemplates" in path:
        return path.rpartition("Templates.")[2].replace("/", "-") + ".vtl"
    return path
