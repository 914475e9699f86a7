"""The commands for deployments: plan, deploy-role. They print; nothing is deployed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cfngen.commands.drawing import complete_templates, draw, here, template
from cfngen.console import out, say
from cfngen.errors import CfngenError, Problems

if TYPE_CHECKING:
    from pathlib import Path

    from cfngen.manifest import Entry, Manifest
    from cfngen.plan import Source, Step


@click.command()
@click.argument("names", nargs=-1, shell_complete=complete_templates)
@click.option(
    "--parameters-file",
    metavar="FILE|FOLDER",
    help="Write what is asked for there, as JSON to be filled in, and let the commands use it.",
)
@click.option("--force", is_flag=True, help="Overwrite files with parameters.")
@click.option(
    "--format",
    "form",
    type=click.Choice(("text", "json")),
    default="text",
    show_default=True,
    help="How to print the plan.",
)
def plan(names: tuple[str, ...], *, parameters_file: str | None, force: bool, form: str) -> None:
    """Print the commands that deploy templates (all of them, without NAMES), in order.

    The order is that of `after` in the manifest, and of what templates export and import.
    """
    from cfngen import manifest
    from cfngen.plan import steps
    from cfngen.plan.printing import as_json, shell

    project = manifest.load(here())
    entries = project.select(names)
    beside = [name for entry in entries for name in entry.after if name not in names]
    known = {entry.name for entry in entries}
    others = project.select(tuple(beside)) if beside else []
    chosen = _sources(project, entries)
    found = steps(chosen, _sources(project, [e for e in others if e.name not in known]))
    files = _written(found, parameters_file, force=force) if parameters_file else {}
    out(as_json(found, files) if form == "json" else shell(found, files))
    for source in chosen:
        _tell_stale(project, source)


def _sources(project: Manifest, entries: list[Entry]) -> list[Source]:
    from cfngen.paths import near
    from cfngen.plan import Source

    return [
        Source(entry, drawn.document.body, drawn.size, near(project.output / entry.file_name))
        for entry, drawn in zip(entries, draw(entries), strict=True)
    ]


def _tell_stale(project: Manifest, source: Source) -> None:
    """Say which file is not there to be deployed yet."""
    if not (project.output / source.entry.file_name).is_file():
        say(f"{source.file}: not there; run `cfngen build` before you deploy", fg="yellow")


def _written(found: list[Step], target: str, *, force: bool) -> dict[str, str]:
    """Write the files with parameters and return their names, by template.

    Raises:
        CfngenError: a file is there already, or cannot be written.
    """
    from pathlib import Path

    from cfngen.plan.printing import skeleton

    asking = {step.template: step for step in found if step.parameters}
    folder = target.endswith("/") or Path(target).is_dir()
    if len(asking) > 1 and not folder:
        raise CfngenError(
            f"--parameters-file {target}: {len(asking)} templates ask for parameters"
            f" ({', '.join(asking)}); name a folder, with a slash at the end"
        )
    paths = {name: Path(target, f"{name}.json") if folder else Path(target) for name in asking}
    there = [path for path in paths.values() if path.exists()]
    if there and not force:
        raise Problems([f"{path}: is there already; --force overwrites it" for path in there])
    for name, path in paths.items():
        _write(path, skeleton(asking[name]))
        say(f"written  {path}", fg="green")
    return {name: str(path) for name, path in paths.items()}


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise CfngenError(f"{path}: cannot be written: {error.strerror}") from None


@click.command("deploy-role")
@click.argument("name", shell_complete=complete_templates)
@click.option("--stack-name", help="What the stack is called; like the template, without this.")
@click.option("--partition", default="*", help="Such as aws-cn; any, without this.")
@click.option("--region", default="*", help="Such as eu-west-1; any, without this.")
@click.option("--account", default="*", help="Such as 123456789012; any, without this.")
@click.option(
    "--parameter",
    "parameters",
    multiple=True,
    metavar="NAME=VALUE",
    help="What a parameter will be, to narrow what is named after it.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(("yaml", "json")),
    default="yaml",
    show_default=True,
    help="YAML has comments; JSON is what `aws iam` takes.",
)
def deploy_role(
    name: str,
    *,
    stack_name: str | None,
    partition: str,
    region: str,
    account: str,
    parameters: tuple[str, ...],
    form: str,
) -> None:
    """Print the policy of the role that CloudFormation needs to deploy a template.

    NAME is a template of this project, or a template's file. The role is the one that
    `aws cloudformation deploy --role-arn` gives to CloudFormation.
    """
    from cfngen.deploy_role import Place, policy
    from cfngen.deploy_role.printing import as_json, as_yaml, notes
    from cfngen.plan import stack_name as named

    given = dict(_pair(parameter) for parameter in parameters)
    name, body = template(name)
    place = Place(stack_name or named(name), partition, region, account, given)
    found = policy(name, body, place)
    if form == "yaml":
        out(as_yaml(found))
        return
    out(as_json(found))
    for note in notes(found):
        say(note)


def _pair(parameter: str) -> tuple[str, str]:
    name, equals, value = parameter.partition("=")
    if not (name and equals):
        raise CfngenError(f"--parameter {parameter}: write NAME=VALUE")
    return name, value
