"""What the Fargate mirror's template promises, asserted on it as data."""

from __future__ import annotations

import configparser
import itertools
import json
import re
import runpy
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from support import shapes
from support.cloudformation import resolved
from support.mirror_program import BRANCHES, NO_BRANCHES
from support.mirror_tasks import PROGRAMS

from cfngen import Payloads, synthesize
from cfngen.authoring.options import options_from
from cfngen.errors import Problems
from cfngen.patterns.custom_resources import ROLE_EXPORT
from cfngen.project.registry import find
from cfngen.testing import of_type, references, statements

BLUEPRINT = find("fargate_mirror").load()
OURS = Payloads("cfngen_blueprints.fargate_mirror")
IN_IMAGE = Payloads("cfngen_blueprints.mirror_image")
MIRROR = "".join(path.read_text() for path in PROGRAMS)
ROOT = Path(__file__).parents[3]
ROLE = "arn:aws:iam::222233334444:role/there-DestinationRole-A"
# Every option away from its default at least once, in combinations that people deploy.
SHAPES: dict[str, dict[str, Any]] = {
    "defaults": {},
    "codecommit": {"trigger": "codecommit", "network": "own"},
    "direct": {"trigger": "direct", "repositories": ["app", "team-*"]},
    "schedule": {"trigger": "schedule", "network": "private", "dashboard": True},
    "https": {"source": "https"},
    "ssh": {"source": "ssh", "cache": "efs", "repositories": ["app", "shop"]},
    "public": {"source": "public", "image": "existing"},
    "spot": {"spot": True, "cache": "efs", "network": "own", "architecture": "x86_64"},
    "spot direct": {"spot": True, "trigger": "direct", "network": "private"},
    "accounts": {
        "repositories": ["app"],
        "destinations": [
            {"region": "us-west-2", "prefix": "eu-"},
            {"region": "eu-central-1", "role": ROLE},
            {"region": "eu-central-1", "prefix": "x-", "role": f"{ROLE}2"},
        ],
    },
    "only accounts": {"destinations": [{"region": "us-west-2", "role": ROLE}]},
    "one template": {"image": "build"},
}
URI = "111122223333.dkr.ecr.eu-west-1.amazonaws.com/mirror:1"
IMAGE = {"ImageUri": URI, "ImageParameter": URI}  # a Ref to the second is the parameter's value
each_shape = pytest.mark.parametrize("options", SHAPES.values(), ids=SHAPES)


def body(**options: Any) -> dict[str, Any]:
    """Return a shape's template as data."""
    found: dict[str, Any] = synthesize(BLUEPRINT, options).document.body
    return found


def task(template: dict[str, Any]) -> dict[str, Any]:
    """Return the task definition's properties."""
    (found,) = of_type(template, "AWS::ECS::TaskDefinition").values()
    return found  # type: ignore[no-any-return]


def container(template: dict[str, Any]) -> dict[str, Any]:
    """Return the one container."""
    (found,) = task(template)["ContainerDefinitions"]
    return found  # type: ignore[no-any-return]


def environment(template: dict[str, Any]) -> dict[str, Any]:
    """Return the task's environment variables by name."""
    variables = container(template)["Environment"]
    found = {variable["Name"]: variable["Value"] for variable in variables}
    assert len(found) == len(variables)
    return found


def listed(value: Any) -> list[Any]:
    """Return a list of one or more."""
    return value if isinstance(value, list) else [value]


def granted(
    template: dict[str, Any], role: str, given: Mapping[str, str] = {}
) -> dict[str, set[str]]:
    """Return what a role may do: each action with the resources, as text."""
    found: dict[str, set[str]] = {}
    policies = template["Resources"][role]["Properties"]["Policies"]
    for _, statement in statements(policies):
        assert statement["Effect"] == "Allow"
        for action in listed(statement["Action"]):
            on = listed(resolved(statement["Resource"], given))
            found.setdefault(action, set()).update(on)
    return found


def conditions(template: dict[str, Any], role: str) -> dict[str, Any]:
    """Return on what conditions a role may do what."""
    policies = template["Resources"][role]["Properties"]["Policies"]
    return {
        action: statement.get("Condition")
        for _, statement in statements(policies)
        for action in listed(statement["Action"])
    }


def rules(template: dict[str, Any]) -> dict[str, Any]:
    """Return EventBridge's rules."""
    return of_type(template, "AWS::Events::Rule")


# --- least privilege ---

HERE = "arn:aws:codecommit:us-east-2:123456789012:"
PUSH = {
    "codecommit:GitPull",
    "codecommit:GitPush",
    "codecommit:CreateRepository",
    "codecommit:UpdateDefaultBranch",
}


@pytest.mark.parametrize(
    ("shape", "given", "sources", "destinations"),
    [
        (
            "defaults",
            {"Repositories": "team-*", "DestinationRegion": "us-west-2", "DestinationPrefix": "b-"},
            {f"{HERE}team-*"},
            {"arn:aws:codecommit:us-west-2:123456789012:b-team-*"},
        ),
        (
            "codecommit",
            {"RepositoryName": "app", "DestinationRegion": "us-west-2", "DestinationPrefix": ""},
            {f"{HERE}app"},
            {"arn:aws:codecommit:us-west-2:123456789012:app"},
        ),
        (
            "direct",
            {"DestinationRegion": "us-west-2", "DestinationPrefix": "b-"},
            {f"{HERE}app", f"{HERE}team-*"},
            {
                "arn:aws:codecommit:us-west-2:123456789012:b-app",
                "arn:aws:codecommit:us-west-2:123456789012:b-team-*",
            },
        ),
        (
            "https",
            {"RepositoryName": "app", "DestinationRegion": "us-west-2", "DestinationPrefix": ""},
            set(),
            {"arn:aws:codecommit:us-west-2:123456789012:app"},
        ),
        (
            "accounts",
            {},
            {f"{HERE}app"},
            {"arn:aws:codecommit:us-west-2:123456789012:eu-app"},
        ),
        ("only accounts", {"Repositories": "*"}, {f"{HERE}*"}, set()),
    ],
)
def test_the_program_pulls_from_sources_and_pushes_to_mirrors(
    shape: str, given: dict[str, str], sources: set[str], destinations: set[str]
) -> None:
    """The program's role, repository by repository: no push to a source, and nothing else."""
    options = SHAPES[shape]
    may = granted(body(**options), "MirrorRole", given)
    assert may.pop("codecommit:GitPull") == sources | destinations
    for action in PUSH - {"codecommit:GitPull"}:
        assert may.pop(action, set()) == destinations, action
    roles = {there["role"] for there in options.get("destinations", []) if "role" in there}
    assert may.pop("sts:AssumeRole", set()) == roles
    listing = may.pop("codecommit:ListRepositories", set())
    names = options.get("repositories", ["*"])
    stars = "source" not in options and shape != "codecommit" and "*" in "".join(names)
    assert listing == ({"*"} if stars else set())
    assert not may


@each_shape
def test_only_the_files_are_the_program_s_beyond_git(options: dict[str, Any]) -> None:
    """With a cache it may mount one file system through one access point; no shape has more."""
    template = body(**options)
    may = granted(template, "MirrorRole")
    assert set(may) - PUSH <= {
        "codecommit:ListRepositories",
        "sts:AssumeRole",
        "elasticfilesystem:ClientMount",
        "elasticfilesystem:ClientWrite",
    }
    assert ("elasticfilesystem:ClientMount" in may) == ("cache" in options)
    if "cache" in options:
        entrance = {"Fn::GetAtt": ["MirrorFilesEntrance", "Arn"]}
        for action in ("ClientMount", "ClientWrite"):
            assert may[f"elasticfilesystem:{action}"] == {"<MirrorFiles.Arn>"}
            assert conditions(template, "MirrorRole")[f"elasticfilesystem:{action}"] == {
                "StringEquals": {"elasticfilesystem:AccessPointArn": entrance}
            }


@each_shape
def test_fargate_s_agent_pulls_one_image_and_writes_one_log(options: dict[str, Any]) -> None:
    """And it reads one secret, if there is one, under a key that serves this secret only."""
    template = body(**options)
    may = granted(template, "MirrorAgentRole", IMAGE)
    assert may.pop("ecr:GetAuthorizationToken") == {"*"}
    for action in ("BatchCheckLayerAvailability", "BatchGetImage", "GetDownloadUrlForLayer"):
        (arn,) = may.pop(f"ecr:{action}")
        if options.get("image") == "build":
            assert arn == "<MirrorImageRepository.Arn>"
        else:
            assert arn == "arn:aws:ecr:eu-west-1:111122223333:repository/mirror"
    for action in ("CreateLogStream", "PutLogEvents"):
        assert may.pop(f"logs:{action}") == {"<MirrorLog.Arn>"}
    if options.get("source") in ("https", "ssh"):
        assert may.pop("secretsmanager:GetSecretValue") == {"<SourceSecret>"}
        assert may.pop("kms:Decrypt") == {"arn:aws:kms:us-east-2:123456789012:key/*"}
        when = resolved(conditions(template, "MirrorAgentRole")["kms:Decrypt"])
        assert when == {
            "StringEquals": {
                "kms:ViaService": "secretsmanager.us-east-2.amazonaws.com",
                "kms:EncryptionContext:SecretARN": "<SourceSecret>",
            }
        }
    assert not may


@each_shape
def test_those_who_start_runs_start_this_task_and_no_other(options: dict[str, Any]) -> None:
    """One family, in one cluster, with two roles that only ECS's tasks get."""
    template = body(**options)
    name = "StarterRole" if "StarterRole" in template["Resources"] else "StartRole"
    may, when = granted(template, name), conditions(template, name)
    family = resolved(task(template)["Family"])
    definition = f"arn:aws:ecs:us-east-2:123456789012:task-definition/{family}:*"
    assert may.pop("ecs:RunTask") == {definition}
    in_cluster = {"ArnEquals": {"ecs:cluster": {"Fn::GetAtt": ["MirrorCluster", "Arn"]}}}
    assert when["ecs:RunTask"] == in_cluster
    assert may.pop("iam:PassRole") == {"<MirrorRole.Arn>", "<MirrorAgentRole.Arn>"}
    only_tasks = {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}}
    assert when["iam:PassRole"] == only_tasks
    assert may.pop("ecs:TagResource") == {
        "arn:aws:ecs:us-east-2:123456789012:task/<MirrorCluster>/*"
    }
    assert when["ecs:TagResource"] == {"StringEquals": {"ecs:CreateAction": "RunTask"}}
    assert task(template)["TaskRoleArn"] == {"Fn::GetAtt": ["MirrorRole", "Arn"]}
    assert task(template)["ExecutionRoleArn"] == {"Fn::GetAtt": ["MirrorAgentRole", "Arn"]}
    if name == "StarterRole":
        for look in ("ecs:ListTasks", "ecs:DescribeTasks"):
            assert may.pop(look) == {"*"}
            assert when[look] == in_cluster
        assert may.pop("sqs:SendMessage") == {"<Lost.Arn>", "<Waiting.Arn>"}
        for action in ("ChangeMessageVisibility", "DeleteMessage", "ReceiveMessage"):
            assert may.pop(f"sqs:{action}") == {"<Waiting.Arn>"}
        assert may.pop("sqs:GetQueueAttributes") == {"<Waiting.Arn>"}
        assert may.pop("codecommit:ListRepositories", set()) == (
            {"*"} if may_list(options) else set()
        )
        for action in ("CreateLogStream", "PutLogEvents"):
            assert may.pop(f"logs:{action}") == {"<MirrorLog.Arn>"}
    assert not may


def may_list(options: dict[str, Any]) -> bool:
    """Tell whether repositories are named by how names begin."""
    if "source" in options or options.get("trigger") == "codecommit":
        return False
    return "*" in "".join(options.get("repositories", ["*"]))


def test_a_pipeline_is_answered_only_where_one_may_call() -> None:
    """The two answers to jobs know no resource, so a template has them on demand only."""
    asked = granted(body(codepipeline=True), "StarterRole")
    answers = {"codepipeline:PutJobFailureResult", "codepipeline:PutJobSuccessResult"}
    assert {name for name in asked if name.startswith("codepipeline:")} == answers
    assert set(asked) - answers == set(granted(body(), "StarterRole"))


@each_shape
def test_no_other_account_borrows_a_role(options: dict[str, Any]) -> None:
    """Each service that says for whom it asks gets a role only for this account.

    The function behind custom resources says for which stack.
    """
    for name, role in of_type(body(**options), "AWS::IAM::Role").items():
        (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
        assert trust["Action"] == "sts:AssumeRole"
        if trust["Principal"] == {"AWS": {"Fn::ImportValue": ROLE_EXPORT}}:
            ours = {"StringEquals": {"sts:ExternalId": {"Ref": "AWS::StackId"}}}
            assert trust["Condition"] == ours, name
            continue
        service = trust["Principal"]["Service"]
        if service == "lambda.amazonaws.com":  # does not say so; a function names its role
            continue
        assert service in {f"{s}.amazonaws.com" for s in ("ecs-tasks", "events", "codebuild")}
        ours = {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}
        assert trust["Condition"] == ours, name


@each_shape
def test_only_our_rules_and_our_repository_call_the_function(options: dict[str, Any]) -> None:
    """Each permission names one caller by its ARN; each rule that needs one has one."""
    template = body(**options)
    callers = {}
    for permission in of_type(template, "AWS::Lambda::Permission").values():
        assert permission["Action"] == "lambda:InvokeFunction"
        callers[resolved(permission["SourceArn"], {"RepositoryName": "app"})] = permission
    targets = {
        f"<{name}.Arn>"
        for name, rule in rules(template).items()
        for target in rule["Targets"]
        if target["Arn"] == {"Fn::GetAtt": ["Starter", "Arn"]}
    }
    for arn in targets:
        assert callers.pop(arn)["Principal"] == "events.amazonaws.com"
    if options.get("trigger") == "codecommit":
        trigger = callers.pop(f"{HERE}app")
        assert trigger["Principal"] == "codecommit.amazonaws.com"
        assert trigger["SourceAccount"] == {"Ref": "AWS::AccountId"}
    assert not callers


def most_names(ending: str, destinations: list[dict[str, str]]) -> list[str]:
    """Return as many names of repositories as are accepted, and the beginning of some."""
    names = ["w*"]
    while True:
        added = [*names, f"n{len(names)}{ending}"]
        try:
            options_from(BLUEPRINT.options_type, {"repositories": added, **there(destinations)})
        except Problems as refused:
            assert "do not fit into one role's policies" in str(refused)  # noqa: PT017
            return names
        names = added


def there(destinations: list[dict[str, str]]) -> dict[str, Any]:
    """Return the option, unless there is nothing to say."""
    return {"destinations": destinations} if destinations else {}


@pytest.mark.parametrize("ending", ["", "z" * 60])
@pytest.mark.parametrize(
    "destinations",
    [
        [],
        [{"region": "us-west-2", "prefix": "p" * 80}],
        [{"region": "ap-southeast-1"}, {"region": "ap-southeast-2"}],
        [{"region": "us-west-2"}, {"region": "us-west-2", "role": ROLE}],
    ],
)
def test_as_many_names_as_are_accepted_fit_into_a_role(
    ending: str, destinations: list[dict[str, str]]
) -> None:
    """Filled in with the longest regions and prefix, they are within IAM's 10,240 characters.

    IAM does not count white space.
    """
    names = most_names(ending, destinations)
    assert len(names) > 15
    template = body(repositories=names, cache="efs", **there(destinations))
    (policy,) = template["Resources"]["MirrorRole"]["Properties"]["Policies"]
    long = {
        "AWS::Partition": "aws-us-gov",
        "AWS::Region": "ap-southeast-1",
        "DestinationRegion": "ap-southeast-1",
        "DestinationPrefix": "p" * 80,
        "MirrorFiles.Arn": "f" * 90,
        "MirrorFilesEntrance.Arn": "e" * 90,
    }
    text = json.dumps(resolved(policy["PolicyDocument"], long), separators=(",", ":"))
    assert len(text) <= 10_240, len(names)


# --- the task is locked up ---


@each_shape
def test_the_program_is_nobody_on_a_disk_it_cannot_write(options: dict[str, Any]) -> None:
    """User 1000, no capability, nothing to write in but what is mounted, 120 seconds to stop."""
    template = body(**options)
    definition, program = task(template), container(template)
    assert program["User"] == "1000:1000"
    assert program["ReadonlyRootFilesystem"] is True
    assert program["LinuxParameters"]["Capabilities"] == {"Drop": ["ALL"]}
    assert program["LinuxParameters"]["InitProcessEnabled"] is True
    assert program["StopTimeout"] == 120
    assert "Privileged" not in program
    folders = {m["ContainerPath"]: m["SourceVolume"] for m in program["MountPoints"]}
    assert folders == {"/data": "work", **({"/cache": "cache"} if "cache" in options else {})}
    assert {v["Name"] for v in definition["Volumes"]} == set(folders.values())
    assert definition["Volumes"][0] == {"Name": "work"}, "on the task's own disk"


def test_the_image_makes_the_writable_folder_its_user_s() -> None:
    """The Dockerfile declares the folder that is mounted, made for the same user.

    A volume that is empty takes owner and rights from the image, or it would be root's.
    """
    dockerfile = str(IN_IMAGE["Dockerfile"])
    program = container(body())
    (mount,) = program["MountPoints"]
    (volumes,) = re.findall(r"^VOLUME (.+)$", dockerfile, re.M)
    assert json.loads(volumes) == [mount["ContainerPath"]]
    assert f"USER {program['User']}\n" in dockerfile
    user, group = program["User"].split(":")
    assert re.search(rf"install -d -o {user} -g {group} -m 0700 /data\b", dockerfile)
    assert dockerfile.index("install -d") < dockerfile.index("VOLUME")
    (settings,) = re.findall(r"^ENV (.+)$", dockerfile, re.M)
    for setting in settings.split():
        assert setting.partition("=")[2].startswith(mount["ContainerPath"])


@each_shape
def test_tasks_call_out_only_to_where_they_have_to(options: dict[str, Any]) -> None:
    """HTTPS; SSH only if the source is reached by it; NFS only to the mount targets; nothing in."""
    template = body(**options)
    groups = of_type(template, "AWS::EC2::SecurityGroup")
    out = groups["MirrorAccess"]["SecurityGroupEgress"]
    assert [rule["FromPort"] for rule in out] == (
        [443, 22] if options.get("source") == "ssh" else [443]
    )
    assert all(r["IpProtocol"] == "tcp" and r["FromPort"] == r["ToPort"] for r in out)
    assert not any("SecurityGroupIngress" in group for group in groups.values())
    standing = {
        **of_type(template, "AWS::EC2::SecurityGroupEgress"),
        **of_type(template, "AWS::EC2::SecurityGroupIngress"),
    }
    assert set(standing) == ({"MirrorFilesIn", "MirrorFilesOut"} if "cache" in options else set())
    for rule in standing.values():
        assert (rule["FromPort"], rule["ToPort"], rule["IpProtocol"]) == (2049, 2049, "tcp")
    if standing:
        files, tasks = "<MirrorFilesAccess.GroupId>", "<MirrorAccess.GroupId>"
        comes, goes = resolved(standing["MirrorFilesIn"]), resolved(standing["MirrorFilesOut"])
        assert (comes["GroupId"], comes["SourceSecurityGroupId"]) == (files, tasks)
        assert (goes["GroupId"], goes["DestinationSecurityGroupId"]) == (tasks, files)
        (nowhere,) = groups["MirrorFilesAccess"]["SecurityGroupEgress"]
        assert nowhere["CidrIp"] == "127.0.0.1/32"


def runs(template: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield what RunTask is told, by the function or by a rule, spelled as its API does."""
    function = template["Resources"].get("Starter")
    if function:
        text = function["Properties"]["Environment"]["Variables"]["TASK"]
        yield json.loads(resolved(text))
    for rule in rules(template).values():
        for target in rule["Targets"]:
            if "EcsParameters" in target:
                assert target["Arn"] == {"Fn::GetAtt": ["MirrorCluster", "Arn"]}
                assert target["RoleArn"] == {"Fn::GetAtt": ["StartRole", "Arn"]}
                told = resolved(target["EcsParameters"])
                told["TaskDefinition"] = told.pop("TaskDefinitionArn")
                assert told.pop("TaskCount") == 1
                yield {"cluster": resolved(target["Arn"]), **lowered(told)}


def lowered(value: Any) -> Any:
    """Spell CloudFormation's names as the API does."""
    if isinstance(value, list):
        return [lowered(item) for item in value]
    if isinstance(value, dict):
        spelled = {"AwsVpcConfiguration": "awsvpcConfiguration"}
        return {
            spelled.get(key, key[0].lower() + key[1:]): lowered(item) for key, item in value.items()
        }
    return value


@each_shape
def test_every_run_is_placed_alike(options: dict[str, Any]) -> None:
    """Whoever starts it: the same task, network and kind of capacity, in a request ECS takes.

    Spare capacity is asked for by its provider, beside which no launch type may stand. An address
    of its own is given only in public subnets.
    """
    template = body(**options)
    made = options.get("network") == "own"
    network = {
        "subnets": [f"<{'Network' * made}Subnet{'Id' * (not made)}{n}>" for n in (1, 2)],
        "securityGroups": ["<MirrorAccess.GroupId>"],
        "assignPublicIp": "DISABLED" if options.get("network") == "private" else "ENABLED",
    }
    provider = {"capacityProvider": "FARGATE_SPOT", "weight": 1}
    launch = (
        {"capacityProviderStrategy": [provider]} if "spot" in options else {"launchType": "FARGATE"}
    )
    wanted = {
        "cluster": "<MirrorCluster.Arn>",
        "taskDefinition": "<MirrorTask>",
        "propagateTags": "TASK_DEFINITION",
        "networkConfiguration": {"awsvpcConfiguration": network},
        **launch,
    }
    found = list(runs(template))
    assert found
    for request in found:
        assert request == wanted
        assert shapes.problems("ecs", "RunTask", request) == []
    (cluster,) = of_type(template, "AWS::ECS::Cluster").values()
    assert cluster.get("CapacityProviders") == (["FARGATE_SPOT"] if "spot" in options else None)
    direct = options.get("trigger") == "direct"
    assert ("SpotInterrupted" in rules(template)) == ("spot" in options and direct)


def waits_for(template: dict[str, Any]) -> set[str]:
    """Return what the task definition names as to be there before it."""
    return set(template["Resources"]["MirrorTask"].get("DependsOn", []))


@each_shape
def test_a_task_waits_until_it_can_get_out(options: dict[str, Any]) -> None:
    """In a network of its own, for the routes to the outside."""
    routes = {"NetworkRoute", "NetworkRouting1", "NetworkRouting2"}
    waits = waits_for(body(**options))
    assert {w for w in waits if w.startswith("Network")} == (
        routes if options.get("network") == "own" else set()
    )


@each_shape
def test_files_are_entered_by_the_task_alone_and_over_tls(options: dict[str, Any]) -> None:
    """The cache is encrypted, at rest and on its way; the task waits until it can mount it."""
    template = body(**options)
    volumes = {v["Name"]: v for v in task(template)["Volumes"]}
    assert ("cache" in volumes) == ("cache" in options) == ("CACHE_DIR" in environment(template))
    if "cache" not in options:
        assert not of_type(template, "AWS::EFS::FileSystem")
        assert not [w for w in waits_for(template) if w.startswith("MirrorFiles")]
        return
    assert volumes["cache"]["EFSVolumeConfiguration"] == {
        "FilesystemId": {"Ref": "MirrorFiles"},
        "TransitEncryption": "ENABLED",
        "AuthorizationConfig": {
            "AccessPointId": {"Ref": "MirrorFilesEntrance"},
            "IAM": "ENABLED",
        },
    }
    assert environment(template)["CACHE_DIR"] in {
        mount["ContainerPath"] for mount in container(template)["MountPoints"]
    }
    (files,) = of_type(template, "AWS::EFS::FileSystem").values()
    assert files["Encrypted"] is True
    (policy,) = files["FileSystemPolicy"]["Statement"]
    assert policy["Effect"] == "Deny"
    assert policy["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert policy["Principal"] == {"AWS": "*"}
    (entrance,) = of_type(template, "AWS::EFS::AccessPoint").values()
    user, _, group = container(template)["User"].partition(":")
    assert entrance["PosixUser"] == {"Uid": user, "Gid": group}
    made = entrance["RootDirectory"]["CreationInfo"]
    assert made == {"OwnerUid": user, "OwnerGid": group, "Permissions": "0700"}
    mounts = of_type(template, "AWS::EFS::MountTarget")
    assert len(mounts) == 2
    assert waits_for(template) >= {*mounts, "MirrorFilesIn", "MirrorFilesOut"}


# --- no push is lost ---


@each_shape
def test_what_starts_a_run_is_tried_again_and_then_kept(options: dict[str, Any]) -> None:
    """Every rule's target retries for an hour and then leaves the event in the queue.

    The queue takes messages from exactly these rules, and from EventBridge only.
    """
    template = body(**options)
    lost = {"Fn::GetAtt": ["Lost", "Arn"]}
    function = template["Resources"].get("Starter")
    for name, rule in rules(template).items():
        (target,) = rule["Targets"]
        if name == "ImageFindings":  # tells people, and starts nothing
            continue
        if name == "TaskDied" and not function:
            assert target["Arn"] == lost
            continue
        if function:
            assert target["Arn"] == {"Fn::GetAtt": ["Waiting", "Arn"]}
        retries = {"MaximumRetryAttempts": 20, "MaximumEventAgeInSeconds": 3600}
        assert target["RetryPolicy"] == retries
        assert target["DeadLetterConfig"] == {"Arn": lost}
    queues = of_type(template, "AWS::SQS::QueuePolicy").values()
    assert len(queues) == (2 if function else 1)
    for policy in queues:
        allowed = (s for s in policy["PolicyDocument"]["Statement"] if s["Effect"] == "Allow")
        (statement,) = allowed
        assert statement["Principal"] == {"Service": "events.amazonaws.com"}
        assert policy["Queues"] == [{"Ref": statement["Resource"]["Fn::GetAtt"][0]}]
        ours = statement["Condition"]["ArnEquals"]["aws:SourceArn"]
        assert sorted(resolved(ours)) == sorted(
            f"<{name}.Arn>" for name in rules(template) if name != "ImageFindings"
        )
    if function:
        assert function["Properties"]["DeadLetterConfig"] == {"TargetArn": lost}


@each_shape
def test_what_waits_comes_again_until_there_is_room(options: dict[str, Any]) -> None:
    """The queue is polled in batches, and each message answered for; AWS's advice is kept.

    The visibility timeout is six times the function's and the window, and a message may be received
    a thousand times before it goes to the other queue.
    """
    template = body(**options)
    if options.get("trigger") == "direct":
        assert not of_type(template, "AWS::Lambda::EventSourceMapping")
        return
    queue = of_type(template, "AWS::SQS::Queue")["Waiting"]
    (polling,) = of_type(template, "AWS::Lambda::EventSourceMapping").values()
    timeout = template["Resources"]["Starter"]["Properties"]["Timeout"]
    assert polling["EventSourceArn"] == {"Fn::GetAtt": ["Waiting", "Arn"]}
    assert polling["FunctionName"] == {"Ref": "Starter"}
    assert polling["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert polling["ScalingConfig"] == {"MaximumConcurrency": 2}
    assert polling["MaximumBatchingWindowInSeconds"] == 20
    assert queue["VisibilityTimeout"] == 6 * timeout + 20
    assert queue["SqsManagedSseEnabled"] is True
    assert queue["MessageRetentionPeriod"] == 14 * 24 * 3600
    assert queue["RedrivePolicy"] == {
        "deadLetterTargetArn": {"Fn::GetAtt": ["Lost", "Arn"]},
        "maxReceiveCount": 1000,
    }


@each_shape
def test_a_schedule_makes_good_what_was_lost(options: dict[str, Any]) -> None:
    """In every shape all is mirrored daily, unless told otherwise; no repository is singled out."""
    template = body(**options)
    rule = rules(template)["Reconcile"]
    assert rule["ScheduleExpression"] == {"Ref": "Schedule"}
    assert template["Parameters"]["Schedule"]["Default"] == "rate(1 day)"
    assert "EventPattern" not in rule
    assert "InputTransformer" not in rule["Targets"][0]


@each_shape
def test_pushes_start_runs_where_events_are_sent(options: dict[str, Any]) -> None:
    """Rules for pushes are there unless a repository's trigger or nothing but the schedule is."""
    template = body(**options)
    hears = options.get("trigger", "events") in ("events", "direct") and "source" not in options
    assert any(name.startswith("Push") for name in rules(template)) == hears
    assert ("Starter" in template["Resources"]) == (options.get("trigger") != "direct")


def test_many_names_are_spread_over_rules_that_all_may_call_and_be_kept() -> None:
    """A pattern has at most 2,048 characters, so there are several rules, alike in all else."""
    names = [f"{number:02}-{'x' * 97}" for number in range(20)]
    template = body(repositories=names, destinations=[{"region": "us-west-2"}])
    several = {name: r for name, r in rules(template).items() if name.startswith("Push")}
    assert list(several) == ["Push", "Push2"]
    found = [r["EventPattern"]["detail"].pop("repositoryName") for r in several.values()]
    assert list(itertools.chain(*found)) == names
    for part, rule in zip(found, several.values(), strict=True):
        rule["EventPattern"]["detail"]["repositoryName"] = part
        assert len(json.dumps(rule["EventPattern"])) <= 2048
    (sources,) = (
        s["Condition"]["ArnEquals"]["aws:SourceArn"]
        for s in template["Resources"]["WaitingPolicy"]["Properties"]["PolicyDocument"]["Statement"]
        if s["Effect"] == "Allow"
    )
    assert {f"<{name}.Arn>" for name in several} <= set(resolved(sources))


def test_the_repository_calls_by_itself_and_outlives_its_stack() -> None:
    """With a trigger, the stack makes the repository, after the right to call, and keeps it."""
    template = body(trigger="codecommit")
    ((name, repository),) = (
        (n, r)
        for n, r in template["Resources"].items()
        if r["Type"] == "AWS::CodeCommit::Repository"
    )
    assert repository["DependsOn"] == "TriggerPermission"
    assert repository["DeletionPolicy"] == "RetainExceptOnCreate"
    assert repository["UpdateReplacePolicy"] == "Retain"
    permission = template["Resources"]["TriggerPermission"]["Properties"]
    assert name not in references(permission), "it could not be there first"
    (trigger,) = repository["Properties"]["Triggers"]
    assert trigger["DestinationArn"] == {"Fn::GetAtt": ["Starter", "Arn"]}
    assert trigger["Events"] == ["all"]
    assert "Branches" not in trigger


# --- somebody hears of it ---


def measured() -> tuple[set[str], set[frozenset[str]]]:
    """Return the metrics and the sets of dimensions that the image's program writes."""
    program = runpy.run_path(str(ROOT / "blueprints/_shared/mirror/metrics.py"))
    figures = {"RefsRewritten": 1}
    program["count"](figures, 3, "Writing objects: 100% (1/1), 2.00 KiB | 1 MiB/s, done.")
    assert figures == {"RefsChanged": 3, "Bytes": 2048, "RefsRewritten": 1}
    where = ("FargateMirror mirror", "2026-12-31T23:59:59Z", "us-east-1", "app")
    line = program["line"](*where, figures, failures=0)
    (directive,) = line["_aws"]["CloudWatchMetrics"]
    names = {metric["Name"] for metric in directive["Metrics"]}
    assert names | {name for names in directive["Dimensions"] for name in names} <= set(line)
    return names, {frozenset(names) for names in directive["Dimensions"]}


@each_shape
def test_alarms_watch_figures_that_are_printed(options: dict[str, Any]) -> None:
    """Namespace, names and dimensions are mirror.py's, and every alarm tells the topic."""
    template = body(**options)
    names, dimensions = measured()
    assert names == {"RefsChanged", "RefsRewritten", "Bytes", "Failures", "LagSeconds"}
    assert frozenset({"Stack", "DestinationRegion"}) in dimensions
    namespace, stack = resolved(environment(template)["MIRROR_METRICS"]).split()
    alarms = of_type(template, "AWS::CloudWatch::Alarm")
    scheduled = "source" in options or options.get("trigger") == "schedule"
    direct = options.get("trigger") == "direct"
    rewritten = {"MirrorRewritten"} if "source" in options else set()
    assert set(alarms) == {"MirrorFailed", "MirrorLost", "MirrorSilent"} | rewritten | (
        (set() if scheduled else {"MirrorLags"})
        | (set() if direct else {"MirrorGivenUp", "MirrorWaits", "StarterFailed"})
    )
    names |= {"WaitingSeconds"}  # of start_mirror.py, by Stack
    for name, alarm in alarms.items():
        assert alarm["AlarmActions"] == [{"Ref": "AlarmTopic"}]
        given = {d["Name"]: resolved(d["Value"]) for d in alarm["Dimensions"]}
        if name == "StarterFailed":
            assert (alarm["Namespace"], given) == ("AWS/Lambda", {"FunctionName": "<Starter>"})
            continue
        if name in ("MirrorLost", "MirrorGivenUp"):
            assert alarm["Namespace"] == "AWS/SQS"
            assert given == {"QueueName": "<Lost.QueueName>"}
            continue
        assert alarm["Namespace"] == namespace
        assert alarm["MetricName"] in names
        assert frozenset(given) in dimensions
        assert given == {"Stack": stack}


@each_shape
def test_who_keeps_what_is_destroyed_deletes_as_much_as_is_gone(options: dict[str, Any]) -> None:
    """Sources elsewhere are backed up: kept for 90 days, without a limit; others have a limit."""
    template = body(**options)
    told = environment(template)
    elsewhere = "source" in options
    assert told["MIRROR_MAX_DELETIONS"] == {"Ref": "MaxDeletions"}
    assert template["Parameters"]["MaxDeletions"]["Default"] == ("" if elsewhere else "100")
    assert told.get("MIRROR_KEEP_DAYS") == ({"Ref": "KeepDays"} if elsewhere else None)
    if elsewhere:
        assert template["Parameters"]["KeepDays"]["Default"] == 90


@each_shape
def test_function_and_program_are_told_the_same_branches(options: dict[str, Any]) -> None:
    """In every shape, and all branches by default."""
    template = body(**options)
    assert template["Parameters"]["Branches"]["Default"] == ""
    assert environment(template)["MIRROR_BRANCHES"] == {"Ref": "Branches"}
    if options.get("trigger") != "direct":
        starter = template["Resources"]["Starter"]["Properties"]["Environment"]["Variables"]
        assert starter["BRANCHES"] == {"Ref": "Branches"}


def test_alarms_are_quiet_without_data_but_for_the_one_about_silence() -> None:
    """No data is fine, but for the alarm that is about it."""
    alarms = of_type(body(trigger="schedule"), "AWS::CloudWatch::Alarm")
    silent = alarms.pop("MirrorSilent")
    assert silent["TreatMissingData"] == "breaching"
    assert (silent["Statistic"], silent["ComparisonOperator"]) == (
        "SampleCount",
        "LessThanThreshold",
    )
    assert silent["EvaluationPeriods"] == {"Ref": "SilentHours"}
    longest = body(trigger="schedule")["Parameters"]["SilentHours"]["MaxValue"]
    assert silent["Period"] * longest <= 7 * 24 * 3600, "CloudWatch looks back no further"
    for alarm in (*alarms.values(), of_type(body(), "AWS::CloudWatch::Alarm")["MirrorLags"]):
        assert alarm["TreatMissingData"] == "notBreaching"
        assert alarm["ComparisonOperator"] == "GreaterThanThreshold"


@pytest.mark.parametrize(
    ("options", "hidden"), [({}, "RefsRewritten"), ({"source": "https"}, "LagSeconds")]
)
def test_a_dashboard_shows_figures_that_are_printed(options: dict[str, Any], hidden: str) -> None:
    """Its searches name mirror.py's namespace, metrics and dimensions, and its query the log."""
    template = body(dashboard=True, **options)
    (dashboard,) = of_type(template, "AWS::CloudWatch::Dashboard").values()
    widgets = json.loads(resolved(dashboard["DashboardBody"]))["widgets"]
    names, dimensions = measured()
    namespace, stack = resolved(environment(template)["MIRROR_METRICS"]).split()
    shown = set()
    for widget in widgets:
        if widget["type"] == "log":
            assert widget["properties"]["query"].startswith("SOURCE '<MirrorLog>' | ")
            assert 'log("failed"' in MIRROR.replace("'", '"')
            continue
        ((metric,),) = widget["properties"]["metrics"]
        assert metric["label"] == "${PROP('Dim.DestinationRegion')}"
        found = re.fullmatch(
            r"SEARCH\('\{(\w+),([\w,]+)\} MetricName=\"(\w+)\" Stack=\"(\w+)\"', '\w+'\)",
            metric["expression"],
        )
        assert found
        assert (found[1], found[4]) == (namespace, stack)
        assert frozenset(found[2].split(",")) in dimensions
        shown.add(found[3])
    assert shown == names - {hidden}  # which this shape has none of
    assert not of_type(body(), "AWS::CloudWatch::Dashboard")


@each_shape
def test_people_hear_of_alarms_if_they_want(options: dict[str, Any]) -> None:
    """The topic admits this account's alarms and rules; an address is told if one is given."""
    template = body(**options)
    (topic,) = of_type(template, "AWS::SNS::Topic").values()
    assert "KmsMasterKeyId" not in topic, "alarms cannot publish under alias/aws/sns"
    (policy,) = of_type(template, "AWS::SNS::TopicPolicy").values()
    statement, by_rules = (
        s for s in policy["PolicyDocument"]["Statement"] if s["Effect"] == "Allow"
    )
    assert by_rules["Principal"] == {"Service": "events.amazonaws.com"}
    assert statement["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    ours = {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}
    assert statement["Condition"] == ours
    subscription = template["Resources"]["AlarmSubscription"]
    assert subscription["Condition"] == "HasAlarmEmail"
    wanted = template["Conditions"]["HasAlarmEmail"]
    assert resolved(wanted, {"AlarmEmail": "ops@example.com"}) is True
    assert resolved(wanted, {"AlarmEmail": ""}) is False


# --- what the program is told ---


def test_what_a_run_is_told_is_the_same_with_and_without_a_function() -> None:
    """EventBridge's override sets the variables that the function sets."""
    text = str(OURS["start_mirror.py"])
    (by_function,) = re.findall(r"values = (\{.+?\})\n", text)
    names = set(re.findall(r'"(\w+)":', by_function))
    (target,) = rules(body(trigger="direct"))["Push"]["Targets"]
    template = target["InputTransformer"]["InputTemplate"]
    assert set(re.findall(r'"name": "([A-Z_]+)"', template)) == names
    assert names == {"REPOSITORY", "MIRROR_SINCE", "EVENT_ID"}


@each_shape
def test_secrets_are_fetched_by_fargate_and_stand_nowhere(options: dict[str, Any]) -> None:
    """A token or key comes from its secret; the template holds the ARN, and no value."""
    template = body(**options)
    secrets = container(template).get("Secrets", [])
    kept = options.get("source") in ("https", "ssh")
    wanted = [{"Name": "SOURCE_SECRET", "ValueFrom": {"Ref": "SourceSecret"}}]
    assert secrets == (wanted if kept else [])
    assert "SourceSecret" not in references(container(template)["Environment"])
    assert "SourceSecret" not in references(template["Outputs"])
    assert "resolve:" not in json.dumps(template)
    assert ("SourceSecret" in template["Parameters"]) == kept
    assert ("SOURCE_HOST_KEYS" in environment(template)) == (options.get("source") == "ssh")


def test_other_accounts_are_signed_in_to_by_profiles_of_their_own() -> None:
    """A profile for each role, named in its destination's URL."""
    told = resolved(environment(body(**SHAPES["accounts"])))
    urls = told["DESTINATION_URLS"].split("\n")
    where = "git-codecommit.{}.amazonaws.com/v1/repos/{}{{repository}}"
    assert urls == [
        "https://" + where.format("us-west-2", "eu-"),
        "https://destination2@" + where.format("eu-central-1", ""),
        "https://destination3@" + where.format("eu-central-1", "x-"),
    ]
    profiles = configparser.ConfigParser()
    profiles.read_string(told["AWS_PROFILES"])
    assert {name: profiles[name]["role_arn"] for name in profiles.sections()} == {
        "profile destination2": ROLE,
        "profile destination3": f"{ROLE}2",
    }
    for name in profiles.sections():
        assert profiles[name]["credential_source"] == "EcsContainer"


@pytest.mark.parametrize("shape", [s for s in SHAPES if s not in ("accounts", "only accounts")])
def test_within_one_account_there_are_no_profiles(shape: str) -> None:
    """What is not needed is not set."""
    told = environment(body(**SHAPES[shape]))
    assert "AWS_PROFILES" not in told


# --- an image that is there ---


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("mirror:1", "mirror"),
        ("team/tools/mirror:v1.2_3", "team/tools/mirror"),
        (f"mirror@sha256:{'0' * 64}", "mirror"),
        (f"team/mirror@sha256:{'0' * 64}", "team/mirror"),
        (f"a.b-c_d/mirror:1@sha256:{'0' * 64}", "a.b-c_d/mirror"),
    ],
)
def test_an_image_that_is_there_is_pulled_by_its_repository(path: str, name: str) -> None:
    """Account, region and name of the repository are read out of the image's URI."""
    template = body(image="existing")
    uri = f"111122223333.dkr.ecr.ap-southeast-2.amazonaws.com/{path}"
    assert re.fullmatch(template["Parameters"]["ImageUri"]["AllowedPattern"], uri)
    may = granted(template, "MirrorAgentRole", {"ImageUri": uri})
    arn = f"arn:aws:ecr:ap-southeast-2:111122223333:repository/{name}"
    assert may["ecr:BatchGetImage"] == may["ecr:GetDownloadUrlForLayer"] == {arn}
    assert resolved(container(template)["Image"], {"ImageUri": uri}) == uri
    assert not of_type(template, "AWS::ECR::Repository")
    assert not of_type(template, "AWS::CodeBuild::Project")


# --- nothing goes round ---


def circles(**options: Any) -> set[str]:
    """Return which rules of the template a stack in us-east-2 would break."""
    found = body(**options).get("Rules", {})
    return {
        name
        for name, rule in found.items()
        for assertion in rule["Assertions"]
        if not resolved(assertion["Assert"], {"DestinationRegion": "us-east-2"})
    }


@pytest.mark.parametrize(
    ("options", "broken"),
    [
        ({}, {"NoCircle"}),
        ({"trigger": "codecommit"}, {"NoCircle"}),
        ({"source": "https"}, set()),
        ({"destinations": [{"region": "us-east-2", "prefix": "x-"}]}, {"NoCircleUsEast2"}),
        ({"destinations": [{"region": "us-west-2", "prefix": "x-"}]}, set()),
        (
            {"repositories": ["app"], "destinations": [{"region": "us-east-2", "prefix": "x-"}]},
            set(),
        ),
        (
            {"repositories": ["x-*"], "destinations": [{"region": "us-east-2", "prefix": "x-"}]},
            {"NoCircleUsEast2"},
        ),
        ({"destinations": [{"region": "us-east-2", "role": ROLE}]}, set()),
        ({"source": "https", "destinations": [{"region": "us-east-2"}]}, set()),
    ],
)
def test_what_would_go_round_for_ever_is_refused(options: Any, broken: set[str]) -> None:
    """A destination in the stack's own region whose names would be sources is not deployed.

    Other regions, other accounts and names that are no sources are.
    """
    assert circles(**options) == broken


@pytest.mark.parametrize(
    "options",
    [
        {"source": "public"},
        {"repositories": ["app"], "destinations": [{"region": "us-east-2", "prefix": "x-"}]},
        {"destinations": [{"region": "us-west-2", "role": ROLE}]},
    ],
)
def test_where_nothing_can_go_round_there_are_no_rules(options: dict[str, Any]) -> None:
    """No rule against circles stands in a template that can make none."""
    assert not [name for name in body(**options).get("Rules", {}) if name.startswith("NoCircle")]


def test_a_destination_without_codecommit_is_refused() -> None:
    """As a parameter when it is deployed, as an option when the template is built."""
    assert "CodeCommit" in body()["Rules"]
    assert "CodeCommit" in body(source="public")["Rules"]
    with pytest.raises(Problems, match="CodeCommit is not available in 'eu-south-2'"):
        body(destinations=[{"region": "eu-south-2"}])


def test_where_there_are_no_arm_builds_the_image_is_not_built() -> None:
    """A template that builds on ARM has the rule; others need no machine of CodeBuild's."""
    assert "ArmBuilds" in body(image="build")["Rules"]
    assert "ArmBuilds" not in body(image="build", architecture="x86_64")["Rules"]
    assert "ArmBuilds" not in body()["Rules"]


# --- what is asked, and how big it is ---


@each_shape
def test_every_parameter_stands_under_a_heading_and_is_used(options: dict[str, Any]) -> None:
    """The console's groups hold each parameter once, and none is idle."""
    template = body(**options)
    groups = template["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
    grouped = list(itertools.chain.from_iterable(g["Parameters"] for g in groups))
    assert grouped == list(template["Parameters"])
    used = references([template["Resources"], template.get("Conditions", {})])
    assert set(template["Parameters"]) <= used


@pytest.mark.parametrize(
    ("options", "name", "good", "bad"),
    [
        (
            {},
            "Repositories",
            ["app", "team-*", "*", "A.b_c-d", "x" * 100],
            ["", "a b", "a/b", "a.git", "**", "a*b", "*a", "x" * 101, "a;b", "$(id)"],
        ),
        ({"source": "https"}, "RepositoryName", ["app"], ["", "*", "a*", "a.git", "a/b", "a b"]),
        ({}, "DestinationRegion", ["us-west-2", "us-gov-east-1"], ["", "us", "us-west-2b", "*"]),
        ({}, "DestinationPrefix", ["", "eu-"], ["a/", "a*", "a b", "${x}", "p" * 81]),
        (
            {"source": "https"},
            "SourceUrl",
            ["https://github.com/a/b.git", "https://me@git.example.com/x"],
            [
                "https://a:8443/b",
                "http://a/b",
                "https://me:pass@a/b",
                "https://a",
                "https://a/b c",
                "-x",
                "file:///a",
            ],
        ),
        (
            {"source": "ssh"},
            "SourceUrl",
            ["git@github.com:a/b.git", "ssh://git@h:22/a"],
            ["https://a/b", "a/b", "git@h:a b", ""],
        ),
        (
            {"source": "ssh", "repositories": ["a", "b"]},
            "SourceUrl",
            ["git@github.com:a/{repository}.git"],
            ["git@github.com:a/b.git"],
        ),
        (
            {"source": "ssh"},
            "SourceHostKeys",
            ["h ssh-ed25519 AAAA", "#x\nh ecdsa-sha2-nistp256 A\n"],
            ["", "none"],
        ),
        (
            {"source": "https"},
            "SourceSecret",
            ["arn:aws:secretsmanager:eu-west-1:111122223333:secret:a/b-AbCdEf"],
            ["", "a/b", "ghp_token", "arn:aws:secretsmanager:eu-west-1:111122223333:secret:*"],
        ),
        (
            {"image": "existing"},
            "ImageUri",
            [IMAGE["ImageUri"]],
            ["mirror:1", "docker.io/a/b:1", "111122223333.dkr.ecr.eu-west-1.amazonaws.com/mirror"],
        ),
        ({"network": "own"}, "VpcCidr", ["10.91.0.0/24"], ["10.91.0.0/16", "10.91.0.1/24", ""]),
        ({"image": "build"}, "ImageRevision", ["1", "2026-01"], ["", "a b", "a/b", "$(id)"]),
        ({}, "Schedule", ["rate(1 day)", "cron(0 3 * * ? *)"], ["daily", "", "rate()"]),
        ({}, "Branches", BRANCHES, NO_BRANCHES),
        ({}, "MaxDeletions", ["", "0", "100"], ["-1", "many", "1.5"]),
        ({}, "AlarmEmail", ["", "ops@example.com"], ["ops", "a b@c", "@"]),
    ],
)
def test_hostile_answers_are_refused_by_cloudformation(
    options: dict[str, Any], name: str, good: list[str], bad: list[str]
) -> None:
    """The patterns admit what people type and nothing that could become something else."""
    pattern = body(**options)["Parameters"][name]["AllowedPattern"]
    for value in good:
        assert re.fullmatch(pattern, value), value
    for value in bad:
        assert not re.fullmatch(pattern, value), value
