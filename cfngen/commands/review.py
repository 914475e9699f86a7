"""The command that reviews a change of templates: review."""

from __future__ import annotations

import pkgutil
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cfngen.console.deployed import with_deployed
from cfngen.console.exits import FINDINGS
from cfngen.console.gate import gate_names
from cfngen.console.project import here, own_version, synthesize_all, write_file
from cfngen.console.review_waivers import WaiverOptions
from cfngen.console.terminal import out, say, style, terminal_width
from cfngen.errors import Problems, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cfngen.project.manifest import Manifest
    from cfngen.review import Review

# The modules of `cfngen.review.formats.outputs`, of which `--help` need not load any.
OUTPUTS = Path(__file__).parents[1] / "review" / "formats" / "outputs"
FORMATS = ("text", *sorted({m.name for m in pkgutil.iter_modules([str(OUTPUTS)])} - {"text"}))


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
    metavar="CONCERN|CODE,…",
    shell_complete=gate_names,
    help="Exit with 1 on findings of these concerns or codes, such as data or D101; `cfngen"
    " explain` lists them.",
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
    "--deployed-parameters",
    "parameters",
    type=click.Path(),
    metavar="FILE",
    help="JSON of `aws cloudformation describe-stacks`: resolve with the values that stacks have.",
)
@click.option(
    "--change-set",
    "change_sets",
    multiple=True,
    type=click.Path(),
    metavar="FILE",
    help="JSON of `aws cloudformation describe-change-set`: report what it says otherwise; can be"
    " repeated.",
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
    parameters: str | None,
    change_sets: tuple[str, ...],
    date: str | None,
    accept_new_waivers: bool,
    expect: str | None,
    drafts: str | None,
) -> None:
    """Show what a template change does to running stacks.

    BASE is what is deployed, HEAD is what would be: a git revision, a directory or a file. Without
    HEAD it is the working tree. A revision means the project's output directory in it; with a
    directory or a file on the other side, that directory or file. `A...B` is what B changed
    since it branched from A, with a directory or a file behind it in that. A file may also be what
    `aws cloudformation get-template` prints.

    A finding that a waiver of BASE is about does not count for --fail-on; it is shown all the same.

    It does not call AWS: replacements are determined by the resource schemas of cfn-lint,
    permissions by the policies.
    """
    from cfngen.project import manifest, revisions
    from cfngen.project.reviews import review_of
    from cfngen.review.formats import GITHUB, format_review
    from cfngen.review.processes import available_processes

    gate, files = _outputs(fails, writes)
    # Nothing of the project is run unless its blueprints are asked for: it may be a stranger's.
    compared = with_deployed(revisions.pair(base, head, here()), parameters, change_sets)
    waivers = WaiverOptions(date, expect, drafts, accept_new=accept_new_waivers)
    with _seldom_collected():
        reviewed = review_of(compared, processes=available_processes())
    outcome = waivers.apply(compared, reviewed)
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
    if failed := failing_gates(result, gate):
        failures.append(f"failed because of --fail-on: {', '.join(failed)}")
    failures += unreadable_templates(result)
    for failure in failures:
        say(failure, fg="red")
    if failures:
        raise click.exceptions.Exit(FINDINGS)


@contextmanager
def _seldom_collected() -> Iterator[None]:
    """Let Python look for garbage in circles less often: a review makes a lot, and hardly any."""
    import gc

    before = gc.get_threshold()
    gc.set_threshold(100_000, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


def unreadable_templates(result: Review) -> Iterator[str]:
    """Yield each template of HEAD that nobody can read: no gate passes a review without it."""
    from cfngen.review.model import Certainty
    from cfngen.review.readable import CODE

    for finding in result.unknowns:
        if finding.code == CODE and finding.certainty is Certainty.WILL:
            yield f"failed: {finding.subject} {finding.message}"


def failing_gates(result: Review, gate: list[str]) -> list[str]:
    """Return the concerns and codes with findings that are not waived, and what they are about."""
    about = {
        name: [
            *(
                f"{stack.name}/{finding.subject}"
                for stack in result.stacks
                for finding in stack.findings
                if name in (finding.concern, finding.code) and not finding.is_waived
            ),
            *(f.subject for f in result.unknowns if name in (f.concern, f.code)),
        ]
        for name in dict.fromkeys(gate)
    }
    return [f"{name} ({_some(named)})" for name, named in about.items() if named]


def _some(named: list[str]) -> str:
    names = list(dict.fromkeys(named))
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return f"{', '.join(names[:3])}{more}"


def _outputs(
    fails: tuple[str, ...], writes: tuple[str, ...]
) -> tuple[list[str], list[tuple[str, str]]]:
    """Return what to fail on and the files to write; reports all mistakes together."""
    from cfngen.project.registry import review_rules
    from cfngen.review.model import Concern

    gate = [name.strip() for text in fails for name in text.split(",") if name.strip()]
    concerns = [concern.value for concern in Concern]
    names = [*concerns, *review_rules()] if gate else []
    problems = [
        f"--fail-on: no concern or code {name!r}{did_you_mean(name, names)} (concerns:"
        f" {', '.join(concerns)}; `cfngen explain` lists the codes)"
        for name in gate
        if name not in names
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
    return gate, files


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
