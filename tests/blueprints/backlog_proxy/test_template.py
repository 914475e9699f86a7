"""What the Backlog proxy's template promises, asserted on it as data."""

from __future__ import annotations

import itertools
import json
import re
from typing import Any

import pytest
import yaml
from support import cloudformation
from support.mapping_templates import mapped
from support.mirror_program import BRANCHES, LOCATION, NO_BRANCHES

from cfngen import Payloads, synthesize
from cfngen.project.registry import find
from cfngen.testing import allowed, of_type, references

BLUEPRINT = find("backlog_proxy").load()
# Every option away from its default at least once, in combinations that people deploy.
SHAPES: dict[str, dict[str, Any]] = {
    "s3": {},
    "efs": {"cache": "efs"},
    "vpc": {"vpc": True},
    "existing": {"repository": "existing", "architecture": "x86_64"},
    "token": {"auth": "query_token", "access_logs": True},
    "basic": {"auth": "basic"},
    "secret": {"key_store": "secrets_manager", "host_keys": "parameter_store"},
    "trusting": {"host_keys": "trust_on_first_use", "debug_sessions": True},
    "walled": {"waf": True},
}
each_shape = pytest.mark.parametrize("options", SHAPES.values(), ids=SHAPES)

# What a deployment takes a snapshot of.
FROZEN = {
    "AWS::ApiGateway::RestApi",
    "AWS::ApiGateway::Resource",
    "AWS::ApiGateway::Authorizer",
    "AWS::ApiGateway::Method",
    "AWS::ApiGateway::GatewayResponse",
    "AWS::ApiGateway::Model",
    "AWS::ApiGateway::RequestValidator",
}


def body(**options: Any) -> dict[str, Any]:
    """Return a shape's template as data."""
    found: dict[str, Any] = synthesize(BLUEPRINT, options).document.body
    return found


# --- nobody else starts builds ---


@each_shape
def test_the_webhook_is_guarded(options: dict[str, Any]) -> None:
    """There is one method, and it asks the authorizer for each caller and address."""
    template = body(**options)
    ((_, method),) = of_type(template, "AWS::ApiGateway::Method").items()
    ((name, authorizer),) = of_type(template, "AWS::ApiGateway::Authorizer").items()
    assert method["AuthorizationType"] == "CUSTOM"
    assert method["AuthorizerId"] == {"Ref": name}
    assert method["HttpMethod"] == "POST"
    assert authorizer["Type"] == "REQUEST"
    wanted = {"basic": "header.Authorization", "query_token": "querystring.token"}
    if auth := options.get("auth"):
        sources = authorizer["IdentitySource"].split(", ")
        assert sources == [f"method.request.{wanted[auth]}", "context.identity.sourceIp"]
    else:
        # Credentials may be in either place, so that neither is demanded; and nothing is remembered
        # for requests that nothing tells apart.
        assert "IdentitySource" not in authorizer
        assert authorizer["AuthorizerResultTtlInSeconds"] == 0
    (permission,) = of_type(template, "AWS::Lambda::Permission").values()
    assert permission["SourceArn"]["Fn::Sub"].endswith(f":${{WebhookApi}}/authorizers/${{{name}}}")


@pytest.mark.parametrize("auth", ["any", "basic"])
def test_only_a_basic_webhook_asks_for_credentials(auth: str) -> None:
    """A 401 challenges senders who wait for it; a token has no challenge."""
    (challenge,) = of_type(body(auth=auth), "AWS::ApiGateway::GatewayResponse").values()
    assert challenge["ResponseType"] == "UNAUTHORIZED"
    (value,) = challenge["ResponseParameters"].values()
    assert value == "'Basic realm=\"webhook\"'"
    assert not of_type(body(auth="query_token"), "AWS::ApiGateway::GatewayResponse")


@each_shape
def test_nothing_of_a_request_reaches_start_build(options: dict[str, Any]) -> None:
    """The request to CodeBuild is a constant but for a variable of the stage and the time.

    Backlog's Git webhooks are forms, and its project webhooks JSON.
    """
    (method,) = of_type(body(**options), "AWS::ApiGateway::Method").values()
    integration = method["Integration"]
    assert integration["PassthroughBehavior"] == "NEVER"
    templates = integration["RequestTemplates"]
    assert list(templates) == ["application/x-www-form-urlencoded", "application/json"]
    (text,) = set(templates.values())
    read = set(re.findall(r"\$!?\{?(\w+(?:\.\w+)?)", text))
    assert read == {
        *("stageVariables.project", "context.requestTimeEpoch"),
        *("time", "time.matches", "time.substring"),
    }
    for name, value in integration["RequestParameters"].items():
        assert value == f"'{value.strip(chr(39))}'", f"{name} is not a constant"
    assert "RequestParameters" not in method


NOW = 1_796_000_000_000  # a multiple of ten seconds


def request_at(milliseconds: int, *, methods: bool = True) -> dict[str, str]:
    """Return the request that start-build.vtl makes of a call at a time."""
    text = Payloads("cfngen_blueprints.backlog_proxy")["start-build.vtl"]
    project = {"project": "Mirror-0123456789ab"}
    sent: dict[str, str] = json.loads(mapped(text, project, milliseconds, methods=methods))
    return sent


def test_calls_within_ten_seconds_are_one_request() -> None:
    """A push of a hundred tags is a hundred calls and few builds: the token is the same for them.

    CodeBuild returns the build that it has started with a token, for five minutes.
    """
    tokens = [request_at(NOW + second * 1000 + 7)["idempotencyToken"] for second in range(60)]
    assert [tokens.index(token) for token in dict.fromkeys(tokens)] == [0, 10, 20, 30, 40, 50]


def test_a_time_of_another_form_is_no_token() -> None:
    """A token that were the same for all times would keep builds from starting: rather none."""
    assert request_at(NOW // 1000) == {"projectName": "Mirror-0123456789ab"}
    assert request_at(NOW, methods=False) == {"projectName": "Mirror-0123456789ab"}


def test_a_build_waits_for_all_calls_that_may_join_it() -> None:
    """The seconds that the buildspec waits are more than those that share a token."""
    (waits,) = set(re.findall(r"_TIME::10} \+ (\d+)", project()["Source"]["BuildSpec"]))
    shared = next(n for n in range(60) if request_at(NOW + n * 1000) != request_at(NOW))
    assert int(waits) >= shared + 5


@each_shape
def test_what_codebuild_refuses_reaches_backlog_as_503(options: dict[str, Any]) -> None:
    """Only a 2xx becomes 202; everything else is the default, which a sender may retry."""
    (method,) = of_type(body(**options), "AWS::ApiGateway::Method").values()
    taken, refused = method["Integration"]["IntegrationResponses"]
    assert taken["StatusCode"] == "202"
    for status in range(100, 600):
        assert bool(re.fullmatch(taken["SelectionPattern"], str(status))) == (200 <= status < 300)
    assert refused["StatusCode"] == "503"
    assert "SelectionPattern" not in refused
    assert [r["StatusCode"] for r in method["MethodResponses"]] == ["202", "503"]
    for response in (taken, refused):
        (answer,) = response["ResponseTemplates"].values()
        assert "$" not in answer, "nothing of CodeBuild's answer is passed back"


def test_no_log_can_hold_a_token() -> None:
    """Requests are logged without path, query string, headers or body."""
    (stage,) = of_type(
        body(auth="query_token", access_logs=True), "AWS::ApiGateway::Stage"
    ).values()
    logged = json.loads(stage["AccessLogSetting"]["Format"])
    assert set(logged.values()) == {
        "$context.requestId",
        "$context.identity.sourceIp",
        "$context.status",
        "$context.integration.status",
        "$context.authorizer.status",
        "$context.requestTime",
    }
    for setting in stage["MethodSettings"]:
        assert not set(setting) & {"LoggingLevel", "DataTraceEnabled"}


def test_logging_of_requests_is_a_choice() -> None:
    """By default nothing needs the account's CloudWatch role for API Gateway."""
    (stage,) = of_type(body(), "AWS::ApiGateway::Stage").values()
    assert "AccessLogSetting" not in stage


@each_shape
def test_the_webhook_is_throttled(options: dict[str, Any]) -> None:
    """A flood costs little."""
    (stage,) = of_type(body(**options), "AWS::ApiGateway::Stage").values()
    (setting,) = stage["MethodSettings"]
    assert setting["HttpMethod"] == "*"
    assert setting["ThrottlingRateLimit"] <= 10
    assert setting["ThrottlingBurstLimit"] <= 50


@each_shape
def test_the_secret_fits_into_a_url_and_is_in_no_output(options: dict[str, Any]) -> None:
    """The password has no punctuation; outputs name the secret and never hold it."""
    template = body(**options)
    (secret,) = of_type(template, "AWS::SecretsManager::Secret").values()
    made = secret["GenerateSecretString"]
    assert made["ExcludePunctuation"] is True
    assert made["PasswordLength"] >= 32
    assert "SecretString" not in secret
    assert "resolve:" not in json.dumps(template)
    url = template["Outputs"]["WebhookUrl"]["Value"]["Fn::Sub"]
    assert url.endswith("/v1/backlog")
    assert "@" not in url


def test_a_wall_lets_only_known_addresses_through() -> None:
    """The web ACL is closed but for the addresses, which have to be named."""
    template = body(waf=True)
    (acl,) = of_type(template, "AWS::WAFv2::WebACL").values()
    assert acl["DefaultAction"] == {"Block": {}}
    assert [list(rule["Action"]) for rule in acl["Rules"]] == [["Block"], ["Allow"]]
    assert "Default" not in template["Parameters"]["AllowedCidrs"]
    (association,) = of_type(template, "AWS::WAFv2::WebACLAssociation").values()
    assert "WebhookStage" in references(association["ResourceArn"])


# --- the snapshot ---


@each_shape
def test_nothing_in_the_snapshot_depends_on_a_parameter(options: dict[str, Any]) -> None:
    """A parameter changed later changes nothing that the deployment froze.

    Everything frozen refers to other frozen things, to pseudo parameters, and to resources whose
    ARN changes only when they are replaced.
    """
    template = body(**options)
    parameters = set(template["Parameters"])
    frozen = {n for n, r in template["Resources"].items() if r["Type"] in FROZEN}
    outside = set()
    for name in frozen:
        for other in references(template["Resources"][name]):
            assert other not in parameters, f"{name} depends on {other}"
            if not other.startswith("AWS::") and other not in frozen:
                outside.add(other)
    assert outside == {"Authorizer", "StartRole"}


@each_shape
def test_what_the_snapshot_refers_to_is_never_replaced(options: dict[str, Any]) -> None:
    """None of the properties whose change would replace them is set at all."""
    from cfnlint.schema import PROVIDER_SCHEMA_MANAGER

    template = body(**options)
    for name in ("Authorizer", "StartRole"):
        resource = template["Resources"][name]
        schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", resource["Type"])
        fixed = {p.rpartition("/")[2] for p in schema.schema.get("createOnlyProperties", [])}
        assert fixed
        assert not fixed & set(resource["Properties"])


def test_each_parameter_changed_leaves_the_snapshot_as_it_was() -> None:
    """Resolved with every parameter changed in turn, the frozen part stays the same."""
    for options in SHAPES.values():
        template = body(**options)
        frozen = [r for r in template["Resources"].values() if r["Type"] in FROZEN]
        before = resolved(frozen, dict.fromkeys(template["Parameters"], "before"))
        for name in template["Parameters"]:
            after = dict.fromkeys(template["Parameters"], "before") | {name: "after"}
            assert resolved(frozen, after) == before, name


def resolved(value: Any, parameters: dict[str, str]) -> Any:
    """Replace references to parameters, plain or inside a Sub, by their values."""
    if isinstance(value, dict):
        if value.get("Ref") in parameters:
            return parameters[value["Ref"]]
        return {k: resolved(v, parameters) for k, v in value.items()}
    if isinstance(value, list):
        return [resolved(item, parameters) for item in value]
    if isinstance(value, str):
        for name, text in parameters.items():
            value = value.replace(f"${{{name}}}", text)
    return value


def deployment(**options: Any) -> str:
    """Return the deployment's logical ID."""
    (name,) = of_type(body(**options), "AWS::ApiGateway::Deployment")
    return name


def test_a_changed_api_is_a_new_deployment() -> None:
    """The digest follows everything frozen, and nothing else."""
    assert deployment() == deployment(cache="efs") == deployment(access_logs=True)
    assert deployment() != deployment(auth="query_token")
    assert deployment() != deployment(auth="basic")


def test_each_frozen_property_is_in_the_digest(monkeypatch: pytest.MonkeyPatch) -> None:
    """Change any frozen thing, even a header of a response, and the deployment is another."""
    from troposphere.apigateway import GatewayResponse, Method, RestApi

    before = deployment()
    for kind, name, value in (
        (RestApi, "Description", "changed"),
        (Method, "OperationName", "changed"),
        (GatewayResponse, "ResponseTemplates", {"application/json": "{}"}),
    ):
        original = kind.__init__

        def changed(
            self: Any, title: str, *a: Any, _o: Any = original, _p: Any = (name, value), **k: Any
        ) -> None:
            _o(self, title, *a, **k, **{_p[0]: _p[1]})

        with monkeypatch.context() as patch:
            patch.setattr(kind, "__init__", changed)
            assert deployment() != before, name
    assert deployment() == before


@each_shape
def test_the_stage_serves_the_deployment_after_all_methods(options: dict[str, Any]) -> None:
    """The snapshot waits for what it shall hold, and the stage points to it."""
    template = body(**options)
    ((name, _),) = of_type(template, "AWS::ApiGateway::Deployment").items()
    waits = set(template["Resources"][name]["DependsOn"])
    assert waits >= set(of_type(template, "AWS::ApiGateway::Method"))
    assert waits >= set(of_type(template, "AWS::ApiGateway::GatewayResponse"))
    (stage,) = of_type(template, "AWS::ApiGateway::Stage").values()
    assert stage["DeploymentId"] == {"Ref": name}
    assert stage["Variables"] == {"project": {"Ref": "Mirror"}}


# --- least privilege ---


@each_shape
def test_those_who_start_builds_can_do_nothing_else(options: dict[str, Any]) -> None:
    """The webhook and the schedule may start one project."""
    template = body(**options)
    for role in ("StartRole", "ReconcileRole"):
        only = {"codebuild:StartBuild": [{"Fn::GetAtt": ["Mirror", "Arn"]}]}
        assert allowed(template, role) == only


def test_the_build_may_push_to_one_repository_and_read_one_key() -> None:
    """The default shape's build role, action by action."""
    granted = allowed(body(), "MirrorRole")
    assert set(granted) == {
        "codecommit:GitPull",
        "codecommit:GitPush",
        "codecommit:UpdateDefaultBranch",
        "ssm:GetParameters",
        "kms:Decrypt",
        "logs:CreateLogStream",
        "logs:PutLogEvents",
        "s3:GetObject",
        "s3:GetObjectVersion",
        "s3:GetBucketAcl",
        "s3:GetBucketLocation",
        "s3:PutObject",
    }
    assert granted["codecommit:GitPush"] == [{"Fn::GetAtt": ["Repository", "Arn"]}]
    assert granted["s3:PutObject"] == [{"Fn::Sub": "${MirrorCache.Arn}/*"}]
    assert granted["ssm:GetParameters"][0]["Fn::Sub"].endswith(":parameter${BacklogKey}")


@each_shape
def test_the_source_is_the_program_that_the_parameter_leads_to(options: dict[str, Any]) -> None:
    """The role may fetch it as CodeBuild does, and what else is in its bucket, and no other."""
    template = body(**options)
    source = template["Resources"]["Mirror"]["Properties"]["Source"]
    assert (source["Type"], source["Location"]) == ("S3", {"Ref": "ProgramParameter"})
    assert "cat > mirror.py" not in source["BuildSpec"]
    role = cloudformation.resolved(
        template["Resources"]["MirrorRole"], {"ProgramParameter": LOCATION}
    )
    archives = "arn:aws:s3:::" + LOCATION.partition("/")[0]
    granted = {
        (action, statement["Resource"])
        for policy in role["Properties"]["Policies"]
        for statement in policy["PolicyDocument"]["Statement"]
        if archives in str(statement["Resource"])
        for action in statement["Action"]
    }
    assert granted == {
        ("s3:GetObject", f"{archives}/*.zip"),
        ("s3:GetObjectVersion", f"{archives}/*.zip"),
        ("s3:GetBucketAcl", archives),
        ("s3:GetBucketLocation", archives),
    }


@each_shape
def test_the_guard_reads_one_secret(options: dict[str, Any]) -> None:
    """The authorizer's role holds the secret and its own log, nothing else."""
    granted = allowed(body(**options), "AuthorizerRole")
    assert set(granted) == {
        "secretsmanager:GetSecretValue",
        "logs:CreateLogStream",
        "logs:PutLogEvents",
    }
    assert granted["secretsmanager:GetSecretValue"] == [{"Ref": "WebhookCredentials"}]


@each_shape
def test_decrypting_is_bound_to_the_one_key(options: dict[str, Any]) -> None:
    """kms:Decrypt holds only through the store, and only for the secret that was named."""
    template = body(**options)
    (policy,) = template["Resources"]["MirrorRole"]["Properties"]["Policies"]
    (decrypt,) = [s for s in policy["PolicyDocument"]["Statement"] if s["Action"] == "kms:Decrypt"]
    conditions = decrypt["Condition"]["StringEquals"]
    assert "kms:ViaService" in conditions
    assert any(key.startswith("kms:EncryptionContext:") for key in conditions)
    assert "BacklogKey" in references(conditions)


def test_debugging_rights_are_a_choice() -> None:
    """Session Manager's channels are granted only when asked for."""
    assert not [a for a in allowed(body(), "MirrorRole") if a.startswith("ssmmessages")]
    granted = allowed(body(debug_sessions=True), "MirrorRole")
    assert len([a for a in granted if a.startswith("ssmmessages")]) == 4


def test_network_rights_come_with_the_network() -> None:
    """Only a build in a VPC may attach to it, and only to its two subnets."""
    assert not [a for a in allowed(body(), "MirrorRole") if a.startswith("ec2")]
    for options in ({"vpc": True}, {"cache": "efs"}):
        template = body(**options)
        (policy,) = template["Resources"]["MirrorRole"]["Properties"]["Policies"]
        (permission,) = [
            s
            for s in policy["PolicyDocument"]["Statement"]
            if s["Action"] == "ec2:CreateNetworkInterfacePermission"
        ]
        subnets = permission["Condition"]["ArnEquals"]["ec2:Subnet"]
        assert [s["Fn::Sub"].rpartition("/")[2] for s in subnets] == [
            "${PrivateSubnetId1}",
            "${PrivateSubnetId2}",
        ]


# --- the shapes ---


def project(**options: Any) -> dict[str, Any]:
    """Return the build project's properties."""
    (found,) = of_type(body(**options), "AWS::CodeBuild::Project").values()
    return found  # type: ignore[no-any-return]


def variables(**options: Any) -> dict[str, Any]:
    """Return the build's environment variables by name."""
    return {v["Name"]: v for v in project(**options)["Environment"]["EnvironmentVariables"]}


def test_the_simplest_shape_needs_no_network() -> None:
    """With a bucket there is no VPC, no privileged build and no file system."""
    template = body()
    assert not [t for t in template["Resources"].values() if "EC2" in t["Type"]]
    assert "VpcId" not in template["Parameters"]
    plain = project()
    assert plain["Environment"]["PrivilegedMode"] is False
    assert plain["Cache"] == {"Type": "S3", "Location": {"Ref": "MirrorCache"}}


def test_the_shape_for_big_repositories_mounts_a_file_system_that_is_there() -> None:
    """With EFS the build is privileged, in the VPC, and mounts the file system that it is given."""
    template, big = body(cache="efs"), project(cache="efs")
    assert big["Environment"]["PrivilegedMode"] is True
    (location,) = big["FileSystemLocations"]
    assert location["MountPoint"] == "/mnt/mirror"
    domain = "efs.${AWS::Region}.${AWS::URLSuffix}"
    assert location["Location"] == {"Fn::Sub": f"${{FileSystemId}}.{domain}:/"}
    assert not [t for t in template["Resources"].values() if t["Type"].startswith("AWS::EFS::")]
    assert not of_type(template, "AWS::S3::Bucket")
    # It is CodeBuild that mounts, and it cannot use a role for that.
    assert not [a for a in allowed(template, "MirrorRole") if a.startswith("elasticfilesystem")]


def test_stacks_that_share_a_file_system_have_a_directory_each() -> None:
    """The repository lies below the mount point, under the name of the stack."""
    value = variables(cache="efs")["MIRROR_DIR"]["Value"]
    assert value == {"Fn::Sub": "/mnt/mirror/${AWS::StackName}/repository.git"}


def test_builds_that_share_a_directory_know_their_timeout() -> None:
    """They wait for one another no longer than they may run."""
    assert variables(cache="efs")["BUILD_MINUTES"]["Value"] == {"Ref": "BuildMinutes"}
    assert project(cache="efs")["TimeoutInMinutes"] == {"Ref": "BuildMinutes"}
    assert "BUILD_MINUTES" not in variables()


def test_builds_run_in_the_group_that_may_mount_or_in_one_of_the_stack() -> None:
    """With EFS the group is a parameter; without, the stack makes it: out to SSH and HTTPS only."""
    template = body(cache="efs")
    assert template["Parameters"]["SecurityGroupId"]["Type"] == "AWS::EC2::SecurityGroup::Id"
    assert project(cache="efs")["VpcConfig"]["SecurityGroupIds"] == [{"Ref": "SecurityGroupId"}]
    assert not [t for t in template["Resources"].values() if t["Type"].startswith("AWS::EC2::")]
    template = body(vpc=True)
    assert not {"SecurityGroupId", "FileSystemId"} & set(template["Parameters"])
    ((name, group),) = of_type(template, "AWS::EC2::SecurityGroup").items()
    groups = project(vpc=True)["VpcConfig"]["SecurityGroupIds"]
    assert groups == [{"Fn::GetAtt": [name, "GroupId"]}]
    out = {rule["FromPort"]: rule["Description"] for rule in group["SecurityGroupEgress"]}
    assert out == {22: "SSH to Backlog", 443: "HTTPS to AWS"}
    assert "SecurityGroupIngress" not in group
    # The stack deletes the group before the role with which CodeBuild frees it.
    assert template["Resources"][name]["DependsOn"] == "MirrorRole"


def test_a_bucket_is_private_encrypted_and_forgets() -> None:
    """The cache is nobody else's, and expires."""
    template = body()
    (bucket,) = of_type(template, "AWS::S3::Bucket").values()
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    (rule,) = bucket["LifecycleConfiguration"]["Rules"]
    assert rule["ExpirationInDays"] == {"Ref": "CacheDays"}
    (policy,) = of_type(template, "AWS::S3::BucketPolicy").values()
    (statement,) = policy["PolicyDocument"]["Statement"]
    assert statement["Effect"] == "Deny"
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_the_cache_the_project_keeps_is_where_the_mirror_is() -> None:
    """The project leaves it to the buildspec, which knows what is cached."""
    spec = yaml.safe_load(project()["Source"]["BuildSpec"])
    assert spec["cache"]["paths"] == ["mirror-cache/**/*"]
    assert "MIRROR_DIR" not in variables()


@pytest.mark.parametrize(
    ("options", "name", "kind"),
    [
        ({}, "BACKLOG_KEY", "PARAMETER_STORE"),
        ({"key_store": "secrets_manager"}, "BACKLOG_KEY", "SECRETS_MANAGER"),
        ({"host_keys": "parameter_store"}, "BACKLOG_HOST_KEYS", "PARAMETER_STORE"),
    ],
)
def test_secrets_come_from_where_they_are_kept(
    options: dict[str, Any], name: str, kind: str
) -> None:
    """CodeBuild fetches and masks them; the template holds only their names."""
    assert variables(**options)[name]["Type"] == kind


def carried(**options: Any) -> str:
    """Return the buildspec, with the files that it carries."""
    (project,) = of_type(body(**options), "AWS::CodeBuild::Project").values()
    return str(project["Source"]["BuildSpec"])


def test_host_keys_are_pinned_unless_trust_was_chosen() -> None:
    """One of the two variables is set, never both."""
    for kind in ("parameter", "parameter_store"):
        names = set(variables(host_keys=kind))
        assert "BACKLOG_HOST_KEYS" in names
        assert "HOST_KEYS_PARAMETER" not in names
        assert "cat > host_keys.sh" not in carried(host_keys=kind)
    names = set(variables(host_keys="trust_on_first_use"))
    assert "cat > host_keys.sh" in carried(host_keys="trust_on_first_use")
    assert "HOST_KEYS_PARAMETER" in names
    assert "BACKLOG_HOST_KEYS" not in names
    template = body(host_keys="trust_on_first_use")
    (parameter,) = of_type(template, "AWS::SSM::Parameter").values()
    assert parameter["Value"] == "none"
    assert {"ssm:GetParameter", "ssm:PutParameter"} <= set(allowed(template, "MirrorRole"))


def test_an_existing_repository_is_left_alone() -> None:
    """Nothing is created, and the same one is pushed to."""
    template = body(repository="existing")
    assert not of_type(template, "AWS::CodeCommit::Repository")
    arn = allowed(template, "MirrorRole")["codecommit:GitPush"]
    assert arn[0]["Fn::Sub"].endswith(":${RepositoryName}")


def test_the_repository_outlives_its_stack() -> None:
    """Deleting the stack does not delete history."""
    repository = body()["Resources"]["Repository"]
    assert repository["DeletionPolicy"] == "RetainExceptOnCreate"
    assert repository["UpdateReplacePolicy"] == "Retain"


@pytest.mark.parametrize(
    ("architecture", "kind", "image"),
    [("arm64", "ARM_CONTAINER", "aarch64"), ("x86_64", "LINUX_CONTAINER", "x86_64")],
)
def test_the_image_is_a_maintained_one(architecture: str, kind: str, image: str) -> None:
    """Amazon Linux 2023 for the processor that was chosen, in builds and functions alike."""
    environment = project(architecture=architecture)["Environment"]
    assert environment["Type"] == kind
    assert environment["Image"].startswith(f"aws/codebuild/amazonlinux-{image}-standard:")
    (function,) = of_type(body(architecture=architecture), "AWS::Lambda::Function").values()
    assert function["Architectures"] == [architecture]


# --- no push is lost ---


@each_shape
def test_builds_may_overlap(options: dict[str, Any]) -> None:
    """No limit refuses a build while another runs."""
    assert "ConcurrentBuildLimit" not in project(**options)


@each_shape
def test_a_schedule_makes_good_what_was_lost(options: dict[str, Any]) -> None:
    """The rule starts the same project, daily unless told otherwise."""
    template = body(**options)
    (rule,) = of_type(template, "AWS::Events::Rule").values()
    assert rule["ScheduleExpression"] == {"Ref": "ReconcileSchedule"}
    assert template["Parameters"]["ReconcileSchedule"]["Default"] == "rate(1 day)"
    (target,) = rule["Targets"]
    assert target["Arn"] == {"Fn::GetAtt": ["Mirror", "Arn"]}


@each_shape
def test_a_failed_build_is_heard_of(options: dict[str, Any]) -> None:
    """Alarms watch project and schedule and tell the topic, which admits only alarms of ours."""
    template = body(**options)
    unstarted = of_type(template, "AWS::CloudWatch::Alarm")["MirrorNotStarted"]
    assert (unstarted["Namespace"], unstarted["MetricName"]) == ("AWS/Events", "FailedInvocations")
    assert unstarted["Dimensions"] == [{"Name": "RuleName", "Value": {"Ref": "Reconcile"}}]
    assert unstarted["AlarmActions"] == [{"Ref": "AlarmTopic"}]
    alarm = of_type(template, "AWS::CloudWatch::Alarm")["MirrorFailed"]
    assert (alarm["Namespace"], alarm["MetricName"]) == ("AWS/CodeBuild", "FailedBuilds")
    assert alarm["Dimensions"] == [{"Name": "ProjectName", "Value": {"Ref": "Mirror"}}]
    assert alarm["AlarmActions"] == [{"Ref": "AlarmTopic"}]
    (topic,) = of_type(template, "AWS::SNS::Topic").values()
    assert "KmsMasterKeyId" not in topic, "alarms cannot publish under alias/aws/sns"
    (policy,) = of_type(template, "AWS::SNS::TopicPolicy").values()
    statement, tls_only = policy["PolicyDocument"]["Statement"]
    assert tls_only["Effect"] == "Deny"
    assert statement["Condition"] == {
        "StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}
    }


@each_shape
def test_what_never_started_is_heard_of_too(options: dict[str, Any]) -> None:
    """A call that AWS answered with an error rings, and so do hours without a success.

    An alarm for silence that takes no data for a good sign would never ring.
    """
    template = body(**options)
    alarms = of_type(template, "AWS::CloudWatch::Alarm")
    failed, silent = alarms["WebhookFailed"], alarms["MirrorSilent"]
    assert (failed["Namespace"], failed["MetricName"]) == ("AWS/ApiGateway", "5XXError")
    (api,) = of_type(template, "AWS::ApiGateway::RestApi").values()
    (stage,) = of_type(template, "AWS::ApiGateway::Stage").values()
    assert failed["Dimensions"] == [
        {"Name": "ApiName", "Value": api["Name"]},
        {"Name": "Stage", "Value": stage["StageName"]},
    ]
    assert (silent["Namespace"], silent["MetricName"]) == ("AWS/CodeBuild", "SucceededBuilds")
    assert silent["Dimensions"] == [{"Name": "ProjectName", "Value": {"Ref": "Mirror"}}]
    assert (silent["ComparisonOperator"], silent["Threshold"]) == ("LessThanThreshold", 1)
    assert silent["TreatMissingData"] == "breaching"
    assert (silent["Period"], silent["EvaluationPeriods"]) == (3600, {"Ref": "SilentHours"})
    hours = template["Parameters"]["SilentHours"]
    assert hours["Default"] > 24, "a run a day is late by the time that it takes"
    assert hours["MaxValue"] * 3600 <= 604_800, "CloudWatch looks back for seven days"
    for alarm in (failed, silent):
        assert alarm["AlarmActions"] == [{"Ref": "AlarmTopic"}]


@each_shape
def test_logs_are_made_first_and_forget(options: dict[str, Any]) -> None:
    """Each log group has a retention period and is given to its writer by reference."""
    template = body(**options)
    for group in of_type(template, "AWS::Logs::LogGroup").values():
        assert group["RetentionInDays"] == {"Ref": "LogDays"}
    assert project(**options)["LogsConfig"]["CloudWatchLogs"]["GroupName"] == {"Ref": "MirrorLog"}
    for resource in template["Resources"].values():
        assert "logs:CreateLogGroup" not in json.dumps(resource)


# --- what is asked ---


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
    ("name", "good", "bad"),
    [
        ("BacklogSpaceKey", ["acme", "a-1"], ["", "-a", "A", "a b", "a$(id)", "a/b", "a@b"]),
        ("BacklogDomain", ["backlog.com", "backlog.jp", "backlogtool.com"], ["", "backlog.com.x"]),
        ("BacklogProjectKey", ["DEV", "A_1"], ["dev", "", "A/B", "A;B", "../X"]),
        ("BacklogRepository", ["app", "a.b-c_d"], ["", "-x", "../x", "a b", "a/b", "$(id)"]),
        ("BacklogKey", ["/backlog/key"], ["backlog", "", "/a b", "/$(id)"]),
        ("RepositoryName", ["app", "A.b-c_d"], ["", "a/b", "a b", "x" * 101, "a.git"]),
        (
            "AllowedCidrs",
            ["", "192.0.2.0/24", "192.0.2.1/32,2001:db8::/32"],
            ["any", "1.2.3.4", ","],
        ),
        ("Branches", BRANCHES, NO_BRANCHES),
        ("AlarmEmail", ["", "ops@example.com"], ["ops", "a b@c", "@"]),
        ("ReconcileSchedule", ["rate(1 day)", "cron(0 3 * * ? *)"], ["daily", "", "rate()"]),
        (
            "FileSystemId",
            ["fs-0123abcd", "fs-0123456789abcdef0"],
            ["", "fs-", "fs-0123ABCD", "fs-0123abcd.efs.us-east-1.amazonaws.com", "fs-0123abcd:/x"],
        ),
        ("BacklogHostKeys", ["h ssh-ed25519 AAAA", "#x\nh ecdsa-sha2-nistp256 A\n"], ["", "none"]),
    ],
)
def test_hostile_answers_are_refused_by_cloudformation(
    name: str, good: list[str], bad: list[str]
) -> None:
    """The patterns admit what people type and nothing that could become something else."""
    declared = body()["Parameters"] | body(cache="efs")["Parameters"]
    values = map(re.escape, declared[name].get("AllowedValues", []))
    pattern = declared[name].get("AllowedPattern") or "|".join(values)
    for value in good:
        assert re.fullmatch(pattern, value), value
    for value in bad:
        assert not re.fullmatch(pattern, value), value
