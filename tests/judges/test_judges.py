"""Independent judges gate the build: what they find is mended, or excused where it is made.

`python tests/judges/install.py` installs those that have environments of their own.
"""

from __future__ import annotations

import functools
import os
import re
from pathlib import Path

import pytest
from judges.excuses import PAGE, Part, excuses, matches, page, read_excuses
from judges.findings import ALL, HERE, Finding, Judge

pytestmark = pytest.mark.judges

BAD = HERE / "bad"
PARTS = [part for excuse in excuses() for part in excuse.parts]
# What each judge has to find in an example that is wrong: rule, and where.
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
    "hadolint": ("Dockerfile", {"DL3004": "tests/judges/bad/Dockerfile:2"}),
    "zizmor": ("workflow.yml", {"template-injection": "tests/judges/bad/workflow.yml:13"}),
    "check-jsonschema": (
        "workflow.yml",
        {"github-workflows": "tests/judges/bad/workflow.yml $.jobs.greet"},
    ),
}

each_judge = pytest.mark.parametrize("judge", ALL.values(), ids=ALL)


@functools.cache
def found(judge: Judge) -> list[Finding]:
    """Return what a judge finds in all that it judges here."""
    return judge.findings(judge.subjects())


def present(judge: Judge) -> Judge:
    """Return the judge; without it, skip on a desk and fail in CI."""
    if judge.missing:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(judge.missing)
    return judge


def excused(finding: Finding, part: Part) -> bool:
    """Whether a part of an excuse is about a finding."""
    rule = f"{finding.judge}:{finding.rule}"
    return part.applies(rule, finding.template, finding.place)


@each_judge
def test_nothing_is_found_that_is_not_excused(judge: Judge) -> None:
    """Each finding is mended, or has an excuse beside what it is about."""
    left = [one for one in found(present(judge)) if not any(excused(one, p) for p in PARTS)]
    assert not left, "\n" + "\n".join(map(str, left))


@each_judge
def test_no_excuse_is_left_over(judge: Judge) -> None:
    """What is mended takes its excuse with it: every rule of it, and every resource."""
    ours = [part for part in PARTS if part.judge == judge.name]
    over = [p for p in ours if not any(excused(one, p) for one in found(present(judge)))]
    assert not over, "\n" + "\n".join(f"{part}: excuses nothing" for part in over)


@each_judge
def test_a_judge_judges(judge: Judge) -> None:
    """It finds what is wrong in an example that is wrong, so that its silence means something."""
    name, wrong = WRONG[judge.name]
    said = {(one.rule, one.place) for one in present(judge).findings([BAD / name])}
    assert wrong.items() <= said


def test_shell_on_pages_is_judged() -> None:
    """A command that pages tell to type is judged, and found by its line."""
    said = {(one.rule, one.place) for one in ALL["shellcheck"].findings([BAD / "page.md"])}
    assert ("SC2115", "tests/judges/bad/page.md:5") in said


def test_jobs_of_gitlab_are_judged() -> None:
    """Their shell is, and whether they are what GitLab's schema says."""
    path = BAD / "bad.gitlab-ci.yml"
    said = {(one.rule, one.place) for one in ALL["shellcheck"].findings([path])}
    assert ("SC2115", "tests/judges/bad/bad.gitlab-ci.yml:2") in said
    said = {(one.rule, one.place) for one in present(ALL["check-jsonschema"]).findings([path])}
    assert ("gitlab-ci", "tests/judges/bad/bad.gitlab-ci.yml $.job.artifacts.when") in said


def test_each_rule_of_the_house_can_fail() -> None:
    """There is something wrong for every rule that Guard is given."""
    rules = set(re.findall(r"^rule (\w+)", (HERE / "rules.guard").read_text(), re.M))
    judge = present(ALL["guard"])
    assert {one.rule for one in judge.findings([BAD / "template.yaml"])} == rules


def test_what_a_template_carries_is_judged() -> None:
    """A template inside a template is judged like any other, and excused by the same blueprint."""
    judge = present(ALL["cdk-nag"])
    assert "artifact-stores.StoresElsewhere" in {one.template for one in found(judge)}


def test_nothing_to_judge_is_nothing_found() -> None:
    """A project without workflows, images or templates is no reason to fail."""
    assert all(judge.findings([]) == [] for judge in ALL.values())


def test_excuses_name_judges() -> None:
    """Every excuse is about a judge that there is, or the table of documented permissions."""
    strangers = [str(part) for part in PARTS if part.judge not in {*ALL, "documented"}]
    assert not strangers


def test_an_excuse_may_be_wrapped_and_joined(tmp_path: Path) -> None:
    """It goes on in the comments below it, for each of its rules and resources."""
    path = tmp_path / "code.py"
    path.write_text(
        'text = "# excuse checkov:A B: Not a comment."\n'
        "# excuse checkov:A, cdk-nag:B/<C.Arn>/* *Topic|Queue: Because\n"
        "# it is so.\n"
        "\n"
        "# Another comment.\n"
    )
    (excuse,) = read_excuses(path)
    assert (excuse.line, excuse.reason) == (2, "Because it is so.")
    assert [(p.rule, p.resource) for p in excuse.parts] == [
        ("checkov:A", "*Topic"), ("checkov:A", "Queue"),
        ("cdk-nag:B/<C.Arn>/*", "*Topic"), ("cdk-nag:B/<C.Arn>/*", "Queue"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "line", ["checkov:A B because.", "checkov:A B: no end", "A B: No judge.", "checkov:A: Nobody."]
)
def test_an_excuse_without_form_is_refused(tmp_path: Path, line: str) -> None:
    """One that cannot be read is not overlooked."""
    path = tmp_path / "code.py"
    path.write_text(f"# excuse {line}\n")
    with pytest.raises(ValueError, match=r"code\.py:1: not `excuse"):
        list(read_excuses(path))


def test_an_excuse_may_stand_in_a_workflow(tmp_path: Path) -> None:
    """It is read from comments that have lines of their own."""
    path = tmp_path / "workflow.yml"
    path.write_text(
        "on: push\n  # excuse zizmor:A workflow.yml*: Because\n  # it is so.\njobs: {}\n"
    )
    (excuse,) = read_excuses(path)
    assert (excuse.line, excuse.rules, excuse.reason) == (2, ("zizmor:A",), "Because it is so.")


def test_an_excuse_holds_where_it_stands() -> None:
    """One in a blueprint is about that blueprint's templates, and brackets are brackets."""
    part = next(part for part in PARTS if part.blueprint == "build_network")
    assert part.applies(part.rule, "build-network", part.resource)
    assert not part.applies(part.rule, "branch-builder", part.resource)
    assert matches("A[B]", "A[*]")
    assert not matches("AB", "A[B]")


def test_the_page_is_current() -> None:
    """docs/excuses.md lists what stands in the code."""
    assert PAGE.read_text() == page(), "run `python tests/judges/excuses.py`"
