"""Makes CodeCommit repositories equal to a source git repository: same branches, same tags.

`python3 mirror.py` learns everything from its environment:

MIRROR_SOURCE_URL        what to copy
MIRROR_DESTINATION_URLS  where to, separated by whitespace
MIRROR_DIR               bare repository kept between runs: a restored cache, or EFS shared by runs
MIRROR_ROUNDS            how often to try until all are equal (5)
MIRROR_PAUSE             seconds to wait after the first round, twice that after the second... (2)
MIRROR_BATCH             most refs in one push (1000); CodeCommit refuses more than 4000
MIRROR_MAX_DELETIONS     most refs a run may delete at one destination (as many as it takes)
MIRROR_LOCK_SECONDS      how long to wait for another run with the same MIRROR_DIR (3000)

It prints one JSON object a line and ends with 0 (equal), 1 (not), 2 (bad configuration) or
128 + n (stopped by signal n).
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any, NamedTuple, NoReturn

CODECOMMIT = re.compile(
    r"(?:https://(?:[^/@]*@)?git-codecommit\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?/v1/repos/"
    r"|codecommit::([a-z0-9-]+)://(?:([^/@]+)@)?)([\w.-]+)/?"
)
GIT_CONFIG = {
    "safe.directory": "*",  # a restored cache may belong to another user
    "core.hooksPath": os.devnull,
    "gc.autoDetach": "false",  # nothing may touch MIRROR_DIR once the lock is given back
    "maintenance.autoDetach": "false",
    "fetch.unpackLimit": "1",  # packs, not thousands of small files: S3 and EFS are slow at those
    "push.followTags": "false",
}
PUSH_BYTES = 100_000  # of arguments; the kernel's limit is higher, but not everywhere by much
SHOWN = 20  # refs named in one log line


class Settings(NamedTuple):
    """What the environment asks for."""

    source: str
    destinations: list[str]
    folder: Path
    rounds: int
    pause: float
    batch: int
    deletions: float
    patience: float


class Listing(NamedTuple):
    """The branches and tags of a repository, and its default branch if it tells."""

    refs: dict[str, str]
    head: str


class Failure(Exception):
    """What git, aws or another run refused, in words fit for a log."""

    def __init__(self, text: str) -> None:
        """Keep the end of the text, where git says why; drop the credentials."""
        super().__init__(bare(text).strip()[-1000:])


class Stopped(BaseException):
    """The run was told to stop by the signal given."""


def bare(text: str) -> str:
    """Strip user and password from every URL in a text, or from an scp-like address."""
    return re.sub(r"^[^\s/@]+@(?=[^\s/]+:\S*$)", "", re.sub(r"://\S*@", "://", text))


def log(event: str, **facts: Any) -> None:
    """Print one line of JSON: no ref name, however hostile, can forge another."""
    print(json.dumps({"event": event, **facts}), flush=True)


def run(*command: str) -> tuple[int, str, str]:
    """Run a command to its end; return its status, output and errors."""
    pipe = subprocess.PIPE
    try:
        # A session of its own: git's helpers (ssh, pack-objects) can be stopped along with it.
        child = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe, start_new_session=True
        )
    except OSError as why:
        raise Failure(f"{command[0]}: {why}") from why
    with child:
        try:
            out, err = child.communicate()
        except BaseException:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGTERM)
            raise
    return child.returncode, os.fsdecode(out), os.fsdecode(err)


def git(*arguments: str) -> str:
    """Run git; return its output, or raise what it complained about."""
    status, out, err = run("git", *arguments)
    if status:
        raise Failure(err or f"git {arguments[0]} ended with {status}")
    return out


def listing(url: str) -> Listing:
    """Ask a repository for its branches, tags and default branch."""
    refs, head = {}, ""
    for line in git("ls-remote", "--symref", "--", url).split("\n"):
        value, _, ref = line.partition("\t")
        if value.startswith("ref: "):
            head = value[5:] if ref == "HEAD" else head
        elif ref.startswith(("refs/heads/", "refs/tags/")) and not ref.endswith("^{}"):
            refs[ref] = value
    return Listing(refs, head)


def batches(changes: Mapping[str, str], known: set[str], size: int) -> Iterator[dict[str, str]]:
    """Split changes into pushes of at most `size` refs and PUSH_BYTES of arguments.

    Git cannot tell refs/heads/x from refs/heads/refs/heads/x, a branch made by a common slip, and
    gives up the whole push. So a ref that has such a twin goes alone.
    """
    batch: dict[str, str] = {}
    room = PUSH_BYTES
    for ref, value in changes.items():
        if twin(ref, known):
            yield {ref: value}
            continue
        cost = 2 * len(os.fsencode(ref)) + 120
        if batch and (len(batch) == size or cost > room):
            yield batch
            batch, room = {}, PUSH_BYTES
        batch[ref] = value
        room -= cost
    if batch:
        yield batch


def twin(ref: str, known: set[str]) -> bool:
    """Tell whether git finds the ref's name ambiguous."""
    return f"refs/heads/{ref}" in known or f"refs/tags/{ref}" in known


class Mirror:
    """One run, from the source through the repository in MIRROR_DIR to the destinations."""

    def __init__(self, settings: Settings) -> None:
        """Start with every destination to do."""
        self.settings = settings
        self.git_dir = f"--git-dir={settings.folder}"
        self.todo = list(settings.destinations)
        self.remade = False
        self.deleted = dict.fromkeys(self.todo, 0)
        self.defaults: dict[str, str] = {}

    def run(self) -> bool:
        """Repeat rounds until all destinations are equal to the source; tell whether they are."""
        for stale in [*self.settings.folder.rglob("*.lock"), *self.tmp()]:
            stale.unlink()  # left by a run that was killed: we hold the lock, so nobody uses it
        rounds = self.settings.rounds
        for number in range(rounds):
            time.sleep(self.settings.pause * number)
            # Some refusals concern a whole push. Pushes shrink from round to round down to single
            # refs, so that in the end one bad ref stops no other.
            share = 1 - number / max(1, rounds - 1)
            troubles = self.round(round(self.settings.batch**share))
            for url, facts in troubles.items():
                last = number == rounds - 1
                log("failed" if last else "differs", url=bare(url), round=number + 1, **facts)
            if not troubles:
                return True
        return False

    def tmp(self) -> Iterator[Path]:
        """Find the half-written objects of a run that was killed."""
        return self.settings.folder.glob("objects/**/tmp_*")

    def round(self, size: int) -> dict[str, dict[str, Any]]:
        """Bring the destinations to the source's state; return what is wrong, by URL.

        The order keeps racing runs from rolling a destination back. Its refs are read first, the
        source after that, and a push changes a ref only if it is still as it was read (the
        lease). So what we replace was put there by a run that read the source before us. A run
        that pushes in between breaks the lease, and the next round reads everything anew.
        """
        source, troubles = self.settings.source, {}
        old: dict[str, Listing] = {}
        for url in self.todo:
            try:
                old[url] = listing(url)
            except Failure as why:
                troubles[url] = {"reason": str(why)}
        try:
            head = listing(source).head
            wanted = self.fetch()
        except (Failure, OSError) as why:
            return {source: {"reason": f"cannot read the source: {bare(str(why))}"}}
        log("fetched", refs=len(wanted))
        for url, was in old.items():
            try:
                reasons, refused = self.update(url, was, wanted, head, size)
                now, new = listing(source).refs, listing(url).refs
            except Failure as why:
                troubles[url] = {"reason": str(why)}
                continue
            differ = [ref for ref in sorted({*now, *new}) if now.get(ref) != new.get(ref)]
            if differ or reasons:
                refs = [
                    {"ref": r, "source": now.get(r), "destination": new.get(r), **refused.get(r, {})}
                    for r in differ[:SHOWN]
                ]
                troubles[url] = {"reason": "; ".join(reasons), "differing": len(differ), "refs": refs}
            else:
                log("equal", url=bare(url), refs=len(now))
                self.todo.remove(url)
        return troubles

    def fetch(self) -> dict[str, str]:
        """Fetch the source's branches and tags into MIRROR_DIR and return them."""
        folder = self.settings.folder
        spaces = ("heads/*", "tags/*")
        try:
            # Harmless if done before; mends a cache whose empty folders S3 did not keep.
            git("init", "--quiet", "--bare", "--template=", "--", str(folder))
            # refs/staged is our own (see send): fetching it from nowhere clears what is left.
            git(
                self.git_dir, "fetch", "--quiet", "--prune", "--force", "--no-tags", "--",
                self.settings.source, *(f"+refs/{s}:refs/{s}" for s in spaces),
                "+refs/staged/none/*:refs/staged/*",
            )
            form = "--format=%(objectname) %(refname)"
            status, out, err = run("git", self.git_dir, "for-each-ref", form, "refs/heads", "refs/tags")
            if status or err:
                raise Failure(err)
        except Failure as why:
            listing(self.settings.source)  # raises if it is the source that fails
            if self.remade:
                raise
            self.remake(str(why))
            return self.fetch()
        pairs = (line.partition(" ") for line in out.split("\n") if line)
        return {ref: value for value, _, ref in pairs}
