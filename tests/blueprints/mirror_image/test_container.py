"""The task's programs under the restrictions that the task definition puts on them."""

from __future__ import annotations

from pathlib import Path

from support.aws_on_loopback import Aws
from support.containers import confined
from support.mirror_tasks import HERE, THERE, Place, finished

from cfngen import synthesize
from cfngen.project.registry import blueprints
from cfngen.testing import of_type


def test_the_task_needs_no_more_than_it_gets(tmp_path: Path) -> None:
    """As user 1000, on a read-only root but for its folder, a task mirrors and leaves a lock."""
    place = Place(tmp_path)
    place.build({})
    for region in (HERE, THERE):
        url = f"https://git-codecommit.{region}.amazonaws.com/v1/repos/"
        place.on_disk(url, place.root / "codecommit" / region)
    source = place.new_source("shop")
    # CodeCommit's folder is in AWS not on the same machine.
    command = confined(place.home, place.root / "codecommit")
    with Aws(place.root / "codecommit") as server:
        run = finished(place.start(*command, AWS_ENDPOINT_URL=server.url, REPOSITORY="shop"))
    assert run.status == 0, run.output
    assert place.repository("shop", THERE).refs() == source.refs()
    assert "Read-only" not in run.output
    left = {path.name for path in place.home.rglob("*") if path.is_file()}
    assert left <= {"shop.git.lock"}


def test_the_task_definition_asks_for_that() -> None:
    """User, root file system, capabilities and the one folder are what the test above has."""
    body = synthesize(blueprints()["fargate_mirror"].load()).document.body
    (task,) = of_type(body, "AWS::ECS::TaskDefinition").values()
    (container,) = task["ContainerDefinitions"]
    assert container["User"] == "1000:1000"
    assert container["ReadonlyRootFilesystem"] is True
    assert container["LinuxParameters"]["Capabilities"] == {"Drop": ["ALL"]}
    assert [mount["ContainerPath"] for mount in container["MountPoints"]] == ["/data"]
