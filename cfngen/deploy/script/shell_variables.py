"""The shell variables that stand for what only the reader of a plan knows."""

from __future__ import annotations

import re

from cfngen.deploy.script import Open, Step

BUCKET, ACCOUNT = "templates_bucket", "account_id"
# Names that the script uses itself.
TAKEN = {BUCKET, ACCOUNT, "file", "found", "name", "output_of", "problems"}

Key = tuple[str, str, str]


def key(step: Step, parameter: Open) -> Key:
    """Return what a variable is for: template, region and parameter.

    All regions share an answer, so that their region is empty; an output is that of one region.
    """
    return step.template, step.region if parameter.output else "", parameter.name


def variables(steps: list[Step]) -> dict[Key, str]:
    """Return the variable that stands for each parameter without a default.

    It is called like the parameter where one template is planned, unless the shell could have a
    variable of that name already; else after its template, too, and after its region where each
    region has a value of its own.
    """
    several = len({step.template for step in steps}) > 1
    regions: dict[str, set[str]] = {}
    for step in steps:
        regions.setdefault(step.template, set()).add(step.region)
    found: dict[Key, str] = {}
    used = set(TAKEN)
    for one in sorted({key(step, parameter) for step in steps for parameter in step.parameters}):
        template, region, name = one
        theirs = not re.match(r"[A-Za-z]", name) or name.upper() == name
        words = [template] if several or theirs else []
        words += [region] if region and len(regions[template]) > 1 else []
        word = re.sub(r"\W", "_", "_".join((*words, name)), flags=re.ASCII)
        word = f"_{word}" if word[:1].isdigit() else word
        while word in used:
            word += "_"
        used.add(word)
        found[one] = word
    return found


def asked(steps: list[Step], files: dict[str, str], bucket: str = "") -> list[str]:
    """Return the variables that have to be set before a script runs, in its order.

    Args:
        steps: the deployments.
        files: by template, the file with the answers, where that is used.
        bucket: the bucket for templates that need one, if its name is known.
    """
    names = variables(steps)
    found = [ACCOUNT] if any(step.account for step in steps) else []
    for step in steps:
        found += [BUCKET] if step.needs_bucket and not bucket else []
        if step.template not in files:
            found += [names[key(step, one)] for one in step.parameters if not one.output]
    return list(dict.fromkeys(found))
