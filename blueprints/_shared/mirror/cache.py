"""The repository that is kept between runs."""

import os
import re
import shutil

from git import GIT, HERE, git, run
from settings import DIR

# What `git fsck` says of objects that are odd but whole, as in old history.
ODDITY = re.compile(
    r"(error|warning) in \w+ [0-9a-f]+: |(notice|warning): |(dangling|unreachable) "
)
LOOSE = 500  # refs that may have a file each
# Below DIR: branches, below refs, may be called so.
LEFT = (
    *("objects/pack/*.keep", "objects/pack/tmp_*", "objects/pack/.tmp-*"),
    *("objects/??/tmp_obj_*", "objects/tmp_*", "objects/incoming-*", "objects/info/*/tmp_*"),
    *("packed-refs.new", "gc.pid"),
)


def sweep():
    """Remove what a killed git has left."""
    for left in DIR.rglob("*.lock"):  # no ref is called so
        left.unlink()
    found = [left for pattern in LEFT for left in DIR.glob(pattern)]
    # The index comes last: without one, git does not see the pack.
    packs = DIR.glob("objects/pack/pack-*.*")
    found += [pack for pack in packs if not pack.with_suffix(".idx").exists()]
    for left in {*found}:
        shutil.rmtree(left) if left.is_dir() else left.unlink()


def forget_address():
    """Take the source's address, which may have a password, out of the configuration."""
    run(*GIT, HERE, "config", "--remove-section", "remote.origin")  # fails if it is not there


def shallow():
    """Tell whether history is cut off, and begin anew if it is."""
    found = (DIR / "shallow").exists()
    if found:
        shutil.rmtree(DIR)
    return found


def pack():
    """Put refs into one file if they are many."""
    if sum(len(files) for _, _, files in os.walk(DIR / "refs")) > LOOSE:
        git(HERE, "pack-refs", "--all")


def whole():
    """Tell whether no object is missing or damaged."""
    status, out, err = run(*GIT, HERE, "fsck", "--no-dangling", "--no-progress")
    wrong = [line for line in (out + err).splitlines() if not ODDITY.match(line)]
    return not wrong and (not status or bool(err))
