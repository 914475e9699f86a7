"""The command that reviews a change of templates: review."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from cfngen.console.exits import FINDINGS
from cfngen.console.project import here, own_version, synthesize_all, write_file
from cfngen.console.review_waivers import WaiverOptions
from cfngen.console.terminal import out, say, style, terminal_width
from cfngen.errors import Problems, did_you_mean

if TYPE_CHECKING:
    from cfngen.project.manifest import Manifest
    from cfngen.project.revisions import Comparison
    from cfngen.review import Review

# As the model and the printers have them, which `--help` need not load.
CONCERNS = ("refused", "data", "replace", "broaden", "unknown")
FORMATS = ("text", "markdown", "json", "sarif", "html")


@click.command()
@click.argument("base")
@click.argument("head", required=False)
@click.option(
    "--format",
    "output_format",
    type=click.Choice(FORMATS),
    default="text",
    show_default=True,
    help="Output format.",
)
@click.option(
    "--write",
    "writes",
    multiple=True,
    metavar="FORMAT=FILE",
    help="Also write the review to a file; can be repeated.",
)
@click.option(
    "--fail-on",
    "fails",
    multiple=True,
    metavar="CONCERN,…",
    help=f"Exit with 1 on findings of these concerns: {', '.join(CONCERNS)}.",
)
@click.option("--details", is_flag=True, help="Show every change (text format).")
@click.option(
    "--limit",
    type=click.IntRange(1000),
    metavar="CHARACTERS",
    help="Maximum length of markdown.  [default: 65,536, as on GitHub]",
)
@click.option(
    "--blueprints/--no-blueprints",
    default=None,
    help="Run the blueprints to add their source lines.  [default: for sarif only]",
)
@click.option(
    "--date",
    metavar="YYYY-MM-DD",
    help="Day that waivers have to reach.  [default: today, UTC]",
)
@click.option(
    "--accept-new-waivers",
    is_flag=True,
    help="Count waivers that HEAD adds, too.",
)
@click.option(
    "--expect",
    metavar="DIGEST",
    help="Exit with 1 if this is not the review with that digest, which was approved.",
)
@click.option(
    "--write-waivers",
    "drafts",
    is_flag=False,
    flag_value="",
    metavar="[FILE]",
    help="Add a draft of a waiver for each finding to a file.  [default: where HEAD has waivers, or"
    " cfngen-waivers.toml]",
)
def command(
    base: str,
    head: str | None,
    *,
    output_format: str,
    writes: tuple[str, ...],
    fails: tuple[str, ...],
    details: bool,
    limit: int | None,
    blueprints: bool | None,
    date: str | None,
    accept_new_waivers: bool,
    expect: str | None,
    drafts: str | None,
) -> None:
    """Show what a template change does to running stacks.

    BASE is what is deployed, HEAD is what would be: a git revision, a directory or a file. Without
    HEAD it is the working tree. A revision means the project's output directory in it; with a
    directory or a file on the other side, that directory or file. `A...B` is what B changed
    since it branched from A.

    A finding that a waiver of BASE is about does not count for --fail-on; it is shown all the same.

    It does not call AWS: replacements are determined by the resource schemas of cfn-lint,
    permissions by the policies.
    """
    from pathlib import Path

    from cfngen.project import manifest, revisions
    from cfngen.review.formats import GITHUB, format_review

    concerns, files = _outputs(fails, writes)
    # Nothing of the project is run unless its blueprints are asked for: it may be a stranger's.
    compared = revisions.pair(base, head, here())
    waivers = WaiverOptions(date, expect, drafts, accept_new=accept_new_waivers)
    outcome = waivers.apply(compared, review_of(compared))
    result = outcome.review
    wanted = {output_format, *(kind for kind, _ in files)}
    if blueprints or (blueprints is None and "sarif" in wanted):
        texts = {name: source.text for name, source in compared.head.items()}
        project = manifest.read(manifest.find(here()))
        result = _with_origins(result, project, texts, everything=bool(blueprints))
    most, version = limit or GITHUB, own_version()
    for kind, file in files:
        write_file(Path(file), format_review(result, kind, limit=most, version=version))
    out(
        format_review(
            result,
            output_format,
            lambda text, **styles: style(text, sys.stdout, **styles),
            limit=most,
            width=terminal_width(),
            version=version,
            details=details,
        )
    )
    failures = outcome.failures
    if failed := _failed(result, concerns):
        failures.append(f"failed because of --fail-on: {', '.join(failed)}")
    for failure in failures:
        say(failure, fg="red")
    if failures:
        raise click.exceptions.Exit(FINDINGS)


def review_of(compared: Comparison) -> Review:
    """Return the review of what was compared, which says what was not as well."""
    from dataclasses import replace

    from cfngen.review import review as reviewed

    result = reviewed(
        compared.base, compared.head, labels=compared.labels, accepted=compared.accepted
    )
    notes = (*compared.notes, *result.scope.notes)
    scope = replace(
        result.scope,
        left_out=compared.left_out,
        accepted=(*compared.allowed, *result.scope.accepted),
        notes=notes,
    )
    return replace(result, scope=scope, unknowns=(*compared.unknowns, *result.unknowns))


def _failed(result: Review, concerns: list[str]) -> list[str]:
    """Return the concerns that something was found of and not waived, with what it is about."""
    about = {
        concern: [
            *(
                f"{stack.name}/{finding.subject}"
                for stack in result.stacks
                for finding in stack.findings
                if finding.concern == concern and not finding.is_waived
            ),
            *(finding.subject for finding in result.unknowns if finding.concern == concern),
        ]
        for concern in dict.fromkeys(concerns)
    }
    return [f"{concern} ({_some(named)})" for concern, named in about.items() if named]


def _some(named: list[str]) -> str:
    names = list(dict.fromkeys(named))
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return f"{', '.join(names[:3])}{more}"


def _outputs(
    fails: tuple[str, ...], writes: tuple[str, ...]
) -> tuple[list[str], list[tuple[str, str]]]:
    """Return the concerns and the files that were asked for; all mistakes are told together."""
    concerns = [name.strip() for text in fails for name in text.split(",") if name.strip()]
    problems = [
        f"--fail-on: no concern {name!r}{did_you_mean(name, CONCERNS)}"
        f" (available: {', '.join(CONCERNS)})"
        for name in concerns
        if name not in CONCERNS
    ]
    files = []
    for text in writes:
        output_format, _, file = text.partition("=")
        if file == "-":
            problems.append(f"--write: {text!r}: standard output is for --format {output_format}")
        elif output_format in FORMATS and file:
            files.append((output_format, file))
        else:
            problems.append(
                f"--write: {text!r} is not FORMAT=FILE{did_you_mean(output_format, FORMATS)}"
                f" (formats: {', '.join(FORMATS)})"
            )
    if problems:
        raise Problems(problems)
    return concerns, files


def _with_origins(
    result: Review, project: Manifest, texts: dict[str, str], *, everything: bool
) -> Review:
    """Return a review that names lines of blueprints, where the template is still theirs.

    It says which templates are older than their blueprints; of `everything`, or of what changes.
    """
    from dataclasses import replace

    from cfngen.review.origins import with_origins

    changed = [stack.name for stack in result.stacks if stack.name in project.templates]
    names = list(project.templates) if everything else changed
    templates = synthesize_all(project.select(tuple(names))) if names else []
    current = [template for template in templates if template.text == texts.get(template.name)]
    origins = {template.name: template.origins for template in current}
    if stale := [template.name for template in templates if template.name not in origins]:
        note = (
            f"older than the blueprints: {', '.join(stale)}; run `cfngen build` to review what they"
            " make now"
        )
        scope = replace(result.scope, notes=(*result.scope.notes, note))
        result = replace(result, scope=scope)
    return with_origins(result, origins)
