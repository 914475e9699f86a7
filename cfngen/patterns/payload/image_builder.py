"""Custom resource that has CodeBuild build an image, once for each tag.

Its properties: `Project` and `Repository`, by name; `Tag`, of the image; `Bucket` and `Key`, where
the project fetches its source; `Files`, the Dockerfile and what it copies, by name; `Archives`,
where archives with more files are, each as `BUCKET/KEY`; `Quota`, the one that limits how many
builds of the project run at once.
"""

import io
import json
import time
import uuid
import zipfile
from contextlib import suppress
from urllib.request import Request, urlopen

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

PAUSE_SECONDS = 5
PAUSES = (1, 2, 3, 3, 3)  # a minute in all: a new role is not known everywhere at once
# For the longest pause, one more call, the end of a build, the removal of its source and the
# answer: less than Lambda's own time.
RESERVE_MILLISECONDS = 90_000
ATTEMPTS = 2
ANSWER_BYTES = 4096  # more CloudFormation does not read
REASON_CHARACTERS = 1500
NOT_YET = {
    "AccessDenied",
    "AccessDeniedException",
    "InvalidAccessKeyId",
    "InvalidClientTokenId",
    "InvalidToken",
    "RequestLimitExceeded",
    "RequestTimeout",
    "SlowDown",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
    "UnrecognizedClientException",
}
FULL = "AccountLimitExceededException"

limits = {"connect_timeout": 3, "read_timeout": 7, "retries": {"total_max_attempts": 2}}
codebuild, ecr, s3 = (
    boto3.client(service, config=Config(**limits)) for service in ("codebuild", "ecr", "s3")
)


def handler(event, context):
    """Do what CloudFormation requests, and answer whatever happens."""
    properties = event["ResourceProperties"]
    try:
        if event["RequestType"] == "Delete":
            remove_source(properties, context)
            reason = ""
        else:
            reason = "" if exists(properties, context) else build(properties, context)
    except Exception as error:
        reason = f"{type(error).__name__}: {error}"
    answer(event, reason, {"Tag": properties.get("Tag")})


def build(properties, context):
    """Build the image; return an empty string, or why there is none."""
    put_source(properties, context)
    try:
        for left in reversed(range(ATTEMPTS)):
            run = run_build(properties, context)
            if run["buildStatus"] == "IN_PROGRESS":
                waits = run.get("currentPhase") in ("SUBMITTED", "QUEUED")
                reason = f"{run['id']} takes too long"
                return (
                    f"{reason}: it waits for a machine; {advice(properties)}" if waits else reason
                )
            # Tags never move: a concurrent build may have been faster.
            if run["buildStatus"] == "SUCCEEDED" or exists(properties, context):
                return ""
            # A new role is not known everywhere at once. What got as far as BUILD has been tried
            # again there, and who stopped a build meant it.
            phases = [phase["phaseType"] for phase in run.get("phases", [])]
            if "BUILD" in phases or run["buildStatus"] == "STOPPED" or not left or late(context):
                break
            time.sleep(PAUSES[-1] * PAUSE_SECONDS)
        return failure(run)
    except ClientError as error:
        if error.response["Error"]["Code"] != FULL:
            raise
        return f"{FULL}: {error.response['Error'].get('Message')}; {advice(properties)}"
    finally:
        remove_source(properties, context)


def run_build(properties, context):
    """Run one build to its end, or stop it while there is time to answer; return it."""
    run = start_build(properties["Project"], context)
    try:
        while run["buildStatus"] == "IN_PROGRESS" and not late(context):
            time.sleep(PAUSE_SECONDS)
            found = patiently(codebuild.batch_get_builds, context, ids=[run["id"]])
            # CodeBuild may not know a new build at once.
            run = (found["builds"] or [run])[0]
    finally:
        if run["buildStatus"] == "IN_PROGRESS":  # and nobody looks at it any more
            with suppress(Exception):
                patiently(codebuild.stop_build, context, id=run["id"])
    return run


def start_build(project, context):
    """Start a build, and wait for that while the account may not have another one."""
    while True:
        # With a token, a call whose answer was lost starts no second build.
        request = {"projectName": project, "idempotencyToken": str(uuid.uuid4())}
        try:
            return patiently(codebuild.start_build, context, **request)["build"]
        except ClientError as error:
            if error.response["Error"]["Code"] != FULL or late(context):
                raise
            print(json.dumps({"event": "waiting", "reason": str(error)}))
        time.sleep(PAUSES[-1] * PAUSE_SECONDS)


def advice(properties):
    """Say what to do about an account that runs as many builds as it may."""
    return (
        f"the account's quota of CodeBuild is too low or used up: {properties.get('Quota')}."
        " Request an increase in Service Quotas (or from AWS Support, if the quota is higher than"
        " what is granted), or wait until other builds have ended, and deploy again"
    )


def failure(run):
    """Say which build failed, where its log is, and what each failed phase complained of."""
    log = run.get("logs", {})
    parts = [run["id"], run["buildStatus"], f"log {log.get('groupName')} {log.get('streamName')}"]
    for phase in run.get("phases", []):
        if phase.get("phaseStatus", "SUCCEEDED") != "SUCCEEDED":
            messages = [context.get("message", "") for context in phase.get("contexts", [])]
            parts += [phase["phaseType"], *messages]
    return "; ".join(parts)


def exists(properties, context):
    """Tell whether the repository has the tag."""
    request = {
        "repositoryName": properties["Repository"],
        "imageIds": [{"imageTag": properties["Tag"]}],
    }
    try:
        return bool(patiently(ecr.describe_images, context, **request))
    except ecr.exceptions.ImageNotFoundException:
        return False


def put_source(properties, context):
    """Put the files into the bucket, as the archive that the project fetches."""
    files = {}
    for location in properties.get("Archives", []):
        files.update(fetch(location, context))
    files.update(properties["Files"])
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as source:
        for name, content in sorted(files.items()):
            entry = zipfile.ZipInfo(name)
            # Docker's COPY keeps the mode, and the image's user must be able to read.
            entry.external_attr = 0o100644 << 16
            source.writestr(entry, content)
    where = {"Bucket": properties["Bucket"], "Key": properties["Key"]}
    patiently(s3.put_object, context, **where, Body=archive.getvalue())


def fetch(location, context):
    """Return the files of an archive, by name."""
    bucket, _, key = location.partition("/")
    content = patiently(read_object, context, Bucket=bucket, Key=key)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def read_object(**where):
    """Return the content of an object."""
    return s3.get_object(**where)["Body"].read()


def remove_source(properties, context):
    """Remove the archive, since a bucket that has objects is not deleted with its stack."""
    with suppress(Exception):  # what is left expires
        where = {"Bucket": properties["Bucket"], "Key": properties["Key"]}
        patiently(s3.delete_object, context, **where)


def patiently(call, context, **request):
    """Call AWS, and try again for a minute if it refuses what it may grant later."""
    for pause in PAUSES:
        try:
            return call(**request)
        except (BotoCoreError, ClientError) as error:
            if not may_pass(error) or late(context):
                raise
            print(json.dumps({"event": "refused", "reason": str(error)}))
        time.sleep(pause * PAUSE_SECONDS)
    return call(**request)


def late(context):
    """Tell whether no more time is left than what it takes to answer."""
    return context.get_remaining_time_in_millis() < RESERVE_MILLISECONDS


def may_pass(error):
    """Tell whether an error may be gone the next time; a connection that failed is one."""
    if not isinstance(error, ClientError):
        return True
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return status >= 500 or error.response["Error"]["Code"] in NOT_YET


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
