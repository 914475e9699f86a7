"""Runs git, and reads what repositories elsewhere have."""

import functools
import os
import re
import subprocess

from log import redact
from settings import BRANCHES, DIR

GIT = [
    *("git", "-c", "safe.directory=*"),  # of another user, if restored
    *("-c", "gc.autoDetach=false", "-c", "maintenance.autoDetach=false"),  # under the lock
    *("-c", "fetch.unpackLimit=1"),  # S3 and EFS are slow at many files
    *("-c", "core.fsync=none"),  # what a crash spoils is fetched again
    *("-c", "transfer.fsckObjects=false", "-c", "fetch.fsckObjects=false"),  # old history is odd
]
HERE = f"--git-dir={DIR}"
# With those that a mirror has of its own: see room.py and backups.py.
WANTED = [*BRANCHES, "mirror-stand-in*", "mirror-backup/*"] if BRANCHES else ["*"]
NAMES = "|".join(re.escape(b).replace(r"\*", r"[^^\n]*") for b in WANTED)
MIRRORED = re.compile(rf"refs/(?:tags/[^^\n]+|heads/(?:{NAMES}))")


class FinalError(RuntimeError):
    """What another round would not mend."""


def run(*command, feed=""):
    """Run a command; return its status, output and errors."""
    try:
        child = subprocess.run(command, input=os.fsencode(feed), capture_output=True)
    except OSError as why:
        return 1, "", str(why)
    return child.returncode, os.fsdecode(child.stdout), os.fsdecode(child.stderr)


def pipe(*arguments):
    """Start a git that is to be fed while it is read; its errors are dropped."""
    ends = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    return subprocess.Popen([*GIT, *arguments], **ends)


def git(*arguments, feed=""):
    """Run git; return its output or raise its errors."""
    status, out, err = run(*GIT, *arguments, feed=feed)
    if status:
        raise RuntimeError(redact(err) or f"git: {status}")
    return out


def ls_remote(url):
    """Return the lines about the refs of a repository."""
    return git("ls-remote", "--symref", "--", url)


def section(out, kind):
    """Return the lines about one kind of refs, for git sorts them."""
    first, last = out.find(f"\trefs/{kind}/"), out.rfind(f"\trefs/{kind}/")
    return out[out.rfind("\n", 0, first) + 1 : out.find("\n", last) + 1] if last > 0 else ""


def mirrored_lines(out):
    """Return the lines that say all that is mirrored, and nothing else if refs are sorted."""
    default = re.match(r"ref: [^\n]+\n|", out)[0]
    return default + section(out, "heads") + section(out, "tags")


def listing(url):
    """Return what is mirrored of a repository's refs, and its default branch or ''."""
    return listed(ls_remote(url))


def listed(out):
    """Return what is mirrored of refs, and the default branch or '', of lines about them."""
    # HEAD comes first. What follows is mostly the same on both sides, and then read once.
    head = re.match(r"(?:ref: ([^\n]+)\tHEAD\n)?(?:\w+\tHEAD\n)?", out)
    default = MIRRORED.fullmatch(head[1] or "")
    return mirrored(out[head.end() :]), default[0] if default else ""


@functools.lru_cache(maxsize=4)
def mirrored(lines):
    """Return the refs in what `git ls-remote` says that are mirrored, to be read only."""
    refs = re.findall(rf"^(\w+)\t({MIRRORED.pattern})$", lines, re.M)
    return {ref: value for value, ref in refs}
