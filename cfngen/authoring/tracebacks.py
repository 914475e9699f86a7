"""The frames that an exception came through, and whether it was raised on purpose."""

from __future__ import annotations

import dis
import os
from pathlib import Path
from types import TracebackType

OWN = str(Path(__file__).resolve().parents[1]) + os.sep
# Its wrappers stand for whoever called them.
WRAPPERS = str(Path(OWN, "deprecation.py"))
RAISE = dis.opmap["RAISE_VARARGS"]


def frames_of(error: BaseException) -> list[TracebackType]:
    """Return the frames that an exception came through, the innermost last."""
    frames = []
    traceback = error.__traceback__
    while traceback:
        frames.append(traceback)
        traceback = traceback.tb_next
    while frames and frames[-1].tb_frame.f_code.co_filename == WRAPPERS:
        frames.pop()
    return frames


def is_complaint(error: BaseException) -> bool:
    """Whether an exception was raised on purpose, so that its text is meant for a person.

    That of an exception which Python itself raises, such as a `KeyError`, is not.
    """
    frames = frames_of(error)
    if not frames:
        return False
    code = frames[-1].tb_frame.f_code.co_code
    return code[frames[-1].tb_lasti] == RAISE
