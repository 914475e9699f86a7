"""Templates deployed into the emulator, as their READMEs say."""

from __future__ import annotations

import copy
import re
from contextlib import suppress
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError
from support.emulator import Emulator
from support.evidence import note
from support.readmes import ROOT, WAYS, Reader, command, preparation

from cfngen.cloudformation.quotas import INLINE_LIMIT
from cfngen.cloudformation.render import read

# A command that deploys a template of ours, with its names written out.
SHIPPED = r"--template-file output/([\w-]+)\.yaml \\\n +--stack-name ([\w-]+) "
REGIONS = ("us-east-1", "eu-west-1", "us-west-2", "ap-southeast-2", "eu-central-1")


class Deployment:
    """A template on its way into an emulator, by the commands of its README."""

    def __init__(
        self,
        emulator: Emulator,
        name: str,
        folder: Path,
        text: str = "",
        stack: str = "",
        without: str = "",
    ) -> None:
        """Do what the README does before, but for blocks that have `without` in them.

        `text` is a template in the place of the one we ship.
        """
        self.emulator, self.name, self.way = emulator, name, WAYS[name]
        self.reader = Reader(emulator, folder, self.way.region)
        self.stack = stack or self.way.stack
        self.text = text or (ROOT / f"output/{name}.yaml").read_text()
        self.ours = not text
        for file, content in self.way.files.items():
            (folder / file).write_text(content)
        for block in preparation(name):
            if without and without in block:
                continue
            ended = self.reader.run(block)
            assert ended.returncode == 0, (block, ended.stdout, ended.stderr)
            for shipped, deployed in re.findall(SHIPPED, block):
                emulator.templates[self.way.region, deployed] = shipped

    def beside(self, stack: str) -> Deployment:
        """Return another stack of the same template, by the same reader."""
        other = copy.copy(self)
        other.stack = stack
        return other

    @property
    def template(self) -> dict[str, Any]:
        """Return the template."""
        return dict(read(self.text))

    @property
    def cloudformation(self) -> Any:
        """Return a client for its region."""
        return self.emulator.client("cloudformation", self.way.region)

    def command(self, *overrides: str) -> str:
        """Return the README's command, perhaps with more parameters, or for another stack."""
        text = command(self.name)
        if not self.ours:
            (self.reader.folder / "own.yaml").write_text(self.text)
            text = text.replace(f"output/{self.name}.yaml", "own.yaml")
        if self.stack != self.way.stack:
            text = re.sub(rf"^STACK={self.way.stack}\b", f"STACK={self.stack}", text, flags=re.M)
            text = re.sub(r"--stack-name \S+", f"--stack-name {self.stack}", text)
        return added(text, overrides)

    def deploy(self, *overrides: str, bucket: str = "") -> str:
        """Deploy it; what is too big to be sent inline is refused unless a bucket is named."""
        text = self.command(*overrides)
        size = len(self.text.encode())
        assert size <= INLINE_LIMIT or bucket, f"{self.name}: {size:,} bytes; say which bucket"
        if bucket:
            text = text.replace("--stack-name", f"--s3-bucket {bucket} --stack-name")
        ended = self.reader.run(text)
        assert ended.returncode == 0, (ended.stdout, ended.stderr, self.failures())
        if self.ours:
            self.emulator.templates[self.way.region, self.stack] = self.name
            note(self.name, dict.fromkeys(self.template["Resources"], "deployed"))
        return ended.stdout

    def failures(self) -> list[str]:
        """Say what went wrong, for the message of a failed test."""
        with suppress(ClientError):
            events = self.cloudformation.describe_stack_events(StackName=self.stack)
            return [str(e) for e in events["StackEvents"] if "FAILED" in e["ResourceStatus"]]
        return []

    def resources(self) -> dict[str, dict[str, Any]]:
        """Return the stack's resources."""
        asked = {"StackName": self.stack}
        found = self.cloudformation.describe_stack_resources(**asked)["StackResources"]
        return {resource["LogicalResourceId"]: resource for resource in found}

    def described(self) -> dict[str, Any]:
        """Return the stack."""
        asked = {"StackName": self.stack}
        return dict(self.cloudformation.describe_stacks(**asked)["Stacks"][0])

    def updated(self) -> set[str]:
        """Return what the last update changed."""
        asked = {"StackName": self.stack}
        changed = set()
        for event in self.cloudformation.describe_stack_events(**asked)["StackEvents"]:
            itself = event["LogicalResourceId"] == self.stack
            if itself and event["ResourceStatus"] == "UPDATE_IN_PROGRESS":
                break
            if not itself and event["ResourceStatus"].startswith("UPDATE_COMPLETE"):
                changed.add(event["LogicalResourceId"])
        return changed

    def delete(self) -> None:
        """Delete the stack; whoever has filled its buckets empties them before."""
        where = self.described()["StackId"]
        self.cloudformation.delete_stack(StackName=where)
        status = self.cloudformation.describe_stacks(StackName=where)["Stacks"][0]["StackStatus"]
        assert status == "DELETE_COMPLETE", self.failures()


def added(text: str, overrides: tuple[str, ...]) -> str:
    """Add parameters to the last command of a block, in the place of those of the same names."""
    if not overrides:
        return text
    more = " ".join(f"'{override}'" for override in overrides)
    start = text.rindex("aws cloudformation deploy")
    before, after = text[:start], text[start:]
    if "--parameter-overrides" not in after:
        flag = "--no-fail-on-empty-changeset"
        return before + after.replace(flag, f"{flag} --parameter-overrides {more}", 1)
    for override in overrides:
        name = override.partition("=")[0]
        after = re.sub(rf"^ +{name}=.*?( \\)?\n", "", after, flags=re.M)
    after = after.replace("--parameter-overrides", f"--parameter-overrides {more}", 1)
    return before + re.sub(r" \\\n(?! )", "\n", after)
