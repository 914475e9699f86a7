"""The apps that are written in Python: each as it was, and as it is after a change."""
# ruff: noqa: D103, FBT001 - what a change is stands in its expectation, tests/review/cdk

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from aws_cdk import App, CfnResource, Duration, NestedStack, RemovalPolicy, Stack, Stage
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_rds as rds
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_secretsmanager as secrets
from aws_cdk import aws_sqs as sqs
from constructs import Construct

CODE = Path(__file__).parent / "code"
KEY = dynamodb.Attribute(name="id", type=dynamodb.AttributeType.STRING)
Change = Callable[[App, bool], None]
CHANGES: dict[str, Change] = {}


def change(function: Change) -> Change:
    """Take a function as a change of its name."""
    CHANGES[function.__name__.replace("_", "-")] = function
    return function


def table(scope: Construct, **more: object) -> dynamodb.Table:
    """Add a table of orders."""
    return dynamodb.Table(scope, "Orders", partition_key=KEY, **more)


@change
def table_destroyed_later(app: App, after: bool) -> None:
    policy = RemovalPolicy.DESTROY if after else RemovalPolicy.RETAIN
    table(Stack(app, "Shop"), removal_policy=policy)


@change
def table_removed(app: App, after: bool) -> None:
    stack = Stack(app, "Shop")
    sqs.Queue(stack, "Jobs")
    if not after:
        table(stack, removal_policy=RemovalPolicy.DESTROY)


@change
def retained_table_removed(app: App, after: bool) -> None:
    stack = Stack(app, "Shop")
    sqs.Queue(stack, "Jobs")
    if not after:
        table(stack)


@change
def bucket_removed(app: App, after: bool) -> None:
    stack = Stack(app, "Shop")
    sqs.Queue(stack, "Jobs")
    if not after:
        s3.Bucket(stack, "Store", removal_policy=RemovalPolicy.DESTROY)


@change
def table_recovery_ended(app: App, after: bool) -> None:
    recovery = dynamodb.PointInTimeRecoverySpecification(point_in_time_recovery_enabled=not after)
    table(Stack(app, "Shop"), point_in_time_recovery_specification=recovery)


@change
def table_protection_ended(app: App, after: bool) -> None:
    table(Stack(app, "Shop"), deletion_protection=not after)


@change
def log_kept_shorter(app: App, after: bool) -> None:
    days = logs.RetentionDays.ONE_WEEK if after else logs.RetentionDays.THREE_MONTHS
    logs.LogGroup(Stack(app, "Shop"), "Log", retention=days)


@change
def log_kept_longer(app: App, after: bool) -> None:
    days = logs.RetentionDays.ONE_YEAR if after else logs.RetentionDays.THREE_MONTHS
    logs.LogGroup(Stack(app, "Shop"), "Log", retention=days)


@change
def versions_suspended(app: App, after: bool) -> None:
    s3.Bucket(Stack(app, "Shop"), "Store", versioned=not after)


@change
def messages_kept_shorter(app: App, after: bool) -> None:
    sqs.Queue(Stack(app, "Shop"), "Jobs", retention_period=Duration.days(1 if after else 14))


@change
def objects_expire(app: App, after: bool) -> None:
    store = s3.Bucket(Stack(app, "Shop"), "Store")
    store.add_lifecycle_rule(expiration=Duration.days(30 if after else 365))


@change
def secret_removed(app: App, after: bool) -> None:
    stack = Stack(app, "Shop")
    sqs.Queue(stack, "Jobs")
    if not after:
        secrets.Secret(stack, "Password")


@change
def key_spec(app: App, after: bool) -> None:
    spec = kms.KeySpec.RSA_4096 if after else kms.KeySpec.RSA_2048
    kms.Key(Stack(app, "Shop"), "Key", key_spec=spec, key_usage=kms.KeyUsage.SIGN_VERIFY)


@change
def named_role_path(app: App, after: bool) -> None:
    iam.Role(
        Stack(app, "Shop"), "Role", role_name="shop", path="/shop/" if after else "/",
        assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
    )  # fmt: skip


@change
def database_renamed(app: App, after: bool) -> None:
    rds.CfnDBInstance(
        Stack(app, "Shop"), "Database", db_instance_identifier="two" if after else "one",
        engine="mysql", db_instance_class="db.t4g.micro", allocated_storage="20",
        manage_master_user_password=True, master_username="shop",
    )  # fmt: skip


@change
def table_of_a_nested_stack_removed(app: App, after: bool) -> None:
    stack = Stack(app, "Shop")
    inner = NestedStack(stack, "Data")
    sqs.Queue(inner, "Jobs")
    if not after:
        table(inner, removal_policy=RemovalPolicy.DESTROY)


@change
def table_moved_into_a_nested_stack(app: App, after: bool) -> None:
    stack = Stack(app, "Shop")
    inner = NestedStack(stack, "Data")
    sqs.Queue(inner, "Jobs")
    table(inner if after else stack)


@change
def table_of_a_stage_destroyed_later(app: App, after: bool) -> None:
    for name in ("Beta", "Prod"):
        policy = RemovalPolicy.DESTROY if after and name == "Prod" else RemovalPolicy.RETAIN
        table(Stack(Stage(app, name), "Shop"), removal_policy=policy)


@change
def code_of_two_functions(app: App, after: bool) -> None:
    stack = Stack(app, "Shop")
    for name in ("First", "Second"):
        lambda_.Function(
            stack, name, runtime=lambda_.Runtime.NODEJS_22_X, handler="index.handler",
            code=lambda_.Code.from_asset(str(CODE / ("two" if after else "one"))),
        )  # fmt: skip


@change
def function_memory(app: App, after: bool) -> None:
    lambda_.Function(
        Stack(app, "Shop"), "Handler", runtime=lambda_.Runtime.NODEJS_22_X,
        handler="index.handler", code=lambda_.Code.from_asset(str(CODE / "one")),
        memory_size=512 if after else 256,
    )  # fmt: skip


@change
def statement_on_everything(app: App, after: bool) -> None:
    role = iam.Role(
        Stack(app, "Shop"), "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com")
    )
    resource = "*" if after else "arn:aws:sqs:us-east-1:111122223333:jobs"
    role.add_to_policy(iam.PolicyStatement(actions=["sqs:SendMessage"], resources=[resource]))


@change
def denial_removed(app: App, after: bool) -> None:
    role = iam.Role(
        Stack(app, "Shop"), "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com")
    )
    role.add_to_policy(iam.PolicyStatement(actions=["s3:*"], resources=["*"]))
    if not after:
        deny = {"effect": iam.Effect.DENY, "actions": ["s3:DeleteObject"], "resources": ["*"]}
        role.add_to_policy(iam.PolicyStatement(**deny))


@change
def boundary_removed(app: App, after: bool) -> None:
    boundary = iam.ManagedPolicy.from_aws_managed_policy_name("ReadOnlyAccess")
    role = iam.Role(
        Stack(app, "Shop"), "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
        permissions_boundary=None if after else boundary,
    )  # fmt: skip
    role.add_to_policy(iam.PolicyStatement(actions=["s3:*"], resources=["*"]))


@change
def type_changed(app: App, after: bool) -> None:
    kind = "AWS::SNS::Topic" if after else "AWS::DynamoDB::Table"
    key = {"AttributeName": "id", "AttributeType": "S"}
    of_table = {
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}], "AttributeDefinitions": [key],
        "BillingMode": "PAY_PER_REQUEST",
    }  # fmt: skip
    CfnResource(Stack(app, "Shop"), "Store", type=kind, properties={} if after else of_table)


@change
def queue_policy_for_another_account(app: App, after: bool) -> None:
    queue = sqs.Queue(Stack(app, "Shop"), "Jobs")
    queue.grant_send_messages(iam.AccountPrincipal("111122223333"))
    if after:
        queue.grant_send_messages(iam.AccountPrincipal("444455556666"))


if __name__ == "__main__":
    side, folder = sys.argv[1:]
    for name, apply in CHANGES.items():
        outdir = str(Path(folder, name, side))
        app = App(analytics_reporting=False, tree_metadata=False, outdir=outdir)
        apply(app, side == "after")
        app.synth()
