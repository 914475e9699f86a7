"""How a build of the proxy signs in to CodeCommit: by what its buildspec configures, alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.codecommit_git import proves
from support.containers import build_machine
from support.git_hosts import GitHosts
from support.git_repositories import REGION, SOURCE_URL, World, build_world, codecommit_url
from support.mirror_program import carried, fetched
from support.ssh_server import new_key

from cfngen.patterns.buildspec import buildspec
from cfngen.testing import BuildRun, run_buildspec

TEXT = (Path(__file__).parents[3] / "blueprints/backlog_proxy/payload/buildspec.yml").read_text()
HOST = f"git-codecommit.{REGION}.amazonaws.com"
# What the image of a build might bring along, and what CodeCommit would refuse.
INHERITED = """\
[credential]
	helper = "!f() { printf 'username=somebody\\\\npassword=else\\\\n'; }; f"
	useHttpPath = false
"""


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A source that is one commit ahead of its mirror."""
    world = build_world(tmp_path / "world")
    world.source.commit("main")
    (world.root / "src").mkdir()
    return world


@pytest.fixture
def hosts(world: World) -> Iterator[GitHosts]:
    """CodeCommit, which lets in who has signed for this repository, and ends what else begins."""
    with GitHosts(world.root / "hosts", HOST, "git.example.com") as hosts:
        hosts.folders[HOST] = ("/v1/repos", world.root / "codecommit" / REGION)
        hosts.strict.add(HOST)
        hosts.welcome[HOST] = lambda user, password: (
            user == "AKIDEXAMPLE" and proves("example", password, HOST, "/v1/repos/copy")
        )
        yield hosts


def build(world: World, hosts: GitHosts, program: str | None, inherited: str = "") -> BuildRun:
    """Run the build on a machine of CodeBuild's, perhaps with a program of the test's."""
    source = f'[url "{world.root}/backlog/"]\n\tinsteadOf = space@space.git.backlog.com:/\n'
    environment = {
        **build_machine(world.root / "machine", inherited + source),
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "example",
        "AWS_EC2_METADATA_DISABLED": "true",
        "https_proxy": hosts.url,
        "GIT_SSL_CAINFO": str(hosts.certificate),
        "BACKLOG_KEY": new_key(world.root, "build")[0],
        "BACKLOG_HOST_KEYS": "space.git.backlog.com ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA\n",
        "MIRROR_SOURCE_URL": SOURCE_URL,
        "MIRROR_DESTINATION_URLS": codecommit_url("copy"),
        "MIRROR_DIR": str(world.cache.path),
        "MIRROR_ROUNDS": "1",
        "CODEBUILD_START_TIME": "1700000000000",
    }
    fetched(world.root / "src", mirror=program)
    return run_buildspec(
        buildspec(TEXT, carried("room.py")), cwd=world.root / "src", env=environment
    )


@pytest.mark.slow
@pytest.mark.parametrize("inherited", ["", INHERITED], ids=["nothing", "another helper"])
def test_a_build_signs_in_by_itself(world: World, hosts: GitHosts, inherited: str) -> None:
    """The mirror is written with the role's signature, whatever the machine is configured for."""
    ran = build(world, hosts, None, inherited)
    assert ran.status == 0, ran.output
    assert world.codecommit().refs() == world.source.refs()
    assert {user for _, user, _ in hosts.seen} == {"AKIDEXAMPLE"}


def test_nobody_else_is_signed_in_to(world: World, hosts: GitHosts) -> None:
    """The helper is that of the mirror's own address: not of other hosts, or of other mirrors."""
    urls = [codecommit_url("copy"), codecommit_url("other"), "https://git.example.com/a/b"]
    ask = (
        "import subprocess, sys\n"
        f"for url in {urls!r}:\n"
        "    for key in ('helper', 'useHttpPath'):\n"
        "        ask = ['git', 'config', '--get-urlmatch', 'credential.' + key, url]\n"
        "        print(key, subprocess.run(ask, capture_output=True, text=True).stdout.strip())\n"
    )
    ran = build(world, hosts, ask)
    lines = [line for line in ran.output.splitlines() if line.startswith(("helper", "useHttpPath"))]
    assert [line.strip() for line in lines] == [
        "helper !aws codecommit credential-helper $@",
        "useHttpPath true",
        *["helper", "useHttpPath"] * 2,
    ]


def test_it_is_not_left_to_codebuild() -> None:
    """CodeBuild's own helper is not asked for: nothing documents it for a source in S3."""
    spec: dict[str, Any] = yaml.safe_load(TEXT)
    assert "git-credential-helper" not in spec["env"]
