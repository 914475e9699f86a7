"""What cfn-lint's resource schemas and our overlay say of a type."""

from __future__ import annotations

import subprocess
import sys

import pytest

from cfngen.cloudformation.evidence import Evidence
from cfngen.cloudformation.schema_files import data_directory
from cfngen.cloudformation.schemas import iam_actions, schema
from cfngen.errors import LintError


def test_a_type_says_what_makes_a_new_resource() -> None:
    """The three keywords are read from the schema, paths as CloudFormation spells them."""
    subnet = schema("AWS::EC2::Subnet")
    assert ("CidrBlock",) in subnet.create_only
    assert ("Ipv6CidrBlock",) in subnet.conditional
    assert subnet.identifier == (("SubnetId",),)
    assert ("SubnetId",) in subnet.read_only
    assert subnet.source("createOnlyProperties", "/properties/CidrBlock") == Evidence(
        "AWS::EC2::Subnet", "createOnlyProperties", "/properties/CidrBlock"
    )


def test_the_overlay_says_where_it_has_it_from() -> None:
    """A verdict that no schema has names the page it rests on."""
    key = schema("AWS::KMS::Key")
    assert ("KeySpec",) in key.refuses
    evidence = key.source("refuses", "/properties/KeySpec")
    assert evidence.pointer == "/properties/KeySpec"
    assert evidence.page.startswith("https://docs.aws.amazon.com/")


@pytest.mark.parametrize(
    ("type_", "names"),
    [
        ("AWS::S3::Bucket", ("BucketName",)),
        ("AWS::IAM::Role", ("RoleName",)),
        ("AWS::SQS::Queue", ("QueueName",)),
        ("AWS::EC2::SecurityGroup", ("GroupName",)),
        ("AWS::IAM::RolePolicy", ("PolicyName", "RoleName")),
        ("AWS::CodeBuild::Project", ("Name",)),
        ("AWS::EC2::VPC", ()),
        ("AWS::Lambda::Permission", ()),
    ],
)
def test_what_makes_a_physical_name(type_: str, names: tuple[str, ...]) -> None:
    """The properties that no two resources can share are known without a list of types."""
    assert schema(type_).names == names


@pytest.mark.parametrize(
    ("type_", "names", "identified"),
    [
        ("AWS::S3::Bucket", ("BucketName",), True),
        ("AWS::Events::Rule", ("EventBusName", "Name"), True),
        ("AWS::SNS::Topic", ("TopicName",), False),
        ("AWS::Athena::NamedQuery", ("Name",), False),
        ("AWS::EC2::SecurityGroupIngress", (), False),
    ],
)
def test_whether_a_name_is_all_that_identifies_a_resource(
    type_: str,
    names: tuple[str, ...],
    identified: bool,  # noqa: FBT001
) -> None:
    """Two queries may be called the same; a rule's group is no name of its own."""
    assert schema(type_).names == names
    assert schema(type_).identified_by_name is identified


def test_a_service_that_refuses_while_full_names_the_page() -> None:
    """CloudFormation never empties a bucket, and a repository of images if it is told to."""
    bucket, images, table = map(
        schema, ("AWS::S3::Bucket", "AWS::ECR::Repository", "AWS::DynamoDB::Table")
    )
    assert bucket.refuses_while_full.startswith("https://docs.aws.amazon.com/")
    assert not bucket.emptied_by
    assert images.emptied_by == "EmptyOnDelete"
    assert not table.refuses_while_full


def test_properties_are_found_through_references_and_items() -> None:
    """A path leads through `$ref` and into the items of a list."""
    project = schema("AWS::CodeBuild::Project")
    inner = ("Environment", "EnvironmentVariables", "*", "Value")
    assert (project.node(inner) or {}).get("type") == "string"
    assert project.node(("Nothing", "Here")) is None


def test_types_that_nobody_has() -> None:
    """An unknown type has no schema; a custom resource has that of all custom resources."""
    assert not schema("AWS::Nothing::Here").exists
    assert schema("Custom::Anything").exists
    assert not schema("").exists


def test_a_type_of_another_region_is_found() -> None:
    """What us-east-1 does not have is looked for elsewhere."""
    assert schema("AWS::S3::Bucket").exists


def test_iam_actions_are_those_of_cfn_lint() -> None:
    """Every action of every service, in small letters."""
    assert "getobject" in iam_actions()["s3"]
    assert sum(map(len, iam_actions().values())) > 10_000


def test_cfn_lint_itself_is_not_imported() -> None:
    """Its data is read without the half second that importing it takes."""
    code = "import sys; from cfngen.cloudformation.schemas import schema;"
    code += "schema('AWS::S3::Bucket').create_only; print('cfnlint' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_a_cfn_lint_without_schemas_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """An installation that lacks the data says what to install."""
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    with pytest.raises(LintError, match=r"no resource schemas; install cfn-lint"):
        data_directory.__wrapped__()
