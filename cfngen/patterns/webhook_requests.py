"""How a request of a webhook is let in, handed on as a constant one, and answered."""

from __future__ import annotations

from typing import Any

from troposphere import GetAtt, Ref, Sub
from troposphere.apigateway import (
    Authorizer,
    GatewayResponse,
    Integration,
    IntegrationResponse,
    RestApi,
)
from troposphere.awslambda import Permission
from troposphere.iam import Role

from cfngen.authoring.payload import Payload
from cfngen.patterns.functions import PythonFunction

__all__: list[str] = []  # for `webhook`, which makes the rest

# A type with a parameter, such as `; charset=UTF-8`, is the same type; none at all is JSON.
TYPES = ("application/x-www-form-urlencoded", "application/json")


def request_authorizer(
    title: str, api: RestApi, guard: PythonFunction, identity: tuple[str, ...]
) -> Authorizer:
    """Return what asks the function whether a request is let through.

    With identity sources the answer is kept for five minutes, under their values. Without, it must
    not be kept: the answer for one request would be that for all others.
    """
    invoke = "lambda:path/2015-03-31/functions/${" + guard.function.title + ".Arn}/invocations"
    return Authorizer(
        f"{title}Authorizer",
        RestApiId=Ref(api),
        Name="credentials",
        Type="REQUEST",
        **({"IdentitySource": ", ".join(identity)} if identity else {}),
        AuthorizerResultTtlInSeconds=300 if identity else 0,
        AuthorizerUri=Sub("arn:${AWS::Partition}:apigateway:${AWS::Region}:" + invoke),
    )


def service_integration(action: str, target: str, body: Payload, role: Role) -> Integration:
    """Return the call of the service: a constant request, and no word of its answer."""
    return Integration(
        Type="AWS",
        IntegrationHttpMethod="POST",
        Uri=Sub("arn:${AWS::Partition}:apigateway:${AWS::Region}:" + action),
        Credentials=GetAtt(role, "Arn"),
        PassthroughBehavior="NEVER",
        RequestParameters={
            "integration.request.header.Content-Type": "'application/x-amz-json-1.1'",
            "integration.request.header.X-Amz-Target": f"'{target}'",
        },
        RequestTemplates=dict.fromkeys(TYPES, body),
        IntegrationResponses=[
            _answer("202", '{"accepted": true}', SelectionPattern=r"2\d{2}"),
            _answer("503", '{"accepted": false}'),
        ],
    )


def credentials_challenge(title: str, api: RestApi) -> GatewayResponse:
    """Return the answer that asks for Basic credentials."""
    return GatewayResponse(
        f"{title}Challenge",
        RestApiId=Ref(api),
        ResponseType="UNAUTHORIZED",
        StatusCode="401",
        ResponseParameters={"gatewayresponse.header.WWW-Authenticate": "'Basic realm=\"webhook\"'"},
    )


def authorizer_permission(
    title: str, api: RestApi, guard: PythonFunction, authorizer: Authorizer
) -> Permission:
    """Return what lets the authorizer call its function."""
    return Permission(
        f"{title}MayAuthorize",
        FunctionName=guard.arn,
        Action="lambda:InvokeFunction",
        Principal="apigateway.amazonaws.com",
        SourceArn=Sub(
            "arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:"
            f"${{{api.title}}}/authorizers/${{{authorizer.title}}}"
        ),
    )


def _answer(status: str, body: str, **pattern: Any) -> IntegrationResponse:
    return IntegrationResponse(
        StatusCode=status, **pattern, ResponseTemplates={"application/json": body}
    )
