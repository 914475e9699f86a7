"""Runs the reviews of pull requests as GitHub, GitLab and CodeBuild run them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml
from support.actions import Ran, run_action
from support.codecommit_comments import CodeCommit
from support.comments import Comments
from support.reviews import PullRequest, StandIn

from cfngen.testing import BuildRun, run_buildspec

ROOT = Path(__file__).parents[2]
INTEGRATIONS = ROOT / "integrations"
ACTION = INTEGRATIONS / "github/action.yml"
BUILDSPEC = (INTEGRATIONS / "codecommit/buildspec.yml").read_text()
JOB: dict[str, Any] = yaml.safe_load((INTEGRATIONS / "gitlab/review.gitlab-ci.yml").read_text())[
    "cfngen-review"
]
BIN = Path(sys.executable).parent
REAL = BIN / "cfngen"


class Action:
    """Runs the action for GitHub.

    Attributes:
        checkout: where its steps begin.
        command: the command that reviews; without one it is installed.
        temporary: a folder for the runner's temporary files.
        event: what GitHub says of the pull request.
        env: all of the environment besides.
    """

    def __init__(
        self, pull: PullRequest, comments: Comments, command: Path, temporary: Path
    ) -> None:
        """Start from a checkout of the merge that GitHub makes."""
        self.checkout = pull.folder
        self.command = str(command)
        self.temporary = temporary
        self.runs = 0
        self.event: dict[str, Any] = {
            "number": 7,
            "base": {"sha": pull.base},
            "head": {"repo": {"full_name": "acme/shop"}},
        }
        self.env = {
            "PATH": os.environ["PATH"],
            "GITHUB_API_URL": comments.url,
            "GITHUB_REPOSITORY": "acme/shop",
            "GITHUB_SHA": pull.merge,
        }

    def __call__(self, action: Path = ACTION, **inputs: str) -> Ran:
        """Run it once, with inputs whose dashes are underscores."""
        self.runs += 1
        temporary = self.temporary / str(self.runs)
        temporary.mkdir()
        given = {"cfngen": self.command, "python": sys.executable}
        given |= {name.replace("_", "-"): text for name, text in inputs.items()}
        return run_action(
            action,
            given,
            github={
                "token": "secret-token",
                "event_name": "pull_request",
                "repository": "acme/shop",
                "event": {"pull_request": self.event} if self.event else {},
            },
            checkout=self.checkout,
            temporary=temporary,
            env=self.env,
        )


class Job:
    """Runs the script of the job for GitLab, after an installation that is taken for done.

    Attributes:
        command: what reviews, unless a run says otherwise.
        pull: the merge request.
        home: what stands for the folder that the job installs into.
        env: what GitLab tells the job.
    """

    def __init__(self, pull: PullRequest, notes: Comments, folder: Path) -> None:
        """Start with what GitLab tells a job."""
        self.command = StandIn(folder / "command")
        self.pull = pull
        self.home = folder / "home"
        (self.home / "venv/bin").mkdir(parents=True)
        (self.home / "cfngen").symlink_to(ROOT)
        self.env = {
            "PATH": f"{BIN}:{os.environ['PATH']}",
            "CFNGEN_HOME": str(self.home),
            "CFNGEN_REVIEW_TOKEN": "secret-token",
            "CI_API_V4_URL": notes.url,
            "CI_PROJECT_ID": "12",
            "CI_MERGE_REQUEST_IID": "7",
            "CI_MERGE_REQUEST_DIFF_BASE_SHA": pull.newer,
        }

    def __call__(self, cfngen: Path | None = None, **more: str) -> subprocess.CompletedProcess[str]:
        """Run it once."""
        link = self.home / "venv/bin/cfngen"
        link.unlink(missing_ok=True)
        link.symlink_to(cfngen or self.command.command)
        return subprocess.run(
            ["sh", "-e", "-c", "\n".join(JOB["script"])],
            cwd=self.pull.folder,
            env={**self.env, **more},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )


class Build:
    """Runs the build phase for CodeCommit, after an installation that is taken for done.

    Attributes:
        command: what reviews, unless a run says otherwise.
        pull: the pull request.
        service: where its comments are.
        venv: what stands for the folder that the build installs into.
    """

    def __init__(self, pull: PullRequest, service: CodeCommit, folder: Path) -> None:
        """Start from a checkout of the repository."""
        self.command = StandIn(folder / "command")
        self.pull = pull
        self.service = service
        self.venv = folder / "venv"
        (self.venv / "bin").mkdir(parents=True)

    def __call__(self, cfngen: Path | None = None, **more: str) -> BuildRun:
        """Run it once, in a session of its own."""
        self.service.session = f"AWSCodeBuild-{len(self.service.calls)}"
        link = self.venv / "bin/cfngen"
        link.unlink(missing_ok=True)
        link.symlink_to(cfngen or self.command.command)
        env = {
            "PATH": f"{BIN}:{os.environ['PATH']}",
            "AWS_ENDPOINT_URL": self.service.url,
            "AWS_CONFIG_FILE": "/dev/null",
            "AWS_DEFAULT_REGION": "eu-west-1",
            "AWS_ACCESS_KEY_ID": "a",
            "AWS_SECRET_ACCESS_KEY": "s",
            "CODEBUILD_SRC_DIR_CFNGEN": str(ROOT),
            "VENV": str(self.venv),
            "PULL_REQUEST_ID": "12",
            "REPOSITORY_NAME": "shop",
            "SOURCE_COMMIT": self.pull.head,
            "DESTINATION_COMMIT": self.pull.newer,
        }
        cwd = self.pull.folder
        return run_buildspec(BUILDSPEC, cwd=cwd, env={**env, **more}, phases=["build"])
