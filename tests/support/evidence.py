"""What the tests in the emulator have shown of each resource that ships, kept for the page."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from support.emulator import Emulator

from cfngen.cloudformation.render import read
from cfngen.cloudformation.schemas import is_custom
from cfngen.testing import references

ROOT = Path(__file__).parents[2]
KEPT = ROOT / ".pytest_cache" / "evidence"
# Of policies that are resources of their own: the property that names what they are of.
OF = {
    "AWS::IAM::RolePolicy": "RoleName",
    "AWS::Lambda::Permission": "FunctionName",
    "AWS::S3::BucketPolicy": "Bucket",
    "AWS::SNS::TopicPolicy": "Topics",
    "AWS::SQS::QueuePolicy": "Queues",
}


def note(template: str, shown: dict[str, str]) -> None:
    """Keep what was shown of a template's resources: `deployed`, `exercised`, `enforced`."""
    if not shown:
        return
    KEPT.mkdir(parents=True, exist_ok=True)
    lines = [json.dumps([template, title, how]) for title, how in sorted(shown.items())]
    text = "\n".join(lines) + "\n"
    digest = hashlib.sha256(text.encode()).hexdigest()[:16]
    (KEPT / f"{template}-{digest}.jsonl").write_text(text)


def collect(emulator: Emulator) -> None:
    """Look at the stacks that are up, at the end of a test."""
    seen = emulator.call("seen")
    altered = {part for arn in emulator.altered for part in parts(arn)}
    names = {part for arn in seen["touched"] for part in parts(arn)} - altered
    policies = {part for arn in seen["policies"] for part in parts(arn)}
    for (region, stack), template in emulator.templates.items():
        cloudformation = emulator.client("cloudformation", region)
        try:
            found = cloudformation.describe_stack_resources(StackName=stack)["StackResources"]
        except cloudformation.exceptions.ClientError:
            continue  # deleted
        physical = {r["LogicalResourceId"]: r.get("PhysicalResourceId", "") for r in found}
        listed = emulator.client("codecommit", region).list_repositories()["repositories"]
        numbers = {r["repositoryId"]: f"codecommit:{r['repositoryName']}" for r in listed}
        physical = {title: numbers.get(number, number) for title, number in physical.items()}
        body = read((ROOT / f"output/{template}.yaml").read_text())["Resources"]
        known = (names, policies, set(seen["roles"]))
        note(template, dict(judged(body, physical, *known)))


def judged(
    body: dict[str, Any],
    physical: dict[str, str],
    names: set[str],
    policies: set[str],
    roles: set[str],
) -> Iterator[tuple[str, str]]:
    """Yield what was shown of each resource of a stack."""

    def seen(title: str, among: set[str]) -> bool:
        return bool(set(parts(physical.get(title, ""))) & among)

    for title, resource in body.items():
        kind, properties = resource["Type"], resource.get("Properties", {})
        if kind == "AWS::IAM::Role" and seen(title, roles):
            yield title, "enforced"
        elif kind in OF:
            of = references(properties[OF[kind]])
            among = names if kind == "AWS::S3::BucketPolicy" else policies
            among = roles if kind == "AWS::IAM::RolePolicy" else among
            # Of the statements for several rules, those count whose rule was at work.
            rules = [r for r in references(properties.get("SourceArn", "")) if r in body]
            rules = [r for r in rules if body[r]["Type"] == "AWS::Events::Rule"]
            if any(seen(other, among) for other in of) and all(seen(r, names) for r in rules):
                yield title, "enforced"
        elif kind.startswith("AWS::ApiGateway::") and "api" in names:
            yield title, "exercised"
        elif kind == "AWS::Lambda::Function":
            if any(seen(role, roles) for role in references(properties["Role"])):
                yield title, "exercised"
        elif is_custom(kind) or seen(title, names):
            yield title, "exercised"


def parts(arn: str) -> list[str]:
    """Return the names in an ARN, an address or an identity."""
    if arn == "api":
        return ["api"]
    if ":codecommit:" in f":{arn}":  # whose names may be short
        return ["codecommit:" + arn.rpartition(":")[2]]
    named = [part for part in re.split(r"[:/|]", arn) if len(part) > 8 or "-" in part]
    return [part for part in named if not re.fullmatch(r"\d{12}|[a-z]{2}-[a-z]+-\d", part)]
