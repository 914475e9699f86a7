"""Templates of the CDK: the construct stands beside the logical ID, and noise is folded."""

from __future__ import annotations

import json

import pytest

from cfngen.review import review
from cfngen.review.constructs import MAX_LENGTH
from cfngen.review.formats import FORMATS, format_review
from cfngen.review.model import Kind

HASHES = ("0123456789abcdef" * 4, "89abcdef01234567" * 4)


def template(digest: str, path: object = "Shop/Orders/Handler/Resource", **more: object) -> str:
    """Return a template as `cdk synth` writes it, with an asset of a digest."""
    handler = {
        "Type": "AWS::Lambda::Function",
        "Properties": {"Code": {"S3Bucket": "assets", "S3Key": f"{digest}.zip"}, "Role": "r"},
        "Metadata": {"aws:cdk:path": path, "aws:asset:path": f"asset.{digest}"},
    }
    return json.dumps({"Resources": {"OrdersHandler1A2B3C4D": handler, **more}})


def metadata(analytics: str) -> dict[str, object]:
    """Return the resource by which the CDK says which version of it made a template."""
    return {"Type": "AWS::CDK::Metadata", "Properties": {"Analytics": analytics}}


@pytest.mark.parametrize("form", FORMATS)
def test_the_construct_stands_beside_the_logical_id(form: str) -> None:
    """In every format, of what changes and of what a finding is about."""
    base = template(HASHES[0], Queue={"Type": "AWS::SQS::Queue", "Metadata": {"aws:cdk:path": "Q"}})
    base = base.replace('"aws:cdk:path": "Q"', '"aws:cdk:path": "Shop/Jobs/Resource"')
    printed = format_review(review({"shop": base}, {"shop": template(HASHES[1])}), form)
    assert "Shop/Jobs/Resource" in printed
    assert form == "sarif" or "Shop/Orders/Handler/Resource" in printed


def test_only_the_beginning_of_an_asset_s_digest_is_printed() -> None:
    """That its code changes is said; the digest of an image is left whole, since it pins one."""
    result = review({"shop": template(HASHES[0])}, {"shop": template(HASHES[1])})
    printed = format_review(result, "text")
    assert "Code.S3Key: 0123456789ab….zip → 89abcdef0123….zip" in printed
    (change,) = result.stacks[0].resources
    assert change.properties[0].after == f"{HASHES[1]}.zip"
    images = [template(HASHES[0]).replace(f"{d}.zip", f"x@sha256:{d}") for d in (HASHES[0],)]
    images.append(images[0].replace(f"sha256:{HASHES[0]}", f"sha256:{HASHES[1]}"))
    printed = format_review(review({"shop": images[0]}, {"shop": images[1]}), "text")
    assert HASHES[1] in printed


def test_what_the_cdk_says_of_itself_is_no_change() -> None:
    """Its metadata makes nothing; another resource in its place is a change all the same."""
    sides = [template(HASHES[0], CDKMetadata=metadata(text)) for text in ("v2:a", "v2:b")]
    assert review({"shop": sides[0]}, {"shop": sides[1]}).stacks == ()
    queue = {"Type": "AWS::SQS::Queue"}
    other = template(HASHES[0], CDKMetadata=queue)
    (stack,) = review({"shop": sides[0]}, {"shop": other}).stacks
    assert [(c.name, c.kind) for c in stack.resources] == [("CDKMetadata", Kind.CHANGED)]
    (stack,) = review({"shop": template(HASHES[0])}, {"shop": other}).stacks
    assert [(c.name, c.kind) for c in stack.resources] == [("CDKMetadata", Kind.ADDED)]


@pytest.mark.parametrize("form", FORMATS)
def test_a_path_is_hostile(form: str) -> None:
    """Anybody can write it: it is escaped, cut off, and ignored where it is no text."""
    hostile = "<script>alert(1)</script> | [x](http://b.c)\u202e\n::error::" + "x" * 1000
    for path in (hostile, ["a"], {"Ref": "B"}, None, 7):
        base, head = (template(digest, path) for digest in HASHES)
        printed = format_review(review({"shop": base}, {"shop": head}), form)
        assert "\u202e" not in printed
        assert "\n::error" not in printed
        assert form in ("json", "text") or "<script>" not in printed
        assert "x" * (MAX_LENGTH + 1) not in printed
