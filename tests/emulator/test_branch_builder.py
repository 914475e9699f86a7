"""The branch builder, end to end: a push to any branch ends in a build of what was pushed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from support.branches import BLUEPRINT, HOSTILE, finished
from support.codecommit_git import ACCOUNT
from support.git_repositories import Repository
from support.machines import Machines, until
from support.readmes import ROOT
from support.ways import (
    builds,
    created,
    deployed,
    identity,
    listening,
    messages,
    outputs,
    tasks,
    tell_of_push,
)

from cfngen import synthesize

HERE = "us-east-1"
SOME = [HOSTILE[0], 'a"b', "$(id)", "ünï/コード"]  # all of them: tests/blueprints/branch_builder
WAIT = {"WAIT_SECONDS": "1"}
BUILDSPEC = """\
version: 0.2
phases:
  build:
    commands:
      - printf '%s' "$BRANCH_NAME $COMMIT_ID $(cat text)" > out.txt
      - if [ -n "$OUTPUT_LOCATION" ]; then aws s3 cp --quiet out.txt "$OUTPUT_LOCATION/out.txt"; fi
"""


def with_buildspec(source: Repository, branch: str, text: str) -> str:
    """Commit a buildspec and a file to a branch."""
    blobs = {
        name: source.git("hash-object", "-w", "--stdin", stdin=content)
        for name, content in (("buildspec.yml", BUILDSPEC), ("text", text))
    }
    listed = "".join(f"100644 blob {blob}\t{name}\n" for name, blob in sorted(blobs.items()))
    tree = source.git("mktree", stdin=listed)
    commit = source.git("commit-tree", "-m", text, tree)
    source.set(f"refs/heads/{branch}", commit)
    return commit


def worked(
    machines: Machines, stack: Any, changes: Mapping[str, str] = WAIT
) -> list[dict[str, Any]]:
    """Run the workers that were started, with less patience than ships; return what they logged."""
    found = until(lambda: tasks(machines, stack, "WorkerCluster"))
    events = []
    for task in [task for task in found if task["lastStatus"] != "STOPPED"]:
        ended = finished(machines.task(HERE, task, **changes))
        assert ended.status == 0, ended.output
        machines.emulator.call("stop_task", region=HERE, task=task["taskArn"], exitCode=0)
        events += ended.events
    return events


def names(events: list[dict[str, Any]]) -> list[str]:
    """Return what the events are called; of one that tells of a failure, the reason as well."""
    return [
        f"{event['event']}: {event['reason']}" if event["event"] == "failed" else event["event"]
        for event in events
    ]


def test_a_push_ends_in_a_build(machines: Machines, tmp_path: Path) -> None:
    """Rule, queue, function, worker, bundle, build, output, and the mail that tells of it."""
    stack = deployed(machines, tmp_path, "branch-builder")
    told = listening(machines, outputs(stack)["ResultsTopic"], HERE)
    machines.emulator.call("endings", project=identity(stack, "Builds"), status=None)
    source = created(machines, "shop", HERE)
    commit = with_buildspec(source, "feature/basket", "first")
    tell_of_push(machines, HERE, "shop", "refs/heads/feature/basket", commit)
    as_it_ships = worked(machines, stack, {})
    assert names(as_it_ships) == ["started"]

    (build,) = builds(machines, stack, "Builds")
    run = machines.build(HERE, build)
    assert run.status == 0, run.output
    s3 = machines.emulator.client("s3")
    bucket, _, start = variables(build)["OUTPUT_LOCATION"].removeprefix("s3://").partition("/")
    assert bucket == identity(stack, "Outputs")
    assert start.startswith(f"shop/feature/basket/{commit}/")
    made = s3.get_object(Bucket=bucket, Key=f"{start}/out.txt")["Body"].read().decode()
    assert made == f"feature/basket {commit} first"
    (mail,) = messages(machines, told, HERE)
    assert "SUCCEEDED" in mail
    assert messages(machines, identity(stack, "Pushes"), HERE, 0) == []
    assert messages(machines, identity(stack, "Lost"), HERE, 0) == []


def test_hostile_branches_are_built_as_they_are_called(machines: Machines, tmp_path: Path) -> None:
    """A name reaches the build whole, and nothing in it is executed."""
    stack = deployed(machines, tmp_path, "branch-builder")
    source = created(machines, "shop", HERE)
    commits = {}
    for branch in SOME:
        commits[branch] = with_buildspec(source, branch, f"of {branch[:40]}")
        tell_of_push(machines, HERE, "shop", f"refs/heads/{branch}", commits[branch])
    until(lambda: tasks(machines, stack, "WorkerCluster"))
    until(lambda: waiting(machines, identity(stack, "Pushes")) == len(SOME))
    worked(machines, stack)
    found = {}
    for build in builds(machines, stack, "Builds"):
        given = variables(build)
        found[given["BRANCH_NAME"]] = given["COMMIT_ID"]
        assert machines.build(HERE, build).status == 0
    assert found == commits


def waiting(machines: Machines, queue: str) -> int:
    """Return how many messages a queue has."""
    client = machines.emulator.client("sqs", HERE)
    found = client.get_queue_attributes(QueueUrl=queue, AttributeNames=["All"])["Attributes"]
    return int(found["ApproximateNumberOfMessages"])


def test_the_same_event_twice_is_one_build(machines: Machines, tmp_path: Path) -> None:
    """EventBridge delivers at least once: the queue knows an event by its id.

    Two repositories are in groups of their own. An attempt may fail on a busy machine, and is
    repeated: what counts is that two builds were started.
    """
    machines.emulator.call("choose", what="twice", value=1)
    stack = deployed(machines, tmp_path, "branch-builder", "Repositories=shop*")
    commits = {}
    for name in ("shop", "shop-web"):
        commits[name] = with_buildspec(created(machines, name, HERE), "main", name)
        tell_of_push(machines, HERE, name, "refs/heads/main", commits[name])
    until(lambda: waiting(machines, identity(stack, "Pushes")) == 2)
    assert names(worked(machines, stack)).count("started") == 2
    found = [variables(build) for build in builds(machines, stack, "Builds")]
    assert {each["REPOSITORY_NAME"]: each["COMMIT_ID"] for each in found} == commits
    assert len(found) == 2
    assert messages(machines, identity(stack, "Lost"), HERE, 0) == []


def variables(build: dict[str, Any]) -> dict[str, str]:
    """Return the variables of a build."""
    return {v["name"]: v["value"] for v in build["environment"]["environmentVariables"]}


def test_pushes_wait_until_the_schedule_finds_them(machines: Machines, tmp_path: Path) -> None:
    """The function could start nothing: the event is told, the push waits, the schedule resumes."""
    stack = deployed(machines, tmp_path, "branch-builder")
    commit = with_buildspec(created(machines, "shop", HERE), "main", "first")
    tell_of_push(machines, HERE, "shop", "refs/heads/main", commit)
    (task,) = until(lambda: tasks(machines, stack, "WorkerCluster"))
    machines.emulator.call(
        "stop_task",
        region=HERE,
        task=task["taskArn"],
        told={
            "stoppedReason": "CannotPullContainerError: no image",
            "stopCode": "TaskFailedToStart",
        },
        exitCode=137,
    )
    (lost,) = messages(machines, identity(stack, "Lost"), HERE)
    assert json.loads(lost)["detail"]["stoppedReason"].startswith("CannotPull")
    machines.emulator.call("forget_tokens")
    machines.emulator.call("fire", region=HERE, name=identity(stack, "Resume"))
    until(lambda: tasks(machines, stack, "WorkerCluster")[1:])
    assert names(worked(machines, stack)) == ["started"]


def test_poison_is_given_up(machines: Machines, tmp_path: Path) -> None:
    """A message that nobody understands goes where those go, and holds up nobody."""
    stack = deployed(machines, tmp_path, "branch-builder")
    source = created(machines, "shop", HERE)
    sqs = machines.emulator.client("sqs", HERE)
    asked = {"QueueUrl": identity(stack, "Pushes"), "MessageGroupId": "x"}
    sqs.send_message(**asked, MessageBody="{", MessageDeduplicationId="poison")
    tell_of_push(machines, HERE, "shop", "refs/heads/main", with_buildspec(source, "main", "first"))
    until(lambda: waiting(machines, identity(stack, "Pushes")) == 2)
    (task,) = until(lambda: tasks(machines, stack, "WorkerCluster"))
    ended = finished(machines.task(HERE, task, WAIT_SECONDS="1", AGAIN_SECONDS="0"))
    assert [e["event"] for e in ended.events].count("started") == 1
    assert messages(machines, identity(stack, "GivenUp"), HERE) == ["{"]


def test_directly_an_event_starts_a_build(machines: Machines, tmp_path: Path) -> None:
    """Without a worker, the rule starts CodeBuild at the commit; the branch's name is data."""
    stack = deployed(machines, tmp_path, "branch-builder-direct")
    source = created(machines, "shop", HERE)
    for branch in ("main", "a;b&c|d", "ünï/コード"):
        commit = with_buildspec(source, branch, branch)
        tell_of_push(machines, HERE, "shop", f"refs/heads/{branch}", commit)
    found = until(
        lambda: builds(machines, stack, "Builds")[2:] and builds(machines, stack, "Builds")
    )
    names = set()
    for build in found:
        asked = build["asked"]
        variables = {v["name"]: v["value"] for v in asked["environmentVariablesOverride"]}
        names.add(variables["BRANCH_NAME"])
        run = machines.build(HERE, build)
        assert run.status == 0, run.output
    assert names == {"main", "a;b&c|d", "ünï/コード"}
    assert machines.emulator.call("undelivered") == []


def test_tags_start_nothing(machines: Machines, tmp_path: Path) -> None:
    """Branches only."""
    stack = deployed(machines, tmp_path, "branch-builder-direct")
    source = created(machines, "shop", HERE)
    tell_of_push(machines, HERE, "shop", "refs/tags/v1", source.commit("main", "first"))
    tell_of_push(machines, HERE, "shop", "refs/heads/main", source.commit("main", "second"))
    until(lambda: builds(machines, stack, "Builds"))
    assert len(builds(machines, stack, "Builds")) == 1


def test_pushes_come_from_another_account(machines: Machines, tmp_path: Path) -> None:
    """Rule, bus, rule, queue, worker, and a role over there that only this worker may have.

    One account stands for both here: what counts is that each step goes by the right that is there
    for it.
    """
    emulator = machines.emulator
    answers = {
        "BuilderAccount": ACCOUNT,
        "BuilderRegion": HERE,
        "BuilderStack": "branch-builder",
        "Repositories": "shop",
    }
    cloudformation = emulator.client("cloudformation", HERE)
    cloudformation.create_stack(
        StackName="branch-events",
        TemplateBody=(ROOT / "output/branch-events.yaml").read_text(),
        Parameters=[{"ParameterKey": k, "ParameterValue": v} for k, v in answers.items()],
        Capabilities=["CAPABILITY_IAM"],
    )
    (there,) = cloudformation.describe_stacks(StackName="branch-events")["Stacks"]
    assert there["StackStatus"] == "CREATE_COMPLETE"
    emulator.templates[HERE, "branch-events"] = "branch-events"
    role = next(o["OutputValue"] for o in there["Outputs"] if o["OutputKey"] == "ReaderRole")
    text = synthesize(BLUEPRINT, {"other_account": True}, name="branch-builder").text
    asked = (f"SourceAccount={ACCOUNT}", f"SourceRegion={HERE}", f"SourceRole={role}")
    stack = deployed(machines, tmp_path, "branch-builder", *asked, text=text)

    commit = with_buildspec(created(machines, "shop", HERE), "main", "first")
    tell_of_push(machines, HERE, "shop", "refs/heads/main", commit)
    assert names(worked(machines, stack)) == ["started"]
    assert emulator.call("undelivered") == []
    assert {action for _, action, *_ in machines.git.asked_for} == {"GitPull"}
    assert "ReaderRole" in str(emulator.call("seen")["roles"])
    (build,) = builds(machines, stack, "Builds")
    assert build["asked"]["sourceLocationOverride"].partition(f"/shop/main/{commit}/")[1]
