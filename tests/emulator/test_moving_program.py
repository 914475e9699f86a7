"""Stacks that carried the mirrors' program take it from mirror-program, as their READMEs say."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from support.changelog import EARLIER
from support.deployments import Deployment
from support.emulator import Emulator
from support.git_repositories import Repository, new_repository
from support.machines import Machines
from support.mirror_program import published
from support.readmes import ROOT, WAYS, command, one
from support.ways import builds, identity, outputs

from cfngen.cloudformation.render import read

PROGRAM = "--template-file output/mirror-program.yaml"
BACKLOG = "acme@acme.git.backlog.com:/SHOP/"
# Template as it ships now · as it was shipped before.
PROXIES = [
    ("backlog-proxy", "backlog-proxy"),
    ("backlog-proxy-efs", "backlog-proxy-efs-with-build-files"),
]


def earlier(account: Emulator, template: str, shipped: str, folder: Path) -> Deployment:
    """Deploy a template as it was shipped, before there was mirror-program."""
    text = (EARLIER / f"{shipped}.yaml").read_text()
    stack = Deployment(account, template, folder, text=text, without=PROGRAM)
    stack.deploy("LogDays=60")
    return stack


def answers(stack: Deployment) -> dict[str, str]:
    """Return the values of the stack's parameters."""
    return {p["ParameterKey"]: p["ParameterValue"] for p in stack.described()["Parameters"]}


def identities(stack: Deployment) -> dict[str, str]:
    """Return the physical ID of each of the stack's resources."""
    return {t: r["PhysicalResourceId"] for t, r in stack.resources().items()}


def deployment(title: str) -> bool:
    """Whether a logical ID is that of a deployment of an API, which has a digest in it."""
    return bool(re.fullmatch(r"Deployment[0-9a-f]{10}", title))


def published_at(account: Emulator, region: str) -> str:
    """Return where mirror-program says that the program is."""
    stored = account.client("ssm", region).get_parameter(Name="/cfngen/mirror-program")
    return str(stored["Parameter"]["Value"])


def move(stack: Deployment) -> str:
    """Return the commands by which the README moves a proxy."""
    found = one("backlog_proxy", "TEMPLATE=output/backlog-proxy.yaml")
    assert found.index(PROGRAM.partition(" ")[2]) < found.index('--template-file "$TEMPLATE"')
    return re.sub(r"^TEMPLATE=\S+", f"TEMPLATE=output/{stack.name}.yaml", found, flags=re.M)


@pytest.mark.parametrize(("template", "shipped"), PROXIES)
def test_a_proxy_moves_in_place(
    template: str, shipped: str, account: Emulator, tmp_path: Path
) -> None:
    """Too early it is refused unharmed; then its source changes, and nothing is replaced."""
    stack = earlier(account, template, shipped, tmp_path)
    had, then, region = identities(stack), answers(stack), stack.way.region
    _, _, update = move(stack).rpartition("aws cloudformation deploy")

    refused = stack.reader.run(
        f"TEMPLATE=output/{template}.yaml\naws cloudformation deploy{update}"
    )
    assert refused.returncode != 0
    assert "Unable to fetch parameters [/cfngen/mirror-program]" in refused.stderr
    assert stack.described()["StackStatus"] == "CREATE_COMPLETE"
    assert identities(stack) == had

    ended = stack.reader.run(move(stack))
    assert ended.returncode == 0, (ended.stdout, ended.stderr, stack.failures())
    assert stack.described()["StackStatus"] == "UPDATE_COMPLETE"
    has = identities(stack)
    assert has.items() >= {t: i for t, i in had.items() if not deployment(t)}.items(), (
        "nothing is replaced or removed, but for the API's deployment, which each change replaces"
    )
    assert {t for t in has.keys() - had.keys() if not deployment(t)} == {
        "MirrorSilent",
        "WebhookFailed",
    }
    assert then.items() <= answers(stack).items()
    project = account.client("codebuild", region).batch_get_projects(names=[had["Mirror"]])
    source = project["projects"][0]["source"]
    assert (source["type"], source["location"]) == ("S3", published_at(account, region))


def test_builds_mirror_before_and_after(machines: Machines, tmp_path: Path) -> None:
    """With the program that the template carried, then with the one that is published."""
    if not shutil.which("ssh-agent"):
        pytest.skip("no ssh-agent here: no build of the proxy is run")
    account, region = machines.emulator, WAYS["backlog-proxy"].region
    key = tmp_path / "key"
    make = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)]
    subprocess.run(make, check=True)
    account.client("ssm", region).put_parameter(
        Name="/backlog-mirror/ssh-key", Type="SecureString", Value=key.read_text(), Overwrite=True
    )
    (tmp_path / "reader").mkdir()
    stack = earlier(account, "backlog-proxy", "backlog-proxy", tmp_path / "reader")
    account.call("endings", project=identity(stack, "Mirror"), status=None)
    source = new_repository(tmp_path / "SHOP" / "web.git")
    machines.git_config = f'[url "{tmp_path}/SHOP/"]\n\tinsteadOf = {BACKLOG}\n'

    assert mirrored(machines, stack, source)
    ended = stack.reader.run(move(stack))
    assert ended.returncode == 0, (ended.stdout, ended.stderr)
    source.commit("main", "after the update")
    assert mirrored(machines, stack, source)


def mirrored(machines: Machines, stack: Deployment, source: Repository) -> bool:
    """Start a build, run it, and tell whether both sides are equal."""
    region, project = stack.way.region, identity(stack, "Mirror")
    number = machines.emulator.client("codebuild", region).start_build(projectName=project)
    (build,) = [b for b in builds(machines, stack, "Mirror") if b["id"] == number["build"]["id"]]
    run = machines.build(region, build)
    assert run.status == 0, run.output
    return machines.git.repository(region, "web-mirror").refs() == source.refs()


def test_the_image_moves_in_place(account: Emulator, tmp_path: Path) -> None:
    """Its repository keeps what is there, and gets an image whose tag has the program's hash."""
    stack = earlier(account, "mirror-image", "mirror-image", tmp_path)
    had, region = identities(stack), stack.way.region
    old, kept = outputs(stack), answers(stack)
    first = one("mirror_image", PROGRAM)
    for text in (first, command("mirror-image")):
        ended = stack.reader.run(text)
        assert ended.returncode == 0, (ended.stdout, ended.stderr, stack.failures())
    assert stack.described()["StackStatus"] == "UPDATE_COMPLETE"
    has = identities(stack)
    assert had.keys() - has.keys() == {
        f"MirrorImage{end}" for end in ("", "Builder", "BuilderRole")
    }, "the function is that of custom-resources now"
    assert has.items() >= {t: i for t, i in had.items() if t in has}.items()
    assert kept.items() <= answers(stack).items()
    new = outputs(stack)
    assert new["ImageRepository"] == old["ImageRepository"]
    tags = [each["ImageUri"].rpartition(":")[2] for each in (old, new)]
    hashed = published_at(account, region).partition("/")[2].removesuffix(".zip")
    assert tags[1].split("-")[1:] == [hashed, "1"]
    found: Any = account.client("ecr", region).describe_images(
        repositoryName=new["ImageRepository"]
    )
    assert {tag for i in found["imageDetails"] for tag in i["imageTags"]} == set(tags)


def test_the_earlier_templates_carried_the_program() -> None:
    """Else these tests would show nothing."""
    for name in ("backlog-proxy", "backlog-proxy-efs-with-build-files", "mirror-image"):
        body = read((EARLIER / f"{name}.yaml").read_text())
        assert "mirror.py" in str(body["Resources"])
        assert "ProgramParameter" not in body["Parameters"]
    assert "mirror.py" in published()
    assert (ROOT / "output/mirror-program.yaml").is_file()
