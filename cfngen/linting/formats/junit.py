"""Findings as JUnit's XML, which CI systems show as test results."""

from __future__ import annotations

import re
from collections.abc import Sequence
from xml.etree import ElementTree as ET

from cfngen.escaping import escape_controls, escape_xml
from cfngen.linting.lint import ERROR, Finding
from cfngen.linting.report import Report
from cfngen.plurals import counted

# What XML 1.0 cannot hold, not even escaped.
NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
INDENT = " " * 11


def render(report: Report) -> str:
    """Return one test case for each template, failed by errors; the rest is its output."""
    suite = ET.Element("testsuite", name="cfngen", tests=str(len(report.templates)))
    failures = 0
    for template in report.templates:
        findings = [f for f in report.findings if f.template == template]
        name = NOT_XML.sub("\ufffd", template)
        case = ET.SubElement(suite, "testcase", classname="cfngen", name=name)
        if errors := [f for f in findings if f.severity == ERROR]:
            failures += 1
            failure = ET.SubElement(case, "failure", message=counted(len(errors), "error"))
            failure.text = _lines(errors)
        if others := [f for f in findings if f.severity != ERROR]:
            ET.SubElement(case, "system-out").text = _lines(others)
    suite.set("failures", str(failures))
    ET.indent(suite)
    xml: bytes = ET.tostring(suite, encoding="utf-8", xml_declaration=True)
    return escape_xml(xml.decode("utf-8")) + "\n"


def _lines(findings: Sequence[Finding]) -> str:
    lines = []
    for finding in findings:
        origin = f" (from {finding.origin.display()})" if finding.origin else ""
        message = finding.message.replace("\n", f"\n{INDENT}")
        place = f"{escape_controls(finding.template)}:{finding.line}"
        lines.append(f"{place}: {finding.rule} {message}{origin}")
    return NOT_XML.sub("\ufffd", "\n".join(lines))
