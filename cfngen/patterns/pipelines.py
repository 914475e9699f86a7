"""A pipeline of type V2, checked for what CodePipeline would refuse or ignore."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from troposphere.codepipeline import (
    Actions,
    ActionTypeId,
    ArtifactStore,
    ArtifactStoreMap,
    DisableInboundStageTransitions,
    EncryptionKey,
    InputArtifacts,
    OutputArtifacts,
    Pipeline,
    RuleDeclaration,
    RuleTypeId,
    Stages,
)

from cfngen.authoring.encoding import encode
from cfngen.deprecation import renamed_keywords
from cfngen.errors import PipelineError
from cfngen.patterns.pipeline_checks import pipeline_problems
from cfngen.patterns.roles import role_arn

__all__ = ["action", "artifact_store", "pipeline", "rule"]


def action(
    name: str,
    kind: str,
    *,
    role: Any = None,
    region: str | None = None,
    order: int | None = None,
    takes: Sequence[str] = (),
    gives: Sequence[str] = (),
    configuration: dict[str, Any] | None = None,
    **properties: Any,
) -> Actions:
    """Return one action of a stage.

    Args:
        name: the action's name.
        kind: category and provider of AWS's, such as `Source/CodeCommit`.
        role: the action's role, or its ARN; the pipeline's role needs permission to assume it.
        region: the action's region, if it is not the pipeline's.
        order: its `RunOrder`; actions with the same one run in parallel.
        takes: names of its input artifacts.
        gives: names of its output artifacts.
        configuration: the provider's configuration, without `None`s.
        properties: further properties, such as `Namespace`, as CloudFormation spells them.
    """
    category, _, provider = kind.partition("/")
    chosen: dict[str, Any] = {
        "Region": region,
        "RunOrder": order,
        "RoleArn": role_arn(role) if role else None,
        "Configuration": {k: v for k, v in (configuration or {}).items() if v is not None} or None,
        "InputArtifacts": [InputArtifacts(Name=artifact) for artifact in takes] or None,
        "OutputArtifacts": [OutputArtifacts(Name=artifact) for artifact in gives] or None,
        **properties,
    }
    return Actions(
        Name=name,
        ActionTypeId=ActionTypeId(Category=category, Owner="AWS", Provider=provider, Version="1"),
        **{key: value for key, value in chosen.items() if value is not None},
    )


def rule(
    name: str,
    provider: str,
    configuration: dict[str, Any],
    *,
    region: Any,
    role: Any = None,
) -> RuleDeclaration:
    """Return one rule of a stage's condition.

    Args:
        name: the rule's name.
        provider: such as `DeploymentWindow` or `CloudWatchAlarm`.
        configuration: the provider's configuration.
        region: the region of what it checks.
        role: the rule's role, or its ARN; by default the pipeline's.
    """
    return RuleDeclaration(
        Name=name,
        RuleTypeId=RuleTypeId(Category="Rule", Owner="AWS", Provider=provider, Version="1"),
        Configuration=configuration,
        Region=region,
        **({"RoleArn": role_arn(role)} if role else {}),
    )


def artifact_store(region: str, bucket: Any, key: Any = None) -> ArtifactStoreMap:
    """Return where a pipeline keeps artifacts for the actions of one region.

    Args:
        region: the region.
        bucket: the name of a bucket there.
        key: the ARN of a key there; S3's own key without one.
    """
    encryption = {"EncryptionKey": EncryptionKey(Type="KMS", Id=key)} if key is not None else {}
    store = ArtifactStore(Type="S3", Location=bucket, **encryption)
    return ArtifactStoreMap(Region=region, ArtifactStore=store)


@renamed_keywords(shut="closed_stages")
def pipeline(
    title: str,
    *,
    role: Any,
    stores: Sequence[ArtifactStoreMap],
    stages: Sequence[Stages],
    mode: str = "SUPERSEDED",
    closed_stages: Sequence[DisableInboundStageTransitions] = (),
    **properties: Any,
) -> Pipeline:
    """Return a pipeline of type V2 that does not start over when its stack is updated.

    Args:
        title: the logical ID.
        role: the pipeline's role, or its ARN: it keeps artifacts and assumes the roles of the
            actions.
        stores: one for each region in which an action acts.
        stages: what it does.
        mode: the execution mode, such as `SUPERSEDED`.
        closed_stages: stages whose inbound transition is disabled when the pipeline is created.
        properties: further properties, as CloudFormation spells them.

    Raises:
        PipelineError: everything that CodePipeline would refuse, or accept and ignore.
    """
    result = Pipeline(
        title,
        **properties,
        PipelineType="V2",
        ExecutionMode=mode,
        RestartExecutionOnUpdate=False,
        RoleArn=role_arn(role),
        ArtifactStores=list(stores),
        Stages=list(stages),
        **({"DisableInboundStageTransitions": list(closed_stages)} if closed_stages else {}),
    )
    plain = encode(result)["Properties"]
    if problems := pipeline_problems(plain):
        raise PipelineError(f"{title}: {problem}" for problem in problems)
    return result
