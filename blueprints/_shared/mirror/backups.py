"""Keeps what a source destroys: a ref that is deleted or rewritten stays under a dated name."""

import re
from datetime import date

import metrics
from git import GIT, HERE, git, run
from log import log, redact
from pushes import push
from settings import KEEP_DAYS, TODAY

PLACE = "mirror-backup"
KEPT = re.compile(rf"refs/(?:heads|tags)/{PLACE}/(\d{{4}}-\d\d-\d\d)/.+@[0-9a-f]{{12}}")
# CodeCommit's names have at most 256 characters, and a file system's 255 bytes with ".lock".
NAME_BYTES = 200


def split(refs):
    """Return the refs of a repository without those that are kept here, and these."""
    ours = {r: v for r, v in refs.items() if KEEP_DAYS is not None and KEPT.fullmatch(r)}
    return {r: v for r, v in refs.items() if r not in ours}, ours


def kept_name(ref, value):
    """Return what a ref is kept as; the value makes it unique, and one name leads into no other."""
    kind, name = ref.split("/", 2)[1:]
    while len(name.encode(errors="surrogateescape")) > NAME_BYTES:
        name = name[:-1]
    return f"refs/{kind}/{PLACE}/{TODAY}/{name}@{value[:12]}"


def rewritten(ref, was, now):
    """Tell whether a change of a ref loses what it led to; a tag ought not to move at all."""
    if ref.startswith("refs/tags/"):
        return True
    # Also fails if the commit is not here, though all that the source has is.
    return bool(run(*GIT, HERE, "merge-base", "--is-ancestor", was, now)[0])


def keep(there, old, new, size):
    """Keep what refs are about to lose at a destination; return why some could not be kept."""
    if KEEP_DAYS is None:
        return {}
    changed = [r for r in old if r in new and old[r] != new[r]]
    moved = [r for r in changed if rewritten(r, old[r], new[r])]
    lost = {r: old[r] for r in (*moved, *(r for r in old if r not in new))}
    names = {r: kept_name(r, value) for r, value in lost.items()}
    missing = {names[r]: lost[r] for r in lost if names[r] not in there.kept}
    bring(there.url, [r for r in lost if names[r] in missing])
    refused = push(there, {r: f"{v}^{{object}}" for r, v in missing.items()}, there.kept, size)
    there.kept.update((r, v) for r, v in missing.items() if r not in refused)
    report(there, {r: [old[r], new.get(r), names[r]] for r in lost if names[r] in there.kept})
    return {r: f"not kept: {refused[name]}" for r, name in names.items() if name in refused}


def bring(url, refs):
    """Fetch what a destination's refs lead to, if it is not here: git pushes only what it has."""
    if refs:
        git(HERE, "fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--stdin", "--", url, feed="\n".join(refs))


def report(there, lost):
    """Tell of what was kept, once for each value of a ref."""
    for event in ("rewritten", "deleted"):
        found = {r: v for r, v in lost.items() if (event == "rewritten") == bool(v[1])}
        found = {r: v for r, v in found.items() if (r, v[0]) not in there.told}
        there.told.update((r, v[0]) for r, v in found.items())
        if found:
            names = dict([*found.items()][:20])
            log(event, url=redact(there.url), count=len(found), refs=names)
        if event == "rewritten":
            metrics.add(there.figures, "RefsRewritten", len(found))


def expire(there, size):
    """Delete what was kept for long enough; return why some could not be deleted."""
    past = {r: "" for r in there.kept if KEEP_DAYS and age(r) > KEEP_DAYS}
    if not past:
        return {}
    refused = push(there, past, there.kept, size)
    log("expired", url=redact(there.url), count=len(past) - len(refused))
    return refused


def age(ref):
    """Return the days since a ref was kept; a date that is none is never past."""
    try:
        return (date.fromisoformat(TODAY) - date.fromisoformat(KEPT.fullmatch(ref)[1])).days
    except ValueError:
        return 0
