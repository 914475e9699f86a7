"""The command that simulates pipelines: timeline."""

from __future__ import annotations

import sys
from functools import partial

import click

from cfngen.console.project import complete_templates, template
from cfngen.console.terminal import out, style

MINUTES = click.IntRange(0, 7 * 24 * 60)  # a week


@click.command()
@click.argument("name", shell_complete=complete_templates)
@click.option(
    "--push",
    "pushes",
    multiple=True,
    required=True,
    metavar="TIME",
    help="Time of a push, e.g. 2026-11-24T10:00Z; can be repeated.",
)
@click.option(
    "--build",
    type=MINUTES,
    metavar="MINUTES",
    default=10,
    show_default=True,
    help="Duration of a build.",
)
@click.option(
    "--deploy",
    type=MINUTES,
    metavar="MINUTES",
    default=5,
    show_default=True,
    help="Duration of a deployment, without its bake time.",
)
@click.option(
    "--approval",
    type=MINUTES,
    metavar="MINUTES",
    default=0,
    show_default=True,
    help="Duration of a manual approval.",
)
@click.option(
    "--format",
    "output_format",
    type=click.Choice(("text", "json", "mermaid", "svg")),
    default="text",
    show_default=True,
    help="Output format.",
)
def command(
    name: str,
    *,
    pushes: tuple[str, ...],
    build: int,
    deploy: int,
    approval: int,
    output_format: str,
) -> None:
    """Show when each stage of a pipeline deploys after pushes.

    Times are in UTC and in local time. NAME is a template of the project, or a template file:
    deployment windows, execution modes and time zones are read from it. Durations are not in it;
    set them with the options.
    """
    from cfngen.timeline import Durations, format_timeline, timeline
    from cfngen.timeline.clock import moments

    times = moments(pushes)
    name, body = template(name)
    result = timeline(body, times, Durations(build, deploy, approval), name=name)
    out(format_timeline(result, output_format, partial(style, stream=sys.stdout)))
