"""Findings for programs, as JSON."""

from __future__ import annotations

from cfngen.escaping import as_json
from cfngen.linting.report import Report


def render(report: Report) -> str:
    """Return an array of objects whose keys are the fields of `Finding`.

    `origin` is `file:line` with an absolute path, empty where there is none.
    """
    return as_json(
        [
            {**vars(finding), "origin": str(finding.origin) if finding.origin else ""}
            for finding in report.findings
        ]
    )
