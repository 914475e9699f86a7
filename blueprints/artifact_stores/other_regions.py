"""The same stores in the other regions, by a StackSet."""

from awacs import kms, s3, sts
from troposphere import Equals, GetAtt, Not, Or, Parameter, Ref, Region, Sub
from troposphere import kms as keys
from troposphere.cloudformation import (
    DeploymentTargets,
    ManagedExecution,
    OperationPreferences,
    StackInstances,
    StackSet,
)
from troposphere.cloudformation import Parameter as Passed
from troposphere.iam import Role

from cfngen import Template, allow, waive
from cfngen.authoring.iam import Statement, policy_document
from cfngen.cloudformation.regions import regions as aws_regions
from cfngen.patterns import assumed_role, role_policy
from cfngen.patterns.stores import (
    own_namespace,
    store,
    store_buckets,
    store_key_policy,
)

from .options import Options
from .parameters import Params

SELF_MANAGED = (
    "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/"
    "stacksets-prereqs-self-managed.html"
)
# What the handlers of AWS::S3::Bucket and AWS::S3::BucketPolicy ask for (their registry schemas),
# without what only other properties need.
BUCKETS = (
    s3.CreateBucket, s3.DeleteBucket, s3.DeleteBucketPolicy, s3.GetAccelerateConfiguration,
    s3.GetAnalyticsConfiguration, s3.GetBucketAbac, s3.GetBucketAcl, s3.GetBucketCORS,
    s3.GetBucketLogging, s3.GetBucketMetadataTableConfiguration, s3.GetBucketNotification,
    s3.GetBucketObjectLockConfiguration, s3.GetBucketOwnershipControls, s3.GetBucketPolicy,
    s3.GetBucketPublicAccessBlock, s3.GetBucketTagging, s3.GetBucketVersioning,
    s3.GetBucketWebsite, s3.GetEncryptionConfiguration, s3.GetIntelligentTieringConfiguration,
    s3.GetInventoryConfiguration, s3.GetLifecycleConfiguration, s3.GetMetricsConfiguration,
    s3.GetReplicationConfiguration, s3.ListBucket, s3.ListTagsForResource,
    s3.PutBucketOwnershipControls, s3.PutBucketPolicy, s3.PutBucketPublicAccessBlock,
    s3.PutBucketTagging, s3.PutBucketVersioning, s3.PutEncryptionConfiguration,
    s3.PutLifecycleConfiguration, s3.TagResource, s3.UntagResource,
)  # fmt: skip
# The same of AWS::KMS::ReplicaKey, for a key that is there.
REPLICAS = (
    kms.DescribeKey, kms.DisableKey, kms.EnableKey, kms.GetKeyPolicy, kms.ListResourceTags,
    kms.PutKeyPolicy, kms.ReplicateKey, kms.ScheduleKeyDeletion, kms.TagResource,
    kms.UntagResource, kms.UpdateKeyDescription,
)  # fmt: skip


def add_other_regions(t: Template, p: Params, options: Options) -> None:
    """Add what makes the same in the other regions."""
    principals = ["cloudformation.amazonaws.com"] + [
        f"cloudformation.{region}.amazonaws.com"
        for region in sorted(options.regions)
        if region in aws_regions().opt_in
    ]
    stack_sets = "arn:${AWS::Partition}:cloudformation:*:${AWS::AccountId}:stackset/"
    trusted = Statement(
        Effect="Allow",
        Principal={"Service": principals[0] if len(principals) == 1 else principals},
        Action="sts:AssumeRole",
        Condition={
            "StringEquals": {"aws:SourceAccount": Ref("AWS::AccountId")},
            "ArnLike": {"aws:SourceArn": Sub(f"{stack_sets}${{AWS::StackName}}:*")},
        },
    )
    administrator = t.add(
        Role("StoresAdministrator", AssumeRolePolicyDocument=policy_document(trusted)),
        reason="Assumed by CloudFormation's StackSet: it may become StoresMaker, and nothing else.",
    )
    maker = t.add(
        assumed_role("StoresMaker", GetAtt(administrator, "Arn")),
        reason=(
            "Assumed by the StackSet's stacks in the other regions: it makes a store and "
            "unmakes it."
        ),
    )
    become = allow(sts.AssumeRole, on=GetAtt(maker, "Arn"))
    assume = t.add(role_policy("StoresAdministratorPolicy", administrator, become))
    keys_here = "arn:${AWS::Partition}:kms:*:${AWS::AccountId}:key/"
    make = t.add(
        role_policy(
            "StoresMakerPolicy",
            maker,
            waive(
                allow(
                    "cloudformation:*",
                    on="*",
                    reason="AWS documents no less for stacks of StackSets; what these can make is\n"
                    "in the statements below.",
                    page=SELF_MANAGED,
                ),
                "cfripper:WildcardResourceRule/cloudformation:*",
                "cfripper:GenericResourceWildcardPolicyRule",
                "guard:NO_ALLOW_OF_A_STAR_IN_POLICIES",
                "parliament:RESOURCE_STAR/cloudformation:*",
                reason="AWS documents this as the least that a StackSet's stacks need; only the"
                " StackSet's administrator assumes the role, and what its stacks can make is"
                " bounded by the statements on S3 and KMS.",
            ),
            waive(
                allow(*BUCKETS, on=[store_buckets("artifacts"), store_buckets("packages")]),
                "parliament:UNKNOWN_ACTION/s3:GetBucketAbac",
                reason="The action is newer than parliament's list; the registry's schema of"
                " AWS::S3::Bucket names it among what its handlers ask for.",
            ),
            allow(kms.CreateKey, on="*", reason="A replica has no name before it is made."),
            allow(*REPLICAS, on=Sub(f"{keys_here}${{ArtifactKey}}")),
        )
    )
    passed = {
        "StoresName": p.StoresName,
        "PrimaryKeyArn": GetAtt("ArtifactKey", "Arn"),
        "ArtifactDays": p.ArtifactDays,
    }
    stacks_elsewhere = StackSet(
        "StoresElsewhere",
        DependsOn=[assume.title, make.title],
        StackSetName=Ref("AWS::StackName"),
        Description="The stores of the other regions",
        PermissionModel="SELF_MANAGED",
        AdministrationRoleARN=GetAtt(administrator, "Arn"),
        ExecutionRoleName=Ref(maker),
        ManagedExecution=ManagedExecution(Active=True),
        OperationPreferences=OperationPreferences(
            RegionConcurrencyType="PARALLEL",
            MaxConcurrentPercentage=100,
            FailureTolerancePercentage=0,
        ),
        Parameters=[
            Passed(ParameterKey=name, ParameterValue=value) for name, value in passed.items()
        ],
        StackInstancesGroup=[
            StackInstances(
                DeploymentTargets=DeploymentTargets(Accounts=[Ref("AWS::AccountId")]),
                Regions=list(options.regions),
            )
        ],
        TemplateBody=regional_template(options).carried(),
    )
    t.add(stacks_elsewhere, reason="The same in every other region; nothing is done there by hand.")


def regional_template(options: Options) -> Template:
    """Return the template of one other region."""
    t = Template("What pipelines keep in this region")
    t.add_parameter(Parameter("StoresName", Type="String"))
    t.add_parameter(Parameter("PrimaryKeyArn", Type="String"))
    t.add_parameter(Parameter("ArtifactDays", Type="Number"))
    namespace: bool | str = True
    without = [region for region in options.regions if not own_namespace(region)]
    if without:
        tests = [Equals(Region, region) for region in without]
        namespace = t.condition("OwnNamespace", Not(tests[0] if len(tests) == 1 else Or(*tests)))
    key = keys.ReplicaKey(
        "ArtifactKey",
        DeletionPolicy="RetainExceptOnCreate",
        UpdateReplacePolicy="Retain",
        Description=Sub("${StoresName}: what pipelines keep"),
        PrimaryKeyArn=Ref("PrimaryKeyArn"),
        KeyPolicy=store_key_policy(options.services),
    )
    t.add(
        store(
            key,
            options.services,
            artifact_days=Ref("ArtifactDays"),
            package_days=options.package_days,
            namespace=namespace,
        )
    )
    return t
