"""A schedule or a rule that starts a target, with role, retries and dead-letter queue."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from troposphere import AWSHelperFn, AWSObject, GetAtt, events, scheduler
from troposphere.awslambda import Permission
from troposphere.iam import Role

from cfngen.cloudformation.cron import schedule_cron
from cfngen.cloudformation.zones import zone_problem
from cfngen.errors import CfngenError, PatternError
from cfngen.patterns.fargate import FargateTask
from cfngen.patterns.functions import PythonFunction
from cfngen.patterns.queues import DeadLetters, dead_letters
from cfngen.patterns.roles import role
from cfngen.patterns.start_targets import Startable, start_target

__all__ = ["Start", "start_on_event", "start_on_schedule"]

# What both EventBridge and Scheduler take (API reference of either, `RetryPolicy`).
MAX_RETRIES = 185
MIN_SECONDS, MAX_SECONDS = 60, 86_400

RATE = re.compile(r"rate\(([1-9][0-9]*) (minute|hour|day)s?\)")
AT = re.compile(r"at\([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\)")
# Days whose meaning is not worked out here: the last one, the nearest weekday, the second Monday.
UNCHECKED_DAYS = re.compile(r"#|\b[0-9]{0,2}(?:L|W|LW)\b")


@dataclass(frozen=True)
class Start:
    """A schedule or a rule, with its role or permission and its dead-letter queue.

    Attributes:
        trigger: the schedule or the rule.
        role: assumed by the trigger; nothing for a rule that calls a function.
        permission: what lets a rule call a function; nothing for all else.
        dead_letters: the dead-letter queue; pass it to `dead_letters_alarm`.
        shares_queue: whether the queue is shared, and therefore not among the resources.
        reason: the comment above the trigger.
    """

    trigger: scheduler.Schedule | events.Rule
    role: Role | None
    permission: Permission | None
    dead_letters: DeadLetters
    shares_queue: bool
    reason: str

    @property
    def resources(self) -> list[tuple[AWSObject, str]]:
        """The resources, each with the comment above it."""
        title = self.trigger.title
        return [
            *([] if self.shares_queue else self.dead_letters.resources),
            *([(self.role, f"Assumed by {title}: it may start this and nothing else.")]
              if self.role else []),
            (self.trigger, self.reason),
            *([(self.permission, "")] if self.permission else []),
        ]  # fmt: skip


def start_on_schedule(
    title: str,
    starts: Startable,
    *,
    expression: Any,
    timezone: Any = "UTC",
    reason: str,
    dead_letter_queue: DeadLetters | None = None,
    retries: int = 20,
    retry_seconds: int = 3600,
    **properties: Any,
) -> Start:
    """Return a schedule of EventBridge Scheduler that starts a target, and what it needs.

    It passes no input, so that it overrides no setting of a project or pipeline.

    Args:
        title: the schedule's logical ID; its role and queue are named after it.
        starts: the target: a project, pipeline, function or Fargate task, as a pattern returns it.
        expression: when, such as `cron(0 2 * * ? *)` or `rate(1 day)`, or a reference to it.
        timezone: the time zone of its clocks, such as `Europe/Dublin`, or a reference to it.
        reason: the comment above the schedule.
        dead_letter_queue: a queue that is shared with others; by default, the schedule gets its
            own.
        retries: how often a start that failed is tried again, 0 to 185.
        retry_seconds: for how long it is tried, 60 to 86400.
        properties: further properties of the schedule, as CloudFormation spells them.

    Raises:
        PatternError: a number or the time zone is none that AWS takes, the expression is none of
            Scheduler's, or this cannot be started.

    Source: AWS pages "Using templated targets in EventBridge Scheduler", "Schedule types" and
    "Configuring a dead-letter queue for EventBridge Scheduler".

    Example:
        >>> from cfngen.patterns import standalone_build
        >>> build = standalone_build(
        ...     "Build", description="Builds", repository="app", buildspec="buildspec.yml", days=30
        ... )
        >>> start = start_on_schedule(
        ...     "Nightly", build, expression="cron(0 2 * * ? *)", reason="Each night."
        ... )
        >>> [resource.title for resource, reason in start.resources]
        ['NightlyLost', 'NightlyLostPolicy', 'NightlyRole', 'Nightly']
    """
    name = "start_on_schedule"
    _check_schedule(name, title, expression, timezone)
    retry = _retry(name, title, retries, retry_seconds)
    target = start_target(name, title, starts, None)
    queue = dead_letter_queue or dead_letters(f"{title}Lost", rules=(), reason=_lost_reason(title))
    starter = role(f"{title}Role", "scheduler", *target.statements, queue.may_send)
    schedule = scheduler.Schedule(
        title,
        ScheduleExpression=expression,
        ScheduleExpressionTimezone=timezone,
        FlexibleTimeWindow=scheduler.FlexibleTimeWindow(Mode="OFF"),
        Target=scheduler.Target(
            Arn=target.arn,
            RoleArn=GetAtt(starter, "Arn"),
            RetryPolicy=scheduler.RetryPolicy(**retry),
            DeadLetterConfig=scheduler.DeadLetterConfig(Arn=queue.arn),
            **target.schedule_parameters,
        ),
        **properties,
    )
    return Start(schedule, starter, None, queue, dead_letter_queue is not None, reason)


def start_on_event(
    title: str,
    starts: Startable,
    *,
    pattern: Mapping[str, Any],
    reason: str = "",
    transformer: events.InputTransformer | None = None,
    variables: Sequence[str] = (),
    dead_letter_queue: DeadLetters | None = None,
    retries: int = 20,
    retry_seconds: int = 3600,
    **properties: Any,
) -> Start:
    """Return a rule of EventBridge that starts a target at an event, and what it needs.

    Builds are started as their project is: whatever an event is made of, it overrides nothing but
    the environment variables that are named.

    Args:
        title: the rule's logical ID; its role and queue are named after it.
        starts: the target: a project, pipeline, function or Fargate task, as a pattern returns it.
        pattern: the event pattern.
        reason: the comment above the rule.
        transformer: the `InputTransformer`; without it, the event itself is passed.
        variables: for a build, the environment variables that the transformer sets.
        dead_letter_queue: a queue that is shared with others and allows this rule to send to it;
            by default, the rule gets its own.
        retries: how often a start that failed is tried again, 0 to 185.
        retry_seconds: for how long it is tried, 60 to 86400.
        properties: further properties of the rule, such as `EventBusName`, as CloudFormation spells
            them.

    Raises:
        PatternError: a number is none that AWS takes, `dead_letter_queue` does not let the rule
            write, variables are named for what is no build, or this cannot be started.

    Source: AWS pages "Event bus targets in Amazon EventBridge", "Using dead-letter queues to
    process undelivered events in EventBridge".
    """
    name = "start_on_event"
    retry = _retry(name, title, retries, retry_seconds)
    target = start_target(name, title, starts, variables)
    rule_arn = GetAtt(title, "Arn")
    queue = dead_letter_queue or dead_letters(
        f"{title}Lost", rules=[rule_arn], reason=_lost_reason(title)
    )
    if rule_arn.to_dict() not in [_plain(arn) for arn in queue.rules]:
        raise PatternError(
            name,
            title,
            "dead_letter_queue",
            f"{queue.queue.title} does not let this rule write; add GetAtt({title!r}, 'Arn') to the"
            " rules= of its dead_letters()",
        )
    common: dict[str, Any] = {
        "RetryPolicy": events.RetryPolicy(**retry),
        "DeadLetterConfig": events.DeadLetterConfig(Arn=queue.arn),
        **({"InputTransformer": transformer} if transformer else {}),
    }
    starter = None
    permission = None
    if isinstance(starts, PythonFunction):
        permission = starts.called_by(title)
        what = events.Target(Id=target.id, Arn=target.arn, **common)
    else:
        starter = role(f"{title}Role", "events", *target.statements)
        what = (
            starts.target(starter, **common)
            if isinstance(starts, FargateTask)
            else events.Target(
                Id=target.id, Arn=target.arn, RoleArn=GetAtt(starter, "Arn"), **common
            )
        )
    rule = events.Rule(title, EventPattern=dict(pattern), Targets=[what], **properties)
    return Start(rule, starter, permission, queue, dead_letter_queue is not None, reason)


def _check_schedule(name: str, title: str, expression: Any, timezone: Any) -> None:
    """Raise a PatternError for a time that Scheduler does not know."""
    if isinstance(timezone, str) and (problem := zone_problem(timezone)):
        raise PatternError(name, title, "timezone", problem)
    if not isinstance(expression, str) or RATE.fullmatch(expression) or AT.fullmatch(expression):
        return
    problem = f"{expression!r} is no cron(...), rate(...) or at(...) of EventBridge Scheduler"
    if expression.startswith("cron("):
        if UNCHECKED_DAYS.search(expression):
            return
        try:
            schedule_cron(expression)
        except CfngenError as error:
            problem = str(error)
        else:
            return
    raise PatternError(name, title, "expression", problem)


def _retry(name: str, title: str, retries: int, seconds: int) -> dict[str, int]:
    """Return a retry policy, or refuse one that AWS does not take."""
    if not 0 <= retries <= MAX_RETRIES:
        raise PatternError(name, title, "retries", f"{retries}; AWS takes 0 to {MAX_RETRIES}")
    if not MIN_SECONDS <= seconds <= MAX_SECONDS:
        raise PatternError(
            name, title, "retry_seconds", f"{seconds}; AWS takes {MIN_SECONDS} to {MAX_SECONDS}"
        )
    return {"MaximumRetryAttempts": retries, "MaximumEventAgeInSeconds": seconds}


def _lost_reason(title: str) -> str:
    return f"What {title} could not start."


def _plain(arn: Any) -> Any:
    return arn.to_dict() if isinstance(arn, AWSHelperFn) else arn
