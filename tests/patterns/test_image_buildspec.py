"""The buildspec that builds an image, run command by command; `docker` and `aws` are stand-ins."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from support.payload_runs import run_buildspec

from cfngen.testing import BuildRun

TEXT = (Path(__file__).parents[2] / "cfngen/patterns/payload/image-buildspec.yml").read_text()
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

# Notes how it was called, then does as the scenario says for its first two words.
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
status, says = json.loads(os.environ["SCENARIO"]).get(" ".join(call["argv"][:3]), [0, ""])
print(says, end="")
sys.exit(status)
"""

Scenario = dict[str, tuple[int, str]]
REFUSED: Scenario = {f"docker push {IMAGE}": (1, "tag invalid: the tag is immutable\n")}


@dataclass
class Ran:
    """A build, and what it called."""

    build: BuildRun
    calls: list[dict[str, Any]]

    @property
    def argv(self) -> list[list[str]]:
        """The commands, the two of the pipe in a fixed order."""
        words = [call["argv"] for call in self.calls]
        return sorted(words[:2]) + words[2:]


Build = Callable[..., Ran]


@pytest.fixture
def build(tmp_path: Path) -> Build:
    """Run the buildspec in the folder of the source."""
    tools, source, calls = tmp_path / "tools", tmp_path / "src", tmp_path / "calls"
    tools.mkdir()
    source.mkdir()
    for name in ("aws", "docker"):
        (tools / name).write_text(TOOL)
        (tools / name).chmod(0o755)

    def run(scenario: Scenario | None = None) -> Ran:
        says = {"aws ecr get-login-password": (0, PASSWORD + "\n")} | (scenario or {})
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


@pytest.mark.parametrize(
    ("failing", "phase"),
    [
        ("aws ecr get-login-password", "pre_build"),
        ("docker login --username", "pre_build"),
        ("docker build --pull", "build"),
    ],
)
def test_the_first_failure_ends_the_build(build: Build, failing: str, phase: str) -> None:
    """Nothing is pushed after a failed step, and the build's end names its phase."""
    ran = build({failing: (3, "no\n")})
    assert (ran.build.status, ran.build.phase) == (3, phase)
    assert PUSH not in ran.argv
    assert (BUILD in ran.argv) == (phase == "build")


def test_a_push_is_not_needed_where_the_tag_is(build: Build) -> None:
    """If a concurrent build was faster, the tag cannot be moved, and need not be: success."""
    ran = build(REFUSED)
    assert (ran.build.status, ran.build.phase) == (0, None), ran.build.output
    assert ran.argv == [GET_PASSWORD, LOG_IN, BUILD, PUSH, LOOK]
    assert "the tag is immutable" in ran.build.output


def test_a_push_that_is_refused_otherwise_fails(build: Build) -> None:
    """If the tag is not there after a failed push, the build has failed, and says both."""
    scenario = REFUSED | {"aws ecr describe-images": (254, "ImageNotFoundException\n")}
    ran = build(scenario)
    assert (ran.build.status, ran.build.phase) == (254, "build")
    assert "the tag is immutable" in ran.build.output
    assert "ImageNotFoundException" in ran.build.output


def test_a_good_push_asks_no_more(build: Build) -> None:
    """The repository is looked at only after a failed push."""
    assert LOOK not in build().argv
