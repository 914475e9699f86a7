"""A webhook URL with an authorizer, which calls an AWS service without a Lambda function."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from troposphere import AWSObject, GetAtt, Ref, Sub
from troposphere.apigateway import (
    AccessLogSetting,
    Deployment,
    EndpointConfiguration,
    Method,
    MethodResponse,
    MethodSetting,
    Resource,
    RestApi,
    Stage,
)
from troposphere.awslambda import Permission
from troposphere.iam import Role
from troposphere.logs import LogGroup

from cfngen.authoring.encoding import encode
from cfngen.authoring.payload import Payload
from cfngen.authoring.waivers import waive
from cfngen.patterns.functions import PythonFunction
from cfngen.patterns.webhook_requests import (
    authorizer_permission,
    credentials_challenge,
    request_authorizer,
    service_integration,
)

__all__ = ["Webhook", "webhook"]

STAGE = "v1"
# What the access log says of a request: enough to see who was refused why, and nothing that could
# hold a credential: no path, no query string, no header.
ACCESS_LOG_FORMAT = json.dumps(
    {
        "requestId": "$context.requestId",
        "ip": "$context.identity.sourceIp",
        "status": "$context.status",
        "integrationStatus": "$context.integration.status",
        "authorizerStatus": "$context.authorizer.status",
        "time": "$context.requestTime",
    }
)

METHOD = """\
A request that is neither a form nor JSON gets a 415.
What is sent to the service is always the same, whatever the body of the request is.
The sender gets a 202 if the service took it, and a 503 for every other answer."""
SNAPSHOT = """\
A deployment is a snapshot. The end of its name is a digest of what it holds, so
that a change of the API is a new deployment."""


STAGED = """\
What may change without a new snapshot is a variable of the stage. The throttle
bounds what a flood of requests costs."""


@dataclass(frozen=True)
class Webhook:
    """A deployed API with one method, and its authorizer."""

    title: str
    frozen: tuple[tuple[AWSObject, str], ...]
    permission: Permission
    deployment: Deployment
    stage: Stage
    path: str

    @property
    def resources(self) -> list[tuple[AWSObject, str]]:
        """The resources, each with the comment above it."""
        return [
            *self.frozen,
            (self.permission, ""),
            (
                self.deployment,
                SNAPSHOT,
            ),
            (self.stage, STAGED),
        ]

    @property
    def url(self) -> Sub:
        """The URL to register, without credentials."""
        host = f"${{{self.title}Api}}.execute-api.${{AWS::Region}}.${{AWS::URLSuffix}}"
        return Sub(f"https://{host}/{STAGE}/{self.path}")

    @property
    def dimensions(self) -> dict[str, Any]:
        """The dimensions of its metrics, such as `AWS/ApiGateway 5XXError`.

        Source: AWS page "Amazon API Gateway dimensions and metrics".
        """
        api = self.frozen[0][0]
        return {"ApiName": api.Name, "Stage": STAGE}

    @property
    def stage_arn(self) -> Sub:
        """The ARN of the stage, as WAF wants it."""
        return Sub(
            "arn:${AWS::Partition}:apigateway:${AWS::Region}::"
            f"/restapis/${{{self.title}Api}}/stages/${{{self.stage.title}}}"
        )


def webhook(
    title: str,
    *,
    path: str,
    action: str,
    target: str,
    body: Payload,
    role: Role,
    guard: PythonFunction,
    challenge: bool,
    variables: dict[str, Any],
    identity: tuple[str, ...] = (),
    access_log: LogGroup | None = None,
    rate: int = 5,
    burst: int = 20,
) -> Webhook:
    """Return an API that takes posts at one path and calls one action of an AWS service.

    Posts may be forms or JSON; other types get a 415. Nothing of the request is passed on: the
    request sent to the service is `body`, which may hold stage variables and the time, and nothing
    that a caller chose. What the service answers is not passed back: 202 when it took the request,
    503 for everything else, so that a sender who retries on 5xx does.

    Nothing that the deployment freezes depends on a parameter, which would be ignored when it
    changes later. Put what may change into `variables`.

    Args:
        title: the beginning of the logical IDs.
        path: the part of the URL behind the stage.
        action: service and action, such as `codebuild:action/StartBuild`.
        target: the value of `X-Amz-Target` for it.
        body: the mapping template.
        role: what API Gateway calls the service with.
        guard: the authorizer, of type REQUEST.
        challenge: whether to ask for Basic credentials with a 401.
        variables: stage variables.
        identity: its identity sources. With them, API Gateway refuses a request that lacks one of
            them without asking the function, and remembers an answer for five minutes. Without, it
            asks for each request, so that the function can take credentials from several places.
        access_log: where to log requests; needs the account's CloudWatch role for API Gateway.
        rate: requests per second that are let through.
        burst: requests at once that are let through.

    Source: AWS pages "Use API Gateway Lambda authorizers" and "Method request behavior for
    payloads without mapping templates for REST APIs in API Gateway"; API reference of API Gateway,
    CreateAuthorizer (identity sources are optional where nothing is remembered).
    """
    api = RestApi(
        f"{title}Api",
        Name=Sub(f"${{AWS::StackName}}-{title}"),
        EndpointConfiguration=EndpointConfiguration(Types=["REGIONAL"]),
    )
    waive(
        api,
        "cdk-nag:AwsSolutions-APIG2",
        reason="There is nothing to validate, since nothing of the request is passed on: what is"
        " sent to the service is constant, and other types than forms and JSON get a 415.",
    )
    resource = Resource(
        f"{title}Path", RestApiId=Ref(api), ParentId=GetAtt(api, "RootResourceId"), PathPart=path
    )
    authorizer = request_authorizer(title, api, guard, identity)
    method = Method(
        f"{title}Post",
        RestApiId=Ref(api),
        ResourceId=Ref(resource),
        HttpMethod="POST",
        AuthorizationType="CUSTOM",
        AuthorizerId=Ref(authorizer),
        Integration=service_integration(action, target, body, role),
        MethodResponses=[MethodResponse(StatusCode="202"), MethodResponse(StatusCode="503")],
    )
    waive(
        method,
        "cdk-nag:AwsSolutions-COG4",
        reason="The caller is a service that can send a password and has no user in Cognito; an"
        " authorizer of its own decides who is let through.",
    )
    frozen: list[tuple[AWSObject, str]] = [
        (api, ""),
        (resource, ""),
        (authorizer, ""),
        (method, METHOD),
    ]
    served = [method.title]
    if challenge:
        response = credentials_challenge(title, api)
        served.append(response.title)
        frozen.append((response, "For senders who give credentials only when asked for them."))
    permission = authorizer_permission(title, api, guard, authorizer)
    deployment = Deployment(
        f"Deployment{_digest(frozen)}",
        RestApiId=Ref(api),
        DependsOn=served,
    )
    stage = Stage(
        f"{title}Stage",
        RestApiId=Ref(api),
        DeploymentId=Ref(deployment),
        StageName=STAGE,
        Variables=variables,
        MethodSettings=[
            MethodSetting(
                HttpMethod="*",
                ResourcePath="/*",
                ThrottlingRateLimit=rate,
                ThrottlingBurstLimit=burst,
            )
        ],
    )
    if access_log:
        stage.AccessLogSetting = AccessLogSetting(
            DestinationArn=Sub(
                "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:"
                f"${{{access_log.title}}}"
            ),
            Format=ACCESS_LOG_FORMAT,
        )
    _waive_stage(stage, logged=access_log is not None)
    return Webhook(title, tuple(frozen), permission, deployment, stage, path)


def _waive_stage(stage: Stage, *, logged: bool) -> None:
    """Say why a stage has no more than it has."""
    waive(
        stage,
        "cdk-nag:AwsSolutions-APIG6",
        *(() if logged else ("checkov:CKV_AWS_76", "cdk-nag:AwsSolutions-APIG1")),
        reason="Logs need a role that API Gateway has once for the whole account and region, which"
        " a stack must not set for all others; where there is one, access_log= logs requests, and"
        " the authorizer has a log anyway.",
    )
    waive(
        stage,
        "cdk-nag:AwsSolutions-APIG3",
        reason="A web ACL costs seven dollars a month at rest, so it is a choice, which the pattern"
        " firewall makes; without it there are the authorizer and a throttle.",
    )
    waive(
        stage,
        "checkov:CKV_AWS_120",
        reason="Every call has to start something, so that an answer from a cache would be an event"
        " that is lost.",
    )
    waive(
        stage,
        "checkov:CKV_AWS_73",
        reason="A request goes to one service, whose answer decides the status; there is no way"
        " through several services that a trace would show.",
    )


def _digest(frozen: list[tuple[AWSObject, str]]) -> str:
    """Return ten letters of digest over everything a deployment takes a snapshot of."""
    snapshot = {thing.title: encode(thing) for thing, _ in frozen}
    text = json.dumps(snapshot, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8")).hexdigest()[:10]
