"""Runs a composite action of GitHub the way a runner does, as far as ours needs it."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

EXPRESSION = re.compile(r"\$\{\{(.*?)\}\}", re.DOTALL)


@dataclass
class Ran:
    """How an action went.

    Attributes:
        status: exit status of the step that failed, 0 if none did.
        steps: the names of the steps that ran, in order.
        used: what other actions were given, by the name of the step.
        log: what the steps printed.
        summary: the job's summary.
        outputs: the action's.
    """

    status: int = 0
    steps: list[str] = field(default_factory=list)
    used: dict[str, dict[str, str]] = field(default_factory=dict)
    log: str = ""
    summary: str = ""
    outputs: dict[str, str] = field(default_factory=dict)


def run_action(
    path: Path,
    inputs: Mapping[str, str],
    *,
    github: Mapping[str, Any],
    checkout: Path,
    temporary: Path,
    env: Mapping[str, str],
) -> Ran:
    """Run the steps of a composite action, with their own commands, in their own environments.

    Args:
        path: the action's file.
        inputs: what `with` says; what it leaves out has its default.
        github: the context of that name.
        checkout: where the steps begin.
        temporary: the runner's folder for temporary files.
        env: all of the environment besides.
    """
    action = yaml.safe_load(path.read_text())
    context: dict[str, Any] = {"github": github, "steps": {}, "inputs": {}}
    unknown = set(inputs) - set(action["inputs"])
    assert not unknown, unknown
    for name, declared in action["inputs"].items():
        context["inputs"][name] = inputs.get(name, filled(declared.get("default", ""), context))
    files = {name: temporary / f"{name}.txt" for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
    ran = Ran()
    for step in action["runs"]["steps"]:
        if not value(step.get("if", "true"), context):
            continue
        ran.steps.append(step["name"])
        if "uses" in step:
            ran.used[step["name"]] = {k: filled(v, context) for k, v in step["with"].items()}
            continue
        for file in files.values():
            file.touch()
        environment = {
            **env,
            "GITHUB_ACTION_PATH": str(path.parent),
            "RUNNER_TEMP": str(temporary),
            **{name: str(file) for name, file in files.items()},
            **{name: filled(text, context) for name, text in step.get("env", {}).items()},
        }
        assert step["shell"] == "bash"
        assert "${{" not in step["run"], "what others say must not become a part of a script"
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
            cwd=checkout,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        ran.log += done.stdout
        said = files["GITHUB_OUTPUT"].read_text()
        outputs = dict(line.split("=", 1) for line in said.splitlines())
        context["steps"][step.get("id", step["name"])] = {"outputs": outputs}
        files["GITHUB_OUTPUT"].write_text("")
        if done.returncode:
            ran.status = done.returncode
            break
    ran.summary = files["GITHUB_STEP_SUMMARY"].read_text()
    ran.outputs = {name: filled(out["value"], context) for name, out in action["outputs"].items()}
    return ran


def filled(text: str, context: Mapping[str, Any]) -> str:
    """Return a text with the values of its expressions."""
    return EXPRESSION.sub(lambda found: value(found[1], context), str(text))


def value(expression: str, context: Mapping[str, Any]) -> str:
    """Return the value of an expression as text; nothing and `false` are nothing.

    It knows `&&`, `==`, `!=`, quoted texts and the names of contexts.
    """
    parts = [part.strip() for part in expression.split("&&")]
    if len(parts) > 1:
        values = [value(part, context) for part in parts]
        return values[-1] if all(values) else ""
    compared = re.fullmatch(r"(.+?)\s*(==|!=)\s*(.+)", parts[0])
    if compared:
        same = value(compared[1], context) == value(compared[3], context)
        return "true" if same == (compared[2] == "==") else ""
    if re.fullmatch(r"'[^']*'|true|false", parts[0]):
        return "" if parts[0] == "false" else parts[0].strip("'")
    found: Any = context
    for name in parts[0].split("."):
        found = found.get(name, "") if isinstance(found, Mapping) else ""
    return found if isinstance(found, str) else json.dumps(found)
