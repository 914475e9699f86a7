"""Deployments as JSON, for programs."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from cfngen.deploy.script.model import RequiredParameter, Step
from cfngen.deploy.script.shell_variables import Key, key, variables
from cfngen.escaping import escape_json


def as_json(steps: list[Step], files: dict[str, str] | None = None, bucket: str = "") -> str:
    """Return the deployments as a JSON list, in order, with what each needs.

    Keys of each: `template`, `file`, `stack`, `account` (a description), `region`, `bytes`,
    `needs_bucket`, `bucket`, `capabilities` (each with the resources that need it), `tags` (of the
    stack), `parameters` (those without a default), `parameters_file`, `depends_on` (templates, each
    with the reason), `external_imports` (exports of stacks that are not in the list),
    `ssm_parameters` (each with the template that writes it) and `quotas` (of the account:
    `service`, `code` and `name` in Service Quotas). What does not apply is null.

    A parameter has `name`, `type`, `description`, `variable` (of the shell script),
    `templates_with_output` (earlier templates with an output of its name) and `output_of` (the
    stack and Region that its value is fetched from).
    """
    names = variables(steps)
    plain = [_plain(step, files or {}, names, bucket) for step in steps]
    return escape_json(json.dumps(plain, indent=2)) + "\n"


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
        "capabilities": {need.capability: list(need.reasons) for need in step.capabilities},
        "tags": dict(step.tags),
        "parameters": [
            _parameter(parameter, names[key(step, parameter)]) for parameter in step.parameters
        ],
        "parameters_file": files.get(step.template),
        "depends_on": {dependency.name: dependency.reason for dependency in step.dependencies},
        "external_imports": list(step.imports),
        "ssm_parameters": [
            {"name": parameter.name, "written_by": parameter.written_by or None}
            for parameter in step.ssm_parameters
        ],
        "quotas": [asdict(quota) for quota in step.quotas],
    }


def _parameter(parameter: RequiredParameter, variable: str) -> dict[str, Any]:
    output = parameter.output
    return {
        "name": parameter.name,
        "type": parameter.type,
        "description": parameter.description,
        "variable": variable,
        "templates_with_output": list(parameter.templates_with_output),
        "output_of": {"stack": output.stack, "region": output.region or None} if output else None,
    }
