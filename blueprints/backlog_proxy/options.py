"""Options of the Backlog proxy, set at build time."""

from dataclasses import dataclass
from typing import Literal

from cfngen import option


@dataclass(frozen=True)
class Options:
    """Options that decide which resources the template has."""

    cache: Literal["s3", "efs"] = option(
        "Where the clone is kept between builds: in S3, or on EFS for big repositories",
        default="s3",
    )
    vpc: bool = option(
        'Run builds in a VPC, for spaces that restrict IP addresses; cache = "efs" implies it',
        default=False,
    )
    repository: Literal["create", "existing"] = option(
        "Whether the stack creates the CodeCommit repository or uses an existing one",
        default="create",
    )
    architecture: Literal["arm64", "x86_64"] = option(
        "Processor architecture of builds and functions; CodeBuild does not offer arm64 everywhere",
        default="arm64",
    )
    auth: Literal["any", "basic", "query_token"] = option(
        "How Backlog authenticates: user:password@ before the host, ?token= after the path, or"
        " either of them",
        default="any",
    )
    key_store: Literal["parameter_store", "secrets_manager"] = option(
        "Where the private SSH key is kept", default="parameter_store"
    )
    host_keys: Literal["parameter", "parameter_store", "trust_on_first_use"] = option(
        "Where the pinned keys of Backlog's Git host come from", default="parameter"
    )
    access_logs: bool = option(
        "Log requests; the deployment fails if API Gateway has no CloudWatch role in the account",
        default=False,
    )
    waf: bool = option("Add a web ACL that allows only AllowedCidrs", default=False)
    debug_sessions: bool = option(
        "Allow access to builds with Session Manager at a codebuild-breakpoint", default=False
    )

    @property
    def in_vpc(self) -> bool:
        """Whether builds run in a VPC."""
        return self.vpc or self.cache == "efs"
