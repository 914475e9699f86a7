"""API Gateway: its integration with CodeBuild, and whom an authorizer is told of."""

from __future__ import annotations

import asyncio
import contextvars
import http.client
import json
import re
import time
from typing import Any
from urllib.parse import urlsplit

import evidence
import own
import targets
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from ministack.core import responses
from ministack.services import apigateway_v1
from support import executed
from support.mapping_templates import mapped

Answer = tuple[int, dict[str, str], bytes]
CALLER = "context.identity.sourceIp"  # a source of identity that ministack does not know
REFUSED = {
    415: "Unsupported Media Type",
    500: "Internal server error",
    504: "Endpoint request timed out",
}
LONGEST = 29.0  # seconds that an integration may take: "Quotas for REST APIs"
SECONDS = [LONGEST]


def call(integration: dict[str, Any], body: str) -> tuple[int, str]:
    """Ask CodeBuild with the role that the integration has, signed as it is."""
    role, region = integration["credentials"], responses.get_region()
    keys = own.credentials(role, "apigateway.amazonaws.com")
    names = {
        name.removeprefix("integration.request.header."): value.strip("'")
        for name, value in integration.get("requestParameters", {}).items()
    }
    request = AWSRequest("POST", own.URL + "/", data=body.encode(), headers=names)
    SigV4Auth(Credentials(*keys.values()), "codebuild", region).add_auth(request)
    connection = http.client.HTTPConnection(urlsplit(own.URL).netloc, timeout=SECONDS[0])
    try:
        connection.request("POST", "/", body.encode(), dict(request.headers))
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def answered(integration: dict[str, Any], status: int) -> Answer:
    """Map the answer's status; its body goes nowhere."""
    found = integration.get("integrationResponses", {}).values()
    chosen = [r for r in found if re.fullmatch(r.get("selectionPattern") or "(?!)", str(status))]
    chosen = chosen or [r for r in found if not r.get("selectionPattern")]
    if not chosen:
        return refusal(500)
    said = chosen[0].get("responseTemplates", {}).get("application/json", "")
    return int(chosen[0]["statusCode"]), {"Content-Type": "application/json"}, said.encode()


def refusal(status: int) -> Answer:
    """Answer as API Gateway does by itself."""
    said = json.dumps({"message": REFUSED[status]}).encode()
    return status, {"Content-Type": "application/json"}, said


def integrate(integration: dict[str, Any], stage: dict[str, Any], kind: str) -> Answer:
    """Do what the integration says."""
    evidence.TOUCHED.add("api")
    templates = integration.get("requestTemplates", {})
    wanted = kind.partition(";")[0].strip().lower() or "application/json"
    if wanted not in templates:
        return refusal(415)
    now = time.time_ns() // 1_000_000
    body = mapped(templates[wanted], stage.get("variables") or {}, now)
    executed.note(templates[wanted])
    try:
        status, _ = call(integration, body)
    except own.RefusalError:
        return refusal(500)
    except TimeoutError:
        return refusal(504)
    return answered(integration, status)


def may_authorize(told: dict[str, Any], event: dict[str, Any]) -> bool:
    """Tell whether the function's policy lets this authorizer of this API call it."""
    function = told["authorizerUri"].partition("functions/")[2].partition("/")[0]
    action, policy = targets.policy_of("lambda", function)
    api = event["methodArn"].partition("/")[0]
    source = {"aws:SourceArn": f"{api}/authorizers/{told['id']}"}
    return own.admits(policy, "apigateway.amazonaws.com", action, function, **source)


def plug_in() -> None:
    """Take over the integrations whose address is an action of CodeBuild's."""
    theirs = apigateway_v1._invoke_lambda_custom_v1
    known = apigateway_v1._request_identity_sources
    ask = apigateway_v1._invoke_authorizer_lambda

    async def ours(integration: dict[str, Any], *given: Any, **more: Any) -> Answer:
        if ":codebuild:action/StartBuild" not in integration.get("uri", ""):
            return await theirs(integration, *given, **more)
        _, _, stage, _, _, _, headers = given[:7]
        context = contextvars.copy_context()
        kind = headers.get("content-type", "")
        return await asyncio.to_thread(context.run, integrate, integration, stage, kind)

    def sources(wanted: str, headers: dict[str, str], *more: Any) -> tuple[bool, list[str]]:
        names = [name.strip() for name in wanted.split(",")]
        present, values = known(",".join(n for n in names if n != CALLER), headers, *more)
        caller = headers.get("x-forwarded-for", "127.0.0.1")
        return present, [*values, caller] if CALLER in names else values

    async def authorizer(told: dict[str, Any], event: dict[str, Any], *where: str) -> Any:
        context = contextvars.copy_context()
        may = await asyncio.to_thread(context.run, may_authorize, told, event)
        return await ask(told, event, *where) if may else None

    apigateway_v1._invoke_authorizer_lambda = authorizer
    apigateway_v1._invoke_lambda_custom_v1 = ours
    apigateway_v1._request_identity_sources = sources
