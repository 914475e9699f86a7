"""Which condition keys AWS's services are documented to send, to trust and to resource policies.

A key that no page promises is not in a request's context here, whatever AWS may send: a policy that
needs it would rest on luck. Where pages disagree, the key is left out.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

ACCOUNT = os.environ["MINISTACK_ACCOUNT_ID"]
DOCS = "https://docs.aws.amazon.com/"


@dataclass(frozen=True)
class Sends:
    """What a service says of the resource that it acts for.

    Attributes:
        arn: whether `aws:SourceArn` is sent.
        account: whether `aws:SourceAccount` is.
        page: the page that says so, or that says nothing where it would.
        read: when that was read.
    """

    arn: bool
    account: bool
    page: str
    read: str = "2026-11-30"


NOTHING = Sends(False, False, "", "")
# To the trust policy of a role, by the service that assumes it.
TO_ROLES = {
    "apigateway.amazonaws.com": Sends(
        arn=False,
        account=False,
        page=f"{DOCS}apigateway/latest/developerguide/permissions.html",
    ),
    "cloudformation.amazonaws.com": Sends(
        arn=True,  # of the stack set; nothing is promised for a stack's own role
        account=True,
        page=f"{DOCS}AWSCloudFormation/latest/UserGuide/stacksets-prereqs-self-managed.html",
    ),
    "codebuild.amazonaws.com": Sends(
        arn=True,  # of the project
        account=True,
        page=f"{DOCS}codebuild/latest/userguide/cross-service-confused-deputy-prevention.html",
    ),
    "codepipeline.amazonaws.com": Sends(
        arn=True,  # of the pipeline
        account=True,
        page=f"{DOCS}codepipeline/latest/userguide/cross-service-confused-deputy-prevention.html",
    ),
    "ecs-tasks.amazonaws.com": Sends(
        arn=True,  # something of ECS in the region and account
        account=True,
        page=f"{DOCS}AmazonECS/latest/developerguide/task-iam-roles.html",
    ),
    "events.amazonaws.com": Sends(
        arn=True,  # of the rule
        account=True,
        page=f"{DOCS}eventbridge/latest/userguide/eb-use-conditions.html",
    ),
    # The guide's page on managed policies shows both keys in a trust policy; that Lambda sends them
    # when a function is created is reported not to be so. The harder reading is taken.
    "lambda.amazonaws.com": Sends(
        arn=False,
        account=False,
        page=f"{DOCS}lambda/latest/dg/permissions-source-function-arn.html",
    ),
    "scheduler.amazonaws.com": Sends(
        arn=True,  # of the schedule group, never of the schedule
        account=True,
        page=f"{DOCS}scheduler/latest/UserGuide/cross-service-confused-deputy-prevention.html",
    ),
}
# To the policy of a resource, by the service that acts and the service that the resource is of.
TO_RESOURCES = {
    ("apigateway.amazonaws.com", "lambda"): Sends(
        arn=True,  # of the authorizer or the method
        account=False,
        page=f"{DOCS}apigateway/latest/developerguide/api-gateway-lambda-authorizer-lambda-"
        "function-create.html",
    ),
    ("cloudwatch.amazonaws.com", "sns"): Sends(
        arn=True,  # of the alarm
        account=True,
        page=f"{DOCS}AmazonCloudWatch/latest/monitoring/Notify_Users_Alarm_Changes.html",
    ),
    ("codecommit.amazonaws.com", "lambda"): Sends(
        arn=True,  # of the repository
        account=True,
        page=f"{DOCS}codecommit/latest/userguide/how-to-notify-lambda-cc.html",
    ),
    ("events.amazonaws.com", "lambda"): Sends(
        arn=True,  # of the rule
        account=True,
        page=f"{DOCS}eventbridge/latest/userguide/eb-use-conditions.html",
    ),
    # Its statement has no condition, where those for Lambda and SQS have one.
    ("events.amazonaws.com", "sns"): Sends(
        arn=False,
        account=False,
        page=f"{DOCS}eventbridge/latest/userguide/eb-use-resource-based.html",
    ),
    ("events.amazonaws.com", "sqs"): Sends(
        arn=True,
        account=True,
        page=f"{DOCS}eventbridge/latest/userguide/eb-use-resource-based.html",
    ),
}


def context(principal: str, action: str, source: str) -> dict[str, str]:
    """Return the keys of a request that a service makes in its own name.

    Args:
        principal: the service's.
        action: what it asks for.
        source: the ARN of the resource that it acts for, as far as that is known.
    """
    service = action.partition(":")[0]
    table = TO_ROLES.get(principal) if service == "sts" else TO_RESOURCES.get((principal, service))
    sends = table or NOTHING
    made = {"aws:sourceaccount": ACCOUNT} if sends.account else {}
    if sends.arn and source:
        made["aws:sourcearn"] = group_of(source)
    return made


def group_of(source: str) -> str:
    """Return a schedule's group, in whose name Scheduler acts; any other ARN as it is."""
    start, kind, names = source.partition(":schedule/")
    return f"{start}:schedule-group/{names.partition('/')[0]}" if kind else source
