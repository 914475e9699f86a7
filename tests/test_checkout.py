"""What runs of a checkout that is a stranger's: nothing, or what is asked for."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support.blueprint_package import BUCKET, environment, package, project

SCRIPT = shutil.which("cfngen", path=str(Path(sys.executable).parent))
MANIFEST = '[templates.one]\nblueprint = "checkout_bucket"\n'
PIPELINE = """\
Resources:
  Release:
    Type: AWS::CodePipeline::Pipeline
    Properties:
      Stages:
        - Name: Production
          Actions:
            - Name: Deploy
              ActionTypeId: {Category: Deploy, Provider: CloudFormation, Owner: AWS, Version: '1'}
"""
RAN = "import pathlib\npathlib.Path({marker!r}).touch()\n"
# A rule of cfn-lint's, which finds nothing.
RULE = """\
from cfnlint.rules import CloudFormationLintRule

class Planted(CloudFormationLintRule):
    id = "E9001"
"""
# Modules that a command imports, if it looks for them where it is run.
PLANTED = ("cfngen", "cfngen_blueprints", "cfnlint", "click", "yaml", "json", "sitecustomize")
READING = [
    ("review", "before.yaml", "output/one.yaml"),
    ("review", "before.yaml", "output/one.yaml", "--format", "html"),
    ("review", "before.yaml", "output/one.yaml", "--no-blueprints", "--format", "sarif"),
    ("review", "HEAD"),
    ("deploy-script",),
    ("deploy-script", "--format", "json"),
    ("deploy-role", "output/one.yaml"),
    ("deploy-role", "one"),
    ("timeline", "before.yaml", "--push", "2026-11-24T10:00Z"),
    ("list",),
    ("show", "one"),
    ("schema", "checkout_bucket"),
]
LINTING = [("lint",), ("lint", "before.yaml"), ("build", "--check"), ("build",)]


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """The blueprints that are installed."""
    folder = tmp_path / "site"
    package(folder, {"checkout_bucket": BUCKET}, distribution="checkout", module="checkout_prints")
    return folder


@pytest.fixture
def marker(tmp_path: Path) -> Path:
    """What is there once anything of the checkout has run."""
    return tmp_path / "ran"


@pytest.fixture
def checkout(tmp_path: Path, marker: Path) -> Path:
    """A checkout with traps wherever Python and cfn-lint look for something to run."""
    root = project(tmp_path / "checkout", MANIFEST)
    ran = RAN.format(marker=str(marker))
    for name in PLANTED:
        (root / f"{name}.py").write_text(ran)
        (root / name).mkdir()
        (root / name / "__init__.py").write_text(ran)
    (root / ".cfnlintrc").write_text("append_rules: [rules]\n")
    (root / "rules").mkdir()
    (root / "rules/Planted.py").write_text(ran + RULE)
    (root / "before.yaml").write_text(PIPELINE)
    (root / "output").mkdir()
    (root / "output/one.yaml").write_text("Resources: {A: {Type: 'AWS::SNS::Topic'}}\n")
    for arguments in (("init", "--quiet"), ("add", "output"), ("commit", "--quiet", "-m", "a")):
        whose = ("-c", "user.name=A", "-c", "user.email=a@example.com")
        subprocess.run(["git", *whose, *arguments], cwd=root, check=True)
    return root


def run(checkout: Path, site: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the installed command in a checkout."""
    assert SCRIPT
    return subprocess.run(
        [SCRIPT, *arguments],
        cwd=checkout, env=environment(site), capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.mark.parametrize("arguments", READING, ids=" ".join)
def test_nothing_of_a_checkout_runs(
    checkout: Path, site: Path, marker: Path, arguments: tuple[str, ...]
) -> None:
    """What only reads templates and the manifest runs no code that stands beside them."""
    done = run(checkout, site, *arguments)
    assert done.returncode == 0, done.stderr
    assert not marker.exists()


@pytest.mark.slow
@pytest.mark.parametrize("arguments", LINTING, ids=" ".join)
def test_rules_that_the_configuration_appends_run_unless_they_are_left_out(
    checkout: Path, site: Path, marker: Path, arguments: tuple[str, ...]
) -> None:
    """`append_rules` is Python of the checkout: cfn-lint runs it, `--no-append-rules` does not."""
    done = run(checkout, site, *arguments, "--no-append-rules")
    assert done.returncode in (0, 1, 2), done.stderr
    assert not marker.exists()
    run(checkout, site, *arguments)
    assert marker.exists()


def test_the_rest_of_the_configuration_counts_all_the_same(checkout: Path, site: Path) -> None:
    """Only what would run is left out."""
    (checkout / ".cfnlintrc").write_text("append_rules: [rules]\nignore_checks: [E3002]\n")
    (checkout / "bad.yaml").write_text(
        "Resources: {A: {Type: 'AWS::SNS::Topic', Properties: {Typo: 1}}}\n"
    )
    done = run(checkout, site, "lint", "bad.yaml", "--no-append-rules")
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
