"""A template that is too large for the command alone, deployed through the bucket for templates."""

from __future__ import annotations

import re
from pathlib import Path

from support.deployments import Deployment
from support.emulator import Emulator
from support.inventory import inventory
from support.readmes import ROOT, blocks, one

from cfngen.cloudformation.quotas import INLINE_LIMIT

NAME = "template-bucket"
LARGE = """\
AWSTemplateFormatVersion: '2010-09-09'
Description: Larger than what goes without a bucket
Resources:
  Topic:
    Type: AWS::SNS::Topic
"""


def large() -> str:
    """Return a template that goes through a bucket only."""
    padding = "".join(f"# {number:075}\n" for number in range(INLINE_LIMIT // 78 + 1))
    assert len(padding.encode()) > INLINE_LIMIT
    return LARGE + padding


def test_a_large_template_goes_through_the_bucket(account: Emulator, tmp_path: Path) -> None:
    """By the README's commands: deploy, use, verify, remove; without the bucket it is refused."""
    stack = Deployment(account, NAME, tmp_path)
    before = inventory(account, stack.way.region)
    stack.deploy()
    (tmp_path / "large.yaml").write_text(large())
    use = one("template_bucket", "output/YOUR_TEMPLATE.yaml")
    use = use.replace("output/YOUR_TEMPLATE.yaml", "large.yaml").replace("YOUR_STACK", "large")
    without = re.sub(r"^ +--s3-bucket .*\n", "", use, flags=re.M)
    assert without != use
    refused = stack.reader.run(without)
    assert refused.returncode != 0
    assert "S3 Bucket" in refused.stderr

    ended = stack.reader.run(use)
    assert ended.returncode == 0, ended.stderr
    (large_stack,) = stack.cloudformation.describe_stacks(StackName="large")["Stacks"]
    assert large_stack["StackStatus"] == "CREATE_COMPLETE"
    listed = stack.reader.run(one("template_bucket", "aws s3 ls"))
    assert re.search(r" [0-9a-f]{32}\.template$", listed.stdout.strip()), listed

    # A bucket that is not empty keeps its stack from being deleted, so the README empties it.
    remove = next(block for block in blocks("template_bucket") if "delete-stack" in block)
    ended = stack.reader.run(remove)
    assert ended.returncode == 0, ended.stderr
    bucket = f"{NAME}-"
    left = {name for _, name in inventory(account, stack.way.region) - before}
    assert not {name for name in left if name.startswith(bucket)}
    assert NAME not in left
    text = stack.cloudformation.get_template(StackName="large")["TemplateBody"]
    assert len(str(text)) > len(LARGE), "the other stack has its template still"


def test_the_readme_empties_the_bucket_before_it_is_deleted() -> None:
    """CloudFormation deletes no bucket that holds objects."""
    remove = next(block for block in blocks("template_bucket") if "delete-stack" in block)
    assert remove.index("aws s3 rm") < remove.index("delete-stack")
    assert (ROOT / f"output/{NAME}.yaml").exists()
