"""The command that builds templates: build."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from cfngen.console.exits import FINDINGS
from cfngen.console.findings import APPEND_RULES, FORMAT, print_findings, summary
from cfngen.console.project import complete_templates, here, synthesize_all
from cfngen.console.terminal import out, say, style
from cfngen.errors import CfngenError
from cfngen.escaping import escape_lines
from cfngen.plurals import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cfngen.project.generate import SynthesizedTemplate
    from cfngen.project.manifest import Manifest
    from cfngen.project.write import Change


@click.command()
@click.argument("names", nargs=-1, shell_complete=complete_templates)
@click.option(
    "--check", is_flag=True, help="Write nothing; show what is out of date and exit with 1."
)
@click.option(
    "--prune",
    is_flag=True,
    help="Remove templates that cfngen wrote and the project no longer lists.",
)
@click.option("--force", is_flag=True, help="Overwrite files that were edited by hand.")
@click.option(
    "--output",
    type=click.Path(),
    metavar="DIRECTORY",
    help="Write to this directory instead of the project's own.",
)
@click.option(
    "--waivers",
    type=click.Path(),
    metavar="DIRECTORY",
    help="Also write the waivers of the templates there, for checkov, cfripper, cfn-lint and"
    " cfn-nag: a directory for each scanner, a file in it for each template.",
)
@APPEND_RULES
@FORMAT
def command(
    names: tuple[str, ...],
    *,
    check: bool,
    prune: bool,
    force: bool,
    output: str | None,
    waivers: str | None,
    append_rules: bool,
    output_format: str,
) -> None:
    """Build, lint and write templates.

    NAMES are the templates to build (default: all). They are listed in
    cfngen.toml, or under [tool.cfngen] in pyproject.toml. If the linter finds an error in any of
    them, nothing is written; warnings are only shown.
    """
    from pathlib import Path

    from cfngen.linting.processes import Linters
    from cfngen.project import manifest

    if prune and names:
        raise CfngenError("--prune is for the whole project; leave out the names")
    from cfngen.project.missing_manifest import require_templates

    location = manifest.find(here())
    require_templates(location, prune=prune)
    # First of all: it loads its rules while the blueprints run.
    with Linters(location.root, append_rules=append_rules) as linters:
        from cfngen.linting.lint import ERROR, trace
        from cfngen.paths import display_path
        from cfngen.project import write
        from cfngen.project.generate import size_advice
        from cfngen.project.stray_files import stray_files

        project = manifest.read(location, Path(output) if output else None)
        entries = project.select(names)
        templates = synthesize_all(entries)
        changes = write.pending_changes(
            project.output,
            {e.file_name: t.text for e, t in zip(entries, templates, strict=True)},
            prune=not names,
            within=None if output else location.root,
        )
        waiver_changes = _plan_waivers(waivers, templates, project, prune=not names)
        files = [entry.file_name for entry in entries]
        strays = stray_files(project.output, files, within=location.root)
        paths = [display_path(project.output / entry.file_name) for entry in entries]
        results = linters.lint(
            [
                (template.text, path, entry.regions)
                for template, path, entry in zip(templates, paths, entries, strict=True)
            ]
        )
    findings = [
        finding
        for result, template in zip(results, templates, strict=True)
        for finding in trace(result, template.origins)
    ]
    print_findings(findings, output_format, paths)
    for advice in filter(None, map(size_advice, templates)):
        say(advice, fg="yellow")
    if errors := sum(finding.severity == ERROR for finding in findings):
        say(f"{counted(errors, 'error')}; nothing written", fg="red")
        raise click.exceptions.Exit(FINDINGS)
    if check:
        stream = sys.stdout if output_format == "text" else sys.stderr
        _check(changes, waiver_changes, strays, project, stream)
        return
    for line in strays:
        say(line, fg="yellow")
    if not prune:
        left = [change for change in changes if change.kind == write.REMOVED]
        changes = [change for change in changes if change not in left]
        remedy = "--prune removes it" if project.templates else "remove it"
        for change in left:
            say(f"{display_path(change.path)}: no longer listed; {remedy}")
    write.apply(changes, force=force)
    for folder_changes in waiver_changes:
        write.apply(folder_changes, force=force)
    _print_changes(changes, project, templates)
    written = f"{counted(len(templates), 'template')} in {display_path(project.output)}/"
    say(f"{written}, {summary(findings)}")
    if waivers:
        _summarize_waivers(waivers, waiver_changes, templates)


def _plan_waivers(
    directory: str | None,
    templates: Sequence[SynthesizedTemplate],
    project: Manifest,
    *,
    prune: bool,
) -> list[list[Change]]:
    """Return what has to change in the files of the waivers, for each directory."""
    if directory is None:
        return []
    from pathlib import Path

    from cfngen.project import waiver_files

    documents = {template.name: template.document for template in templates}
    return waiver_files.pending_changes(
        Path(directory), documents, output=project.output, prune=prune
    )


def _check(
    changes: Sequence[Change],
    waiver_changes: Sequence[Sequence[Change]],
    strays: Sequence[str],
    project: Manifest,
    stream: Any,
) -> None:
    """Show what is out of date; data, unless findings in another format are the data."""
    from cfngen.paths import display_path
    from cfngen.project import write

    stale = [change for change in changes if change.kind != "same"]
    stale_waivers = [c for group in waiver_changes for c in group if c.kind != "same"]
    for change in (*stale, *stale_waivers):
        for line in escape_lines(change.diff()):
            colour = {"+": "green", "-": "red", "@": "cyan"}.get(line[:1])
            if stream is sys.stdout:
                out(f"{style(line, stream, fg=colour)}\n")
            else:
                say(line, fg=colour)
    if stale:
        names = ", ".join(change.path.name for change in stale)
        prune = " --prune" if any(change.after is None for change in stale) else ""
        remedy = f"run `cfngen build{prune}`" if project.templates else "remove these files"
        say(f"out of date: {names}; {remedy}", fg="red")
        for edited in write.edited(stale):
            say(edited, fg="red")
    if stale_waivers:
        names = ", ".join(display_path(change.path) for change in stale_waivers)
        say(
            f"out of date: {names}; run `cfngen build --waivers` as here, without --check", fg="red"
        )
        for edited in write.edited(stale_waivers):
            say(edited, fg="red")
    for line in strays:
        say(line, fg="red")
    if stale or stale_waivers or strays:
        raise click.exceptions.Exit(FINDINGS)
    say(f"{counted(len(changes), 'template')} up to date", fg="green")


def _print_changes(
    changes: Sequence[Change], project: Manifest, templates: Sequence[SynthesizedTemplate]
) -> None:
    from cfngen.paths import display_path

    by_file = {f"{template.name}.yaml": template for template in templates}
    for change in changes:
        detail = ""
        if template := by_file.get(change.path.name):
            resources = len(template.document.body["Resources"])
            noun = "resource " if resources == 1 else "resources"
            detail = f"  {resources:>3} {noun} {template.size:>7,} bytes"
        colour = {"same": None, "removed": "red"}.get(change.kind, "green")
        say(f"{change.kind:<8} {display_path(change.path):<40}{detail}".rstrip(), fg=colour)
    if not project.templates:
        say(f"{project.source}: lists no template, so there is nothing to build", fg="yellow")


def _summarize_waivers(
    directory: str, changes: Sequence[Sequence[Change]], templates: Sequence[SynthesizedTemplate]
) -> None:
    """Say which files there are now, and which scanners read none."""
    from cfngen.paths import display_path
    from cfngen.project import waiver_files

    kept = [change for group in changes for change in group if change.after is not None]
    line = f"{counted(len(kept), 'waiver file')} in {display_path(directory)}/"
    if without := waiver_files.without_a_file({d.name: d.document for d in templates}):
        line += f"; {', '.join(without)}: none, since they read no waiver files"
    say(line)
