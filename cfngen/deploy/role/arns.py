"""Which ARNs an action takes: those of a resource itself, of what it refers to, or of a kind."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from functools import cache

from cfngen.cloudformation.schemas import iam_services
from cfngen.cloudformation.template import Resource
from cfngen.cloudformation.values import references
from cfngen.deploy.role.destination import Destination
from cfngen.deploy.role.handlers import actions
from cfngen.deploy.role.names import describe_unknown, import_name, patterns, physical_name

# The kinds of a service's resources that are a type's own, each with what follows its name, where
# they are not called like the type.
KINDS: dict[str, dict[str, tuple[str, ...]]] = {
    "AWS::CloudFormation::StackSet": {"stackset": (":*",), "stackset-target": (":*",)},
    "AWS::CodePipeline::Pipeline": {"pipeline": ("",), "stage": ("/*",)},
    "AWS::ECS::TaskDefinition": {"task-definition": (":*",)},
    "AWS::EC2::EIP": {"elastic-ip": ("",)},
    "AWS::ElasticLoadBalancingV2::LoadBalancer": {
        "loadbalancer/app/": ("/*",),
        "loadbalancer/gwy/": ("/*",),
        "loadbalancer/net/": ("/*",),
    },
    "AWS::ElasticLoadBalancingV2::TargetGroup": {"targetgroup": ("/*",)},
    "AWS::Events::Rule": {"rule-on-custom-event-bus": ("",), "rule-on-default-event-bus": ("",)},
    "AWS::IAM::ManagedPolicy": {"policy": ("",)},
    "AWS::Logs::LogGroup": {"log-group": ("", ":*")},
    "AWS::RDS::DBCluster": {"cluster": ("",)},
    "AWS::RDS::DBInstance": {"db": ("",)},
    "AWS::S3::Bucket": {"bucket": ("",), "object": ("/*",)},
    "AWS::SecretsManager::Secret": {"secret": ("-??????",)},
}
# Kinds whose ARNs the list has without what stands before the name.
NAME_PREFIXES = {"stackset": "stackset/", "task-definition": "task-definition/"}
# Kinds that are checked beside the type's own.
ALSO_CHECKED = {"AWS::CloudFormation::StackSet": {"type"}}
# API Gateway's ARNs are paths, and all that belongs to an API is below it.
API_GATEWAY_PATHS = {
    "AWS::ApiGateway::Account": ("/account",),
    "AWS::ApiGateway::ApiKey": ("/apikeys", "/apikeys/*", "/tags/*"),
    "AWS::ApiGateway::DomainName": ("/domainnames", "/domainnames/*", "/tags/*"),
    "AWS::ApiGateway::UsagePlan": ("/usageplans", "/usageplans/*", "/tags/*"),
    "AWS::ApiGateway::VpcLink": ("/vpclinks", "/vpclinks/*", "/tags/*"),
    "AWS::ApiGateway": ("/restapis", "/restapis/*", "/tags/*"),
    "AWS::ApiGatewayV2": ("/apis", "/apis/*", "/tags/*"),
}
# Types that act on one other thing, whatever else they refer to: its kind, and the property.
TARGET_PROPERTIES = {
    "AWS::IAM::GroupPolicy": ("group", "GroupName"),
    "AWS::IAM::RolePolicy": ("role", "RoleName"),
    "AWS::IAM::UserPolicy": ("user", "UserName"),
}
# Service-linked roles of other services than the one that most of a type's actions are of.
# Source: IAM's user guide, "AWS services that work with IAM", and the pages that it leads to.
LINKED_ROLES = {
    "AWS::ApplicationAutoScaling::ScalableTarget": ("*.application-autoscaling",),
    "AWS::Cassandra::Table": ("cassandra.application-autoscaling",),
    "AWS::DynamoDB::GlobalTable": ("dynamodb.application-autoscaling",),
    "AWS::DynamoDB::Table": ("dynamodb.application-autoscaling",),
    "AWS::EC2::FlowLog": ("delivery.logs",),
    "AWS::EKS::FargateProfile": ("eks-fargate",),
    "AWS::EKS::Nodegroup": ("eks-nodegroup",),
    "AWS::Neptune::DBCluster": ("rds",),
    "AWS::Neptune::DBInstance": ("rds",),
}
# Services that have one service-linked role, and none of a part of theirs.
ONE_LINKED_ROLE = frozenset(("autoscaling", "ecs", "elasticache", "elasticfilesystem", "eks", "mq"))
IMPORTED_NOTE = "a role of another stack, as long as that stack is called like its template"


@dataclass(frozen=True)
class ActionResources:
    """The ARNs that an action is allowed on, and why they are no narrower, if they could be."""

    arns: tuple[str, ...]
    note: str = ""


def action_resources(
    action: str, resource: Resource, resources: dict[str, Resource], destination: Destination
) -> ActionResources:
    """Return what an action of a resource's handlers is to be allowed on."""
    service, _, verb = action.partition(":")
    kinds = kinds_of(service, verb)
    if not kinds:
        return ActionResources(("*",), "these actions take no resource")
    if service == "apigateway":
        return _paths(resource.type, destination)
    own = [kind for kind in kinds if kind in own_kinds(service, resource.type)]
    if own:
        covered = _of(service, own, resource, destination)
        others = [
            kind for kind in kinds if kind not in own and _checked(verb, service, kind, resource)
        ]
        beside = ", ".join(f"any {kind}" for kind in others) + " beside it" if others else ""
        notes = [note for note in (covered.note, beside) if note]
        return ActionResources(
            (*covered.arns, *_all_of(service, others, destination)), "; ".join(notes)
        )
    if resource.type in TARGET_PROPERTIES:
        return _target(service, resource, resources, destination)
    referred = [
        _of(service, match, other, destination)
        for other in resources.values()
        if other.name in resource.referenced_names
        and (match := [kind for kind in kinds if kind in own_kinds(service, other.type)])
    ]
    if referred:
        arns = [arn for covered in referred for arn in covered.arns]
        notes = [covered.note for covered in referred if covered.note]
        return ActionResources(tuple(dict.fromkeys(arns)), "; ".join(dict.fromkeys(notes)))
    if verb == "CreateServiceLinkedRole":
        return ActionResources(linked_roles(resource.type, destination))
    which = " and ".join(kinds[:3]) + (" and more" if len(kinds) > 3 else "")
    return ActionResources(
        _all_of(service, kinds, destination), f"which {which} is not known from the template"
    )


def of_resource(
    service: str, kind: str, resource: Resource, destination: Destination
) -> ActionResources:
    """Return the ARNs of a resource as one kind of its service's."""
    return _of(service, [kind], resource, destination)


@cache
def own_kinds(service: str, type_: str) -> dict[str, tuple[str, ...]]:
    """Return the kinds that a type's own resources are to a service, with what ends their ARNs."""
    if service != _service(type_):
        return {}
    last = type_.rpartition("::")[2].lower()
    own = KINDS.get(type_)
    if own is not None:
        return own
    kinds = iam_services().get(service, {}).get("Resources", {})
    return {kind: ("",) for kind in kinds if kind.replace("-", "") == last}


def linked_roles(type_: str, destination: Destination) -> tuple[str, ...]:
    """Return the ARNs of the service-linked roles that a type makes: `replication.ecr` is ECR's."""
    service = _service(type_)
    parts = () if service in ONE_LINKED_ROLE else (f"*.{service}",)
    start = _start("iam", "role", destination) + "aws-service-role/"
    names = (service, *parts, *LINKED_ROLES.get(type_, ()))
    return tuple(f"{start}{name}.amazonaws.com/*" for name in names)


@cache
def _service(type_: str) -> str:
    """Return the service that most of a type's actions are of."""
    services = Counter(action.partition(":")[0] for action in actions(type_))
    return services.most_common(1)[0][0] if services else ""


def _target(
    service: str, resource: Resource, resources: dict[str, Resource], destination: Destination
) -> ActionResources:
    """Return the one thing that a resource acts on, of this template or not."""
    kind, key = TARGET_PROPERTIES[resource.type]
    value = resource.properties.get(key)
    names = sorted({name for name, _ in references(value)} & set(resources))
    targets = [
        resources[name] for name in names if kind in own_kinds(service, resources[name].type)
    ]
    arns: list[str] = []
    notes: dict[str, None] = {}
    for other in targets:
        target = _of(service, [kind], other, destination)
        arns += target.arns
        notes |= dict.fromkeys([target.note] if target.note else [])
    if targets:
        return ActionResources(tuple(arns), "; ".join(notes))
    start = _start(service, kind, destination)
    for pattern in patterns(value, destination):
        literal_part = pattern.strip("*")
        arns.append(pattern if literal_part.startswith("arn:") else start + pattern)
        if literal_part and import_name(value) is not None:
            notes[IMPORTED_NOTE] = None
        elif "*" in pattern:
            notes[f"{key} of {resource.name} is {describe_unknown(value, destination)}"] = None
    return ActionResources(tuple(arns), "; ".join(notes))


def kinds_of(service: str, verb: str) -> list[str]:
    """Return the kinds of resources that an action takes, none if it takes none."""
    entry = iam_services().get(service, {}).get("Actions", {}).get(verb.lower(), {})
    return [kind.lower() for kind in entry.get("Resources", ())]


def _checked(verb: str, service: str, kind: str, resource: Resource) -> bool:
    """Whether an action on a resource is asked for another kind of thing, too.

    EC2 asks for everything that a call names, save when it only tags.
    """
    if kind in ALSO_CHECKED.get(resource.type, ()):
        return True
    return service == "ec2" and not verb.endswith("Tags")


def _of(
    service: str, kinds: list[str], resource: Resource, destination: Destination
) -> ActionResources:
    name = physical_name(resource.name, resource.type, resource.properties, destination)
    if name is None:
        what = f"the IDs of {resource.type} are given when they are made"
        return ActionResources(_all_of(service, kinds, destination), what)
    arns = []
    for kind in kinds:
        start = _start(service, kind, destination)
        ends = own_kinds(service, resource.type)[kind]
        for pattern in _within(resource, name.patterns, destination):
            # A parameter called `/a/b` is `parameter/a/b`.
            own = pattern.removeprefix("/") if start.endswith("/") else pattern
            arns += [start + _joined(own, end) for end in ends]
    return ActionResources(tuple(dict.fromkeys(arns)), name.note)


def _joined(pattern: str, end: str) -> str:
    """Return a name with what follows it; a star at its end stands for that already."""
    return pattern if pattern.endswith("*") and not end.endswith("/*") else pattern + end


def _within(resource: Resource, names: tuple[str, ...], destination: Destination) -> list[str]:
    """Return names with what stands before them in an ARN: a path, group, bus or cluster."""
    type_ = resource.type
    around: dict[str, tuple[str, str]] = {
        "AWS::Events::Rule": ("EventBusName", ""),
        "AWS::Scheduler::Schedule": ("GroupName", "default"),
        "AWS::ECS::Service": ("Cluster", "default"),
    }
    if type_.startswith("AWS::IAM::"):
        paths = patterns(resource.properties.get("Path", "/"), destination)
        return [path.removeprefix("/") + name for path in paths for name in names]
    if type_ not in around:
        return list(names)
    key, default = around[type_]
    values = patterns(resource.properties.get(key, default), destination)
    groups = [group.rpartition("/")[2] for group in values]
    return [f"{group}/{name}" if group else name for group in groups for name in names]


def _all_of(service: str, kinds: list[str], destination: Destination) -> tuple[str, ...]:
    """Return ARNs of everything of some kinds; of the whole service, where they are many."""
    arns = list(dict.fromkeys(_start(service, kind, destination) + "*" for kind in kinds))
    if len(arns) > 4:
        heads = {tuple(arn.split(":", 5)[:5]) for arn in arns}
        return tuple(sorted(":".join(head) + ":*" for head in heads))
    return tuple(arns)


def _start(service: str, kind: str, destination: Destination) -> str:
    """Return an ARN up to the name."""
    formats = iam_services()[service].get("Resources", {}).get(kind, {}).get("ARNFormats", ["*"])
    arn = re.sub(r"\.\*.*", "", formats[0]).rstrip("*") + NAME_PREFIXES.get(kind, "")
    filled = {
        "Partition": destination.partition,
        "Region": destination.region,
        "Account": destination.account,
    }
    if kind == "type":  # AWS's own have no account
        filled["Account"] = "*"
    for key, value in filled.items():
        arn = arn.replace(f"${{{key}}}", value)
    return arn


def _paths(type_: str, destination: Destination) -> ActionResources:
    paths = API_GATEWAY_PATHS.get(type_) or API_GATEWAY_PATHS.get(
        type_.rpartition("::")[0], ("/*",)
    )
    arns = tuple(destination.arn("apigateway", path, account="") for path in paths)
    return ActionResources(arns, "the IDs of APIs are given when they are made")
