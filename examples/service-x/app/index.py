"""Works through the queue: one line of log for each job."""

import json
import os


def handler(event, context):
    """Tell of each message which job it was; those that are no JSON are tried again."""
    failed = []
    for record in event["Records"]:
        try:
            job = json.loads(record["body"])["job"]
        except (ValueError, KeyError, TypeError):
            failed.append({"itemIdentifier": record["messageId"]})
            continue
        print(json.dumps({"job": job, "region": os.environ["AWS_REGION"]}))
    return {"batchItemFailures": failed}
