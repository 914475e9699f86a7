"""Brings large history to a destination in pieces, oldest first, so that what arrived stays.

A run that is given up in the middle of a push of gigabytes has brought nothing, and servers refuse
pushes of some size: CodeCommit's user guide advises to push a large repository in increments. So
what is missing there is cut into pieces, each of which is pushed under a tag of our own. It is a
tag as the first branch in an empty repository becomes its default, and as builds follow branches.
When all refs are there, the tags go.

Source: CodeCommit user guide, "Migrate a repository incrementally".
"""

import os
import re
import threading
from contextlib import suppress

from git import HERE, pipe
from log import log, redact
from pushes import PROGRESS, push, push_batch
from settings import BATCH, DIR, PUSH_BYTES
from staging import prepare

VERSION = 1  # as in settings.py
LEAST_BYTES = min(PUSH_BYTES, 1_000_000)  # no smaller pieces, unless a commit is smaller


def split(refs):
    """Return the refs of a destination without the tags of pieces, and these."""
    ours = {r: v for r, v in refs.items() if r.startswith(PROGRESS) and r == PROGRESS + v[:16]}
    return ({r: v for r, v in refs.items() if r not in ours} if ours else refs), ours


def cached():
    """Return the bytes of history in the cache, which no push exceeds."""
    return sum(pack.stat().st_size for pack in DIR.glob("objects/pack/*.pack"))


def bring(there, changes, old, size):
    """Push refs, and before them pieces of large history; return why some were refused."""
    if cached() > there.push_bytes:
        push_pieces(there, changes.values(), old)
    there.strained = False
    refused = push(there, changes, old, size)
    if there.strained:
        smaller(there, cached())
    # Until some ref leads to what arrived, its tags have to.
    there.waiting = there.strained or (bool(changes) and refused.keys() >= changes.keys())
    return refused


def push_pieces(there, values, old):
    """Push pieces of what values lead to, until little is left."""
    prepare()
    while there.push_bytes >= LEAST_BYTES:
        there.strained = False
        known = [*old.values(), *there.progress.values()]
        done = pieces(there, walk([*values], known))
        if done or not there.strained:
            return
        smaller(there, there.push_bytes)


def smaller(there, attempted):
    """Have the next pieces for a destination smaller than one that it did not take."""
    there.push_bytes = max(min(there.push_bytes, attempted) // 4, LEAST_BYTES - 1)


def pieces(there, commits):
    """Push pieces of commits; tell whether all were taken."""
    size, ends = 0, {}
    for commit, parents, own in commits:
        if size and (size + own > there.push_bytes or len(ends) == BATCH):
            tags = {PROGRESS + end[:16]: end for end in ends}
            refused, _ = push_batch(there, tags, {})
            if refused:
                commits.close()
                return False
            there.progress.update(tags)
            log("history", url=redact(there.url), bytes=size, commits=[*ends][:20])
            size, ends = 0, {}
        for parent in parents:
            ends.pop(parent, None)
        ends[commit] = None
        size += own
    return True  # the rest comes with the refs


def walk(values, known):
    """Yield commits that lead to values and not to known ones: id, parents, bytes they add.

    Parents come before their children. The bytes are those of objects as they are in the cache.
    """
    revisions = "".join(f"{v}\n" for v in values) + "".join(f"^{v}\n" for v in {*known})
    listing = ("rev-list", "--topo-order", "--reverse", "--objects", "--in-commit-order")
    shown = ("--no-object-names", "--format=%P", "--ignore-missing", "--stdin")
    sizes = ("cat-file", "--batch-check=%(objectsize:disk) %(rest)", "--buffer")
    lister, sizer = pipe(HERE, *listing, *shown), pipe(HERE, *sizes)
    relaying = threading.Thread(target=relay, args=(os.fsencode(revisions), lister, sizer))
    relaying.start()
    try:
        yield from sized(sizer.stdout)
    finally:
        for child in (lister, sizer):
            child.kill()
        relaying.join()
        for child in (lister, sizer):
            child.stdout.close()
            child.wait()


def relay(revisions, lister, sizer):
    """Hand the ids that one git lists to another one that knows sizes."""
    # An error if a git has been stopped: nobody wants the rest then.
    with suppress(OSError, ValueError), sizer.stdin as ask:
        with lister.stdin as first:
            first.write(revisions)
        for line in lister.stdout:
            if line.startswith(b"commit "):
                commit = line[7:-1]
                ask.write(b"%b commit %b %b" % (commit, commit, next(lister.stdout, b"\n")))
            else:
                ask.write(line)


def sized(lines):
    """Yield id, parents and bytes of each commit of the sizes in lines."""
    commit, parents, size = "", [], 0
    for line in lines:
        number, *rest = line.split()
        if not re.fullmatch(rb"\d+", number):
            continue  # missing
        if rest:
            if commit:
                yield commit, parents, size
            commit, *parents = (word.decode() for word in rest[1:])
            size = 0
        size += int(number)
    if commit:
        yield commit, parents, size


def clear(there, size):
    """Delete the tags of pieces; return what went wrong."""
    gone = dict.fromkeys(there.progress, "")
    refused = push(there, gone, there.progress, size)
    there.progress = {r: v for r, v in there.progress.items() if r in refused}
    return f"{len(refused)} tags of pieces cannot be deleted" if refused else ""
