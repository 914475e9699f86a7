"""What the pattern of an image that builds itself promises, asserted on it as data."""

from __future__ import annotations

import json
from typing import Any

import pytest
from support.cloudformation import resolved
from troposphere import GetAtt, Ref, Sub, ssm

from cfngen.authoring.encoding import encode
from cfngen.authoring.parameters import Parameters, parameter
from cfngen.authoring.payload import Payload
from cfngen.authoring.template import Template
from cfngen.cloudformation.document import Document
from cfngen.cloudformation.render import render
from cfngen.errors import PayloadError
from cfngen.linting.lint import Linter
from cfngen.patterns import custom_resources
from cfngen.patterns.custom_resources import custom_resource_function
from cfngen.patterns.functions import MAX_SECONDS
from cfngen.patterns.image_permissions import pull_images
from cfngen.patterns.images import PAYLOADS, BuiltImage, built_image
from cfngen.patterns.logs import log_group
from cfngen.patterns.roles import role
from cfngen.testing import of_type, references, statements

DOCKERFILE = "FROM public.ecr.aws/docker/library/alpine\nCOPY run.sh /\n"
FILES = {"run.sh": "echo run\n", "a-list.txt": "one\n"}
REPOSITORY = [{"Fn::GetAtt": ["ToolRepository", "Arn"]}]
PROJECT = [{"Fn::GetAtt": ["ToolBuild", "Arn"]}]
LOG = [{"Fn::GetAtt": ["Log", "Arn"]}]
CONTEXT = [{"Fn::GetAtt": ["ToolContext", "Arn"]}]
PULL = {"ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"}


class Questions(Parameters):
    """What the template asks."""

    Revision = parameter("Raise it to build afresh.", Default="1")


def image(
    dockerfile: str = DOCKERFILE,
    files: dict[str, str] = FILES,
    revision: Any = None,
    architecture: str = "arm64",
    *,
    retained: bool = False,
) -> BuiltImage:
    """Return the image under test."""
    return built_image(
        "Tool",
        dockerfile=Payload(dockerfile, "Dockerfile"),
        files={name: Payload(text, name) for name, text in files.items()},
        revision=Ref("Revision") if revision is None else revision,
        log=log_group("Log", days=30),
        architecture=architecture,
        retained=retained,
        reason="Here before whatever runs it.",
    )


def document(made: BuiltImage | None = None) -> Document:
    """Return a template with the image, and with something that uses it."""
    t = Template("An image that builds itself, and its address.")
    t.declare(Questions)
    made = made or image()
    t.add(made.log)
    t.add(made)
    t.add(role("PullRole", "ecs-tasks", *made.may_pull), reason="Assumed by what runs the image.")
    t.add(ssm.Parameter("Address", Type="String", Value=made.uri))
    t.output("Tag", made.tag, "The image's tag")
    return t.document()


def resource(name: str, **options: Any) -> Any:
    """Return the properties of one resource."""
    return document(image(**options)).body["Resources"][name]["Properties"]


def listed(value: Any) -> list[Any]:
    """Return a policy's one or several as a list."""
    return value if isinstance(value, list) else [value]


def allowed(name: str) -> dict[str, list[Any]]:
    """Return what a role may do: each action with its resources."""
    return {
        action: listed(said["Resource"])
        for _, said in statements(document().body["Resources"][name]["Properties"]["Policies"])
        if said["Effect"] == "Allow"
        for action in listed(said["Action"])
    }


def digest(**options: Any) -> str:
    """Return the part of the tag that says what the image is made of."""
    tag: str = resource("ToolVersion", **options)["Tag"]["Fn::Sub"]
    return tag.removesuffix("-${Revision}")


def archive() -> list[Any]:
    """Return the ARN of what the builder puts into the bucket, as policies name it."""
    return [{"Fn::Sub": f"${{ToolContext.Arn}}/{digest()}-${{Revision}}.zip"}]


# --- the template ---------------------------------------------------------------------------------


@pytest.mark.parametrize("architecture", ["arm64", "x86_64"])
def test_the_linter_has_nothing_to_say(linter: Linter, architecture: str) -> None:
    """A template with such an image, and with what uses it, has no finding of any severity."""
    text = render(document(image(architecture=architecture)))
    assert linter.lint(text, "image", ("us-east-1",)) == []


def test_every_part_says_why_it_is_there() -> None:
    """Roles name their holder, and the custom resource has the comment it was given."""
    comments = document().comments
    assert comments["Resources", "ToolVersion"] == "Here before whatever runs it."
    assert comments["Resources", "ToolBuildRole"].startswith("Assumed by ToolBuild:")
    assert comments["Resources", "ToolVersionRole"].startswith("Assumed for ToolVersion by")


def test_two_images_fit_in_one_stack_and_two_stacks_in_one_account() -> None:
    """Every logical ID begins with the title, and nothing has a physical name of its own."""
    resources = document().body["Resources"]
    made = {name: r["Properties"] for name, r in resources.items() if name.startswith("Tool")}
    assert set(resources) - set(made) == {"Log", "PullRole", "Address"}
    names = {"RepositoryName", "LogGroupName", "RoleName", "FunctionName", "Name"}
    assert not [name for name, properties in made.items() if names & set(properties)]


def test_builds_write_to_the_log_they_are_given() -> None:
    """The image brings no log group of its own."""
    made = image()
    assert not [r for r, _ in made.resources if r.resource_type == "AWS::Logs::LogGroup"]
    assert list(of_type(document(made).body, "AWS::Logs::LogGroup")) == [made.log.title] == ["Log"]
    logs = resource("ToolBuild")["LogsConfig"]["CloudWatchLogs"]
    assert (logs["Status"], logs["GroupName"]) == ("ENABLED", {"Ref": "Log"})


# --- the tag --------------------------------------------------------------------------------------


def test_the_tag_follows_what_the_image_is_made_of() -> None:
    """Another Dockerfile, file, file name or architecture is another tag."""
    run, names = FILES.values()
    others = [
        digest(),
        digest(dockerfile=DOCKERFILE + "USER 1000\n"),
        digest(files=FILES | {"run.sh": "echo walk\n"}),
        digest(files=FILES | {"more.txt": "two\n"}),
        digest(files={"run.sh": run}),
        digest(files={"walk.sh": run, "a-list.txt": names}),
        digest(files={"run.sh": names, "a-list.txt": run}),
        digest(architecture="x86_64"),
    ]
    assert len(set(others)) == len(others)
    assert all(len(one) == 12 and int(one, 16) >= 0 for one in others)


def test_the_tag_follows_nothing_else() -> None:
    """The order in which files are listed, and the file a text came from, change no byte."""
    turned = dict(reversed(FILES.items()))
    assert list(turned) != list(FILES)
    assert render(document(image(files=turned))) == render(document())
    moved = built_image(
        "Other",
        dockerfile=Payload(DOCKERFILE, "other.Dockerfile"),
        files={name: Payload(text, "other") for name, text in FILES.items()},
        revision=7,
        log=log_group("Log", days=1),
        reason="",
    )
    assert moved.custom.Tag == f"{digest()}-7"


def test_the_tag_follows_the_buildspec(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another way to build is another image."""
    before = digest()
    real = PAYLOADS["image-buildspec.yml"]
    changed = Payload(real.replace("--pull ", ""), real.name)
    monkeypatch.setattr(type(PAYLOADS), "__getitem__", lambda *_: changed)
    assert digest() != before


@pytest.mark.parametrize(
    ("revision", "ending"),
    [
        (Ref("Revision"), "${Revision}"),
        ("${Revision}.1", "${Revision}.1"),
        (Sub("${AWS::Region}"), "${Revision}"),
    ],
)
def test_build_and_custom_resource_mean_the_same_image(revision: Any, ending: str) -> None:
    """The tag that is asked for is the tag that the build pushes, whatever the revision is."""
    tag = encode(resource("ToolVersion", revision=revision)["Tag"]["Fn::Sub"])
    (variable,) = resource("ToolBuild", revision=revision)["Environment"]["EnvironmentVariables"]
    assert variable["Name"] == "IMAGE"
    pushed = variable["Value"]["Fn::Sub"]
    if isinstance(tag, list):
        assert tag[1] == pushed[1] == {"Revision": {"Fn::Sub": "${AWS::Region}"}}
        tag, pushed = tag[0], pushed[0]
    assert tag == f"{digest()}-{ending}"
    assert pushed == f"${{ToolRepository.RepositoryUri}}:{tag}"


def test_whoever_uses_the_image_waits_for_it() -> None:
    """Address and tag come from the custom resource's answer, so that nothing is made before."""
    body = document().body
    address = body["Resources"]["Address"]["Properties"]["Value"]
    assert address == {"Fn::Sub": "${ToolRepository.RepositoryUri}:${ToolVersion.Tag}"}
    assert references(body["Outputs"]["Tag"]["Value"]) == {image().title} == {"ToolVersion"}


# --- the repository -------------------------------------------------------------------------------


def test_a_tag_never_moves() -> None:
    """The repository refuses to give a tag to another image."""
    assert resource("ToolRepository")["ImageTagMutability"] == "IMMUTABLE"


def test_a_tagged_image_never_expires() -> None:
    """The one rule touches untagged images only, so that the image in use stays."""
    text = resource("ToolRepository")["LifecyclePolicy"]["LifecyclePolicyText"]
    (rule,) = json.loads(text)["rules"]
    assert rule["selection"] == {
        "tagStatus": "untagged",
        "countType": "sinceImagePushed",
        "countUnit": "days",
        "countNumber": 1,
    }
    assert rule["action"] == {"type": "expire"}


def test_a_retained_repository_is_never_emptied() -> None:
    """Deleting the stack leaves the images that other stacks run; a failed creation leaves none."""
    repository = document(image(retained=True)).body["Resources"]["ToolRepository"]
    assert repository["DeletionPolicy"] == "RetainExceptOnCreate"
    assert repository["UpdateReplacePolicy"] == "Retain"
    assert "EmptyOnDelete" not in repository["Properties"]


def test_the_repository_goes_with_the_stack() -> None:
    """Deleting the stack needs no hand: the repository goes, with the images in it."""
    repository = document().body["Resources"]["ToolRepository"]
    assert repository["DeletionPolicy"] == repository["UpdateReplacePolicy"] == "Delete"
    assert repository["Properties"]["EmptyOnDelete"] is True


def test_images_are_scanned_and_encrypted_as_ecr_does_by_itself() -> None:
    """Each image that is pushed is scanned; AES-256 is what ECR encrypts with unless told."""
    repository = resource("ToolRepository")
    assert repository["ImageScanningConfiguration"] == {"ScanOnPush": True}
    assert "EncryptionConfiguration" not in repository


# --- who may do what ------------------------------------------------------------------------------


def test_the_build_may_push_to_its_repository_and_no_more() -> None:
    """Besides its log and a token, the build has one repository."""
    may = allowed("ToolBuildRole")
    assert may.pop("ecr:GetAuthorizationToken") == ["*"]
    assert may.pop("logs:CreateLogStream") == may.pop("logs:PutLogEvents") == LOG
    assert may.pop("s3:GetObject") == may.pop("s3:GetObjectVersion") == archive()
    assert may.pop("s3:GetBucketAcl") == may.pop("s3:GetBucketLocation") == CONTEXT
    push = {"InitiateLayerUpload", "UploadLayerPart", "CompleteLayerUpload", "PutImage"}
    assert set(may) == {f"ecr:{action}" for action in push | {"DescribeImages"}} | PULL
    assert all(on == REPOSITORY for on in may.values())


def test_the_builder_may_run_one_project_and_look_at_one_repository() -> None:
    """Whoever took over the function could build this image, and nothing else."""
    may = allowed("ToolVersionRole")
    assert may == {
        "codebuild:StartBuild": PROJECT,
        "codebuild:BatchGetBuilds": PROJECT,
        "codebuild:StopBuild": PROJECT,
        "ecr:DescribeImages": REPOSITORY,
        "s3:PutObject": archive(),
        "s3:DeleteObject": archive(),
    }


def test_the_builder_overrides_nothing_of_the_project() -> None:
    """Whatever a request for a build overrides, the builder's role denies it."""
    documents = document().body["Resources"]["ToolVersionRole"]["Properties"]["Policies"]
    starts = [said for _, said in statements(documents) if said["Action"] == "codebuild:StartBuild"]
    denials = [said["Condition"]["Null"] for said in starts if said["Effect"] == "Deny"]
    assert all(len(keys) == 1 for keys in denials), "those of one denial would all have to be there"
    denied = {key for keys in denials for key, absent in keys.items() if absent == "false"}
    (allowed,) = (said["Condition"]["Null"] for said in starts if said["Effect"] == "Allow")
    assert {said["Resource"] for said in starts if said["Effect"] == "Deny"} == {"*"}
    # Every condition key of StartBuild in the Service Authorization Reference.
    keys = {
        *("artifacts", "autoRetryLimit", "cache", "encryptionKey", "environment.certificate"),
        *("environment.computeType", "environment.environmentVariables.name"),
        *("environment.fleet.fleetArn", "environment.image", "environment.privilegedMode"),
        *("environment.imagePullCredentialsType", "environment.registryCredential"),
        *("environment.type", "logsConfig", "secondaryArtifacts", "secondarySources"),
        *("serviceRole", "source.auth.type", "source.buildspec", "source.insecureSsl"),
        "source.location",
    }
    assert denied | set(allowed) == {f"codebuild:{key}" for key in keys}
    assert set(allowed.values()) == {"true"}


def test_may_pull_is_one_repository() -> None:
    """What runs the image may read one repository, and needs a token for it."""
    may = allowed("PullRole")
    assert may.pop("ecr:GetAuthorizationToken") == ["*"]
    assert may == dict.fromkeys(PULL, REPOSITORY)
    assert encode(pull_images(GetAtt("ToolRepository", "Arn"))) == encode(image().may_pull)


def test_every_star_has_its_reason() -> None:
    """A resource of `*` stands in the template with a comment."""
    made = document()
    stars = [
        path
        for path, said in statements(made.body)
        if said["Effect"] == "Allow" and said.get("Resource") in ("*", ["*"])
    ]
    assert len(stars) == 2
    assert all(made.comments[path] for path in stars)


# --- how it is built ------------------------------------------------------------------------------


def test_the_handler_is_in_its_template_byte_for_byte() -> None:
    """The code under test is the code that runs."""
    made = custom_resource_function("Served", days=30).function.function
    assert made.Code.ZipFile == custom_resources.PAYLOADS["custom_resources.py"]


def test_the_custom_resource_names_what_it_is_about() -> None:
    """The handler learns names, tag and files; their references order the deployment."""
    told = resource("ToolVersion")
    assert told["Role"] == {"Fn::GetAtt": ["ToolVersionRole", "Arn"]}
    assert (told["Project"], told["Repository"]) == (
        {"Ref": "ToolBuild"},
        {"Ref": "ToolRepository"},
    )
    assert set(told) == {
        *("ServiceToken", "ServiceTimeout", "Role"),
        *("Project", "Repository", "Tag", "Bucket", "Key", "Files", "Archives"),
        "Quota",
    }


@pytest.mark.parametrize(
    ("architecture", "kind"), [("arm64", "ARM_CONTAINER"), ("x86_64", "LINUX_CONTAINER")]
)
def test_the_image_is_built_where_it_can_run(architecture: str, kind: str) -> None:
    """A build makes images of the architecture it has itself; it may run Docker."""
    project = resource("ToolBuild", architecture=architecture)
    assert (project["Environment"]["Type"], project["Environment"]["PrivilegedMode"]) == (
        kind,
        True,
    )


def test_a_build_that_hangs_is_given_up() -> None:
    """Neither a queue nor a build outlasts the function that waits for them."""
    project = resource("ToolBuild")
    longest = max(project["TimeoutInMinutes"], project["QueuedTimeoutInMinutes"])
    assert longest * 60 < MAX_SECONDS


def test_the_files_are_in_the_template_byte_for_byte() -> None:
    """The Dockerfile and what it copies stand in the custom resource, as they are, and no more."""
    assert resource("ToolVersion")["Files"] == {"Dockerfile": DOCKERFILE, **FILES}


@pytest.mark.parametrize("revision", [Ref("Revision"), "7", Sub("${AWS::Region}")])
def test_the_project_fetches_what_the_builder_puts_there(revision: Any) -> None:
    """One object, named after the image's tag, so that two builds never share it."""
    custom, project = (
        resolved(encode(resource(name, revision=revision)), {"Revision": "7"})
        for name in ("ToolVersion", "ToolBuild")
    )
    assert custom["Key"] == f"{custom['Tag']}.zip"
    assert project["Source"]["Type"] == "S3"
    assert project["Source"]["Location"] == f"{custom['Bucket']}/{custom['Key']}"


def test_what_is_left_of_a_build_expires() -> None:
    """The bucket is private, encrypted, and keeps for a day what a killed builder left."""
    bucket = resource("ToolContext")
    (rule,) = bucket["LifecycleConfiguration"]["Rules"]
    assert (rule["Status"], rule["ExpirationInDays"]) == ("Enabled", 1)
    assert all(bucket["PublicAccessBlockConfiguration"].values())
    assert bucket["BucketEncryption"]


def test_two_dockerfiles_are_refused() -> None:
    """A file cannot take the Dockerfile's place."""
    with pytest.raises(PayloadError, match="Tool: files has a Dockerfile"):
        image(files={"Dockerfile": "FROM scratch\n"})
    assert len(of_type(document().body, "AWS::CodeBuild::Project")) == 1
