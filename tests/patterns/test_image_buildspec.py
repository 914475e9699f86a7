"""The buildspec that builds an image, run command by command; `docker` and `aws` are stand-ins."""

from __future__ import annotations

import contextlib
import json
import sys
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from support.payload_runs import run_buildspec

from cfngen.testing import BuildRun

ROOT = Path(__file__).parents[2]
KEYS = {
    "region_name": "eu-west-1",
    "aws_access_key_id": "test",
    "aws_secret_access_key": "test",
}
TEXT = (ROOT / "cfngen/patterns/payload/image-buildspec.yml").read_text()
REGISTRY = "111122223333.dkr.ecr.eu-west-1.amazonaws.com"
IMAGE = f"{REGISTRY}/stack/tool-a1b2:0123456789ab-7"
PASSWORD = "a-token-of-the-registry"
FILES = {
    "Dockerfile": 'FROM x\nRUN echo "$HOME" \\\n  && true\nCOPY run.sh /\n',
    "run.sh": "#!/bin/sh\n\necho 'it''s' \"${1:-`id`}\" \\n $'a' %s 日本語\n",
}

LOG_IN = ["docker", "login", "--username", "AWS", "--password-stdin", REGISTRY]
GET_PASSWORD = ["aws", "ecr", "get-login-password"]
BUILD = ["docker", "build", "--pull", "--tag", IMAGE, "."]
PUSH = ["docker", "push", IMAGE]
LOOK = [
    *("aws", "ecr", "describe-images", "--repository-name", "stack/tool-a1b2"),
    *("--image-ids", "imageTag=0123456789ab-7"),
]

# Notes how it was called, then does as the scenario says for its first three words: what is listed
# there in turn, and the last of it for ever.
TOOL = """\
#!/usr/bin/env python3
import json, os, pathlib, sys
name = pathlib.Path(sys.argv[0]).name
call = {"argv": [name, *sys.argv[1:]], "files": {}, "environment": dict(os.environ)}
if "--password-stdin" in sys.argv:
    call["stdin"] = sys.stdin.read()
if sys.argv[1] == "build":
    call["files"] = {p.name: p.read_text() for p in pathlib.Path().iterdir()}
with open(os.environ["CALLS"], "a") as calls:
    calls.write(json.dumps(call) + "\\n")
words = " ".join(call["argv"][:3])
turns = json.loads(os.environ["SCENARIO"]).get(words, [[0, ""]])
lines = pathlib.Path(os.environ["CALLS"]).read_text().splitlines()
before = sum(" ".join(json.loads(line)["argv"][:3]) == words for line in lines) - 1
status, says = turns[min(before, len(turns) - 1)]
print(says, end="")
sys.exit(status)
"""

Scenario = dict[str, list[tuple[int, str]]]
REFUSED: Scenario = {f"docker push {IMAGE}": [(1, "tag invalid: the tag is immutable\n")]}
NOT_THERE: Scenario = {"aws ecr describe-images": [(254, "ImageNotFoundException\n")]}
TOO_MANY = (1, "toomanyrequests: Rate exceeded\n")
STEPS = ["aws ecr get-login-password", "docker login --username", "docker build --pull"]


@dataclass
class Ran:
    """A build, and what it called."""

    build: BuildRun
    calls: list[dict[str, Any]]

    @property
    def argv(self) -> list[list[str]]:
        """The commands but for pauses, the two of the pipe in a fixed order."""
        words = [call["argv"] for call in self.calls if call["argv"][0] != "sleep"]
        return sorted(words[:2]) + words[2:]

    @property
    def pauses(self) -> list[int]:
        """The pauses, in seconds."""
        return [int(c["argv"][1]) for c in self.calls if c["argv"][0] == "sleep"]

    def count(self, words: str) -> int:
        """Return how often a command was run."""
        return sum(" ".join(argv).startswith(words) for argv in self.argv)


Build = Callable[..., Ran]


@pytest.fixture
def build(tmp_path: Path) -> Build:
    """Run the buildspec in the folder of the source."""
    tools, source, calls = tmp_path / "tools", tmp_path / "src", tmp_path / "calls"
    tools.mkdir()
    source.mkdir()
    for name in ("aws", "docker", "sleep"):
        (tools / name).write_text(TOOL)
        (tools / name).chmod(0o755)

    def run(scenario: Scenario | None = None) -> Ran:
        says = {"aws ecr get-login-password": [(0, PASSWORD + "\n")]} | (scenario or {})
        env = {
            "PATH": f"{tools}:/usr/local/bin:/usr/bin:/bin",
            "IMAGE": IMAGE,
            "CALLS": str(calls),
            "SCENARIO": json.dumps(says),
        }
        calls.write_text("")
        for name, text in FILES.items():  # as CodeBuild unpacks the archive
            (source / name).write_text(text)
        ended = run_buildspec(TEXT, cwd=source, env=env)
        return Ran(ended, [json.loads(line) for line in calls.read_text().splitlines()])

    return run


def test_it_logs_in_builds_and_pushes(build: Build) -> None:
    """These commands run, with these arguments, in this order, and no others."""
    ran = build()
    assert (ran.build.status, ran.build.phase) == (0, None), ran.build.output
    assert ran.argv == [GET_PASSWORD, LOG_IN, BUILD, PUSH]


def test_the_password_goes_by_a_pipe_alone(build: Build) -> None:
    """The registry's token reaches docker's standard input, no argument, variable, file or log."""
    ran = build()
    assert [call["stdin"] for call in ran.calls if "stdin" in call] == [PASSWORD + "\n"]
    assert PASSWORD not in ran.build.output
    for call in ran.calls:
        own = {k: v for k, v in call["environment"].items() if k != "SCENARIO"}
        assert PASSWORD not in json.dumps([call["argv"], own, call["files"]])


def test_docker_gets_the_source_and_no_more(build: Build) -> None:
    """Its context is the Dockerfile and its files, nothing else, every character kept."""
    (files,) = (call["files"] for call in build().calls if call["argv"] == BUILD)
    assert files == FILES


def test_an_image_is_one_manifest(build: Build) -> None:
    """Docker is told to push no attestations beside the image, which would make an index of it."""
    (call,) = (call for call in build().calls if call["argv"] == BUILD)
    assert call["environment"]["BUILDX_NO_DEFAULT_ATTESTATIONS"] == "1"


@pytest.mark.parametrize("failing", STEPS)
def test_what_fails_three_times_ends_the_build(build: Build, failing: str) -> None:
    """Nothing is pushed after a failed step, and the build's end names its phase."""
    ran = build({failing: [(3, "no\n")]})
    phase = "build" if failing.startswith("docker build") else "pre_build"
    assert (ran.build.status, ran.build.phase) == (3, phase)
    assert ran.count(failing) == 3
    assert PUSH not in ran.argv
    assert (BUILD in ran.argv) == (phase == "build")


@pytest.mark.parametrize("failing", [*STEPS, f"docker push {IMAGE}"])
def test_what_a_registry_turns_away_is_tried_again(build: Build, failing: str) -> None:
    """Twice, after a pause and a longer one; what succeeded is not done again."""
    ran = build({failing: [TOO_MANY, TOO_MANY, (0, "")]} | NOT_THERE)
    assert (ran.build.status, ran.build.phase) == (0, None), ran.build.output
    assert ran.count(failing) == 3
    others = {*STEPS, f"docker push {IMAGE}"} - {failing}
    together = 3 if failing in STEPS[:2] else 1  # the two of the pipe
    assert {ran.count(o) for o in others if o not in STEPS[:2]} <= {1}
    assert {ran.count(o) for o in others if o in STEPS[:2]} <= {together, 1}
    assert [pause for pause in ran.pauses if pause] == [15, 45]


def test_a_mistake_in_a_dockerfile_costs_a_minute_at_most(build: Build) -> None:
    """It is told from a registry's trouble by nothing, so that it is tried as often."""
    ran = build({"docker build --pull": [(1, "unknown instruction: FORM\n")]})
    assert ran.build.phase == "build"
    assert sum(ran.pauses) <= 60


def test_the_stand_in_for_docker_is_turned_away_once(tmp_path: Path, moto_server: str) -> None:
    """With a registry that refuses each command once, an image of ours is built and pushed."""
    images, source, tools = tmp_path / "images", tmp_path / "src", tmp_path / "tools"
    for folder in (images, source, tools):
        folder.mkdir()
    (images / "refusals").write_text("login build push")
    dockerfile = ROOT / "blueprints/mirror_image/payload/Dockerfile"
    (source / "Dockerfile").write_text(dockerfile.read_text())
    (source / "run.py").write_text("")
    program = ROOT / "tests/support/docker_stand_in.py"
    stand_in = f'PYTHONPATH={program.parents[1]} exec {sys.executable} {program} {images} "$@"'
    looks = "case $2 in get-login-password) echo secret;; *) exit 254;; esac"
    for name, script in {"docker": stand_in, "aws": looks, "sleep": ":"}.items():
        (tools / name).write_text(f"#!/bin/sh\n{script}\n")
        (tools / name).chmod(0o755)
    with contextlib.closing(boto3.client("ecr", endpoint_url=moto_server, **KEYS)) as ecr:
        name = f"tool-{uuid.uuid4().hex}"
        ecr.create_repository(repositoryName=name)
        env = {
            "PATH": f"{tools}:/usr/local/bin:/usr/bin:/bin",
            "IMAGE": f"{REGISTRY}/{name}:7",
            "AWS_ENDPOINT_URL": moto_server,
            "AWS_REGION": "eu-west-1",
            "AWS_DEFAULT_REGION": "eu-west-1",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
        }
        ran = run_buildspec(TEXT, cwd=source, env=env)
        assert (ran.status, ran.phase) == (0, None), ran.output
        assert ran.output.count("toomanyrequests") == 3
        assert ecr.describe_images(repositoryName=name)["imageDetails"][0]["imageTags"] == ["7"]


def test_a_push_is_not_needed_where_the_tag_is(build: Build) -> None:
    """If a concurrent build was faster, the tag cannot be moved, and need not be: success."""
    ran = build(REFUSED)
    assert (ran.build.status, ran.build.phase) == (0, None), ran.build.output
    assert ran.argv == [GET_PASSWORD, LOG_IN, BUILD, PUSH, LOOK]
    assert "the tag is immutable" in ran.build.output


def test_a_push_that_is_refused_otherwise_fails(build: Build) -> None:
    """If the tag is not there after a failed push, the build has failed, and says both."""
    ran = build(REFUSED | NOT_THERE)
    assert (ran.build.status, ran.build.phase) == (254, "build")
    assert "the tag is immutable" in ran.build.output
    assert "ImageNotFoundException" in ran.build.output


def test_a_good_push_asks_no_more(build: Build) -> None:
    """The repository is looked at only after a failed push."""
    assert LOOK not in build().argv
