"""Options and output of the commands that print findings of the linter: build and lint."""

from __future__ import annotations

import sys
from functools import partial
from typing import TYPE_CHECKING

import click

from cfngen.console.project import own_version
from cfngen.console.terminal import out, style
from cfngen.linting import formats
from cfngen.plurals import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cfngen.linting.lint import Finding

FORMAT = click.option(
    "--format",
    "output_format",
    type=click.Choice(formats.names()),
    default=formats.DEFAULT,
    show_default=True,
    help="Output format of the findings.",
)
APPEND_RULES = click.option(
    "--append-rules/--no-append-rules",
    default=True,
    show_default=True,
    help="Run the Python rules that `append_rules` in .cfnlintrc names. Leave them out in a"
    " checkout that you do not trust.",
)


def print_findings(
    findings: Sequence[Finding], output_format: str, templates: Sequence[str]
) -> None:
    """Print what the linter found.

    Args:
        findings: the findings of all templates.
        output_format: the name of a format, as `cfngen.linting.formats` has them.
        templates: the files that were linted, for the formats that list those without findings.
    """
    from cfngen.linting.report import Report

    to_stdout = partial(style, stream=sys.stdout)
    out(formats.render(output_format, Report(findings, templates, own_version(), to_stdout)))


def summary(findings: Sequence[Finding]) -> str:
    """Return how many findings there are, and how many of them are errors.

    Without findings it is `no findings`, without errors `3 findings, no errors`, otherwise
    `3 findings, 1 error`.
    """
    from cfngen.linting.lint import ERROR

    if not findings:
        return "no findings"
    errors = sum(finding.severity == ERROR for finding in findings)
    worst = counted(errors, "error") if errors else "no errors"
    return f"{counted(len(findings), 'finding')}, {worst}"
