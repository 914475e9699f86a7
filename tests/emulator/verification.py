"""Writes `docs/verification.md` of what the tests in the emulator have shown: run it after them."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests"))

from support.evidence import KEPT  # noqa: E402 - found by the line above

from cfngen.manifest import load  # noqa: E402
from cfngen.render import read  # noqa: E402

PAGE = ROOT / "docs" / "verification.md"
RANK = ["deployed", "exercised", "enforced"]
# What the emulator only keeps a note of: nothing that these do has been seen.
RECORDED = {
    "AWS::CloudWatch::Alarm": "no alarm ever rings: metrics of AWS's services are not made",
    "AWS::ECR::Repository": "no image is pulled, scanned or expired",
    "AWS::EC2::EIP": "no address is used",
    "AWS::EC2::InternetGateway": "nothing is routed",
    "AWS::EC2::NatGateway": "nothing is routed",
    "AWS::EC2::Route": "nothing is routed",
    "AWS::EC2::RouteTable": "nothing is routed",
    "AWS::EC2::SecurityGroup": "no connection is refused",
    "AWS::EC2::SecurityGroupEgress": "no connection is refused",
    "AWS::EC2::SecurityGroupIngress": "no connection is refused",
    "AWS::EC2::Subnet": "nothing is routed",
    "AWS::EC2::SubnetRouteTableAssociation": "nothing is routed",
    "AWS::EC2::VPC": "nothing is routed",
    "AWS::EC2::VPCEndpoint": "nothing is routed",
    "AWS::EC2::VPCGatewayAttachment": "nothing is routed",
    "AWS::KMS::Key": "nothing is encrypted with it; its policy is asserted, and never asked",
    "AWS::Logs::LogGroup": "nothing expires",
    "AWS::SNS::Subscription": "no mail is sent, no subscription confirmed",
}
# What nobody here can do.
NOT_VERIFIED = {
    "AWS::CodePipeline::Pipeline": "no action, condition or rule of a pipeline is run",
    "AWS::EFS::FileSystem": "nothing is mounted",
    "AWS::EFS::MountTarget": "nothing is mounted",
}
# What of an exercised resource was played, not done.
PLAYED = {
    "AWS::ApiGateway::GatewayResponse": "by the emulator's own engine",
    "AWS::ApiGateway::Method": "the mapping by the plug-in, the template being a constant",
    "AWS::CloudFormation::StackSet": "a stack in each region, with the rights of its execution "
    "role; one account, no operation preferences",
    "AWS::CodeBuild::Project": "its commands are run on this machine, not in its image; no cache, "
    "no network of its own, no timeout",
    "AWS::CodeCommit::Repository": "git by a server that asks for CodeCommit's signature; the "
    "trigger is called by the test",
    "AWS::ECS::Cluster": "no container is started",
    "AWS::ECS::TaskDefinition": "its program is run on this machine, by the role, with its "
    "variables; no image, limits, read-only root, network",
    "AWS::Events::Rule": "one attempt, then the dead-letter queue; no retries",
    "AWS::IAM::Role": "its policies by the emulator's evaluator, its trust, for each service and "
    "role, by the plug-in; known everywhere at once",
    "AWS::Lambda::Function": "in this machine's Python; no memory limit, no retries",
    "AWS::S3::Bucket": "no encryption, no expiry",
    "AWS::SQS::Queue": "no encryption",
    "AWS::Scheduler::Schedule": "its time is made to come by the test",
}
HEAD = """\
# What is verified, and how far

<!-- Made by `python tests/emulator/verification.py` after the tests in the emulator. -->

There is no AWS account in our tests. Everything that can be run without one is run: the templates
are deployed into an emulator by the unmodified `aws` command, events go through the deployed rules,
functions and queues, the payloads run as programs under the deployed roles' credentials, git is
real, requests are held to AWS's own service models. What an emulator cannot show is said here.

CloudFormation is played by the emulator, which acts with the rights of whoever calls it: each call
that the registry lists for a handler is asked of the caller's policies, or of those of the role
that the stack is given, and every template is deployed with the role that `cfngen deploy-role`
prints for it. More is asked than AWS would ask, since nobody outside of AWS knows which of its
calls a handler leaves out. What AWS refuses for other reasons is not refused: a role that is not
known everywhere yet, a key's policy, a quota, a property that only the service looks at.

- **enforced**: its policy was asked by requests of the payloads, and granted what they need; that
  what lies beside it is denied is in `tests/emulator/test_privileges.py`.
- **exercised**: requests, events or schedules went through it.
- **deployed**: created, updated and deleted; nothing more was seen of it.
- **asserted on the template only**: the emulator keeps a note of it, and does nothing with it. Its
  properties are held to AWS's schema by cfn-lint, and to what we mean by tests of the blueprint.
- **not verified**: what it is there for cannot be run outside of AWS.

"""


def shown() -> dict[tuple[str, str], str]:
    """Return the best that was shown of each resource."""
    found: dict[tuple[str, str], str] = {}
    for path in KEPT.glob("*.jsonl"):
        for line in path.read_text().splitlines():
            template, title, how = json.loads(line)
            had = found.get((template, title), "deployed")
            found[template, title] = max(had, how, key=RANK.index)
    return found


def row(title: str, resource: dict[str, Any], how: str | None) -> str:
    """Return a line of a table."""
    kind = resource["Type"]
    why = PLAYED.get(kind, "") if how in ("exercised", "enforced") else ""
    if how is None:
        how, why = "not verified", "it was not deployed"
    elif kind in NOT_VERIFIED:
        how, why = "not verified", f"deployed, but {NOT_VERIFIED[kind]}"
    elif kind in RECORDED:
        how, why = "asserted on the template only", RECORDED[kind]
    return f"| `{title}` | {kind.removeprefix('AWS::')} | {how} | {why} |"


def page() -> str:
    """Return the page."""
    found, text = shown(), HEAD
    for name in sorted(load(ROOT).templates):
        body = read((ROOT / f"output/{name}.yaml").read_text())["Resources"]
        text += f"## {name}\n\n| Resource | Type | How far | |\n|---|---|---|---|\n"
        text += "\n".join(row(t, r, found.get((name, t))) for t, r in body.items()) + "\n\n"
    return text.rstrip() + "\n"


if __name__ == "__main__":
    made = page()
    if "--check" in sys.argv:
        if made != PAGE.read_text():
            sys.exit(f"{PAGE.relative_to(ROOT)} is not what the tests have shown: run {__file__}")
    else:
        PAGE.write_text(made)
