"""Pushes refs in batches, each only if the destination still has what was read."""

import re

import metrics
import source
import words
from git import GIT, HERE, git, run
from log import log, redact

BYTES = 100_000  # of arguments, about


def objects(refs):
    """Return what a push is told to set refs to.

    Without "^{object}" git would prefer a branch that is called like the value.
    """
    return {ref: value + "^{object}" for ref, value in refs.items()}


def push(there, changes, old, size):
    """Set refs of a destination ('' deletes), each by itself; return why some were refused."""
    # If refs/heads/refs/heads/x exists, a common slip, git cannot tell what refs/heads/x is and
    # gives up the push. Such a ref goes alone, by a wildcard.
    known = {*changes, *old}
    ambiguous = [r for r in changes if known & {f"refs/heads/{r}", f"refs/tags/{r}"}]
    rest = [r for r in changes if r not in ambiguous]
    size = min(size, BYTES // (99 + 2 * max(map(len, rest), default=0)))
    refused, broken = {}, 0
    for refs in [[r] for r in ambiguous] + [rest[n : n + size] for n in range(0, len(rest), size)]:
        specs = [f"{changes[r]}:{r}" for r in refs]
        if refs[0] in ambiguous and changes[refs[0]]:
            space = f"refs/staged/{refs[0]}/"
            git(HERE, "update-ref", space + refs[0][5:], changes[refs[0]])
            specs = [f"{space}*:refs/*"]
        # A lease forces the ref. A "+" would, too, but whatever the lease says.
        leases = [f"--force-with-lease={r}:{old.get(r, '')}" for r in refs]
        command = ("push", "--progress", "--porcelain", *leases, "--", there.url, *specs)
        status, out, err = run(*GIT, HERE, *command)
        results = re.findall(r"^(.)\t[^\t]*:(.+)\t(.*)$", out, re.M)
        rejected = {ref: why for flag, ref, why in results if flag == "!"}
        if words.damage(err):
            source.suspect()
        if not results:
            rejected = dict.fromkeys(refs, redact(err) or f"git: {status}")
            broken += 1
        log("pushed", url=redact(there.url), refs=len(refs) - len(rejected))
        metrics.count(there.figures, len(refs) - len(rejected), err)
        if rejected:
            told = words.said(err)
            log("refused", url=redact(there.url), refs=[*rejected][:20], said=told)
            more = "; " + told if told and results else ""
            refused.update((ref, (why + more)[:300]) for ref, why in rejected.items())
        if broken > 3:
            break
    return refused
