"""Lambda's limits: variables, reserved concurrency, the sizes of what goes in and comes out.

Sources: Lambda's developer guide, "Lambda quotas", "Working with Lambda environment variables" and
"Configuring reserved concurrency"; API reference of Invoke. Memory and runtimes are not held to.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from types import SimpleNamespace
from typing import Any

import own
import refusals
from ministack.core import lambda_runtime
from ministack.core.responses import error_response_json
from ministack.services import lambda_svc
from ministack.services.cloudformation import provisioners
from support import executed

Properties = dict[str, Any]
RESERVED = {
    *("_HANDLER", "_X_AMZN_TRACE_ID", "AWS_DEFAULT_REGION", "AWS_REGION", "AWS_EXECUTION_ENV"),
    *("AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "AWS_LAMBDA_FUNCTION_VERSION"),
    *("AWS_LAMBDA_INITIALIZATION_TYPE", "AWS_LAMBDA_LOG_GROUP_NAME", "AWS_LAMBDA_LOG_STREAM_NAME"),
    *("AWS_ACCESS_KEY", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"),
    *("AWS_LAMBDA_RUNTIME_API", "LAMBDA_TASK_ROOT", "LAMBDA_RUNTIME_DIR"),
}
NAME = re.compile(r"[a-zA-Z][a-zA-Z0-9_]+")
MOST_VARIABLES = 4 * 1024  # bytes of all of them, as JSON
CONCURRENCY, UNRESERVED = 1000, 100  # of an account in a region: in all, and what stays free
MOST_EVENT = 1024 * 1024  # bytes of what is invoked asynchronously
MOST_REQUEST = 6 * 1024 * 1024
MOST_ANSWER = 6 * 1024 * 1024 + 100
UNABLE = (
    "Lambda was unable to configure your environment variables because the environment variables"
)
# What the emulator's own surroundings give a function: where programs are, and its language.
SHARED = ("PATH", "LANG", "LC_ALL", "TZ", "HOME", "TMPDIR", "NO_PROXY", "no_proxy")


def variables(props: Properties) -> None:
    """Refuse variables that Lambda refuses.

    Raises:
        RefusalError: a name is reserved or is none, or they are too large together.
    """
    found = props.get("Environment", {}).get("Variables", {})
    if taken := sorted(RESERVED & set(found)):
        raise own.RefusalError(
            f"{UNABLE} you have provided contains reserved keys that are currently not supported"
            f" for modification. Reserved keys used in this request: {', '.join(taken)}"
        )
    if wrong := [name for name in found if not NAME.fullmatch(name)]:
        raise own.RefusalError(f"{', '.join(wrong)} failed to satisfy constraint: {NAME.pattern}")
    size = len(json.dumps(found, separators=(",", ":"), ensure_ascii=False).encode())
    if found and size > MOST_VARIABLES:
        raise own.RefusalError(
            f"{UNABLE} you have provided exceeded the 4KB limit. ({size:,} bytes)"
        )


def reserved(name: str, props: Properties) -> None:
    """Give a function the concurrency that is reserved for it, which ministack drops.

    Raises:
        RefusalError: too little would be left for all others.
    """
    function, wanted = lambda_svc._functions[name], props.get("ReservedConcurrentExecutions")
    others = sum(
        int(f.get("concurrency") or 0) for n, f in lambda_svc._functions.items() if n != name
    )
    if wanted is not None and CONCURRENCY - others - int(wanted) < UNRESERVED:
        raise own.RefusalError(
            "Specified ReservedConcurrentExecutions for function decreases account's"
            f" UnreservedConcurrentExecution below its minimum value of [{UNRESERVED}]."
        )
    function["concurrency"] = None if wanted is None else int(wanted)


def too_large(event: Any, kind: str) -> Any:
    """Answer to an event that is too large for its kind of invocation, or nothing."""
    size, most = measure(event), MOST_EVENT if kind == "Event" else MOST_REQUEST
    if size <= most:
        return None
    said = f"{size} byte payload is too large for the {kind} invocation type (limit {most} bytes)"
    return error_response_json("RequestTooLargeException", said, 413)


def measure(value: Any) -> int:
    """Return how many bytes a value has as JSON."""
    if isinstance(value, bytes):
        return len(value)
    return len(json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode())


def answered(result: Any) -> Any:
    """Return what an invocation comes to: too large an answer is the function's error."""
    if not isinstance(result, dict) or result.get("throttle"):
        return result
    size = measure(result.get("body"))
    if size <= MOST_ANSWER:
        return result
    said = f"Response payload size exceeded maximum allowed payload size ({MOST_ANSWER} bytes)."
    body = {"errorMessage": said, "errorType": "Function.ResponseSizeTooLarge"}
    return {**result, "error": True, "function_error": "Unhandled", "body": body}


def noted(function: dict[str, Any], result: Any) -> Any:
    """Note what was executed, unless the call was throttled, and return what came of it."""
    code = function.get("code_zip")
    if isinstance(code, bytes) and not (isinstance(result, dict) and result.get("throttle")):
        executed.note_archive(code)
    return result


def start(command: list[str], *, env: dict[str, str], **more: Any) -> subprocess.Popen[str]:
    """Start a function without the variables that are the emulator's own."""
    kept = {n: v for n, v in env.items() if n in SHARED or os.environ.get(n) != v}
    return subprocess.Popen(command, env=kept, **more)


def plug_in() -> None:
    """Stand before and behind each function."""
    kind = "AWS::Lambda::Function"
    refusals.before(kind, variables)
    handlers = provisioners._RESOURCE_HANDLERS
    create, update = handlers[kind]["create"], handlers[kind]["update"]

    def created(*given: Any, **more: Any) -> Any:
        answer = create(*given, **more)
        try:
            reserved(answer[0], given[1])
        except own.RefusalError:
            handlers[kind]["delete"](answer[0], given[1])
            raise
        return answer

    def updated(*given: Any, **more: Any) -> Any:
        answer = update(*given, **more)
        reserved(answer[0], given[2])
        return answer

    handlers[kind] = {**handlers[kind], "create": created, "update": updated}
    invoke, execute = lambda_svc._invoke, lambda_svc._execute_function

    async def invoked(name: str, event: Any, headers: dict[str, str], *more: Any) -> Any:
        names = {key.lower(): value for key, value in headers.items()}
        way = names.get("x-amz-invocation-type", "RequestResponse")
        return too_large(event, way) or await invoke(name, event, headers, *more)

    lambda_svc._invoke = invoked
    lambda_svc._execute_function = lambda *given: noted(given[0], answered(execute(*given)))
    lambda_runtime.subprocess = SimpleNamespace(**{**vars(subprocess), "Popen": start})
