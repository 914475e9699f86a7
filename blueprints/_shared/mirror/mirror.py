"""Makes CodeCommit repositories equal to a source git repository.

Prints one JSON object a line. Exit status: 0 equal, 1 not, 2 bad configuration, 143 SIGTERM.
"""

import fcntl
import os
import signal
import sys
import time
from contextlib import suppress

import cache
import settings
import source
from destination import Destination
from git import FinalError, listed, ls_remote, mirrored_lines
from log import log, redact
from settings import DIR, ROUNDS, SOURCE
from updates import settled, update

OWN = "/mirror-"  # refs so called may be our own
destinations = [Destination(url) for url in dict.fromkeys(settings.DESTINATIONS)]


def mirror(todo, size):
    """Bring destinations to the source's state; return errors by URL.

    A destination is read before the source, and a push changes a ref only if it is still as it was
    read. So no run rolls back what a faster one has brought; the next round reads all anew.
    """
    wrong, lines, old = {}, {}, {}
    for there in todo:
        try:
            lines[there] = there.read()
        except RuntimeError as why:
            wrong[there.url] = why
    try:
        ours = ls_remote(SOURCE)
        for there, theirs in lines.items():
            if not alike(there, theirs, ours):
                old[there] = there.parse(theirs)
        if not old:
            return wrong
        new, head = listed(ours)
        if not all(settled(was, new) for was in old.values()):
            new = source.fetch(new)
            log("fetched", refs=len(new))
    except RuntimeError as why:
        return {SOURCE: type(why)(f"cannot read the source: {why}")}
    for there, was in old.items():
        try:
            update(there, was, new, head, size)
            there.measure(failures=0)
        except RuntimeError as why:
            wrong[there.url] = why
    return wrong


def alike(there, theirs, ours):
    """Tell whether there is nothing to do, before any line is parsed: which takes longer."""
    same = mirrored_lines(ours)
    if settings.BRANCHES or OWN in same or mirrored_lines(theirs) != same:
        return False
    log("equal", url=redact(there.url), refs=same.count("\trefs/") - same.count("^{}"))
    there.measure(failures=0)
    return True


def lock():
    """Wait for other runs in MIRROR_DIR."""
    DIR.parent.mkdir(parents=True, exist_ok=True)
    end = time.monotonic() + settings.LOCK_SECONDS
    held = os.open(f"{DIR}.lock", os.O_CREAT | os.O_RDWR)
    while True:
        with suppress(BlockingIOError):
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)  # on EFS between machines, too
            return
        if time.monotonic() > end:
            raise RuntimeError("another run keeps MIRROR_DIR locked")
        time.sleep(0.2)


def main():
    """Mirror in rounds until all destinations equal the source."""
    lock()
    cache.sweep()
    todo, status = [*destinations], 0
    for n in range(ROUNDS):
        time.sleep(settings.PAUSE * n)
        # One ref may be why a whole push is refused, so pushes shrink to single refs.
        wrong = mirror(todo, round(settings.BATCH ** (1 - n / max(1, ROUNDS - 1))))
        for url, why in wrong.items():
            last = n == ROUNDS - 1 or isinstance(why, FinalError)
            status = 1 if last else status
            log("failed" if last else "retrying", url=redact(url), reason=str(why))
        wrong = {url for url, why in wrong.items() if not isinstance(why, FinalError)}
        todo = [there for there in todo if wrong & {there.url, SOURCE}]
        if not todo:
            break
    return status


def stop(number, _):
    """Stop git with its helpers, and leave."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    os.killpg(0, signal.SIGTERM)
    os.write(1, b'{"event": "stopped"}\n')
    if number == signal.SIGTERM:
        destinations.clear()  # no failure
        raise SystemExit(143)
    raise SystemExit(1)  # MIRROR_SECONDS have passed


def start():
    """Run; return the exit status."""
    if settings.problems:
        log("failed", problems=settings.problems)
        return 2
    os.environ.update(GIT_TERMINAL_PROMPT="0", LC_ALL="C")
    with suppress(OSError):
        os.setsid()  # fails if we lead a group already
    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGALRM, stop)
    signal.alarm(settings.SECONDS)
    to = [redact(d.url) for d in destinations]
    log("started", source=redact(SOURCE), destinations=to, branches=settings.BRANCHES)
    try:
        return main()
    except (RuntimeError, OSError, ValueError) as why:
        log("failed", reason=redact(str(why)))
        return 1
    finally:
        for there in destinations:
            there.measure(failures=1)


if __name__ == "__main__":
    sys.exit(start())
