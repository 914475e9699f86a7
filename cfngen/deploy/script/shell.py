"""Deployments as a shell script: everything is checked first, and then deployed in order."""

from __future__ import annotations

import shlex
import textwrap

from cfngen.cloudformation.quotas import INLINE_LIMIT
from cfngen.deploy.script.model import RequiredParameter, Step
from cfngen.deploy.script.quotas import REQUIRE_QUOTA
from cfngen.deploy.script.shell_variables import (
    ACCOUNT,
    BUCKET,
    Key,
    key,
    required_variables,
    variables,
)
from cfngen.errors import CfngenError
from cfngen.escaping import escape_controls

WIDTH = 100
REQUIRE_FILES = """\
require_files() {
  for file; do
    [ -f "$file" ] && continue
    echo "$file: not found; run this where it was printed, after cfngen build" >&2
    problems=1
  done
}"""
REQUIRE_VARIABLES = """\
require_variables() {
  for name; do
    eval "[ -n \\"\\${$name:-}\\" ]" && continue
    echo "$name: set this variable" >&2
    problems=1
  done
}"""
REQUIRE_VALUES = """\
require_values() {
  for file; do
    [ -f "$file" ] && ! grep -n '"[A-Za-z0-9]*=<' "$file" >&2 && continue
    echo "$file: replace each <...> with a value first" >&2
    problems=1
  done
}"""
REQUIRE_ACCOUNT = f"""\
actual=$(aws sts get-caller-identity --query Account --output text)
[ "$actual" = "${{{ACCOUNT}:?}}" ] || {{
  echo "these are credentials of account $actual, not of ${ACCOUNT}" >&2
  exit 1
}}"""
REQUIRE_SSM_PARAMETER = """\
require_ssm_parameter() { # TEMPLATE SSM-PARAMETER WHAT-TO-DEPLOY [--region REGION]
  actual=$(aws ssm get-parameters --names "$2" --query 'Parameters[].Name' --output text \\
    ${4+"$4" "$5"}) || exit 1
  [ "$actual" = "$2" ] && return
  echo "$1: the SSM parameter $2 does not exist; deploy $3 first" >&2
  problems=1
}"""
# The command may print several pages, each with a line of its own.
REQUIRE_EXPORT = """\
require_export() { # TEMPLATE EXPORT WHAT-TO-DEPLOY [--region REGION]
  actual=$(aws cloudformation list-exports --query "Exports[?Name=='$2'].Name" --output text \\
    ${4+"$4" "$5"}) || exit 1
  printf '%s\\n' "$actual" | grep -Fqx -- "$2" && return
  echo "$1: the export $2 does not exist; deploy $3 first" >&2
  problems=1
}"""
STACK_OUTPUT = """\
stack_output() { # STACK OUTPUT [--region REGION]
  value=$(aws cloudformation describe-stacks --stack-name "$1" \\
    --query "Stacks[0].Outputs[?OutputKey=='$2'].OutputValue" --output text \\
    ${3+"$3" "$4"}) || return 1
  case $value in
    "" | None) echo "$1: output $2 not found" >&2; return 1 ;;
  esac
  printf '%s\\n' "$value"
}"""


def shell(
    steps: list[Step],
    files: dict[str, str] | None = None,
    elsewhere: dict[str, str] | None = None,
    bucket: str = "",
) -> str:
    """Return the commands as a script that deploys nothing while anything is missing.

    Args:
        steps: the deployments, of one account.
        files: by template, the file with parameter values, where that is used.
        elsewhere: templates of the project for other accounts, with a description of each account.
        bucket: the name of the bucket for templates that need one; a variable without it.
    """
    files = files or {}
    names = variables(steps)
    lines = ["#!/bin/sh", *_heading(steps, files, elsewhere or {}, bucket), "set -eu"]
    lines += ["", "# Checks, before anything is deployed.", *_checks(steps, files, bucket)]
    if _fetches(steps, files):
        lines += ["", *STACK_OUTPUT.split("\n")]
    for step in steps:
        lines += ["", *_about(step, files)]
        lines += _fetched(step, names) if step.template not in files else []
        lines += _command(step, names, files, bucket)
    return "\n".join(lines) + "\n"


def _heading(
    steps: list[Step], files: dict[str, str], elsewhere: dict[str, str], bucket: str
) -> list[str]:
    order = dict.fromkeys(step.template for step in steps)
    lines = _comment(f"Deploys {', '.join(order)}.")
    for account in dict.fromkeys(step.account for step in steps if step.account):
        lines += _comment(
            f"ANOTHER ACCOUNT: {account}. Run this with credentials of that account, and set"
            f" {ACCOUNT} to its number."
        )
    for name, account in elsewhere.items():
        lines += _comment(
            f"Not included: {name}, which is for another account: {account}."
            f" `cfngen deploy-script {_quoted(name)}` prints its script."
        )
    lines += _comment(
        "Run it in the directory where it was written: its paths are relative to that."
    )
    if files:
        lines += _comment("First replace each <…> in the parameter files with a value.")
    if required_variables(steps, files, bucket):
        named = ", named after template and parameter" if len(order) > 1 else ""
        lines += _comment(
            f"Values are read from variables{named}: export them, or set them in lines above the"
            " checks."
        )
    if _fetches(steps, files):
        lines += _comment(
            "Outputs of stacks that this script deploys are fetched, unless their variable is set."
        )
    return lines


def _fetches(steps: list[Step], files: dict[str, str]) -> bool:
    return any(p.output for s in steps if s.template not in files for p in s.parameters)


def _checks(steps: list[Step], files: dict[str, str], bucket: str) -> list[str]:
    """Return lines that report everything that is missing, and stop if anything is."""
    lines = ["problems=0", *REQUIRE_FILES.split("\n")]
    lines += _call("require_files", [_quoted(step.file) for step in steps])
    if names := required_variables(steps, files, bucket):
        lines += [*REQUIRE_VARIABLES.split("\n"), *_call("require_variables", names)]
    if used := [_quoted(files[s.template]) for s in steps if s.template in files]:
        lines += [*REQUIRE_VALUES.split("\n"), *_call("require_values", used)]
    lines.append('[ "$problems" = 0 ] || exit 1')
    if any(step.account for step in steps):
        lines += REQUIRE_ACCOUNT.split("\n")
    for function, check in (
        (REQUIRE_EXPORT, _export_checks),
        (REQUIRE_SSM_PARAMETER, _ssm_checks),
        (REQUIRE_QUOTA, _quota_checks),
    ):
        if checks := [line for step in steps for line in check(step)]:
            lines += [*function.split("\n"), *dict.fromkeys(checks)]
            lines.append('[ "$problems" = 0 ] || exit 1')
    return lines


def _ssm_checks(step: Step) -> list[str]:
    """Return the checks for SSM parameters that are read and that this script does not write."""
    region = f" --region {_quoted(step.region)}" if step.region else ""
    return [
        f"require_ssm_parameter {_quoted(step.template)} {_quoted(parameter.name)}"
        f" {_quoted(parameter.written_by or 'the stack that writes it')}{region}"
        for parameter in step.ssm_parameters
        if not parameter.planned
    ]


def _export_checks(step: Step) -> list[str]:
    """Return the checks for exports that a template of the project makes which is not deployed."""
    region = f" --region {_quoted(step.region)}" if step.region else ""
    return [
        f"require_export {_quoted(step.template)} {_quoted(name)} {_quoted(exporter)}{region}"
        for name, exporter in step.exporters.items()
    ]


def _quota_checks(step: Step) -> list[str]:
    """Return the checks for quotas of the account that may be 0."""
    region = f" --region {_quoted(step.region)}" if step.region else ""
    return [
        f"require_quota {_quoted(step.template)} {quota.service} {quota.code}"
        f" {_quoted(quota.name)}{region}"
        for quota in step.quotas
    ]


def _call(function: str, arguments: list[str]) -> list[str]:
    return " \\\n  ".join((function, *dict.fromkeys(arguments))).split("\n")


def _fetched(step: Step, names: dict[Key, str]) -> list[str]:
    """Return lines that fetch outputs of earlier deployments, where their variable is not set."""
    lines = []
    for parameter in step.parameters:
        if output := parameter.output:
            arguments = [_quoted(output.stack), parameter.name]
            arguments += ["--region", _quoted(output.region)] if output.region else []
            name = names[key(step, parameter)]
            lines.append(f'[ -n "${{{name}:-}}" ] ||')
            lines.append(f"  {name}=$(stack_output {' '.join(arguments)})")
    return lines


def command(step: Step, values: list[str], bucket: str = "") -> list[list[str]]:
    """Return a command as the arguments on each of its lines, quoted where a shell needs it.

    Args:
        step: the deployment.
        values: what follows `--parameter-overrides`.
        bucket: the bucket for a template that needs one, instead of a variable.
    """
    lines = [["aws", "cloudformation", "deploy"]]
    if step.region:
        lines.append(["--region", _quoted(step.region)])
    lines += [
        ["--template-file", _quoted(step.file)],
        ["--stack-name", _quoted(step.stack)],
    ]
    if step.needs_bucket:
        lines.append(["--s3-bucket", _quoted(bucket) if bucket else f'"${{{BUCKET}:?}}"'])
    if step.capabilities:
        lines.append(["--capabilities", *(need.capability for need in step.capabilities)])
    if step.tags:
        lines.append(["--tags", *(_quoted(f"{k}={v}") for k, v in step.tags.items())])
    lines.append(["--no-fail-on-empty-changeset"])
    if values:
        lines.append(["--parameter-overrides", *values])
    return lines


def _command(step: Step, names: dict[Key, str], files: dict[str, str], bucket: str) -> list[str]:
    file = files.get(step.template) if step.parameters else None
    values = [
        f'{_quoted(parameter.name)}="${{{names[key(step, parameter)]}:?}}"'
        for parameter in step.parameters
    ]
    lines = []
    for arguments in command(step, [_quoted(f"file://{file}")] if file else values, bucket):
        if arguments[0] == "--parameter-overrides" and not file:
            lines += [arguments[0], *(f"  {value}" for value in arguments[1:])]
        else:
            lines.append(" ".join(arguments))
    return " \\\n  ".join(lines).split("\n")


def _about(step: Step, files: dict[str, str]) -> list[str]:
    """Return what a reader has to know of a deployment, as comments."""
    where = f" in {step.region}" if step.region else ""
    size = f"{step.size:,} of the {INLINE_LIMIT:,} bytes that are allowed without a bucket"
    if step.needs_bucket:
        size = f"{step.size:,} bytes; more than {INLINE_LIMIT:,} need an S3 bucket"
    lines = _comment(f"{step.template}{where}: {size}.")
    for dependency in step.dependencies:
        other = "" if dependency.planned else ", and is not in this script"
        lines += _comment(f"After {dependency.name}, {dependency.reason}{other}.")
    for export in step.imports:
        lines += _comment(f"It imports {export}, which no template of this script exports.")
    for quota in step.quotas:
        lines += _comment(f"It counts against the quota {quota}; new accounts may have less of it.")
    for need in step.capabilities:
        lines += _comment(f"{need.capability} for {', '.join(need.reasons)}.")
    if step.template not in files:
        lines += [line for parameter in step.parameters for line in _comment(_described(parameter))]
    return lines


def _described(parameter: RequiredParameter) -> str:
    outputs = "".join(
        f"; {name} has an output of that name" for name in parameter.templates_with_output
    )
    if parameter.output:
        outputs = f"; the output of {parameter.output.stack}"
    description = parameter.description.removesuffix(".") or "no description"
    return f"{parameter.name}: {description} ({parameter.type}){outputs}."


def _quoted(text: str) -> str:
    """Return a text as one argument of a shell command.

    Raises:
        CfngenError: it has invisible characters, which a script has no way to show.
    """
    if escape_controls(text) != text:
        raise CfngenError(f"{text}: has invisible characters, so no script can name it; rename it")
    return shlex.quote(text)


def _comment(text: str) -> list[str]:
    """Return a comment's lines; nothing in a description can end one."""
    wrapped = textwrap.wrap(
        escape_controls(text), WIDTH - 2, break_long_words=False, break_on_hyphens=False
    )
    return [f"# {line}" for line in wrapped]
