"""Tells mistakes of a blueprint's author from bugs of cfngen, and says where they were made.

An exception is a mistake of the author if the innermost frame, leaving out the libraries that a
blueprint calls, is in the author's own package. One that was raised on purpose inside cfngen or
troposphere complains of what it was given, so the line that called them is named. Anything else
that happens inside cfngen is a bug of cfngen, and passes unchanged.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any

from cfngen.authoring.tracebacks import OWN, WRAPPERS, frames_of, is_complaint
from cfngen.errors import BlueprintError, CfngenError
from cfngen.paths import display_path

PATTERNS = str(Path(OWN, "patterns")) + os.sep
PACKAGES = ("site-packages", "dist-packages")


@contextmanager
def author_mistakes(directory: str) -> Iterator[None]:
    """Raise mistakes that are made in a directory as a `BlueprintError` with file and line.

    A `CfngenError` stays what it is, and learns its file and line. Bugs of cfngen pass unchanged.

    Args:
        directory: the directory of the author's package.

    Raises:
        BlueprintError: caused by the exception that was raised.
    """
    try:
        yield
    except CfngenError as error:
        if not error.file and (place := _innermost(frames_of(error), directory)):
            locate(error, *_place(place))
        raise
    except (Exception, SystemExit) as error:
        mistake = mistake_of(error, directory)
        if mistake is None:
            raise
        raise mistake from error


def mistake_of(error: BaseException, directory: str) -> BlueprintError | None:
    """Return what an author's code in a directory got wrong; nothing for a bug of cfngen."""
    from cfngen.authoring.mistake_messages import message_of, syntax_message  # troposphere

    if isinstance(error, SyntaxError) and _is_below(error.filename or "", directory):
        return blueprint_error(syntax_message(error), error.filename or "", error.lineno or 1)
    frames = frames_of(error)
    place = _innermost(frames, directory)
    if place is None or _is_own_bug(error, frames, place):
        return None
    message, line = message_of(error, frames, place)
    file, place_line = _place(place)
    innermost = frames[-1].tb_frame.f_code.co_filename
    own = _own_frames(frames, place)
    if own and not is_complaint(error) and "()" not in message:
        pattern = own[0].tb_frame.f_code.co_name
        message += f" (in the pattern {pattern}(); --traceback shows where)"
    if innermost != file and not _is_library(innermost):
        message += f" (raised at {display_path(innermost)}:{frames[-1].tb_lineno})"
    return blueprint_error(message, file, line or place_line)


def blueprint_error(message: str, file: str, line: int) -> BlueprintError:
    """Return an error whose text begins with the file, as one would type it, and the line."""
    error = BlueprintError(message)
    locate(error, file, line)
    return error


def locate(error: CfngenError, file: str, line: int) -> None:
    """Give an error its file and line, also in front of each line of its text."""
    place = f"{display_path(file)}:{line}: "
    error.file, error.line = file, line
    error.problems = tuple(place + problem for problem in error.problems)
    error.args = ("\n".join(error.problems) or f"{place}{error}",)


def together(mistakes: list[BlueprintError]) -> BlueprintError:
    """Return one error for several mistakes, a line each; `file` and `line` are of the first."""
    error = BlueprintError("\n".join(map(str, mistakes)))
    error.file, error.line = mistakes[0].file, mistakes[0].line
    error.problems = tuple(map(str, mistakes))
    return error


def directory_of(function: Callable[..., Any]) -> str:
    """Return the directory of a function's package; that of its file, if it is in none."""
    package = sys.modules.get(function.__module__.partition(".")[0])
    for directory in getattr(package, "__path__", ()):
        return str(directory)
    return os.path.dirname(function.__code__.co_filename)  # noqa: PTH120 - may be <stdin>


def _is_own_bug(error: BaseException, frames: list[TracebackType], place: TracebackType) -> bool:
    """Whether cfngen, called from the author's line, failed without meaning to."""
    own = _own_frames(frames, place)
    # A pattern hands on what it was given, so what is refused of that is the author's affair.
    if not own or own[-1].tb_frame.f_code.co_filename.startswith(PATTERNS):
        return False
    # What cfngen names in troposphere is its own affair, what it hands on is the author's.
    innermost = frames[-1].tb_frame.f_code.co_filename
    return not is_complaint(error) or (
        isinstance(error, AttributeError) and not innermost.startswith(OWN)
    )


def _own_frames(frames: list[TracebackType], place: TracebackType) -> list[TracebackType]:
    """Return the frames of cfngen below the author's line."""
    inside = frames[frames.index(place) + 1 :]
    files = [(frame, frame.tb_frame.f_code.co_filename) for frame in inside]
    return [frame for frame, file in files if file.startswith(OWN) and file != WRAPPERS]


def _innermost(frames: list[TracebackType], directory: str) -> TracebackType | None:
    """Return the last frame of the author's own code."""
    return next(
        (
            frame
            for frame in reversed(frames)
            if _is_below(frame.tb_frame.f_code.co_filename, directory)
        ),
        None,
    )


def _place(frame: TracebackType) -> tuple[str, int]:
    return frame.tb_frame.f_code.co_filename, frame.tb_lineno


@cache
def _is_below(file: str, directory: str) -> bool:
    """Whether a file belongs to a package, and not to one that is installed below it."""
    path, top = Path(file).resolve(), Path(directory).resolve()
    if not path.is_relative_to(top) or str(path).startswith(OWN):
        return False
    return not any(part in PACKAGES for part in path.relative_to(top).parts)


@cache
def _is_library(file: str) -> bool:
    """Whether a file is of Python, or of an installed package."""
    stdlib = str(Path(os.__file__).resolve().parent)
    path = Path(file).resolve()
    return (
        file.startswith("<")
        or str(path).startswith((OWN, stdlib + os.sep))
        or any(part in PACKAGES for part in path.parts)
    )
