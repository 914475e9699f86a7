"""The worker's image, what the worker may do in it, and the buildspec that the README proposes."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import uuid
from pathlib import Path

import boto3
import pytest
from support.branches import BLUEPRINT, HOSTILE, PAYLOAD, build_place, finished
from support.codebuild import Services
from support.containers import confined

from cfngen import synthesize
from cfngen.testing import of_type, run_buildspec

BIN = Path(sys.executable).parent
DOCKERFILE = (PAYLOAD / "Dockerfile").read_text()


def test_the_dockerfile_has_no_findings() -> None:
    """Linted by hadolint, and the shell in it by shellcheck."""
    ran = subprocess.run(
        [BIN / "hadolint", "--no-color", PAYLOAD / "Dockerfile"],
        capture_output=True,
        text=True,
        cwd="/",
    )
    assert (ran.returncode, ran.stdout) == (0, ""), ran.stderr


def test_the_worker_needs_no_more_than_it_gets(tmp_path: Path, moto_server: str) -> None:
    """As user 1000, on a read-only root but for its folder, which is left as it was."""
    with Services(moto_server) as services:
        place = build_place(tmp_path, services)
        command = confined(place.root / "data")
        place.push()
        run = finished(place.start(*command))
        assert run.status == 0, run.output
        assert run.of("started"), run.output
        assert len(services.builds()) == 1
    assert list((place.root / "data").iterdir()) == []


def test_the_task_definition_and_the_image_ask_for_that() -> None:
    """The same folder is the volume, the home, and where temporary files go."""
    body = synthesize(BLUEPRINT).document.body
    (container,) = of_type(body, "AWS::ECS::TaskDefinition")["WorkerTask"]["ContainerDefinitions"]
    assert container["User"] == "1000:1000"
    assert container["ReadonlyRootFilesystem"] is True
    assert [mount["ContainerPath"] for mount in container["MountPoints"]] == ["/data"]
    assert 'VOLUME ["/data"]' in DOCKERFILE
    assert "ENV HOME=/data TMPDIR=/data \\" in DOCKERFILE
    assert "USER 1000:1000" in DOCKERFILE


@pytest.mark.payloads
@pytest.mark.parametrize("branch", ["main", *HOSTILE[1:4]])
def test_the_buildspec_of_the_readme_keeps_what_a_build_makes(
    tmp_path: Path, aws: str, branch: str
) -> None:
    """Under the readable name, and whatever the branch is called, nothing of it is run."""
    readme = (PAYLOAD.parents[1] / "branch_builder/README.md").read_text()
    (text,) = re.findall(r"```yaml\n(version: 0\.2\n.*?)```", readme, re.S)
    bucket = f"outputs-{uuid.uuid4().hex}"
    boto3.client("s3").create_bucket(
        Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    source = tmp_path / "source"
    source.mkdir()
    (source / "Makefile").write_text(
        "test:\n\ttrue\ndist:\n\tmkdir dist; echo made > dist/app.txt\n"
    )
    run = run_buildspec(
        text,
        cwd=source,
        env={
            **{k: v for k, v in os.environ.items() if k.startswith("AWS_")},
            "PATH": f"{BIN}:{os.environ['PATH']}",
            "HOME": str(tmp_path),
            "REPOSITORY_NAME": "shop",
            "BRANCH_NAME": branch,
            "COMMIT_ID": "1" * 40,
            "OUTPUT_LOCATION": f"s3://{bucket}/shop/{branch}/{'1' * 40}",
        },
    )
    assert run.status == 0, run.output
    assert f"building {'1' * 40} of {branch}\n" in run.output
    found = boto3.client("s3").get_object(Bucket=bucket, Key=f"shop/{branch}/{'1' * 40}/app.txt")
    assert found["Body"].read() == b"made\n"
