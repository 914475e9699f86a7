"""Events as AWS's services send them, in the shapes that AWS documents.

Sources: AWS pages "Monitoring CodeCommit events in Amazon EventBridge", "Amazon ECS task state
change events", "Amazon ECS clusters for Fargate" (the two events of a Spot interruption) and
"Amazon ECS stopped tasks error messages".
"""

from __future__ import annotations

from typing import Any

ACCOUNT, REGION = "123456789012", "us-east-2"
CLUSTER = f"arn:aws:ecs:{REGION}:{ACCOUNT}:cluster/mirror-MirrorCluster-AbC123"
TIME = "2019-06-12T10:23:43Z"
USER = f"arn:aws:sts::{ACCOUNT}:assumed-role/Admin/Mary_Major"
OLD, NEW = "3e5983DESTINATION", "7f0103fMERGE"
MERGE = {
    "baseCommitId": "3e5a9bf1BASE",
    "sourceCommitId": "26a8f2SOURCE",
    "destinationCommitId": OLD,
    "mergeOption": "THREE_WAY_MERGE",
    "conflictDetailsLevel": "LINE_LEVEL",
    "conflictResolutionStrategy": "AUTOMERGE",
}


def event(source: str, kind: str, resource: str, detail: dict[str, Any]) -> dict[str, Any]:
    """Return what every event has around its detail."""
    return {
        "version": "0",
        "id": "9bcdac79-b31f-4d3d-9410-fbd727c29fab",
        "detail-type": kind,
        "source": source,
        "account": ACCOUNT,
        "time": TIME,
        "region": REGION,
        "resources": [resource],
        "detail": detail,
    }


def codecommit(kind: str, repository: str, detail: dict[str, Any]) -> dict[str, Any]:
    """Return an event of a repository."""
    arn = f"arn:aws:codecommit:{REGION}:{ACCOUNT}:{repository}"
    return event("aws.codecommit", f"CodeCommit {kind}", arn, {"callerUserArn": USER, **detail})


def changed(what: str, repository: str = "MyDemoRepo", **detail: Any) -> dict[str, Any]:
    """Return a state change of a repository."""
    same = {
        "event": what,
        "repositoryName": repository,
        "repositoryId": "12345678-1234-5678-abcd-12345678abcd",
    }
    return codecommit("Repository State Change", repository, {**same, **detail})


def branch(what: str, repository: str = "MyDemoRepo", **detail: Any) -> dict[str, Any]:
    """Return a change of a branch."""
    ref = {"referenceType": "branch", "referenceName": "myBranch"}
    return changed(what, repository, **ref, referenceFullName="refs/heads/myBranch", **detail)


def tag(what: str, repository: str = "MyDemoRepo", **detail: Any) -> dict[str, Any]:
    """Return a change of a tag."""
    ref = {"referenceType": "tag", "referenceName": "v1"}
    return changed(what, repository, **ref, referenceFullName="refs/tags/v1", **detail)


def pushes(repository: str = "MyDemoRepo") -> dict[str, dict[str, Any]]:
    """Return every kind of event after which a mirror is behind."""
    return {
        "branch created": branch("referenceCreated", repository, commitId=NEW),
        "branch updated": branch("referenceUpdated", repository, commitId=NEW, oldCommitId=OLD),
        "branch merged": branch(
            "referenceUpdated", repository, commitId=NEW, oldCommitId=OLD, **MERGE
        ),
        "branch deleted": branch("referenceDeleted", repository, oldCommitId=OLD),
        "tag created": tag("referenceCreated", repository, commitId=NEW),
        "tag moved": tag("referenceUpdated", repository, commitId=NEW, oldCommitId=OLD),
        "tag deleted": tag("referenceDeleted", repository, oldCommitId=OLD),
    }


PULL_REQUEST = {
    "author": USER,
    "destinationCommit": "12241970EXAMPLE",
    "destinationReference": "refs/heads/main",
    "event": "pullRequestCreated",
    "isMerged": "False",
    "pullRequestId": "1",
    "pullRequestStatus": "Open",
    "repositoryNames": ["MyDemoRepo"],
    "sourceCommit": "2774290EXAMPLE",
    "sourceReference": "refs/heads/test-branch",
}
COMMENT = {
    "event": "commentOnCommitCreated",
    "commentId": "463bEXAMPLE",
    "beforeCommitId": OLD,
    "afterCommitId": NEW,
    "repositoryId": "7dd1EXAMPLE",
    "repositoryName": "MyDemoRepo",
}
# After none of these has a branch or a tag changed.
OTHERS: dict[str, dict[str, Any]] = {
    "merge without reference": changed("unreferencedMergeCommitCreated", commitId=NEW, **MERGE),
    "pull request created": codecommit("Pull Request State Change", "MyDemoRepo", PULL_REQUEST),
    "pull request merged": codecommit(
        "Pull Request State Change",
        "MyDemoRepo",
        {**PULL_REQUEST, "event": "pullRequestMergeStatusUpdated", "isMerged": "True"},
    ),
    "comment": codecommit("Comment on Commit", "MyDemoRepo", COMMENT),
    "API call": event(
        "aws.codecommit",
        "AWS API Call via CloudTrail",
        "",
        {"eventSource": "codecommit.amazonaws.com", "eventName": "GitPush"},
    ),
    "another service": {**branch("referenceUpdated", commitId=NEW), "source": "aws.codebuild"},
    "schedule": event("aws.events", "Scheduled Event", "arn:aws:events:x:y:rule/z", {}),
}


def container(**facts: Any) -> dict[str, Any]:
    """Return a container of a task, as an event tells of it."""
    return {
        "containerArn": f"arn:aws:ecs:{REGION}:{ACCOUNT}:container/mirror/b99d40b3/cf159fd6",
        "lastStatus": "STOPPED",
        "name": "mirror",
        "image": f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/mirror:1",
        "taskArn": f"arn:aws:ecs:{REGION}:{ACCOUNT}:task/mirror/b99d40b351764f719a529dbd6fEXAMPLE",
        "networkInterfaces": [{"attachmentId": "8f3e", "privateIpv4Address": "10.0.0.100"}],
        "cpu": "0",
        **facts,
    }


def task(*containers: dict[str, Any], **detail: Any) -> dict[str, Any]:
    """Return a state change of a task, which has stopped unless said otherwise."""
    arn = f"arn:aws:ecs:{REGION}:{ACCOUNT}:task/mirror/b99d40b351764f719a529dbd6fEXAMPLE"
    usual = {
        "attachments": [{"id": "eni", "type": "eni", "status": "DELETED", "details": []}],
        "availabilityZone": f"{REGION}c",
        "clusterArn": CLUSTER,
        "containers": list(containers),
        "createdAt": "2020-01-23T17:57:34.402Z",
        "launchType": "FARGATE",
        "cpu": "1024",
        "memory": "2048",
        "desiredStatus": "STOPPED",
        "group": "family:mirror-mirror",
        "lastStatus": "STOPPED",
        "overrides": {"containerOverrides": [{"name": "mirror"}]},
        "stopCode": "EssentialContainerExited",
        "stoppedReason": "Essential container in task exited",
        "taskArn": arn,
        "taskDefinitionArn": f"arn:aws:ecs:{REGION}:{ACCOUNT}:task-definition/mirror-mirror:1",
        "version": 5,
        "platformVersion": "1.4.0",
    }
    return event("aws.ecs", "ECS Task State Change", arn, {**usual, **detail})


SPOT = {"stopCode": "SpotInterruption", "stoppedReason": "Your Spot Task was interrupted."}
FAILED_TO_START = {
    "stopCode": "TaskFailedToStart",
    "stoppedReason": "CannotPullContainerError: pull image manifest has been retried 5 time(s)",
}
ENDS: dict[str, dict[str, Any]] = {
    "all equal (0)": task(container(exitCode=0)),
    "not all (1)": task(container(exitCode=1)),
    "stopped (143)": task(container(exitCode=143), stopCode="UserInitiated"),
    "failed (2)": task(container(exitCode=2)),
    "no memory (137)": task(
        container(exitCode=137, reason="OutOfMemoryError: Container killed due to memory usage")
    ),
    "no Python (127)": task(container(exitCode=127)),
    "no image": task(container(reason="CannotPullContainerError"), **FAILED_TO_START),
    "no container": task(**FAILED_TO_START),
    "interruption announced": task(
        container(lastStatus="RUNNING"), **{**SPOT, "lastStatus": "RUNNING"}
    ),
    "interrupted (143)": task(container(exitCode=143), **SPOT),
    "interrupted (137)": task(container(exitCode=137), **SPOT),
    "provisioning": task(
        container(lastStatus="PENDING"), desiredStatus="RUNNING", lastStatus="PROVISIONING"
    ),
    "running": task(container(lastStatus="RUNNING"), desiredStatus="RUNNING", lastStatus="RUNNING"),
    "deprovisioning": task(container(exitCode=137), lastStatus="DEPROVISIONING"),
    "another cluster": task(container(exitCode=2), clusterArn=f"{CLUSTER}2"),
    "another cluster's Spot": task(container(exitCode=2), **SPOT, clusterArn=f"{CLUSTER}2"),
}
