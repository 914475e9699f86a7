"""A pull request to review, and a stand-in for the command that reviews it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

# It notes what it was given, prints what a stranger could have written, and writes what is wanted.
STAND_IN = """\
#!{python}
import json, os, pathlib, sys
here = pathlib.Path({folder!r})
said = sys.argv[1:]
(here / "given.json").write_text(json.dumps([os.getcwd(), *said]))
print("::set-env name=PATH::/tmp\\n::error::made up")
sys.stderr.buffer.write((here / "complaint").read_bytes())
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
        self.complains("")
        self.says("**Nothing** of it is replaced.\n")

    def complains(self, text: str, *, status: int = 0) -> None:
        """Set what it says on standard error."""
        (self.folder / "complaint").write_bytes(text.encode())
        (self.folder / "status").write_text(str(status))

    def says(
        self, markdown: str, *, status: int = 0, empty: bool = False, unknown: bool = False
    ) -> None:
        """Set what it says: of a stack unless it is empty, and of what is unknown if there is."""
        review = {
            "stacks": [] if empty else [{"name": "a"}],
            "unknowns": [{"concern": "unknown"}] if unknown else [],
        }
        (self.folder / "markdown").write_text(markdown)
        (self.folder / "json").write_text(json.dumps(review))
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


FIRST, SECOND = TEMPLATE.format(name="first-name"), TEMPLATE.format(name="second-name")


@dataclass(frozen=True)
class Change:
    """The files that a base has, and those that a pull request writes."""

    base: dict[str, str]
    files: dict[str, str]


# It gives a bucket another name.
RENAMED = Change(
    {"cfngen.toml": "", "output/shop.yaml": FIRST},
    {"output/shop.yaml": SECOND},
)
# The same, where nobody looks for templates.
ELSEWHERE = Change({"stacks/shop.yaml": FIRST}, {"stacks/shop.yaml": SECOND})
# The same, and what was elsewhere is where it is looked for now.
MOVED = Change({"stacks/shop.yaml": FIRST}, {"output/shop.yaml": SECOND})
# The first templates of a repository.
ADOPTED = Change({"README.md": "A shop."}, {"cfngen.toml": "", "output/shop.yaml": FIRST})

# Templates that stay as they are.
UNTOUCHED = Change(RENAMED.base, {"notes.txt": "Bread."})


class PullRequest:
    """A repository with a pull request, and what GitHub makes of it: a merge, to try it out.

    Attributes:
        folder: the repository, with the merge checked out.
        base: the base when the pull request was opened; the branch has moved on since.
        newer: the base's branch now, the merge's first parent.
        head: the pull request's own commit.
        merge: the merge.
    """

    def __init__(self, folder: Path, change: Change = RENAMED) -> None:
        """Make it; somebody else has merged a template if there are others beside it."""
        self.folder = folder
        folder.mkdir()
        git(folder, "init", "--quiet", "--initial-branch=main")
        self.base = self.commit(change.base)
        git(folder, "checkout", "--quiet", "-b", "change")
        self.head = self.commit(change.files)
        git(folder, "checkout", "--quiet", "main")
        other = "output/other.yaml" if change is RENAMED else "other.txt"
        self.newer = self.commit({other: TEMPLATE.format(name="of-somebody-else")})
        git(folder, "checkout", "--quiet", "--detach")
        git(folder, "merge", "--quiet", "--no-ff", "--no-edit", "change")
        self.merge = git(folder, "rev-parse", "HEAD")

    def commit(self, files: dict[str, str]) -> str:
        """Commit files and return the commit."""
        for name, text in files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        git(self.folder, "add", "--all")
        git(self.folder, "commit", "--quiet", "--message", "x")
        return git(self.folder, "rev-parse", "HEAD")


RULE = """\
import pathlib
from cfnlint.rules import CloudFormationLintRule
pathlib.Path({mark!r}).touch()
class Trap(CloudFormationLintRule):
    id, shortdesc, description = "E9999", "x", "x"
"""
MODULES = (
    "cfngen", "cfnlint", "click", "json", "pip", "pydantic", "setuptools", "sitecustomize",
    "troposphere", "usercustomize", "venv", "yaml",
)  # fmt: skip


def plant(folder: Path, mark: Path) -> None:
    """Write code into a checkout that touches a file as soon as any of it is run.

    Rules that `.cfnlintrc` appends, modules that a Python which is not isolated would import,
    and blueprints.
    """
    trap = f"import pathlib\npathlib.Path({str(mark)!r}).touch()\n"
    (folder / ".cfnlintrc").write_text("append_rules:\n  - rules\n")
    for name in (*(f"{module}.py" for module in MODULES), "blueprints/__init__.py"):
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(trap)
    (folder / "rules").mkdir()
    (folder / "rules/Trap.py").write_text(RULE.format(mark=str(mark)))
    (folder / "setup.py").write_text(trap)
    (folder / "shop.egg-info").mkdir()
    (folder / "shop.egg-info/PKG-INFO").write_text(
        "Metadata-Version: 2.1\nName: shop\nVersion: 1\n"
    )
    (folder / "shop.egg-info/entry_points.txt").write_text(
        "[cfngen.blueprints]\nshop = blueprints\n"
    )
