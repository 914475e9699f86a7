"""The command that simulates pipelines: timeline."""

from __future__ import annotations

import sys

import click

from cfngen.console.project import complete_templates, template
from cfngen.console.terminal import out, style

MINUTES = click.IntRange(0, 7 * 24 * 60)


@click.command()
@click.argument("name", shell_complete=complete_templates)
@click.option(
    "--push",
    "pushes",
    multiple=True,
    required=True,
    metavar="TIME",
    help="When the source changes, such as 2026-11-24T10:00Z; several are simulated together.",
)
@click.option("--build", type=MINUTES, default=10, show_default=True, help="Minutes of a build.")
@click.option(
    "--deploy",
    type=MINUTES,
    default=5,
    show_default=True,
    help="Minutes of a stage that deploys, besides its bake time.",
)
@click.option(
    "--approval",
    type=MINUTES,
    default=0,
    show_default=True,
    help="Minutes that people take to approve.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(("text", "json", "mermaid", "svg")),
    default="text",
    show_default=True,
    help="How to print it.",
)
def timeline(
    name: str, *, pushes: tuple[str, ...], build: int, deploy: int, approval: int, form: str
) -> None:
    """Say when each stage of a pipeline would deploy after pushes, in UTC and on local clocks.

    NAME is a template of this project, or a template's file. Windows, execution modes and daylight
    saving time are taken from there; how long things take is not, so it is assumed.
    """
    from cfngen.timeline import Durations, format_timeline, timeline
    from cfngen.timeline.clock import moments

    at = moments(pushes)
    name, body = template(name)
    found = timeline(body, at, Durations(build, deploy, approval), name=name)
    out(format_timeline(found, form, lambda t, **how: style(t, sys.stdout, **how)))
