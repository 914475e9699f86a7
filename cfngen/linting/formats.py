"""Findings as text, JSON, SARIF, JUnit and GitHub annotations."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from xml.etree import ElementTree as ET

from cfngen.escaping import as_json as data_as_json
from cfngen.escaping import as_xml, visible, visible_lines
from cfngen.linting.lint import ERROR, INFORMATIONAL, WARNING, Finding
from cfngen.linting.sarif_document import added, document, location
from cfngen.paths import display_path

COLOURS = {ERROR: "red", WARNING: "yellow", INFORMATIONAL: "cyan"}
LEVELS = {ERROR: "error", WARNING: "warning", INFORMATIONAL: "note"}
COMMANDS = {ERROR: "error", WARNING: "warning", INFORMATIONAL: "notice"}
# What XML 1.0 cannot hold, not even escaped.
NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
RULES = "https://github.com/aws-cloudformation/cfn-lint/blob/main/docs/rules.md"


def text(findings: Sequence[Finding], style: Callable[..., str]) -> str:
    """Return findings for a person, grouped by template.

    Args:
        findings: what was found.
        style: a function such as `click.style(text, fg=..., bold=...)`.
    """
    lines: list[str] = []
    template = ""
    for finding in findings:
        if finding.template != template:
            template = finding.template
            lines.append(style(visible(template), bold=True))
        place = f"{finding.line}:{finding.column}"
        rule = visible(f"{finding.rule} {finding.severity}")
        severity = style(rule, fg=COLOURS.get(finding.severity))
        about = f" ({visible(finding.name)})" if finding.name else ""
        message = f"\n{'':11}".join(visible_lines(finding.message))
        lines.append(f"  {place:<8} {severity}{about}: {message}")
        if finding.origin:
            lines.append(f"{'':11}from {visible(_origin(finding))}")
    return "".join(f"{line}\n" for line in lines)


def as_json(findings: Sequence[Finding]) -> str:
    """Return findings as a JSON array of objects whose keys are the fields of `Finding`."""
    return data_as_json([vars(f) for f in findings])


def sarif(findings: Sequence[Finding], version: str) -> str:
    """Return findings as SARIF 2.1.0, located in the template and in the blueprint."""
    driver = {
        "version": version,
        "informationUri": RULES,
        "rules": [{"id": r, "helpUri": RULES} for r in sorted({f.rule for f in findings})],
    }
    results = [
        {
            "ruleId": f.rule,
            "level": LEVELS[f.severity],
            "message": {"text": f.message},
            "locations": [location(f.template, f.line, f.column)],
            **({"relatedLocations": [added(f.origin)]} if f.origin else {}),
        }
        for f in findings
    ]
    return document(driver, results)


def junit(findings: Sequence[Finding], templates: Sequence[str]) -> str:
    """Return one test case for each template, failed by errors; the rest is its output."""
    suite = ET.Element("testsuite", name="cfngen", tests=str(len(templates)))
    failures = 0
    for template in templates:
        mine = [f for f in findings if f.template == template]
        name = NOT_XML.sub("\ufffd", template)
        case = ET.SubElement(suite, "testcase", classname="cfngen", name=name)
        if errors := [f for f in mine if f.severity == ERROR]:
            failures += 1
            failure = ET.SubElement(case, "failure", message=f"{len(errors)} error(s)")
            failure.text = _lines(errors)
        if others := [f for f in mine if f.severity != ERROR]:
            ET.SubElement(case, "system-out").text = _lines(others)
    suite.set("failures", str(failures))
    ET.indent(suite)
    xml: bytes = ET.tostring(suite, encoding="utf-8", xml_declaration=True)
    return as_xml(xml.decode("utf-8")) + "\n"


def github(findings: Sequence[Finding]) -> str:
    """Return GitHub Actions' workflow commands, which it shows on the lines of a pull request."""
    lines = []
    # It takes relative paths from the root of the checkout, wherever the command ran.
    root = os.environ.get("GITHUB_WORKSPACE") or "."
    for f in findings:
        file = os.path.relpath(f.template, root)
        place = f"file={_property(file)},line={f.line},col={f.column},title={_property(f.rule)}"
        message = "\n".join(visible_lines(f.message))
        message += f" (from {visible(_origin(f))})" if f.origin else ""
        lines.append(f"::{COMMANDS[f.severity]} {place}::{_data(message)}\n")
    return "".join(lines)


def _lines(findings: Sequence[Finding]) -> str:
    lines = []
    for f in findings:
        origin = f" (from {_origin(f)})" if f.origin else ""
        message = f.message.replace("\n", f"\n{'':11}")
        lines.append(f"{visible(f.template)}:{f.line}: {f.rule} {message}{origin}")
    return NOT_XML.sub("\ufffd", "\n".join(lines))


def _origin(finding: Finding) -> str:
    """Return the blueprint's file and line as a person would type it."""
    file, _, line = finding.origin.rpartition(":")
    return f"{display_path(file)}:{line}"


def _data(value: str) -> str:
    return value.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(value: str) -> str:
    return _data(visible(value)).replace(":", "%3A").replace(",", "%2C")
