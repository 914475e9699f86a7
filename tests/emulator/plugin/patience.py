"""Answers about a stack that is at work wait until it is done.

Who waits for a stack asks again after half a minute. On AWS that is polite; here it would be most
of the time that the tests take.
"""

from __future__ import annotations

import asyncio
import time
from typing import Any

from ministack import app

SECONDS = 25.0
ANOTHER = "<StackStatus>REVIEW_IN_PROGRESS</StackStatus>"


def plug_in() -> None:
    """Wait before answering."""
    theirs = app.SERVICE_HANDLERS["cloudformation"]

    async def ours(method: str, path: str, headers: Any, body: bytes, params: Any) -> Any:
        answer = await theirs(method, path, headers, body, params)
        end = time.monotonic() + SECONDS
        while b"Action=DescribeStacks" in body and busy(answer) and time.monotonic() < end:
            await asyncio.sleep(0.02)
            answer = await theirs(method, path, headers, body, params)
        return answer

    app.SERVICE_HANDLERS["cloudformation"] = ours


def busy(answer: Any) -> bool:
    """Tell whether an answer speaks of a stack at work."""
    said = answer[2].decode() if isinstance(answer[2], bytes) else answer[2]
    return "_IN_PROGRESS</StackStatus>" in said.replace(ANOTHER, "")
