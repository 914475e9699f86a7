"""What there is in an account, by kind and name: to see what a deployment leaves behind."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from support.emulator import Emulator

Found = set[tuple[str, str]]
Ask = Callable[[Any], Iterable[str]]


def named(operation: str, result: str, key: str, **asked: Any) -> Ask:
    """Return a question for the names in a list."""

    def ask(client: Any) -> Iterable[str]:
        return [item[key] for item in getattr(client, operation)(**asked)[result]]

    return ask


def keys(client: Any) -> Iterable[str]:
    """Return the keys that nobody has scheduled for deletion."""
    for key in client.list_keys()["Keys"]:
        told = client.describe_key(KeyId=key["KeyId"])["KeyMetadata"]
        if told["KeyState"] != "PendingDeletion" and told["KeyManager"] == "CUSTOMER":
            yield key["KeyId"]


def groups(client: Any) -> Iterable[str]:
    """Return security groups, with their rules: those from outside are resources, too."""
    for group in client.describe_security_groups()["SecurityGroups"]:
        yield group["GroupId"]
        for way in ("IpPermissions", "IpPermissionsEgress"):
            for rule in group[way]:
                for other in rule["UserIdGroupPairs"]:
                    yield f"{group['GroupId']} {way} {other['GroupId']}"


def networks(client: Any) -> Iterable[str]:
    """Return what is in networks."""
    yield from (v["VpcId"] for v in client.describe_vpcs()["Vpcs"])
    yield from (s["SubnetId"] for s in client.describe_subnets()["Subnets"])
    yield from (a["AllocationId"] for a in client.describe_addresses()["Addresses"])
    for gateway in client.describe_nat_gateways()["NatGateways"]:
        if gateway["State"] not in ("deleted", "deleting"):
            yield gateway["NatGatewayId"]
    for gateway in client.describe_internet_gateways()["InternetGateways"]:
        yield gateway["InternetGatewayId"]
    for endpoint in client.describe_vpc_endpoints()["VpcEndpoints"]:
        yield endpoint["VpcEndpointId"]
    yield from (t["RouteTableId"] for t in client.describe_route_tables()["RouteTables"])


def rules(client: Any) -> Iterable[str]:
    """Return rules, and each of their targets."""
    for rule in client.list_rules()["Rules"]:
        yield rule["Name"]
        for target in client.list_targets_by_rule(Rule=rule["Name"])["Targets"]:
            yield f"{rule['Name']} {target['Id']}"


def policies(client: Any) -> Iterable[str]:
    """Return roles, and each of their inline policies."""
    for role in client.list_roles()["Roles"]:
        yield role["RoleName"]
        for policy in client.list_role_policies(RoleName=role["RoleName"])["PolicyNames"]:
            yield f"{role['RoleName']} {policy}"


def definitions(client: Any) -> Iterable[str]:
    """Return the task definitions that may be run."""
    return list(client.list_task_definitions(status="ACTIVE")["taskDefinitionArns"])


def queues(client: Any) -> Iterable[str]:
    """Return the queues' addresses."""
    return list(client.list_queues().get("QueueUrls", []))


EVERYWHERE: dict[str, Ask] = {
    "iam": policies,
    "s3": named("list_buckets", "Buckets", "Name"),
}
IN_A_REGION: dict[str, Ask] = {
    "apigateway": named("get_rest_apis", "items", "id"),
    "cloudformation": named("describe_stacks", "Stacks", "StackName"),
    "cloudwatch": named("describe_alarms", "MetricAlarms", "AlarmName"),
    "codebuild": lambda client: client.list_projects()["projects"],
    "codecommit": named("list_repositories", "repositories", "repositoryName"),
    "codepipeline": named("list_pipelines", "pipelines", "name"),
    "ec2": lambda client: [*networks(client), *groups(client)],
    "ecr": named("describe_repositories", "repositories", "repositoryName"),
    "ecs": lambda client: [*client.list_clusters()["clusterArns"], *definitions(client)],
    "efs": named("describe_file_systems", "FileSystems", "FileSystemId"),
    "events": rules,
    "kms": keys,
    "lambda": named("list_functions", "Functions", "FunctionName"),
    "logs": named("describe_log_groups", "logGroups", "logGroupName"),
    "scheduler": named("list_schedules", "Schedules", "Name"),
    "secretsmanager": named("list_secrets", "SecretList", "Name"),
    "sns": lambda client: [
        *(topic["TopicArn"] for topic in client.list_topics()["Topics"]),
        *(one["SubscriptionArn"] for one in client.list_subscriptions()["Subscriptions"]),
    ],
    "sqs": queues,
}


def inventory(emulator: Emulator, *regions: str) -> Found:
    """Return all there is, in some regions and in none."""
    found = {("-", s, n) for s, ask in EVERYWHERE.items() for n in ask(emulator.client(s))}
    for region in regions:
        for service, ask in IN_A_REGION.items():
            found |= {(region, service, name) for name in ask(emulator.client(service, region))}
    return {(f"{service} {region}", name) for region, service, name in found}
