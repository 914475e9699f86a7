"""Custom resource that has CodeBuild build an image, once for each tag."""

import json
import time
from contextlib import suppress
from urllib.request import Request, urlopen

import boto3

PAUSE = 5  # seconds
RESERVE = 30_000  # milliseconds, to answer before Lambda's own time ends
codebuild, ecr = boto3.client("codebuild"), boto3.client("ecr")


def handler(event, context):
  """Do what CloudFormation asks and answer, whatever happens."""
  asked, reason = event["ResourceProperties"], ""
  try:
    if event["RequestType"] != "Delete" and not exists(asked):
      reason = build(asked, context)
  except Exception as error:
    reason = f"{type(error).__name__}: {error}"
  said = {key: event[key] for key in ("StackId", "RequestId", "LogicalResourceId")}
  said["PhysicalResourceId"] = event.get("PhysicalResourceId", "image")
  said["Status"], said["Data"] = "FAILED" if reason else "SUCCESS", {"Tag": asked.get("Tag")}
  said["Reason"] = ascii(reason)[1:-1][:1500]  # of 4 KB in all
  print(json.dumps(said))
  put = Request(event["ResponseURL"], json.dumps(said).encode(), {"content-type": ""})
  put.method = "PUT"
  urlopen(put, timeout=10).close()  # if it fails, Lambda does it all again


def build(asked, context):
  """Build the image, or return why not."""
  for _ in range(2):
    run = codebuild.start_build(projectName=asked["Project"])["build"]
    while run["buildStatus"] == "IN_PROGRESS":
      if context.get_remaining_time_in_millis() < RESERVE:
        with suppress(Exception):
          codebuild.stop_build(id=run["id"])
        return f"{run['id']} takes too long"
      time.sleep(PAUSE)
      run = (codebuild.batch_get_builds(ids=[run["id"]])["builds"] or [run])[0]
    # Tags never move: a concurrent build may have been faster.
    if run["buildStatus"] == "SUCCEEDED" or exists(asked):
      return ""
    phases = {p["phaseType"]: p for p in run.get("phases", [])}
    # A new role is not known everywhere at once: one more attempt.
    if "BUILD" in phases or run["buildStatus"] == "STOPPED":
      break
  log = run.get("logs", {})
  said = [run["id"], run["buildStatus"], f"log {log.get('groupName')} {log.get('streamName')}"]
  for name, phase in phases.items():
    if phase.get("phaseStatus", "SUCCEEDED") != "SUCCEEDED":
      said += [name, *(c.get("message", "") for c in phase.get("contexts", []))]
  return "; ".join(said)


def exists(asked):
  """Tell whether the repository has the tag."""
  ids = [{"imageTag": asked["Tag"]}]
  try:
    return bool(ecr.describe_images(repositoryName=asked["Repository"], imageIds=ids))
  except ecr.exceptions.ImageNotFoundException:
    return False
