"""The command that prints a script of deployments: deploy-script."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import click

from cfngen.console.project import (
    complete_templates,
    here,
    planned_templates,
    read_files,
    write_file,
)
from cfngen.console.terminal import out, say
from cfngen.errors import CfngenError, Problems

if TYPE_CHECKING:
    from cfngen.deploy.script import PlannedTemplate, Step
    from cfngen.project.manifest import Manifest

FORMER_NAMES = ("plan",)


@click.command()
@click.argument("names", nargs=-1, shell_complete=complete_templates)
@click.option(
    "--parameters-file",
    metavar="FILE|DIRECTORY",
    help="JSON file of parameter values, or a directory of such files; created if missing.",
)
@click.option(
    "--bucket",
    metavar="NAME",
    help="S3 bucket for templates of more than 51,200 bytes (default: a shell variable).",
)
@click.option("--force", is_flag=True, help="Overwrite existing parameter files.")
@click.option(
    "--format",
    "output_format",
    type=click.Choice(("text", "json")),
    default="text",
    show_default=True,
    help="Output format.",
)
def command(
    names: tuple[str, ...],
    *,
    parameters_file: str | None,
    bucket: str | None,
    force: bool,
    output_format: str,
) -> None:
    """Print a shell script that deploys templates in order.

    Without NAMES it deploys all of them. The order follows `after` in the table of templates, what
    they export and import, and the SSM parameters that they write and read.
    A script is for one account: without NAMES, templates that have an `account` are left out.
    """
    from cfngen.deploy.script import steps
    from cfngen.deploy.script.as_json import as_json
    from cfngen.deploy.script.shell import shell
    from cfngen.deploy.script.targets import in_one_account
    from cfngen.project import manifest
    from cfngen.project.missing_manifest import require_templates

    bucket = _bucket(bucket)
    location = manifest.find(here())
    require_templates(location)
    project = manifest.read(location)
    if not project.templates:
        say(f"{project.source}: lists no template, so there is nothing to deploy", fg="yellow")
        if output_format == "text" and not names:
            return
    entries = project.select(names)
    if not names:
        entries = in_one_account(entries)
    selected = {entry.name for entry in entries}
    elsewhere = {} if names else {n: e.account for n, e in project.templates.items()}
    elsewhere = {name: account for name, account in elsewhere.items() if name not in selected}
    prerequisites = [name for entry in entries for name in entry.after if name not in selected]
    templates = planned_templates(project, entries)
    others = project.select(tuple(prerequisites)) if prerequisites else []
    planned = steps(templates, planned_templates(project, others))
    files = _parameter_files(planned, parameters_file, force=force) if parameters_file else {}
    if output_format == "json":
        out(as_json(planned, files, bucket))
        for name, account in elsewhere.items():
            say(f"not included: {name}, which is for another account: {account}", fg="yellow")
    else:
        out(shell(planned, files, elsewhere, bucket))
    if bucket and not any(step.needs_bucket for step in planned):
        say(f"--bucket {bucket}: no template of this script needs one", fg="yellow")
    for template in templates:
        _warn_of_missing_file(project, template)


def _bucket(name: str | None) -> str:
    """Return the name of a bucket, if it can be one (AWS page "Bucket naming rules")."""
    if name is not None and not re.fullmatch(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", name):
        raise CfngenError(
            f"--bucket {name!r}: not the name of a bucket; it has 3 to 63 lowercase letters,"
            " digits, dots and dashes, and neither s3:// nor a path"
        )
    return name or ""


def _warn_of_missing_file(project: Manifest, template: PlannedTemplate) -> None:
    """Say which file is not there to be deployed yet."""
    if not (project.output / template.entry.file_name).is_file():
        say(f"{template.file}: not found; run `cfngen build` before you deploy", fg="yellow")


def _parameter_files(planned: list[Step], target: str, *, force: bool) -> dict[str, str]:
    """Write the files with parameters that are not there, and return all names, by template.

    Raises:
        CfngenError: a file that is there does not fit its template, or one cannot be written.
    """
    from pathlib import Path

    from cfngen.deploy.script.parameter_files import mistakes, skeleton

    with_parameters = {step.template: step for step in planned if step.parameters}
    directory = target.endswith("/") or Path(target).is_dir()
    if len(with_parameters) > 1 and not directory:
        raise CfngenError(
            f"--parameters-file {target}: {len(with_parameters)} templates require parameters"
            f" ({', '.join(with_parameters)}); name a directory, with a slash at the end"
        )
    if not with_parameters:
        say(f"{target}: not written, since no template requires parameters", fg="yellow")
    paths = {
        name: Path(target, f"{name}.json") if directory else Path(target)
        for name in with_parameters
    }
    kept = {name: path for name, path in paths.items() if path.exists() and not force}
    texts = dict(zip(kept, read_files(list(kept.values())), strict=True))
    problems = [
        f"{kept[name]}: {what}"
        for name, text in texts.items()
        for what in mistakes(with_parameters[name], text)
    ]
    if problems:
        raise Problems(problems)
    for name, path in paths.items():
        if name not in kept:
            write_file(path, skeleton(with_parameters[name]))
        say(f"{'kept   ' if name in kept else 'written'}  {path}", fg="green")
    return {name: str(path) for name, path in paths.items()}
