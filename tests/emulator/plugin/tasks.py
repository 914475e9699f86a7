"""ECS: a token is one task, the roles have to be passed, and no task runs before it is said to."""

from __future__ import annotations

import asyncio
import json
import re
from typing import Any

import authorization
import evidence
import own
from ministack import app
from ministack.core import responses
from ministack.services import ecs
from ministack.services.cloudformation import provisioners

TOKENS: dict[str, tuple[str, Any]] = {}  # of RunTask: what was asked for, and the answer
ONE_AT_A_TIME = asyncio.Lock()


def conflict(token: str, answer: Any) -> Any:
    """Answer to a token that was used for something else."""
    arns = [task["taskArn"] for task in json.loads(answer[2])["tasks"]]
    said = f"the token {token} was used with other parameters"
    return responses.error_response_json(
        "ConflictException", said, 400, extra={"resourceIds": arns}
    )


def spell_secrets() -> None:
    """Keep a container's secrets as the API spells them."""
    theirs = provisioners._normalize_container_defs

    def ours(told: list[dict[str, Any]]) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = theirs(told)
        for container in found:
            if "secrets" in container:
                container["secrets"] = provisioners._pascal_to_camel(container["secrets"])
        return found

    provisioners._normalize_container_defs = ours


def refused(headers: Any, asked: dict[str, Any]) -> Any:
    """Answer who may not pass the task's roles, or nothing."""
    key = re.search(r"Credential=([^/]+)/", headers.get("authorization", ""))
    role = authorization.passed(key[1] if key else "", asked.get("taskDefinition", ""))
    if not role:
        return None
    said = f"not authorized to perform: iam:PassRole on resource: {role}"
    return responses.error_response_json("AccessDeniedException", said, 400)


def plug_in() -> None:
    """Stand before ministack's handler."""
    spell_secrets()
    theirs = app.SERVICE_HANDLERS["ecs"]

    async def ours(method: str, path: str, headers: Any, body: bytes, params: Any) -> Any:
        if not headers.get("x-amz-target", "").endswith(".RunTask"):
            return await theirs(method, path, headers, body, params)
        asked = own.parsed(body)
        if denied := refused(headers, asked):
            return denied
        token, told = asked.get("clientToken", ""), json.dumps(asked, sort_keys=True)
        async with ONE_AT_A_TIME:
            if token in TOKENS:
                before, answer = TOKENS[token]
                return answer if before == told else conflict(token, answer)
            answer = await theirs(method, path, headers, body, params)
            if answer[0] == 200:
                evidence.TOUCHED.add(asked.get("cluster", ""))
                for task in json.loads(answer[2])["tasks"]:
                    ecs._tasks[task["taskArn"]]["lastStatus"] = "PROVISIONING"
                if token:
                    TOKENS[token] = (told, answer)
            return answer

    app.SERVICE_HANDLERS["ecs"] = ours
