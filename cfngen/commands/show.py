"""The command that prints a template: show."""

from __future__ import annotations

import click

from cfngen.console.project import complete_templates, draw, here
from cfngen.console.terminal import out


@click.command()
@click.argument("name", shell_complete=complete_templates)
def show(name: str) -> None:
    """Print one template as YAML; nothing is linted or written."""
    from cfngen.project import manifest

    (drawn,) = draw(manifest.load(here()).select((name,)))
    out(drawn.text)
