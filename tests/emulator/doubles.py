"""What stands for AWS in the tests in the emulator, by type of resource, and where it is kinder."""

from __future__ import annotations

from typing import NamedTuple


class Double(NamedTuple):
    """What plays a type of resource."""

    by: str
    kinder: str  # what AWS refuses or does, and it does not
    far: str = ""  # how far one gets at most, where that is less than to have it exercised


RECORD = "asserted on the template only"
BEYOND = "not verified"
MINISTACK, PLUG_IN = "ministack", "plug-in"
BOTH = "ministack and plug-in"
NETWORK = Double(MINISTACK, "nothing is routed; addresses may overlap; no quota", RECORD)
GATEWAY = Double(BOTH, "throttling, sizes, logs of requests")
POLICY = "users and accounts that do not exist, a policy that would lock its owner out"
ADDRESS = Double(BOTH, "nothing is routed; a gateway is ready and gone at once", RECORD)
GROUP = Double(BOTH, "no connection is refused; 60 rules of a group, IPv6, prefix lists", RECORD)
CUSTOM = Double(MINISTACK, "an answer that never comes is not waited for an hour")
DOUBLES = {
    "AWS::ApiGateway::Authorizer": GATEWAY,
    "AWS::ApiGateway::Deployment": GATEWAY,
    "AWS::ApiGateway::GatewayResponse": GATEWAY,
    "AWS::ApiGateway::Method": Double(
        BOTH,
        "the mapping by the plug-in, which knows constants and stage variables only; throttling",
    ),
    "AWS::ApiGateway::Resource": GATEWAY,
    "AWS::ApiGateway::RestApi": GATEWAY,
    "AWS::ApiGateway::Stage": GATEWAY,
    "AWS::CloudFormation::StackSet": Double(
        PLUG_IN,
        "a stack in each region, with the rights of the execution role, by the trust of the"
        " administration role; one account; operation preferences are not looked at",
    ),
    "AWS::CloudWatch::Alarm": Double(
        MINISTACK, "no alarm ever rings: metrics of AWS's services are not made", RECORD
    ),
    "AWS::CodeBuild::Project": Double(
        BOTH,
        "its commands are run on this machine, with the variables and programs of CodeBuild's image"
        " as a list; no cache, no network of its own, no timeout; source, image and VPC are not"
        " looked for when it is made. Builds queue, and quotas refuse them",
    ),
    "AWS::CodeCommit::Repository": Double(
        "moto and git's own server, which asks for CodeCommit's signature",
        "the trigger is called by the test; no size or rate of pushes",
    ),
    "AWS::CodePipeline::Pipeline": Double(
        "moto and plug-in",
        "no action, condition or rule of a pipeline is run; actions' configuration, the rights of"
        " their roles and the keys of stores are not looked at when it is made",
        BEYOND,
    ),
    "AWS::EC2::EIP": ADDRESS,
    "AWS::EC2::InternetGateway": NETWORK,
    "AWS::EC2::NatGateway": ADDRESS,
    "AWS::EC2::Route": NETWORK,
    "AWS::EC2::RouteTable": NETWORK,
    "AWS::EC2::SecurityGroup": GROUP,
    "AWS::EC2::SecurityGroupEgress": GROUP,
    "AWS::EC2::SecurityGroupIngress": GROUP,
    "AWS::EC2::Subnet": NETWORK,
    "AWS::EC2::SubnetRouteTableAssociation": NETWORK,
    "AWS::EC2::VPC": NETWORK,
    "AWS::EC2::VPCEndpoint": NETWORK,
    "AWS::EC2::VPCGatewayAttachment": NETWORK,
    "AWS::ECR::Repository": Double(
        BOTH, "no image is scanned or expired; a layer is a few bytes", RECORD
    ),
    "AWS::ECS::Cluster": Double(
        BOTH, "no container is started; quotas of processors, rates, network interfaces"
    ),
    "AWS::ECS::TaskDefinition": Double(
        BOTH,
        "its program is run on this machine, by the role, with the variables, programs and git"
        " settings of its Dockerfile; no limits, no network; a read-only root where bwrap is",
    ),
    "AWS::EFS::FileSystem": Double(MINISTACK, "nothing is mounted", BEYOND),
    "AWS::EFS::MountTarget": Double(MINISTACK, "nothing is mounted", BEYOND),
    "AWS::Events::Rule": Double(
        BOTH,
        "the minute of AWS is a tenth of a second; no order of events is changed. Attempts, ages,"
        " dead letters and events that come twice are as on AWS",
    ),
    "AWS::IAM::Role": Double(
        BOTH,
        "known everywhere at once; actions that do not exist. Its policies by ministack's"
        " evaluator, its trust, for each service and role, by the plug-in, with the condition keys"
        " that AWS documents; two are inferred, and say so in `plugin/documented.py`",
    ),
    "AWS::IAM::RolePolicy": Double(BOTH, "known everywhere at once"),
    "AWS::KMS::Key": Double(
        BOTH, "nothing is encrypted with it; its policy is asserted, and never asked", RECORD
    ),
    "AWS::Lambda::EventSourceMapping": Double(
        BOTH,
        "batches come as soon as there is a message; no limit of concurrency. The role's rights,"
        " the queue's and the batch's limits, and answers that are none, are as on AWS",
    ),
    "AWS::Lambda::Function": Double(
        BOTH,
        "in this machine's Python; no memory limit, no throttling, no quota of a new account."
        " Attempts, dead letters, sizes and names of variables are as on AWS",
    ),
    "AWS::Lambda::Permission": Double(MINISTACK, POLICY),
    "AWS::Logs::LogGroup": Double(MINISTACK, "nothing expires", RECORD),
    "AWS::S3::Bucket": Double(BOTH, "no encryption, no expiry, no key's policy"),
    "AWS::S3::BucketPolicy": Double(BOTH, POLICY),
    "AWS::SNS::Subscription": Double(
        MINISTACK, "no mail is sent, no subscription confirmed", RECORD
    ),
    "AWS::SNS::Topic": Double(BOTH, "no encryption; alarms do not publish"),
    "AWS::SNS::TopicPolicy": Double(BOTH, POLICY),
    "AWS::SQS::Queue": Double(
        BOTH, "no encryption; any number of messages in flight. Receipts run out as on AWS"
    ),
    "AWS::SQS::QueuePolicy": Double(BOTH, POLICY),
    "AWS::SSM::Parameter": Double(MINISTACK, "any length of a value that a program writes"),
    "AWS::Scheduler::Schedule": Double(BOTH, "its time is made to come by the test"),
    "AWS::SecretsManager::Secret": Double(MINISTACK, "no rotation, no key's policy"),
    "Custom::Files": CUSTOM,
    "Custom::Image": CUSTOM,
}


def table() -> str:
    """Return them as a table of the page."""
    lines = ["| Type | Played by | What AWS refuses or does, and it does not |", "|---|---|---|"]
    for kind, double in DOUBLES.items():
        lines.append(f"| {kind.removeprefix('AWS::')} | {double.by} | {double.kinder} |")
    return "\n".join(lines) + "\n"
