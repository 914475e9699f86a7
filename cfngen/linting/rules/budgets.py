"""What a template holds too much of for AWS, measured as it will be when it is deployed.

cfn-lint and CloudFormation's own validation measure the text of a template; AWS measures what is
left once names, ARNs and regions are filled in, and refuses it in the middle of a deployment. How
lengths are taken that a template does not decide is what `cfngen.linting.sizes.Sizes` says.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from cfngen.cloudformation import quotas
from cfngen.cloudformation.physical_names import max_name_length, name_property
from cfngen.linting.rule import Problem, Rule
from cfngen.linting.sizes import MAXIMUM, MINIMUM, Sizes, mapping

Path = tuple[str | int, ...]


class Budget(NamedTuple):
    """How long one property of a type may be; `*` in its path stands for each item of a list."""

    type: str
    path: tuple[str, ...]
    limit: int
    what: str
    service: str
    remedy: str
    as_text: bool = False


FEWER = "name what it is about by a prefix or a tag rather than one by one, or split it"
PARTS = "put values into a parameter of Systems Manager or a file, and its name here"
BUDGETS = (
    Budget(
        "AWS::Events::Rule", ("EventPattern",), quotas.EVENT_PATTERN, "the pattern", "EventBridge",
        "match by a prefix, or let several rules have a part of the list each",
    ),
    Budget(
        "AWS::Events::Rule", ("Targets", "*", "InputTransformer", "InputTemplate"),
        quotas.INPUT_TEMPLATE, "the input template", "EventBridge",
        "let the target look up what it can find out by itself", as_text=True,
    ),
    Budget(
        "AWS::Events::Rule", ("Targets", "*", "Input"), quotas.TARGET_INPUT, "the input",
        "EventBridge", "let the target look up what it can find out by itself", as_text=True,
    ),
    Budget(
        "AWS::IAM::ManagedPolicy", ("PolicyDocument",), quotas.MANAGED_POLICY, "the policy", "IAM",
        FEWER + " into several managed policies",
    ),
    Budget(
        "AWS::IAM::Role", ("AssumeRolePolicyDocument",), quotas.TRUST_POLICY, "the trust policy",
        "IAM", "trust an account or a path of roles, with a condition, rather than one by one",
    ),
    Budget(
        "AWS::SQS::QueuePolicy", ("PolicyDocument",), quotas.QUEUE_POLICY, "the policy", "SQS",
        FEWER + " among several queues",
    ),
    Budget(
        "AWS::SNS::TopicPolicy", ("PolicyDocument",), quotas.TOPIC_POLICY, "the policy", "SNS",
        FEWER + " among several topics",
    ),
    Budget(
        "AWS::S3::BucketPolicy", ("PolicyDocument",), quotas.BUCKET_POLICY, "the policy", "S3",
        "name whom it lets in by organization, account or path, or use access points",
    ),
    Budget(
        "AWS::KMS::Key", ("KeyPolicy",), quotas.KEY_POLICY, "the policy", "KMS",
        "leave permissions to IAM policies, or use grants",
    ),
    Budget(
        "AWS::ECR::Repository", ("RepositoryPolicyText",), quotas.REPOSITORY_POLICY, "the policy",
        "ECR", FEWER,
    ),
    Budget(
        "AWS::Logs::ResourcePolicy", ("PolicyDocument",), quotas.LOGS_POLICY, "the policy",
        "CloudWatch Logs", FEWER,
    ),
    Budget(
        "AWS::Lambda::Function", ("Environment", "Variables"), quotas.FUNCTION_ENVIRONMENT,
        "the environment", "Lambda", PARTS,
    ),
    Budget(
        "AWS::ECS::TaskDefinition", (), quotas.TASK_DEFINITION, "the task definition", "ECS", PARTS
    ),
    Budget(
        "AWS::CodeBuild::Project", ("Source", "BuildSpec"), quotas.BUILDSPEC, "the buildspec",
        "CodeBuild", "put its scripts into the source or a bucket, and call them", as_text=True,
    ),
)  # fmt: skip
# Inline policies count together: the type that holds them, its limit, the types of policies that
# are resources of their own, and the properties by which those name their holders.
HOLDERS = {
    "AWS::IAM::Role": (quotas.ROLE_POLICIES, "AWS::IAM::RolePolicy", "RoleName", "Roles", "role"),
    "AWS::IAM::User": (quotas.USER_POLICIES, "AWS::IAM::UserPolicy", "UserName", "Users", "user"),
    "AWS::IAM::Group": (
        quotas.GROUP_POLICIES, "AWS::IAM::GroupPolicy", "GroupName", "Groups", "group",
    ),
}  # fmt: skip
SHARED_POLICY = "AWS::IAM::Policy"


class Part(NamedTuple):
    """A policy of somebody's: where it is, and the condition under which it is there."""

    path: Path
    document: Any
    condition: str


def over_budget(body: dict[str, Any]) -> Iterator[Problem]:
    """Yield what AWS would refuse for its size, in the order of the template.

    Each problem says the size, the limit, and what to do instead. *Has N or more* is certain
    whatever the stack is called; *may have N* depends on the names that CloudFormation makes, on
    the region, and on values of parameters within the bounds that the template sets.

    Args:
        body: a template as plain data, ours or anybody's; what is malformed is passed over.

    Source of the limits: `cfngen.cloudformation.quotas`.
    """
    largest, smallest = Sizes(body, MAXIMUM), Sizes(body, MINIMUM)
    resources = mapping(body.get("Resources"))
    if len(resources) > quotas.RESOURCES:
        yield Problem(
            ("Resources",),
            f"{len(resources):,} resources; CloudFormation takes {quotas.RESOURCES} in one"
            " template; split it into several stacks, which import what others export",
        )
    holders = _policies(resources)
    for name, resource in resources.items():
        resource = mapping(resource)
        type_ = str(resource.get("Type", ""))
        properties = mapping(resource.get("Properties"))
        at: Path = ("Resources", name, "Properties")
        for budget in BUDGETS:
            if budget.type == type_:
                for path, value in _values(properties, budget.path, at):
                    yield from _measured(path, [value], budget, largest, smallest)
        if parts := holders.get((type_, name)):
            limit, kind = HOLDERS[type_][0], HOLDERS[type_][-1]
            own = [part for part in parts if part.path[1] == name]
            budget = Budget(type_, (), limit, f"the {kind} with all its inline policies", "IAM",
                            FEWER + " into managed policies")  # fmt: skip
            path = own[0].path if own else at[:2]
            yield from _measured(path, _together(parts, resource, largest), budget, largest,
                                 smallest)  # fmt: skip
        yield from _long_name(at, type_, properties, smallest)


def _values(value: Any, path: Sequence[str], at: Path) -> Iterator[tuple[Path, Any]]:
    """Yield what is at a path, through conditions to whatever may be there."""
    inner = value.get("Fn::If") if isinstance(value, dict) and len(value) == 1 else None
    if path and isinstance(inner, list) and len(inner) == 3:
        for number in (1, 2):
            yield from _values(inner[number], path, (*at, "Fn::If", number))
    elif not path:
        yield at, value
    elif path[0] == "*":
        for number, item in enumerate(value if isinstance(value, list) else []):
            yield from _values(item, path[1:], (*at, number))
    elif path[0] in mapping(value):
        yield from _values(value[path[0]], path[1:], (*at, path[0]))


def _measured(
    path: Path, values: list[Any], budget: Budget, largest: Sizes, smallest: Sizes
) -> Iterator[Problem]:
    """Yield what is wrong with the size of values that count together."""

    def size(sizes: Sizes) -> int:
        measure = sizes.text if budget.as_text else sizes.json
        return sum(measure(sizes.resolved(value)) for value in values)

    if (max_length := size(largest)) <= budget.limit:
        return
    min_length = size(smallest)
    certain = min_length > budget.limit
    has = (
        f"has {min_length:,} characters or more"
        if certain
        else f"may have {max_length:,} characters"
    )
    yield Problem(
        path,
        f"{budget.what} {has} once deployed; {budget.service} takes {budget.limit:,};"
        f" {budget.remedy}",
        certain,
    )


def _policies(resources: dict[str, Any]) -> dict[tuple[str, str], list[Part]]:
    """Return the inline policies of each role, user and group of the template."""
    policies: dict[tuple[str, str], list[Part]] = {}
    for name, resource in resources.items():
        resource = mapping(resource)
        type_, properties = str(resource.get("Type", "")), mapping(resource.get("Properties"))
        at: Path = ("Resources", name, "Properties")
        condition = str(resource.get("Condition", ""))
        for holder, (_, own, key, keys, _kind) in HOLDERS.items():
            if type_ == holder:
                policies[holder, name] = [
                    *(Part(path, document, condition) for path, document in
                      _values(properties, ("Policies", "*", "PolicyDocument"), at)),
                    *policies.get((holder, name), []),
                ]  # fmt: skip
            named = properties.get(key) if type_ == own else None
            several = properties.get(keys, []) if type_ == SHARED_POLICY else []
            for reference in (named, *(several if isinstance(several, list) else [])):
                who = mapping(reference).get("Ref")
                if mapping(resources.get(str(who))).get("Type") == holder:
                    part = Part(
                        (*at, "PolicyDocument"), properties.get("PolicyDocument"), condition
                    )
                    policies.setdefault((holder, str(who)), []).append(part)
    return policies


def _together(parts: list[Part], holder: dict[str, Any], sizes: Sizes) -> list[Any]:
    """Return the documents that one holder may have at the same time.

    Of policies under different conditions, which may exclude one another, those of the condition
    with the most are counted beside those that are always there.
    """
    always = [p.document for p in parts if p.condition in ("", str(holder.get("Condition", "")))]
    sometimes: dict[str, list[Any]] = {}
    for part in parts:
        if part.condition not in ("", str(holder.get("Condition", ""))):
            sometimes.setdefault(part.condition, []).append(part.document)
    largest_group = max(
        sometimes.values(),
        key=lambda documents: sum(sizes.json(sizes.resolved(document)) for document in documents),
        default=[],
    )
    return [*always, *largest_group]


def _long_name(
    at: Path, type_: str, properties: dict[str, Any], smallest: Sizes
) -> Iterator[Problem]:
    """Yield a name that is too long whatever fills it in; cfn-lint sees those that are literal."""
    if not any(isinstance(value, dict) for value in properties.values()):
        return  # saves a look at the schema
    key = name_property(type_)
    name_value = properties.get(key)
    if not isinstance(name_value, dict):
        return
    min_length, limit = smallest.text(smallest.resolved(name_value)), max_name_length(type_)
    if limit and min_length > limit:
        yield Problem(
            (*at, key),
            f"the name has {min_length:,} characters or more once deployed; {type_} takes"
            f" {limit:,}; shorten it, or leave it out and CloudFormation makes one that fits",
        )


QUOTAS = "https://docs.aws.amazon.com/general/latest/gr/aws-service-information.html"
RULES = (
    Rule(
        id="E9402",
        title="Policies, patterns, environments and names are no larger than AWS takes",
        description=(
            "AWS measures what is left once names, ARNs and regions are filled in, and refuses"
            " what is too large in the middle of a deployment, which rolls back"
        ),
        source=QUOTAS,
        problems=lambda body: (problem for problem in over_budget(body) if problem.certain),
    ),
    Rule(
        id="W9402",
        title="Policies, patterns and environments fit whatever their stack is called",
        description=(
            "With a stack's name of 24 characters or more, the longest region and the longest"
            " values that its parameters take, this is larger than AWS takes"
        ),
        source=QUOTAS,
        problems=lambda body: (problem for problem in over_budget(body) if not problem.certain),
    ),
)
