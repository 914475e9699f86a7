"""The queue's messages: taken, kept while they are worked on, deleted and given up; and the log."""

import json
import os
import sys
from urllib.request import urlopen

import boto3
from botocore.exceptions import ClientError

env = os.environ
QUEUE = env["QUEUE_URL"]
GIVEN_UP = env.get("GIVEN_UP_URL")  # not told by stacks of earlier releases
WAIT = int(env.get("WAIT_SECONDS", 20))  # 15 and more, or the last push may find nobody
sqs = boto3.client("sqs")
# What SQS answers once a message is no longer ours: its time ran out, or another has it.
NOT_OURS = ("InvalidParameterValue", "ReceiptHandleIsInvalid", "MessageNotInflight")


def log(event, **facts):
    """Print one line of JSON, with letters of all languages as they are, and nothing unprintable.

    So no branch's name forges another line, or reverses this one.
    """
    text = json.dumps({"event": event, **facts}, ensure_ascii=False)
    safe = "".join(c if c.isprintable() else json.dumps(c)[1:-1] for c in text)
    sys.stdout.write(f"{safe}\n")  # in one piece, as several threads log
    sys.stdout.flush()


def take(held, seconds=WAIT):
    """Wait for a message, which then is ours for some seconds."""
    got = sqs.receive_message(
        QueueUrl=QUEUE,
        MaxNumberOfMessages=1,
        VisibilityTimeout=held,
        WaitTimeSeconds=seconds,
        MessageSystemAttributeNames=["ApproximateReceiveCount", "MessageGroupId"],
        MessageAttributeNames=["TaskDefinition"],
    )
    return next(iter(got.get("Messages", ())), None)


def hide(message, seconds):
    """Let nobody see a message for some seconds; return why that could not be, if so."""
    which = {"QueueUrl": QUEUE, "ReceiptHandle": message["ReceiptHandle"]}
    try:
        sqs.change_message_visibility(**which, VisibilityTimeout=seconds)
    except Exception as why:  # it comes back by itself, perhaps too early
        log("not_held", message=message["MessageId"], reason=str(why))
        return why


def delete(message):
    """Delete a message that is done; if that fails, it comes back, and is known."""
    try:
        sqs.delete_message(QueueUrl=QUEUE, ReceiptHandle=message["ReceiptHandle"])
    except Exception as why:
        log("not_deleted", message=message["MessageId"], reason=str(why))


def give_up(message):
    """Move a message to the queue for people; or else the queue does after too many attempts."""
    if not GIVEN_UP:
        return False
    try:
        sqs.send_message(
            QueueUrl=GIVEN_UP,
            MessageBody=message["Body"],
            MessageGroupId=message["Attributes"]["MessageGroupId"],
            MessageDeduplicationId=message["MessageId"],
        )
    except Exception as why:
        log("not_given_up", message=message["MessageId"], reason=str(why))
        return False
    delete(message)
    return True


def waiting(*, in_hands):
    """Tell how many messages nobody works on and, if wanted, how many are in hands."""
    names = ["ApproximateNumberOfMessages"] + ["ApproximateNumberOfMessagesNotVisible"] * in_hands
    found = sqs.get_queue_attributes(QueueUrl=QUEUE, AttributeNames=names)
    return sum(map(int, found["Attributes"].values()))


def code_of(error):
    """Return the code of an error of AWS's, or nothing."""
    return error.response["Error"]["Code"] if isinstance(error, ClientError) else ""


def ours():
    """Return our task's definition, FAMILY:REVISION, as ECS tells its containers."""
    where = env.get("ECS_CONTAINER_METADATA_URI_V4")
    try:
        with urlopen(f"{where}/task", timeout=5) as answer:  # noqa: S310 - from ECS itself
            task = json.load(answer)
        return f"{task['Family']}:{task['Revision']}"
    except (OSError, ValueError, KeyError):  # then no other is newer
        return ":0"


def newer(message, than):
    """Tell whether a message was sent by a stack that runs a newer task than ours."""
    told = message.get("MessageAttributes", {}).get("TaskDefinition", {}).get("StringValue", ":0")
    (theirs, _, new), (family, _, old) = (t.rpartition(":") for t in (told, than))
    return theirs.rpartition("/")[2] == family and int(new) > int(old)
