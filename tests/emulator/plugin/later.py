"""What services do later: waits between attempts, shortened, and how much is still to be done.

A minute of AWS's is a tenth of a second here. What waits when the emulator forgets is given up.
"""

from __future__ import annotations

import contextvars
import threading
import time
from collections.abc import Callable

USUAL_SPEED = 600.0  # seconds of AWS's that pass in one
SPEED = [USUAL_SPEED]
FORGOTTEN = [threading.Event()]
BUSY: set[threading.Thread] = set()


class GivenUpError(Exception):
    """The emulator has forgotten what this was about."""


def start(work: Callable[[], None]) -> None:
    """Do something beside the request at hand, in its account and region."""
    context, forgotten = contextvars.copy_context(), FORGOTTEN[0]

    def run() -> None:
        _EPOCH.set(forgotten)
        try:
            work()
        except GivenUpError:
            pass
        finally:
            BUSY.discard(threading.current_thread())

    thread = threading.Thread(target=context.run, args=(run,), daemon=True)
    BUSY.add(thread)
    thread.start()


_EPOCH: contextvars.ContextVar[threading.Event] = contextvars.ContextVar("epoch")


def wait(seconds: float) -> None:
    """Let some seconds of AWS's pass.

    Raises:
        GivenUpError: the emulator has forgotten everything meanwhile.
    """
    if _EPOCH.get().wait(seconds / SPEED[0]):
        raise GivenUpError


def settle(seconds: float) -> None:
    """Wait until nothing is left to do, or for some seconds of ours."""
    end = time.monotonic() + seconds
    while BUSY and time.monotonic() < end:
        time.sleep(0.02)


def forget() -> None:
    """Give up what waits."""
    FORGOTTEN[0].set()
    FORGOTTEN[0] = threading.Event()
    SPEED[0] = USUAL_SPEED
