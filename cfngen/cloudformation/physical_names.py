"""How CloudFormation calls what a template gives no name, and which names AWS takes.

CloudFormation's user guide promises only that a name which a template leaves out is unique, and
shows `stack-resource-suffix` (page "Name type"). Which types are called otherwise is known from
what it makes.
"""

from __future__ import annotations

from cfngen.cloudformation.schemas import schema

# CloudFormation cuts long names; this much of the stack's and of the logical ID is left, and less
# in load balancing.
MAX_KEPT = 24
KEPT_OF_TYPE = {
    "AWS::ElasticLoadBalancing::LoadBalancer": 5,
    "AWS::ElasticLoadBalancingV2::LoadBalancer": 5,
    "AWS::ElasticLoadBalancingV2::TargetGroup": 5,
}
# What ends a name, so that it is unique: 12 or 13 characters.
MAX_SUFFIX = 13
MIN_SUFFIX = 12
BY_STACK = {
    "AWS::CloudWatch::Alarm",
    "AWS::CodePipeline::Pipeline",
    "AWS::DynamoDB::Table",
    "AWS::ECR::Repository",
    "AWS::ECS::Cluster",
    "AWS::ECS::Service",
    "AWS::ECS::TaskDefinition",
    "AWS::Events::Rule",
    "AWS::IAM::Group",
    "AWS::IAM::InstanceProfile",
    "AWS::IAM::ManagedPolicy",
    "AWS::IAM::Role",
    "AWS::IAM::User",
    "AWS::Kinesis::Stream",
    "AWS::KinesisFirehose::DeliveryStream",
    "AWS::Lambda::Function",
    "AWS::Logs::LogGroup",
    "AWS::RDS::DBCluster",
    "AWS::RDS::DBInstance",
    "AWS::S3::Bucket",
    "AWS::SNS::Topic",
    "AWS::SQS::Queue",
    "AWS::Scheduler::Schedule",
    *KEPT_OF_TYPE,
}
# Called after the resource alone, with what stands before it.
BY_RESOURCE = {
    "AWS::CodeBuild::Project": "",
    "AWS::SSM::Parameter": "CFN-",
    "AWS::SecretsManager::Secret": "",
    "AWS::StepFunctions::StateMachine": "",
}
LOWERCASE = {
    "AWS::ECR::Repository",
    "AWS::RDS::DBCluster",
    "AWS::RDS::DBInstance",
    "AWS::S3::Bucket",
}
# Their identifier is an ID, and yet their ARN has their name.
NAME_IN_ARN = {
    "AWS::CloudFormation::StackSet",
    "AWS::CodeBuild::Project",
    "AWS::CodeCommit::Repository",
    "AWS::SecretsManager::Secret",
}
# Schemas list no property that names these.
MORE_NAMES = {"AWS::ECS::TaskDefinition": ("Family",)}
# Characters that a name may have where the schema does not say: the API reference of each.
MAX_LENGTHS = {
    "AWS::CodeBuild::Project": 150,
    "AWS::CodePipeline::Pipeline": 100,
    "AWS::DynamoDB::Table": 255,
    "AWS::ECS::Cluster": 255,
    "AWS::ECS::TaskDefinition": 255,
    "AWS::IAM::ManagedPolicy": 128,
    "AWS::Lambda::Function": 64,
    "AWS::SQS::Queue": 80,
    "AWS::SSM::Parameter": 1011,
}


def name_property(type_: str) -> str:
    """Return the property that gives a resource its name, nothing if it is given an ID.

    >>> name_property("AWS::Lambda::Function"), name_property("AWS::EC2::VPC")
    ('FunctionName', '')
    """
    listed = schema(type_).names or MORE_NAMES.get(type_, ())
    # What stands before the last is where the name is one.
    return listed[-1] if listed and by_name(type_) else ""


def by_name(type_: str) -> bool:
    """Whether a resource is found by a name, rather than by an ID that its service gives it.

    >>> by_name("AWS::SNS::Topic"), by_name("AWS::EC2::Subnet")
    (True, False)
    """
    type_schema = schema(type_)
    identifier = type_schema.identifier[0] if len(type_schema.identifier) == 1 else ()
    return type_ in NAME_IN_ARN or not (
        type_.startswith("AWS::EC2::")
        or (identifier in type_schema.read_only and identifier[-1].endswith("Id"))
    )


def max_name_length(type_: str) -> int:
    """Return how many characters the name of a resource may have, 0 if that is not known.

    >>> max_name_length("AWS::Lambda::Function")
    64
    """
    if type_ in MAX_LENGTHS:
        return MAX_LENGTHS[type_]
    name = name_property(type_)
    longest = (schema(type_).node((name,)) or {}).get("maxLength", 0) if name else 0
    return longest if isinstance(longest, int) else 0


def max_generated_length(logical_id: str, type_: str, stack: int = MAX_KEPT) -> int:
    """Return how many characters a name that CloudFormation makes has at most.

    Args:
        logical_id: the resource's name in the template.
        type_: its type.
        stack: how many characters the stack's name has.

    >>> max_generated_length("Worker", "AWS::Lambda::Function", stack=4)  # shop-Worker-...
    25
    """
    before = len(BY_RESOURCE[type_]) if type_ in BY_RESOURCE else min(stack, _kept(type_)) + 1
    return before + min(len(logical_id), _kept(type_)) + 1 + MAX_SUFFIX


def _kept(type_: str) -> int:
    return KEPT_OF_TYPE.get(type_, MAX_KEPT)
