"""The commands that show what there is: list, show, schema."""

from __future__ import annotations

import sys

import click

from cfngen.commands.console import out, say, style
from cfngen.commands.exits import FINDINGS
from cfngen.commands.project import complete_blueprints, complete_templates, draw, here


@click.command("list")
@click.option(
    "--format",
    "form",
    type=click.Choice(("text", "json")),
    default="text",
    show_default=True,
    help="How to print the lists.",
)
def list_(form: str) -> None:
    """List the templates of this project, and the blueprints they can be made of."""
    from cfngen.project import listing, manifest, registry
    from cfngen.project.missing_manifest import near_misses

    place = manifest.find(here())
    project = manifest.read(place)
    blueprints = listing.summaries(registry.blueprints().values())
    if form == "json":
        out(listing.as_json(project, blueprints))
    else:
        out(listing.text(project, blueprints, lambda t, **how: style(t, sys.stdout, **how)))
    if project.by_default:
        for line in near_misses(place):
            say(line, fg="yellow")
    failed = [found for found in blueprints if found.problem]
    for found in failed:
        say(f"{found.name}: {found.problem}; `cfngen schema {found.name}` says where", fg="red")
    if failed:
        raise click.exceptions.Exit(FINDINGS)


@click.command()
@click.argument("name", shell_complete=complete_templates)
def show(name: str) -> None:
    """Print one template as YAML; nothing is linted or written."""
    from cfngen.project import manifest

    (drawn,) = draw(manifest.load(here()).select((name,)))
    out(drawn.text)


@click.command()
@click.argument("blueprint", shell_complete=complete_blueprints)
def schema(blueprint: str) -> None:
    """Print the JSON Schema of a blueprint's options."""
    from cfngen.authoring.options import options_schema
    from cfngen.escaping import as_json
    from cfngen.project import registry

    found = registry.find(blueprint).load()
    out(as_json(options_schema(found.options_type)))
