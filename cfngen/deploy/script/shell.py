"""A plan as a shell script: everything is checked first, and then deployed in order."""

from __future__ import annotations

import shlex
import textwrap

from cfngen.cloudformation.quotas import INLINE_LIMIT
from cfngen.deploy.script import Open, Step
from cfngen.deploy.script.shell_variables import ACCOUNT, BUCKET, Key, asked, key, variables
from cfngen.errors import CfngenError
from cfngen.escaping import visible

WIDTH = 100
THERE = """\
there() {
  for file; do
    [ -f "$file" ] && continue
    echo "$file: not there; run this where it was printed, after cfngen build" >&2
    problems=1
  done
}"""
GIVEN = """\
given() {
  for name; do
    eval "[ -n \\"\\${$name:-}\\" ]" && continue
    echo "$name: set this variable" >&2
    problems=1
  done
}"""
ANSWERED = """\
answered() {
  for file; do
    [ -f "$file" ] && ! grep -n '"[A-Za-z0-9]*=<' "$file" >&2 && continue
    echo "$file: answer these first" >&2
    problems=1
  done
}"""
CREDENTIALS = f"""\
found=$(aws sts get-caller-identity --query Account --output text)
[ "$found" = "${{{ACCOUNT}:?}}" ] || {{
  echo "these are credentials of account $found, not of ${ACCOUNT}" >&2
  exit 1
}}"""
WRITTEN = """\
written() { # TEMPLATE SSM-PARAMETER WHAT-TO-DEPLOY [--region REGION]
  found=$(aws ssm get-parameters --names "$2" --query 'Parameters[].Name' --output text \\
    ${4+"$4" "$5"}) || exit 1
  [ "$found" = "$2" ] && return
  echo "$1: the SSM parameter $2 is not there; deploy $3 first" >&2
  problems=1
}"""
OUTPUT_OF = """\
output_of() { # STACK OUTPUT [--region REGION]
  name="$1: output $2"
  found=$(aws cloudformation describe-stacks --stack-name "$1" \\
    --query "Stacks[0].Outputs[?OutputKey=='$2'].OutputValue" --output text \\
    ${3+"$3" "$4"}) || return 1
  case $found in
    "" | None) echo "$name: not there" >&2; return 1 ;;
  esac
  printf '%s\\n' "$found"
}"""


def shell(
    steps: list[Step],
    files: dict[str, str] | None = None,
    elsewhere: dict[str, str] | None = None,
    bucket: str = "",
) -> str:
    """Return the commands as a script that deploys nothing until all is answered.

    Args:
        steps: the deployments, of one account.
        files: by template, the file with the answers, where that is used.
        elsewhere: templates of the project that belong into other accounts, with words for those.
        bucket: the name of the bucket for templates that need one; without it, a variable is asked
            for.
    """
    files = files or {}
    names = variables(steps)
    lines = ["#!/bin/sh", *_heading(steps, files, elsewhere or {}, bucket), "set -eu"]
    lines += ["", "# Checks, before anything is deployed.", *_checks(steps, files, bucket)]
    if _fetches(steps, files):
        lines += ["", *OUTPUT_OF.split("\n")]
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
            f"Not in it: {name}, for another account: {account}."
            f" `cfngen plan {_word(name)}` prints its script."
        )
    lines += _comment("Run it in the folder that it was printed in: its paths begin there.")
    if files:
        lines += _comment(
            "Put answers in the place of each <…> in the files with parameters first."
        )
    if asked(steps, files, bucket):
        named = ", called after template and parameter" if len(order) > 1 else ""
        lines += _comment(
            f"What only you know is in variables{named}: export them, or set them in lines above"
            " the checks."
        )
    if _fetches(steps, files):
        lines += _comment(
            "Outputs of stacks that this script deploys are fetched, unless their variable is set."
        )
    return lines


def _fetches(steps: list[Step], files: dict[str, str]) -> bool:
    return any(one.output for s in steps if s.template not in files for one in s.parameters)


def _checks(steps: list[Step], files: dict[str, str], bucket: str) -> list[str]:
    """Return lines that tell all that is missing, and stop if anything is."""
    lines = ["problems=0", *THERE.split("\n")]
    lines += _call("there", [_word(step.file) for step in steps])
    if names := asked(steps, files, bucket):
        lines += [*GIVEN.split("\n"), *_call("given", names)]
    if used := [_word(files[s.template]) for s in steps if s.template in files]:
        lines += [*ANSWERED.split("\n"), *_call("answered", used)]
    lines.append('[ "$problems" = 0 ] || exit 1')
    if any(step.account for step in steps):
        lines += CREDENTIALS.split("\n")
    if missing := [words for step in steps for words in _written(step)]:
        lines += [*WRITTEN.split("\n"), *dict.fromkeys(missing)]
        lines.append('[ "$problems" = 0 ] || exit 1')
    return lines


def _written(step: Step) -> list[str]:
    """Return the checks for SSM parameters that are read and that this script does not write."""
    region = f" --region {_word(step.region)}" if step.region else ""
    return [
        f"written {_word(step.template)} {_word(one.name)}"
        f" {_word(one.written_by or 'the stack that writes it')}{region}"
        for one in step.looked_up
        if not one.planned
    ]


def _call(function: str, words: list[str]) -> list[str]:
    return " \\\n  ".join((function, *dict.fromkeys(words))).split("\n")


def _fetched(step: Step, names: dict[Key, str]) -> list[str]:
    """Return lines that fetch what earlier deployments put out, where it is not given."""
    lines = []
    for one in step.parameters:
        if one.output:
            words = [_word(one.output.stack), one.name]
            words += ["--region", _word(one.output.region)] if one.output.region else []
            name = names[key(step, one)]
            lines.append(f'[ -n "${{{name}:-}}" ] ||')
            lines.append(f"  {name}=$(output_of {' '.join(words)})")
    return lines


def command(step: Step, values: list[str], bucket: str = "") -> list[list[str]]:
    """Return a command as the words of each of its lines, quoted where a shell needs it.

    Args:
        step: the deployment.
        values: what follows `--parameter-overrides`.
        bucket: the bucket for a template that needs one, instead of a variable.
    """
    found = [["aws", "cloudformation", "deploy"]]
    if step.region:
        found.append(["--region", _word(step.region)])
    found += [
        ["--template-file", _word(step.file)],
        ["--stack-name", _word(step.stack)],
    ]
    if step.needs_bucket:
        found.append(["--s3-bucket", _word(bucket) if bucket else f'"${{{BUCKET}:?}}"'])
    if step.capabilities:
        found.append(["--capabilities", *(need.capability for need in step.capabilities)])
    found.append(["--no-fail-on-empty-changeset"])
    if values:
        found.append(["--parameter-overrides", *values])
    return found


def _command(step: Step, names: dict[Key, str], files: dict[str, str], bucket: str) -> list[str]:
    file = files.get(step.template) if step.parameters else None
    values = [f'{_word(one.name)}="${{{names[key(step, one)]}:?}}"' for one in step.parameters]
    written = command(step, [_word(f"file://{file}")] if file else values, bucket)
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
    size = f"{step.size:,} of the {INLINE_LIMIT:,} bytes that go without a bucket"
    if step.needs_bucket:
        size = f"{step.size:,} bytes; more than {INLINE_LIMIT:,} go through a bucket of yours"
    lines = _comment(f"{step.template}{where}: {size}.")
    for one in step.after:
        other = "" if one.planned else ", and is not in this plan"
        lines += _comment(f"After {one.name}, {one.because}{other}.")
    for export in step.imports:
        lines += _comment(f"It imports {export}, which no template of this plan exports.")
    for need in step.capabilities:
        lines += _comment(f"{need.capability} for {', '.join(need.because)}.")
    if step.template not in files:
        lines += [line for parameter in step.parameters for line in _comment(_asked(parameter))]
    return lines


def _asked(one: Open) -> str:
    filled = "".join(f"; {name} has an output of that name" for name in one.filled_by)
    if one.output:
        filled = f"; the output of {one.output.stack}"
    return f"{one.name}: {one.description or 'not described'} ({one.type}){filled}."


def _word(text: str) -> str:
    """Return a text as a word of the shell's.

    Raises:
        CfngenError: something in it is not seen, and a script has no way to show it.
    """
    if visible(text) != text:
        raise CfngenError(f"{text}: not all of this is seen, so no script has it; rename it")
    return shlex.quote(text)


def _comment(text: str) -> list[str]:
    """Return a comment's lines; nothing in a description can end one."""
    wrapped = textwrap.wrap(
        visible(text), WIDTH - 2, break_long_words=False, break_on_hyphens=False
    )
    return [f"# {line}" for line in wrapped]
