"""The command that prints a template: show."""

from __future__ import annotations

import click

from cfngen.console.project import complete_templates, here, synthesize_all
from cfngen.console.terminal import out


@click.command()
@click.argument("name", shell_complete=complete_templates)
def command(name: str) -> None:
    """Print one template as YAML, without linting or writing it."""
    from cfngen.project import manifest

    (template,) = synthesize_all(manifest.load(here()).select((name,)))
    out(template.text)
