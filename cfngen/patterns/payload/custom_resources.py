"""Custom resources of any stack: files as an archive in a bucket, images that CodeBuild builds.

A stack has a role of its own for them, the property `Role` of both: what is done for a stack is
done with the permissions of its role, which trusts the role of this function, and only when it
acts for that stack.

`Custom::Files` is an archive that stays: `Bucket` and `Key`, where it goes; `Files`, what is in it,
by name.

`Custom::Image` is built once for each tag: `Project` and `Repository`, by name; `Tag`, of the
image; `Bucket` and `Key`, where the project fetches its source; `Files`, the Dockerfile and what it
copies, by name; `Archives`, where archives with more files are, each as `BUCKET/KEY`; `Quota`, the
one that limits how many builds of the project run at once.
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
SESSION_SECONDS = 900  # the shortest there is, which is as long as Lambda runs
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
sts = boto3.client("sts", config=Config(**limits))


def handler(event, context):
    """Do what CloudFormation requests, and answer whatever happens."""
    properties = event["ResourceProperties"]
    try:
        stack = Stack(event["StackId"], properties.get("Role"), context)
        provide = KINDS.get(event["ResourceType"], unknown)
        reason, data = provide(event["RequestType"], properties, stack)
    except Exception as error:
        reason, data = f"{type(error).__name__}: {error}", {}
    answer(event, reason, data)


class Stack:
    """What is done for a stack: with its role, and again for a minute while AWS refuses it."""

    def __init__(self, identity, role, context):
        """Remember the stack, its role, and Lambda's context, which knows the time that is left."""
        self.identity, self.role, self.context = identity, role, context
        self.clients = {}

    def client(self, service):
        """Return a client with the credentials of the stack's role."""
        if not self.clients:
            request = {
                "RoleArn": self.role,
                "RoleSessionName": "custom-resources",
                "ExternalId": self.identity,  # which the role's trust policy asks for
                "DurationSeconds": SESSION_SECONDS,
            }
            given = self.patiently(sts.assume_role, **request)["Credentials"]
            keys = {
                "aws_access_key_id": given["AccessKeyId"],
                "aws_secret_access_key": given["SecretAccessKey"],
                "aws_session_token": given["SessionToken"],
            }
            for name in ("codebuild", "ecr", "s3"):
                self.clients[name] = boto3.client(name, config=Config(**limits), **keys)
        return self.clients[service]

    def call(self, service, operation, **request):
        """Call an operation of AWS."""
        return self.patiently(getattr(self.client(service), operation), **request)

    def patiently(self, call, **request):
        """Call AWS, and try again for a minute if it refuses what it may grant later."""
        for pause in PAUSES:
            try:
                return call(**request)
            except (BotoCoreError, ClientError) as error:
                if not may_pass(error) or self.late():
                    raise
                print(json.dumps({"event": "refused", "reason": str(error)}))
            time.sleep(pause * PAUSE_SECONDS)
        return call(**request)

    def late(self):
        """Tell whether no more time is left than what it takes to answer."""
        return self.context.get_remaining_time_in_millis() < RESERVE_MILLISECONDS


def may_pass(error):
    """Tell whether an error may be gone the next time; a connection that failed is one."""
    if not isinstance(error, ClientError):
        return True
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return status >= 500 or code(error) in NOT_YET


def code(error):
    """Return what AWS calls an error."""
    return error.response["Error"]["Code"]


def unknown(request, properties, stack):
    """Answer for a type that there is not; what could not be made can be deleted."""
    return "" if request == "Delete" else f"the types are {', '.join(KINDS)}", {}


def provide_files(request, properties, stack):
    """Put the archive into the bucket; it stays there when the resource goes."""
    if request != "Delete":
        where = {"Bucket": properties["Bucket"], "Key": properties["Key"]}
        stack.call("s3", "put_object", **where, Body=archive(properties["Files"]))
    return "", {"Key": properties.get("Key")}


def provide_image(request, properties, stack):
    """Have the image built unless it is there; it stays there when the resource goes."""
    reason = ""
    if request == "Delete":
        remove_source(properties, stack)
    elif not exists(properties, stack):
        reason = build(properties, stack)
    return reason, {"Tag": properties.get("Tag")}


KINDS = {"Custom::Files": provide_files, "Custom::Image": provide_image}


def archive(files):
    """Return an archive of files: the same bytes for the same files, on every machine."""
    content = io.BytesIO()
    # Not compressed, as the result would differ between releases of zlib.
    with zipfile.ZipFile(content, "w", zipfile.ZIP_STORED) as written:
        for name, text in sorted(files.items()):
            entry = zipfile.ZipInfo(name)
            entry.create_system = 3  # Unix, whose modes these are
            # Docker's COPY keeps the mode, and an image's user must be able to read.
            entry.external_attr = 0o100644 << 16
            written.writestr(entry, text)
    return content.getvalue()


def build(properties, stack):
    """Build the image; return an empty string, or why there is none."""
    put_source(properties, stack)
    try:
        for left in reversed(range(ATTEMPTS)):
            run = run_build(properties, stack)
            if run["buildStatus"] == "IN_PROGRESS":
                waits = run.get("currentPhase") in ("SUBMITTED", "QUEUED")
                reason = f"{run['id']} takes too long"
                return (
                    f"{reason}: it waits for a machine; {advice(properties)}" if waits else reason
                )
            # Tags never move: a concurrent build may have been faster.
            if run["buildStatus"] == "SUCCEEDED" or exists(properties, stack):
                return ""
            # A new role is not known everywhere at once. What got as far as BUILD has been tried
            # again there, and who stopped a build meant it.
            phases = [phase["phaseType"] for phase in run.get("phases", [])]
            if "BUILD" in phases or run["buildStatus"] == "STOPPED" or not left or stack.late():
                break
            time.sleep(PAUSES[-1] * PAUSE_SECONDS)
        return failure(run)
    except ClientError as error:
        if code(error) != FULL:
            raise
        return f"{FULL}: {error.response['Error'].get('Message')}; {advice(properties)}"
    finally:
        remove_source(properties, stack)


def run_build(properties, stack):
    """Run one build to its end, or stop it while there is time to answer; return it."""
    run = start_build(properties["Project"], stack)
    try:
        while run["buildStatus"] == "IN_PROGRESS" and not stack.late():
            time.sleep(PAUSE_SECONDS)
            builds = stack.call("codebuild", "batch_get_builds", ids=[run["id"]])["builds"]
            # CodeBuild may not know a new build at once.
            run = (builds or [run])[0]
    finally:
        if run["buildStatus"] == "IN_PROGRESS":  # and nobody looks at it any more
            with suppress(Exception):
                stack.call("codebuild", "stop_build", id=run["id"])
    return run


def start_build(project, stack):
    """Start a build, and wait for that while the account may not have another one."""
    while True:
        # With a token, a call whose answer was lost starts no second build.
        request = {"projectName": project, "idempotencyToken": str(uuid.uuid4())}
        try:
            return stack.call("codebuild", "start_build", **request)["build"]
        except ClientError as error:
            if code(error) != FULL or stack.late():
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


def exists(properties, stack):
    """Tell whether the repository has the tag."""
    request = {
        "repositoryName": properties["Repository"],
        "imageIds": [{"imageTag": properties["Tag"]}],
    }
    try:
        return bool(stack.call("ecr", "describe_images", **request))
    except ClientError as error:
        if code(error) != "ImageNotFoundException":
            raise
        return False


def put_source(properties, stack):
    """Put the files into the bucket, as the archive that the project fetches."""
    files = {}
    for location in properties.get("Archives", []):
        files.update(fetch(location, stack))
    files.update(properties["Files"])
    where = {"Bucket": properties["Bucket"], "Key": properties["Key"]}
    stack.call("s3", "put_object", **where, Body=archive(files))


def fetch(location, stack):
    """Return the files of an archive, by name."""
    bucket, _, key = location.partition("/")
    s3 = stack.client("s3")
    content = stack.patiently(lambda: s3.get_object(Bucket=bucket, Key=key)["Body"].read())
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def remove_source(properties, stack):
    """Remove the archive, since a bucket that has objects is not deleted with its stack."""
    with suppress(Exception):  # what is left expires
        where = {"Bucket": properties["Bucket"], "Key": properties["Key"]}
        stack.call("s3", "delete_object", **where)


def answer(event, reason, data):
    """Tell CloudFormation how it went: a failure if there is a reason."""
    response = {key: event[key] for key in ("StackId", "RequestId", "LogicalResourceId")}
    identity = event["ResourceType"].rpartition(":")[2].lower()
    response["PhysicalResourceId"] = event.get("PhysicalResourceId", identity)
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
