"""The CodeCommit repository that becomes the mirror."""

from typing import Any

from troposphere import GetAtt, Sub
from troposphere.codecommit import Repository

from cfngen import Template

from .options import Options
from .parameters import Params

ARN = "arn:${AWS::Partition}:%s:${AWS::Region}:${AWS::AccountId}:"
CLONE_URL = "https://git-codecommit.${AWS::Region}.${AWS::URLSuffix}/v1/repos/${RepositoryName}"


def add_repository(t: Template, p: Params, options: Options) -> tuple[Any, Any]:
    """Add the mirror, unless it is there already; return its ARN and clone URL."""
    if options.repository == "existing":
        arn, url = Sub(ARN % "codecommit" + "${RepositoryName}"), Sub(CLONE_URL)
    else:
        repository = t.add(
            Repository(
                "Repository",
                DeletionPolicy="RetainExceptOnCreate",
                UpdateReplacePolicy="Retain",
                RepositoryName=p.RepositoryName,
                RepositoryDescription=Sub(
                    "Mirror of ${BacklogProjectKey}/${BacklogRepository}; push to Backlog, not here"
                ),
            ),
            reason="Kept when the stack goes: history outlives its plumbing.",
        )
        arn, url = GetAtt(repository, "Arn"), GetAtt(repository, "CloneUrlHttp")
    t.output("RepositoryCloneUrl", url, "URL to clone the mirror from.")
    return arn, url
