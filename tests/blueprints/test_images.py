"""What every image of ours gives its program, and what our tests take it to give."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
from support import programs
from support.codecommit_git import proves
from support.containers import Container
from support.images import read

BLUEPRINTS = Path(__file__).parents[2] / "blueprints"
DOCKERFILES = sorted(BLUEPRINTS.glob("*/payload/Dockerfile"))
HOST, PATH = "git-codecommit.eu-west-1.amazonaws.com", "v1/repos/shop"
KEYS = {
    "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "example",
    "AWS_EC2_METADATA_DISABLED": "true",
}

each_image = pytest.mark.parametrize("path", DOCKERFILES, ids=lambda path: path.parts[-3])


@pytest.fixture
def container(path: Path, tmp_path: Path) -> Container:
    """The container of an image, its files being those that stand beside its Dockerfile."""
    container = Container(read(path.read_text()), tmp_path)
    files = [file for file in path.parent.iterdir() if file.is_file()]  # not __pycache__
    container.build({file.name: file.read_text() for file in files})
    container.network.write_text("")
    return container


def ran(container: Container, *command: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    """Run a command in a container."""
    environment = {**container.environment, **KEYS}
    program = str(container.root / "tools" / command[0])
    return subprocess.run(
        [program, *command[1:]],
        env=environment,
        cwd=container.located(container.image.workdir),
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
        start_new_session=True,
    )


def test_there_are_images() -> None:
    """The tests here are of something."""
    assert [path.parts[-3] for path in DOCKERFILES] == ["mirror_image", "worker_image"]


BY_THE_WORKER = """
import os, sys
sys.path.insert(0, sys.argv[1])
from source import GIT, sign_in
signed = sign_in(f"https://{sys.argv[2]}/{sys.argv[3]}")
os.execvpe("git", [*GIT, "credential", "fill"], {**os.environ, **signed})
"""


@each_image
def test_git_signs_in_to_codecommit(container: Container) -> None:
    """For the repository's own path, as CodeCommit demands it: by the AWS CLI's helper.

    The worker, which fetches all the time, brings its own, for which it has signed before.
    """
    request = f"protocol=https\nhost={HOST}\npath={PATH}\n\n"
    command = ["git", "credential", "fill"]
    if "aws" not in container.image.programs:
        program = Path(container.command[-1])
        command = [container.command[0], "-c", BY_THE_WORKER, str(program.parent), HOST, PATH]
    done = ran(container, *command, stdin=request)
    assert done.returncode == 0, done.stderr
    answer = dict(line.split("=", 1) for line in done.stdout.splitlines())
    assert answer["username"] == "AKIDEXAMPLE"
    assert proves("example", answer["password"], HOST, f"/{PATH}")


@each_image
def test_the_program_is_there(container: Container) -> None:
    """What the image runs is an installed interpreter and a file that was copied."""
    interpreter, *_, program = container.command
    assert Path(interpreter).exists()
    assert Path(program).is_file()
    assert Path(program).is_relative_to(container.root)


@each_image
def test_all_that_is_written_goes_to_the_volume(container: Container) -> None:
    """The rest is read-only: home, temporary files and AWS's configuration are in the volume."""
    (volume,) = container.image.volumes
    environment = container.environment
    for name in {"HOME", "TMPDIR"} | ({"AWS_CONFIG_FILE"} & environment.keys()):
        assert Path(environment[name]).is_relative_to(container.located(volume)), name
    assert container.image.workdir == volume
    assert container.image.writable == [volume]


def test_the_workers_clients_try_again_as_its_image_says(tmp_path: Path) -> None:
    """Six times, as boto3 reads it from the variables of the image."""
    image = read((BLUEPRINTS / "worker_image/payload/Dockerfile").read_text())
    container = Container(image, tmp_path)
    container.build({"build_branches.py": ""})
    ask = "import boto3; print(boto3.client('sqs', 'eu-west-1').meta.config.retries)"
    done = ran(container, "python3.13", "-c", ask)
    assert eval(done.stdout) == {"mode": "standard", "total_max_attempts": 6}  # noqa: S307
    done = ran(container, "git", "credential", "fill", stdin="protocol=https\nhost=x.example\n\n")
    assert "terminal prompts disabled" in done.stderr


def test_nothing_comes_from_this_machine(tmp_path: Path) -> None:
    """A program that no package brings is not found, and no variable is inherited."""
    image = read((BLUEPRINTS / "mirror_image/payload/Dockerfile").read_text())
    container = Container(image, tmp_path)
    container.build({})
    assert not [
        name for name in ("curl", "find", "perl", "tar") if (tmp_path / "tools" / name).exists()
    ]
    done = ran(container, "env")
    set_by_image = {"HOME", "TMPDIR", "AWS_CONFIG_FILE"}
    found = {line.partition("=")[0] for line in done.stdout.splitlines()}
    assert found == {"PATH", "GIT_CONFIG_SYSTEM", *set_by_image, *KEYS}
    done = ran(container, "python3", "-c", "import boto3")
    assert "ModuleNotFoundError" in done.stderr


GOOD = (BLUEPRINTS / "mirror_image/payload/Dockerfile").read_text()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("FROM public.ecr.aws/", "FROM docker.io/"),
        ("VOLUME", "HEALTHCHECK"),
        ("    && dnf clean all", "    && dnf clean all && curl -O https://example.com"),
        ("openssh-clients", "nmap"),
        (" git-core", ""),
        ("COPY *.py /opt/mirror/", "USER 1000:1000\nCOPY *.py /opt/mirror/"),
        ("ENTRYPOINT", "CMD"),
    ],
)
def test_what_is_not_imitated_is_refused(old: str, new: str) -> None:
    """No line of a Dockerfile is silently left out."""
    assert GOOD.count(old) == 1
    with pytest.raises(ValueError, match=r"imitate|known"):
        read(GOOD.replace(old, new))


def test_a_folder_that_its_user_cannot_write_to_is_refused(tmp_path: Path) -> None:
    """The program starts in its volume, which is its own."""
    image: Any = read(GOOD.replace("-o 1000", "-o 0"))
    with pytest.raises(ValueError, match="may not write to /data"):
        Container(image, tmp_path).build({})


def test_a_stand_in_leaves_the_machines_program_alone(tmp_path: Path) -> None:
    """What is put over a link to a program takes the link's place, and is not written into it."""
    real = tmp_path / "real"
    real.write_text("as it was")
    link = tmp_path / "tool"
    link.symlink_to(real)
    assert programs.put(link, "#!/bin/sh\n").read_text() == "#!/bin/sh\n"
    assert (real.read_text(), link.is_symlink()) == ("as it was", False)
