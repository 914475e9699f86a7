"""Trees of templates, some of which are inside of others."""

from __future__ import annotations

import json
import posixpath
from typing import Any

from cfngen.cloudformation.source import Source
from cfngen.review import review
from cfngen.review.model import Concern, Review

BUCKET = """\
Resources:
  Files:
    Type: AWS::S3::Bucket
    DeletionPolicy: {policy}
"""
NESTED = """\
Resources:
  Nested:
    Type: AWS::CloudFormation::Stack
    Properties:
      TemplateURL: {url}
"""

# Within a stack set's body, two levels deep.
ROLE = """\
        Resources:
          Role:
            Type: AWS::IAM::Role
            Properties:
              AssumeRolePolicyDocument:
                Statement:
                  - Effect: Allow
                    Action: sts:AssumeRole
                    Principal:
                      AWS: %s
"""


def tree(files: dict[str, str], *names: str) -> dict[str, Source]:
    """Return some files of a tree as templates, each with the others beside it."""

    def source(path: str) -> Source:
        def beside(other: str) -> Source | None:
            found = posixpath.normpath(posixpath.join(posixpath.dirname(path), other))
            return source(found) if found in files else None

        return Source(files[path], path, beside)

    return {name.partition(".")[0]: source(name) for name in names}


def compared(base: dict[str, str], head: dict[str, str], **how: Any) -> Review:
    """Review the template `shop.yaml` of two trees, one of which may lack it."""
    sides = [
        tree(side, *(name for name in ("shop.yaml",) if name in side)) for side in (base, head)
    ]
    return review(sides[0], sides[1], **how)


def nested(before: str, after: str, url: str = "./nested.yaml") -> Review:
    """Review a nested template that changes, within an outer one that does not."""
    outer = NESTED.format(url=url)
    return compared(
        {"shop.yaml": outer, "nested.yaml": before}, {"shop.yaml": outer, "nested.yaml": after}
    )


def of(found: Review, concern: Concern) -> list[tuple[str, str]]:
    """Return what findings of a concern are about: template and subject."""
    return [
        (stack.name, finding.subject)
        for stack in found.stacks
        for finding in stack.findings
        if finding.concern is concern
    ]


def in_a_set(text: str, parameters: object = ()) -> str:
    """Return a template with another as the body of a stack set."""
    properties = {"StackSetName": "s", "PermissionModel": "SELF_MANAGED", "TemplateBody": text}
    if parameters:
        properties["Parameters"] = parameters  # type: ignore[assignment] - as a template may
    return json.dumps(
        {"Resources": {"Set": {"Type": "AWS::CloudFormation::StackSet", "Properties": properties}}}
    )
