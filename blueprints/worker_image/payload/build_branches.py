"""Builds what was pushed: bundles each commit that the queue tells of, and starts its build.

Several branches at once. A message is deleted once its build has started, or there is nothing left
to build. Exit status: 0 nothing waits, or a newer task takes over; 2 failed; 143 SIGTERM.
"""

import json
import os
import re
import signal
import sys
import time
from hashlib import sha256
from tempfile import TemporaryDirectory
from threading import Lock, Thread

import boto3
from boto3.s3.transfer import TransferConfig
from messages import NOT_OURS, WAIT, code_of, delete, give_up, hide, log, newer, ours, take, waiting
from source import NEWEST_ONLY, SkipError, bundle, check_newest, fetch, git

env = os.environ
BUNDLES = env["BUNDLES"]
OUTPUTS = env.get("OUTPUTS")  # a bucket for what builds make, if they have one
PROJECTS = json.loads(env["PROJECTS"])  # by repository; "*" is for all others
HELD = int(env.get("HELD_SECONDS", 120))  # how long a message stays ours without a sign of life
AGAIN = int(env.get("AGAIN_SECONDS", 30))  # before a second attempt
THREADS = int(env.get("THREADS", 8))  # pushes that are worked on at once
ASK = int(env.get("ASK_SECONDS", 15))  # before a project that is full is asked again
MAX_KEPT = 100  # pushes that wait for room; more stay in the queue, where nothing counts them
# SQS takes a message back after 12 hours.
LIFE = int(env.get("LIFE_SECONDS", 11 * 3600))
s3, codebuild = boto3.client("s3"), boto3.client("codebuild")
UPLOAD = TransferConfig(max_concurrency=4)  # parts that are in memory, for each push
FULL = ("AccountLimitExceededException", "ThrottlingException", "TooManyRequestsException")
state = {"stop": None, "told": 0.0, "full": ""}
lock = Lock()
hands = {}  # pushes that are ours, by the message
kept = []  # those of them that wait for room, oldest first
full = {}  # when to ask again, by project
failed = {}  # until when messages that failed once may come back
done = set()  # messages to delete


class ExpiredError(Exception):
    """The message is no longer ours: whoever has it next starts its build."""


class FullError(Exception):
    """CodeBuild has no room for a build."""


class Push:
    """A push that is worked on."""

    project = request = about = branch = None

    def __init__(self, message):
        """Take it from a message."""
        self.message, self.id, self.since = message, message["MessageId"], time.monotonic()


def pushed(body):
    """Return repository, branch, commit and event id of a message."""
    event = json.loads(body)
    detail = event["detail"]
    name, branch, commit = (detail[k] for k in ("repositoryName", "referenceName", "commitId"))
    if not re.fullmatch(r"(?!\.+$)[\w.-]{1,100}", name, re.A):
        raise ValueError(f"{name!r} is not a repository")
    if not re.fullmatch("[0-9a-f]{40}|[0-9a-f]{64}", commit):
        raise ValueError(f"{commit!r} is not a commit")
    git("check-ref-format", f"refs/heads/{branch}")
    return name, branch, commit, str(event["id"])


def readable(branch):
    """Return a branch's name as part of a path."""
    if re.fullmatch(r"[\w./-]{1,200}", branch, re.A):
        return branch
    clean = re.sub(r"[^\w./-]", "_", branch[:200], flags=re.A)
    return f"{clean}-{sha256(branch.encode()).hexdigest()[:8]}"


def secret(what, token):
    """Return a name that no other build can guess."""
    return sha256(f"{what} {token}".encode()).hexdigest()[:32]


def prepare(push):
    """Upload the bundle of what was pushed, and note how its build is asked for."""
    name, branch, commit, token = pushed(push.message["Body"])
    push.branch = env["SOURCE_URL"].replace("{repository}", name), branch, commit
    push.about = {"repository": name, "branch": branch, "commit": commit}
    push.project = PROJECTS.get(name) or PROJECTS.get("*")
    if not push.project:
        raise ValueError(f"{name} has no project")
    path = f"{name}/{readable(branch)}/{commit}"
    key = f"{path}/{secret('bundle', token)}.zip"
    variables = {"REPOSITORY_NAME": name, "BRANCH_NAME": branch, "COMMIT_ID": commit}
    if OUTPUTS:
        variables["OUTPUT_LOCATION"] = f"s3://{OUTPUTS}/{path}/{secret('output', token)}"
    with TemporaryDirectory() as folder:
        fetch(folder, *push.branch)
        s3.upload_file(bundle(folder, commit), BUNDLES, key, Config=UPLOAD)
    push.request = {
        "projectName": push.project,
        "sourceTypeOverride": "S3",
        "sourceLocationOverride": f"{BUNDLES}/{key}",
        "environmentVariablesOverride": [{"name": k, "value": v} for k, v in variables.items()],
        "idempotencyToken": token,
    }


def start(push):
    """Start a build, once for each token in five minutes; return its id."""
    if code_of(hide(push.message, HELD)) in NOT_OURS:
        raise ExpiredError
    try:
        begun = codebuild.start_build(**push.request)["build"]["id"]
    except codebuild.exceptions.ClientError as why:
        if code_of(why) not in FULL:
            raise
        full[push.project], state["full"] = time.monotonic() + ASK, str(why)
        raise FullError from None
    full.pop(push.project, None)
    return begun


def build(push):
    """Start the build that a push asks for, or log the reason that there is none."""
    try:
        if not push.request:
            prepare(push)
            if any(other.project == push.project for other in list(kept)):
                raise FullError  # behind those that wait already
        elif NEWEST_ONLY:  # it has waited
            check_newest(*push.branch)
    except SkipError as why:
        log("skipped", reason=str(why), **push.about)
        return
    begun = start(push)
    where = push.request["sourceLocationOverride"]
    log("started", build=begun, bundle=f"s3://{where}", **push.about)
    if NEWEST_ONLY:
        from supersede import stop_older

        same = push.about["repository"], push.about["branch"]
        for stopped in stop_older(codebuild, push.project, begun, *same):
            log("superseded" if "build" in stopped else "not_superseded", by=begun, **stopped)


def serve(push):
    """Do what a push asks for, and delete its message; or leave it."""
    message, about = push.message, {"message": push.id, **push.message["Attributes"]}
    try:
        if push.id not in done:
            build(push)
            done.add(push.id)
        delete(message)
    except FullError:
        with lock:
            kept.append(push)
            kept.sort(key=lambda other: other.since)
        return
    except ExpiredError:
        log("left", reason="the message is no longer ours", **about)
    except Exception as why:
        log("failed", reason=f"{type(why).__name__}: {why}", **about)
        if push.id not in failed or not give_up(message):
            failed[push.id] = time.monotonic() + AGAIN + 5
            hide(message, AGAIN)
            hands.pop(push.id)
            return
    failed.pop(push.id, None)
    hands.pop(push.id)


def beat():
    """Keep what is worked on ours, from now on."""
    while True:
        time.sleep(HELD / 3)
        for push in list(hands.values()):
            hide(push.message, HELD)


def next_push():
    """Return a push that there may be room for, the oldest first."""
    now = time.monotonic()
    with lock:
        for push in kept:
            if full.get(push.project, 0) <= now:
                if push.project in full:  # one asks for all
                    full[push.project] = now + ASK
                kept.remove(push)
                return push
    return None


def tell():
    """Log each minute what waits for room."""
    now = time.monotonic()
    if kept and now >= state["told"]:
        state["told"] = now + 60
        since = round(now - kept[0].since)
        log("waiting", pushes=len(kept), seconds=since, reason=state["full"])


def stop(*_):
    """End at once if nothing is at hand, or else when it is done."""
    state["stop"] = 143
    if not hands:
        sys.exit(143)


def next_message(version):
    """Wait for a message; return it as a push, unless the worker is to end."""
    message = take(HELD, min(WAIT, 5) if kept else WAIT)
    if message and newer(message, version):
        log("replaced", reason="a newer task takes over")
        state["stop"] = 0
    if message and state["stop"] is not None:
        hide(message, 0)
        return None
    return Push(message) if message else None


def over(begun):
    """Tell whether nothing waits, and nothing of ours, or of a worker that died, may come back.

    What is in hands as a worker begins may have been left by one that died, and is seen again when
    its time runs out; later deaths start workers of their own.
    """
    now = time.monotonic()
    return now > max(failed.values(), default=0) and not waiting(in_hands=now <= begun + HELD)


def main():
    """Serve messages until there is none, and none of ours might come back."""
    signal.signal(signal.SIGTERM, stop)
    Thread(target=beat, daemon=True).start()
    version, begun = ours(), time.monotonic()
    while state["stop"] is None:
        tell()
        at_work, push = len(hands) - len(kept), None
        if at_work < THREADS:
            push = next_push() or (next_message(version) if len(kept) < MAX_KEPT else None)
        if push:
            hands[push.id] = push
            Thread(target=serve, args=(push,), daemon=True).start()
        elif hands:
            time.sleep(0.1)
        elif state["stop"] is None and over(begun):
            return 0
        if time.monotonic() > begun + LIFE:
            state["stop"] = 0
    while len(hands) > len(kept):
        time.sleep(0.1)
    for push in kept:  # whoever is next has them at once
        hide(push.message, 0)
    return state["stop"]


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Exception as why:
        log("failed", reason=f"{type(why).__name__}: {why}")
        sys.exit(2)
