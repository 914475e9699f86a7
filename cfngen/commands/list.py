"""The command that lists templates and blueprints: list."""

from __future__ import annotations

import sys
from functools import partial

import click

from cfngen.console.exits import FINDINGS
from cfngen.console.project import here
from cfngen.console.terminal import out, say, style


@click.command()
@click.option(
    "--format",
    "output_format",
    type=click.Choice(("text", "json")),
    default="text",
    show_default=True,
    help="Output format.",
)
def command(output_format: str) -> None:
    """List the project's templates and the installed blueprints."""
    from cfngen.project import listing, manifest, registry
    from cfngen.project.missing_manifest import near_misses

    location = manifest.find(here())
    project = manifest.read(location)
    blueprints = listing.summaries(registry.blueprints().values())
    if output_format == "json":
        out(listing.as_json(project, blueprints))
    else:
        out(listing.text(project, blueprints, partial(style, stream=sys.stdout)))
    if project.by_default:
        for line in near_misses(location):
            say(line, fg="yellow")
    for _, hint in registry.misnamed():
        say(hint, fg="yellow")
    failed = [blueprint for blueprint in blueprints if blueprint.problem]
    for blueprint in failed:
        say(f"{blueprint.name}: {blueprint.problem}", fg="red")
    if failed:
        raise click.exceptions.Exit(FINDINGS)
