"""Measures what the mirror program costs beside plain git, as ratios of CPU time in one run.

Both sides work on repositories on disk, over git's own protocol. What the receiving side does
counts for both, but in the rows of the sender alone, where a daemon serves the repositories, as
CodeCommit would. How to read it: README.md beside this file, "Mirroring".
"""

from __future__ import annotations

import argparse
import itertools
import os
import shutil
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median

from timing import PYTHON, ROOT, NotComparableError, Usage, adopt_orphans, busy, machine, run

sys.path.insert(0, str(ROOT / "tests"))

from support.many_refs import empty, git, large_history, many_refs

PROGRAM = ROOT / "blueprints/_shared/mirror/mirror.py"
HEADINGS = ("row", "runs", "target", "CPU ratio (min-max)", "CPU s", "wall s", "others' cores")


@dataclass
class Place:
    """A folder for sources, destinations and caches."""

    root: Path
    numbers: Iterator[int]
    server: str = ""
    served: bool = False

    def url(self, repository: Path) -> str:
        """Return the address of a repository: on disk, or at the server, if that is wanted."""
        below = repository.relative_to(self.root.parent)
        return f"{self.server}/{below}" if self.served else f"file://{repository}"

    def new(self) -> Path:
        """Return a destination that is empty."""
        return empty(self.root / f"destination{next(self.numbers)}.git")

    def program(self, source: Path, there: Path, cache: str, **settings: str) -> list[str]:
        """Return the command that mirrors."""
        told = {
            "MIRROR_SOURCE_URL": self.url(source),
            "MIRROR_DESTINATION_URLS": self.url(there),
            "MIRROR_DIR": str(self.root / f"{cache}.git"),
            **settings,
        }
        return ["env", *(f"{name}={value}" for name, value in told.items()), PYTHON, str(PROGRAM)]

    def plain(self, source: Path, there: Path) -> list[str]:
        """Return the command that pushes everything."""
        return ["git", f"--git-dir={source}", "push", "--quiet", "--mirror", self.url(there)]


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve the repositories in a folder by a daemon that is nobody's child; yield its address."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    number = folder / "daemon"
    run(["git", "daemon", "--detach", f"--pid-file={number}", "--export-all", "--reuseaddr",
         "--enable=receive-pack", "--listen=127.0.0.1", f"--port={port}",
         f"--base-path={folder}"])  # fmt: skip
    while not number.exists():
        time.sleep(0.1)
    try:
        yield f"git://127.0.0.1:{port}"
    finally:
        os.kill(int(number.read_text()), signal.SIGTERM)


Compare = Callable[[Place, Path], tuple[Usage, Usage]]


def measured(ours: list[str], theirs: list[str]) -> tuple[Usage, Usage]:
    """Run one command after the other, what the other has left having been written to disk."""
    run(["sync"])
    mine = run(ours)[0]
    run(["sync"])
    return mine, run(theirs)[0]


def first(place: Place, source: Path) -> tuple[Usage, Usage]:
    """Mirror for the first time, without a cache, against `git push --mirror`."""
    cache, mine, other = f"cache{next(place.numbers)}", place.new(), place.new()
    pair = measured(place.program(source, mine, cache), place.plain(source, other))
    show = ("for-each-ref", "--format=%(refname) %(objectname)")
    if not git(mine, *show) == git(other, *show) == git(source, *show):
        raise NotComparableError("the destinations are not what the source is")
    return pair


def sender(place: Place, source: Path) -> tuple[Usage, Usage]:
    """Mirror for the first time as `first`, counting what is done here and not at the servers."""
    return first(replace(place, served=True), source)


def unchanged(place: Place, source: Path) -> tuple[Usage, Usage]:
    """Find nothing to do, against listing both sides."""
    there = place.root / "equal.git"
    if not there.exists():
        run(["git", "clone", "-q", "--mirror", f"file://{source}", str(there)])
    listing = f"git ls-remote --symref 'file://{source}'; git ls-remote --symref 'file://{there}'"
    return measured(place.program(source, there, "unused"), ["sh", "-c", listing])


def changed(place: Place, source: Path) -> tuple[Usage, Usage]:
    """Mirror one changed ref, with a cache, against `git push --mirror` of the same."""
    mine, other, cache = (place.root / f"{name}-one.git" for name in ("mine", "other", "cache"))
    for there in (mine, other, cache):
        if not there.exists():
            run(["git", "clone", "-q", "--mirror", f"file://{source}", str(there)])
    main = git(source, "rev-parse", "refs/heads/main")
    tree = git(source, "rev-parse", "refs/heads/main^{tree}")
    made = git(source, "-c", "user.name=a", "-c", "user.email=a@b", "commit-tree", tree,
               "-p", main, "-m", "x")  # fmt: skip
    git(source, "update-ref", "refs/heads/main", made)
    pair = measured(place.program(source, mine, cache.stem), place.plain(source, other))
    if not git(mine, "rev-parse", "main") == git(other, "rev-parse", "main") == made:
        raise NotComparableError("the new commit has not arrived")
    return pair


def history(place: Place, source: Path) -> tuple[Usage, Usage]:
    """Mirror large history in pieces, against `git push --mirror`."""
    cache, mine, other = f"cache{next(place.numbers)}", place.new(), place.new()
    settings = {"MIRROR_PUSH_BYTES": "100e6"}
    pair = measured(place.program(source, mine, cache, **settings), place.plain(source, other))
    shutil.rmtree(place.root / f"{cache}.git")
    shutil.rmtree(mine)
    shutil.rmtree(other)
    return pair


def row(name: str, runs: int, target: str, compare: Compare, place: Place, source: Path) -> str:
    """Return a line of the table."""
    before, pairs = busy(), [compare(place, source) for _ in range(runs)]
    others = (busy() - before) / sum(one.wall for pair in pairs for one in pair)
    ratios = sorted(mine.cpu / other.cpu for mine, other in pairs)
    cpu, wall = (
        " / ".join(f"{median(getattr(pair[side], what) for pair in pairs):.2f}" for side in (0, 1))
        for what in ("cpu", "wall")
    )
    ratio = f"{median(ratios):.2f} ({ratios[0]:.2f}-{ratios[-1]:.2f})"
    return f"| {name} | {runs} | {target} | {ratio} | {cpu} | {wall} | {others:.1f} |"


def main() -> None:
    """Measure what is asked for, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--refs", type=int, nargs="*", default=[1000, 10_000, 100_000])
    parser.add_argument("--mib", type=int, default=1024, help="of history; 0 for none")
    parser.add_argument("--runs", type=int, default=3)
    arguments = parser.parse_args()
    print(machine(), run(["git", "--version"])[1], sep="; ")
    print("|".join(["", *HEADINGS, ""]), "|---" * len(HEADINGS) + "|", sep="\n", flush=True)
    with tempfile.TemporaryDirectory() as folder, served(Path(folder)) as server:
        adopt_orphans()  # those of the commands that are measured, and not the daemon
        for count in arguments.refs:
            place = Place(Path(folder) / str(count), itertools.count(), server)
            place.root.mkdir()
            source = many_refs(place.root / "source.git", count)
            for name, target, compare in (
                ("first", "3", first),
                ("first, sender alone", "", sender),
                ("unchanged", "1.5", unchanged),
                ("one changed", "", changed),
            ):
                title = f"{name}, {count:,} refs"
                told = row(title, arguments.runs, target, compare, place, source)
                print(told, flush=True)
            shutil.rmtree(place.root)
        if arguments.mib:
            place = Place(Path(folder) / "large", itertools.count())
            place.root.mkdir()
            source = large_history(place.root / "source.git", arguments.mib, 2**20)
            title = f"first, {arguments.mib:,} MiB of history"
            print(row(title, 1, "", history, place, source), flush=True)


if __name__ == "__main__":
    main()
