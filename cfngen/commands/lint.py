"""The command that lints files: lint."""

from __future__ import annotations

import click

from cfngen.console.exits import FINDINGS
from cfngen.console.findings import APPEND_RULES, FORMAT, print_findings, summary
from cfngen.console.project import here, read_files
from cfngen.console.terminal import say
from cfngen.errors import CfngenError
from cfngen.plurals import counted


@click.command()
@click.argument("files", nargs=-1, type=click.Path())
@APPEND_RULES
@FORMAT
def command(files: tuple[str, ...], *, append_rules: bool, output_format: str) -> None:
    """Lint the template files on disk.

    FILES are the templates to lint (default: those in the output directory).
    """
    from pathlib import Path

    from cfngen.linting.processes import Linters
    from cfngen.project import manifest

    location = manifest.find(here())
    with Linters(location.root, append_rules=append_rules) as linters:
        from cfngen.linting.lint import ERROR
        from cfngen.paths import display_path

        project = manifest.read(location)
        paths = [Path(file) for file in files] or sorted(project.output.glob("*.yaml"))
        if not paths:
            remedy = "run `cfngen build` first" if location.has_manifest else "name files to lint"
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
    findings = [finding for result in results for finding in result]
    print_findings(findings, output_format, names)
    say(f"{counted(len(paths), 'file')}, {summary(findings)}")
    if any(finding.severity == ERROR for finding in findings):
        raise click.exceptions.Exit(FINDINGS)
