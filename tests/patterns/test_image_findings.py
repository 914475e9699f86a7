"""Which scans of images tell people, by an emulator of EventBridge."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from support import aws_events
from support.cloudformation import resolved

from cfngen import synthesize
from cfngen.project.registry import find
from cfngen.testing import of_type

if TYPE_CHECKING:
    from support.eventbridge import EventBridge

REPOSITORY = "image-repository"
DIGEST = "sha256:7f5b2640fe6fb4f46592dfd3410c4a79dac4f89e4782432e0378abcd1234"


def scanned(counts: dict[str, int] | None, **detail: Any) -> dict[str, Any]:
    """Return what ECR sends when it has scanned an image.

    Source: AWS page "Amazon ECR events and EventBridge", its example of a completed scan.
    """
    common = {
        "scan-status": "COMPLETE",
        "repository-name": REPOSITORY,
        "finding-severity-counts": counts,
        "image-digest": DIGEST,
        "image-tags": ["2f6c0a-1"],
    }
    kept = {key: value for key, value in common.items() if value is not None}
    arn = f"arn:aws:ecr:us-east-2:123456789012:repository/{REPOSITORY}"
    return aws_events.event("aws.ecr", "ECR Image Scan", arn, {**kept, **detail})


MATTER = {
    "critical": scanned({"CRITICAL": 1}),
    "high": scanned({"HIGH": 4, "MEDIUM": 9}),
    "both": scanned({"CRITICAL": 10, "HIGH": 2}),
}
OTHERS = {
    "medium": scanned({"MEDIUM": 9, "LOW": 1}),
    "nothing": scanned({}),
    "none of them": scanned({"CRITICAL": 0, "HIGH": 0}),
    "failed": scanned(None, **{"scan-status": "FAILED"}),
    "elsewhere": scanned({"CRITICAL": 1}, **{"repository-name": "other"}),
}


@pytest.mark.emulator
@pytest.mark.parametrize("options", [{}, {"image": "build"}])
@pytest.mark.parametrize("blueprint", ["fargate_mirror", "branch_builder"])
def test_people_hear_of_findings_that_matter(
    blueprint: str, options: dict[str, str], eventbridge: EventBridge
) -> None:
    """Critical and high ones in the task's own image, whichever of the two there are."""
    body = synthesize(find(blueprint).load(), options).document.body
    given = {"ImageParameter": f"1.dkr.ecr.us-east-2.amazonaws.com/{REPOSITORY}:7f5b26-1"}
    given |= dict.fromkeys(of_type(body, "AWS::ECR::Repository"), REPOSITORY)
    rule = resolved(of_type(body, "AWS::Events::Rule")["ImageFindings"], given)
    seen = {
        name
        for name, event in {**MATTER, **OTHERS}.items()
        if eventbridge.matches(rule["EventPattern"], event)
    }
    assert seen == set(MATTER)
    (target,) = rule["Targets"]
    _, text = eventbridge.transformed(target["InputTransformer"], MATTER["both"])
    assert f"image {REPOSITORY}@{DIGEST} (critical: 10, high: 2;" in text
