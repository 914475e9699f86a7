"""The terminal: data goes to standard output, what is said about it to standard error."""

from __future__ import annotations

import os
import sys
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TextIO

import click

from cfngen.escaping import escape_controls, escape_lines

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

CLICK = os.path.dirname(click.__file__) + os.sep  # noqa: PTH120 - `--help` does without pathlib
TRACEBACK = "traceback"  # in the context of click


class HungUpError(Exception):
    """The reader of our output has gone, as after `| head`; that is no error."""


def traceback_option() -> click.Option:
    """Return the option `--traceback`, which notes in the context that tracebacks are wanted."""

    def note(ctx: click.Context, _param: click.Parameter, value: bool) -> None:  # noqa: FBT001
        ctx.meta[TRACEBACK] = value or ctx.meta.get(TRACEBACK, False)

    return click.Option(
        ["--traceback"],
        is_flag=True,
        expose_value=False,
        callback=note,
        envvar="CFNGEN_TRACEBACK",
        show_envvar=True,
        help="Show the Python traceback of an error.",
    )


def traceback_wanted() -> bool:
    """Whether the command that runs was given `--traceback`."""
    context = click.get_current_context(silent=True)
    return bool(context and context.meta.get(TRACEBACK))


def style(text: str, stream: Any, **styles: Any) -> str:
    """Colour text for a terminal, unless NO_COLOR asks for none (https://no-color.org)."""
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    if plain or stream is None or not stream.isatty():
        return text
    return click.style(text, **styles)


def terminal_width() -> int:
    """Return how many columns there are to print to; 100 where there is no terminal.

    More than 120 are not used: a line as long as that is hard to read.
    """
    import shutil

    if sys.stdout is None or not sys.stdout.isatty():
        return 100
    return min(shutil.get_terminal_size((100, 24)).columns, 120)


def out(text: str) -> None:
    """Write data, always in UTF-8.

    Raises:
        HungUpError: nobody reads any more, as after `| head`.
        click.ClickException: it cannot be written, because the disk is full, say.
    """
    try:
        click.echo(text.encode("utf-8", "backslashreplace"), nl=False)
    except BrokenPipeError:
        raise HungUpError from None
    except OSError as error:
        raise click.ClickException(f"standard output: {error.strerror}") from None


def say(text: str, **styles: Any) -> None:
    """Print a message on standard error, in a colour if that is a terminal.

    It is one line with its control characters escaped: the name of a file, say, can neither move
    the cursor nor begin a line of its own.
    """
    _write(style(escape_controls(text), sys.stderr, **styles))


def complain(error: BaseException, *, traceback: bool = False) -> None:
    """Say what is wrong, a line each, with the file and line of a blueprint where one is known.

    Args:
        error: the error; its notes are printed below it.
        traceback: whether to print the Python traceback that led to it as well.
    """
    prefix = style("error: ", sys.stderr, fg="red", bold=True)
    for problem in getattr(error, "problems", ()) or (str(error),):
        _write(f"{prefix}{escape_controls(problem)}")
    for note in getattr(error, "__notes__", ()):
        for line in escape_lines(note):
            _write(f"  {line}")
    if traceback:
        explode(error.__cause__ or error)


@contextmanager
def renamed_shown() -> Iterator[None]:
    """Show each line of a blueprint that uses an earlier name, once, while a command runs.

    Python's own way would print a `DeprecationWarning` only for code that is typed in, so that
    nobody would hear of the new name before the old one is gone. `python -W` goes first.
    """
    from cfngen.deprecation import RenamedWarning

    shown: set[str] = set()
    with warnings.catch_warnings():
        if not sys.warnoptions:
            warnings.simplefilter("always", RenamedWarning)
        usual = warnings.showwarning

        def show(
            message: Warning | str,
            category: type[Warning],
            filename: str,
            lineno: int,
            file: TextIO | None = None,
            line: str | None = None,
        ) -> None:
            if not issubclass(category, RenamedWarning):
                usual(message, category, filename, lineno, file, line)
                return
            from cfngen.paths import display_path

            text = f"{display_path(filename)}:{lineno}: {message}"
            if text not in shown:
                shown.add(text)
                prefix = style("warning: ", sys.stderr, fg="yellow", bold=True)
                _write(f"{prefix}{escape_controls(text)}; the next release drops the old name")

        warnings.showwarning = show
        yield


def refuse(error: click.ClickException) -> None:
    """Show what click has to say about the arguments, which may be anybody's."""
    message = error.format_message()
    if not isinstance(error, click.MissingParameter):  # which lists choices of ours, line by line
        message = escape_controls(message)
    error.format_message = lambda: message  # type: ignore[method-assign]
    error.show()


def explode(error: BaseException) -> None:
    """Show an exception as Python would, without the frames of the command line before it."""
    import traceback

    frames = error.__traceback__
    ours = True  # the first frame is the command's, those after it are click's
    while frames and frames.tb_next and (ours or _file(frames).startswith(CLICK)):
        frames, ours = frames.tb_next, False
    error.__traceback__ = frames
    for text in traceback.format_exception(error):
        for line in escape_lines(text):
            _write(line)


def _write(line: str) -> None:
    """Write a line whose control characters and log commands are escaped."""
    try:
        click.echo(line, err=True, color=True)
    except BrokenPipeError:
        raise HungUpError from None


def _file(frames: TracebackType) -> str:
    return frames.tb_frame.f_code.co_filename
