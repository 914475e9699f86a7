"""Starts a task for each repository that a message of the queue names, once there is room for it.

For one repository at most one task has begun and one has surely not fetched yet, which ECS calls
PROVISIONING; an event that finds the latter needs no other. What cannot start yet stays in the
queue. What never can goes to the queue Lost, and so does what died too often: a task that ended
without saying how comes back by ECS's event of its end.
"""

import json
import os
import random
import re
import time
from uuid import NAMESPACE_URL, uuid5

import boto3

ecs, sqs = boto3.client("ecs"), boto3.client("sqs")
env = os.environ
TASK = json.loads(env["TASK"])  # what RunTask needs, whatever the repository
CLUSTER = TASK["cluster"]
CONTAINER, QUEUE, LOST = env["CONTAINER"], env["QUEUE_URL"], env["LOST_URL"]
NAMESPACE, STACK = env["METRICS"].split()


def matching(patterns):
    """Return an expression for names, in which * stands for any characters."""
    return re.compile("|".join(re.escape(p).replace(r"\*", ".*") for p in patterns))


PATTERNS = env["REPOSITORIES"].split()
MIRRORED = matching(PATTERNS)
BRANCHES = env["BRANCHES"].replace(",", " ").split() or ["*"]
REFS = matching(["refs/tags/*", *(f"refs/heads/{b}" for b in BRANCHES)])
PART = 50  # repositories in a task of the schedule, which so ends in hours
MAX_DEATHS = 3  # of tasks for one event
MAX_RECEIVES = 990  # after some six days; SQS itself would move a message after 1,000
MAX_REFUSALS = 3  # of RunTask in a batch, whose rest then waits
SPAN, LAG = 600, 5  # seconds that tokens are the same, and after which ListTasks knows a task
UNSTARTED = "not started"  # of a pipeline's job, in its continuation token
SPARE = 40_000  # milliseconds of the function's time in which it starts nothing any more


class RefusedError(ValueError):
    """What can never be served."""


def handler(event, context):
    """Take a batch off the queue, answer a pipeline, or put an event into the queue."""
    if "CodePipeline.job" in event:
        return answer(event["CodePipeline.job"])
    records = event.get("Records") or [event]
    if all(record.get("eventSource") == "aws:sqs" for record in records):
        return take(records, context)
    bodies = [{"Records": [r]} if "eventSourceARN" in r else r for r in records]
    for body in bodies:
        read(body)  # raises what could never be served
    send(bodies)
    return say("queued", messages=len(bodies))


def take(records, context):
    """Serve the repositories of a batch; answer which messages are to come again."""
    wanted, late, cluster = {}, [], None
    for record in records:
        try:
            event = json.loads(record["body"])
            work, refs = read(event), changed(event)
            if refs and not any(map(REFS.fullmatch, refs)):
                say("not_mirrored", repository=work["key"], refs=refs[:20])
                continue
            for part in expand(work):
                wanted.setdefault(part["key"], []).append({**part, "record": record})
        except (ValueError, LookupError, TypeError, AttributeError) as why:
            late += give_up(record, f"{type(why).__name__}: {why}")
        except Exception as why:
            late.append(record)
            say("waits", reason=repr(why))
    for key, works in wanted.items():
        works.sort(key=lambda work: int(work["record"]["attributes"]["SentTimestamp"]))
        since = min((w["since"] for w in works if w["since"]), default="")
        work = {**works[0], "since": since, "deaths": max(w["deaths"] for w in works)}
        try:
            cluster = cluster or Cluster()
            room = context.get_remaining_time_in_millis() > SPARE
            outcome, facts = start(cluster, work) if room else ("waits", {"reason": "no time"})
        except Exception as why:
            outcome, facts = "waits", {"reason": repr(why)}
        say(outcome, repository=key, messages=len(works), **facts)
        if outcome == "waits":  # the oldest message stands for all but those of tasks that died
            stay = [w["record"] for n, w in enumerate(works) if n == 0 or w["deaths"]]
            late += [{**record, "seconds": facts.get("seconds")} for record in stay]
    return {"batchItemFailures": [{"itemIdentifier": r["messageId"]} for r in put_off(late)]}


def read(event):
    """Return what an event asks for: a repository, or several, "" for all; since when."""
    work = {"names": [], "since": "", "id": "", "deaths": 0}
    if "part" in event:  # from `expand`
        work.update({name: event[name] for name in work}, key=f"* {event['part']:d}")
    elif event.get("source") == "aws.ecs":
        work.update(ended(event["detail"]))
    elif event.get("source") == "aws.events":
        work.update(key="", id=event["id"])
    elif "Records" in event:
        (row,) = event["Records"]
        name = row["eventSourceARN"].split(":")[5]
        work.update(key=name, since=row["eventTime"], id=row["eventId"])
    elif "repository" in event:  # by hand
        work.update(key=event["repository"], id="by hand")
    else:
        name = event["detail"]["repositoryName"]
        work.update(key=name, since=event["time"], id=event["id"])
    for name in work["names"] or [work["key"]]:
        if name and not (re.fullmatch(r"[\w.-]{1,100}", name, re.A) and MIRRORED.fullmatch(name)):
            raise RefusedError(f"not to be mirrored: {name!r}")
    return work


def changed(event):
    """Return the refs that an event is about, none if it does not say."""
    if "Records" in event:
        return [r["ref"] for r in event["Records"][0].get("codecommit", {}).get("references", [])]
    name = event.get("detail", {}).get("referenceFullName")
    return [name] if name else []


def ended(task):
    """Return what a task that stopped was for: its repository is given back, a few times."""
    told, reason = overrides(task), task.get("stoppedReason", "")
    if told is None:
        known = describe([task["taskArn"]])
        if not known:
            raise RefusedError("ECS does not say which repository it was for")
        told = overrides(known[0]) or {}
    # Spare capacity that is taken away, or none that is free, is no fault of the task's.
    fault = task.get("stopCode") != "SpotInterruption" and "apacity" not in reason
    deaths = int(told.get("DEATHS") or 0) + fault
    if deaths >= MAX_DEATHS:
        raise RefusedError(f"{deaths} tasks died; the last one: {reason}")
    work = {"key": told.get("REPOSITORY", ""), "since": told.get("MIRROR_SINCE", "")}
    if told.get("PART"):
        work.update(key=f"* {int(told['PART'])}", names=told["REPOSITORIES"].split())
    return {**work, "id": told.get("EVENT_ID", ""), "deaths": deaths}


def overrides(task):
    """Return the variables that a task was started with, if ECS tells them."""
    for container in task.get("overrides", {}).get("containerOverrides", []):
        if "environment" in container:
            return {each["name"]: each["value"] for each in container["environment"]}
    return None


def expand(work):
    """Return the work, or none if it is all repositories and parts of them were sent instead."""
    if work["key"]:
        return [work]
    names = PATTERNS
    if "*" in "".join(PATTERNS):
        pages = boto3.client("codecommit").get_paginator("list_repositories").paginate()
        names = [there["repositoryName"] for page in pages for there in page["repositories"]]
    names = sorted(name for name in names if MIRRORED.fullmatch(name))
    parts = [names[n : n + PART] for n in range(0, len(names), PART)]
    if len(parts) < 2:
        return [work]
    send({**work, "part": n, "names": part} for n, part in enumerate(parts))
    return []


class Cluster:
    """The tasks that somebody wants to run, as ECS lists them."""

    def __init__(self):
        """Ask for them."""
        pages = ecs.get_paginator("list_tasks").paginate(cluster=CLUSTER)
        self.tasks = describe([arn for page in pages for arn in page["taskArns"]])
        self.refusals = 0

    def run(self, work, token):
        """Run a task; return why that was refused, or nothing."""
        values = {"REPOSITORY": work["key"], "MIRROR_SINCE": work["since"], "EVENT_ID": work["id"]}
        if work["names"]:
            values.update(REPOSITORY="", PART=work["key"][2:], REPOSITORIES=" ".join(work["names"]))
        values["DEATHS"] = str(work["deaths"])
        told = [{"name": name, "value": value} for name, value in values.items()]
        container = {"name": CONTAINER, "environment": told}
        run = ecs.run_task(
            **TASK,
            startedBy=started_by(work["key"]),
            clientToken=token,
            overrides={"containerOverrides": [container]},
        )
        self.tasks += run["tasks"]
        return "" if run["tasks"] else f"RunTask: {run.get('failures')}"


def start(cluster, work):
    """Start a task, unless one will do; return the outcome, and the task or what is in the way."""
    mine = [task for task in cluster.tasks if task.get("startedBy") == started_by(work["key"])]
    mine = [task for task in mine if task["desiredStatus"] == "RUNNING"]
    if waiting := unstarted(mine):
        return "covered", waiting
    if len(mine) > 1:
        return "waits", {"reason": "two tasks are at work"}
    if cluster.refusals >= MAX_REFUSALS:
        return "waits", {"reason": "RunTask refused others"}
    if time.time() % SPAN < LAG:
        return "waits", {"reason": "tokens have changed", "seconds": 2 * LAG}
    return run_one(cluster, work, sorted(task["taskArn"] for task in mine))


def run_one(cluster, work, seen):
    """Start a task, unless another call has.

    Calls that see the same tasks have one token between them, and so start one task. One that does
    not see another's yet, as ListTasks lags, has the token that this one had.
    """
    gone = []
    for _ in range(20):
        of = f"{CLUSTER} {work['key']} {time.time() // SPAN} {seen} {gone}"
        try:
            refusal = cluster.run(work, str(uuid5(NAMESPACE_URL, of)))
        except ecs.exceptions.ConflictException as error:
            rivals = describe(error.response.get("resourceIds", []))
            if waiting := unstarted(rivals):
                return "covered", waiting
            if not rivals or any(task["desiredStatus"] == "RUNNING" for task in rivals):
                return "waits", {"reason": "another call has started a task"}
            gone += sorted(task["taskArn"] for task in rivals)
            continue
        except Exception as error:
            refusal = repr(error)
        if refusal:
            cluster.refusals += 1
            return "waits", {"reason": refusal}
        return "started", {"task": cluster.tasks[-1]["taskArn"]}
    return "waits", {"reason": "too many tasks in a few minutes"}


def started_by(key):
    """Return by what ECS lists the tasks for a repository."""
    return str(uuid5(NAMESPACE_URL, key))


def unstarted(tasks):
    """Return the task that has surely not fetched yet, if one has not."""
    for task in tasks:
        if (task["lastStatus"], task["desiredStatus"]) == ("PROVISIONING", "RUNNING"):
            return {"task": task["taskArn"]}
    return {}


def describe(arns):
    """Return tasks as ECS describes them, which knows them for an hour after their end."""
    asked = [arns[n : n + 100] for n in range(0, len(arns), 100)]
    told = [ecs.describe_tasks(cluster=CLUSTER, tasks=some)["tasks"] for some in asked]
    return [task for tasks in told for task in tasks]


def send(bodies):
    """Put messages into the queue."""
    entries = [{"Id": str(n), "MessageBody": json.dumps(b)} for n, b in enumerate(bodies)]
    for n in range(0, len(entries), 10):
        told = sqs.send_message_batch(QueueUrl=QUEUE, Entries=entries[n : n + 10])
        if told.get("Failed"):
            raise RuntimeError(f"SQS: {told['Failed']}")


def put_off(records):
    """Let messages come again, each in its time; give up what came too often; return the rest."""
    for record in [r for r in records if receives(r) >= MAX_RECEIVES]:
        if not give_up(record, "It could not be started for days."):
            records.remove(record)
    for n in range(0, len(records), 10):
        entries = []
        for number, record in enumerate(records[n : n + 10]):
            # At different times: one that comes finds the room that another has left.
            low, high = (30, 240) if receives(record) < 100 else (240, 900)
            spread = random.uniform(low, high)  # noqa: S311 - spreads them, and hides nothing
            entry = {"Id": str(number), "ReceiptHandle": record["receiptHandle"]}
            seconds = record.get("seconds") or int(spread)
            entries.append({**entry, "VisibilityTimeout": seconds})
        try:
            sqs.change_message_visibility_batch(QueueUrl=QUEUE, Entries=entries)
        except Exception as why:  # they come again by the queue's own time
            say("not_put_off", reason=repr(why))
    if records:
        oldest = min(int(record["attributes"]["SentTimestamp"]) for record in records)
        measure(WaitingSeconds=max(0, int(time.time() - oldest / 1000)))
    return records


def receives(record):
    """Tell how often a message has come."""
    return int(record["attributes"]["ApproximateReceiveCount"])


def give_up(record, reason):
    """Move a message to the queue for people; return what has to come again."""
    why = {"ERROR_MESSAGE": {"DataType": "String", "StringValue": reason[:1000] or "-"}}
    try:
        sqs.send_message(QueueUrl=LOST, MessageBody=record["body"], MessageAttributes=why)
    except Exception as error:
        say("waits", reason=f"{reason}; {error!r}")
        return [record]
    say("lost", reason=reason)
    return []


def answer(job):
    """Start a pipeline's run, or look after it; tell CodePipeline how it ended, once it has."""
    pipelines, data = boto3.client("codepipeline"), job["data"]
    name = data["actionConfiguration"]["configuration"].get("UserParameters", "")
    task = data.get("continuationToken", UNSTARTED)
    try:
        if not name:
            raise RefusedError("UserParameters must be the name of a repository")
        if task == UNSTARTED:
            work = {**read({"repository": name}), "id": job["id"]}
            outcome, facts = start(Cluster(), work)
            say(outcome, repository=name, job=job["id"], **facts)
            task = facts.get("task", task)
        else:
            task = follow(task)
    except Exception as why:
        details = {"type": "JobFailed", "message": f"{type(why).__name__}: {why}"[:5000]}
        pipelines.put_job_failure_result(jobId=job["id"], failureDetails=details)
        return say("job_failed", repository=name, job=job["id"], reason=details["message"])
    pipelines.put_job_success_result(
        jobId=job["id"], **({"continuationToken": task} if task else {})
    )
    return say("job_continues" if task else "job_succeeded", repository=name, job=job["id"])


def follow(arn):
    """Return the task while it is at work, or nothing if both sides are equal."""
    for task in describe([arn]):
        if task["lastStatus"] != "STOPPED":
            return arn
        status = [container.get("exitCode") for container in task["containers"]]
        if status == [0]:
            return ""
        raise RuntimeError(f"{arn} ended with {status}: {task.get('stoppedReason')}")
    raise RuntimeError(f"ECS does not know {arn}")


def measure(**values):
    """Write metrics in CloudWatch's embedded format."""
    metrics = [{"Name": name, "Unit": "Seconds"} for name in values]
    of = {"Namespace": NAMESPACE, "Dimensions": [["Stack"]], "Metrics": metrics}
    told = {"Timestamp": int(time.time() * 1000), "CloudWatchMetrics": [of]}
    return say("measured", _aws=told, Stack=STACK, **values)


def say(outcome, **facts):
    """Log what was done, and return it to who calls by hand."""
    print(json.dumps({"outcome": outcome, **facts}))
    return {"outcome": outcome, **facts}
