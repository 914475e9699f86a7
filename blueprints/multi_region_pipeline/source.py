"""Where the code comes from, and what starts the pipeline when it changes."""

from typing import Any

from awacs import codecommit, codepipeline, s3
from troposphere import GetAtt, Select, Split, Sub
from troposphere.codepipeline import (
    Actions,
    GitBranchFilterCriteria,
    GitConfiguration,
    GitFilePathFilterCriteria,
    GitPushFilter,
    GitTagFilterCriteria,
    PipelineTriggerDeclaration,
)
from troposphere.events import DeadLetterConfig, Rule, Target
from troposphere.iam import Role

from cfngen import Template, allow, waive
from cfngen.authoring.iam import Statement
from cfngen.patterns import dead_letters, dead_letters_alarm, role
from cfngen.patterns.alarms import AlarmTopic
from cfngen.patterns.pipelines import action

from .options import Options
from .parameters import Params

NAME = "Source"
CRITERIA = {
    "Branches": GitBranchFilterCriteria,
    "Tags": GitTagFilterCriteria,
    "FilePaths": GitFilePathFilterCriteria,
}


def may_fetch(p: Params, options: Options) -> list[Statement]:
    """Return what the source's role needs, besides keeping what it fetched."""
    if options.source == "codecommit":
        fetch = allow(
            codecommit.CancelUploadArchive,
            codecommit.GetBranch,
            codecommit.GetCommit,
            codecommit.GetUploadArchiveStatus,
            codecommit.UploadArchive,
            on=_repository(),
        )
        waive(
            fetch,
            "documented:codecommit:GetRepository",
            reason="The page says what it is for: an artifact that is a clone"
            " (CODEBUILD_CLONE_REF), and this one is a ZIP file.",
        )
        return [fetch]
    if options.source == "s3":
        bucket = "arn:${AWS::Partition}:s3:::${SourceBucket}"
        return [
            allow(s3.GetBucketAcl, s3.GetBucketLocation, s3.GetBucketVersioning, on=Sub(bucket)),
            allow(
                s3.GetObject,
                s3.GetObjectTagging,
                s3.GetObjectVersion,
                s3.GetObjectVersionTagging,
                on=Sub(f"{bucket}/${{SourceObjectKey}}"),
            ),
        ]
    # A connection has one ARN for each of two names of its service, and is asked for by both.
    rest = Select(1, Split("connections:", p.ConnectionArn))
    services = ("codeconnections", "codestar-connections")
    return [
        allow(
            *(f"{service}:UseConnection" for service in services),
            on=[Sub(f"arn:${{AWS::Partition}}:{name}:${{Rest}}", Rest=rest) for name in services],
        )
    ]


def source_action(p: Params, options: Options, source_role: Role) -> Actions:
    """Return the action that fetches the code."""
    configuration: dict[str, Any] = {"PollForSourceChanges": "false"}
    if options.source == "codecommit":
        provider = "CodeCommit"
        configuration |= {"RepositoryName": p.RepositoryName, "BranchName": p.BranchName}
    elif options.source == "s3":
        provider = "S3"
        configuration |= {"S3Bucket": p.SourceBucket, "S3ObjectKey": p.SourceObjectKey}
    else:
        provider = "CodeStarSourceConnection"
        configuration = {
            "ConnectionArn": p.ConnectionArn,
            "FullRepositoryId": p.FullRepositoryId,
            "BranchName": p.BranchName,
            "OutputArtifactFormat": "CODE_ZIP",
            # Triggers take this over.
            "DetectChanges": None if options.pushes else "true",
        }
    return action(
        NAME,
        f"Source/{provider}",
        role=source_role,
        gives=[NAME],
        configuration=configuration,
    )


def triggers(options: Options) -> dict[str, Any]:
    """Return the pipeline's property that says which pushes start it, if any are chosen."""
    if not options.pushes:
        return {}
    pushes = [
        GitPushFilter(**{name: CRITERIA[name](**criteria) for name, criteria in push.items()})
        for push in options.pushes
    ]
    git = GitConfiguration(SourceActionName=NAME, Push=pushes)
    return {
        "Triggers": [
            PipelineTriggerDeclaration(
                ProviderType="CodeStarSourceConnection", GitConfiguration=git
            )
        ]
    }


def add_start(t: Template, p: Params, options: Options, topic: AlarmTopic) -> None:
    """Add what starts the pipeline; connections do it themselves."""
    if options.source == "connection":
        return
    started = Sub("arn:${AWS::Partition}:codepipeline:${AWS::Region}:${AWS::AccountId}:${Pipeline}")
    start_role = t.add(
        role("StartRole", "events", allow(codepipeline.StartPipelineExecution, on=started)),
        reason="Assumed by the rule: it may start the pipeline.",
    )
    if options.source == "codecommit":
        pattern: dict[str, Any] = {
            "source": ["aws.codecommit"],
            "detail-type": ["CodeCommit Repository State Change"],
            "resources": [_repository()],
            "detail": {
                "event": ["referenceCreated", "referenceUpdated"],
                "referenceType": ["branch"],
                "referenceName": [p.BranchName],
            },
        }
    else:
        pattern = {
            "source": ["aws.s3"],
            "detail-type": ["Object Created"],
            "detail": {
                "bucket": {"name": [p.SourceBucket]},
                "object": {"key": [p.SourceObjectKey]},
            },
        }
    lost = t.add(
        dead_letters(
            "LostPushes", rules=[GetAtt("Push", "Arn")], reason="Pushes that started nothing."
        )
    )
    target = Target(
        Id="Pipeline",
        Arn=started,
        RoleArn=GetAtt(start_role, "Arn"),
        DeadLetterConfig=DeadLetterConfig(Arn=lost.arn),
    )
    t.add(
        Rule("Push", EventPattern=pattern, Targets=[target]),
        reason="Nobody asks every minute whether something has changed.",
    )
    t.add(
        dead_letters_alarm(
            "PushLost",
            queue=lost,
            topic=topic.topic,
            description="A push did not start the pipeline. Queue LostPushes holds it.",
        )
    )


def _repository() -> Sub:
    return Sub(
        "arn:${AWS::Partition}:codecommit:${AWS::Region}:${AWS::AccountId}:${RepositoryName}"
    )
