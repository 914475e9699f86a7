"""Independent scanners gate the build: what they find is mended, or waived where it is made.

`python tests/scanners/install.py` installs those that have environments of their own.
"""

from __future__ import annotations

import functools
import os
import re
from pathlib import Path

import pytest
from scanners.findings import ALL, HERE, Finding, Scanner, workflows
from scanners.waivers import PAGE, Placed, every, in_workflows, matches, page

pytestmark = pytest.mark.scanners

BAD = HERE / "bad"
# What each scanner has to find in an example that is wrong: rule, and where.
WRONG = {
    "cfn-lint": ("template.yaml", {"E3002": "Mistyped", "I3011": "Log", "W3045": "Bucket"}),
    "checkov": ("template.yaml", {"CKV_AWS_24": "Group", "CKV_AWS_62": "Role"}),
    "cfripper": (
        "template.yaml",
        {"FullWildcardPrincipalRule": "BucketPolicy", "PrivilegeEscalationRule": "Role"},
    ),
    "parliament": ("template.yaml", {"UNKNOWN_ACTION/s3:GetObjcet": "Role"}),
    "guard": ("template.yaml", {"BUCKETS_ARE_PRIVATE": "Bucket", "LOGS_FORGET": "Log"}),
    "cdk-nag": (
        "template.yaml",
        {"AwsSolutions-IAM5/every-action": "Role", "AwsSolutions-EC23": "Door"},
    ),
    "shellcheck": ("template.yaml", {"SC2164": "Build"}),
    "hadolint": ("Dockerfile", {"DL3004": "tests/scanners/bad/Dockerfile:2"}),
    "actionlint": ("workflow.yml", {"expression": "tests/scanners/bad/workflow.yml:13"}),
    "zizmor": ("workflow.yml", {"template-injection": "tests/scanners/bad/workflow.yml:13"}),
    "check-jsonschema": (
        "workflow.yml",
        {"github-workflows": "tests/scanners/bad/workflow.yml $.jobs.greet"},
    ),
}

each_scanner = pytest.mark.parametrize("scanner", ALL.values(), ids=ALL)


@functools.cache
def found(scanner: Scanner) -> list[Finding]:
    """Return what a scanner finds in all that it looks at here."""
    return scanner.findings(scanner.subjects())


@functools.cache
def waivers() -> list[Placed]:
    """Return the waivers of all templates, found once for all tests."""
    return every()


def present(scanner: Scanner) -> Scanner:
    """Return the scanner; without it, skip on a desk and fail in CI."""
    if scanner.missing:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(scanner.missing)
    return scanner


def waived(finding: Finding, placed: Placed) -> bool:
    """Whether a waiver is about a finding."""
    rule = f"{finding.scanner}:{finding.rule}"
    return placed.applies(rule, finding.template, finding.place)


@each_scanner
def test_nothing_is_found_that_is_not_waived(scanner: Scanner) -> None:
    """Each finding is mended, or waived where the resource or statement is made."""
    left = [f for f in found(present(scanner)) if not any(waived(f, w) for w in waivers())]
    assert not left, "\n" + "\n".join(map(str, left))


@each_scanner
def test_no_waiver_is_left_over(scanner: Scanner) -> None:
    """What is mended takes its waiver with it, for each resource, and for each statement."""
    ours = [placed for placed in waivers() if placed.waiver.scanner == scanner.name]
    findings = found(present(scanner))
    used = {w.declaration for w in ours if any(waived(finding, w) for finding in findings)}
    over = {w.declaration: w for w in ours if w.declaration not in used}
    assert not over, "\n" + "\n".join(f"{w}: waives nothing" for w in over.values())


@each_scanner
def test_a_scanner_finds_something(scanner: Scanner) -> None:
    """It finds what is wrong in an example that is wrong, so that its silence means something."""
    name, wrong = WRONG[scanner.name]
    places = {(finding.rule, finding.place) for finding in present(scanner).findings([BAD / name])}
    assert wrong.items() <= places


def test_shell_on_pages_is_scanned() -> None:
    """A command that pages tell to type is scanned, and found by its line."""
    places = {
        (finding.rule, finding.place) for finding in ALL["shellcheck"].findings([BAD / "page.md"])
    }
    assert ("SC2115", "tests/scanners/bad/page.md:5") in places


def test_jobs_of_gitlab_are_scanned() -> None:
    """Their shell is, and whether they are what GitLab's schema says."""
    path = BAD / "bad.gitlab-ci.yml"
    places = {(finding.rule, finding.place) for finding in ALL["shellcheck"].findings([path])}
    assert ("SC2115", "tests/scanners/bad/bad.gitlab-ci.yml:2") in places
    places = {
        (finding.rule, finding.place)
        for finding in present(ALL["check-jsonschema"]).findings([path])
    }
    assert ("gitlab-ci", "tests/scanners/bad/bad.gitlab-ci.yml $.job.artifacts.when") in places


def test_each_rule_of_the_house_can_fail() -> None:
    """There is something wrong for every rule that Guard is given."""
    rules = set(re.findall(r"^rule (\w+)", (HERE / "rules.guard").read_text(), re.M))
    scanner = present(ALL["guard"])
    assert {finding.rule for finding in scanner.findings([BAD / "template.yaml"])} == rules


def test_what_a_template_carries_is_scanned() -> None:
    """A template inside a template is scanned like any other, and its resources have waivers."""
    scanner = present(ALL["cdk-nag"])
    carried = "artifact-stores.StoresElsewhere"
    assert carried in {finding.template for finding in found(scanner)}
    assert carried in {placed.template for placed in waivers()}


def test_nothing_to_scan_is_nothing_found() -> None:
    """A project without workflows, images or templates is no reason to fail."""
    assert all(scanner.findings([]) == [] for scanner in ALL.values())


def test_waivers_name_scanners() -> None:
    """Every waiver is about a scanner that there is, or the table of documented permissions."""
    unknown = [str(w) for w in waivers() if w.waiver.scanner not in {*ALL, "documented"}]
    assert not unknown


def test_a_waiver_in_a_workflow_waives_something(tmp_path: Path) -> None:
    """Without its comment, zizmor finds what it names on that line; with it, nothing."""
    scanner = present(ALL["zizmor"])
    ours = in_workflows()
    assert ours
    assert all(waiver.reason.endswith(".") for waiver in ours)
    for path in workflows():
        (tmp_path / path.name).write_text(re.sub("# zizmor: ignore.*", "", path.read_text()))
    bare = scanner.findings(sorted(tmp_path.iterdir()))
    there = {
        (Path(f.place.rpartition(":")[0]).name, f.place.rpartition(":")[2], f.rule) for f in bare
    }
    for waiver in ours:
        assert (Path(waiver.file).name, str(waiver.line), waiver.rule) in there


def test_a_waiver_holds_for_its_resource_in_its_template() -> None:
    """And for no other, though it is called alike; brackets are brackets."""
    vpc = next(w for w in waivers() if w.waiver.rule == "cdk-nag:AwsSolutions-VPC7")
    assert vpc.applies(vpc.waiver.rule, "build-network", vpc.resource)
    assert not vpc.applies(vpc.waiver.rule, "build-network", "PublicSubnet1")
    assert not vpc.applies(vpc.waiver.rule, "branch-builder", vpc.resource)
    assert matches("A[B]", "A[*]")
    assert not matches("AB", "A[B]")


def test_the_page_is_current() -> None:
    """docs/waivers.md lists what stands in the code."""
    assert PAGE.read_text() == page(), "run `python tests/scanners/waivers.py`"
