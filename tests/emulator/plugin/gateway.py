"""What API Gateway refuses of stages, deployments and its account's settings.

Sources: API references of CreateDeployment, CreateStage and UpdateAccount; "Set up CloudWatch
logging for REST APIs in API Gateway".
"""

from __future__ import annotations

from typing import Any

import own
import refusals
from ministack.core import responses
from ministack.core.iam_evaluator import enforce
from ministack.services import apigateway_v1, cloudwatch_logs

Properties = dict[str, Any]
SERVICE = "apigateway.amazonaws.com"
NO_ROLE = "CloudWatch Logs role ARN must be set in account settings to enable logging"
NO_RIGHTS = (
    "The role ARN does not have required permissions configured. Please grant trust permission for"
    " API Gateway and add the required role policy."
)


def deployable(props: Properties) -> None:
    """Refuse to deploy an API that has nothing to call.

    Raises:
        RefusalError: it has no method, or one without an integration.
    """
    resources = apigateway_v1._resources.get(props.get("RestApiId", ""), {}).values()
    methods = [m for r in resources for m in (r.get("resourceMethods") or {}).values()]
    if not methods:
        raise own.RefusalError("The REST API doesn't contain any methods (BadRequestException)")
    if not all(method.get("methodIntegration") for method in methods):
        raise own.RefusalError("No integration defined for method (BadRequestException)")


def logging(props: Properties) -> None:
    """Refuse a stage whose logs nobody could write.

    Raises:
        RefusalError: the account has no role for logs, or there is no such group.
    """
    settings = props.get("MethodSettings", [])
    wanted = any(
        each.get("LoggingLevel", "OFF") != "OFF" or str(each.get("DataTraceEnabled")) == "true"
        for each in settings
    )
    access = props.get("AccessLogSetting", {}).get("DestinationArn", "")
    role = (apigateway_v1._account_settings.get("settings") or {}).get("cloudwatchRoleArn")
    if (wanted or access) and not role:
        raise own.RefusalError(f"{NO_ROLE} (BadRequestException)")
    group = access.partition(":log-group:")[2].removesuffix(":*")
    if access and ":firehose:" not in access and group not in cloudwatch_logs._log_groups:
        raise own.RefusalError(f"Invalid ARN specified in the request: {access} does not exist")


def may_log(arn: str) -> bool:
    """Tell whether API Gateway may write logs by a role."""
    if not own.trusts(arn, SERVICE):
        return False
    region = responses.get_region()
    on = f"arn:aws:logs:{region}:{own.ACCOUNT}:log-group:API-Gateway-Execution-Logs_x/y"
    key = own.opened(arn, "apigateway")["aws_access_key_id"]
    wanted = ("logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents")
    return all(enforce(key, action, "logs", region, resource_arn=on) is None for action in wanted)


def account(props: Properties) -> None:
    """Refuse a role by which API Gateway cannot write logs.

    Raises:
        RefusalError: it is not trusted to API Gateway, or may not write.
    """
    arn = props.get("CloudWatchRoleArn")
    if arn and not may_log(arn):
        raise own.RefusalError(f"{NO_RIGHTS} (BadRequestException)")


def plug_in() -> None:
    """Look at what API Gateway is given by templates, and at its account by whomever."""
    refusals.before("AWS::ApiGateway::Account", account)
    refusals.before("AWS::ApiGateway::Deployment", deployable)
    refusals.before("AWS::ApiGateway::Stage", logging)
    update = apigateway_v1._update_account

    def updated(asked: Properties) -> Any:
        for change in asked.get("patchOperations", []):
            arn = change.get("value")
            if change.get("path") == "/cloudwatchRoleArn" and arn and not may_log(arn):
                return apigateway_v1._v1_error("BadRequestException", NO_RIGHTS, 400)
        return update(asked)

    apigateway_v1._update_account = updated
