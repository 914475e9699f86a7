"""What CloudFormation takes as the answer of a custom resource, and what a function reads of one.

Sources: CloudFormation's user guide, "Custom resource request types", "Custom resource response
objects" (the members, 4,096 bytes for all, 1 kB for the physical ID) and "cfn-response module" (the
empty content type, which the address is signed for).
"""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

BODY_BYTES = 4096
ID_BYTES = 1024
VERBATIM = ("StackId", "RequestId", "LogicalResourceId")
MEMBERS = {*VERBATIM, "Status", "PhysicalResourceId", "Reason", "NoEcho", "Data"}
# What CloudFormation reads of the properties itself.
ITS_OWN = {"ServiceToken", "ServiceTimeout"}


def complaints(
    request: Mapping[str, Any], method: str, headers: Mapping[str, str], body: bytes
) -> list[str]:
    """Return why CloudFormation would not take an answer, or would wait for another.

    Args:
        request: the event that the function was called with.
        method: of HTTP.
        headers: by their names in small letters.
        body: what was sent.
    """
    found = []
    if method != "PUT":
        found.append(f"the address is signed for PUT, not {method}")
    if headers.get("content-type"):
        found.append(f"the content type is {headers['content-type']}, not empty")
    if len(body) > BODY_BYTES:
        found.append(f"the answer has {len(body):,} bytes, more than {BODY_BYTES:,}")
    try:
        answer = json.loads(body)
    except ValueError as error:
        return [*found, f"the answer is not JSON: {error}"]
    found += [f"{n} is not the request's" for n in VERBATIM if answer.get(n) != request[n]]
    found += [f"there is no member {name!r}" for name in answer if name not in MEMBERS]
    if answer.get("Status") not in ("SUCCESS", "FAILED"):
        found.append(f"the status is {answer.get('Status')!r}")
    if answer.get("Status") == "FAILED" and not answer.get("Reason"):
        found.append("a failure has no reason")
    identity = answer.get("PhysicalResourceId")
    if not isinstance(identity, str) or not 0 < len(identity.encode()) <= ID_BYTES:
        found.append(f"the physical ID has not from 1 to {ID_BYTES:,} bytes")
    if not isinstance(answer.get("Data", {}), dict):
        found.append("the data are no attributes")
    return found


class UnclearError(Exception):
    """A property is read, and the text does not say which."""


@dataclass
class Use:
    """What a function does with a custom resource.

    Attributes:
        properties: the names that it reads of `ResourceProperties`.
        attributes: the names that it answers as `Data`.
    """

    properties: set[str] = field(default_factory=set)
    attributes: set[str] = field(default_factory=set)


def of_function(text: str) -> Use:
    """Return what a function in Python reads and answers.

    `event["ResourceProperties"]` is followed into names and into parameters of functions of the
    same file. What it answers as `Data` is a literal, or a parameter that literals are given for.

    Raises:
        UnclearError: the properties are used otherwise than by a literal name.
    """
    tree = ast.parse(text)
    parameters = {
        node.name: [argument.arg for argument in node.args.args]
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef)
    }
    parents = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
    names = {
        target.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and subscript(node.value) == "ResourceProperties"
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    if "ResourceProperties" in text and not names:
        raise UnclearError("the properties have no name")
    use, before = Use(), set[str]()
    while names != before:
        before = set(names)
        for node in ast.walk(tree):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in before:
                what = _read(node, parents[node], parents, parameters)
                (names if what[0] == "passed" else use.properties).add(what[1])
    use.attributes = set(_data(tree, parameters))
    return use


def _read(
    node: ast.Name,
    parent: ast.AST,
    parents: Mapping[ast.AST, ast.AST],
    parameters: Mapping[str, list[str]],
) -> tuple[str, str]:
    """Return which property is read where the properties stand, or which parameter gets them."""
    if (name := subscript(parent)) is not None:
        return "read", name
    match parent, parents[parent]:
        case ast.Attribute(attr="get"), ast.Call(args=[ast.Constant(value=name), *_]):
            return "read", str(name)
        case ast.Call(func=ast.Name(id=function)), _ if function in parameters:
            return "passed", parameters[function][parent.args.index(node)]
    raise UnclearError(f"line {node.lineno}: {ast.unparse(parent)}")


def subscript(node: ast.AST) -> str | None:
    """Return the literal that something is subscripted by, if it is."""
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
        return str(node.slice.value)
    return None


def _data(tree: ast.Module, parameters: Mapping[str, list[str]]) -> Iterator[str]:
    """Yield the names of what is answered as `Data`."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Assign) or subscript(node.targets[0]) != "Data":
            continue
        given = [node.value]
        for name in [part.id for part in ast.walk(node.value) if isinstance(part, ast.Name)]:
            given += [
                call.args[names.index(name)]
                for call in ast.walk(tree)
                if isinstance(call, ast.Call) and isinstance(call.func, ast.Name)
                if name in (names := parameters.get(call.func.id, []))
            ]
        for value in given:
            for part in ast.walk(value):
                if isinstance(part, ast.Dict):
                    yield from (str(k.value) for k in part.keys if isinstance(k, ast.Constant))
