"""Brings a destination to the source's state."""

from codecommit import untaken
from destination import backups, history, split
from git import FinalError, listing
from log import log, redact
from pushes import push
from settings import MAX_DELETIONS, SOURCE, carried

room = carried("room")
NAMES = 100  # refs in a line of the log


def settled(old, new):
    """Tell whether a destination has the source's refs."""
    new = split(new)[0]
    return old is new or old == new


def update(there, old, new, head, size):
    """Push what differs; raise what is wrong then."""
    new = split(new)[0]
    branches = [r for r in new if r.startswith("refs/heads/")]
    if settled(old, new):
        if problems := there.end(there.set_default(head, branches), size):
            raise RuntimeError("; ".join(problems))
        log("equal", url=redact(there.url), refs=len(new))
        return
    if not branches and (any(r.startswith("refs/heads/") for r in old) or (old and not new)):
        raise RuntimeError("the source has no branches to mirror: the destination stays as it is")
    never = untaken(there.url, new)
    # Refs that stay as they are, each with the reason.
    left = {**never, **backups.keep(there, old, new, size)} if backups else {**never}
    spare = {}
    there.held.clear()
    if room.in_the_way(old, new):
        old, spare = room.make_room(there, old, new, head, size, left)
    changes = {r: v for r, v in new.items() if old.get(r) != v and r not in left}
    left.update((history.bring if history else push)(there, changes, old, size))
    # Before the deletions: CodeCommit does not delete its default branch.
    problem = there.set_default(head, [r for r in branches if r in old or r not in left])
    want = split(listing(SOURCE)[0])[0]
    gone = [r for r in old if r not in new and r not in want and r not in left]
    left.update(there.delete(gone, old, size))
    left.update(push(there, dict.fromkeys(spare, ""), spare, size))
    compare(there, want, left, there.end(problem, size), {*never, *there.held})


def compare(there, want, left, problems, lasting):
    """Read the destination again; raise what is wrong, finally if another round mends nothing."""
    have = split(listing(there.url)[0])[0]
    differ = sorted(r for r in {*want, *have} if want.get(r) != have.get(r))
    held = sorted(there.held.intersection(differ))
    for n in range(0, len(held), NAMES):
        log("held_back", url=redact(there.url), limit=MAX_DELETIONS, refs=held[n : n + NAMES])
    if differ:
        refs = {r: [want.get(r), have.get(r), left.get(r)] for r in differ[:20]}
        log("differs", url=redact(there.url), refs=refs)
    elif not problems:
        log("equal", url=redact(there.url), refs=len(want))
        return
    final = not problems and lasting.issuperset(differ)
    raise (FinalError if final else RuntimeError)(reason(differ, held, left, problems))


def reason(differ, held, left, problems):
    """Say in a line what is wrong; what a server says of one ref is enough."""
    if held:
        names = ", ".join(r[:100] for r in held[:5])
        problems = [*problems, f"{len(held)} deletions exceed MIRROR_MAX_DELETIONS: {names}"]
    if differ:
        problems = [*problems, f"{len(differ)} refs differ"]
    told = [r for r in differ if r in left and r not in held]
    return "; ".join([*problems, *(f"{r[:300]}: {left[r]}" for r in told[:1])])
