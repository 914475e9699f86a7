"""What AWS refuses of a stack, the emulator refuses, too: otherwise it would pass here alone."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from support.codecommit_git import CodeCommitGit
from support.deployments import Deployment
from support.emulator import Emulator
from support.readmes import one
from support.stacks import ROLE, Stack, function, kind, permissions, trust

HERE = "eu-west-1"


@pytest.fixture
def stack(account: Emulator) -> Callable[..., Stack]:
    """Give stacks by their names."""
    return lambda name="refused": Stack(account.client("cloudformation", HERE), name)


# --- buckets and exports ---


def test_a_bucket_with_objects_is_not_deleted(
    stack: Callable[..., Stack], account: Emulator
) -> None:
    """The deletion fails, what is in it stays, and the next one after it was emptied succeeds."""
    full, s3 = stack(), account.client("s3")
    assert full.create({"B": kind("AWS::S3::Bucket")}) == []
    s3.put_object(Bucket=full.identity("B"), Key="k", Body=b"content")
    assert "BucketNotEmpty" in str(full.delete())
    assert s3.get_object(Bucket=full.identity("B"), Key="k")["Body"].read() == b"content"
    s3.delete_object(Bucket=full.identity("B"), Key="k")
    assert full.delete() == []


@pytest.mark.parametrize(
    "name", ["backlog-proxy", "branch-builder", "branch-builder-direct", "template-bucket"]
)
def test_a_readme_empties_the_buckets_that_are_deleted(
    name: str, account: Emulator, tmp_path: Path
) -> None:
    """By its commands, and nothing beside: a bucket that a README forgets stays, with its stack."""
    made = Deployment(account, name, tmp_path)
    made.deploy()
    s3 = account.client("s3", made.way.region)
    kept = [r for r in made.resources().values() if r["ResourceType"] == "AWS::S3::Bucket"]
    for bucket in kept:
        for body in (b"first", b"second"):
            s3.put_object(Bucket=bucket["PhysicalResourceId"], Key="k", Body=body)
    where = made.described()["StackId"]
    made.cloudformation.delete_stack(StackName=where)
    assert made.described()["StackStatus"] == "DELETE_FAILED"
    assert sum("BucketNotEmpty" in failure for failure in made.failures()) == len(kept)
    commands = one(made.way.blueprint, "aws cloudformation delete-stack")
    at_once = "set +e\nsleep() { :; }\n"  # as a terminal, which goes on after what fails
    ended = made.reader.run(
        at_once + commands.replace("STACK=branch-builder", "STACK=" + made.stack)
    )
    (told,) = made.cloudformation.describe_stacks(StackName=where)["Stacks"]
    assert told["StackStatus"] == "DELETE_COMPLETE", (ended.stdout, ended.stderr)


def exporting(value: str, *, name: str = "Shared") -> dict[str, Any]:
    """Return a template's outputs."""
    return {"O": {"Value": value, "Export": {"Name": name}}}


def test_a_value_that_is_imported_neither_changes_nor_goes(stack: Callable[..., Stack]) -> None:
    """Until nobody imports it; another stack cannot export the same name."""
    topic = {"T": kind("AWS::SNS::Topic")}
    giving, taking = stack("giving"), stack("taking")
    assert giving.create(topic, Outputs=exporting("one")) == []
    described = kind("AWS::SNS::Topic", DisplayName={"Fn::ImportValue": "Shared"})
    assert taking.create({"T": described}) == []
    refused = "Export Shared cannot be updated as it is in use by taking"
    assert refused in str(giving.update(topic, Outputs=exporting("two")))
    gone = "Export Shared cannot be deleted as it is in use by taking"
    assert gone in str(giving.update(topic, Outputs=exporting("one", name="Other")))
    assert "already exported by stack giving" in str(
        stack("third").create(topic, Outputs=exporting("three"))
    )
    assert taking.update({"T": kind("AWS::SNS::Topic", DisplayName="own")}) == []
    assert giving.update(topic, Outputs=exporting("two")) == []


# --- policies ---

GOOD = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
# What is changed of a good statement, and what is said of it.
MALFORMED: list[tuple[dict[str, Any], str]] = [
    ({"Effect": "Maybe"}, "Effect is 'Maybe'"),
    ({"Resource": None}, "no Resource"),
    ({"Resource": "bucket"}, "must be in ARN format"),
    ({"Action": None}, "no Action"),
    ({"Action": "GetObject"}, "has no service"),
    ({"Condition": {"StringFoo": {"aws:SourceAccount": "1"}}}, "Invalid Condition type"),
    ({"Condition": {"StringEquals": {"SourceAccount": "1"}}}, "has no vendor"),
    ({"Principal": "*"}, "a principal"),
    ({"Resources": "*"}, "unknown element Resources"),
    ({"Sid": "not so"}, "letters and digits only"),
]


@pytest.mark.parametrize(("change", "said"), MALFORMED)
def test_a_malformed_policy_is_refused(
    change: dict[str, Any], said: str, stack: Callable[..., Stack]
) -> None:
    """Of a role by itself, and of the resource that gives a role a policy."""
    statement = {k: v for k, v in {**GOOD, **change}.items() if v is not None}
    document = permissions(statement)
    inline = {"PolicyName": "P", "PolicyDocument": document}
    assert said in str(stack("inline").create({"R": {**ROLE, "Properties": {
        **ROLE["Properties"], "Policies": [inline]}}}))  # fmt: skip
    apart = kind("AWS::IAM::RolePolicy", RoleName={"Ref": "R"}, **inline)
    assert said in str(stack("apart").create({"R": ROLE, "P": apart}))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"Principal": {"Service": "ec2"}}, '"SERVICE":"ec2"'),
        ({"Principal": {"AWS": "arn:aws:iam::123456789012:role/nobody"}}, "role/nobody"),
        ({"Principal": {"Services": "ec2.amazonaws.com"}}, "unknown kind of principal"),
        ({"Action": "s3:GetObject"}, "only specify STS AssumeRole actions"),
        ({"Resource": "*"}, "prohibited field Resource"),
    ],
)
def test_a_malformed_trust_policy_is_refused(
    change: dict[str, Any], said: str, stack: Callable[..., Stack], account: Emulator
) -> None:
    """By a template and by the API."""
    document = trust("lambda", **change)
    role = kind("AWS::IAM::Role", AssumeRolePolicyDocument=document)
    assert said in str(stack().create({"R": role}))
    with pytest.raises(ClientError, match="MalformedPolicyDocument"):
        account.client("iam").create_role(
            RoleName="x", AssumeRolePolicyDocument=json.dumps(document)
        )


def test_more_policies_than_a_role_may_have_are_refused(stack: Callable[..., Stack]) -> None:
    """10,240 characters of all of them, blanks apart."""
    many = permissions(*[{**GOOD, "Resource": [f"arn:aws:s3:::{n:0100}" for n in range(40)]}])
    policies = {
        f"P{n}": kind(
            "AWS::IAM::RolePolicy", RoleName={"Ref": "R"}, PolicyName=f"P{n}", PolicyDocument=many
        )
        for n in range(3)
    }
    assert "Maximum policy size of 10240 bytes" in str(stack().create({"R": ROLE, **policies}))


def test_a_bus_keeps_each_statement(stack: Callable[..., Stack], account: Emulator) -> None:
    """Two add up, one is changed and one taken away without the other; a malformed one is none."""
    events = account.client("events", HERE)

    def there() -> dict[str, str]:
        policy = events.describe_event_bus(Name="ours").get("Policy", '{"Statement": []}')
        return {s["Sid"]: s["Principal"]["AWS"] for s in json.loads(policy)["Statement"]}

    def lets(name: str, account: str, **change: Any) -> dict[str, Any]:
        arn = {"Fn::GetAtt": ["Bus", "Arn"]}
        statement = {"Effect": "Allow", "Action": "events:PutEvents", "Resource": arn}
        statement |= {"Principal": {"AWS": account}, **change}
        about = {"EventBusName": {"Ref": "Bus"}, "StatementId": name, "Statement": statement}
        return kind("AWS::Events::EventBusPolicy", **about)

    bus = kind("AWS::Events::EventBus", Name="ours")
    one, other = "1" * 12, "2" * 12
    both = {"Bus": bus, "A": lets("a", one), "B": lets("b", other)}
    assert stack().create(both) == []
    assert there() == {"a": one, "b": other}
    assert stack().update({**both, "A": lets("a", "3" * 12)}) == []
    assert there() == {"a": "3" * 12, "b": other}
    assert "Effect is 'Maybe'" in str(stack().update({**both, "B": lets("b", one, Effect="Maybe")}))
    assert there() == {"a": "3" * 12, "b": other}
    assert stack().update({"Bus": bus, "B": lets("b", other)}) == []
    assert there() == {"b": other}


# --- networks ---


def test_a_rule_is_made_before_the_old_one_is_revoked(
    stack: Callable[..., Stack], account: Emulator
) -> None:
    """So the same rule under another name is refused, and so is one that is there twice."""
    ec2 = account.client("ec2", HERE)
    vpc = kind("AWS::EC2::VPC", CidrBlock="10.0.0.0/16")
    group = kind("AWS::EC2::SecurityGroup", GroupDescription="x", VpcId={"Ref": "V"})
    there = {"V": vpc, "G": group}

    def rule(**change: Any) -> dict[str, Any]:
        given: dict[str, Any] = {"GroupId": {"Fn::GetAtt": ["G", "GroupId"]}, "IpProtocol": "tcp"}
        given |= {"FromPort": 443, "ToPort": 443, "CidrIp": "10.0.0.0/16", **change}
        return kind("AWS::EC2::SecurityGroupIngress", **given)

    made = stack()
    assert made.create({**there, "One": rule()}) == []
    first = made.identity("One")
    assert "InvalidPermission.Duplicate" in str(made.update({**there, "Other": rule()}))
    assert "InvalidPermission.Duplicate" in str(
        made.update({**there, "One": rule(), "Two": rule(Description="the same")})
    )
    assert made.update({**there, "One": rule(FromPort=22)}) == []
    assert made.identity("One") != first
    asked = {"GroupIds": [made.identity("G")]}
    (found,) = ec2.describe_security_groups(**asked)["SecurityGroups"]
    assert [each["FromPort"] for each in found["IpPermissions"]] == [22]
    own = {"IpProtocol": "tcp", "FromPort": 1, "ToPort": 1, "CidrIp": "10.0.0.0/16"}
    twice = {**group, "Properties": {**group["Properties"], "SecurityGroupIngress": [own, own]}}
    assert "must not appear multiple times" in str(stack("twice").create({"V": vpc, "G": twice}))


def test_a_region_has_five_addresses_and_none_in_use_is_released(
    stack: Callable[..., Stack], account: Emulator
) -> None:
    """Whoever asks for a sixth is refused; a gateway keeps its own."""
    five = {f"A{n}": kind("AWS::EC2::EIP", Domain="vpc") for n in range(5)}
    assert stack("five").create(five) == []
    assert "AddressLimitExceeded" in str(stack("sixth").create({"A": kind("AWS::EC2::EIP")}))
    ec2 = account.client("ec2", HERE)
    address = ec2.describe_addresses(PublicIps=[stack("five").identity("A0")])["Addresses"][0]
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]
    asked = {"SubnetId": subnet, "AllocationId": address["AllocationId"]}
    gateway = ec2.create_nat_gateway(**asked)["NatGateway"]["NatGatewayId"]
    assert "InvalidIPAddress.InUse" in str(stack("five").delete())
    ec2.delete_nat_gateway(NatGatewayId=gateway)
    assert stack("five").delete() == []


# --- functions ---

ANSWERING = "import os\ndef handler(event, context):\n    return {}\n"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"Environment": {"Variables": {"AWS_REGION": "x"}}}, "reserved keys"),
        ({"Environment": {"Variables": {"LONG": "x" * 5000}}}, "4KB limit"),
        ({"Environment": {"Variables": {"1A": "x"}}}, "constraint"),
        ({"ReservedConcurrentExecutions": 901}, "below its minimum value"),
    ],
)
def test_what_lambda_refuses_of_a_function(
    change: dict[str, Any], said: str, stack: Callable[..., Stack]
) -> None:
    """Its variables and its share of the account's concurrency."""
    code = ANSWERING.format("dict(os.environ)")
    assert said in str(stack().create({"R": ROLE, "F": function(code, **change)}))


def test_a_function_has_its_own_variables_alone(
    stack: Callable[..., Stack], account: Emulator
) -> None:
    """And none of those that make the emulator, or the tests, what they are."""
    code = ANSWERING.format("dict(os.environ)")
    given = {"Environment": {"Variables": {"OURS": "1"}}, "ReservedConcurrentExecutions": 1}
    assert stack().create({"R": ROLE, "F": function(code, **given)}) == []
    name = stack().identity("F")
    answer = account.client("lambda", HERE).invoke(FunctionName=name)
    found = json.loads(answer["Payload"].read())
    assert found["OURS"] == "1"
    assert found["AWS_REGION"] == HERE
    strange = {"AUTH", "GATEWAY_PORT", "HANDLERS", "IOT_MTLS_ENABLED", "MOTO_URL", "SFTP_ENABLED"}
    strange |= {"PYTEST_CURRENT_TEST", "MINISTACK_ACCOUNT_ID", "BIND_HOST", "LOG_LEVEL"}
    assert not strange & set(found)


def test_what_is_too_large_for_a_function(stack: Callable[..., Stack], account: Emulator) -> None:
    """An event, whoever waits for it or not, and an answer, which is the function's error."""
    code = ANSWERING.format("'x' * (7 * 1024 * 1024)")
    assert stack().create({"R": ROLE, "F": function(code)}) == []
    client, name = account.client("lambda", HERE), stack().identity("F")
    for way, size in (("Event", 1024 * 1024), ("RequestResponse", 6 * 1024 * 1024)):
        body = json.dumps("x" * size).encode()
        with pytest.raises(ClientError, match="RequestTooLargeException"):
            client.invoke(FunctionName=name, InvocationType=way, Payload=body)
    answer = client.invoke(FunctionName=name)
    assert answer["FunctionError"] == "Unhandled"
    assert b"Function.ResponseSizeTooLarge" in answer["Payload"].read()


# --- tasks ---


def test_a_task_without_the_group_of_its_log_stops(account: Emulator) -> None:
    """Before it starts, with a reason and an event."""
    ecs, ec2 = account.client("ecs", HERE), account.client("ec2", HERE)
    iam = account.client("iam")
    lets = json.dumps(trust("ecs-tasks"))
    role = iam.create_role(RoleName="task", AssumeRolePolicyDocument=lets)["Role"]["Arn"]
    ecs.create_cluster(clusterName="c")
    options = {"awslogs-group": "/not/there", "awslogs-region": HERE, "awslogs-stream-prefix": "t"}
    container: dict[str, Any] = {"name": "c", "image": "x", "essential": True}
    container["logConfiguration"] = {"logDriver": "awslogs", "options": options}
    ecs.register_task_definition(
        family="t",
        cpu="256",
        memory="512",
        networkMode="awsvpc",
        requiresCompatibilities=["FARGATE"],
        executionRoleArn=role,
        containerDefinitions=[container],
    )
    subnet = ec2.describe_subnets()["Subnets"][0]["SubnetId"]
    asked: dict[str, Any] = {"cluster": "c", "taskDefinition": "t", "launchType": "FARGATE"}
    asked["networkConfiguration"] = {"awsvpcConfiguration": {"subnets": [subnet]}}
    (task,) = ecs.run_task(**asked)["tasks"]
    assert account.call("undelivered") == []  # and so all is done
    (task,) = ecs.describe_tasks(cluster="c", tasks=[task["taskArn"]])["tasks"]
    assert task["lastStatus"] == "STOPPED"
    assert task["stopCode"] == "TaskFailedToStart"
    assert task["stoppedReason"].startswith("ResourceInitializationError")
    with pytest.raises(RuntimeError, match="log group does not exist"):
        account.call("start_task", task=task["taskArn"])
    account.client("logs", HERE).create_log_group(logGroupName="/not/there")
    (task,) = ecs.run_task(**asked)["tasks"]
    account.call("start_task", task=task["taskArn"])


# --- webhooks ---

API = {
    "Api": kind("AWS::ApiGateway::RestApi", Name="x"),
    "Method": kind(
        "AWS::ApiGateway::Method",
        RestApiId={"Ref": "Api"},
        ResourceId={"Fn::GetAtt": ["Api", "RootResourceId"]},
        HttpMethod="GET",
        AuthorizationType="NONE",
        Integration={"Type": "MOCK"},
    ),
    "Deployment": {
        **kind("AWS::ApiGateway::Deployment", RestApiId={"Ref": "Api"}),
        "DependsOn": ["Method"],
    },
}


def stage(**more: Any) -> dict[str, Any]:
    """Return a template's API with a stage."""
    about = {"RestApiId": {"Ref": "Api"}, "DeploymentId": {"Ref": "Deployment"}, "StageName": "s"}
    return {**API, "Stage": kind("AWS::ApiGateway::Stage", **about, **more)}


def test_a_deployment_needs_a_method_before_it(stack: Callable[..., Stack]) -> None:
    """Which a template that does not say so may make later."""
    alone = {"Api": API["Api"], "Deployment": {**API["Deployment"], "DependsOn": []}}
    assert "doesn't contain any methods" in str(stack("alone").create(alone))
    assert stack("whole").create(stage()) == []


def test_a_stage_logs_by_the_role_of_its_account(
    stack: Callable[..., Stack], account: Emulator
) -> None:
    """To a group that is there; the role has to be one by which API Gateway may write."""
    arn = f"arn:aws:logs:{HERE}:123456789012:log-group:/hook"
    log = {"AccessLogSetting": {"DestinationArn": arn, "Format": "$context.requestId"}}
    assert "role ARN must be set" in str(stack("a").create(stage(**log)))
    info = [{"ResourcePath": "/*", "HttpMethod": "*", "LoggingLevel": "INFO"}]
    assert "role ARN must be set" in str(stack("b").create(stage(MethodSettings=info)))
    role = kind("AWS::IAM::Role", AssumeRolePolicyDocument=trust("apigateway"))
    asked = kind("AWS::ApiGateway::Account", CloudWatchRoleArn={"Fn::GetAtt": ["R", "Arn"]})
    assert "does not have required permissions" in str(stack("c").create({"R": role, "A": asked}))
    writing = permissions({"Effect": "Allow", "Action": "logs:*", "Resource": "*"})
    role["Properties"]["Policies"] = [{"PolicyName": "P", "PolicyDocument": writing}]
    assert stack("d").create({"R": role, "A": asked}) == []
    assert "does not exist" in str(stack("e").create(stage(**log)))
    account.client("logs", HERE).create_log_group(logGroupName="/hook")
    assert stack("f").create(stage(**log)) == []


# --- repositories ---


def test_a_repository_with_another_name_is_the_same(
    stack: Callable[..., Stack], account: Emulator, git: CodeCommitGit
) -> None:
    """Its id stays, and all that was pushed; a name that is taken or ends in .git is none."""
    made = stack()
    assert made.create({"R": kind("AWS::CodeCommit::Repository", RepositoryName="before")}) == []
    first = made.identity("R")
    commit = git.repository(HERE, "before").commit("main", "first")
    client = account.client("codecommit", HERE)
    client.create_repository(repositoryName="taken")
    for name in ("taken", "other.git"):
        refused = made.update({"R": kind("AWS::CodeCommit::Repository", RepositoryName=name)})
        assert "RepositoryNam" in str(refused)
    assert made.update({"R": kind("AWS::CodeCommit::Repository", RepositoryName="after")}) == []
    assert made.identity("R") == first
    assert git.repository(HERE, "after").refs() == {"refs/heads/main": commit}
    told = client.get_repository(repositoryName="after")["repositoryMetadata"]
    assert told["repositoryId"] == first
    with pytest.raises(ClientError, match="RepositoryDoesNotExist"):
        client.get_repository(repositoryName="before")


def test_a_default_branch_is_a_branch_that_is_there(account: Emulator, git: CodeCommitGit) -> None:
    """Of a repository that is there; who asks for it is told, and git has it as HEAD."""
    client = account.client("codecommit", HERE)
    asked = {"repositoryName": "shop", "defaultBranchName": "next"}
    with pytest.raises(ClientError, match="RepositoryDoesNotExist"):
        client.update_default_branch(**asked)
    client.create_repository(repositoryName="shop")
    with pytest.raises(ClientError, match="BranchDoesNotExist"):
        client.update_default_branch(**asked)
    repository = git.repository(HERE, "shop")
    repository.set("refs/heads/next", repository.commit("main", "first"))
    client.update_default_branch(**asked)
    told = client.get_repository(repositoryName="shop")["repositoryMetadata"]
    assert told["defaultBranch"] == "next"
    assert repository.head == "refs/heads/next"


# --- pipelines ---


def pipeline(bucket: str, **change: Any) -> dict[str, Any]:
    """Return a role and a pipeline from S3 to an approval, some of its properties changed."""
    source = {
        "Name": "Source",
        "ActionTypeId": {"Category": "Source", "Owner": "AWS", "Provider": "S3", "Version": "1"},
        "Configuration": {"S3Bucket": bucket, "S3ObjectKey": "k"},
        "OutputArtifacts": [{"Name": "Code"}],
    }
    kind_of = {"Category": "Approval", "Owner": "AWS", "Provider": "Manual", "Version": "1"}
    stages = [
        {"Name": "Source", "Actions": [source]},
        {"Name": "Release", "Actions": [{"Name": "Approve", "ActionTypeId": kind_of}]},
    ]
    about = {"RoleArn": {"Fn::GetAtt": ["R", "Arn"]}, "Stages": stages, "PipelineType": "V2"}
    about |= {"ArtifactStore": {"Type": "S3", "Location": bucket}, **change}
    role = kind("AWS::IAM::Role", AssumeRolePolicyDocument=trust("codepipeline"))
    return {"R": role, "P": kind("AWS::CodePipeline::Pipeline", **about)}


@pytest.fixture
def bucket(account: Emulator) -> str:
    """Make a bucket for artifacts."""
    place = {"LocationConstraint": HERE}
    account.client("s3", HERE).create_bucket(Bucket="store", CreateBucketConfiguration=place)
    return "store"


REASON = "Open 01:00-05:00 Europe/Dublin, MON-SUN"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"Name": "bad name!"}, "which does not match"),
        ({"ArtifactStore": {"Type": "S3", "Location": "nowhere"}}, "not located in the eu-west-1"),
        ({"ExecutionMode": "SOMEHOW"}, "none of"),
        (
            {"DisableInboundStageTransitions": [{"StageName": "Release", "Reason": REASON}]},
            "cannot be its reason",
        ),
        ({"RoleArn": "arn:aws:iam::123456789012:role/nobody"}, "not authorized to perform"),
    ],
)
def test_what_codepipeline_refuses_of_a_pipeline(
    change: dict[str, Any], said: str, stack: Callable[..., Stack], bucket: str
) -> None:
    """What its own rules say, its model, and where its stores and its role are."""
    assert said in str(stack().create(pipeline(bucket, **change)))


def test_what_codepipeline_refuses_of_stages(stack: Callable[..., Stack], bucket: str) -> None:
    """When it is made, and when it is changed."""
    whole = pipeline(bucket)
    assert stack().create(whole) == []
    first, last = whole["P"]["Properties"]["Stages"]
    for stages, said in (
        ([first], "a pipeline has 2 to 50"),
        ([first, last, last], "is there 2 times"),
        ([last, first], "sources are in the first stage"),
    ):
        assert said in str(stack().update(pipeline(bucket, Stages=stages)))
