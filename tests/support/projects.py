"""Projects with templates in git, as reviews meet them."""

from __future__ import annotations

import subprocess
from pathlib import Path

WHO = ("-c", "user.name=A", "-c", "user.email=a@example.com", "-c", "init.defaultBranch=main")


def template(*buckets: str, kept: bool = False) -> str:
    """Return a template with buckets of these logical IDs."""
    policy = "    DeletionPolicy: Retain\n    UpdateReplacePolicy: Retain\n" if kept else ""
    return "Resources:\n" + "".join(
        f"  {name}:\n    Type: AWS::S3::Bucket\n{policy}" for name in buckets
    )


class Project:
    """A repository with a folder; commits are made with `commit`."""

    def __init__(self, top: Path) -> None:
        """Begin without a commit."""
        self.top = top
        top.mkdir(parents=True, exist_ok=True)
        self.git("init", "--quiet")

    def git(self, *arguments: str) -> str:
        """Run git as nobody in particular."""
        done = subprocess.run(
            ["git", "-C", str(self.top), *WHO, *arguments],
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.strip()

    def write(self, path: str, text: str) -> Path:
        """Write a file, and the folders on the way to it."""
        file = self.top / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        return file

    def commit(self, tag: str) -> None:
        """Commit everything, and tag it."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "-m", tag)
        self.git("tag", tag)
