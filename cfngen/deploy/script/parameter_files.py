"""Files with parameter values: written once to be filled in, and kept when they exist."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from cfngen.deploy.script.model import RequiredParameter, Step
from cfngen.errors import did_you_mean


def skeleton(step: Step) -> str:
    """Return the file for `--parameter-overrides file://…`: a JSON list of `Name=value`.

    Version 1 of the `aws` command takes no other form, and version 2 takes this one, too.
    """
    lines = [f"{parameter.name}=<{_placeholder(parameter)}>" for parameter in step.parameters]
    return json.dumps(lines, indent=2) + "\n"


def _placeholder(parameter: RequiredParameter) -> str:
    outputs = "".join(
        f"; the output {parameter.name} of {name}" for name in parameter.templates_with_output
    )
    return (parameter.description or parameter.type) + outputs


def mistakes(step: Step, text: str) -> Iterator[str]:
    """Yield what is wrong with a parameter file that exists, which a person may have filled in."""
    try:
        names = _names(json.loads(text))
    except (ValueError, RecursionError):
        yield 'not a JSON list of "Name=value"; --force overwrites it'
        return
    for parameter in step.parameters:
        if parameter.name not in names:
            yield (
                f'lacks {parameter.name}, which {step.template} requires; add "{parameter.name}=…"'
            )
    for name in dict.fromkeys(names):
        if name not in step.declared:
            hint = did_you_mean(name, step.declared)
            yield f"{step.template} has no parameter {name!r}{hint}; remove it"
        elif names.count(name) > 1:
            yield f"has {name} twice; remove one"


def _names(content: Any) -> list[str]:
    if not isinstance(content, list):
        raise ValueError
    names = []
    for item in content:
        name, equals, _ = item.partition("=") if isinstance(item, str) else ("", "", "")
        if not equals:
            raise ValueError
        names.append(name)
    return names
