"""What the AWS CDK writes into templates beside what is deployed."""

from __future__ import annotations

from typing import Any

# A resource that makes nothing; it changes with each version of the CDK (its guide, "Version
# reporting").
METADATA = "AWS::CDK::Metadata"
MAX_LENGTH = 300


def construct_path(body: Any) -> str:
    """Return the path of the construct that a resource was made by; empty if it has none.

    >>> construct_path({"Type": "AWS::SQS::Queue", "Metadata": {"aws:cdk:path": "Shop/Jobs"}})
    'Shop/Jobs'
    """
    metadata = body.get("Metadata") if isinstance(body, dict) else None
    path = metadata.get("aws:cdk:path") if isinstance(metadata, dict) else None
    if not isinstance(path, str):
        return ""
    return path if len(path) <= MAX_LENGTH else f"{path[:MAX_LENGTH]}…"
