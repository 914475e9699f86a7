"""A rule that reports vulnerabilities that ECR finds in an image."""

from __future__ import annotations

from typing import Any

from troposphere.events import InputTransformer, Rule, Target

__all__ = ["image_findings_rule"]

# The severities that are reported, as ECR names them.
SEVERITIES = ("CRITICAL", "HIGH")


def image_findings_rule(title: str, *, repository: Any, topic: Any) -> Rule:
    """Return a rule that publishes when a scan of an image has critical or high findings.

    ECR scans an image as it is pushed, if its repository says so.

    Args:
        title: the logical ID.
        repository: the name of the image's repository.
        topic: the ARN of the topic, which rules may publish to.

    Source: AWS page "Amazon ECR events and EventBridge": a severity without findings is left out.
    """
    paths = {
        "critical": "$.detail.finding-severity-counts.CRITICAL",
        "digest": "$.detail.image-digest",
        "high": "$.detail.finding-severity-counts.HIGH",
        "repository": "$.detail.repository-name",
    }
    text = (
        '"ECR found vulnerabilities in image <repository>@<digest> (critical: <critical>,'
        " high: <high>; none where no number stands). Change parameter ImageRevision of the stack"
        ' that builds it, to build it on the current base image."'
    )
    return Rule(
        title,
        EventPattern={
            "source": ["aws.ecr"],
            "detail-type": ["ECR Image Scan"],
            "detail": {
                "repository-name": [repository],
                "scan-status": ["COMPLETE"],
                "$or": [
                    {"finding-severity-counts": {severity: [{"numeric": [">", 0]}]}}
                    for severity in SEVERITIES
                ],
            },
        },
        Targets=[
            Target(
                Id="Topic",
                Arn=topic,
                InputTransformer=InputTransformer(InputPathsMap=paths, InputTemplate=text),
            )
        ],
    )
