"""What the multi-region pipeline asks for at deploy time."""

from typing import Any

from cfngen import Parameters, parameter
from cfngen.patterns.logs import RETENTION_DAYS
from cfngen.patterns.stores import stores_name

from .._shared.deployers import Policies
from .._shared.store_access import BucketNames
from .gates import title
from .options import Options

PATH = r"[A-Za-z0-9._-][A-Za-z0-9._/-]*"


class Connection(Parameters):
    """A repository on GitHub, GitLab or Bitbucket."""

    ConnectionArn = parameter(
        "ARN of the connection, whose handshake is done",
        AllowedPattern="arn:aws[a-z-]*:(codeconnections|codestar-connections):[a-z0-9-]+:[0-9]{12}:"
        "connection/[0-9a-f-]+",
        ConstraintDescription="the ARN of a connection",
        group="Source",
    )
    FullRepositoryId = parameter(
        "Repository as owner/name, in the host's own spelling",
        AllowedPattern=r"[\w.-]+(/[\w.-]+)+",
        ConstraintDescription="such as acme/app",
    )
    BranchName = parameter(
        "Branch that is deployed, unless a filter lets in others",
        Default="main",
        AllowedPattern="[^ ~^:?*\\[\\\\]{1,255}",
    )


class CodeCommit(Parameters):
    """A repository in the home region."""

    RepositoryName = parameter(
        "Repository in CodeCommit, in the home region",
        AllowedPattern=r"[\w.-]{1,100}",
        ConstraintDescription="the name of a repository",
        group="Source",
    )
    BranchName = parameter(
        "Branch that is deployed", Default="main", AllowedPattern="[^ ~^:?*\\[\\\\]{1,255}"
    )


class Archive(Parameters):
    """An archive in a bucket."""

    SourceBucket = parameter(
        "Bucket in the home region, with versions, that tells EventBridge of its objects",
        AllowedPattern="[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]",
        ConstraintDescription="the name of a bucket",
        group="Source",
    )
    SourceObjectKey = parameter(
        "Key of the archive in it", Default="source.zip", AllowedPattern=r"[\w./-]+\.zip"
    )


class Build(Parameters):
    """How it is built."""

    BuildSpecPath = parameter(
        "Path of the buildspec in the source",
        Default="buildspec.yml",
        AllowedPattern=PATH,
        group="Build",
    )
    ComputeType = parameter(
        "Size of the build's machine",
        Default="BUILD_GENERAL1_SMALL",
        AllowedValues=[f"BUILD_GENERAL1_{size}" for size in ("SMALL", "MEDIUM", "LARGE")],
    )
    BuildPolicyArns = parameter(
        "What else the build may do: ARNs of managed policies; empty for nothing",
        Type="CommaDelimitedList",
        Default="",
    )


class Deployment(Parameters):
    """What is deployed."""

    InfrastructureTemplate = parameter(
        "Path of the infrastructure's template in the source",
        Default="infrastructure/template.yaml",
        AllowedPattern=PATH,
        group="Deployment",
    )


class ImportedRoles(Parameters):
    """With which roles, if another stack has them."""

    RolesStack = parameter(
        "Name of the stack of deployment roles, in this region, whose roles the pipeline uses;"
        " that stack decides what CloudFormation may make",
        Default="deployment-roles",
        AllowedPattern="[A-Za-z][A-Za-z0-9-]{0,127}",
        ConstraintDescription="the name of a stack: letters, digits and dashes, a letter first",
        group="Deployment",
    )


class Operation(Parameters):
    """How it runs."""

    NotifyEmail = parameter(
        "Address that hears of failures, approvals and windows; empty for none",
        Default="",
        AllowedPattern="|[^@ ]+@[^@ ]+",
        ConstraintDescription="an e-mail address",
        group="Operation",
    )
    LogDays = parameter(
        "Days that logs are kept", Type="Number", Default=30, AllowedValues=list(RETENTION_DAYS)
    )


def questions(options: Options) -> type[Parameters]:
    """Return what this shape of the stack asks, in the order it is asked."""
    sources: dict[str, type[Parameters]] = {
        "connection": Connection,
        "codecommit": CodeCommit,
        "s3": Archive,
    }
    stores = _stack(options) if options.stores == "stack" else _buckets(options)
    roles = Policies if options.roles == "own" else ImportedRoles
    asked = (sources[options.source], Build, Deployment, roles, stores, Operation)
    return type("Params", asked, {})


def _stack(options: Options) -> type[Parameters]:
    """Return the question after the stores that the artifact_stores stack made."""

    class Stores(Parameters):
        """Which stores."""

        StoresName = parameter(
            "StoresName of the artifact stores",
            group="Stores",
            **stores_name(options.all_regions),
        )

    return Stores


def _buckets(options: Options) -> type[Parameters]:
    """Return the questions after buckets that were there before."""
    named = bucket_parameters(options)
    asked: dict[str, Any] = {
        named[code]: parameter(
            f"Parameter in Parameter Store that names the bucket in {code}",
            Type="AWS::SSM::Parameter::Value<String>",
            Default=f"/{options.service}/{label}/bucket",
        )
        for code, label in labels(options).items()
    }
    return type("Buckets", (BucketNames,), asked)


def bucket_parameters(options: Options) -> dict[str, str]:
    """Return the name of the parameter for the bucket in each region, by the region's code."""
    return {code: f"{title(label)}Bucket" for code, label in labels(options).items()}


def labels(options: Options) -> dict[str, str]:
    """Return the label of each region by its code; `home` for the home region if it has none."""
    found = {region.region: region.label for region in options.regions}
    return found if options.home in found else {options.home: "home", **found}
