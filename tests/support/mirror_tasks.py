"""Runs of the Fargate mirror's task: its files, its environment, and CodeCommit in two regions."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from support.git_repositories import Ended, Repository, new_codecommit_repository, new_repository

from cfngen import draw
from cfngen.registry import blueprints
from cfngen.testing import of_type

BLUEPRINTS = Path(__file__).parents[2] / "blueprints"
PAYLOAD = BLUEPRINTS / "mirror_image/payload"
DOCKERFILE = PAYLOAD / "Dockerfile"
PROGRAMS = [
    BLUEPRINTS / "_shared/mirror/mirror.py",
    BLUEPRINTS / "_shared/mirror/metrics.py",
    PAYLOAD / "mirror_task.py",
    PAYLOAD / "sign_in.py",
]
HERE, THERE, FAR = "eu-west-1", "us-east-1", "ap-northeast-1"
PSEUDO = {
    "AWS::Region": HERE,
    "AWS::AccountId": "111122223333",
    "AWS::Partition": "aws",
    "AWS::URLSuffix": "amazonaws.com",
    "AWS::StackName": "a-stack",
}
ANSWERS = {
    "Repositories": "*",
    "RepositoryName": "shop",
    "DestinationRegion": THERE,
    "DestinationPrefix": "",
    "MaxDeletions": "100",
}


def resolved(value: Any, answers: dict[str, str]) -> str:
    """Do what CloudFormation does with a string, a Ref or a Sub."""
    if isinstance(value, str):
        return value
    known = PSEUDO | ANSWERS | answers
    if "Ref" in value:
        return known[value["Ref"]]
    text = value["Fn::Sub"]
    assert isinstance(text, str)
    return re.sub(r"\$\{([\w:]+)\}", lambda found: known[found[1]], text)


def template(options: dict[str, Any]) -> dict[str, Any]:
    """Draw the blueprint."""
    found: dict[str, Any] = draw(blueprints()["fargate_mirror"].load(), options).document.body
    return found


def image_files(blueprint: str, title: str, options: dict[str, Any]) -> dict[str, str]:
    """Return the files that a template has an image built of, by name."""
    body = draw(blueprints()[blueprint].load(), options).document.body
    files: dict[str, str] = body["Resources"][title]["Properties"]["Files"]
    return files


def settings(body: dict[str, Any], answers: dict[str, str]) -> dict[str, str]:
    """Return the environment of a template's task."""
    (task,) = of_type(body, "AWS::ECS::TaskDefinition").values()
    (container,) = task["ContainerDefinitions"]
    return {one["Name"]: resolved(one["Value"], answers) for one in container["Environment"]}


@dataclass
class Place:
    """Repositories in regions, and a container's file system."""

    root: Path
    environment: dict[str, str] = field(default_factory=dict)
    python: str = sys.executable

    @property
    def home(self) -> Path:
        """The one folder that a task may write to."""
        return self.root / "work"

    def repository(self, name: str, region: str = HERE) -> Repository:
        """Return a repository of CodeCommit, there or not."""
        return Repository(self.root / "codecommit" / region / name)

    def new_source(self, name: str) -> Repository:
        """Make a source with two branches and two tags."""
        source = new_repository(self.repository(name).path)
        source.set("refs/heads/feature", source.commit("main", f"first of {name}"))
        source.commit("main", f"second of {name}")
        source.set("refs/tags/light", source.refs()["refs/heads/main"])
        source.git("tag", "-a", "-m", "a release", "v1", "refs/heads/main")
        return source

    def new_destination(self, name: str, region: str = THERE) -> Repository:
        """Make an empty destination."""
        return new_codecommit_repository(self.repository(name, region).path)

    def build(self, options: dict[str, Any], **answers: str) -> None:
        """Put a template's programs and environment into place, as the Dockerfile and ECS do."""
        body = template(options)
        programs = self.root / "opt/mirror"
        shutil.rmtree(programs, ignore_errors=True)
        files = image_files("mirror_image", "MirrorImage", {})
        for folder in (programs, self.home, *(self.root / "codecommit" / r for r in REGIONS)):
            folder.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            if name.endswith(".py"):  # as the Dockerfile's COPY says
                (programs / name).write_text(text)
        tools = self.root / "tools"
        tools.mkdir(exist_ok=True)
        (tools / "aws").unlink(missing_ok=True)
        (tools / "aws").symlink_to(Path(sys.executable).parent / "aws")
        self.environment |= {
            "PATH": f"{tools}:{os.environ['PATH']}",
            "LANG": "C.UTF-8",
            "GIT_CONFIG_SYSTEM": str(self.root / "gitconfig"),
            # What the Dockerfile says, with the folder of this test.
            "HOME": str(self.home),
            "TMPDIR": str(self.home),
            "AWS_CONFIG_FILE": str(self.home / "aws-config"),
            # What Fargate adds.
            "AWS_REGION": HERE,
            "AWS_DEFAULT_REGION": HERE,
            # Nothing but loopback, and no waiting.
            "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
            "AWS_SECRET_ACCESS_KEY": "example",
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_MAX_ATTEMPTS": "1",
            "NO_PROXY": "127.0.0.1",
            "MIRROR_PAUSE": "0.01",
            **settings(body, answers),
        }
        (self.root / "gitconfig").unlink(missing_ok=True)
        for command in re.findall(r"git config --system .*", DOCKERFILE.read_text()):
            subprocess.run(["sh", "-c", command], check=True, env=self.environment)

    def on_disk(self, url: str, folder: Path) -> None:
        """Let git find what is at an address in a folder."""
        with (self.root / "gitconfig").open("a") as config:
            config.write(f'[url "{folder}/"]\n\tinsteadOf = "{url}"\n')

    def start(self, **changes: str) -> subprocess.Popen[str]:
        """Start a task, with changes to its environment."""
        return subprocess.Popen(
            [self.python, "-u", str(self.root / "opt/mirror/mirror_task.py")],
            env={**self.environment, **changes},
            cwd=self.home,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, **changes: str) -> Ended:
        """Run a task to its end."""
        return finished(self.start(**changes))

    def processes(self) -> list[int]:
        """Return the ids of what runs with this place's environment."""
        return sorted(_of(f"HOME={self.home}".encode()))


REGIONS = (HERE, THERE, FAR)


def python_of_the_image() -> str:
    """Return a Python 3.9, which Amazon Linux 2023 has, or skip the test."""
    found = [
        shutil.which("python3.9"),
        *map(str, Path.home().glob(".pyenv/versions/3.9.*/bin/python3")),
    ]
    for python in filter(None, found):
        done = subprocess.run([python, "--version"], capture_output=True, text=True)
        if done.stdout.startswith("Python 3.9."):
            return python
    pytest.skip("no Python 3.9 on this machine: the programs are not run in the image's")


def finished(process: subprocess.Popen[str], timeout: float = 300) -> Ended:
    """Wait for a task to end; what `aws` and git say goes to the same log.

    The time is there for what hangs: a busy machine takes minutes for thousands of branches.
    """
    try:
        output, _ = process.communicate(timeout=timeout)
    finally:
        process.kill()
    events = [json.loads(line) for line in output.split("\n") if line.startswith("{")]
    return Ended(process.returncode, events, output)


def _of(setting: bytes) -> Iterator[int]:
    for path in Path("/proc").glob("[0-9]*"):
        try:
            if setting in (path / "environ").read_bytes().split(b"\0"):
                yield int(path.name)
        except OSError:
            continue
