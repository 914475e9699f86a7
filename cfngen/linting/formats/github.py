"""Findings as annotations of GitHub Actions, shown on the lines of a pull request."""

from __future__ import annotations

import os

from cfngen.escaping import escape_controls, escape_lines
from cfngen.linting.lint import ERROR, INFORMATIONAL, WARNING
from cfngen.linting.report import Report

COMMANDS = {ERROR: "error", WARNING: "warning", INFORMATIONAL: "notice"}


def render(report: Report) -> str:
    """Return a workflow command for each finding.

    Source: https://docs.github.com/en/actions/reference/workflow-commands-for-github-actions
    """
    lines = []
    # It takes relative paths from the root of the checkout, wherever the command ran.
    root = os.environ.get("GITHUB_WORKSPACE") or "."
    for finding in report.findings:
        file = _property(os.path.relpath(finding.template, root))
        place = f"file={file},line={finding.line},col={finding.column}"
        message = "\n".join(escape_lines(finding.message))
        message += f" (from {escape_controls(finding.origin.display())})" if finding.origin else ""
        command = f"{COMMANDS[finding.severity]} {place},title={_property(finding.rule)}"
        lines.append(f"::{command}::{_data(message)}\n")
    return "".join(lines)


def _data(value: str) -> str:
    return value.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(value: str) -> str:
    return _data(escape_controls(value)).replace(":", "%3A").replace(",", "%2C")
