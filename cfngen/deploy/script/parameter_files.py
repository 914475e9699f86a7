"""Files with the answers that a plan asks for: written once, and kept when they are there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from cfngen.deploy.script import Open, Step
from cfngen.errors import did_you_mean


def skeleton(step: Step) -> str:
    """Return the file for `--parameter-overrides file://…`: a JSON list of `Name=value`.

    Version 1 of the `aws` command takes no other form, and version 2 takes this one, too.
    """
    lines = [f"{one.name}=<{_wanted(one)}>" for one in step.parameters]
    return json.dumps(lines, indent=2) + "\n"


def _wanted(one: Open) -> str:
    outputs = "".join(f"; the output {one.name} of {name}" for name in one.filled_by)
    return (one.description or one.type) + outputs


def mistakes(step: Step, text: str) -> Iterator[str]:
    """Yield what is wrong with a file that is there, which a person may have filled in."""
    try:
        given = _names(json.loads(text))
    except (ValueError, RecursionError):
        yield 'no JSON list of "Name=value"; --force writes it anew'
        return
    for one in step.parameters:
        if one.name not in given:
            yield f'lacks {one.name}, which {step.template} asks for; add "{one.name}=…"'
    for name in dict.fromkeys(given):
        if name not in step.declared:
            hint = did_you_mean(name, step.declared)
            yield f"{step.template} has no parameter {name!r}{hint}; take it out"
        elif given.count(name) > 1:
            yield f"gives {name} twice; take one out"


def _names(content: Any) -> list[str]:
    if not isinstance(content, list):
        raise ValueError
    found = []
    for item in content:
        name, equals, _ = item.partition("=") if isinstance(item, str) else ("", "", "")
        if not equals:
            raise ValueError
        found.append(name)
    return found
