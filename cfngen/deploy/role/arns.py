"""Which ARNs an action takes: those of a resource itself, of what it refers to, or of a kind."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from functools import cache
from typing import Any

from cfngen.cloudformation.schemas import iam_services
from cfngen.cloudformation.values import references
from cfngen.deploy.role.handlers import actions
from cfngen.deploy.role.names import Place, asked, called, import_name, patterns

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
BEFORE = {"stackset": "stackset/", "task-definition": "task-definition/"}
# Kinds that are checked beside the type's own.
ALSO = {"AWS::CloudFormation::StackSet": {"type"}}
# API Gateway's ARNs are paths, and all that belongs to an API is below it.
PATHS = {
    "AWS::ApiGateway::Account": ("/account",),
    "AWS::ApiGateway::ApiKey": ("/apikeys", "/apikeys/*", "/tags/*"),
    "AWS::ApiGateway::DomainName": ("/domainnames", "/domainnames/*", "/tags/*"),
    "AWS::ApiGateway::UsagePlan": ("/usageplans", "/usageplans/*", "/tags/*"),
    "AWS::ApiGateway::VpcLink": ("/vpclinks", "/vpclinks/*", "/tags/*"),
    "AWS::ApiGateway": ("/restapis", "/restapis/*", "/tags/*"),
    "AWS::ApiGatewayV2": ("/apis", "/apis/*", "/tags/*"),
}
# Types that act on one other thing, whatever else they refer to: its kind, and the property.
TARGETS = {
    "AWS::IAM::GroupPolicy": ("group", "GroupName"),
    "AWS::IAM::RolePolicy": ("role", "RoleName"),
    "AWS::IAM::UserPolicy": ("user", "UserName"),
}
# Service-linked roles of other services than the one that most of a type's actions are of.
# Source: IAM's user guide, "AWS services that work with IAM", and the pages that it leads to.
LINKED = {
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
UNDIVIDED = frozenset(("autoscaling", "ecs", "elasticache", "elasticfilesystem", "eks", "mq"))
IMPORTED = "a role of another stack, as long as that stack is called like its template"


@dataclass(frozen=True)
class Resource:
    """A resource of the template, its properties resolved, and the names it refers to."""

    name: str
    type: str
    properties: dict[str, Any]
    references: frozenset[str]


@dataclass(frozen=True)
class Taken:
    """The ARNs that an action takes, and why they are no narrower, if they could be."""

    arns: tuple[str, ...]
    note: str = ""


def taken(action: str, resource: Resource, resources: dict[str, Resource], place: Place) -> Taken:
    """Return what an action of a resource's handlers is to be allowed on."""
    service, _, verb = action.partition(":")
    kinds = kinds_of(service, verb)
    if not kinds:
        return Taken(("*",), "these actions take no resource")
    if service == "apigateway":
        return _paths(resource.type, place)
    own = [kind for kind in kinds if kind in own_kinds(service, resource.type)]
    if own:
        found = _of(service, own, resource, place)
        others = [
            kind for kind in kinds if kind not in own and _checked(verb, service, kind, resource)
        ]
        beside = ", ".join(f"any {kind}" for kind in others) + " beside it" if others else ""
        why = [note for note in (found.note, beside) if note]
        return Taken((*found.arns, *_all_of(service, others, place)), "; ".join(why))
    if resource.type in TARGETS:
        return _target(service, resource, resources, place)
    referred = [
        _of(service, match, other, place)
        for other in resources.values()
        if other.name in resource.references
        and (match := [kind for kind in kinds if kind in own_kinds(service, other.type)])
    ]
    if referred:
        arns = [arn for found in referred for arn in found.arns]
        notes = [found.note for found in referred if found.note]
        return Taken(tuple(dict.fromkeys(arns)), "; ".join(dict.fromkeys(notes)))
    if verb == "CreateServiceLinkedRole":
        return Taken(linked_roles(resource.type, place))
    which = " and ".join(kinds[:3]) + (" and more" if len(kinds) > 3 else "")
    return Taken(_all_of(service, kinds, place), f"which {which} is not known from the template")


def of_resource(service: str, kind: str, resource: Resource, place: Place) -> Taken:
    """Return the ARNs of a resource as one kind of its service's."""
    return _of(service, [kind], resource, place)


@cache
def own_kinds(service: str, type_: str) -> dict[str, tuple[str, ...]]:
    """Return the kinds that a type's own resources are to a service, with what ends their ARNs."""
    if service != _service(type_):
        return {}
    last = type_.rpartition("::")[2].lower()
    own = KINDS.get(type_)
    if own is not None:
        return own
    known = iam_services().get(service, {}).get("Resources", {})
    return {kind: ("",) for kind in known if kind.replace("-", "") == last}


def linked_roles(type_: str, place: Place) -> tuple[str, ...]:
    """Return the ARNs of the service-linked roles that a type makes: `replication.ecr` is ECR's."""
    service = _service(type_)
    parts = () if service in UNDIVIDED else (f"*.{service}",)
    start = _start("iam", "role", place) + "aws-service-role/"
    names = (service, *parts, *LINKED.get(type_, ()))
    return tuple(f"{start}{one}.amazonaws.com/*" for one in names)


@cache
def _service(type_: str) -> str:
    """Return the service that most of a type's actions are of."""
    found = Counter(action.partition(":")[0] for action in actions(type_))
    return found.most_common(1)[0][0] if found else ""


def _target(
    service: str, resource: Resource, resources: dict[str, Resource], place: Place
) -> Taken:
    """Return the one thing that a resource acts on, of this template or not."""
    kind, key = TARGETS[resource.type]
    value = resource.properties.get(key)
    names = sorted({name for name, _ in references(value)} & set(resources))
    mine = [resources[name] for name in names if kind in own_kinds(service, resources[name].type)]
    arns: list[str] = []
    notes: dict[str, None] = {}
    for other in mine:
        found = _of(service, [kind], other, place)
        arns += found.arns
        notes |= dict.fromkeys([found.note] if found.note else [])
    if mine:
        return Taken(tuple(arns), "; ".join(notes))
    start = _start(service, kind, place)
    for pattern in patterns(value, place):
        known = pattern.strip("*")
        arns.append(pattern if known.startswith("arn:") else start + pattern)
        if known and import_name(value) is not None:
            notes[IMPORTED] = None
        elif "*" in pattern:
            notes[f"{key} of {resource.name} is {asked(value, place)}"] = None
    return Taken(tuple(arns), "; ".join(notes))


def kinds_of(service: str, verb: str) -> list[str]:
    """Return the kinds of resources that an action takes, none if it takes none."""
    about = iam_services().get(service, {}).get("Actions", {}).get(verb.lower(), {})
    return [kind.lower() for kind in about.get("Resources", ())]


def _checked(verb: str, service: str, kind: str, resource: Resource) -> bool:
    """Whether an action on a resource is asked for another kind of thing, too.

    EC2 asks for everything that a call names, save when it only tags.
    """
    if kind in ALSO.get(resource.type, ()):
        return True
    return service == "ec2" and not verb.endswith("Tags")


def _of(service: str, kinds: list[str], resource: Resource, place: Place) -> Taken:
    name = called(resource.name, resource.type, resource.properties, place)
    if name is None:
        what = f"the IDs of {resource.type} are given when they are made"
        return Taken(_all_of(service, kinds, place), what)
    arns = []
    for kind in kinds:
        start = _start(service, kind, place)
        ends = own_kinds(service, resource.type)[kind]
        for pattern in _within(resource, name.patterns, place):
            # A parameter called `/a/b` is `parameter/a/b`.
            own = pattern.removeprefix("/") if start.endswith("/") else pattern
            arns += [start + _joined(own, end) for end in ends]
    return Taken(tuple(dict.fromkeys(arns)), name.note)


def _joined(pattern: str, end: str) -> str:
    """Return a name with what follows it; a star at its end stands for that already."""
    return pattern if pattern.endswith("*") and not end.endswith("/*") else pattern + end


def _within(resource: Resource, names: tuple[str, ...], place: Place) -> list[str]:
    """Return names with what stands before them in an ARN: a path, group, bus or cluster."""
    type_ = resource.type
    around: dict[str, tuple[str, str]] = {
        "AWS::Events::Rule": ("EventBusName", ""),
        "AWS::Scheduler::Schedule": ("GroupName", "default"),
        "AWS::ECS::Service": ("Cluster", "default"),
    }
    if type_.startswith("AWS::IAM::"):
        paths = patterns(resource.properties.get("Path", "/"), place)
        return [path.removeprefix("/") + name for path in paths for name in names]
    if type_ not in around:
        return list(names)
    key, usual = around[type_]
    given = patterns(resource.properties.get(key, usual), place)
    found = [one.rpartition("/")[2] for one in given]
    return [f"{one}/{name}" if one else name for one in found for name in names]


def _all_of(service: str, kinds: list[str], place: Place) -> tuple[str, ...]:
    """Return ARNs of everything of some kinds; of the whole service, where they are many."""
    found = list(dict.fromkeys(_start(service, kind, place) + "*" for kind in kinds))
    if len(found) > 4:
        heads = {tuple(arn.split(":", 5)[:5]) for arn in found}
        return tuple(sorted(":".join(head) + ":*" for head in heads))
    return tuple(found)


def _start(service: str, kind: str, place: Place) -> str:
    """Return an ARN up to the name."""
    known = iam_services()[service].get("Resources", {}).get(kind, {}).get("ARNFormats", ["*"])
    arn = re.sub(r"\.\*.*", "", known[0]).rstrip("*") + BEFORE.get(kind, "")
    filled = {"Partition": place.partition, "Region": place.region, "Account": place.account}
    if kind == "type":  # AWS's own have no account
        filled["Account"] = "*"
    for key, value in filled.items():
        arn = arn.replace(f"${{{key}}}", value)
    return arn


def _paths(type_: str, place: Place) -> Taken:
    found = PATHS.get(type_) or PATHS.get(type_.rpartition("::")[0], ("/*",))
    start = f"arn:{place.partition}:apigateway:{place.region}::"
    return Taken(
        tuple(start + path for path in found), "the IDs of APIs are given when they are made"
    )
