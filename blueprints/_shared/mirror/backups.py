"""Keeps what a source destroys: a ref that is deleted or rewritten stays under a dated name."""

import os
import re
import time
from datetime import date

from git import GIT, HERE, git, run
from log import log, redact
from pushes import push
from settings import number, problems

VERSION = 1  # as in settings.py
PLACE = "mirror-backup"
KEPT = re.compile(rf"refs/(?:heads|tags)/{PLACE}/(\d{{4}}-\d\d-\d\d)/.+@[0-9a-f]{{12}}")
# CodeCommit's names have at most 256 characters, and a file system's 255 bytes with ".lock".
NAME_BYTES = 200
KEEP_DAYS = int(number("MIRROR_KEEP_DAYS", 0))  # 0 for ever
# The day of the run, in UTC: that of MIRROR_NOW, such as 2026-12-31T23:59:59Z, or of the clock.
TODAY = (os.environ.get("MIRROR_NOW") or time.strftime("%Y-%m-%d", time.gmtime()))[:10]
try:
    date.fromisoformat(TODAY)
except ValueError:
    problems.append(f"MIRROR_NOW: {TODAY!r} is no day")


def split(refs):
    """Return the refs of a repository without those that are kept here, and these."""
    ours = {r: v for r, v in refs.items() if KEPT.fullmatch(r)}
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
    changed = [r for r in old if r in new and old[r] != new[r]]
    moved = [r for r in changed if rewritten(r, old[r], new[r])]
    gone = [r for r in old if r not in new]
    names = {r: kept_name(r, old[r]) for r in moved + gone}
    missing = {r: name for r, name in names.items() if name not in there.kept}
    bring(there.url, {r: old[r] for r in missing})
    values = {name: old[r] for r, name in missing.items()}
    refused = push(there, values, there.kept, size)
    there.kept.update((name, v) for name, v in values.items() if name not in refused)
    for event, refs in (("rewritten", moved), ("deleted", gone)):
        told = {r: [old[r], new.get(r), names[r]] for r in refs if names[r] in there.kept}
        tell(there, event, told)
    return {r: f"not kept: {refused[name]}" for r, name in names.items() if name in refused}


def bring(url, refs):
    """Fetch what refs of a destination lead to, if it is not here: git pushes only what it has."""
    look = ("cat-file", "--batch-check=%(objectname)")
    told = git(HERE, *look, feed="".join(f"{v}\n" for v in refs.values()))
    missing = {*re.findall(r"^(\w+) missing$", told, re.M)}
    away = [r for r, v in refs.items() if v in missing]
    if away:
        fetching = ("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--stdin")
        git(HERE, *fetching, "--", url, feed="".join(f"{r}\n" for r in away))


def tell(there, event, refs):
    """Log what became of refs, once for each value that one had; count what was rewritten."""
    new = {r: facts for r, facts in refs.items() if (r, facts[0]) not in there.told}
    there.told.update((r, facts[0]) for r, facts in new.items())
    if new:
        log(event, url=redact(there.url), count=len(new), refs=dict([*new.items()][:20]))
    if event == "rewritten":
        there.figures["RefsRewritten"] += len(new)


def expire(there, size):
    """Delete what was kept for long enough; return what went wrong."""
    past = [r for r in there.kept if KEEP_DAYS and age(r) > KEEP_DAYS]
    if not past:
        return ""
    refused = push(there, dict.fromkeys(past, ""), there.kept, size)
    log("expired", url=redact(there.url), refs=len(past) - len(refused))
    return f"{len(refused)} refs cannot be deleted though they expired" if refused else ""


def age(ref):
    """Return the days since a ref was kept; a date that is none is never past."""
    try:
        return (date.fromisoformat(TODAY) - date.fromisoformat(KEPT.fullmatch(ref)[1])).days
    except ValueError:
        return 0
