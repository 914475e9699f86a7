"""Reads a git repository; nothing in it is changed, no hook is run."""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from cfngen.errors import CfngenError, did_you_mean

# Blobs that a clone lacks would be fetched; no question is asked, and no commit read as another.
QUIET = {
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
}
# Where git looks for a name, and what may stand behind it.
PLACES = ("refs/{}", "refs/tags/{}", "refs/heads/{}", "refs/remotes/{}")
BEHIND = re.compile(r"[~^@:].*", re.DOTALL)
REFERENCES = ("refs/heads", "refs/remotes", "refs/tags")  # branches first
MAX_NAMED = 5  # revisions that a message lists
UNKNOWN = "no file, directory or git revision of that name"


@dataclass(frozen=True)
class Listed:
    """One thing in a commit: its path from the root, git's mode and type, its digest and size."""

    path: str
    mode: str
    type: str
    digest: str
    size: int


class Repository:
    """The repository around a path, which itself need not exist any more."""

    def __init__(self, path: Path) -> None:
        """Start at the nearest directory that exists."""
        path = Path(os.path.abspath(path))  # noqa: PTH100 - links are not followed
        self.start = next(directory for directory in (path, *path.parents) if directory.is_dir())

    @property
    def top(self) -> Path:
        """The directory that paths in a commit start from."""
        inside = self._git("rev-parse", "--show-prefix").decode().rstrip("\n")
        depth = len(Path(inside).parts)
        return self.start.parents[depth - 1] if depth else self.start

    def commit(self, revision: str) -> str:
        """Return the digest of a commit.

        Raises:
            CfngenError: there is no such revision, or no repository.
        """
        self._git("rev-parse", "--git-dir")  # or it says why there is none
        try:
            digest = self._git(
                "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}"
            )
        except CfngenError:
            raise CfngenError(f"{revision}: {UNKNOWN}{self._hint(revision)}") from None
        self._refuse_two(revision)
        return digest.decode().strip()

    def knows(self, revision: str) -> bool:
        """Whether there is such a revision, in a repository."""
        try:
            self._git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{}}")
        except CfngenError:
            return False
        return True

    def _refuse_two(self, revision: str) -> None:
        """Refuse a name that a branch and a tag have, if they are different commits."""
        name = BEHIND.sub("", revision)
        if not name or set(name) & set("*?[\\"):
            return
        locations = [location.format(name) for location in PLACES]
        listed = self._git(
            "for-each-ref", "--format=%(refname) %(objectname) %(*objectname)", *locations
        )
        refs = {line.split()[0]: line.split()[-1] for line in listed.decode().splitlines()}
        refs = {ref: digest for ref, digest in refs.items() if ref in locations}
        if len(set(refs.values())) > 1:
            raise CfngenError(f"{revision}: could be {' or '.join(refs)}; write the full name")

    def merge_base(self, left: str, right: str) -> str:
        """Return the common ancestor of two revisions.

        Raises:
            CfngenError: one of them is none, or there is no such commit.
        """
        commits = self.commit(left), self.commit(right)
        try:
            return self._git("merge-base", *commits).decode().strip()
        except CfngenError:
            raise CfngenError(
                f"{left}...{right}: no common ancestor; in a shallow clone, fetch more"
            ) from None

    def listed(self, commit: str, path: str, *, recursively: bool = True) -> list[Listed]:
        """Return what is below a directory of a commit, or the entry at a path without a slash."""
        options = ["-r"] if recursively else []
        where = [path] if path not in ("", "/", "./") else []
        answer = self._git("ls-tree", *options, "-l", "-z", "--full-tree", commit, *where)
        things = []
        for line in filter(None, answer.decode("utf-8", "surrogateescape").split("\0")):
            about, _, name = line.partition("\t")
            mode, type_, digest, size = about.split()
            things.append(Listed(name, mode, type_, digest, int(size) if size != "-" else 0))
        return things

    def containing(self, commit: str, word: str, suffixes: tuple[str, ...]) -> list[str]:
        """Return the paths of a commit's text files that contain a word."""
        patterns = [f":(top)*{suffix}" for suffix in suffixes]
        options = ("-l", "-I", "-z", "-F", "--full-name")
        try:
            answer = self._git("grep", *options, "-e", word, commit, "--", *patterns)
        except CfngenError:  # it fails where there is none
            return []
        names = answer.decode("utf-8", "surrogateescape").split("\0")
        return [name.partition(":")[2] for name in names if name]

    def blobs(self, digests: list[str]) -> list[bytes]:
        """Return the contents of many files, from one process.

        Raises:
            CfngenError: one of them is not in this clone.
        """
        if not digests:
            return []
        wanted = "".join(f"{digest}\n" for digest in digests).encode()
        answer = self._git("cat-file", "--batch", feed=wanted)
        blobs, start = [], 0
        for _ in digests:
            end = answer.index(b"\n", start)
            header = answer[start:end]
            if header.endswith(b" missing"):
                raise CfngenError(f"{header.decode()}: not in this clone; fetch it first")
            size = int(header.split()[2])
            blobs.append(answer[end + 1 : end + 1 + size])
            start = end + size + 2
        return blobs

    def inside(self, path: Path) -> str:
        """Return a path as git has it, from the root of the repository."""
        prefix = self._git("rev-parse", "--show-prefix").decode().rstrip("\n")
        relative = os.path.relpath(path.absolute(), self.start)
        return os.path.normpath(os.path.join(prefix, relative))  # noqa: PTH118 - git's own paths

    def _hint(self, revision: str) -> str:
        if ".." in revision:
            left, right = (part or "HEAD" for part in revision.split("..", 1))
            return f"; write `{left} {right.lstrip('.')}`, or `{left}...{right.lstrip('.')}`"
        listed = self._git("for-each-ref", "--format=%(refname:short)", *REFERENCES)
        references = listed.decode().split()
        shallow = self._git("rev-parse", "--is-shallow-repository").strip() == b"true"
        fetch = "; the clone is shallow, fetch it first" if shallow else ""
        if elsewhere := [name for name in references if name.endswith(f"/{revision}")]:
            return f"; did you mean {' or '.join(map(repr, elsewhere))}?"
        names = [path.name for path in Path().iterdir()]
        if advice := did_you_mean(revision, references) or did_you_mean(revision.strip("/"), names):
            return advice
        if fetch or not references:
            return fetch
        more = f" and {len(references) - MAX_NAMED} more" if len(references) > MAX_NAMED else ""
        return f"; there are {', '.join(references[:MAX_NAMED])}{more}"

    def _git(self, *arguments: str, feed: bytes | None = None) -> bytes:
        try:
            done = subprocess.run(  # noqa: S603 - no shell, and no argument is taken for an option
                ["git", "-C", str(self.start), *arguments],  # noqa: S607 - the user's own git
                input=feed,
                capture_output=True,
                env=os.environ | QUIET,
                check=False,
            )
        except FileNotFoundError:
            raise CfngenError("git is not installed; compare two directories instead") from None
        if done.returncode:
            reason = done.stderr.decode(errors="replace").strip().partition("\n")[0]
            raise CfngenError(reason.removeprefix("fatal: "))
        return done.stdout
