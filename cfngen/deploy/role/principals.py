"""Which service a resource hands its roles to: `iam:PassedToService`.

Source: the pages "Identity and access management for …" of each service, and the trust policies
that they show.
"""

from __future__ import annotations

# Where a service is not called like the types that it makes: by property of a type, type or family.
SERVICES: dict[str, tuple[str, ...]] = {
    "AWS::AmazonMQ": ("mq",),
    "AWS::ApiGatewayV2": ("apigateway",),
    "AWS::Batch::ComputeEnvironment SpotIamFleetRole": ("spotfleet",),
    "AWS::Batch::JobDefinition": ("ecs-tasks",),
    "AWS::Cognito": ("cognito-idp",),
    "AWS::Cognito::IdentityPool": ("cognito-sync",),
    "AWS::Cognito::IdentityPoolRoleAttachment": ("cognito-identity",),
    "AWS::DocDB": ("rds",),
    "AWS::EC2::FlowLog": ("vpc-flow-logs",),
    "AWS::EC2::SpotFleet": ("spotfleet",),
    "AWS::ECS::DaemonTaskDefinition": ("ecs-tasks",),
    "AWS::ECS::TaskDefinition": ("ecs-tasks",),
    "AWS::EMR": ("elasticmapreduce",),
    "AWS::EMR::Cluster AutoScalingRole": ("application-autoscaling",),
    "AWS::IAM::InstanceProfile": ("ec2",),
    "AWS::KinesisAnalyticsV2": ("kinesisanalytics",),
    "AWS::KinesisFirehose": ("firehose",),
    "AWS::Lex": ("lexv2",),
    "AWS::MSK": ("kafka",),
    "AWS::MWAA": ("airflow",),
    "AWS::Neptune": ("rds",),
    "AWS::OSIS": ("osis-pipelines",),
    "AWS::RDS::DBCluster MonitoringRoleArn": ("monitoring.rds",),
    "AWS::RDS::DBInstance MonitoringRoleArn": ("monitoring.rds",),
    "AWS::SSMIncidents": ("ssm-incidents",),
    "AWS::StepFunctions": ("states",),
    "AWS::Synthetics": ("lambda", "synthetics"),
}


def default_services(type_: str, name: str) -> tuple[str, ...]:
    """Return the services that a property of a type hands roles to.

    Args:
        type_: the resource's type, such as `AWS::ECS::TaskDefinition`.
        name: the property, such as `TaskRoleArn`.
    """
    family = type_.rpartition("::")[0]
    services = SERVICES.get(f"{type_} {name}") or SERVICES.get(type_) or SERVICES.get(family)
    names = services or (family.rpartition("::")[2].lower(),)
    return tuple(f"{service}.amazonaws.com" for service in names)
