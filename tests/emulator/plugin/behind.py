"""CodeCommit and CodePipeline: moto's, behind ministack's front door and its policies.

What moto lacks of CodeCommit is in `repositories`. It cannot close the stages of pipelines: that is
noted here.
"""

from __future__ import annotations

import functools
import http.client
import os
from typing import Any
from urllib.parse import urlsplit

import boto3
import own
import repositories
from ministack import app
from ministack.core import iam_actions, responses, router
from ministack.core.responses import json_response as json

Answer = tuple[int, dict[str, str], bytes]
MOTO = os.environ["MOTO_URL"]
# The beginning of a request's target, by service.
SERVICES = {"codecommit": "CodeCommit_20150413", "codepipeline": "CodePipeline_20150709"}
TRANSITIONS: list[dict[str, str]] = []  # the transitions that were enabled or disabled
PIPELINES: list[tuple[str, str]] = []  # the pipelines that were ever created, by region


@functools.cache
def client(service: str, region: str) -> Any:
    """Return a client of moto's."""
    return boto3.client(
        service,
        region_name=region,
        endpoint_url=MOTO,
        config=own.ONCE,
        **own.ROOT,
    )


async def forward(
    method: str, path: str, headers: dict[str, str], body: bytes, _: dict[str, Any]
) -> Answer:
    """Answer what moto cannot, or have it answer."""
    region, asked = responses.get_region(), own.parsed(body)
    operation = headers.get("x-amz-target", "").partition(".")[2]
    if operation.endswith("StageTransition"):
        TRANSITIONS.append({"region": region, "operation": operation, **asked})
        return json({})
    if refused := repositories.refused(region, operation, asked):
        return refused
    if operation in repositories.OURS:
        return repositories.OURS[operation](region, asked)
    if operation == "UpdateRepositoryName":
        return repositories.renamed(region, asked, client("codecommit", region))
    answer = ask_moto(method, path, headers, body)
    if answer[0] == 200 and operation == "CreatePipeline":
        PIPELINES.append((region, asked["pipeline"]["name"]))
    return repositories.noted(region, operation, asked, answer)


def ask_moto(method: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
    """Hand a request on, in the name of the account: policies have been asked before."""
    target = headers.get("x-amz-target", "")
    connection = http.client.HTTPConnection(urlsplit(MOTO).netloc, timeout=30)
    kept = ("x-amz-target", "content-type", "x-amz-date")
    passed = {name: headers[name] for name in kept if name in headers}
    scope = f"20260101/{responses.get_region()}/{target.partition('_')[0].lower()}/aws4_request"
    passed["Authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={own.ACCOUNT}/{scope}, SignedHeaders=host, Signature=0"
    )
    try:
        connection.request(method, path, body, passed)
        answer = connection.getresponse()
        kind = answer.headers.get("Content-Type", "application/x-amz-json-1.1")
        return answer.status, {"Content-Type": kind}, answer.read()
    finally:
        connection.close()


def forget() -> None:
    """Delete what was made, and forget what was noted."""
    for region, name in repositories.KNOWN:
        client("codecommit", region).delete_repository(repositoryName=name)
    for region, name in PIPELINES:
        client("codepipeline", region).delete_pipeline(name=name)
    for noted in (repositories.KNOWN, repositories.GIT, PIPELINES, TRANSITIONS):
        noted.clear()


def plug_in() -> None:
    """Route to moto what ministack does not know."""
    for service, prefix in SERVICES.items():
        router.SERVICE_PATTERNS[service] = {"target_prefixes": [prefix]}
        iam_actions.SERVICE_TO_IAM_NAMESPACE[service] = service
        app.SERVICE_HANDLERS[service] = forward
