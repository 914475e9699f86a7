"""The commands that a blueprint's README prints, run as a reader would, in an emulator."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from support.emulator import Emulator

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Way:
    """How to a deployed template, by its README.

    Attributes:
        blueprint: whose README it is.
        stack: the name that the README gives the stack.
        region: the region that it deploys to.
        blocks: for each block of commands to run before, a piece of it.
        answers: what a reader puts in the place of each YOUR_….
        files: what has to be in the folder.
    """

    blueprint: str
    stack: str
    region: str
    blocks: tuple[str, ...] = ()
    answers: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)


WORKERS = ("read -r SUBNET1",)
MIRRORS = ("export AWS_DEFAULT_REGION", *WORKERS, "--template-file output/mirror-image.yaml")
EMAIL = {"YOUR_EMAIL": "somebody@example.com"}
BACKLOG = {
    "YOUR_SPACE": "acme",
    "YOUR_PROJECT": "SHOP",
    "YOUR_REPOSITORY": "web",
    "YOUR_MIRROR": "web-mirror",
    **EMAIL,
}
HOST_KEYS = {"host-keys.txt": "acme.git.backlog.com ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA=="}
PIPELINE = (
    "export AWS_DEFAULT_REGION",
    "--template-file output/artifact-stores.yaml",
    "permission() {",
)
SERVICE = {
    "YOUR_CONNECTION_ARN": "arn:aws:codeconnections:eu-west-1:123456789012:connection/"
    "0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9",
    "YOUR_OWNER/YOUR_REPOSITORY": "acme/service-x",
    **EMAIL,
}
PUSHES = {"YOUR_REPOSITORY": "shop", **EMAIL}

# By the name of the template.
WAYS = {
    "artifact-stores": Way("artifact_stores", "artifact-stores", "eu-west-1"),
    "backlog-proxy": Way(
        *("backlog_proxy", "backlog-mirror", "us-east-1"),
        ("export AWS_DEFAULT_REGION",),
        BACKLOG,
        HOST_KEYS,
    ),
    "backlog-proxy-efs": Way(
        *("backlog_proxy", "backlog-mirror", "us-east-1"),
        ("export AWS_DEFAULT_REGION", "NETWORK=build-network", "FILES=build-files"),
        BACKLOG,
        HOST_KEYS,
    ),
    "branch-builder": Way(
        *("branch_builder", "branch-builder", "us-east-1"),
        ("export AWS_DEFAULT_REGION", *WORKERS, "--template-file output/worker-image.yaml"),
        PUSHES,
    ),
    "branch-builder-direct": Way(
        *("branch_builder", "branch-builder", "us-east-1"),
        ("export AWS_DEFAULT_REGION",),
        PUSHES,
    ),
    "branch-events": Way(
        *("branch_events", "branch-events", "eu-west-1"),
        answers={"YOUR_BUILDER_ACCOUNT": "210987654321", **EMAIL},
    ),
    "build-files": Way(
        *("build_files", "build-files", "us-east-1"),
        ("export AWS_DEFAULT_REGION",),
    ),
    "build-network": Way("build_network", "build-network", "us-east-1"),
    "deployment-roles": Way(
        *("deployment_roles", "deployment-roles", "eu-west-1"),
        blocks=PIPELINE,
    ),
    "fargate-mirror": Way(
        *("fargate_mirror", "fargate-mirror", "us-east-1"),
        MIRRORS,
        PUSHES,
    ),
    "fargate-mirror-codecommit": Way(
        *("fargate_mirror", "fargate-mirror-codecommit", "us-east-1"),
        MIRRORS,
        {"YOUR_NEW_REPOSITORY": "fresh", **PUSHES},
    ),
    "git-backup": Way(
        *("fargate_mirror", "git-backup", "us-east-1"),
        (*MIRRORS, "SECRET=$(aws secretsmanager create-secret"),
        {"YOUR_ACCOUNT": "acme", **PUSHES},
        {"token.txt": "a-token"},
    ),
    "mirror-destination": Way(
        *("mirror_destination", "mirror-destination", "eu-west-1"),
        answers={"YOUR_MIRROR_ACCOUNT": "210987654321"},
    ),
    "mirror-image": Way("mirror_image", "mirror-image", "us-east-1"),
    "multi-region-pipeline": Way(
        *("multi_region_pipeline", "multi-region-pipeline", "eu-west-1", PIPELINE, SERVICE)
    ),
    "multi-region-pipeline-home": Way(
        *("multi_region_pipeline", "multi-region-pipeline", "eu-west-1"),
        (*PIPELINE, "--template-file output/deployment-roles.yaml"),
        SERVICE,
    ),
    "multi-region-pipeline-single-stage": Way(
        *("multi_region_pipeline", "multi-region-pipeline", "eu-west-1", PIPELINE, SERVICE)
    ),
    "worker-image": Way("worker_image", "worker-image", "us-east-1"),
    "template-bucket": Way("template_bucket", "template-bucket", "us-east-1"),
}


def blocks(blueprint: str) -> list[str]:
    """Return the blocks of commands in a README, in order."""
    page = (ROOT / "blueprints" / blueprint / "README.md").read_text()
    return re.findall(r"^```bash\n(.*?)^```$", page, re.S | re.M)


def one(blueprint: str, piece: str) -> str:
    """Return the first block that has a piece."""
    return next(block for block in blocks(blueprint) if piece in block)


def answered(way: Way, text: str) -> str:
    """Fill in what a reader has to know; a value that is typed in has no place in a script."""
    text = re.sub(r"^\(umask .*\n", "", text, flags=re.M)
    for placeholder, answer in way.answers.items():
        text = text.replace(placeholder, answer)
    assert "YOUR_" not in text, text
    return text


def preparation(template: str) -> list[str]:
    """Return what a reader runs before he deploys a template."""
    way = WAYS[template]
    deploy = command(template)
    found = [answered(way, one(way.blueprint, piece)) for piece in way.blocks]
    return [block for block in dict.fromkeys(found) if block != deploy]


def command(template: str) -> str:
    """Return the command that deploys a template."""
    way = WAYS[template]
    return answered(way, one(way.blueprint, f"--template-file output/{template}.yaml"))


class Reader:
    """Somebody who runs commands, one after the other in one shell, where a checkout is."""

    def __init__(self, emulator: Emulator, folder: Path, region: str) -> None:
        """Start with what a checkout has."""
        self.folder, self.state = folder, folder / "state"
        self.environment = {**os.environ, **emulator.environment(region)}
        for name in ("output", "examples"):
            (folder / name).symlink_to(ROOT / name)
        self.state.touch()

    def run(self, text: str) -> subprocess.CompletedProcess[str]:
        """Run commands; the variables and functions they make are there for the next."""
        kept = f"{{ declare -f; declare -p | grep -v '^declare -[a-zA-Z]*r'; }} > {self.state}"
        command = f"source {self.state} 2> /dev/null\nset -euo pipefail\n{text}\n{kept}"
        return subprocess.run(
            ["bash", "-c", command],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
