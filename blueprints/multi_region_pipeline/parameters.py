"""What the multi-region pipeline asks for at deploy time."""

from cfngen import Parameters, first_of, parameter, parameter_map
from cfngen.patterns.alarms import email_parameter
from cfngen.patterns.logs import RETENTION_DAYS

from .._shared.deployers import Policies
from .._shared.store_access import StoreParameters
from .gates import title
from .options import Options

BRANCH = "Enter the name of a branch, such as main."
PATH = r"[A-Za-z0-9._-][A-Za-z0-9._/-]*"


class Source(Parameters):
    """Where the code is."""

    ConnectionArn = parameter(
        "ARN of the CodeConnections connection, whose status is Available.",
        AllowedPattern="arn:aws[a-z-]*:(codeconnections|codestar-connections):[a-z0-9-]+:[0-9]{12}:"
        "connection/[0-9a-f-]+",
        ConstraintDescription="Enter the ARN of a connection.",
        group="Source",
        when=lambda o: o.source == "connection",
    )
    FullRepositoryId = parameter(
        "Repository as owner/name, spelled as the Git host spells it.",
        AllowedPattern=r"[\w.-]+(/[\w.-]+)+",
        ConstraintDescription="Enter the owner and the name of the repository, such as acme/app.",
        when=lambda o: o.source == "connection",
    )
    RepositoryName = parameter(
        "Name of the CodeCommit repository in the pipeline's region.",
        AllowedPattern=r"[\w.-]{1,100}",
        ConstraintDescription="Enter the name of a CodeCommit repository, such as app.",
        group="Source",
        when=lambda o: o.source == "codecommit",
    )
    BranchName = first_of(
        parameter(
            "Branch to deploy, unless a filter of the template admits others.",
            Default="main",
            AllowedPattern="[^ ~^:?*\\[\\\\]{1,255}",
            ConstraintDescription=BRANCH,
            when=lambda o: o.source == "connection",
        ),
        parameter(
            "Branch to deploy.",
            Default="main",
            AllowedPattern="[^ ~^:?*\\[\\\\]{1,255}",
            ConstraintDescription=BRANCH,
            when=lambda o: o.source == "codecommit",
        ),
    )
    SourceBucket = parameter(
        "Name of the source bucket in the pipeline's region. It has versioning and events to"
        " EventBridge enabled.",
        AllowedPattern="[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]",
        ConstraintDescription="Enter the name of an S3 bucket, such as acme-source.",
        group="Source",
        when=lambda o: o.source == "s3",
    )
    SourceObjectKey = parameter(
        "Key of the source archive in the bucket.",
        Default="source.zip",
        AllowedPattern=r"[\w./-]+\.zip",
        ConstraintDescription="Enter the key of an object that ends in .zip, such as"
        " app/source.zip.",
        when=lambda o: o.source == "s3",
    )


class Build(Parameters):
    """How it is built."""

    BuildSpecPath = parameter(
        "Path of the buildspec in the source.",
        Default="buildspec.yml",
        AllowedPattern=PATH,
        ConstraintDescription="Enter a path relative to the root of the source.",
        group="Build",
    )
    ComputeType = parameter(
        "Compute type of the build.",
        Default="BUILD_GENERAL1_SMALL",
        AllowedValues=[f"BUILD_GENERAL1_{size}" for size in ("SMALL", "MEDIUM", "LARGE")],
    )
    BuildPolicyArns = parameter(
        "ARNs of more managed policies for the build's role. Leave empty for none.",
        Type="CommaDelimitedList",
        Default="",
    )


class Deployment(Parameters):
    """What is deployed."""

    InfrastructureTemplate = parameter(
        "Path of the infrastructure template in the source.",
        Default="infrastructure/template.yaml",
        AllowedPattern=PATH,
        ConstraintDescription="Enter a path relative to the root of the source.",
        group="Deployment",
    )


class ImportedRoles(Parameters):
    """With which roles, if another stack has them."""

    RolesStack = parameter(
        "Name of the deployment-roles stack in this region, whose roles the pipeline uses.",
        Default="deployment-roles",
        AllowedPattern="[A-Za-z][A-Za-z0-9-]{0,127}",
        ConstraintDescription="Enter a stack name of letters, digits and hyphens, with a letter"
        " first.",
        group="Deployment",
        when=lambda o: o.roles == "stack",
    )


def bucket_parameters(options: Options) -> dict[str, str]:
    """Return the name of the parameter for the bucket in each region, by the region's code."""
    return {code: f"{title(label)}Bucket" for code, label in labels(options).items()}


def labels(options: Options) -> dict[str, str]:
    """Return the label of each region by its code; `home` for the home region if it has none."""
    of_regions = {region.region: region.label for region in options.regions}
    return of_regions if options.home in of_regions else {options.home: "home", **of_regions}


def _buckets(options: Options) -> dict[str, parameter]:
    """Return the parameters that name the bucket in each region, by their logical IDs."""
    names = bucket_parameters(options)
    return {
        names[code]: parameter(
            f"SSM parameter that holds the name of the bucket in {code}.",
            Type="AWS::SSM::Parameter::Value<String>",
            Default=f"/{options.service}/{label}/bucket",
        )
        for code, label in labels(options).items()
    }


class Stores(StoreParameters):
    """Where artifacts are kept."""

    Buckets = parameter_map(_buckets, when=lambda o: o.stores == "parameters")


class Operation(Parameters):
    """How it runs, and who is notified."""

    NotifyEmail = email_parameter(
        "E-mail address for failures, approvals and windows. Leave empty for none.",
        group="Operation",
    )
    LogDays = parameter(
        "Number of days to keep logs.",
        Type="Number",
        Default=30,
        AllowedValues=list(RETENTION_DAYS),
    )


class Params(Source, Build, Deployment, Policies, ImportedRoles, Stores, Operation):
    """What CloudFormation asks for at deploy time."""
