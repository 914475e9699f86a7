"""Pushes refs in batches, each only if the destination still has what was read."""

import re

import source
import words
from git import GIT, run
from log import log, redact
from staging import ALL, STAGE, prepare, stage, stale

PROGRESS = "refs/tags/mirror-progress/"  # see history.py
BYTES = 100_000  # of arguments, about: deletions are named


def push(there, changes, old, size):
    """Set refs of a destination ('' deletes); return why some were refused."""
    if not changes:
        return {}
    prepare()
    # Beside refs/heads/refs/heads/x, git gives up a push of refs/heads/x, which thus goes alone.
    known = {*changes, *old}
    ambiguous = {r for r in changes if known & {f"refs/heads/{r}", f"refs/tags/{r}"}}
    rest = [r for r in changes if r not in ambiguous]
    if "" in changes.values():
        size = max(1, min(size, BYTES // (9 + max(map(len, rest), default=0))))
    refused, broken = {}, 0
    batches = [[r] for r in ambiguous] + [rest[n : n + size] for n in range(0, len(rest), size)]
    for refs in batches:
        rejected, answered = push_batch(there, {r: changes[r] for r in refs}, old)
        refused.update(rejected)
        broken += not answered
        if broken > 3:
            break
    return refused


def push_batch(there, batch, old):
    """Push at once; return why some were refused, and whether the destination answered."""
    moved = {}
    while True:
        stage(batch, old)
        # A wildcard forces all refs; the hook refuses those that have moved since they were read.
        specs = [f":{r}" for r, value in batch.items() if not value] or [ALL]
        command = ("push", "--progress", "--porcelain", "--", there.url, *specs)
        hooks = ("-c", f"core.hooksPath={STAGE}/hooks")
        status, out, err = run(*GIT, *hooks, f"--git-dir={STAGE}", *command)
        if not (found := [r for r in stale() if r in batch]):
            break
        moved.update(dict.fromkeys(found, "[rejected] (stale info)"))  # another run was faster
        batch = {r: value for r, value in batch.items() if r not in moved}
        if not batch:
            log("refused", url=redact(there.url), refs=[*moved][:20], said="")
            return moved, True
    if words.damage(err):
        source.suspect()
    results = re.findall(r"^(.)\t[^\t]*:(.+)\t(.*)$", out, re.M)
    pushed = {ref for flag, ref, _ in results if flag != "!"}
    told = words.said(err)
    more = "; " + told if told and results else ""
    why = dict.fromkeys(batch, redact(err) or f"git: {status}")  # for those it does not speak of
    why.update((ref, (reason + more)[:300]) for _, ref, reason in results)
    refused = {**moved, **{ref: why[ref] for ref in batch if ref not in pushed}}
    if not results or "unpack" in err:  # which may be for its size
        there.strained = True
    mirrored = [r for r in batch if not r.startswith(PROGRESS)]
    done = len(pushed.intersection(mirrored))
    there.count(done, err)
    if mirrored:
        log("pushed", url=redact(there.url), refs=done)
    if refused:
        log("refused", url=redact(there.url), refs=[*refused][:20], said=told)
    return refused, bool(results)
