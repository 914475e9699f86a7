"""What the artifact stores' template promises, asserted on it and on the one inside it."""

from __future__ import annotations

from typing import Any

import pytest
from support.cloudformation import resolved
from support.pipelines import policy_statements
from support.policy_evaluation import like, listed

from cfngen import read, synthesize
from cfngen.authoring.options import option_problems
from cfngen.cloudformation.regions import regions
from cfngen.linting.lint import INFORMATIONAL, Linter
from cfngen.project.registry import find
from cfngen.testing import of_type, statements

BLUEPRINT = find("artifact_stores").load()
GIVEN = {
    "AWS::Region": "eu-west-1",
    "AWS::StackName": "artifact-stores",
    "StoresName": "acme",
    "ArtifactKey": "mrk-1",
    "ArtifactKey.Arn": "arn:aws:kms:eu-west-1:123456789012:key/mrk-1",
    "StoresAdministrator.Arn": "arn:aws:iam::123456789012:role/admin",
    "StoresMaker.Arn": "arn:aws:iam::123456789012:role/maker",
    "Artifacts.Arn": "arn:aws:s3:::acme-artifacts",
    "Packages.Arn": "arn:aws:s3:::acme-packages",
}
EVERYWHERE = [code for code in regions().codepipeline if code != "eu-west-1"]


def body(**options: Any) -> dict[str, Any]:
    """Return a shape's template as data."""
    found: dict[str, Any] = synthesize(BLUEPRINT, options).document.body
    return found


def inner(template: dict[str, Any]) -> dict[str, Any]:
    """Return the template of the other regions."""
    (stack_set,) = of_type(template, "AWS::CloudFormation::StackSet").values()
    found: dict[str, Any] = read(stack_set["TemplateBody"])
    return found


def stores(**options: Any) -> dict[str, dict[str, Any]]:
    """Return the two templates that hold a store: the home region's and the others'."""
    template = body(**options)
    return {"home": template, "elsewhere": inner(template)}


def policy(template: dict[str, Any], name: str) -> dict[str, dict[str, Any]]:
    """Return the statements of a bucket's or key's policy by their Sid."""
    properties = template["Resources"][name]["Properties"]
    document = properties.get("PolicyDocument") or properties["KeyPolicy"]
    return {s["Sid"]: resolved(s, GIVEN) for s in document["Statement"]}


@pytest.mark.parametrize("place", ["home", "elsewhere"])
def test_both_buckets_are_private_encrypted_versioned_and_kept(place: str) -> None:
    """At home as elsewhere; a failed first deployment leaves nothing behind."""
    template = stores()[place]
    buckets = of_type(template, "AWS::S3::Bucket")
    assert list(buckets) == ["Artifacts", "Packages"]
    for name, bucket in buckets.items():
        assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
        (rule,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        assert rule["ServerSideEncryptionByDefault"] == {
            "SSEAlgorithm": "aws:kms",
            "KMSMasterKeyID": {"Fn::GetAtt": ["ArtifactKey", "Arn"]},
        }
        assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
        assert bucket["BucketNamespace"] == "account-regional"
        kind = name.lower()
        assert resolved(bucket["BucketName"], GIVEN) == f"acme-{kind}-123456789012-eu-west-1-an"
        resource = template["Resources"][name]
        assert resource["DeletionPolicy"] == "RetainExceptOnCreate"
        assert resource["UpdateReplacePolicy"] == "Retain"


@pytest.mark.parametrize("place", ["home", "elsewhere"])
def test_artifacts_expire_and_packages_do_not(place: str) -> None:
    """A rollback must find its code; what pipelines hand on can be made again."""
    buckets = of_type(stores()[place], "AWS::S3::Bucket")
    (artifacts,) = buckets["Artifacts"]["LifecycleConfiguration"]["Rules"]
    assert artifacts["ExpirationInDays"] == {"Ref": "ArtifactDays"}
    (packages,) = buckets["Packages"]["LifecycleConfiguration"]["Rules"]
    assert not {"ExpirationInDays", "NoncurrentVersionExpiration"} & set(packages)
    buckets = of_type(stores(package_days=400)[place], "AWS::S3::Bucket")
    (packages,) = buckets["Packages"]["LifecycleConfiguration"]["Rules"]
    assert packages["ExpirationInDays"] == 400
    assert packages["NoncurrentVersionExpiration"] == {"NoncurrentDays": 400}


ROLES = {
    "arn:aws:iam::123456789012:role/cfngen/service-x/pipeline-BuildRole-1A": True,
    "arn:aws:iam::123456789012:role/cfngen/service-xy/pipeline-BuildRole-1A": False,
    "arn:aws:iam::123456789012:role/pipeline-BuildRole-1A": False,
    "arn:aws:iam::123456789012:role/cfngen/other/cfngen/service-x/x": False,
    "arn:aws:iam::999999999999:role/cfngen/service-x/pipeline-BuildRole-1A": False,
    "arn:aws:iam::123456789012:user/cfngen/service-x/somebody": False,
    "arn:aws:iam::123456789012:root": False,
}


@pytest.mark.parametrize("place", ["home", "elsewhere"])
@pytest.mark.parametrize(("role", "let_in"), ROLES.items())
def test_only_roles_under_the_service_s_path_use_key_and_buckets(
    place: str, role: str, *, let_in: bool
) -> None:
    """The key allows nobody else, and the buckets deny everybody else, whatever IAM says."""
    template = stores()[place]
    allowed = policy(template, "ArtifactKey")["Use"]["Condition"]["ArnLike"]["aws:PrincipalArn"]
    assert like(role, allowed) is let_in
    for bucket in ("ArtifactsPolicy", "PackagesPolicy"):
        denied = policy(template, bucket)["OnlyServices"]
        assert denied["Effect"] == "Deny"
        assert denied["Action"] == ["s3:GetObject*", "s3:PutObject*"]
        pattern = denied["Condition"]["ArnNotLike"]["aws:PrincipalArn"]
        assert (not like(role, pattern)) is not let_in


@pytest.mark.parametrize("place", ["home", "elsewhere"])
def test_the_account_administers_the_key_but_does_not_use_it(place: str) -> None:
    """Whoever may change the key's policy in the account may; reading takes a service's role."""
    found = policy(stores()[place], "ArtifactKey")
    administer, use = set(found["Administer"]["Action"]), set(found["Use"]["Action"])
    assert "kms:PutKeyPolicy" in administer
    assert administer & use == {"kms:DescribeKey"}
    assert not {
        a for a in administer if "crypt" in a.lower() or "Generate" in a or "Grant" in a
    } - {
        "kms:ListGrants",
        "kms:RevokeGrant",
    }
    assert found["Administer"]["Principal"] == {"AWS": "arn:aws:iam::123456789012:root"}
    assert "Condition" not in found["Administer"]


def test_several_services_share_the_stores() -> None:
    """Each has its path; one list, in the key's policy and in the buckets'."""
    template = body(services=["web", "api"])
    allowed = policy(template, "ArtifactKey")["Use"]["Condition"]["ArnLike"]["aws:PrincipalArn"]
    denied = policy(template, "PackagesPolicy")["OnlyServices"]["Condition"]["ArnNotLike"]
    assert allowed == denied["aws:PrincipalArn"] == [
        f"arn:aws:iam::123456789012:role/cfngen/{name}/*" for name in ("web", "api")
    ]  # fmt: skip


@pytest.mark.parametrize("place", ["home", "elsewhere"])
def test_nothing_is_read_or_written_without_tls(place: str) -> None:
    """In either bucket."""
    for bucket in ("ArtifactsPolicy", "PackagesPolicy"):
        found = policy(stores()[place], bucket)["TlsOnly"]
        assert found["Effect"] == "Deny"
        assert found["Action"] == "s3:*"
        assert found["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_the_key_is_one_in_all_regions() -> None:
    """A multi-Region key at home, its replicas elsewhere; pipelines import its id."""
    template = body()
    assert template["Resources"]["ArtifactKey"]["Type"] == "AWS::KMS::Key"
    assert template["Resources"]["ArtifactKey"]["Properties"]["MultiRegion"] is True
    replica = inner(template)["Resources"]["ArtifactKey"]
    assert replica["Type"] == "AWS::KMS::ReplicaKey"
    assert replica["Properties"]["PrimaryKeyArn"] == {"Ref": "PrimaryKeyArn"}
    export = template["Outputs"]["KeyId"]
    assert export["Value"] == {"Ref": "ArtifactKey"}
    assert resolved(export["Export"]["Name"], GIVEN) == "acme-KeyId"


def test_the_stack_set_covers_the_other_regions_in_the_same_account() -> None:
    """Nothing is done there by hand; what the template inside asks for is given."""
    template = body(regions=["us-east-1", "ap-northeast-1"])
    (stack_set,) = of_type(template, "AWS::CloudFormation::StackSet").values()
    (group,) = stack_set["StackInstancesGroup"]
    assert group["Regions"] == ["us-east-1", "ap-northeast-1"]
    assert group["DeploymentTargets"] == {"Accounts": [{"Ref": "AWS::AccountId"}]}
    given = {p["ParameterKey"]: p["ParameterValue"] for p in stack_set["Parameters"]}
    assert set(given) == set(inner(template)["Parameters"])
    assert given["PrimaryKeyArn"] == {"Fn::GetAtt": ["ArtifactKey", "Arn"]}
    assert len(stack_set["TemplateBody"].encode()) <= 51_200
    assert not of_type(body(regions=[]), "AWS::CloudFormation::StackSet")


def test_the_stack_set_waits_for_its_roles_and_they_do_not_go_round() -> None:
    """The administrator may become the maker and nothing else; the maker trusts it alone."""
    template = body()
    resources = template["Resources"]
    assert set(resources["StoresElsewhere"]["DependsOn"]) == {
        "StoresAdministratorPolicy",
        "StoresMakerPolicy",
    }
    (become,) = policy_statements(template, "StoresAdministrator")
    assert become["Action"] == "sts:AssumeRole"
    trusted = resources["StoresMaker"]["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    assert trusted[0]["Principal"] == {"AWS": {"Fn::GetAtt": ["StoresAdministrator", "Arn"]}}


def test_regions_that_are_opted_into_act_in_their_own_name() -> None:
    """StackSets are cloudformation.REGION.amazonaws.com there, and must be trusted as such."""
    opted = "ap-east-1"
    assert opted in regions().opt_in
    for chosen, principals in (
        (["us-east-1"], "cloudformation.amazonaws.com"),
        (
            ["us-east-1", opted],
            ["cloudformation.amazonaws.com", f"cloudformation.{opted}.amazonaws.com"],
        ),
    ):
        role = body(regions=chosen)["Resources"]["StoresAdministrator"]["Properties"]
        (trusted,) = role["AssumeRolePolicyDocument"]["Statement"]
        assert trusted["Principal"]["Service"] == principals
        arn = resolved(trusted["Condition"]["ArnLike"]["aws:SourceArn"], GIVEN)
        assert arn == "arn:aws:cloudformation:*:123456789012:stackset/artifact-stores:*"


def handled(kind: str, properties: set[str]) -> set[str]:
    """Return what a type's handlers ask for, without what only other properties need."""
    from cfnlint.schema import PROVIDER_SCHEMA_MANAGER

    handlers = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", kind).schema["handlers"]
    every = {p for name, h in handlers.items() if name != "list" for p in h["permissions"]}
    return {p for p in every if not any(word in p for word in properties)}


def test_the_maker_may_do_what_the_handlers_of_its_types_ask_for() -> None:
    """Every permission in the registry's schemas, but for those of properties that are not used."""
    asked = handled(
        "AWS::S3::Bucket",
        {
            "s3tables:", "iam:PassRole", "Delete", "Table", "PutAnalytics", "PutBucketCORS",
            "PutInventory", "PutMetrics", "PutBucketNotification", "PutBucketReplication",
            "PutBucketWebsite", "PutAccelerate", "PutReplication", "PutObject", "ObjectLock",
            "PutBucketLogging", "PutIntelligent", "PutBucketAbac", "PutBucketAcl",
        },
    ) | {"s3:DeleteBucket"}  # fmt: skip
    asked |= handled("AWS::S3::BucketPolicy", set()) | handled("AWS::KMS::ReplicaKey", set())
    template = body()
    granted = {
        action
        for statement in policy_statements(template, "StoresMaker")
        for action in listed(statement["Action"])
    }
    assert not asked - granted
    assert {r["Type"] for r in inner(template)["Resources"].values()} == {
        "AWS::S3::Bucket",
        "AWS::S3::BucketPolicy",
        "AWS::KMS::ReplicaKey",
    }


def test_the_maker_touches_no_other_bucket_and_no_other_key() -> None:
    """Stars are where a thing has no name yet, and where AWS documents no less."""
    anywhere = []
    for statement in policy_statements(body(), "StoresMaker"):
        for on in listed(statement["Resource"]):
            if on == "*":
                anywhere.append(statement["Action"])
                continue
            assert not like("arn:aws:s3:::other", on)
            assert not like("arn:aws:kms:eu-west-1:123456789012:key/mrk-2", on)
    assert anywhere == ["cloudformation:*", "kms:CreateKey"]


def test_regions_without_account_regional_names_have_global_ones() -> None:
    """There the suffix is missing; elsewhere nothing changes, so that no bucket is replaced."""
    names = {}
    template = inner(body(regions=["us-east-1", "me-south-1", "me-central-1"]))
    assert "OwnNamespace" in template["Conditions"]
    for name in ("Artifacts", "Packages"):
        bucket = template["Resources"][name]["Properties"]
        assert bucket["BucketNamespace"]["Fn::If"][1] == "account-regional"
        condition, own, plain = bucket["BucketName"]["Fn::If"]
        assert condition == "OwnNamespace"
        names[name] = [resolved(text, GIVEN) for text in (own, plain)]
    assert names["Packages"] == [
        "acme-packages-123456789012-eu-west-1-an",
        "acme-packages-123456789012-eu-west-1",
    ]
    plain_only = body(home="me-south-1", regions=[])["Resources"]["Packages"]["Properties"]
    assert "BucketNamespace" not in plain_only


@pytest.mark.parametrize("chosen", [["us-east-1", "ap-southeast-2"], EVERYWHERE])
def test_the_template_inside_lints_clean_where_it_goes(chosen: list[str], linter: Linter) -> None:
    """In every region that is named, as the one around it does at home."""
    template = synthesize(BLUEPRINT, {"regions": chosen})
    (stack_set,) = of_type(template.document.body, "AWS::CloudFormation::StackSet").values()
    for text, where in ((template.text, ["eu-west-1"]), (stack_set["TemplateBody"], chosen)):
        findings = linter.lint(text, "artifact-stores", tuple(where))
        assert [f for f in findings if f.severity != INFORMATIONAL] == []


def test_no_policy_inside_allows_a_star() -> None:
    """The house's rule holds for the template within the template, too."""
    for _, statement in statements(inner(body())):
        if statement["Effect"] == "Allow":
            assert not [a for a in listed(statement["Action"]) if "*" in a]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"home": "mars-1"}, "home: 'mars-1' is no commercial region with CodePipeline, as of"),
        ({"regions": ["us-east-9"]}, "regions: 'us-east-9' is no commercial region"),
        ({"regions": ["eu-west-1"]}, "'eu-west-1' is the home region, which already has a store"),
        ({"regions": ["us-east-1", "us-east-1"]}, "regions: 'us-east-1' is listed twice"),
        ({"services": ["a", "a"]}, "services: 'a' is listed twice"),
        ({"services": ["a*"]}, "services: 'a*' cannot be the name of a service: use"),
        ({"services": []}, "services: list at least one; only their roles have access"),
        ({"package_days": 399}, "package_days = 399: a rollback needs the old code"),
        ({"package_days": -1}, "at least 400, or 0 for never"),
    ],
)
def test_what_cannot_be_is_refused_in_words(options: dict[str, Any], words: str) -> None:
    """Each message names the option and says what would do."""
    assert words in "\n".join(option_problems(BLUEPRINT.options_type, options))
