"""Findings come out as people and other tools want them."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit
from xml.etree import ElementTree as ET

import click
import pytest

import cfngen
from cfngen.cloudformation.document import Origin
from cfngen.linting import formats
from cfngen.linting.lint import Finding
from cfngen.linting.report import Report
from cfngen.paths import uri


@pytest.fixture
def findings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Finding]:
    """One of each severity, with all that could break a format."""
    here = tmp_path / "my project"
    here.mkdir()
    monkeypatch.chdir(here)
    monkeypatch.delenv("GITHUB_WORKSPACE", raising=False)
    odd = '50% of a, b: c\nsecond <line> & "quotes" ]]> \x07 \ufffe é 日本'
    added = Origin(f"{here}/b p.py", 12)
    return [
        Finding("output/a.yaml", 3, 7, "E1", "error", odd, "Resources", "A", added),
        Finding("output/a.yaml", 4, 1, "W1", "warning", "careful"),
        Finding("../other/ü,:%.yaml", 0, 0, "I1", "informational", "by the way", "R", "B"),
        Finding("/elsewhere/c.yaml", 1, 1, "E2", "error", "no", "R", "B", Origin("/site/b.py", 1)),
    ]


TEMPLATES = ["output/a.yaml", "../other/ü,:%.yaml", "/elsewhere/c.yaml", "output/fine.yaml"]


def test_text_is_grouped_by_template_and_names_the_blueprints_line(
    findings: list[Finding],
) -> None:
    """People read place, rule, severity, resource and message, and where it was added."""
    text = formats.render("text", Report(findings))
    assert text.splitlines()[:6] == [
        "output/a.yaml",
        "  3:7      E1 error (A): 50% of a, b: c",
        '           second <line> & "quotes" ]]> \\x07 \ufffe é 日本',
        "           from b p.py:12",
        "  4:1      W1 warning: careful",
        "../other/ü,:%.yaml",
    ]
    assert formats.render("text", Report([])) == ""
    coloured = formats.render("text", Report(findings, style=click.style))
    assert click.style("E1 error", fg="red") in coloured


def test_json_is_the_fields_of_a_finding(findings: list[Finding]) -> None:
    """A program gets every field back."""
    data = json.loads(formats.render("json", Report(findings)))
    origins = [item.pop("origin") for item in data]
    assert [Finding(**item) for item in data] == findings
    assert origins == [str(finding.origin or "") for finding in findings]
    assert origins[0] == f"{Path.cwd()}/b p.py:12"
    assert json.loads(formats.render("json", Report([]))) == []


def check_sarif(document: Any) -> None:
    """Hold a document against what the SARIF 2.1.0 schema requires of the parts we use."""
    assert set(document) == {"$schema", "version", "runs"}
    assert document["version"] == "2.1.0"
    for run in document["runs"]:
        assert set(run) <= {"tool", "results", "columnKind"}
        assert run["columnKind"] in ("utf16CodeUnits", "unicodeCodePoints")
        driver = run["tool"]["driver"]
        assert driver["name"]
        ids = [rule["id"] for rule in driver["rules"]]
        assert len(ids) == len(set(ids))
        for result in run["results"]:
            assert set(result) <= {
                "ruleId",
                "level",
                "message",
                "locations",
                "relatedLocations",
            }
            assert result["ruleId"] in ids
            assert result["level"] in ("none", "note", "warning", "error")
            assert result["message"]["text"]
            for location in result["locations"] + result.get("relatedLocations", []):
                assert set(location) <= {"physicalLocation", "message"}
                region = location["physicalLocation"]["region"]
                assert set(region) <= {"startLine", "startColumn"}
                assert all(isinstance(n, int) and n >= 1 for n in region.values())
                check_uri(location["physicalLocation"]["artifactLocation"]["uri"])


def check_uri(uri: str) -> None:
    """Hold a URI to RFC 3986 and to what viewers take: relative below, or a file URI."""
    assert re.fullmatch(r"[A-Za-z0-9._~!$&'()*+,;=:@/%-]+", uri)
    assert not re.search(r"%(?![0-9A-F]{2})", uri)
    parts = urlsplit(uri)
    if parts.scheme:
        assert (parts.scheme, parts.netloc) == ("file", "")
        assert parts.path.startswith("/")
    else:
        assert not uri.startswith("/")
        assert ".." not in uri.split("/")


def test_sarif_has_the_structure_of_2_1_0(findings: list[Finding]) -> None:
    """SARIF locates findings by valid URIs, in the template and in the blueprint."""
    document = json.loads(formats.render("sarif", Report(findings, version="1.2.3")))
    check_sarif(document)
    check_sarif(json.loads(formats.render("sarif", Report([], version="1.2.3"))))
    first, second, third, fourth = document["runs"][0]["results"]

    def uri(result: Any, which: str = "locations") -> str:
        return str(result[which][0]["physicalLocation"]["artifactLocation"]["uri"])

    assert uri(first) == "output/a.yaml"
    assert uri(first, "relatedLocations") == "b%20p.py"
    assert [result["level"] for result in (first, second, third)] == ["error", "warning", "note"]
    assert unquote(urlsplit(uri(third)).path) == str(Path.cwd().parent / "other/ü,:%.yaml")
    assert uri(fourth) == "file:///elsewhere/c.yaml"
    assert uri(fourth, "relatedLocations") == "file:///site/b.py"


def test_junit_is_xml_with_a_case_for_each_template(findings: list[Finding]) -> None:
    """Only errors fail a case; the rest is its output; control characters do not break it."""
    text = formats.render("junit", Report(findings, TEMPLATES))
    assert text.startswith("<?xml version='1.0' encoding='utf-8'?>")
    suite = ET.fromstring(text.encode("utf-8"))  # noqa: S314 - our own
    assert suite.attrib == {"name": "cfngen", "tests": "4", "failures": "2"}
    cases = {case.get("name"): case for case in suite}
    assert list(cases) == TEMPLATES
    failure = cases["output/a.yaml"].find("failure")
    assert failure is not None
    assert failure.get("message") == "1 error"
    assert 'second <line> & "quotes" ]]> \ufffd \ufffd é 日本 (from b p.py:12)' in str(failure.text)
    assert cases["output/a.yaml"].findtext("system-out") == "output/a.yaml:4: W1 careful"
    assert cases[TEMPLATES[1]].find("failure") is None
    assert len(cases["output/fine.yaml"]) == 0


def test_github_annotations_escape_what_would_end_them(
    findings: list[Finding], monkeypatch: pytest.MonkeyPatch
) -> None:
    """`%` and newlines are escaped everywhere, commas and colons in properties, too."""
    lines = formats.render("github", Report(findings)).splitlines()
    assert lines[0] == (
        "::error file=output/a.yaml,line=3,col=7,title=E1::50%25 of a, b: c%0Asecond <line> &"
        ' "quotes" ]]> \\x07 \ufffe é 日本 (from b p.py:12)'
    )
    assert lines[1] == "::warning file=output/a.yaml,line=4,col=1,title=W1::careful"
    assert lines[2].startswith("::notice file=../other/ü%2C%3A%25.yaml,line=0,col=0,title=I1::")
    monkeypatch.setenv("GITHUB_WORKSPACE", str(Path.cwd().parent))
    below = formats.render("github", Report(findings)).splitlines()[0]
    assert below.startswith("::error file=my project/output/a.yaml,")


def test_code_scanning_finds_a_template_below_the_root(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In GitHub Actions a URI begins at the checkout's root, wherever the project is in it."""
    (tmp_path / "infra").mkdir()
    monkeypatch.chdir(tmp_path / "infra")
    assert uri("output/a b.yaml") == "output/a%20b.yaml"
    monkeypatch.setenv("GITHUB_WORKSPACE", str(tmp_path))
    assert uri("output/a b.yaml") == "infra/output/a%20b.yaml"
    assert uri("/elsewhere/a.yaml") == "file:///elsewhere/a.yaml"


CSV = '''"""Findings as a table."""

from cfngen.linting.report import Report


def render(report: Report) -> str:
    """Return a line for each finding."""
    return "".join(f"{f.template},{f.line},{f.rule}\\n" for f in report.findings)
'''


@pytest.mark.slow
def test_a_format_is_one_file(tmp_path: Path) -> None:
    """A module beside the other formats is a format of the command; nothing else is edited."""
    package = tmp_path / "cfngen"
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(Path(cfngen.__file__).parent, package, ignore=ignored)
    (package / "linting/formats/csv.py").write_text(CSV)
    broken = Path(__file__).parent / "broken" / "unknown-type.yaml"
    run = subprocess.run(
        [sys.executable, "-m", "cfngen", "lint", "--format", "csv", broken],
        cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(tmp_path)}, capture_output=True,
        text=True, check=False,
    )  # fmt: skip
    assert run.returncode == 1, run.stderr
    assert re.fullmatch(r".*unknown-type\.yaml,\d+,E3006\n", run.stdout)


def test_an_unknown_format_is_refused() -> None:
    """The message names those that there are, the default first."""
    with pytest.raises(ValueError, match="no format 'xml'; there are text, github, json, junit"):
        formats.render("xml", Report([]))
