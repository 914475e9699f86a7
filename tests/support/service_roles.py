"""What AWS's services do by a role around a build or a task: its keys, its log, what it may do."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler

from botocore.exceptions import ClientError
from support.codecommit_git import ACCOUNT
from support.emulator import Emulator
from support.loopback import Loopback, reply_json

CODEBUILD, ECS = "codebuild.amazonaws.com", "ecs-tasks.amazonaws.com"


class NotAllowedError(AssertionError):
    """A role lacks what AWS needs it for around a build or a task."""


@dataclass(frozen=True)
class ServiceRole:
    """A role as a service has it.

    Attributes:
        emulator: where the role is.
        region: where the service acts.
        arn: the role's.
        principal: the service.
        source: ARN of what the service acts for.
    """

    emulator: Emulator
    region: str
    arn: str
    principal: str
    source: str

    def keys(self) -> dict[str, str]:
        """Return the role's keys, as arguments of a client."""
        request = {"arn": self.arn, "principal": self.principal, "source": self.source}
        keys: dict[str, str] = self.emulator.call("role", region=self.region, **request)
        return keys

    def demand(self, action: str, resource: str) -> None:
        """Raise NotAllowedError unless the role may do something."""
        request = {"action": action, "resource": resource}
        key = self.keys()["aws_access_key_id"]
        if not self.emulator.call("may", region=self.region, key=key, **request):
            raise NotAllowedError(f"{self.arn}: {action} on {resource} is not allowed")

    def log(self, group: str, stream: str, text: str) -> None:
        """Write a log.

        Raises:
            NotAllowedError: the role may not, or there is no such group.

        """
        arn = f"arn:aws:logs:{self.region}:{ACCOUNT}:log-group:{group}:log-stream:{stream}"
        for action in ("CreateLogStream", "PutLogEvents"):
            self.demand(f"logs:{action}", arn)
        # As root: ministack asks CreateLogStream of the group, where AWS asks it of the stream.
        client = self.emulator.client("logs", self.region)
        where = {"logGroupName": group, "logStreamName": stream}
        lines = [line[:200_000] for line in text.splitlines() if line] or ["nothing"]
        now = int(time.time() * 1000)
        try:
            client.create_log_stream(**where)
            events = [{"timestamp": now, "message": line} for line in lines[:10_000]]
            client.put_log_events(**where, logEvents=events)
        except ClientError as why:
            raise NotAllowedError(f"no log is written to {group}: {why}") from why

    def pull(self, image: str) -> None:
        """Demand what it takes to pull an image from ECR, if it is there.

        Source: ECS's "Amazon ECS task execution IAM role".
        """
        account, _, name = image.partition(".dkr.ecr.")
        if name:
            path = name.partition("/")[2].rpartition(":")[0]
            arn = f"arn:aws:ecr:{self.region}:{account}:repository/{path}"
            self.demand("ecr:GetAuthorizationToken", "*")
            self.demand("ecr:GetDownloadUrlForLayer", arn)
            self.demand("ecr:BatchGetImage", arn)


class ContainerCredentials(Loopback):
    """What a container finds out about its role: keys that are fetched anew each time."""

    def __init__(self, keys: Callable[[], dict[str, str]]) -> None:
        """Serve a role's keys."""

        class Ours(BaseHTTPRequestHandler):
            def log_message(self, *_: object) -> None:
                """Stay silent."""

            def do_GET(self) -> None:
                """Answer with the keys and their end, which ECS sets six hours later at most."""
                role, until = keys(), datetime.now(UTC) + timedelta(hours=6)
                answer = {
                    "AccessKeyId": role["aws_access_key_id"],
                    "SecretAccessKey": role["aws_secret_access_key"],
                    "Token": role["aws_session_token"],
                    "Expiration": f"{until:%Y-%m-%dT%H:%M:%SZ}",
                }
                reply_json(self, 200, answer)

        self.listen(Ours)
