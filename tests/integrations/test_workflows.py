"""The workflows for GitHub, ours and the one on the page, and the action's own description."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.integrations import ACTION, BIN, INTEGRATIONS, ROOT

pytestmark = pytest.mark.payloads  # ShellCheck is a program

WORKFLOWS = {
    path.stem: yaml.safe_load(path.read_text())
    for path in sorted((ROOT / ".github/workflows").glob("*.yml"))
}
PAGE = (ROOT / "docs/reviewing.md").read_text()
(SHOWN,) = (
    yaml.safe_load(block)
    for block in re.findall(r"^```yaml\n(.*?)^```", PAGE, re.M | re.S)
    if "\njobs:" in block
)
# Commands of workflows that no test here runs, each with the reason.
NOT_RUN = {
    ".ci/run": "it runs this test",
    "python -m pytest": "`make test` runs it, and so does the step before this test",
    "python -m pip install --upgrade": "what is newest is another thing every day",
    "gh release create": "it makes a release on GitHub",
}


def steps(workflow: dict[Any, Any]) -> list[dict[str, Any]]:
    """Return the steps of all jobs."""
    return [step for job in workflow["jobs"].values() for step in job["steps"]]


def test_other_actions_are_pinned() -> None:
    """Whatever is used from elsewhere is used by its commit."""
    every = yaml.safe_load(ACTION.read_text())["runs"]["steps"]
    for workflow in (*WORKFLOWS.values(), SHOWN):
        every += steps(workflow)
    used = [step["uses"] for step in every if "uses" in step]
    assert [
        name for name in used if not re.fullmatch(r"\./.+|[\w./-]+@([0-9a-f]{40}|COMMIT)", name)
    ] == []
    assert "./integrations/github" in used


@pytest.mark.parametrize("name", WORKFLOWS)
def test_no_job_has_more_rights_or_time_than_it_needs(name: str) -> None:
    """The token can do nothing that a job does not ask for, no job keeps it, and each job ends."""
    workflow = WORKFLOWS[name]
    assert workflow["permissions"] == {}
    assert workflow["concurrency"]
    for job in workflow["jobs"].values():
        assert job["timeout-minutes"] <= 75
        for step in job["steps"]:
            if step.get("uses", "").startswith("actions/checkout@"):
                assert step["with"]["persist-credentials"] is False


def test_only_the_release_may_publish() -> None:
    """No other workflow gets a token of PyPI or may write to the repository."""
    for name, workflow in WORKFLOWS.items():
        rights = {
            r for job in workflow["jobs"].values() for r in job.get("permissions", {}).items()
        }
        writes = {what for what, level in rights if level == "write"}
        expected = {"id-token", "attestations", "contents"} if name == "release" else set()
        assert writes == expected, name
    assert WORKFLOWS["release"][True] == {"push": {"tags": ["v*"]}}  # YAML's `on`
    assert WORKFLOWS["release"]["jobs"]["publish"]["environment"] == "pypi"


def test_the_tests_run_on_what_is_supported() -> None:
    """Everything on each Python that pyproject.toml names; the quick tests on other systems."""
    jobs = WORKFLOWS["ci"]["jobs"]
    pyproject = (ROOT / "pyproject.toml").read_text()
    pythons = re.findall(r'"Programming Language :: Python :: (3\.\d+)"', pyproject)
    assert jobs["everything"]["strategy"]["matrix"]["python"] == pythons
    assert [s["run"] for s in jobs["everything"]["steps"] if "run" in s] == [".ci/run"]
    systems = {name.partition("-")[0] for name in jobs["quick"]["strategy"]["matrix"]["os"]}
    assert systems == {"macos", "windows"}
    assert set(jobs["done"]["needs"]) == set(jobs) - {"done"}


@pytest.mark.parametrize(
    ("results", "status"), [("success success", 0), ("success failure", 1), ("skipped success", 1)]
)
def test_one_check_stands_for_all(results: str, status: int) -> None:
    """A job that failed, was skipped or was cancelled fails it."""
    (step,) = WORKFLOWS["ci"]["jobs"]["done"]["steps"]
    ran = subprocess.run(["bash", "-e", "-c", step["run"]], env={**os.environ, "RESULTS": results})
    assert ran.returncode == status


# --- steps, run in a clean environment ------------------------------------------------------------


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clone of what is here, changes included, as a checkout leaves it."""
    folder = tmp_path_factory.mktemp("runner") / "cfngen"
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, check=True,
    ).stdout  # fmt: skip
    for name in listed.decode().split("\0"):
        if name and (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    return folder


@pytest.fixture(scope="module")
def runner(clone: Path) -> dict[str, str]:
    """All of a runner's environment: a home of its own, and a Python that has nothing but pip."""
    home = clone.parent / "home"
    home.mkdir()
    subprocess.run([sys.executable, "-m", "venv", home / "python"], check=True)
    kept = {name: os.environ[name] for name in os.environ if name.startswith(("PIP_", "UV_"))}
    return {
        **kept,
        "HOME": str(home),
        "PATH": f"{home / 'python/bin'}:/usr/bin:/bin",
        "RUNNER_TEMP": str(clone.parent),
    }


def run(step: dict[str, Any], clone: Path, environment: dict[str, str]) -> str:
    """Run a step as a runner does; return what it printed."""
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
        cwd=clone, env=environment, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.slow
def test_the_steps_of_a_release_run_in_a_clean_environment(
    clone: Path, runner: dict[str, str]
) -> None:
    """From a checkout of the tag: notes, wheel and source distribution, templates by the wheel."""
    version = re.search(r'^version = "(.*)"', (clone / "pyproject.toml").read_text(), re.M)
    assert version
    changelog = clone / "CHANGELOG.md"  # a release begins with the heading
    changelog.write_text(
        changelog.read_text().replace("## [Unreleased]", f"## [{version[1]}] - 2026-12-01", 1)
    )
    for step in WORKFLOWS["release"]["jobs"]["build"]["steps"]:
        if "run" in step:
            run(step, clone, {**runner, "TAG": f"v{version[1]}"})
    assert "The first release" in (clone / "release-notes.md").read_text()
    built = sorted(path.name for path in (clone / "dist").iterdir())
    assert built == [
        f"cfngen-{version[1]}-py3-none-any.whl",
        f"cfngen-{version[1]}.tar.gz",
    ]


@pytest.mark.slow
def test_the_quick_job_installs_and_builds_in_a_clean_environment(
    clone: Path, runner: dict[str, str]
) -> None:
    """By its own commands, up to the tests themselves."""
    for step in WORKFLOWS["ci"]["jobs"]["quick"]["steps"]:
        if "run" in step and not step["run"].startswith(tuple(NOT_RUN)):
            run(step, clone, runner)


def test_every_command_of_a_workflow_is_run_somewhere() -> None:
    """In a test above, or it says why not."""
    ran = [
        step["run"]
        for name, jobs in {"release": ["build"], "ci": ["quick", "done"]}.items()
        for job in jobs
        for step in WORKFLOWS[name]["jobs"][job]["steps"]
        if "run" in step
    ]
    left = [
        step["run"]
        for workflow in WORKFLOWS.values()
        for step in steps(workflow)
        if "run" in step and step["run"] not in ran and step["run"] != "python -m pip list"
    ]
    assert [command for command in left if not command.startswith(tuple(NOT_RUN))] == []


@pytest.mark.parametrize(
    ("tag", "wrong"), [("v9.9.9", "one is wrong"), ("v0.1.0", "CHANGELOG.md has no section")]
)
def test_a_tag_that_is_no_release_is_refused(tag: str, wrong: str) -> None:
    """The version and its section in the changelog are there before the tag."""
    notes = subprocess.run(
        [sys.executable, ROOT / ".ci/release-notes", tag], capture_output=True, text=True
    )
    assert notes.returncode == 1
    assert wrong in notes.stderr


# --- reviews of pull requests ---------------------------------------------------------------------


@pytest.mark.parametrize("workflow", [WORKFLOWS["review"], SHOWN], ids=["ours", "shown"])
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
    assert (len(scripts), done.stdout) == (6, "")
