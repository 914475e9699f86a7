"""Templates that are written otherwise and mean the same, or that are changed at random."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator
from typing import Any

from cfngen.cloudformation.read import read
from cfngen.cloudformation.schemas import Schema, schema

# Lists of a policy are sets, and so is each list of statements.
SETS = ("Action", "NotAction", "Resource", "NotResource", "AWS", "Service")
Body = dict[str, Any]


def as_json(text: str) -> str:
    """Return a template as JSON, with the long form of every function."""
    return json.dumps(read(text), indent=1, default=str)


def shuffled(text: str, seed: int) -> str:
    """Return a template whose keys, and what else has no order, are in another order."""
    chance = random.Random(seed)  # noqa: S311 - nothing is kept secret by it
    body = read(text)
    for resource in body["Resources"].values():
        known = schema(resource["Type"])
        resource["Properties"] = _shuffled(resource.get("Properties", {}), (), known, chance)
        depends = resource.get("DependsOn")
        if isinstance(depends, list):
            chance.shuffle(depends)
    return json.dumps(_keys(body, chance), default=str)


def _shuffled(value: Any, pointer: tuple[str, ...], known: Schema, chance: random.Random) -> Any:
    if isinstance(value, dict):
        inside = any(key.startswith("Fn::") for key in value)
        return {
            key: item if inside else _shuffled(item, (*pointer, key), known, chance)
            for key, item in value.items()
        }
    if isinstance(value, list):
        items = [_shuffled(item, (*pointer, "*"), known, chance) for item in value]
        node = known.node(pointer) or {}
        in_policy = "Statement" in pointer and pointer[-1] in SETS
        if node.get("insertionOrder") is False or pointer[-1] == "Statement" or in_policy:
            chance.shuffle(items)
        return items
    return value


def _keys(value: Any, chance: random.Random) -> Any:
    if isinstance(value, dict):
        items = [(key, _keys(item, chance)) for key, item in value.items()]
        chance.shuffle(items)
        return dict(items)
    return [_keys(item, chance) for item in value] if isinstance(value, list) else value


def changed(text: str, seed: int, times: int) -> str:
    """Return a template with some things changed, removed or doubled at random."""
    chance = random.Random(seed)  # noqa: S311 - nothing is kept secret by it
    body = copy.deepcopy(read(text))
    for _ in range(times):
        holder, key = chance.choice(list(_places(body)))
        value = holder[key]
        if isinstance(value, bool):
            holder[key] = not value
        elif isinstance(value, int | float):
            holder[key] = value + chance.choice((-1, 1, 10))
        elif chance.random() < 0.4:
            del holder[key]
        elif isinstance(value, str):
            holder[key] = f"{value}x" if chance.random() < 0.5 else "other"
        elif isinstance(value, list):
            value.append(copy.deepcopy(chance.choice(value)) if value else "new")
        elif isinstance(holder, dict) and isinstance(value, dict):
            holder[f"{key}Too"] = copy.deepcopy(value)
    return json.dumps(body, default=str)


def _places(body: Body) -> Iterator[tuple[Any, Any]]:
    """Yield every place below the sections, as what holds it and its key."""
    todo: list[Any] = [section for section in body.values() if isinstance(section, dict)]
    while todo:
        holder = todo.pop()
        keys = holder if isinstance(holder, dict) else range(len(holder))
        for key in list(keys):
            if key == "Type":  # a resource keeps being one
                continue
            yield holder, key
            if isinstance(holder[key], dict | list):
                todo.append(holder[key])
