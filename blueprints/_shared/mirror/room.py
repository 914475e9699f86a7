"""Makes room where a branch is to be a namespace of branches, or a namespace a branch."""


def parents(ref):
    """Yield the namespaces that a ref is in, from `refs` down."""
    end = ref.find("/")
    while end > 0:
        yield ref[:end]
        end = ref.find("/", end + 1)


def in_the_way(old, new):
    """Return refs that the source has no more and that keep new ones from being made."""
    coming = {r for r in new if r not in old}
    going = {r for r in old if r not in new}
    spaces = {space for ref in coming for space in parents(ref)}
    return {r for r in going if r in spaces or not coming.isdisjoint(parents(r))}


def stand_in(refs):
    """Return the name of a branch that is in nobody's way."""
    taken = {*refs, *(space for ref in refs for space in parents(ref))}
    names = (f"refs/heads/mirror-stand-in{end}" for end in ("", *range(2, len(taken) + 3)))
    return next(name for name in names if name not in taken)
