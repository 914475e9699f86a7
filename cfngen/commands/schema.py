"""The command that prints the schema of a blueprint's options: schema."""

from __future__ import annotations

import click

from cfngen.console.project import complete_blueprints
from cfngen.console.terminal import out


@click.command()
@click.argument("blueprint", shell_complete=complete_blueprints)
def command(blueprint: str) -> None:
    """Print the JSON Schema of a blueprint's options."""
    from cfngen.authoring.options import options_schema
    from cfngen.escaping import as_json
    from cfngen.project import registry

    installed = registry.find(blueprint).load()
    out(as_json(options_schema(installed.options_type)))
