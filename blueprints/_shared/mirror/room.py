"""Makes room where a branch is to be a namespace of branches, or a namespace a branch."""

from git import listing
from pushes import push
from settings import SOURCE

VERSION = 1  # as in settings.py


def parents(ref):
    """Yield the namespaces that a ref is in, from `refs` down."""
    end = ref.find("/")
    while end > 0:
        yield ref[:end]
        end = ref.find("/", end + 1)


def in_the_way(old, new):
    """Return old refs, not among the new ones, beside which some new ref cannot be made."""
    coming = {r for r in new if r not in old}
    going = {r for r in old if r not in new}
    spaces = {space for ref in coming for space in parents(ref)}
    return {r for r in going if r in spaces or not coming.isdisjoint(parents(r))}


def stand_in(refs):
    """Return the name of a branch that is in nobody's way."""
    taken = {*refs, *(space for ref in refs for space in parents(ref))}
    names = (f"refs/heads/mirror-stand-in{end}" for end in ("", *range(2, len(taken) + 3)))
    return next(name for name in names if name not in taken)


def make_room(there, old, new, head, size, left):
    """Delete what is in the way of new refs; return what is there then, and a stand-in.

    CodeCommit does not delete its default branch, so another branch takes its place. If there is
    none that stays, one is made for the time being. What cannot be made is added to `left`.
    """
    want = listing(SOURCE)[0]
    stale = [r for r in in_the_way(old, new) if r not in want and r not in left]
    spare = {}
    if there.default in stale:
        stay = [r for r in old if r in new and r.startswith("refs/heads/")]
        if not stay:
            branches = [r for r in new if r.startswith("refs/heads/")]
            spare = {stand_in([*old, *new]): new.get(head, new[min(branches)])}
            push(there, spare, old, size)
            stay = [*spare]
        if why := there.set_default(head, stay):
            left[there.default] = why
            stale.remove(there.default)
    left.update(there.delete(stale, old, size))
    old = {r: v for r, v in old.items() if r not in stale or r in left}
    stuck = {r for r in old if r not in new}
    left.update(dict.fromkeys(in_the_way(new, stuck), "another ref is in the way"))
    return old, spare
