"""Fetches the source into the cache, and drops a cache that is broken."""

import shutil
import time

import cache
import words
from git import GIT, HERE, FinalError, git, listing, run
from log import log, redact
from settings import DIR, PAUSE, SOURCE

SPECS = (
    *("+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*"),
    "+refs/none/*:refs/staged/*",  # of earlier versions
)
# The cache is "suspect" after a push that met damage, "whole" if checked, "fresh" if dropped.
state = set()


def suspect():
    """Have the cache checked before the next fetch."""
    state.add("suspect")


def fetch():
    """Fetch the source into MIRROR_DIR; return its branches and tags.

    Only a damaged cache is dropped, after a second attempt.
    """
    if "suspect" in state and spoilt():
        drop("a push met damage")
    state.discard("suspect")
    try:
        return attempt()
    except FinalError:
        raise
    except RuntimeError as why:
        listing(SOURCE)  # raises if the source is to blame
        log("fetching_again", reason=str(why))
    time.sleep(PAUSE)
    cache.sweep()
    try:
        return attempt()
    except RuntimeError as why:
        if not spoilt(str(why)):
            raise
        drop(str(why))
    return attempt()


def attempt():
    """Fetch once."""
    if DIR.exists() and any(DIR.iterdir()):
        # Restores what a killed run has not made, and folders that a cache has lost.
        git("init", "--quiet", "--bare", "--template=", "--", str(DIR))
        fetching = (HERE, "fetch", "--quiet", "--prune", "--force", "--", SOURCE, *SPECS)
    else:
        # Packs refs; a fetch makes a file for each, which takes minutes on EFS.
        fetching = ("clone", "--quiet", "--bare", "--no-local", "--template=")
        fetching += ("--", SOURCE, str(DIR))
    status, _, err = run(*GIT, *fetching)
    cache.forget_address()
    if status:
        raise RuntimeError(redact(err) or f"git: {status}")
    if err.strip() and "cloned an empty repository" not in err:
        log("warned", said=redact(err))
    if "shallow roots are not allowed" in err or cache.shallow():  # which git calls a success
        raise FinalError("it is a shallow clone: its history is cut off. Fetch the rest there")
    cache.pack()
    show = ("for-each-ref", "--format=%(refname) %(objectname)", "refs/heads", "refs/tags")
    return dict(line.split(" ") for line in git(HERE, *show).split("\n") if line)


def spoilt(err=""):
    """Tell whether the cache is to be dropped."""
    if state & {"fresh", "whole"} or words.only_the_line(err):
        return False
    # What fills a disk may be rewritten history.
    if "No space left" in err or not cache.whole():
        return True
    state.add("whole")
    return False


def drop(reason):
    """Begin with an empty cache."""
    state.add("fresh")
    log("cache_dropped", reason=reason)
    shutil.rmtree(DIR, ignore_errors=not DIR.exists())
