"""Options and output of the commands that print findings of the linter: build and lint."""

from __future__ import annotations

import sys
from functools import partial
from typing import TYPE_CHECKING

import click

from cfngen.console.project import own_version
from cfngen.console.terminal import out, style
from cfngen.linting import formats

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cfngen.linting.lint import Finding

FORMAT = click.option(
    "--format",
    "form",
    type=click.Choice(formats.names()),
    default=formats.DEFAULT,
    show_default=True,
    help="How to print findings.",
)
APPEND_RULES = click.option(
    "--append-rules/--no-append-rules",
    default=True,
    help="Run the Python that `append_rules` in .cfnlintrc names; not in a stranger's checkout."
    "  [default: append-rules]",
)


def report_findings(findings: Sequence[Finding], form: str, templates: Sequence[str]) -> None:
    """Print what the linter found, in the form asked for."""
    from cfngen.linting.report import Report

    to_stdout = partial(style, stream=sys.stdout)
    out(formats.render(form, Report(findings, templates, own_version(), to_stdout)))
