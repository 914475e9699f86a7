"""The example of a third party's package, deployed by the command of its README."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from support.emulator import Emulator
from support.inventory import inventory
from support.readmes import ROOT, Reader

from cfngen import generate, read

EXAMPLE = ROOT / "examples" / "nightly-build"
REGION = "eu-west-1"


def test_the_nightly_build_lives_as_its_readme_says(
    account: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Deployed, described and deleted: all of it is made, and nothing is left."""
    monkeypatch.syspath_prepend(EXAMPLE)
    from acme_nightly.nightly_build.blueprint import nightly_build

    text = generate(nightly_build).text
    (tmp_path / "nightly-build.yaml").write_text(text)
    page = (EXAMPLE / "README.md").read_text()
    blocks = re.findall(r"^```bash\n(.*?)^```$", page, re.S | re.M)
    (deploy,) = (block for block in blocks if "cloudformation deploy" in block)
    reader = Reader(account, tmp_path, REGION)
    before = inventory(account, REGION)

    ended = reader.run(deploy.replace("output/nightly-build.yaml", "nightly-build.yaml"))
    assert ended.returncode == 0, ended.stderr
    cloudformation = account.client("cloudformation", REGION)
    (stack,) = cloudformation.describe_stacks(StackName="nightly-build")["Stacks"]
    assert stack["StackStatus"] == "CREATE_COMPLETE"
    found = cloudformation.describe_stack_resources(StackName="nightly-build")["StackResources"]
    assert {resource["LogicalResourceId"] for resource in found} == set(read(text)["Resources"])

    cloudformation.delete_stack(StackName="nightly-build")
    cloudformation.get_waiter("stack_delete_complete").wait(StackName="nightly-build")
    assert inventory(account, REGION) == before
