"""A pull request to review, and a stand-in for the command that reviews it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

# It notes what it was given, prints what a stranger could have written, and writes what is wanted.
STAND_IN = """\
#!{python}
import json, os, pathlib, sys
here = pathlib.Path({folder!r})
said = sys.argv[1:]
(here / "given.json").write_text(json.dumps([os.getcwd(), *said]))
print("::set-env name=PATH::/tmp\\n::error::made up")
for flag, value in zip(said, said[1:]):
    form, _, file = value.partition("=")
    if flag == "--write" and (here / form).exists():
        pathlib.Path(file).write_text((here / form).read_text())
sys.exit(int((here / "status").read_text()))
"""


class StandIn:
    """A command that says of a review what a test wants it to say."""

    def __init__(self, folder: Path) -> None:
        """Make it: a review that has something to say, and no concern."""
        self.folder = folder
        folder.mkdir()
        self.command = folder / "cfngen"
        self.command.write_text(STAND_IN.format(python=sys.executable, folder=str(folder)))
        self.command.chmod(0o755)
        self.says("**Nothing** of it is replaced.\n")

    def says(self, markdown: str, *, status: int = 0, empty: bool = False) -> None:
        """Set what it says."""
        (self.folder / "markdown").write_text(markdown)
        (self.folder / "json").write_text('{"stacks": %s}' % ("[]" if empty else '[{"name": "a"}]'))
        (self.folder / "sarif").write_text('{"version": "2.1.0"}')
        (self.folder / "html").write_text("<p>")
        (self.folder / "status").write_text(str(status))

    def given(self) -> list[str]:
        """Return the folder that it ran in last, and its arguments."""
        return list(json.loads((self.folder / "given.json").read_text()))


def git(where: Path, *arguments: str) -> str:
    """Run git with an identity and without anybody's settings."""
    settings = {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null"}
    whose = [f"GIT_{who}_{what}" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")]
    done = subprocess.run(
        ["git", *arguments],
        cwd=where,
        env={"PATH": os.environ["PATH"], **settings, **dict.fromkeys(whose, "x")},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


TEMPLATE = """\
AWSTemplateFormatVersion: '2010-09-09'
Resources:
  Things:
    Type: AWS::S3::Bucket
    DeletionPolicy: Delete
    Properties:
      BucketName: {name}
"""


class PullRequest:
    """A repository with a pull request, and what GitHub makes of it: a merge, to try it out.

    Attributes:
        folder: the repository, with the merge checked out.
        base: the base when the pull request was opened; the branch has moved on since.
        newer: the base's branch now, the merge's first parent.
        head: the pull request's own commit.
        merge: the merge.
    """

    def __init__(self, folder: Path) -> None:
        """Make it; the pull request gives a bucket another name."""
        self.folder = folder
        folder.mkdir()
        git(folder, "init", "--quiet", "--initial-branch=main")
        (folder / "cfngen.toml").write_text("")
        self.base = self.commit("output/shop.yaml", TEMPLATE.format(name="first-name"))
        git(folder, "checkout", "--quiet", "-b", "change")
        self.head = self.commit("output/shop.yaml", TEMPLATE.format(name="second-name"))
        git(folder, "checkout", "--quiet", "main")
        self.newer = self.commit("output/other.yaml", TEMPLATE.format(name="of-somebody-else"))
        git(folder, "checkout", "--quiet", "--detach")
        git(folder, "merge", "--quiet", "--no-ff", "--no-edit", "change")
        self.merge = git(folder, "rev-parse", "HEAD")

    def commit(self, name: str, text: str) -> str:
        """Commit a file and return the commit."""
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        git(self.folder, "add", "--all")
        git(self.folder, "commit", "--quiet", "--message", name)
        return git(self.folder, "rev-parse", "HEAD")
