"""Each deployed role may do what its payload does, and nothing next to it.

The table is asked of the policies as they were deployed. Below it, real requests are made under the
roles' own credentials. What payloads do under them, all of it, is in the tests of the events' ways.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from support.cloudformation import resolved
from support.codecommit_git import ACCOUNT
from support.deployments import Deployment
from support.emulator import Emulator
from support.readmes import ROOT
from support.ways import identity

from cfngen.cloudformation.render import read

# (action, resource, condition keys): names in braces are resources of the stack.
Row = tuple[str, str, dict[str, Any]]


def row(action: str, resource: str, **context: Any) -> Row:
    """Return a row of the table."""
    return action, resource, {k.replace("__", ":").replace("_", "."): v for k, v in context.items()}


def codecommit(action: str, name: str, region: str = "{region}") -> Row:
    """Return a row about a repository."""
    return row(f"codecommit:{action}", f"arn:aws:codecommit:{region}:{ACCOUNT}:{name}")


def start(project: str, **overrides: Any) -> Row:
    """Return a row about the start of a build that overrides something."""
    arn = f"arn:aws:codebuild:{{region}}:{ACCOUNT}:project/{project}"
    return "codebuild:StartBuild", arn, {f"codebuild:{k}": v for k, v in overrides.items()}


def logs(group: str, action: str = "PutLogEvents") -> Row:
    """Return a row about a log group."""
    return row(
        f"logs:{action}", f"arn:aws:logs:{{region}}:{ACCOUNT}:log-group:{group}:log-stream:x"
    )


def sqs(action: str, queue: str) -> Row:
    """Return a row about a queue of the stack."""
    return row(f"sqs:{action}", f"arn:aws:sqs:{{region}}:{ACCOUNT}:{queue}")


OWN = {"aws:ResourceAccount": ACCOUNT}
CLUSTER = f"arn:aws:ecs:{{region}}:{ACCOUNT}:cluster/"
DEFINITION = f"arn:aws:ecs:{{region}}:{ACCOUNT}:task-definition/"
TASK = f"arn:aws:ecs:{{region}}:{ACCOUNT}:task/"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/"
GOOD = {
    "source.location": "{Bundles}/shop/main/1.zip",
    "environment.environmentVariables.name": ["REPOSITORY_NAME", "BRANCH_NAME", "COMMIT_ID"],
}
DIRECTLY = {
    "source.location": "https://git-codecommit.{region}.amazonaws.com/v1/repos/shop",
    "environment.environmentVariables.name": ["REPOSITORY_NAME", "BRANCH_NAME", "COMMIT_ID"],
}
TO_ECS = {"iam:PassedToService": "ecs-tasks.amazonaws.com"}
TO_CLOUDFORMATION = {"iam:PassedToService": "cloudformation.amazonaws.com"}
PIPELINE = f"arn:aws:codepipeline:{{region}}:{ACCOUNT}:"
SERVICE_ROLE = f"{ROLE}cfngen/service-x/"


def stack_call(action: str, name: str) -> Row:
    """Return a row about a stack in another region than the pipeline's."""
    return row(
        f"cloudformation:{action}", f"arn:aws:cloudformation:us-east-1:{ACCOUNT}:stack/{name}/1"
    )


PROGRAM: str = read((ROOT / "output/mirror-program.yaml").read_text())["Resources"][
    "MirrorProgramVersion"
]["Properties"]["Key"]
ARCHIVES = "arn:aws:s3:::{MirrorProgramArchives}"
# Templates whose stacks use what mirror-program publishes.
WITH_PROGRAM = ("backlog-proxy", "mirror-image")
# Template, and the stack that builds the image of its tasks.
IMAGES = {"branch-builder": "worker-image", "fargate-mirror": "mirror-image"}
# All that StartBuild could override, but for the source's location and the variables.
OVERRIDES = (
    *("artifacts", "autoRetryLimit", "cache", "encryptionKey", "environment.certificate"),
    *("environment.computeType", "environment.fleet.fleetArn", "environment.image"),
    *("environment.imagePullCredentialsType", "environment.privilegedMode", "environment.type"),
    *("environment.registryCredential", "logsConfig", "secondaryArtifacts", "secondarySources"),
    *("serviceRole", "source.auth.type", "source.buildspec", "source.insecureSsl"),
)


def image_rows(title: str, fetches: str = "") -> dict[tuple[str, str], tuple[list[Row], list[Row]]]:
    """Return the rows about what builds an image, perhaps with files from an archive."""
    template, build = f"{title.lower()}-image", f"{{{title}ImageBuild}}"
    project = f"arn:aws:codebuild:{{region}}:{ACCOUNT}:project/{build}"
    images = f"arn:aws:ecr:{{region}}:{ACCOUNT}:repository/{{{title}ImageRepository}}"
    bucket = f"arn:aws:s3:::{{{title}ImageContext}}"
    archive = f"{bucket}/{archive_of(template, f'{title}ImageVersion')}"
    builder: tuple[list[Row], list[Row]] = (
        [
            start(build),
            *(row(f"codebuild:{a}", project) for a in ("BatchGetBuilds", "StopBuild")),
            row("ecr:DescribeImages", images),
            *(row(f"s3:{a}", archive) for a in ("PutObject", "DeleteObject")),
            *([row("s3:GetObject", fetches)] if fetches else []),
        ],
        [
            start("other"),
            *(start(build, **{key: "x"}) for key in OVERRIDES),
            start(build, **{"source.location": "somebodys-bucket/evil.zip"}),
            start(build, **{"environment.environmentVariables.name": ["IMAGE"]}),
            row("codebuild:UpdateProject", project),
            *(row(f"ecr:{a}", images) for a in ("PutImage", "BatchDeleteImage")),
            row("s3:GetObject", archive),
            row("s3:PutObject", f"{bucket}/other.zip"),
            *(
                [row("s3:PutObject", fetches), row("s3:GetObject", fetches + "x")]
                if fetches
                else []
            ),
            row(
                "ssm:PutParameter", f"arn:aws:ssm:{{region}}:{ACCOUNT}:parameter/cfngen/{template}"
            ),
        ],
    )
    pushes: tuple[list[Row], list[Row]] = (
        [
            row("ecr:PutImage", images),
            row("ecr:GetAuthorizationToken", "*"),
            row("s3:GetObject", archive),
            row("s3:GetBucketLocation", bucket),
        ],
        [
            row("ecr:BatchDeleteImage", images),
            row("ecr:PutImage", images.replace(f"{{{title}ImageRepository}}", "other")),
            row("s3:GetObject", f"{bucket}/other.zip"),
            row("s3:PutObject", archive),
            start(build),
        ],
    )
    return {
        (template, f"{title}ImageVersionRole"): builder,
        (template, f"{title}ImageBuildRole"): pushes,
    }


def archive_of(template: str, resource: str) -> str:
    """Return the key of the archive that an image is built of, at its first revision."""
    body = read((ROOT / f"output/{template}.yaml").read_text())
    given = {"ImageRevision": "1", "ProgramParameter": f"archives/{PROGRAM}"}
    return str(resolved(body["Resources"][resource]["Properties"]["Key"], given))


# Template, role: what it may, what it may not.
TABLE: dict[tuple[str, str], tuple[list[Row], list[Row]]] = {
    **image_rows("Mirror", fetches=f"{ARCHIVES}/{PROGRAM}"),
    ("custom-resources", "CustomResourcesRole"): (
        [logs("{CustomResourcesLog}")],
        [
            row("sts:AssumeRole", ROLE + "x"),
            row("s3:PutObject", f"arn:aws:s3:::x/{PROGRAM}"),
            row("lambda:InvokeFunction", f"arn:aws:lambda:{{region}}:{ACCOUNT}:function:x"),
        ],
    ),
    ("mirror-program", "MirrorProgramVersionRole"): (
        [row("s3:PutObject", f"{ARCHIVES}/{PROGRAM}")],
        [
            row("s3:PutObject", f"{ARCHIVES}/other.zip"),
            *(row(f"s3:{a}", f"{ARCHIVES}/{PROGRAM}") for a in ("GetObject", "DeleteObject")),
            row("s3:DeleteBucket", ARCHIVES),
            row("ssm:PutParameter", f"arn:aws:ssm:{{region}}:{ACCOUNT}:parameter/cfngen/x"),
        ],
    ),
    **image_rows("Worker"),
    ("branch-builder", "WorkerRole"): (
        [
            *(sqs(a, "{Pushes}") for a in ("ReceiveMessage", "DeleteMessage")),
            *(sqs(a, "{Pushes}") for a in ("ChangeMessageVisibility", "GetQueueAttributes")),
            sqs("SendMessage", "{GivenUp}"),
            codecommit("GitPull", "shop"),
            row("s3:PutObject", "arn:aws:s3:::{Bundles}/shop/main/1.zip"),
            start("{Builds}", **GOOD),
        ],
        [
            sqs("SendMessage", "{Pushes}"),
            sqs("PurgeQueue", "{Pushes}"),
            sqs("ReceiveMessage", "{GivenUp}"),
            codecommit("GitPull", "other"),
            codecommit("GitPull", "shop", "eu-west-3"),
            codecommit("GitPush", "shop"),
            codecommit("GetFile", "shop"),
            row("s3:GetObject", "arn:aws:s3:::{Bundles}/shop/main/1.zip"),
            row("s3:DeleteObject", "arn:aws:s3:::{Bundles}/shop/main/1.zip"),
            row("s3:ListBucket", "arn:aws:s3:::{Bundles}"),
            row("s3:PutObject", "arn:aws:s3:::{Outputs}/shop/main/1.zip"),
            start("{WorkerImageBuild}", **GOOD),
            start("other", **GOOD),
            *(
                start("{Builds}", **{**GOOD, key: "x"})
                for key in (
                    *("artifacts", "environment.image", "environment.privilegedMode", "logsConfig"),
                    *("secondarySources", "serviceRole", "source.buildspec", "cache"),
                    *("environment.computeType", "source.auth.type", "source.insecureSsl"),
                )
            ),
            start("{Builds}", **{**GOOD, "source.location": "somebodys-bucket/evil.zip"}),
            start("{Builds}", **{**GOOD, "environment.environmentVariables.name": ["LD_PRELOAD"]}),
            row(
                "codebuild:StopBuild", f"arn:aws:codebuild:{{region}}:{ACCOUNT}:project/{{Builds}}"
            ),
            row("iam:PassRole", ROLE + "{BuildsRole}"),
            row("ecs:RunTask", DEFINITION + "branch-builder-worker:1"),
            row("kms:Decrypt", f"arn:aws:kms:{{region}}:{ACCOUNT}:key/1"),
            row(
                "secretsmanager:GetSecretValue",
                f"arn:aws:secretsmanager:{{region}}:{ACCOUNT}:secret:x",
            ),
        ],
    ),
    ("branch-builder", "StarterRole"): (
        [
            (
                "ecs:RunTask",
                DEFINITION + "branch-builder-worker:1",
                {"ecs:cluster": CLUSTER + "{WorkerCluster}"},
            ),
            ("iam:PassRole", ROLE + "{WorkerRole}", TO_ECS),
            ("iam:PassRole", ROLE + "{WorkerAgentRole}", TO_ECS),
            ("ecs:TagResource", TASK + "{WorkerCluster}/1", {"ecs:CreateAction": "RunTask"}),
        ],
        [
            ("ecs:TagResource", TASK + "{WorkerCluster}/1", {}),
            ("ecs:TagResource", TASK + "other/1", {"ecs:CreateAction": "RunTask"}),
            (
                "ecs:RunTask",
                DEFINITION + "branch-builder-worker:1",
                {"ecs:cluster": CLUSTER + "other"},
            ),
            ("ecs:RunTask", DEFINITION + "other:1", {"ecs:cluster": CLUSTER + "{WorkerCluster}"}),
            ("iam:PassRole", ROLE + "{BuildsRole}", TO_ECS),
            ("iam:PassRole", ROLE + "Admin", TO_ECS),
            ("iam:PassRole", ROLE + "{WorkerRole}", {"iam:PassedToService": "ec2.amazonaws.com"}),
            sqs("ReceiveMessage", "{Pushes}"),
            sqs("DeleteMessage", "{Pushes}"),
            row("ecs:RegisterTaskDefinition", "*"),
            ("ecs:StopTask", "*", {"ecs:cluster": CLUSTER + "{WorkerCluster}"}),
        ],
    ),
    ("branch-builder", "BuildsRole"): (
        [
            ("s3:GetObject", "arn:aws:s3:::{Bundles}/shop/main/1.zip", OWN),
            ("s3:PutObject", "arn:aws:s3:::{Outputs}/shop/main/1/out.txt", OWN),
            logs("{BuildsLog}"),
        ],
        [
            ("s3:PutObject", "arn:aws:s3:::{Bundles}/shop/main/1.zip", OWN),
            ("s3:DeleteObject", "arn:aws:s3:::{Outputs}/shop/main/1/out.txt", OWN),
            logs("{WorkerLog}"),
            codecommit("GitPull", "shop"),
            start("{Builds}"),
            row(
                "ecr:PutImage",
                f"arn:aws:ecr:{{region}}:{ACCOUNT}:repository/{{WorkerImageRepository}}",
            ),
        ],
    ),
    ("fargate-mirror", "MirrorRole"): (
        [
            codecommit("GitPull", "shop"),
            codecommit("GitPush", "shop", "us-west-2"),
            codecommit("CreateRepository", "shop", "us-west-2"),
        ],
        [
            codecommit("GitPush", "shop"),
            codecommit("GitPull", "other"),
            codecommit("GitPush", "other", "us-west-2"),
            codecommit("GitPush", "shop", "eu-west-3"),
            codecommit("DeleteRepository", "shop", "us-west-2"),
            codecommit("DeleteBranch", "shop"),
            row("ecs:RunTask", DEFINITION + "fargate-mirror-mirror:1"),
            row("iam:PassRole", ROLE + "{MirrorRole}"),
        ],
    ),
    ("fargate-mirror", "StarterRole"): (
        [
            (
                "ecs:RunTask",
                DEFINITION + "fargate-mirror-mirror:3",
                {"ecs:cluster": CLUSTER + "{MirrorCluster}"},
            ),
            ("ecs:ListTasks", "*", {"ecs:cluster": CLUSTER + "{MirrorCluster}"}),
            ("iam:PassRole", ROLE + "{MirrorRole}", TO_ECS),
        ],
        [
            ("ecs:RunTask", DEFINITION + "fargate-mirror-mirror:3", {"ecs:cluster": CLUSTER + "x"}),
            ("ecs:RunTask", DEFINITION + "other:1", {"ecs:cluster": CLUSTER + "{MirrorCluster}"}),
            ("ecs:ListTasks", "*", {"ecs:cluster": CLUSTER + "other"}),
            ("ecs:StopTask", "*", {"ecs:cluster": CLUSTER + "{MirrorCluster}"}),
            ("iam:PassRole", ROLE + "{MirrorImageBuildRole}", TO_ECS),
            codecommit("GitPull", "shop"),
        ],
    ),
    ("fargate-mirror", "MirrorAgentRole"): (
        [
            row(
                "ecr:BatchGetImage",
                f"arn:aws:ecr:{{region}}:{ACCOUNT}:repository/{{MirrorImageRepository}}",
            ),
            logs("{MirrorLog}"),
        ],
        [
            row(
                "ecr:PutImage",
                f"arn:aws:ecr:{{region}}:{ACCOUNT}:repository/{{MirrorImageRepository}}",
            ),
            row("ecr:BatchGetImage", f"arn:aws:ecr:{{region}}:{ACCOUNT}:repository/other"),
            logs("other"),
        ],
    ),
    ("backlog-proxy", "MirrorRole"): (
        [
            codecommit("GitPush", "web-mirror"),
            codecommit("GitPull", "web-mirror"),
            row(
                "ssm:GetParameters",
                f"arn:aws:ssm:{{region}}:{ACCOUNT}:parameter/backlog-mirror/ssh-key",
            ),
            ("s3:PutObject", "arn:aws:s3:::{MirrorCache}/x", OWN),
            # An older program as well: of a build that has waited.
            *(row(f"s3:{a}", f"{ARCHIVES}/0a1b.zip") for a in ("GetObject", "GetObjectVersion")),
            *(row(f"s3:{a}", ARCHIVES) for a in ("GetBucketAcl", "GetBucketLocation")),
            logs("{MirrorLog}"),
        ],
        [
            codecommit("GitPush", "other"),
            codecommit("DeleteRepository", "web-mirror"),
            row(
                "ssm:GetParameters",
                f"arn:aws:ssm:{{region}}:{ACCOUNT}:parameter/backlog-mirror/other",
            ),
            row(
                "ssm:PutParameter",
                f"arn:aws:ssm:{{region}}:{ACCOUNT}:parameter/backlog-mirror/ssh-key",
            ),
            row("s3:PutObject", "arn:aws:s3:::another-bucket/x"),
            *(row(f"s3:{a}", f"{ARCHIVES}/{PROGRAM}") for a in ("PutObject", "DeleteObject")),
            row("s3:ListBucket", ARCHIVES),
            row("secretsmanager:GetSecretValue", "{WebhookCredentials}"),
            logs("{AuthorizerLog}"),
            start("{Mirror}"),
        ],
    ),
    ("backlog-proxy", "AuthorizerRole"): (
        [row("secretsmanager:GetSecretValue", "{WebhookCredentials}"), logs("{AuthorizerLog}")],
        [
            row("secretsmanager:PutSecretValue", "{WebhookCredentials}"),
            row(
                "secretsmanager:GetSecretValue",
                f"arn:aws:secretsmanager:{{region}}:{ACCOUNT}:secret:other-1a2b3c",
            ),
            start("{Mirror}"),
            row(
                "ssm:GetParameters",
                f"arn:aws:ssm:{{region}}:{ACCOUNT}:parameter/backlog-mirror/ssh-key",
            ),
            logs("{MirrorLog}"),
        ],
    ),
    ("backlog-proxy", "StartRole"): (
        [start("{Mirror}")],
        [
            start("other"),
            row(
                "codebuild:StopBuild", f"arn:aws:codebuild:{{region}}:{ACCOUNT}:project/{{Mirror}}"
            ),
            row(
                "codebuild:BatchGetBuilds",
                f"arn:aws:codebuild:{{region}}:{ACCOUNT}:project/{{Mirror}}",
            ),
            codecommit("GitPull", "web-mirror"),
        ],
    ),
    ("branch-builder-direct", "StartRole"): (
        [start("{Builds}", **DIRECTLY)],
        [
            start("other", **DIRECTLY),
            start("{Builds}", **{**DIRECTLY, "source.buildspec": "evil"}),
            start("{Builds}", **{**DIRECTLY, "source.location": "https://example.com/evil.git"}),
            start("{Builds}", **{**DIRECTLY, "environment.environmentVariables.name": ["PATH"]}),
        ],
    ),
    ("branch-builder-direct", "BuildsRole"): (
        [codecommit("GitPull", "shop")],
        [codecommit("GitPush", "shop"), codecommit("GitPull", "other")],
    ),
    ("deployment-roles", "PipelineRole"): (
        # Its trust policy names this role, which is enough within an account.
        [row("sts:AssumeRole", SERVICE_ROLE + "{InfrastructureActionRole}")],
        [
            row("sts:AssumeRole", SERVICE_ROLE + "{InfrastructureExecutionRole}"),
            stack_call("UpdateStack", "service-x-infrastructure"),
        ],
    ),
    ("deployment-roles", "InfrastructureActionRole"): (
        [
            stack_call("CreateStack", "service-x-infrastructure"),
            stack_call("UpdateStack", "service-x-infrastructure"),
            ("iam:PassRole", SERVICE_ROLE + "{InfrastructureExecutionRole}", TO_CLOUDFORMATION),
        ],
        [
            stack_call("DeleteStack", "service-x-infrastructure"),
            stack_call("UpdateStack", "service-x-application"),
            stack_call("UpdateStack", "deployment-roles"),
            ("iam:PassRole", SERVICE_ROLE + "{ApplicationExecutionRole}", TO_CLOUDFORMATION),
            (
                "iam:PassRole",
                SERVICE_ROLE + "{InfrastructureExecutionRole}",
                {"iam:PassedToService": "ec2.amazonaws.com"},
            ),
            row("sts:AssumeRole", SERVICE_ROLE + "{PipelineRole}"),
        ],
    ),
    ("deployment-roles", "ApplicationActionRole"): (
        [
            stack_call("CreateChangeSet", "service-x-application"),
            stack_call("ExecuteChangeSet", "service-x-application"),
            ("iam:PassRole", SERVICE_ROLE + "{ApplicationExecutionRole}", TO_CLOUDFORMATION),
        ],
        [
            stack_call("UpdateStack", "service-x-application"),
            stack_call("ExecuteChangeSet", "service-x-infrastructure"),
            ("iam:PassRole", SERVICE_ROLE + "{InfrastructureExecutionRole}", TO_CLOUDFORMATION),
        ],
    ),
    ("deployment-roles", "ApplicationExecutionRole"): (
        [],
        [
            ("iam:PassRole", SERVICE_ROLE + "{ApplicationExecutionRole}", TO_CLOUDFORMATION),
            row("sts:AssumeRole", SERVICE_ROLE + "{PipelineRole}"),
        ],
    ),
    ("multi-region-pipeline-home", "StartRegionsRole"): (
        [row("codepipeline:StartPipelineExecution", PIPELINE + "{PipelineEu}")],
        [
            row("codepipeline:StartPipelineExecution", PIPELINE + "{Pipeline}"),
            row("codepipeline:UpdatePipeline", PIPELINE + "{PipelineEu}"),
        ],
    ),
    ("multi-region-pipeline", "WindowRole"): (
        [
            row("codepipeline:EnableStageTransition", PIPELINE + "{Pipeline}/Deploy-eu"),
            row("codepipeline:DisableStageTransition", PIPELINE + "{Pipeline}/Deploy-us"),
            sqs("SendMessage", "{LostSwitches}"),
        ],
        [
            row("codepipeline:EnableStageTransition", PIPELINE + "other/Deploy-eu"),
            row("codepipeline:StartPipelineExecution", PIPELINE + "{Pipeline}"),
            row("codepipeline:PutApprovalResult", PIPELINE + "{Pipeline}/Approve/Approve"),
            sqs("ReceiveMessage", "{LostSwitches}"),
        ],
    ),
    ("multi-region-pipeline", "SourceRole"): (
        [],
        [
            row("codepipeline:StartPipelineExecution", PIPELINE + "{Pipeline}"),
            row(
                "cloudformation:CreateStack",
                f"arn:aws:cloudformation:{{region}}:{ACCOUNT}:stack/x/1",
            ),
            row("iam:PassRole", ROLE + "{BuildRole}"),
        ],
    ),
    ("multi-region-pipeline", "StartBuildRole"): (
        [start("{Build}")],
        [start("other"), row("iam:PassRole", ROLE + "{BuildRole}")],
    ),
    ("multi-region-pipeline", "BuildRole"): (
        [logs("{BuildLog}")],
        [
            start("{Build}"),
            row(
                "cloudformation:CreateStack",
                f"arn:aws:cloudformation:{{region}}:{ACCOUNT}:stack/x/1",
            ),
            row("iam:CreateRole", ROLE + "x"),
            row("sts:AssumeRole", ROLE + "{ApplicationActionRole}"),
        ],
    ),
}


@pytest.mark.parametrize("name", sorted({name for name, _ in TABLE}))
def test_a_role_may_what_it_needs_and_no_more(name: str, account: Emulator, tmp_path: Path) -> None:
    """Each row that is needed is granted, each row beside it is not."""
    stack = Deployment(account, name, tmp_path)
    stack.deploy()
    known = {t: r["PhysicalResourceId"] for t, r in stack.resources().items()}
    if image := IMAGES.get(name):
        there = stack.beside(image).resources()
        known |= {t: r["PhysicalResourceId"] for t, r in there.items() if "Image" in t}
    if name in WITH_PROGRAM:
        there = stack.beside("mirror-program").resources()
        known |= {t: r["PhysicalResourceId"] for t, r in there.items()}
    known = {t: p.rpartition("/")[2] if p.startswith("http") else p for t, p in known.items()}
    known["region"] = stack.way.region
    wrong = []
    for (template, title), (granted, denied) in TABLE.items():
        if template != name:
            continue
        for rows, expected in ((granted, True), (denied, False)):
            for action, resource, context in rows:
                told = {k: filled(v, known) for k, v in context.items()}
                arn = filled(resource, known)
                if may(stack, title, action, arn, told) is not expected:
                    wrong.append((title, action, arn, told, "granted" if expected else "denied"))
    assert not wrong, "\n".join(map(str, wrong))


def filled(value: Any, known: dict[str, str]) -> Any:
    """Put names in the place of the braces."""
    return value.format_map(known) if isinstance(value, str) else value


def may(stack: Deployment, title: str, action: str, resource: str, context: Any) -> bool:
    """Ask the deployed policies."""
    iam = stack.emulator.client("iam")
    role = iam.get_role(RoleName=identity(stack, title))["Role"]["Arn"]
    region = stack.way.region
    asked = {"role": role, "action": action, "resource": resource}
    return bool(stack.emulator.call("may", region=region, **asked, context=context))


def test_real_requests_are_denied_where_the_table_says_so(
    account: Emulator, tmp_path: Path
) -> None:
    """The same by real requests of the worker, the function, and by one without TLS."""
    stack = Deployment(account, "branch-builder", tmp_path)
    stack.deploy()
    region = stack.way.region
    queue, given_up = identity(stack, "Pushes"), identity(stack, "GivenUp")
    bundles, outputs = identity(stack, "Bundles"), identity(stack, "Outputs")
    builds, image = (
        identity(stack, "Builds"),
        identity(stack.beside("worker-image"), "WorkerImageBuild"),
    )
    worker = clients(stack, "WorkerRole", "ecs-tasks")
    worker("sqs").receive_message(QueueUrl=queue)
    worker("s3").put_object(Bucket=bundles, Key="shop/main/1.zip", Body=b"")
    good = {"sourceTypeOverride": "S3", "sourceLocationOverride": f"{bundles}/shop/main/1.zip"}
    worker("codebuild").start_build(projectName=builds, **good)
    starter = clients(stack, "StarterRole", "lambda")
    cluster = identity(stack, "WorkerCluster")
    ecs = account.client("ecs", region)
    mine = identity(stack, "WorkerTask")
    subnets = [
        parameter["ParameterValue"]
        for parameter in stack.described()["Parameters"]
        if parameter["ParameterKey"].startswith("SubnetId")
    ]
    on = {
        "cluster": cluster,
        "launchType": "FARGATE",
        "networkConfiguration": {"awsvpcConfiguration": {"subnets": subnets}},
    }
    tagged = {"taskDefinition": mine, "propagateTags": "TASK_DEFINITION"}
    starter("ecs").run_task(**tagged, **on)
    container = {"name": "worker", "image": "evil", "memory": 512}
    admin = account.client("iam").get_role(RoleName=identity(stack, "BuildsRole"))["Role"]["Arn"]
    family = mine.rpartition("/")[2].partition(":")[0]
    evil = ecs.register_task_definition(
        family=family, taskRoleArn=admin, containerDefinitions=[container]
    )["taskDefinition"]["taskDefinitionArn"]
    refused = {
        "send": lambda: worker("sqs").send_message(
            QueueUrl=queue, MessageBody="x", MessageGroupId="x", MessageDeduplicationId="x"
        ),
        "other queue": lambda: worker("sqs").receive_message(QueueUrl=given_up),
        "read": lambda: worker("s3").get_object(Bucket=bundles, Key="shop/main/1.zip"),
        "list": lambda: worker("s3").list_objects_v2(Bucket=bundles),
        "delete": lambda: worker("s3").delete_object(Bucket=bundles, Key="shop/main/1.zip"),
        "other bucket": lambda: worker("s3").put_object(Bucket=outputs, Key="x", Body=b""),
        "buckets": lambda: worker("s3").list_buckets(),
        "other project": lambda: worker("codebuild").start_build(projectName=image, **good),
        "no location": lambda: worker("codebuild").start_build(
            projectName=builds, sourceTypeOverride="S3", sourceLocationOverride="evil/1.zip"
        ),
        "buildspec": lambda: worker("codebuild").start_build(
            projectName=builds, **good, buildspecOverride="version: 0.2"
        ),
        "role": lambda: worker("codebuild").start_build(
            projectName=builds, **good, serviceRoleOverride=admin
        ),
        "repositories": lambda: worker("codecommit").list_repositories(),
        "task": lambda: worker("ecs").run_task(taskDefinition=mine, **on),
        "another role": lambda: starter("ecs").run_task(taskDefinition=evil, **on),
        "another cluster": lambda: starter("ecs").run_task(
            **{**on, "cluster": "x"}, taskDefinition=mine
        ),
        "messages": lambda: starter("sqs").receive_message(QueueUrl=queue),
    }
    for what, request in refused.items():
        with pytest.raises(ClientError) as caught:
            request()
        code = caught.value.response["Error"]["Code"]
        assert code in ("AccessDenied", "AccessDeniedException"), (what, code)
    without(stack, "StarterRole", "ecs:TagResource")
    starter("ecs").run_task(taskDefinition=mine, **on)
    for tags in ({"propagateTags": "TASK_DEFINITION"}, {"tags": [{"key": "a", "value": "b"}]}):
        with pytest.raises(ClientError, match="ecs:TagResource"):
            starter("ecs").run_task(taskDefinition=mine, **tags, **on)


def without(stack: Deployment, title: str, action: str) -> None:
    """Take a permission from a deployed role."""
    iam, role = stack.emulator.client("iam"), identity(stack, title)
    for name in iam.list_role_policies(RoleName=role)["PolicyNames"]:
        policy = iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
        policy["Statement"] = [each for each in policy["Statement"] if each["Action"] != action]
        iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=json.dumps(policy))


def test_buckets_and_queues_refuse_who_does_not_come_by_tls(
    account: Emulator, tmp_path: Path
) -> None:
    """Even with the right to write, or to read."""
    stack = Deployment(account, "branch-builder", tmp_path)
    stack.deploy()
    worker = clients(stack, "WorkerRole", "ecs-tasks")
    s3, sqs = worker("s3"), worker("sqs")
    bundle = {"Bucket": identity(stack, "Bundles"), "Key": "shop/main/1.zip", "Body": b""}
    pushes = {"QueueUrl": identity(stack, "Pushes")}

    def plainly(request: Any, **_: Any) -> None:
        request.headers["X-Forwarded-Proto"] = "http"

    for client, call in (
        (s3, lambda: s3.put_object(**bundle)),
        (sqs, lambda: sqs.receive_message(**pushes)),
    ):
        call()
        client.meta.events.register("before-send", plainly)
        with pytest.raises(ClientError) as caught:
            call()
        assert "AccessDenied" in caught.value.response["Error"]["Code"]


def clients(stack: Deployment, title: str, service: str) -> Any:
    """Return what makes clients with a deployed role's credentials, as a service has them."""
    region = stack.way.region
    role = stack.emulator.client("iam").get_role(RoleName=identity(stack, title))["Role"]["Arn"]
    principal = f"{service}.amazonaws.com"
    keys = stack.emulator.call("role", region=region, arn=role, principal=principal)
    return lambda service: stack.emulator.client(service, region, **keys)
