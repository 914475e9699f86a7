"""The task's programs under the restrictions that the task definition puts on them."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from support.aws_on_loopback import Aws
from support.mirror_tasks import HERE, THERE, Place, finished

from cfngen import draw
from cfngen.registry import blueprints
from cfngen.testing import of_type


def confined(place: Place) -> list[str]:
    """Return a command's beginning that makes all but two folders read-only, for user 1000.

    The second folder is CodeCommit's, which in AWS is not on the same machine.
    """
    command = ["bwrap", "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc"]
    for folder in (place.home, place.root / "codecommit"):
        command += ["--bind", str(folder), str(folder)]
    command += ["--unshare-user", "--unshare-pid", "--uid", "1000", "--gid", "1000"]
    command += ["--cap-drop", "ALL"]
    if not shutil.which("bwrap"):
        pytest.skip("no bwrap here (Debian's bubblewrap): the task is not confined")
    tried = subprocess.run([*command, "true"], capture_output=True, text=True, check=False)
    if tried.returncode:
        pytest.skip(f"bwrap may not confine anything here: {tried.stderr.strip()}")
    return command


def test_the_task_needs_no_more_than_it_gets(tmp_path: Path) -> None:
    """As user 1000, on a read-only root but for its folder, a task mirrors and leaves a lock."""
    place = Place(tmp_path)
    place.build({})
    for region in (HERE, THERE):
        url = f"https://git-codecommit.{region}.amazonaws.com/v1/repos/"
        place.on_disk(url, place.root / "codecommit" / region)
    source = place.new_source("shop")
    with Aws(place.root / "codecommit") as server:
        process = subprocess.Popen(
            [*confined(place), place.python, "-u", str(place.root / "opt/mirror/mirror_task.py")],
            env={**place.environment, "AWS_ENDPOINT_URL": server.url, "REPOSITORY": "shop"},
            cwd=place.home,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        run = finished(process)
    assert run.status == 0, run.output
    assert place.repository("shop", THERE).refs() == source.refs()
    assert "Read-only" not in run.output
    left = {path.name for path in place.home.rglob("*") if path.is_file()}
    assert left <= {"shop.git.lock"}


def test_the_task_definition_asks_for_that() -> None:
    """User, root file system, capabilities and the one folder are what the test above has."""
    body = draw(blueprints()["fargate_mirror"].load()).document.body
    (task,) = of_type(body, "AWS::ECS::TaskDefinition").values()
    (container,) = task["ContainerDefinitions"]
    assert container["User"] == "1000:1000"
    assert container["ReadonlyRootFilesystem"] is True
    assert container["LinuxParameters"]["Capabilities"] == {"Drop": ["ALL"]}
    assert [mount["ContainerPath"] for mount in container["MountPoints"]] == ["/data"]
