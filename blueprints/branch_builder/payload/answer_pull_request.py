"""Tells the open pull requests of a branch how the build of their newest commit ended."""

import json
import os
import re

import boto3

APPROVE = os.environ["APPROVE"] == "true"
OPEN = {"pullRequestStatus": "OPEN"}
SPARE = 20_000  # milliseconds before Lambda ends us, in which to say so
# What people do meanwhile is no failure: the next commit, or nobody, is to be told.
MEANWHILE = ("RevisionNotCurrentException", "PullRequestAlreadyClosedException")


def client():
    """Return CodeCommit's client, in the account that has the repositories."""
    region, role = os.environ["SOURCE_REGION"], os.environ.get("SOURCE_ROLE")
    if not role:
        return boto3.client("codecommit", region_name=region)
    session = {"RoleArn": role, "RoleSessionName": "branch-builder"}
    got = boto3.client("sts").assume_role(**session)["Credentials"]
    keys = got["AccessKeyId"], got["SecretAccessKey"], got["SessionToken"]
    return boto3.session.Session(*keys).client("codecommit", region_name=region)


def handler(event, context):
    """Answer every open pull request whose source is at the commit that was built."""
    detail = event["detail"]
    more, status = detail["additional-information"], detail["build-status"]
    told = {v["name"]: v["value"] for v in more["environment"].get("environment-variables", ())}
    name, branch, commit = (
        told.get(key) or "" for key in ("REPOSITORY_NAME", "BRANCH_NAME", "COMMIT_ID")
    )
    if not (re.fullmatch(r"[\w.-]{1,100}", name, re.A) and re.fullmatch("[0-9a-f]{40,64}", commit)):
        return say("none of ours", build=detail["build-id"])
    codecommit, answered = client(), []
    for page in codecommit.get_paginator("list_pull_requests").paginate(
        repositoryName=name, **OPEN
    ):
        for number in page["pullRequestIds"]:
            if context.get_remaining_time_in_millis() < SPARE:
                raise TimeoutError(f"{name} has too many open pull requests to look at all")
            request = codecommit.get_pull_request(pullRequestId=number)["pullRequest"]
            for target in request["pullRequestTargets"]:
                at = target["sourceReference"], target["sourceCommit"], target["repositoryName"]
                if at == (f"refs/heads/{branch}", commit, name):
                    answer(codecommit, request, target, detail)
                    answered.append(number)
    return say("answered", pull_requests=answered, commit=commit, status=status)


def answer(codecommit, request, target, detail):
    """Comment on a pull request and, if asked to, approve it or take that back."""
    number, status = request["pullRequestId"], detail["build-status"]
    link = detail["additional-information"].get("logs", {}).get("deep-link", "")
    words = status.lower().replace("_", " ")
    build = detail["build-id"].rpartition(":")[2]
    # Each build is told once, however often its event comes.
    codecommit.post_comment_for_pull_request(
        pullRequestId=number,
        repositoryName=target["repositoryName"],
        beforeCommitId=target["destinationCommit"],
        afterCommitId=target["sourceCommit"],
        content=f"Build of {target['sourceCommit'][:10]}: **{words}** ([log]({link}))",
        clientRequestToken=f"{build}-{number}",
    )
    if not APPROVE:
        return
    state = "APPROVE" if status == "SUCCEEDED" else "REVOKE"
    about = {"pullRequestId": number, "revisionId": request["revisionId"]}
    try:
        codecommit.update_pull_request_approval_state(**about, approvalState=state)
    except codecommit.exceptions.ClientError as error:
        if error.response["Error"]["Code"] not in MEANWHILE:
            raise
        say("not approved", pull_request=number, reason=str(error))


def say(outcome, **facts):
    """Log what was done, in one line, and letters as they are if they can be printed."""
    text = json.dumps({"outcome": outcome, **facts}, ensure_ascii=False)
    print("".join(c if c.isprintable() else json.dumps(c)[1:-1] for c in text))
    return {"outcome": outcome, **facts}
