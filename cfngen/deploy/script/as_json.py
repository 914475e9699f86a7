"""A plan as data, for programs."""

from __future__ import annotations

import json
from typing import Any

from cfngen.deploy.script import Open, Step
from cfngen.deploy.script.shell_variables import Key, key, variables
from cfngen.escaping import escaped_json


def as_json(steps: list[Step], files: dict[str, str] | None = None, bucket: str = "") -> str:
    """Return the deployments as a JSON list, in order, with what each asks for."""
    names = variables(steps)
    plain = [_plain(step, files or {}, names, bucket) for step in steps]
    return escaped_json(json.dumps(plain, indent=2)) + "\n"


def _plain(step: Step, files: dict[str, str], names: dict[Key, str], bucket: str) -> dict[str, Any]:
    return {
        "template": step.template,
        "file": step.file,
        "stack": step.stack,
        "account": step.account or None,
        "region": step.region or None,
        "bytes": step.size,
        "needs_bucket": step.needs_bucket,
        "bucket": (bucket or None) if step.needs_bucket else None,
        "capabilities": {need.capability: list(need.because) for need in step.capabilities},
        "parameters": [_parameter(one, names[key(step, one)]) for one in step.parameters],
        "parameters_file": files.get(step.template),
        "after": {one.name: one.because for one in step.after},
        "imports": list(step.imports),
        "ssm_parameters": [
            {"name": one.name, "written_by": one.written_by or None} for one in step.looked_up
        ],
    }


def _parameter(one: Open, variable: str) -> dict[str, Any]:
    output = one.output
    return {
        "name": one.name,
        "type": one.type,
        "description": one.description,
        "variable": variable,
        "filled_by": list(one.filled_by),
        "output_of": {"stack": output.stack, "region": output.region or None} if output else None,
    }
