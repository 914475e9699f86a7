"""A repository with nothing but the refs of one push, and the objects of the cache.

Git compares a ref that it is told to push with all others, which takes minutes if they are many.
So refs are pushed from a repository of their own, as `refs/*`. Source: git-pack-refs(1).
"""

import os
import shlex
import shutil
import sys
from pathlib import Path

from git import git
from settings import DIR

STAGE = DIR / "staged"
ALL = "+refs/*:refs/*"


def prepare():
    """Make the repository."""
    shutil.rmtree(STAGE, ignore_errors=True)
    git("init", "--quiet", "--bare", "--template=", "--", str(STAGE))
    (STAGE / "objects/info").mkdir(exist_ok=True)
    (STAGE / "objects/info/alternates").write_bytes(os.fsencode(DIR / "objects") + b"\n")
    hook = STAGE / "hooks/pre-push"
    hook.parent.mkdir()
    # It runs at every push, and starts in half the time without `site`.
    words = (sys.executable, "-IS", str(Path(__file__).with_name("leases.py")), str(STAGE))
    hook.write_text(f"#!/bin/sh\nexec {shlex.join(words)}\n")
    hook.chmod(0o755)
    if not os.access(hook, os.X_OK):  # git would push without it
        raise RuntimeError(f"{hook}: no program may run there")


def stage(changes, old):
    """Put refs into the repository ('' for none), to be pushed over old values only."""
    lines = [f"{value} {ref}\n" for ref, value in changes.items() if value]
    (STAGE / "packed-refs").write_bytes(os.fsencode("".join(lines)))
    expected = [f"{ref} {old.get(ref, '')}\n" for ref in changes]
    (STAGE / "expected").write_bytes(os.fsencode("".join(expected)))
    (STAGE / "stale").write_bytes(b"")


def stale():
    """Return the refs for which the hook has stopped the last push."""
    # A name may have other whitespace.
    return list(filter(None, os.fsdecode((STAGE / "stale").read_bytes()).split("\n")))
