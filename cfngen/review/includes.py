"""Puts the files that a template includes in their places.

`AWS::Include` of a file of the tree, as `aws cloudformation package` takes it, means what the file
says. What is not replaced here stays as it is, for `opaque` to see: a file that is elsewhere or
cannot be read, one that goes through other macros as well, and one with a key that exists already,
since AWS does not say which of them counts (AWS page "AWS::Include transform").
"""

from __future__ import annotations

from typing import Any

from cfngen.cloudformation.read import check_size, read
from cfngen.cloudformation.sections import WrittenAt
from cfngen.cloudformation.source import Source
from cfngen.errors import RenderError

INCLUDE = "AWS::Include"
TRANSFORM = "Fn::Transform"


def as_list(transform: Any) -> list[Any]:
    """Return the transforms of a `Transform` or an `Fn::Transform`, one after the other."""
    return transform if isinstance(transform, list) else [] if transform is None else [transform]


def include_location(transform: Any) -> Any:
    """Return where a transform includes a file from, `None` if it is another transform."""
    if not (isinstance(transform, dict) and transform.get("Name") == INCLUDE):
        return None
    parameters = transform.get("Parameters")
    return parameters.get("Location", "") if isinstance(parameters, dict) else ""


def with_includes(body: Any, source: Source) -> tuple[Any, WrittenAt]:
    """Return a template as plain data with the files in it that it includes.

    With it comes where the resources are included that such a file has.

    Raises:
        RenderError: it grows larger than any template is.
    """
    if not isinstance(body, dict):
        return body, {}
    files = _Files(source)
    result, left = dict(body), []
    for transform in as_list(body.get("Transform")):
        content = files.content(transform)
        if isinstance(content, dict) and result.keys().isdisjoint(content):
            result.update(content)
        else:
            left.append(transform)
    if "Transform" in body:
        result["Transform"] = left[0] if len(left) == 1 else left or None
    result = {key: files.value(value) for key, value in result.items()}
    check_size(result)
    there, now = (side.get("Resources") for side in (body, result))
    if not (isinstance(there, dict) and isinstance(now, dict)):
        return result, {}
    more = [str(name) for name in now if name not in there]
    return result, {("Resources", name): (TRANSFORM,) for name in more}


class _Files:
    """The files that a template includes, each read once."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.read: dict[str, Any] = {}

    def content(self, transform: Any) -> Any:
        """Return what a transform includes, `None` if that cannot be read here."""
        path = include_location(transform)
        if not isinstance(path, str) or not path:
            return None
        if path not in self.read:
            file = self.source.beside(path)
            try:
                self.read[path] = read(file.text) if file else None
            except RenderError:
                self.read[path] = None
        return self.read[path]

    def value(self, value: Any) -> Any:
        """Return a value with the files that are included anywhere in it."""
        if isinstance(value, list):
            return [self.value(item) for item in value]
        if not isinstance(value, dict):
            return value
        rest = {key: self.value(item) for key, item in value.items() if key != TRANSFORM}
        if TRANSFORM not in value:
            return rest
        contents = [self.content(transform) for transform in as_list(value[TRANSFORM])]
        if not rest and len(contents) == 1 and contents[0] is not None:
            return contents[0]
        for content in contents:
            if not isinstance(content, dict) or not rest.keys().isdisjoint(content):
                untouched = {key: item for key, item in value.items() if key != TRANSFORM}
                return {key: self.value(item) for key, item in untouched.items()} | {
                    TRANSFORM: value[TRANSFORM]
                }
            rest |= content
        return rest
