"""Findings for a person, grouped by template."""

from __future__ import annotations

from cfngen.escaping import escape_controls, escape_lines
from cfngen.linting.lint import ERROR, INFORMATIONAL, WARNING
from cfngen.linting.report import Report

COLOURS = {ERROR: "red", WARNING: "yellow", INFORMATIONAL: "cyan"}
INDENT = " " * 11


def render(report: Report) -> str:
    """Return a line for each finding, and the blueprint's line below it where that is known."""
    lines: list[str] = []
    template = ""
    for finding in report.findings:
        if finding.template != template:
            template = finding.template
            lines.append(report.style(escape_controls(template), bold=True))
        place = f"{finding.line}:{finding.column}"
        rule = escape_controls(f"{finding.rule} {finding.severity}")
        severity = report.style(rule, fg=COLOURS.get(finding.severity))
        about = f" ({escape_controls(finding.name)})" if finding.name else ""
        message = f"\n{INDENT}".join(escape_lines(finding.message))
        lines.append(f"  {place:<8} {severity}{about}: {message}")
        if finding.origin:
            lines.append(f"{INDENT}from {escape_controls(finding.origin.display())}")
    return "".join(f"{line}\n" for line in lines)
