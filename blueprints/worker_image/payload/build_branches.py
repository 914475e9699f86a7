"""Builds what was pushed: bundles each commit that the queue tells of, and starts its build.

A message is deleted once its build has started, or once there is nothing left to build. Prints one
JSON object a line. Exit status: 0 nothing waits and nobody is at work, 2 failed, 143 SIGTERM.
"""

import json
import os
import re
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event, Thread

import boto3
from botocore.exceptions import ClientError

env = os.environ
QUEUE, BUNDLES = env["QUEUE_URL"], env["BUNDLES"]
OUTPUTS = env.get("OUTPUTS")  # a bucket for what builds make, if they have one
PROJECTS = json.loads(env["PROJECTS"])  # by repository; "*" is for all others
NEWEST_ONLY = env.get("NEWEST_ONLY")
HELD = int(env.get("HELD_SECONDS", 120))  # how long a message stays ours without a sign of life
WAIT = int(env.get("WAIT_SECONDS", 20))  # 15 and more, or the last push may find nobody
AGAIN = int(env.get("AGAIN_SECONDS", 30))  # before a second attempt
PATIENCE = int(env.get("PATIENCE_SECONDS", 600))  # with an account that has too many builds
GIT_SECONDS = int(env.get("GIT_SECONDS", 3600))  # after which a git that hangs is given up
GIT = ["git", "-c", "http.lowSpeedLimit=1000", "-c", "http.lowSpeedTime=60"]
sqs, s3, codebuild = map(boto3.client, ("sqs", "s3", "codebuild"))
# What SQS answers once a message is no longer ours: its time ran out, or another has it.
NOT_OURS = ("InvalidParameterValue", "ReceiptHandleIsInvalid", "MessageNotInflight")
state = {"idle": True, "stop": False}
done = set()  # messages that need nothing more than to be deleted


class SkipError(Exception):
    """There is nothing to build."""


class ExpiredError(Exception):
    """The message is no longer ours: whoever has it next starts its build."""


def log(event, **facts):
    """Print one line of JSON: a hostile branch name cannot forge another."""
    print(json.dumps({"event": event, **facts}), flush=True)


def git(*arguments):
    """Run git; return its output or raise its complaint."""
    how = {"stdin": subprocess.DEVNULL, "capture_output": True, "timeout": GIT_SECONDS}
    done = subprocess.run([*GIT, *arguments], **how)
    if done.returncode:
        raise RuntimeError(os.fsdecode(done.stderr).strip()[-1000:] or f"git: {done.returncode}")
    return os.fsdecode(done.stdout)


def pushed(body):
    """Return repository, branch, commit and event id of a message, if they can be such."""
    event = json.loads(body)
    detail = event["detail"]
    name, branch, commit = (detail[k] for k in ("repositoryName", "referenceName", "commitId"))
    if not re.fullmatch(r"(?!\.+$)[\w.-]{1,100}", name, re.A):
        raise ValueError(f"{name!r} is not a repository")
    if not re.fullmatch("[0-9a-f]{40}|[0-9a-f]{64}", commit):
        raise ValueError(f"{commit!r} is not a commit")
    git("check-ref-format", f"refs/heads/{branch}")
    return name, branch, commit, str(event["id"])


def fetch(folder, url, branch, commit):
    """Fetch a commit of a branch, of whatever age; raise SkipError if it is not there any more."""
    ref = f"refs/heads/{branch}"
    listed = git("ls-remote", "--", url, ref).split("\n")
    tips = [line.split("\t")[0] for line in listed if line.endswith(f"\t{ref}")]
    if not tips:
        raise SkipError("the branch has been deleted")
    if NEWEST_ONLY and tips[0] != commit:
        raise SkipError(f"the branch has moved on to {tips[0]}")
    git("init", "--quiet", "--bare", "--template=", "--", folder)
    here = f"--git-dir={folder}"
    try:
        git(here, "fetch", "--quiet", "--no-tags", "--depth=1", "--", url, commit)
    except RuntimeError:  # hosts need not hand out what no branch points to
        git(here, "fetch", "--quiet", "--no-tags", "--", url, f"+{ref}:refs/heads/fetched")
        try:
            git(here, "cat-file", "-e", commit + "^{commit}")
        except RuntimeError:
            raise SkipError("the commit is not on the branch any more") from None


def bundle(folder, commit):
    """Return a zip of what a checkout would have: all files, whatever their attributes say."""
    attributes = Path(folder, "info/attributes")
    attributes.parent.mkdir(exist_ok=True)
    attributes.write_text("* !export-ignore !export-subst\n")
    git(f"--git-dir={folder}", "archive", "--format=zip", f"--output={folder}/zip", commit)
    return f"{folder}/zip"


def readable(branch):
    """Return a branch's name as part of a path: as it is, unless it has odd characters."""
    if re.fullmatch(r"[\w./-]{1,200}", branch, re.A):
        return branch
    clean = re.sub(r"[^\w./-]", "_", branch[:200], flags=re.A)
    return f"{clean}-{sha256(branch.encode()).hexdigest()[:8]}"


def start(message, project, key, token, **variables):
    """Start a build of a bundle, once for each token in five minutes; return its id."""
    end = time.monotonic() + PATIENCE
    while True:
        if code_of(hide(message, HELD)) in NOT_OURS:
            raise ExpiredError
        try:
            return codebuild.start_build(
                projectName=project,
                sourceTypeOverride="S3",
                sourceLocationOverride=f"{BUNDLES}/{key}",
                environmentVariablesOverride=[
                    {"name": k, "value": variables[k]} for k in variables
                ],
                idempotencyToken=token,
            )["build"]["id"]
        except codebuild.exceptions.AccountLimitExceededException:
            if time.monotonic() > end:
                raise
        time.sleep(min(15, PATIENCE / 4))


def build(message):
    """Start the build that a message asks for, or log why there is none."""
    name, branch, commit, token = pushed(message["Body"])
    about = {"repository": name, "branch": branch, "commit": commit}
    project = PROJECTS.get(name) or PROJECTS.get("*")
    if not project:
        raise ValueError(f"{name} has no project")
    path = f"{name}/{readable(branch)}/{commit}"
    variables = {"REPOSITORY_NAME": name, "BRANCH_NAME": branch, "COMMIT_ID": commit}
    if OUTPUTS:
        variables["OUTPUT_LOCATION"] = f"s3://{OUTPUTS}/{path}"
    with TemporaryDirectory() as folder:
        try:
            fetch(folder, env["SOURCE_URL"].replace("{repository}", name), branch, commit)
        except SkipError as why:
            log("skipped", reason=str(why), **about)
            return
        s3.upload_file(bundle(folder, commit), BUNDLES, f"{path}.zip")
    begun = start(message, project, f"{path}.zip", token, **variables)
    log("started", build=begun, bundle=f"s3://{BUNDLES}/{path}.zip", **about)
    if NEWEST_ONLY:
        from supersede import stop_older

        for stopped in stop_older(codebuild, project, begun, name, branch):
            log("superseded" if "build" in stopped else "not_superseded", by=begun, **stopped)


@contextmanager
def held(message):
    """Keep a message ours while it is worked on."""
    ended = Event()

    def beat():
        while not ended.wait(HELD / 3):
            hide(message, HELD)

    heart = Thread(target=beat, daemon=True)
    heart.start()
    try:
        yield
    finally:
        ended.set()
        heart.join()


def hide(message, seconds):
    """Let nobody see a message for some seconds; return why that could not be, if so."""
    which = {"QueueUrl": QUEUE, "ReceiptHandle": message["ReceiptHandle"]}
    try:
        sqs.change_message_visibility(**which, VisibilityTimeout=seconds)
    except Exception as why:  # it comes back by itself, perhaps too early
        log("not_held", message=message["MessageId"], reason=str(why))
        return why


def code_of(error):
    """Return the code of an error of AWS's, or nothing."""
    return error.response["Error"]["Code"] if isinstance(error, ClientError) else ""


def delete(message):
    """Delete a message that is done; if that fails, it comes back, and is known."""
    try:
        sqs.delete_message(QueueUrl=QUEUE, ReceiptHandle=message["ReceiptHandle"])
    except Exception as why:
        log("not_deleted", message=message["MessageId"], reason=str(why))


def moved(message):
    """Move a message to its repository's group, if the rule has put it into one for all.

    A rule names the group by a path into the event. AWS's pages differ on whether EventBridge
    follows it or takes it as it stands; then all repositories would wait for each other.
    """
    if not message["Attributes"]["MessageGroupId"].startswith("$"):
        return False
    body = message["Body"]
    try:
        group = re.fullmatch(r"[\w.-]{1,100}", json.loads(body)["detail"]["repositoryName"], re.A)[
            0
        ]
    except (KeyError, TypeError, ValueError):
        group = "unreadable"
    same = sha256(f"moved {body}".encode()).hexdigest()  # the body alone is what it came with
    try:
        sqs.send_message(
            QueueUrl=QUEUE, MessageBody=body, MessageGroupId=group, MessageDeduplicationId=same
        )
    except Exception as why:  # then it is built where it is
        log("not_moved", message=message["MessageId"], reason=str(why))
        return False
    delete(message)
    return True


def serve(message):
    """Do what a message asks for, and delete it; or leave it for another attempt."""
    about = {"message": message["MessageId"], **message["Attributes"]}
    try:
        if message["MessageId"] not in done:
            if moved(message):
                return
            with held(message):
                build(message)
            done.add(message["MessageId"])
    except ExpiredError:
        log("left", reason="the message is no longer ours: its build starts with the next", **about)
        return
    except Exception as why:
        log("failed", reason=f"{type(why).__name__}: {why}", **about)
        hide(message, AGAIN)
        return
    delete(message)


def waiting():
    """Tell how many messages there are, those that others work on included."""
    names = [f"ApproximateNumberOfMessages{kind}" for kind in ("", "NotVisible", "Delayed")]
    found = sqs.get_queue_attributes(QueueUrl=QUEUE, AttributeNames=names)["Attributes"]
    return sum(int(found[name]) for name in names)


def stop(*_):
    """End at once if nothing is at hand, or else when it is done."""
    state["stop"] = True
    if state["idle"]:
        sys.exit(143)


def main():
    """Serve messages until there is none, and none that might come back."""
    signal.signal(signal.SIGTERM, stop)
    if "SOURCE_ROLE" in env:  # in the account that has the repositories
        profile = (
            f"[profile source]\nrole_arn={env['SOURCE_ROLE']}\ncredential_source=EcsContainer\n"
        )
        Path(env["AWS_CONFIG_FILE"]).write_text(profile + "role_session_name=branch-builder\n")
        env["AWS_PROFILE"] = "source"  # for git's helper; our own clients are there already
    while not state["stop"]:
        got = sqs.receive_message(
            QueueUrl=QUEUE,
            MaxNumberOfMessages=1,
            VisibilityTimeout=HELD,
            WaitTimeSeconds=WAIT,
            MessageSystemAttributeNames=["ApproximateReceiveCount", "MessageGroupId"],
        ).get("Messages", [])
        state["idle"] = False
        for message in got:
            serve(message)
        state["idle"] = True
        if not got and not waiting():
            return 0
    return 143


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Exception as why:
        log("failed", reason=f"{type(why).__name__}: {why}")
        sys.exit(2)
