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


def of_function(text: str, kind: str) -> Use:
    """Return what a function in Python reads and answers for a type of custom resource.

    `KINDS` has for each type the function that gets the properties as `properties`. They are
    followed into parameters of functions of the same file; what the handler itself reads counts for
    each type. What is answered as `Data` is the literal that the type's function returns.

    Raises:
        UnclearError: the properties are used otherwise than by a literal name, or there is no such
            type.
    """
    tree = ast.parse(text)
    functions = {n.name: n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)}
    entry = functions.get(_kinds(tree).get(kind, ""))
    if entry is None:
        raise UnclearError(f"there is no function for {kind}")
    use = Use(attributes=set(_returned(entry)))
    waiting = {("handler", "properties"), (entry.name, "properties")}
    seen = set[tuple[str, str]]()
    while waiting:
        seen.add(at := waiting.pop())
        if at == ("handler", "properties"):
            use.properties |= {p for p in _reads(functions, at) if isinstance(p, str)}
            continue  # which hands them over to the entries of all types
        for found in _reads(functions, at):
            if isinstance(found, str):
                use.properties.add(found)
            elif found not in seen:
                waiting.add(found)
    return use


def _kinds(tree: ast.Module) -> dict[str, str]:
    """Return the name of the function for each type."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "KINDS":
            assert isinstance(node.value, ast.Dict)
            pairs = zip(node.value.keys, node.value.values, strict=True)
            return {ast.literal_eval(k): ast.unparse(v) for k, v in pairs if k}
    return {}


def _reads(
    functions: Mapping[str, ast.FunctionDef], at: tuple[str, str]
) -> Iterator[str | tuple[str, str]]:
    """Yield which properties a function reads by a name, and which parameters get them."""
    function, name = functions[at[0]], at[1]
    parents = {child: node for node in ast.walk(function) for child in ast.iter_child_nodes(node)}
    for node in ast.walk(function):
        if not (isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id == name):
            continue
        parent = parents[node]
        match parent, parents.get(parent):
            case ast.Subscript(slice=ast.Constant(value=read)), _:
                yield str(read)
            case ast.Attribute(attr="get"), ast.Call(args=[ast.Constant(value=read), *_]):
                yield str(read)
            case ast.Call(func=ast.Name(id=called)), _ if called in functions:
                yield called, functions[called].args.args[parent.args.index(node)].arg
            case ast.Call(func=ast.Name(id="provide")), _ if at[0] == "handler":
                pass
            case _:
                raise UnclearError(f"line {node.lineno}: {ast.unparse(parent)}")


def _returned(function: ast.FunctionDef) -> Iterator[str]:
    """Yield the names in the literals that a function returns."""
    for node in ast.walk(function):
        if isinstance(node, ast.Return) and node.value:
            for part in ast.walk(node.value):
                if isinstance(part, ast.Dict):
                    yield from (str(k.value) for k in part.keys if isinstance(k, ast.Constant))
