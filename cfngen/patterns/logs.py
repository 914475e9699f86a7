"""A log group with a retention period, and permission to write to it."""

from __future__ import annotations

from typing import Any

from awacs import logs
from troposphere import GetAtt
from troposphere.logs import LogGroup

from cfngen.authoring.iam import Statement, allow
from cfngen.authoring.waivers import waive
from cfngen.errors import PatternError

__all__ = ["RETENTION_DAYS", "log_group", "write_logs"]

# The retention periods CloudWatch Logs knows, in days (AWS API PutRetentionPolicy).
RETENTION_DAYS = (
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731,
    1096, 1827, 2192, 2557, 2922, 3288, 3653,
)  # fmt: skip


def log_group(title: str, *, days: Any) -> LogGroup:
    """Return a log group that keeps events for some days and is deleted with the stack.

    It is created before what writes to it, and passed by reference, so that no role needs
    permission to create log groups, and none remains without a retention period.

    Args:
        title: the logical ID.
        days: days that an event is kept, one of `RETENTION_DAYS`, or a reference to them.

    Raises:
        PatternError: CloudWatch Logs does not have that retention period.

    Source: AWS API reference of CloudWatch Logs, "PutRetentionPolicy".

    Example:
        >>> log_group("AppLog", days=30).to_dict()["Properties"]
        {'RetentionInDays': 30}
        >>> log_group("AppLog", days=45)
        Traceback (most recent call last):
        cfngen.errors.PatternError: log_group('AppLog'): days: 45 is no retention period of
        CloudWatch Logs; take 30 or 60
    """
    if (isinstance(days, int) and days not in RETENTION_DAYS) or days is None:
        raise PatternError("log_group", title, "days", _retention_problem(days))
    group = LogGroup(
        title, RetentionInDays=days, DeletionPolicy="Delete", UpdateReplacePolicy="Delete"
    )
    return waive(
        group,
        "checkov:CKV_AWS_158",
        reason="CloudWatch encrypts every log group with a key of its own, and who may read one is"
        " up to IAM with either key; our programs write no secrets there, CodeBuild masks those"
        " that it hands to builds, and events go after the days that were asked for.",
    )


def write_logs(log: LogGroup) -> Statement:
    """Allow writing to one log group, and creating streams in it, but no groups."""
    return waive(
        allow(logs.CreateLogStream, logs.PutLogEvents, on=GetAtt(log, "Arn")),
        "documented:logs:CreateLogGroup",
        reason="The group is a resource of the same template and is made first; whoever can make"
        " groups can leave one that never forgets.",
    )


def _retention_problem(days: int | None) -> str:
    """Return what is wrong with a number of days, and the nearest that are right."""
    if days is None:
        return "say how long events are kept, in days; without it they would be kept for ever"
    fewer = [str(period) for period in RETENTION_DAYS if period < days][-1:]
    more = [str(period) for period in RETENTION_DAYS if period > days][:1]
    return f"{days} is no retention period of CloudWatch Logs; take {' or '.join(fewer + more)}"
