"""Findings as text, JSON, SARIF, JUnit and GitHub annotations."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from cfngen.lint import ERROR, INFORMATIONAL, WARNING, Finding

COLOURS = {ERROR: "red", WARNING: "yellow", INFORMATIONAL: "cyan"}
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
            lines.append(style(template, bold=True))
        place = f"{finding.line}:{finding.column}"
        severity = style(f"{finding.rule} {finding.severity}", fg=COLOURS.get(finding.severity))
        about = f" ({finding.name})" if finding.name else ""
        lines.append(f"  {place:<8} {severity}{about}: {finding.message}")
        if finding.origin:
            lines.append(f"           from {_near(finding.origin)}")
    return "".join(f"{line}\n" for line in lines)


def as_json(findings: Sequence[Finding]) -> str:
    """Return findings as a JSON array of objects whose keys are the fields of `Finding`."""
    return json.dumps([vars(f) for f in findings], indent=2, ensure_ascii=False) + "\n"


def sarif(findings: Sequence[Finding], version: str) -> str:
    """Return findings as SARIF 2.1.0, located in the template and in the blueprint."""
    levels = {ERROR: "error", WARNING: "warning", INFORMATIONAL: "note"}
    run = {
        "tool": {
            "driver": {
                "name": "cfngen",
                "version": version,
                "informationUri": RULES,
                "rules": [{"id": r, "helpUri": RULES} for r in sorted({f.rule for f in findings})],
            }
        },
        "columnKind": "unicodeCodePoints",
        "results": [
            {
                "ruleId": f.rule,
                "level": levels[f.severity],
                "message": {"text": f.message},
                "locations": [_location(f.template, f.line, f.column)],
                **({"relatedLocations": [_origin(f)]} if f.origin else {}),
            }
            for f in findings
        ],
    }
    document = {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [run],
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def junit(findings: Sequence[Finding], templates: Sequence[str]) -> str:
    """Return one test case for each template, failed by errors; the rest is its output."""
    suite = ElementTree.Element("testsuite", name="cfngen", tests=str(len(templates)))
    failures = 0
    for template in templates:
        mine = [f for f in findings if f.template == template]
        case = ElementTree.SubElement(suite, "testcase", classname="cfngen", name=template)
        if errors := [f for f in mine if f.severity == ERROR]:
            failures += 1
            failure = ElementTree.SubElement(case, "failure", message=f"{len(errors)} error(s)")
            failure.text = "\n".join(_line(f) for f in errors)
        if others := [f for f in mine if f.severity != ERROR]:
            ElementTree.SubElement(case, "system-out").text = "\n".join(_line(f) for f in others)
    suite.set("failures", str(failures))
    ElementTree.indent(suite)
    return ElementTree.tostring(suite, encoding="unicode", xml_declaration=True) + "\n"


def github(findings: Sequence[Finding]) -> str:
    """Return GitHub Actions' workflow commands, which it shows on the lines of a pull request."""
    commands = {ERROR: "error", WARNING: "warning", INFORMATIONAL: "notice"}
    lines = []
    for f in findings:
        where = f"file={_property(f.template)},line={f.line},col={f.column},title={f.rule}"
        lines.append(f"::{commands[f.severity]} {where}::{_data(f.message)}\n")
    return "".join(lines)


def _line(finding: Finding) -> str:
    origin = f" (from {_near(finding.origin)})" if finding.origin else ""
    return f"{finding.template}:{finding.line}: {finding.rule} {finding.message}{origin}"


def _location(file: str, line: int, column: int | None = None) -> dict[str, Any]:
    region = {"startLine": line} | ({"startColumn": column} if column else {})
    return {"physicalLocation": {"artifactLocation": {"uri": file}, "region": region}}


def _origin(finding: Finding) -> dict[str, Any]:
    file, _, line = finding.origin.rpartition(":")
    return {**_location(_near(file), int(line)), "message": {"text": "added here"}}


def _near(path: str) -> str:
    """Return a path relative to the working directory where it lies below it."""
    here = f"{Path.cwd()}/"
    return path.removeprefix(here)


def _data(value: str) -> str:
    return value.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(value: str) -> str:
    return _data(value).replace(":", "%3A").replace(",", "%2C")
