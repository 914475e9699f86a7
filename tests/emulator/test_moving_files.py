"""A stack that made its file system itself moves to the one of build-files, as its README says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from support.changelog import EARLIER, migration
from support.emulator import Emulator
from support.readmes import ROOT, WAYS, Reader, answered, blocks, one

from cfngen.cloudformation.render import read

NAME = "backlog-proxy-efs"
WAY = WAYS[NAME]
STACK = WAY.stack
SECTION = "### Move from a file system of the stack's own"
# As the README printed it then.
DEPLOY_THEN = f"""\
aws cloudformation deploy \\
  --template-file {EARLIER / NAME}.yaml \\
  --stack-name "$STACK" \\
  --capabilities CAPABILITY_IAM \\
  --no-fail-on-empty-changeset \\
  --parameter-overrides \\
    BacklogSpaceKey="$SPACE" \\
    BacklogDomain="$DOMAIN" \\
    BacklogProjectKey="$PROJECT" \\
    BacklogRepository="$REPOSITORY" \\
    BacklogKey="$KEY" \\
    BacklogHostKeys="$(cat host-keys.txt)" \\
    RepositoryName="$MIRROR" \\
    AlarmEmail="$EMAIL" \\
    LogDays=60 \\
    VpcId="$(network VpcId)" \\
    PrivateSubnetId1="$(network PrivateSubnetId1)" \\
    PrivateSubnetId2="$(network PrivateSubnetId2)"
"""
KEPT = ("Repository", "WebhookCredentials", "WebhookApi", "Mirror", "MirrorRole", "MirrorLog")
GONE = ("MirrorFiles", "MirrorFilesAccess", "MirrorAccess")


class Operator:
    """Somebody with a stack of the earlier template, who does what the README says."""

    def __init__(self, account: Emulator, folder: Path) -> None:
        """Deploy the network and the earlier template, as the README said then."""
        self.account = account
        self.reader = Reader(account, folder, WAY.region)
        for name, content in WAY.files.items():
            (folder / name).write_text(content)
        program = "--template-file output/mirror-program.yaml"  # by the section on it
        for piece in ("export AWS_DEFAULT_REGION", program, "NETWORK=build-network"):
            self.run(answered(WAY, one(WAY.blueprint, piece)))
        self.run(DEPLOY_THEN)

    def run(self, text: str) -> str:
        """Run commands and return what they print."""
        ended = self.reader.run(text)
        assert ended.returncode == 0, (text, ended.stdout, ended.stderr)
        return ended.stdout

    def client(self, service: str) -> Any:
        """Return a client for the stack's region."""
        return self.account.client(service, WAY.region)

    def stack(self) -> dict[str, Any]:
        """Return the stack's description."""
        described = self.client("cloudformation").describe_stacks(StackName=STACK)
        return dict(described["Stacks"][0])

    def parameters(self) -> dict[str, str]:
        """Return the values of the stack's parameters."""
        return {p["ParameterKey"]: p["ParameterValue"] for p in self.stack()["Parameters"]}

    def outputs(self) -> dict[str, str]:
        """Return the values of the stack's outputs."""
        return {o["OutputKey"]: o["OutputValue"] for o in self.stack()["Outputs"]}

    def identities(self) -> dict[str, str]:
        """Return the physical ID of each of the stack's resources."""
        described = self.client("cloudformation").describe_stack_resources(StackName=STACK)
        found = described["StackResources"]
        return {r["LogicalResourceId"]: r["PhysicalResourceId"] for r in found}

    def project(self) -> dict[str, Any]:
        """Return the project that mirrors."""
        name = self.identities()["Mirror"]
        return dict(self.client("codebuild").batch_get_projects(names=[name])["projects"][0])

    def groups(self) -> set[str]:
        """Return the IDs of all security groups."""
        found = self.client("ec2").describe_security_groups()["SecurityGroups"]
        return {group["GroupId"] for group in found}

    def file_systems(self) -> set[str]:
        """Return the IDs of all file systems."""
        found = self.client("efs").describe_file_systems()["FileSystems"]
        return {files["FileSystemId"] for files in found}


def steps() -> list[str]:
    """Return the commands of the README's section, block by block."""
    page = (ROOT / "blueprints" / WAY.blueprint / "README.md").read_text()
    _, _, rest = page.partition(SECTION)
    section, _, _ = rest.partition("\n## ")
    found = re.findall(r"^```bash\n(.*?)^```$", section, re.S | re.M)
    assert set(found) <= set(blocks(WAY.blueprint))
    return list(found)


@pytest.fixture
def operator(account: Emulator, tmp_path: Path) -> Operator:
    """Give somebody whose stack is of the earlier template."""
    return Operator(account, tmp_path)


def test_a_stack_moves_to_the_file_system_of_build_files(operator: Operator) -> None:
    """Repository, secret and API stay; the project mounts the new files; the old ones are gone."""
    had, then = operator.identities(), operator.parameters()
    outputs = operator.outputs()
    new_files, running, update, left, _ = steps()

    operator.run(new_files)
    assert operator.identities() == had, "so far, nothing has changed for the stack"
    assert len(operator.file_systems()) == 2
    assert operator.run(running).strip() == ""
    operator.run(update)
    assert operator.run(left).strip() == "", "no old group is left behind"

    assert operator.stack()["StackStatus"] == "UPDATE_COMPLETE"
    has, now = operator.identities(), operator.parameters()
    assert {title: has[title] for title in KEPT} == {title: had[title] for title in KEPT}
    assert set(has) == set(read((ROOT / "output/backlog-proxy-efs.yaml").read_text())["Resources"])
    assert operator.outputs()["WebhookUrl"] == outputs["WebhookUrl"]
    assert then["LogDays"] == "60"
    assert then.items() <= now.items(), "what was not given anew keeps its value"

    (files,) = operator.file_systems()
    assert files == now["FileSystemId"]
    project = operator.project()
    (location,) = project["fileSystemLocations"]
    assert location["location"] == f"{files}.efs.{WAY.region}.amazonaws.com:/"
    assert project["vpcConfig"]["securityGroupIds"] == [now["SecurityGroupId"]]
    assert now["SecurityGroupId"] in operator.groups()
    assert not {had[title] for title in GONE} & (operator.file_systems() | operator.groups())
    assert not set(GONE) & set(has)


def test_the_changelog_has_the_same_commands() -> None:
    """After a block that says which stack, since it is read by itself."""
    assert migration(NAME)[1:] == steps()


def test_a_build_that_runs_is_shown_before_the_update(operator: Operator) -> None:
    """It would hang once its file system is gone, so the operator gets its ID."""
    new_files, running, *_ = steps()
    operator.run(new_files)
    project = operator.identities()["Mirror"]
    operator.account.call("endings", region=WAY.region, project=project, status=None)
    build = operator.client("codebuild").start_build(projectName=project)["build"]["id"]
    assert operator.run(running).split() == [build]


def test_the_old_group_can_be_deleted_later(operator: Operator) -> None:
    """One that stayed behind is printed, and the last command of the section deletes it."""
    *_, left, delete = steps()
    vpc = operator.parameters()["VpcId"]
    group = operator.client("ec2").create_security_group(
        GroupName="left", Description="left behind", VpcId=vpc
    )["GroupId"]
    operator.run(f"OLD_GROUP={group}")
    assert operator.run(left).split() == [group]
    operator.run(delete)
    assert operator.run(left).strip() == ""
