"""A plan as a shell script, as data, and as files with the answers that it asks for."""

from __future__ import annotations

import json
import re
import shlex
import textwrap
from collections import Counter
from typing import Any

from cfngen.generate import INLINE_LIMIT
from cfngen.plan import Open, Step

WIDTH = 100
BUCKET = "templates_bucket"


def shell(steps: list[Step], files: dict[str, str] | None = None) -> str:
    """Return the commands as a script that stops where something is not answered yet.

    Args:
        steps: the deployments.
        files: by template, the file with the answers, where that is used.
    """
    files = files or {}
    names = variables(steps)
    order = dict.fromkeys(step.template for step in steps)
    lines = ["#!/bin/sh", *_comment(f"Deploys {', '.join(order)}.")]
    if files:
        lines += _comment(
            "Put answers in the place of each <…> in the files with parameters first."
        )
    elif names or any(step.needs_bucket for step in steps):
        lines += _comment(
            'What only you know is "${…:?}": set these variables, or write values in their place.'
        )
    lines.append("set -eu")
    for step in steps:
        lines += ["", *_about(step, files)]
        lines += _guard(step, files)
        lines += _command(step, names, files)
    return "\n".join(lines) + "\n"


def variables(steps: list[Step]) -> dict[tuple[str, str], str]:
    """Return the variable that stands for each open parameter, by template and parameter.

    It is called like the parameter, and after the template, too, where two templates ask for the
    same name, or where the name could be one that the shell has already.
    """
    asked = {(step.template, one.name) for step in steps for one in step.parameters}
    often = Counter(name for _, name in asked)
    found = {}
    for template, name in sorted(asked):
        word = name
        if often[name] > 1 or not re.match(r"[A-Za-z]", name) or name.upper() == name:
            word = f"{template}_{name}"
        word = re.sub(r"\W", "_", word, flags=re.ASCII)
        found[template, name] = f"_{word}" if word[:1].isdigit() else word
    return found


def command(step: Step, values: list[str]) -> list[list[str]]:
    """Return a command as the words of each of its lines, quoted where a shell needs it."""
    found = [["aws", "cloudformation", "deploy"]]
    if step.region:
        found.append(["--region", shlex.quote(step.region)])
    found += [
        ["--template-file", shlex.quote(step.file)],
        ["--stack-name", shlex.quote(step.stack)],
    ]
    if step.needs_bucket:
        found.append(["--s3-bucket", f'"${{{BUCKET}:?}}"'])
    if step.capabilities:
        found.append(["--capabilities", *(need.capability for need in step.capabilities)])
    found.append(["--no-fail-on-empty-changeset"])
    if values:
        found.append(["--parameter-overrides", *values])
    return found


def _command(step: Step, names: dict[tuple[str, str], str], files: dict[str, str]) -> list[str]:
    file = files.get(step.template) if step.parameters else None
    values = [
        f'{shlex.quote(one.name)}="${{{names[step.template, one.name]}:?}}"'
        for one in step.parameters
    ]
    written = command(step, [shlex.quote(f"file://{file}")] if file else values)
    lines = []
    for words in written:
        if words[0] == "--parameter-overrides" and not file:
            lines += [words[0], *(f"  {word}" for word in words[1:])]
        else:
            lines.append(" ".join(words))
    return " \\\n  ".join(lines).split("\n")


def _about(step: Step, files: dict[str, str]) -> list[str]:
    """Return what is to be known of a deployment, as comments."""
    where = f" in {step.region}" if step.region else ""
    lines = _comment(f"{step.template}{where}: {step.size:,} bytes.")
    for one in step.after:
        other = "" if one.planned else ", and is not in this plan"
        lines += _comment(f"After {one.name}, {one.because}{other}.")
    for export in step.imports:
        lines += _comment(f"It imports {export}, which no template of this plan exports.")
    if step.needs_bucket:
        lines += _comment(f"More than {INLINE_LIMIT:,} bytes go through a bucket of yours.")
    for need in step.capabilities:
        lines += _comment(f"{need.capability} for {', '.join(need.because)}.")
    if step.template not in files:
        lines += [line for parameter in step.parameters for line in _comment(_asked(parameter))]
    return lines


def _asked(one: Open) -> str:
    filled = "".join(f"; {name} has an output of that name" for name in one.filled_by)
    return f"{one.name}: {one.description or 'not described'} ({one.type}){filled}."


def _guard(step: Step, files: dict[str, str]) -> list[str]:
    """Return lines that stop before a file that is not filled in."""
    file = files.get(step.template)
    if not (file and step.parameters):
        return []
    quoted = shlex.quote(file)
    return [
        f"if grep -n '^ *\"[A-Za-z0-9]*=<' {quoted}; then",
        f"  echo {shlex.quote(f'{file}: answer these first')} >&2",
        "  exit 1",
        "fi",
    ]


def _comment(text: str) -> list[str]:
    """Return a comment's lines; nothing in a description can end one."""
    clean = "".join(letter if letter.isprintable() else "?" for letter in text)
    wrapped = textwrap.wrap(clean, WIDTH - 2, break_long_words=False, break_on_hyphens=False)
    return [f"# {line}" for line in wrapped]


def skeleton(step: Step) -> str:
    """Return the file for `--parameter-overrides file://…`: a JSON list of `Name=value`.

    Version 1 of the `aws` command takes no other form, and version 2 takes this one, too.
    """
    lines = [f"{one.name}=<{one.description or one.type}>" for one in step.parameters]
    return json.dumps(lines, indent=2) + "\n"


def as_json(steps: list[Step], files: dict[str, str] | None = None) -> str:
    """Return the deployments as a JSON list, in order, with what each asks for."""
    return json.dumps([_plain(step, files or {}) for step in steps], indent=2) + "\n"


def _plain(step: Step, files: dict[str, str]) -> dict[str, Any]:
    return {
        "template": step.template,
        "file": step.file,
        "stack": step.stack,
        "region": step.region or None,
        "bytes": step.size,
        "needs_bucket": step.needs_bucket,
        "capabilities": {need.capability: list(need.because) for need in step.capabilities},
        "parameters": [
            {
                "name": one.name,
                "type": one.type,
                "description": one.description,
                "filled_by": list(one.filled_by),
            }
            for one in step.parameters
        ],
        "parameters_file": files.get(step.template),
        "after": {one.name: one.because for one in step.after},
        "imports": list(step.imports),
    }
