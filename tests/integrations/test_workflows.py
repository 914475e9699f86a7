"""The workflows for GitHub, ours and the one on the page, and the action's own description."""

from __future__ import annotations

import re
import subprocess
from typing import Any

import pytest
import yaml
from support.integrations import ACTION, BIN, INTEGRATIONS, ROOT

pytestmark = pytest.mark.payloads  # ShellCheck is a program

WORKFLOW = yaml.safe_load((ROOT / ".github/workflows/review.yml").read_text())
PAGE = (ROOT / "docs/reviewing.md").read_text()
(SHOWN,) = (
    yaml.safe_load(block)
    for block in re.findall(r"^```yaml\n(.*?)^```", PAGE, re.M | re.S)
    if "\njobs:" in block
)


def test_other_actions_are_pinned() -> None:
    """Whatever is used from elsewhere is used by its commit."""
    steps = yaml.safe_load(ACTION.read_text())["runs"]["steps"]
    for workflow in (WORKFLOW, SHOWN):
        steps += workflow["jobs"]["review"]["steps"]
    used = [step["uses"] for step in steps if "uses" in step]
    assert [
        name for name in used if not re.fullmatch(r"\./.+|[\w./-]+@([0-9a-f]{40}|COMMIT)", name)
    ] == []
    assert "./integrations/github" in used


@pytest.mark.parametrize("workflow", [WORKFLOW, SHOWN], ids=["ours", "shown"])
def test_only_a_trusted_action_may_write(workflow: dict[Any, Any]) -> None:
    """Where the action is the pull request's own, nothing may be written with the job's token."""
    assert workflow["permissions"] == {}
    assert list(workflow[True]) == ["pull_request"]  # YAML's `on`
    for job in workflow["jobs"].values():
        own = any(step.get("uses", "").startswith("./") for step in job["steps"])
        writes = [name for name, right in job["permissions"].items() if right != "read"]
        assert not (own and writes)
        (given,) = [s["with"] for s in job["steps"] if "integrations/github" in s.get("uses", "")]
        assert given.get("comment", "true") == ("true" if "pull-requests" in writes else "false")
        assert given.get("sarif", "false") == ("true" if "security-events" in writes else "false")


def test_the_inputs_on_the_page_are_the_actions() -> None:
    """Each input is on the page, with its default."""
    rows = dict(re.findall(r"^\| (`[a-z-]+`(?:, `[a-z-]+`)*) \| (.*?) \|", PAGE, re.M))
    documented = {
        name: default
        for names, defaults in rows.items()
        for name, default in zip(
            re.findall("`(.*?)`", names), defaults.split(", ") * names.count("`"), strict=False
        )
    }
    for name, declared in yaml.safe_load(ACTION.read_text())["inputs"].items():
        assert name in documented
        if re.fullmatch(r"[a-z0-9.]+", declared["default"]):
            assert documented[name] == f"`{declared['default']}`"


def test_the_scripts_are_clean() -> None:
    """ShellCheck has nothing to say of them."""
    scripts = sorted(INTEGRATIONS.rglob("*.sh"))
    done = subprocess.run(
        [BIN / "shellcheck", "--norc", *scripts],
        capture_output=True,
        text=True,
    )
    assert (len(scripts), done.stdout) == (5, "")
