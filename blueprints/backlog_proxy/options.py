"""What the Backlog proxy decides at build time."""

from dataclasses import dataclass
from typing import Literal

from cfngen import option


@dataclass(frozen=True)
class Options:
    """Decided at build time, because they change the template's shape."""

    cache: Literal["s3", "efs"] = option(
        "Where git is kept between builds: a bucket, or a file system for big repositories",
        default="s3",
    )
    vpc: bool = option(
        "Run builds in a VPC, for spaces that admit only known addresses; efs does so anyway",
        default=False,
    )
    repository: Literal["create", "existing"] = option(
        "Whether the stack makes the CodeCommit repository", default="create"
    )
    architecture: Literal["arm64", "x86_64"] = option(
        "Processor of builds and functions; not every region has arm64 builds", default="arm64"
    )
    auth: Literal["basic", "query_token"] = option(
        "How Backlog proves itself: user:password@ before the host, or ?token= behind the path",
        default="basic",
    )
    key_store: Literal["parameter_store", "secrets_manager"] = option(
        "Where the private SSH key is kept", default="parameter_store"
    )
    host_keys: Literal["parameter", "parameter_store", "trust_on_first_use"] = option(
        "Where the pinned keys of Backlog's Git host come from", default="parameter"
    )
    access_logs: bool = option(
        "Log requests; fails in an account whose API Gateway has no CloudWatch role", default=False
    )
    waf: bool = option("Put a web ACL in front that lets only AllowedCidrs through", default=False)
    debug_sessions: bool = option(
        "Let builds be entered with Session Manager at a codebuild-breakpoint", default=False
    )

    @property
    def in_vpc(self) -> bool:
        """Whether builds run in a VPC."""
        return self.vpc or self.cache == "efs"
