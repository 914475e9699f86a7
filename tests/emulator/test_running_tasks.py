"""What the emulator refuses of ECS, by the same check as all stand-ins."""

from __future__ import annotations

from pathlib import Path

import pytest
from botocore.exceptions import ClientError
from support.machines import Machines, until
from support.ways import created, deployed, identity, tasks, tell_of_push

HERE = "us-east-1"


def test_a_cluster_with_tasks_stays_and_a_missing_one_is_not_made(
    machines: Machines, tmp_path: Path
) -> None:
    """Who deletes a stack whose tasks run reads why it cannot go; README's commands stop them."""
    stack = deployed(machines, tmp_path, "fargate-mirror")
    ecs = machines.emulator.client("ecs", HERE)
    with pytest.raises(ClientError, match="ClusterNotFoundException"):
        ecs.run_task(cluster="nope", taskDefinition=identity(stack, "MirrorTask"))
    assert not [arn for arn in ecs.list_clusters()["clusterArns"] if "nope" in arn]
    with pytest.raises(ClientError, match="Network Configuration must be provided"):
        ecs.run_task(
            cluster=identity(stack, "MirrorCluster"),
            taskDefinition=identity(stack, "MirrorTask"),
            launchType="FARGATE",
        )

    commit = created(machines, "shop", HERE).commit("main", "first")
    tell_of_push(machines, HERE, "shop", "refs/heads/main", commit)
    (task,) = until(lambda: tasks(machines, stack, "MirrorCluster"))
    where = stack.described()["StackId"]
    stack.cloudformation.delete_stack(StackName=where)
    (described,) = stack.cloudformation.describe_stacks(StackName=where)["Stacks"]
    assert described["StackStatus"] == "DELETE_FAILED"
    ecs.stop_task(cluster=task["clusterArn"], task=task["taskArn"])
    stack.delete()
