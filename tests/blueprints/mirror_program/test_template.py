"""What the stack of the mirrors' program promises, and those who use the program rely on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from cfngen_blueprints.mirror_program import program
from support.cloudformation import resolved
from support.mirror_program import HASH, LOCATION, carried, published

from cfngen import Payloads, synthesize
from cfngen.project.registry import find
from cfngen.testing import allowed, of_type

MIRROR = Path(__file__).parents[3] / "blueprints/_shared/mirror"
# Who uses the program, by blueprint and options.
CONSUMERS: list[tuple[str, dict[str, Any]]] = [
    ("backlog_proxy", {}),
    ("backlog_proxy", {"cache": "efs"}),
    ("mirror_image", {}),
    ("fargate_mirror", {"image": "build"}),
]
BUILDERS = CONSUMERS[2:]


def body(blueprint: str, **options: Any) -> dict[str, Any]:
    """Return a template as data."""
    found: dict[str, Any] = synthesize(find(blueprint).load(), options).document.body
    return found


def test_the_program_is_all_that_its_directory_has() -> None:
    """Each module is published, or carried by who runs it; none is both."""
    there = {path.name: path.read_text() for path in MIRROR.glob("*.py")}
    assert published() | carried() == there
    assert not set(published()) & set(carried())


def test_each_run_has_the_modules_that_it_needs() -> None:
    """The image carries all that is not published, and a proxy what is needed by any run."""
    image = body("mirror_image")["Resources"]["MirrorImageVersion"]["Properties"]["Files"]
    assert carried().items() <= image.items()
    text = body("backlog_proxy")["Resources"]["Mirror"]["Properties"]["Source"]["BuildSpec"]
    written = [name for name in carried() if f"> {name} " in text or f"> {name}\n" in text]
    assert written == ["history.py", "room.py"]


def test_what_is_published_is_not_carried() -> None:
    """Nor is what does not exist."""
    for name in ("mirror.py", "none.py"):
        with pytest.raises(KeyError, match=name):
            program.carried(name)


def test_a_file_that_is_added_is_published(monkeypatch: pytest.MonkeyPatch) -> None:
    """And what is no Python is not."""
    names = [*program.mirror.names(), "new.py", "notes.txt"]
    monkeypatch.setattr(Payloads, "names", lambda _: names)
    monkeypatch.setattr(Payloads, "__getitem__", lambda _, name: name)
    assert set(program.files()) == {*published(), "new.py"}


def test_the_bucket_is_private_and_encrypted_and_keeps_what_is_there() -> None:
    """Nobody outside gets in, nothing expires, and what is overwritten can be had back."""
    template = body("mirror_program")
    ((name, bucket),) = of_type(template, "AWS::S3::Bucket").items()
    assert all(bucket["PublicAccessBlockConfiguration"].values())
    (rule,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule["ServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
    (rule,) = bucket["LifecycleConfiguration"]["Rules"]
    assert set(rule) == {"Id", "Status", "AbortIncompleteMultipartUpload"}
    resource = template["Resources"][name]
    assert resource["DeletionPolicy"] == "RetainExceptOnCreate"
    assert resource["UpdateReplacePolicy"] == "Retain"
    (policy,) = of_type(template, "AWS::S3::BucketPolicy").values()
    (statement,) = policy["PolicyDocument"]["Statement"]
    assert (statement["Effect"], statement["Action"]) == ("Deny", "s3:*")
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_the_role_may_write_one_archive() -> None:
    """The one that is asked for; it may neither read nor delete any."""
    template = body("mirror_program")
    key = template["Resources"]["MirrorProgramVersion"]["Properties"]["Key"]
    granted = allowed(template, "MirrorProgramVersionRole")
    assert granted == {"s3:PutObject": [{"Fn::Sub": f"${{MirrorProgramArchives.Arn}}/{key}"}]}


def test_the_parameter_is_written_once_the_archive_is_there() -> None:
    """Its value comes from the answer of the custom resource, and is what the output says."""
    template = body("mirror_program")
    (stored,) = of_type(template, "AWS::SSM::Parameter").values()
    assert stored["Name"] == {"Ref": "ProgramParameter"}
    assert stored["Type"] == "String", "CloudFormation resolves no SecureString"
    location = {"Fn::Sub": "${MirrorProgramArchives}/${MirrorProgramVersion.Key}"}
    assert stored["Value"] == template["Outputs"]["ProgramLocation"]["Value"] == location


@pytest.mark.parametrize(("blueprint", "options"), CONSUMERS)
def test_who_uses_the_program_finds_what_its_stack_has_written(
    blueprint: str, options: dict[str, Any]
) -> None:
    """By the same name on both sides, which says what to deploy first."""
    written = body("mirror_program")["Parameters"]["ProgramParameter"]
    read = body(blueprint, **options)["Parameters"]["ProgramParameter"]
    assert written["Default"] == read["Default"] == "/cfngen/mirror-program"
    assert (written["Type"], read["Type"]) == ("String", "AWS::SSM::Parameter::Value<String>")
    assert "Deploy mirror-program.yaml first" in read["Description"]


@pytest.mark.parametrize(("blueprint", "options"), [*CONSUMERS, ("fargate_mirror", {})])
def test_the_program_stands_in_no_other_template(blueprint: str, options: dict[str, Any]) -> None:
    """So that it may grow without those who use it growing."""
    text = json.dumps(body(blueprint, **options))
    for name, content in published().items():
        assert json.dumps(content)[1:-1] not in text, name


@pytest.mark.parametrize(("blueprint", "options"), BUILDERS)
def test_another_program_is_another_image(blueprint: str, options: dict[str, Any]) -> None:
    """The tag has the program's hash, where it is asked for and where it is pushed."""
    template = body(blueprint, **options)
    given = {"ProgramParameter": LOCATION, "ImageRevision": "7"}
    told = resolved(template["Resources"]["MirrorImageVersion"]["Properties"], given)
    digest, name, revision = told["Tag"].split("-")
    assert (len(digest), name, revision) == (12, HASH, "7")
    assert told["Archives"] == [LOCATION]
    build = resolved(template["Resources"]["MirrorImageBuild"]["Properties"], given)
    (image,) = build["Environment"]["EnvironmentVariables"]
    assert image["Value"].endswith(":" + told["Tag"])
    assert build["Source"]["Location"].endswith(f"/{told['Key']}")
    assert told["Key"] == f"{told['Tag']}.zip"


@pytest.mark.parametrize(("blueprint", "options"), BUILDERS)
def test_who_builds_the_image_may_read_the_one_archive(
    blueprint: str, options: dict[str, Any]
) -> None:
    """By its function; the build itself gets the program with its own source."""
    template = body(blueprint, **options)
    archive = {"Fn::Sub": "arn:${AWS::Partition}:s3:::${ProgramParameter}"}
    assert allowed(template, "MirrorImageVersionRole")["s3:GetObject"] == [archive]
    assert archive not in allowed(template, "MirrorImageBuildRole")["s3:GetObject"]


def test_no_file_of_the_program_is_called_as_one_of_the_image() -> None:
    """What the image's template carries would take its place."""
    carried = body("mirror_image")["Resources"]["MirrorImageVersion"]["Properties"]["Files"]
    assert not set(carried) & set(published())
