"""Fetches the source into the cache, and drops a cache that is broken."""

import shutil
import time

import cache
import words
from git import GIT, HERE, WANTED, FinalError, git, listing, mirrored, run
from log import log, redact
from settings import BRANCHES, DIR, PAUSE, SOURCE

SPECS = (
    "+refs/tags/*:refs/tags/*",
    "+refs/none/*:refs/staged/*",  # of earlier versions
    *(["+refs/none/*:refs/heads/*"] if BRANCHES else []),  # drops those not mirrored any more
)
# The cache is "suspect" after a push that met damage, "whole" if checked, "fresh" if dropped.
state = set()


def suspect():
    """Have the cache checked before the next fetch."""
    state.add("suspect")


def fetch(refs):
    """Fetch the source, which has some refs, into MIRROR_DIR; return what is mirrored of them.

    Only a damaged cache is dropped, after a second attempt.
    """
    if "suspect" in state and spoilt():
        drop("a push met damage")
    state.discard("suspect")
    try:
        return attempt(refs)
    except FinalError:
        raise
    except RuntimeError as why:
        refs = listing(SOURCE)[0]  # raises if the source is to blame
        log("fetching_again", reason=str(why))
    time.sleep(PAUSE)
    cache.sweep()
    try:
        return attempt(refs)
    except RuntimeError as why:
        if not spoilt(str(why)):
            raise
        drop(str(why))
    return attempt(refs)


def attempt(refs):
    """Fetch once."""
    if BRANCHES or (DIR.exists() and any(DIR.iterdir())):
        # Restores what a killed run has not made, and folders that a cache has lost.
        git("init", "--quiet", "--bare", "--template=", "--", str(DIR))
        # Git fails if a name, unlike a pattern, is not there.
        there = (b for b in WANTED if "*" in b or f"refs/heads/{b}" in refs)
        specs = (*(f"+refs/heads/{b}:refs/heads/{b}" for b in there), *SPECS)
        fetching = (HERE, "fetch", "--quiet", "--prune", "--force", "--", SOURCE, *specs)
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
    return mirrored(git(HERE, "for-each-ref", "--format=%(objectname)%09%(refname)"))


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
