"""Writes `docs/verification.md` of what the tests in the emulator have shown: run it after them."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests"))

from emulator.doubles import DOUBLES, table  # noqa: E402 - found by the line above
from support.evidence import KEPT  # noqa: E402

from cfngen.cloudformation.render import read  # noqa: E402
from cfngen.project.manifest import load  # noqa: E402

PAGE = ROOT / "docs" / "verification.md"
RANK = ["deployed", "exercised", "enforced"]
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
calls a handler leaves out.

- **enforced**: its policy was asked by requests of the payloads, and granted what they need; that
  what lies beside it is denied is in `tests/emulator/test_privileges.py`.
- **exercised**: requests, events or schedules went through it, as it ships: what a test runs with
  other settings shows nothing here.
- **deployed**: created, updated and deleted; nothing more was seen of it.
- **asserted on the template only**: the emulator keeps a note of it, and does nothing with it. Its
  properties are held to AWS's schema by cfn-lint, and to what we mean by tests of the blueprint.
- **not verified**: what it is there for cannot be run outside of AWS.

## What stands for AWS

ministack and moto are emulators of others; the plug-in, `tests/emulator/plugin/`, is ours, and
makes them stricter. Where they are kinder than AWS, nothing on this page shows anything.

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
    double = DOUBLES[kind]
    why = double.kinder if double.far else ""
    if how is None:
        how, why = "not verified", "it was not deployed"
    return f"| `{title}` | {kind.removeprefix('AWS::')} | {double.far or how} | {why} |"


def page() -> str:
    """Return the page."""
    found, text = shown(), HEAD + table() + "\n"
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
