"""Output of the CDK: constructs beside logical IDs, nested stacks counted once, noise folded."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cfngen.cli import main
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


def assembly(folder: Path, key: str, inner: str = "ShopData1A2B.nested.template.json") -> None:
    """Write what `cdk synth` writes of a stage with a stack that has a nested one."""
    stage = folder / "assembly-Prod"
    stage.mkdir(parents=True)
    bucket = "cdk-hnb659fds-assets-${AWS::AccountId}-${AWS::Region}"
    digest = HASHES[key == "key"]
    url = f"https://s3.${{AWS::Region}}.${{AWS::URLSuffix}}/{bucket}/{digest}.json"
    nested = {
        "Type": "AWS::CloudFormation::Stack",
        "Properties": {"TemplateURL": {"Fn::Sub": url}},
        "Metadata": {
            "aws:cdk:path": "Prod/Shop/Data",
            "aws:asset:path": inner,
            "aws:asset:property": "TemplateURL",
        },
    }
    table = {
        "Type": "AWS::DynamoDB::Table",
        "Properties": {
            "AttributeDefinitions": [{"AttributeName": key, "AttributeType": "S"}],
            "KeySchema": [{"AttributeName": key, "KeyType": "HASH"}],
        },
        "Metadata": {"aws:cdk:path": "Prod/Shop/Data/Orders/Resource"},
    }
    for name, resources in (("ProdShop.template.json", {"Data": nested}), (inner, {"T": table})):
        (stage / name).write_text(json.dumps({"Resources": resources}))
    (folder / "manifest.json").write_text("{}")


def test_a_nested_stack_of_the_cdk_is_counted_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its template is compared where it is nested, and is no stack by itself; names are short."""
    monkeypatch.chdir(tmp_path)
    assembly(tmp_path / "a", "id")
    assembly(tmp_path / "b", "key")
    assert main(["review", "a", "b", "--fail-on", "replace"]) == 1
    printed = capsys.readouterr().out
    assert printed.startswith("2 stacks change, 2 templates compared (1 nested): ")
    assert "assembly-Prod/ProdShop/Data" in printed
    assert "Prod/Shop/Data/Orders/Resource" in printed


def test_a_template_that_is_nested_nowhere_is_compared_by_itself(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever a file is called, a change in it is not passed over."""
    monkeypatch.chdir(tmp_path)
    for folder, key in (("a", "id"), ("b", "key")):
        assembly(tmp_path / folder, key)
        outer = tmp_path / folder / "assembly-Prod" / "ProdShop.template.json"
        outer.write_text('{"Resources": {"Jobs": {"Type": "AWS::SQS::Queue"}}}')
    assert main(["review", "a", "b", "--fail-on", "replace"]) == 1
    assert capsys.readouterr().out.startswith("1 stack changes, 2 templates compared: ")


def test_templates_that_are_nested_in_each_other_only_are_compared(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody deploys them, as far as one can see; a change in them is not passed over."""
    monkeypatch.chdir(tmp_path)
    for folder, key in (("a", "id"), ("b", "key")):
        for mine, other in (("A", "B"), ("B", "A")):
            url = {"TemplateURL": f"{other}.nested.template.json"}
            nested = {"Type": "AWS::CloudFormation::Stack", "Properties": url}
            queue = {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": key}}
            body = json.dumps({"Resources": {"Inner": nested, f"Jobs{mine}": queue}})
            (tmp_path / folder).mkdir(exist_ok=True)
            (tmp_path / folder / f"{mine}.nested.template.json").write_text(body)
    assert main(["review", "a", "b", "--fail-on", "replace"]) == 1
    assert "JobsA" in capsys.readouterr().out


def test_the_cdk_acknowledges_capabilities() -> None:
    """A first role of its is not refused; one beside it that the CDK has not made is."""
    role = {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": {}}}
    made = {**role, "Metadata": {"aws:cdk:path": "Shop/Role/Resource"}}
    base = template(HASHES[0])
    ours, both = (template(HASHES[0], **more) for more in ({"A": made}, {"A": made, "B": role}))
    codes = [
        [f.code for f in review({"shop": base}, {"shop": head}).findings if f.code == "R104"]
        for head in (ours, both)
    ]
    assert codes == [[], ["R104"]]
