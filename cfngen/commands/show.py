"""The command that prints a template: show."""

from __future__ import annotations

import click

from cfngen.console.project import complete_templates, draw, here
from cfngen.console.terminal import out


@click.command()
@click.argument("name", shell_complete=complete_templates)
def command(name: str) -> None:
    """Print one template as YAML, without linting or writing it."""
    from cfngen.project import manifest

    (drawn,) = draw(manifest.load(here()).select((name,)))
    out(drawn.text)
