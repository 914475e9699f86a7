"""Fetches the source into the cache, and drops a cache that is broken."""

import shutil

from git import HERE, git, listing
from log import log
from settings import DIR, SOURCE

state = set()  # "suspect": a push met damage, perhaps; "fresh": the cache was dropped in this run


def suspect():
    """Have the cache looked at before the next fetch."""
    state.add("suspect")


def sweep():
    """Take away the locks of a killed run: no other is at work, we have the lock."""
    for left in DIR.rglob("*.lock"):
        left.unlink()


def fetch():
    """Fetch the source into MIRROR_DIR; return its branches and tags."""
    specs = ["+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*"]
    specs += ["+refs/none/*:refs/staged/*"]  # clears what `push` has left
    try:
        # Mends a half-made repository, and one whose empty folders a cache has lost.
        git("init", "--quiet", "--bare", "--template=", "--", str(DIR))
        if "suspect" in state:
            git(HERE, "fsck")
        state.discard("suspect")
        git(HERE, "fetch", "--quiet", "--prune", "--force", "--", SOURCE, *specs)
        show = ("for-each-ref", "--format=%(refname) %(objectname)", "refs/heads", "refs/tags")
        lines = git(HERE, *show).split("\n")
    except RuntimeError as why:
        listing(SOURCE)  # raises if the source is to blame
        if "fresh" in state:
            raise
        state.add("fresh")
        log("cache_dropped", reason=str(why))
        shutil.rmtree(DIR)
        return fetch()
    return dict(line.split(" ") for line in lines if line)
