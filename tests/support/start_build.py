"""What CodeBuild remembers and counts of StartBuild, for all stand-ins of it.

Sources: AWS's API reference of StartBuild (a token is valid for five minutes; another parameter is
a mismatch), its user guide's "Quotas" (the queue holds five times what may run, of projects with
no limit of their own) and "Set a concurrent build limit" (StartBuild fails at once).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

SECONDS = 300  # that a token is remembered
QUEUE = 5  # times the builds that may run at once


class StartBuildError(Exception):
    """A refusal: its code and its message."""


@dataclass
class Tokens:
    """Idempotency tokens, each of a region and a project."""

    clock: Callable[[], float] = time.monotonic
    kept: dict[tuple[str, str, str], tuple[float, dict[str, Any], str]] = field(
        default_factory=dict
    )

    def build(self, region: str, asked: dict[str, Any]) -> str:
        """Return the build that a request has started before, or nothing.

        Raises:
            StartBuildError: the token came with another request.
        """
        found = self.kept.get(key(region, asked))
        if not found or not asked.get("idempotencyToken"):
            return ""
        since, before, build = found
        if self.clock() - since > SECONDS:
            return ""
        if before != asked:
            raise StartBuildError(
                "InvalidInputException", "Parameter mismatch for the idempotency token."
            )
        return build

    def keep(self, region: str, asked: dict[str, Any], build: str) -> None:
        """Remember the build that a request has started."""
        if asked.get("idempotencyToken"):
            self.kept[key(region, asked)] = (self.clock(), dict(asked), build)


def key(region: str, asked: dict[str, Any]) -> tuple[str, str, str]:
    """Return what a request's token is remembered by."""
    return region, asked["projectName"], asked.get("idempotencyToken", "")


def queued(
    *, account: int, running: int, waiting: int, project: int | None, of_project: int
) -> bool:
    """Tell whether one more build has to wait in the queue.

    Args:
        account: how many builds of its kind may run at once.
        running: how many do.
        waiting: how many are in the queue.
        project: the project's own limit, if it has one.
        of_project: how many of its builds run or wait.

    Raises:
        StartBuildError: there is no room in the queue, either, or the project is full.
    """
    code = "AccountLimitExceededException"
    if project is not None and of_project >= project:
        raise StartBuildError(
            code, f"Cannot have more than {project} active builds for the project"
        )
    if running < account:
        return False
    if project is not None:
        raise StartBuildError(
            code, f"Cannot have more than {account} active builds for the account"
        )
    if waiting >= QUEUE * account:
        raise StartBuildError(code, f"Cannot have more than {QUEUE * account} builds in queue")
    return True
