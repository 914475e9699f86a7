"""A Lambda function in Python, embedded in the template, with its role and log group."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from troposphere import AWSObject, GetAtt, Ref, awslambda
from troposphere.iam import Role
from troposphere.logs import LogGroup

from cfngen.authoring.iam import Statement
from cfngen.authoring.payload import Payload
from cfngen.authoring.waivers import waive
from cfngen.deprecation import renamed_keywords
from cfngen.errors import PatternError
from cfngen.patterns.logs import log_group, write_logs
from cfngen.patterns.queues import DeadLetters
from cfngen.patterns.roles import role

__all__ = ["PythonFunction", "python_function"]

RUNTIME = "python3.13"
MAX_SECONDS = 900


class LoggingConfig(awslambda.LoggingConfig):  # type: ignore[misc]
    """Adds the log format, which troposphere loses because it names two classes alike."""

    props = {  # noqa: RUF012 - troposphere's own way to declare properties
        "ApplicationLogLevel": (str, False),
        "LogFormat": (str, False),
        "LogGroup": (str, False),
        "SystemLogLevel": (str, False),
    }


@dataclass(frozen=True)
class PythonFunction:
    """A function with the log group it writes to and the role that it assumes.

    Attributes:
        log: its log group.
        role: its role.
        function: the function.
        reason: the comment above the function.
        shares_log: whether the log group is shared, and therefore not among the resources.
    """

    log: LogGroup
    role: Role
    function: awslambda.Function
    reason: str
    shares_log: bool = False

    @property
    def resources(self) -> list[tuple[AWSObject, str]]:
        """The resources, each with the comment above it."""
        return [
            *([] if self.shares_log else [(self.log, "")]),
            (self.role, f"Assumed by {self.function.title}."),
            (self.function, self.reason),
        ]

    @property
    def arn(self) -> GetAtt:
        """The function's ARN."""
        return GetAtt(self.function, "Arn")

    def called_by(self, rule: str) -> awslambda.Permission:
        """Return the permission of a rule of EventBridge to call it.

        Args:
            rule: the rule's logical ID.
        """
        return awslambda.Permission(
            f"{rule}Permission",
            FunctionName=self.arn,
            Action="lambda:InvokeFunction",
            Principal="events.amazonaws.com",
            SourceArn=GetAtt(rule, "Arn"),
        )


@renamed_keywords(why="reason", lost="dead_letter_queue")
def python_function(
    title: str,
    code: Payload,
    *statements: Statement,
    reason: str,
    days: Any = None,
    log: LogGroup | None = None,
    dead_letter_queue: DeadLetters | None = None,
    architecture: str = "arm64",
    environment: dict[str, Any] | None = None,
    seconds: int = 10,
) -> PythonFunction:
    """Return a function whose handler is `handler(event, context)` in `code`.

    Args:
        title: the function's logical ID; its log group and role are named after it.
        code: the source, embedded as it is.
        statements: permissions besides writing its log, from `allow`.
        reason: the comment above it.
        days: days that its log is kept, if it is its own.
        log: a log group that it shares with others.
        dead_letter_queue: the queue for events that failed three times.
        architecture: `arm64` or `x86_64`.
        environment: its environment variables.
        seconds: its timeout, 900 at most.

    Raises:
        PatternError: neither `days` nor `log` is given, or both, or Lambda does not accept the
            timeout.

    Source: AWS pages "Lambda quotas" and "Retaining records of asynchronous invocations".
    """
    if (days is None) == (log is None):
        raise PatternError(
            "python_function",
            title,
            "days",
            "say either days=, how long the function's own log is kept, or log=, which it shares",
        )
    if not 1 <= seconds <= MAX_SECONDS:
        raise PatternError(
            "python_function", title, "seconds", f"{seconds}; Lambda takes 1 to {MAX_SECONDS}"
        )
    shares = log is not None
    log = log or log_group(f"{title}Log", days=days)
    may_send = [dead_letter_queue.may_send] if dead_letter_queue else []
    function_role = role(f"{title}Role", "lambda", *statements, *may_send, write_logs(log))
    function = awslambda.Function(
        title,
        Runtime=RUNTIME,
        Handler="index.handler",
        Architectures=[architecture],
        MemorySize=256,
        Timeout=seconds,
        Role=GetAtt(function_role, "Arn"),
        LoggingConfig=LoggingConfig(LogFormat="JSON", LogGroup=Ref(log)),
        **({"Environment": awslambda.Environment(Variables=environment)} if environment else {}),
        Code=awslambda.Code(ZipFile=code),
        **(
            {"DeadLetterConfig": awslambda.DeadLetterConfig(TargetArn=dead_letter_queue.arn)}
            if dead_letter_queue
            else {}
        ),
    )
    waive(
        function,
        "checkov:CKV_AWS_115",
        reason="A reservation is taken from what the whole account may run at once, which in a new"
        " account is too little to reserve any; how often it is called is up to what calls it.",
    )
    waive(
        function,
        "checkov:CKV_AWS_117",
        reason="It calls nothing but AWS's own APIs, with a role that may do what is named; in a"
        " VPC it would need a NAT gateway or endpoints for the same calls, and reach more than it"
        " does now.",
    )
    waive(
        function,
        "cdk-nag:AwsSolutions-L1",
        reason="AWS supports python3.13 until 30 June 2029, the same day as python3.14, which is"
        " the newest; one constant, RUNTIME, changes it for all.",
    )
    if environment:
        waive(
            function,
            "checkov:CKV_AWS_173",
            reason="The variables hold names, addresses and settings and no secret, which is read"
            " from Secrets Manager when it is needed; Lambda encrypts them with the key that AWS"
            " manages.",
        )
    return PythonFunction(log, function_role, function, reason, shares)
