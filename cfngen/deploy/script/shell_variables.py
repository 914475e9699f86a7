"""The shell variables that a script reads parameter values from."""

from __future__ import annotations

import re

from cfngen.deploy.script.model import RequiredParameter, Step

BUCKET, ACCOUNT = "templates_bucket", "account_id"
# Names that the script uses itself.
RESERVED = {BUCKET, ACCOUNT, "actual", "file", "name", "problems", "value"}

Key = tuple[str, str, str]


def key(step: Step, parameter: RequiredParameter) -> Key:
    """Return what a variable is for: template, region and parameter.

    All Regions share a value, so that their Region is empty; an output is that of one Region.
    """
    return step.template, step.region if parameter.output else "", parameter.name


def variables(steps: list[Step]) -> dict[Key, str]:
    """Return the variable that stands for each parameter without a default.

    It is named after the parameter where one template is deployed, unless the shell could have a
    variable of that name already; else after its template, too, and after its Region where each
    Region has a value of its own.
    """
    several = len({step.template for step in steps}) > 1
    regions: dict[str, set[str]] = {}
    for step in steps:
        regions.setdefault(step.template, set()).add(step.region)
    names: dict[Key, str] = {}
    used = set(RESERVED)
    keys = {key(step, parameter) for step in steps for parameter in step.parameters}
    for template, region, name in sorted(keys):
        inherited = not re.match(r"[A-Za-z]", name) or name.upper() == name
        parts = [template] if several or inherited else []
        parts += [region] if region and len(regions[template]) > 1 else []
        variable = re.sub(r"\W", "_", "_".join((*parts, name)), flags=re.ASCII)
        variable = f"_{variable}" if variable[:1].isdigit() else variable
        while variable in used:
            variable += "_"
        used.add(variable)
        names[template, region, name] = variable
    return names


def required_variables(steps: list[Step], files: dict[str, str], bucket: str = "") -> list[str]:
    """Return the variables that have to be set before a script runs, in its order.

    Args:
        steps: the deployments.
        files: by template, the file with parameter values, where that is used.
        bucket: the bucket for templates that need one, if its name is known.
    """
    names = variables(steps)
    required = [ACCOUNT] if any(step.account for step in steps) else []
    for step in steps:
        required += [BUCKET] if step.needs_bucket and not bucket else []
        if step.template not in files:
            required += [names[key(step, p)] for p in step.parameters if not p.output]
    return list(dict.fromkeys(required))
