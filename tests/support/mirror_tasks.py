"""Runs of the Fargate mirror's task: its files, its environment, and CodeCommit in two regions."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from support.containers import Container
from support.git_repositories import Ended, Repository, new_codecommit_repository, new_repository
from support.images import read
from support.mirror_program import published

from cfngen import synthesize
from cfngen.project.registry import blueprints
from cfngen.testing import of_type

BLUEPRINTS = Path(__file__).parents[2] / "blueprints"
PAYLOAD = BLUEPRINTS / "mirror_image/payload"
DOCKERFILE = PAYLOAD / "Dockerfile"
PROGRAMS = [
    *sorted((BLUEPRINTS / "_shared/mirror").glob("*.py")),
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
    "Branches": "",
    "MaxDeletions": "100",
    "KeepDays": "90",
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
    found: dict[str, Any] = synthesize(blueprints()["fargate_mirror"].load(), options).document.body
    return found


def image_files(blueprint: str, title: str, options: dict[str, Any]) -> dict[str, str]:
    """Return the files that a template has an image built of, by name."""
    body = synthesize(blueprints()[blueprint].load(), options).document.body
    properties = body["Resources"][title]["Properties"]
    assert properties["Archives"] == [{"Ref": "ProgramParameter"}]
    files: dict[str, str] = properties["Files"]
    return published() | files


def settings(body: dict[str, Any], answers: dict[str, str]) -> dict[str, str]:
    """Return the environment of a template's task."""
    (task,) = of_type(body, "AWS::ECS::TaskDefinition").values()
    (container,) = task["ContainerDefinitions"]
    return {one["Name"]: resolved(one["Value"], answers) for one in container["Environment"]}


@dataclass
class Place:
    """Repositories in regions, and a container of the mirrors' image."""

    root: Path
    environment: dict[str, str] = field(default_factory=dict)
    python: str = sys.executable

    @property
    def container(self) -> Container:
        """The container: of the image of the repository's Dockerfile."""
        image = read(DOCKERFILE.read_text())
        return Container(image, self.root, python=self.python)

    @property
    def home(self) -> Path:
        """The one folder that a task may write to."""
        return self.root / "data"

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
        """Build the image and give its container the variables of a template's task."""
        body = template(options)
        container = self.container
        for region in REGIONS:
            (self.root / "codecommit" / region).mkdir(parents=True, exist_ok=True)
        container.build(image_files("mirror_image", "MirrorImageVersion", {}))
        container.network.write_text("")
        self.environment |= {
            **container.environment,
            # What Fargate adds.
            "AWS_REGION": HERE,
            "AWS_DEFAULT_REGION": HERE,
            # For its address of credentials, and nothing leads out of this machine.
            "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
            "AWS_SECRET_ACCESS_KEY": "example",
            "AWS_EC2_METADATA_DISABLED": "true",
            "NO_PROXY": "127.0.0.1",
            "MIRROR_PAUSE": "0.01",  # rounds without waiting
            **settings(body, answers),
        }

    def lead(self, lines: str) -> None:
        """Add lines to the configuration that leads git's addresses elsewhere."""
        with self.container.network.open("a") as config:
            config.write(lines)

    def on_disk(self, url: str, folder: Path) -> None:
        """Let git find what is at an address in a folder."""
        self.lead(f'[url "{folder}/"]\n\tinsteadOf = "{url}"\n')

    def start(self, *before: str, **changes: str) -> subprocess.Popen[str]:
        """Start a task, after the beginning of a command, with changes to its environment."""
        return self.container.start({**self.environment, **changes}, *before)

    def run(self, **changes: str) -> Ended:
        """Run a task to its end."""
        return finished(self.start(**changes))

    def processes(self) -> list[int]:
        """Return the ids of what runs with this place's environment."""
        return sorted(_of(f"HOME={self.home}".encode()))


REGIONS = (HERE, THERE, FAR)


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
