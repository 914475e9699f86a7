"""Findings as SARIF 2.1.0, which code scanning of GitHub and others takes."""

from __future__ import annotations

from cfngen.linting.lint import ERROR, INFORMATIONAL, WARNING
from cfngen.linting.report import Report
from cfngen.linting.sarif_document import added, document, location

LEVELS = {ERROR: "error", WARNING: "warning", INFORMATIONAL: "note"}
RULES = "https://github.com/aws-cloudformation/cfn-lint/blob/main/docs/rules.md"


def render(report: Report) -> str:
    """Return one run, whose results are located in the template and in the blueprint."""
    rules = sorted({finding.rule for finding in report.findings})
    driver = {
        "version": report.version,
        "informationUri": RULES,
        "rules": [{"id": rule, "helpUri": RULES} for rule in rules],
    }
    results = [
        {
            "ruleId": finding.rule,
            "level": LEVELS[finding.severity],
            "message": {"text": finding.message},
            "locations": [location(finding.template, finding.line, finding.column)],
            **({"relatedLocations": [added(finding.origin)]} if finding.origin else {}),
        }
        for finding in report.findings
    ]
    return document(driver, results)
