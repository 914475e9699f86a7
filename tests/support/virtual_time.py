"""Virtual time: programs run as they are, in threads of which one runs at a time.

Time passes only while all of them sleep, so hours take seconds, and each run is the same.
"""

from __future__ import annotations

import heapq
import itertools
import threading
from collections.abc import Callable
from typing import Any


class KilledError(BaseException):
    """A process is killed: raised in it where it sleeps, past all that handles exceptions."""


class Process:
    """A thread that runs in virtual time.

    Attributes:
        owner: whose it is; all of an owner's processes are killed together.
        killed: whether it ends where it sleeps.
    """

    def __init__(self, clock: Clock, function: Callable[[], Any], owner: Any) -> None:
        """Make it; it begins once the clock lets it."""
        self.clock, self.function, self.owner, self.killed = clock, function, owner, False
        self.go = threading.Semaphore(0)
        self.error: BaseException | None = None
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self) -> None:
        """Run, from when it is let to its end."""
        self.go.acquire()
        self.clock.running.here = self
        try:
            if not self.killed:
                self.function()
        except KilledError:
            pass
        except BaseException as error:  # the clock raises it
            self.error = error
        self.clock.back.release()


class Clock:
    """A clock, and the processes that sleep by it.

    Attributes:
        now: seconds since the beginning.
    """

    def __init__(self) -> None:
        """Begin."""
        self.now = 0.0
        self.order = itertools.count()
        self.sleeping: list[tuple[float, int, Process]] = []
        self.back = threading.Semaphore(0)
        self.running = threading.local()

    @property
    def owner(self) -> Any:
        """Whose process it is that runs."""
        return self.running.here.owner

    def spawn(self, function: Callable[[], Any], owner: Any = None, after: float = 0) -> None:
        """Start a process, after some seconds."""
        self._push(Process(self, function, owner), after)

    def sleep(self, seconds: float) -> None:
        """Sleep in the process that runs."""
        here: Process = self.running.here
        self._push(here, seconds)
        self.back.release()
        here.go.acquire()
        if here.killed:
            raise KilledError

    def kill(self, owner: Any) -> None:
        """Kill the processes of an owner, where they sleep."""
        for number, (_, order, process) in enumerate(self.sleeping):
            if process.owner is owner:
                process.killed = True
                self.sleeping[number] = (self.now, order, process)
        heapq.heapify(self.sleeping)

    def run(self, until: float) -> None:
        """Let time pass."""
        while self.sleeping and self.sleeping[0][0] <= until:
            self.now, _, process = heapq.heappop(self.sleeping)
            process.go.release()
            self.back.acquire()
            if process.error:
                raise process.error
        self.now = until

    def end(self) -> None:
        """End all processes."""
        for _, _, process in self.sleeping:
            process.killed = True
        self.run(self.now + 1e9)

    def _push(self, process: Process, seconds: float) -> None:
        heapq.heappush(self.sleeping, (self.now + seconds, next(self.order), process))
