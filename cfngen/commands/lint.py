"""The command that asks cfn-lint of files: lint; and how findings are printed."""

from __future__ import annotations

import sys
from functools import partial
from typing import TYPE_CHECKING

import click

from cfngen.commands.console import out, say, style
from cfngen.commands.exits import FINDINGS
from cfngen.commands.project import here, own_version, read_files
from cfngen.errors import CfngenError
from cfngen.linting import formats

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cfngen.linting.lint import Finding

FORMAT = click.option(
    "--format",
    "form",
    type=click.Choice(formats.names()),
    default=formats.DEFAULT,
    show_default=True,
    help="How to print findings.",
)
APPEND_RULES = click.option(
    "--append-rules/--no-append-rules",
    default=True,
    help="Run the Python that `append_rules` in .cfnlintrc names; not in a stranger's checkout."
    "  [default: append-rules]",
)


@click.command()
@click.argument("files", nargs=-1, type=click.Path())
@APPEND_RULES
@FORMAT
def lint(files: tuple[str, ...], *, append_rules: bool, form: str) -> None:
    """Lint template files (those in the output folder, without FILES) as they are on disk."""
    from pathlib import Path

    from cfngen.linting.processes import Linters
    from cfngen.project import manifest

    found = manifest.find(here())
    with Linters(found.root, append_rules=append_rules) as linters:
        from cfngen.linting.lint import ERROR
        from cfngen.paths import display_path

        project = manifest.read(found)
        paths = [Path(file) for file in files] or sorted(project.output.glob("*.yaml"))
        if not paths:
            remedy = "run `cfngen build` first" if found.has_manifest else "name files to lint"
            raise CfngenError(f"{display_path(project.output)}/: no templates; {remedy}")
        regions = {
            (project.output / entry.file_name).resolve(): entry.regions
            for entry in project.templates.values()
        }
        texts = read_files(paths)
        names = [display_path(path) for path in paths]
        results = linters.lint(
            [
                (text, name, regions.get(path.resolve(), ()))
                for text, name, path in zip(texts, names, paths, strict=True)
            ]
        )
    findings = [finding for found_ in results for finding in found_]
    report_findings(findings, form, names)
    errors = sum(finding.severity == ERROR for finding in findings)
    say(f"{len(paths)} file(s), {len(findings)} finding(s), {errors} of them error(s)")
    if errors:
        raise click.exceptions.Exit(FINDINGS)


def report_findings(findings: Sequence[Finding], form: str, templates: Sequence[str]) -> None:
    """Print what the linter found, in the form asked for."""
    from cfngen.linting.report import Report

    to_stdout = partial(style, stream=sys.stdout)
    out(formats.render(form, Report(findings, templates, own_version(), to_stdout)))
