"""Which condition keys AWS's services are documented to send, to trust and to resource policies.

A key that no page shows is not in a request's context here, whatever AWS may send: a policy that
needs it would rest on luck. Where pages disagree, the key is left out. Where a template of ours
needs a key that is only inferred, `inference` says from what.
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
        page: the page that shows so, or that shows nothing where it would.
        read: when that was read.
        only_for: what has to be in the ARN of the resource, or nothing at all is sent.
        inference: what a key rests on that the page does not show, or not for all of its uses.
    """

    arn: bool
    account: bool
    page: str
    read: str = "2026-11-30"
    only_for: str = ""
    inference: str = ""


NOTHING = Sends(False, False, "", "")
# To the trust policy of a role, by the service that assumes it.
TO_ROLES = {
    # Its trust policy has no condition, and is the one that "must" be given to the role.
    "apigateway.amazonaws.com": Sends(
        arn=False,
        account=False,
        page=f"{DOCS}apigateway/latest/developerguide/permissions.html",
    ),
    # The page is about the administration role of a StackSet. That on the service role of a stack
    # (using-iam-servicerole.html) names the principal and no key.
    "cloudformation.amazonaws.com": Sends(
        arn=True,  # of the stack set
        account=True,
        page=f"{DOCS}AWSCloudFormation/latest/UserGuide/stacksets-prereqs-self-managed.html",
        only_for=":stackset/",
    ),
    "codebuild.amazonaws.com": Sends(
        arn=True,  # of the project
        account=True,
        page=f"{DOCS}codebuild/latest/userguide/setting-up-service-role.html",
    ),
    "codepipeline.amazonaws.com": Sends(
        arn=False,
        account=True,
        page=f"{DOCS}codepipeline/latest/userguide/pipelines-create-service-role-cli.html",
        inference="The page's trust policy has no condition. The service role that the console"
        " makes has aws:SourceAccount in its own, in a statement CodePipelineTrustPolicy: so it is"
        " in roles exported from accounts. Nothing shows aws:SourceArn.",
    ),
    "ecs-tasks.amazonaws.com": Sends(
        arn=True,  # something of ECS in the region and account: a cluster cannot be told by it
        account=True,
        page=f"{DOCS}AmazonECS/latest/developerguide/task-iam-roles.html",
        inference="The page is about the task role. That on the execution role"
        " (task_execution_IAM_role.html) has no condition; AWS's own repository"
        " aws/agent-toolkit-for-aws gives both roles one trust policy, with aws:SourceAccount.",
    ),
    "events.amazonaws.com": Sends(
        arn=True,  # of the rule
        account=True,
        page=f"{DOCS}eventbridge/latest/userguide/cross-service-confused-deputy-prevention.html",
    ),
    # This page says that aws:SourceArn is for policies of functions. The guide's page on managed
    # policies recommends both keys for trust policies, and shows none. The harder reading is taken.
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
    # This page has the ARN of an authorizer, though of an HTTP API's; Lambda's page on API Gateway
    # that of a method, in one example with the account and in another without.
    ("apigateway.amazonaws.com", "lambda"): Sends(
        arn=True,  # of the authorizer or the method
        account=False,
        page=f"{DOCS}apigateway/latest/developerguide/http-api-lambda-authorizer.html",
        inference="That the ARN of a REST API's authorizer has the same form: its pages leave the"
        " command to the console.",
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
    # Statements for Lambda and SQS have aws:SourceArn alone. The page on condition keys lists
    # aws:SourceAccount, for no service; that it made Lambda refuse events is reported in pull
    # request 481 of awsdocs/aws-cloudformation-user-guide.
    ("events.amazonaws.com", "lambda"): Sends(
        arn=True,  # of the rule
        account=False,
        page=f"{DOCS}eventbridge/latest/userguide/eb-use-resource-based.html",
    ),
    # Its statement has no condition, where those for Lambda and SQS have one.
    ("events.amazonaws.com", "sns"): Sends(
        arn=False,
        account=False,
        page=f"{DOCS}eventbridge/latest/userguide/eb-use-resource-based.html",
    ),
    # For dead-letter queues the same is on eb-rule-dlq.html.
    ("events.amazonaws.com", "sqs"): Sends(
        arn=True,  # of the rule
        account=False,
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
    if sends.only_for not in source:
        return {}
    made = {"aws:sourceaccount": ACCOUNT} if sends.account else {}
    if sends.arn and source:
        made["aws:sourcearn"] = group_of(source)
    return made


def group_of(source: str) -> str:
    """Return a schedule's group, in whose name Scheduler acts; any other ARN as it is."""
    start, kind, names = source.partition(":schedule/")
    return f"{start}:schedule-group/{names.partition('/')[0]}" if kind else source
