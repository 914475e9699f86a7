"""The command that writes templates: build."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from cfngen.console.exits import FINDINGS
from cfngen.console.findings import APPEND_RULES, FORMAT, report_findings
from cfngen.console.project import complete_templates, draw, here
from cfngen.console.terminal import out, say, style
from cfngen.errors import CfngenError
from cfngen.escaping import escape_lines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cfngen.project.generate import SynthesizedTemplate
    from cfngen.project.manifest import Manifest
    from cfngen.project.write import Change


@click.command()
@click.argument("names", nargs=-1, shell_complete=complete_templates)
@click.option("--check", is_flag=True, help="Write nothing; exit 1 and show what is out of date.")
@click.option("--prune", is_flag=True, help="Remove templates of ours that nobody lists any more.")
@click.option("--force", is_flag=True, help="Overwrite files that were edited by hand.")
@click.option(
    "--output",
    type=click.Path(),
    help="The folder to write to, instead of the project's own.",
)
@APPEND_RULES
@FORMAT
def build(
    names: tuple[str, ...],
    *,
    check: bool,
    prune: bool,
    force: bool,
    output: str | None,
    append_rules: bool,
    form: str,
) -> None:
    """Generate and lint templates (all of them, without NAMES) and write them.

    cfngen.toml, or [tool.cfngen] in pyproject.toml, lists them; without a list none is made.
    Errors of the linter fail the build, and then nothing is written; warnings are shown.
    """
    from pathlib import Path

    from cfngen.linting.processes import Linters
    from cfngen.project import manifest

    if prune and names:
        raise CfngenError("--prune goes with a build of everything: leave out the names")
    from cfngen.project.missing_manifest import require_templates

    found = manifest.find(here())
    require_templates(found, prune=prune)
    with Linters(
        found.root, append_rules=append_rules
    ) as linters:  # first of all: it loads while we draw
        from cfngen.linting.lint import ERROR, trace
        from cfngen.paths import display_path
        from cfngen.project import write
        from cfngen.project.generate import size_advice
        from cfngen.project.stray_files import stray_files

        project = manifest.read(found, Path(output) if output else None)
        entries = project.select(names)
        drawn = draw(entries)
        changes = write.pending_changes(
            project.output,
            {e.file_name: d.text for e, d in zip(entries, drawn, strict=True)},
            prune=not names,
            within=None if output else found.root,
        )
        files = [entry.file_name for entry in entries]
        doubtful = stray_files(project.output, files, within=found.root)
        paths = [display_path(project.output / entry.file_name) for entry in entries]
        results = linters.lint(
            [(d.text, p, e.regions) for d, p, e in zip(drawn, paths, entries, strict=True)]
        )
    findings = [
        finding
        for found_, d in zip(results, drawn, strict=True)
        for finding in trace(found_, d.origins)
    ]
    report_findings(findings, form, paths)
    for advice in filter(None, map(size_advice, drawn)):
        say(advice, fg="yellow")
    if errors := sum(finding.severity == ERROR for finding in findings):
        say(f"{errors} error(s); nothing written", fg="red")
        raise click.exceptions.Exit(FINDINGS)
    if check:
        _check(changes, doubtful, project, sys.stdout if form == "text" else sys.stderr)
        return
    for line in doubtful:
        say(line, fg="yellow")
    if not prune:
        left = [change for change in changes if change.kind == write.REMOVED]
        changes = [change for change in changes if change not in left]
        remedy = "--prune removes it" if project.templates else "remove it"
        for change in left:
            say(f"{display_path(change.path)}: no template of that name any more; {remedy}")
    write.apply(changes, force=force)
    _summary(changes, project, drawn, len(findings))


def _check(
    changes: Sequence[Change], doubtful: Sequence[str], project: Manifest, stream: Any
) -> None:
    """Show what is out of date; data, unless findings in another format are the data."""
    from cfngen.project import write

    stale = [change for change in changes if change.kind != "same"]
    for change in stale:
        for line in escape_lines(change.diff()):
            colour = {"+": "green", "-": "red", "@": "cyan"}.get(line[:1])
            if stream is sys.stdout:
                out(f"{style(line, stream, fg=colour)}\n")
            else:
                say(line, fg=colour)
    if stale:
        names = ", ".join(change.path.name for change in stale)
        prune = " --prune" if any(change.after is None for change in stale) else ""
        remedy = f"run `cfngen build{prune}`" if project.templates else "remove what is left"
        say(f"out of date: {names}; {remedy}", fg="red")
        for edited in write.edited(stale):
            say(edited, fg="red")
    for line in doubtful:
        say(line, fg="red")
    if stale or doubtful:
        raise click.exceptions.Exit(FINDINGS)
    say(f"{len(changes)} template(s) as the blueprints say", fg="green")


def _summary(
    changes: Sequence[Change],
    project: Manifest,
    drawn: Sequence[SynthesizedTemplate],
    findings: int,
) -> None:
    from cfngen.paths import display_path

    made = {f"{d.name}.yaml": d for d in drawn}
    for change in changes:
        detail = ""
        if found := made.get(change.path.name):
            resources = len(found.document.body["Resources"])
            detail = f"  {resources:>3} resources {found.size:>7,} bytes"
        colour = {"same": None, "removed": "red"}.get(change.kind, "green")
        say(f"{change.kind:<8} {display_path(change.path):<40}{detail}".rstrip(), fg=colour)
    if not project.templates:
        say(f"{project.source}: lists no template, so there is nothing to make", fg="yellow")
    clean = "no findings" if not findings else f"{findings} finding(s), none of them an error"
    say(f"{len(drawn)} template(s) in {display_path(project.output)}/, {clean}")
