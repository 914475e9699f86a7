"""Custom resource that has CodeBuild build an image, once for each tag.

Its properties: `Project` and `Repository`, by name; `Tag`, of the image; `Bucket` and `Key`, where
the project fetches its source; `Files`, the Dockerfile and what it copies, by name; `Archives`,
where archives with more files are, each as `BUCKET/KEY`.
"""

import io
import json
import time
import zipfile
from contextlib import suppress
from urllib.request import Request, urlopen

import boto3

PAUSE_SECONDS = 5
RESERVE_MILLISECONDS = 30_000  # to answer before Lambda's own time ends
ATTEMPTS = 2
ANSWER_BYTES = 4096  # more CloudFormation does not read
REASON_CHARACTERS = 1500

codebuild, ecr, s3 = boto3.client("codebuild"), boto3.client("ecr"), boto3.client("s3")


def handler(event, context):
    """Do what CloudFormation requests, and answer whatever happens."""
    properties = event["ResourceProperties"]
    try:
        if event["RequestType"] == "Delete":
            remove_source(properties)
            reason = ""
        else:
            reason = "" if exists(properties) else build(properties, context)
    except Exception as error:
        reason = f"{type(error).__name__}: {error}"
    answer(event, reason, {"Tag": properties.get("Tag")})


def build(properties, context):
    """Build the image; return an empty string, or why there is none."""
    put_source(properties)
    try:
        for _ in range(ATTEMPTS):
            run = run_build(properties["Project"], context)
            if run["buildStatus"] == "IN_PROGRESS":
                return f"{run['id']} takes too long"
            # Tags never move: a concurrent build may have been faster.
            if run["buildStatus"] == "SUCCEEDED" or exists(properties):
                return ""
            # A new role is not known everywhere at once. What got as far as BUILD would fail
            # again, and who stopped a build meant it.
            phases = [phase["phaseType"] for phase in run.get("phases", [])]
            if "BUILD" in phases or run["buildStatus"] == "STOPPED":
                break
        return failure(run)
    finally:
        remove_source(properties)


def run_build(project, context):
    """Run one build to its end, or stop it while there is time to answer; return it."""
    run = codebuild.start_build(projectName=project)["build"]
    while run["buildStatus"] == "IN_PROGRESS":
        if context.get_remaining_time_in_millis() < RESERVE_MILLISECONDS:
            with suppress(Exception):
                codebuild.stop_build(id=run["id"])
            break
        time.sleep(PAUSE_SECONDS)
        # CodeBuild may not know a new build at once.
        run = (codebuild.batch_get_builds(ids=[run["id"]])["builds"] or [run])[0]
    return run


def failure(run):
    """Say which build failed, where its log is, and what each failed phase complained of."""
    log = run.get("logs", {})
    parts = [run["id"], run["buildStatus"], f"log {log.get('groupName')} {log.get('streamName')}"]
    for phase in run.get("phases", []):
        if phase.get("phaseStatus", "SUCCEEDED") != "SUCCEEDED":
            messages = [context.get("message", "") for context in phase.get("contexts", [])]
            parts += [phase["phaseType"], *messages]
    return "; ".join(parts)


def exists(properties):
    """Tell whether the repository has the tag."""
    image_ids = [{"imageTag": properties["Tag"]}]
    try:
        return bool(
            ecr.describe_images(repositoryName=properties["Repository"], imageIds=image_ids)
        )
    except ecr.exceptions.ImageNotFoundException:
        return False


def put_source(properties):
    """Put the files into the bucket, as the archive that the project fetches."""
    files = {}
    for location in properties.get("Archives", []):
        files.update(fetch(location))
    files.update(properties["Files"])
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as source:
        for name, content in sorted(files.items()):
            entry = zipfile.ZipInfo(name)
            # Docker's COPY keeps the mode, and the image's user must be able to read.
            entry.external_attr = 0o100644 << 16
            source.writestr(entry, content)
    s3.put_object(Bucket=properties["Bucket"], Key=properties["Key"], Body=archive.getvalue())


def fetch(location):
    """Return the files of an archive, by name."""
    bucket, _, key = location.partition("/")
    content = io.BytesIO(s3.get_object(Bucket=bucket, Key=key)["Body"].read())
    with zipfile.ZipFile(content) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def remove_source(properties):
    """Remove the archive, since a bucket that has objects is not deleted with its stack."""
    with suppress(Exception):  # what is left expires
        s3.delete_object(Bucket=properties["Bucket"], Key=properties["Key"])


def answer(event, reason, data):
    """Tell CloudFormation how it went: a failure if there is a reason."""
    response = {key: event[key] for key in ("StackId", "RequestId", "LogicalResourceId")}
    response["PhysicalResourceId"] = event.get("PhysicalResourceId", "image")
    response["Status"] = "FAILED" if reason else "SUCCESS"
    response["Reason"] = ascii(reason)[1:-1][:REASON_CHARACTERS]
    response["Data"] = {} if reason else data
    while len(json.dumps(response)) > ANSWER_BYTES and response["Reason"]:
        response["Reason"] = response["Reason"][:-100]
    print(json.dumps(response))
    # An empty content type is a part of what the address is signed for.
    request = Request(event["ResponseURL"], json.dumps(response).encode(), {"content-type": ""})
    request.method = "PUT"
    urlopen(request, timeout=10).close()  # if it fails, Lambda runs the event again
