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
ATTEMPTS = 13  # over a minute: a new role is not known everywhere at once
# For one more call, all its tries included, and to answer before Lambda's own time ends.
RESERVE_MILLISECONDS = 60_000
ANSWER_BYTES = 4096  # more CloudFormation does not read
REASON_CHARACTERS = 1500
NOT_YET = {
    "AccessDenied",
    "InvalidAccessKeyId",
    "InvalidToken",
    "InternalError",
    "RequestLimitExceeded",
    "ServiceUnavailable",
    "SlowDown",
    "Throttling",
    "ThrottlingException",
}

limits = {"connect_timeout": 5, "read_timeout": 10, "retries": {"total_max_attempts": 2}}
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
    """Put the archive into the bucket, and try again for a while if that is refused."""
    body = archive(properties["Files"])
    for left in reversed(range(ATTEMPTS)):
        try:
            s3.put_object(Bucket=properties["Bucket"], Key=properties["Key"], Body=body)
            return
        except (BotoCoreError, ClientError) as error:
            late = context.get_remaining_time_in_millis() < RESERVE_MILLISECONDS
            if late or not left or not may_pass(error):
                raise
            print(json.dumps({"event": "refused", "reason": str(error), "attempts_left": left}))
        time.sleep(PAUSE_SECONDS)


def may_pass(error):
    """Tell whether an error may be gone the next time; a connection that failed is one."""
    return not isinstance(error, ClientError) or error.response["Error"]["Code"] in NOT_YET


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
