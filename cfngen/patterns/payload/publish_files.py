"""Custom resource that puts files into a bucket, as one archive that stays there.

Its properties: `Bucket` and `Key`, where the archive goes; `Files`, what is in it, by name.
"""

import io
import json
import time
import zipfile
from urllib.request import Request, urlopen

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

PAUSE_SECONDS = 5
PAUSES = (1, 2, 3, 3, 3)  # a minute in all: a new role is not known everywhere at once
# For the longest pause, one more call and the answer: less than Lambda's own time.
RESERVE_MILLISECONDS = 60_000
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

limits = {"connect_timeout": 3, "read_timeout": 7, "retries": {"total_max_attempts": 2}}
s3 = boto3.client("s3", config=Config(**limits))


def handler(event, context):
    """Do what CloudFormation requests, and answer whatever happens."""
    properties = event["ResourceProperties"]
    reason = ""
    try:
        if event["RequestType"] != "Delete":  # then the archive stays: stacks refer to it
            put(properties, context)
    except Exception as error:
        reason = f"{type(error).__name__}: {error}"
    answer(event, reason, {"Key": properties.get("Key")})


def put(properties, context):
    """Put the archive into the bucket."""
    where = {"Bucket": properties["Bucket"], "Key": properties["Key"]}
    patiently(s3.put_object, context, **where, Body=archive(properties["Files"]))


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


def archive(files):
    """Return an archive of files: the same bytes for the same files, on every machine."""
    content = io.BytesIO()
    # Not compressed, as the result would differ between releases of zlib.
    with zipfile.ZipFile(content, "w", zipfile.ZIP_STORED) as written:
        for name, text in sorted(files.items()):
            entry = zipfile.ZipInfo(name)
            entry.create_system = 3  # Unix, whose modes these are
            entry.external_attr = 0o100644 << 16
            written.writestr(entry, text)
    return content.getvalue()


def answer(event, reason, data):
    """Tell CloudFormation how it went: a failure if there is a reason."""
    response = {key: event[key] for key in ("StackId", "RequestId", "LogicalResourceId")}
    response["PhysicalResourceId"] = event.get("PhysicalResourceId", "files")
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
