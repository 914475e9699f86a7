"""Shares work among forks of this process, where it is worth it."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any, TypeVar

T = TypeVar("T")

MIN_SHARED = 40  # templates; for fewer, a fork and what it sends back take longer than it saves
CHUNK = 10  # templates that a process takes at a time

_work: Callable[[str], Any] | None = None  # of a forked process


def available_processes() -> int:
    """Return how many processes can share work: one where a fork is not safe."""
    if sys.platform != "linux" or threading.active_count() > 1:
        return 1
    return len(os.sched_getaffinity(0))


def each(work: Callable[[str], T], names: Sequence[str], processes: int = 1) -> list[T]:
    """Return what some work returns for each name, in the order of the names.

    Where processes share it, they are forks: what they work with is not sent to them, and what
    they return is. If one of them is killed, this process does it all.
    """
    if processes > 1 and len(names) >= MIN_SHARED:
        fork = multiprocessing.get_context("fork")
        try:
            with ProcessPoolExecutor(processes, fork, _begin, (work,)) as pool:
                return list(pool.map(_do, names, chunksize=CHUNK))
        except BrokenProcessPool:
            pass
    return [work(name) for name in names]


def _begin(work: Callable[[str], Any]) -> None:
    """Take the work over in a fork, which Ctrl-C ends without a word."""
    global _work  # a fork has one work, and its pool has no other place for it
    _work = work
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _do(name: str) -> Any:
    assert _work is not None  # noqa: S101 - each fork begins with it
    return _work(name)
