"""Keeps one comment on a pull request that says what cfngen review says of it.

This is what the integrations share: which comment is theirs, when it is written, what is tried
again and what is printed. A file of each forge has its API. It needs nothing but Python, and is run
with `python3 -I`, so that nothing of the checkout is imported.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import quote

from forge_api import ForgeError, SomebodyElsesError, UnavailableError

MARKER = "<!-- cfngen review -->"
TRIES = 3
MAX_WAIT = 90  # seconds; the limits that forges have are by the minute


@dataclass(frozen=True)
class Comment:
    """A comment as the forge has it.

    Attributes:
        key: what the forge calls it by.
        author: who wrote it, in the form of Forge.writer().
        text: all of it.
        link: where people see it.
    """

    key: str
    author: object
    text: str
    link: str = ""


class Forge:
    """The comments of one pull request. A subclass has the API of one forge."""

    name: ClassVar[str]
    noun: ClassVar[str] = "comment"
    max_length: ClassVar[int] = sys.maxsize  # characters of a comment
    forbidden: ClassVar[tuple[int, ...]] = ()  # statuses of a token that may not write, as a fork's
    marker: str = MARKER  # first line of the comment
    end: str = ""  # what it ends with
    secrets: tuple[str, ...] = ()  # never printed

    def __init__(self, environment: Mapping[str, str]) -> None:
        """Learn from an environment where the API is and what it is asked about.

        Raises:
            ValueError: something of it is missing or wrong.
        """
        raise NotImplementedError

    def writer(self) -> object:
        """Return who writes."""
        raise NotImplementedError

    def comments(self) -> Iterator[Comment]:
        """Yield the comments that are there; the first that is ours is the one to update."""
        raise NotImplementedError

    def add(self, text: str) -> Comment:
        """Write a comment."""
        raise NotImplementedError

    def update(self, comment: Comment, text: str) -> None:
        """Write a comment anew."""
        raise NotImplementedError

    def body(self, text: str) -> str:
        """Return the comment with a review's text in it."""
        return f"{self.marker}\n{text}{self.end}"

    def stranger(self, comment: Comment) -> str:  # noqa: ARG002
        """Return the warning that a comment came out as somebody else's, if that can be."""
        return ""

    @staticmethod
    def report(kind: str, message: str) -> None:
        """Print an error, a warning or a notice, on one line."""
        program = Path(sys.argv[0]).name
        line = " ".join("".join(c if c.isprintable() else " " for c in message).split())
        sys.stderr.write(f"{program}: {'' if kind == 'error' else f'{kind}: '}{line}\n")


def keep(forge: Forge, text: str, *, silent: bool) -> str:
    """Write the comment and return what was done.

    Somebody else's comment is never updated, whatever it begins with.

    Args:
        forge: where.
        text: the review.
        silent: whether there is no need for a comment where there is none yet.
    """
    body = forge.body(text)
    if len(body) > forge.max_length:
        raise ValueError(
            f"the {forge.noun} has {len(body)} characters; {forge.name} takes {forge.max_length}"
        )
    old = _earlier(forge)
    if old:
        if _lines(old.text) == _lines(body):
            return f"the {forge.noun} says so already"
        try:
            forge.update(old, body)
        except SomebodyElsesError:
            pass
        else:
            return f"updated {old.link or f'the {forge.noun}'}"
    elif silent:
        return f"nothing changes, and there is no {forge.noun}"
    added = forge.add(body)
    if warning := forge.stranger(added):
        forge.report("warning", warning)
    return f"wrote {added.link or f'a {forge.noun}'}"


def _earlier(forge: Forge) -> Comment | None:
    """Return the comment that this token's user has written here, if there is one."""
    writer: object = None
    for comment in forge.comments():
        if _lines(comment.text)[:1] == [forge.marker]:
            writer = writer or forge.writer()  # not looked up where nothing looks like ours
            if comment.author == writer:
                return comment
    return None


def _lines(text: str) -> list[str]:
    """Return what a text says; some forges change how lines end."""
    return text.rstrip().splitlines()


def is_silent(review: Mapping[str, Any]) -> bool:
    """Whether a review says that nothing changes, and that nothing was left unknown."""
    return review.get("stacks") == [] and review.get("unknowns") == []


def main(kind: type[Forge], environment: Mapping[str, str], arguments: Sequence[str]) -> int:
    """Keep the comment; return 0, also where it may not be written, or 2.

    Args:
        kind: the forge.
        environment: what it is told.
        arguments: `--check`, which only looks at the variables, or the files of the review: its
            text and its JSON.
    """
    secrets: tuple[str, ...] = ()

    def fail(error: Exception) -> int:
        message = f"the {kind.noun} could not be written: {error}"
        kind.report("error", redacted(message, secrets))
        return 2

    try:
        forge = kind(environment)
        secrets = forge.secrets
        if arguments == ["--check"]:
            return 0
        text, review = (Path(name).read_text(encoding="utf-8") for name in arguments)
        silent = is_silent(json.loads(review))
        done = _persistently(lambda: keep(forge, text, silent=silent))
    except ForgeError as error:
        if error.status not in kind.forbidden:
            return fail(error)
        notice = f"The token may not write a {kind.noun} here ({error}); the log has the review."
        kind.report("notice", redacted(notice, secrets))
        return 0
    except (ValueError, OSError) as error:
        return fail(error)
    sys.stdout.write(f"cfngen review: {redacted(done, secrets)}\n")
    return 0


def _persistently(action: Callable[[], str]) -> str:
    """Do something again while the forge is down or busy.

    All of it is done again, the looking up too, so that what was written after all is not written
    twice.
    """
    for left in reversed(range(TRIES)):
        try:
            return action()
        except UnavailableError as error:
            wait = TRIES - left if error.wait is None else error.wait
            if wait > MAX_WAIT:
                raise ForgeError(f"{error}; it may be asked again in {wait:.0f} s") from None
            if not left:
                raise
            time.sleep(wait)
    raise AssertionError("the last attempt returns or raises")


def redacted(text: str, secrets: Sequence[str]) -> str:
    """Return a text without what nobody may read."""
    for secret in filter(None, secrets):
        for spelling in (secret, quote(secret, safe=""), quote(secret)):
            text = text.replace(spelling, "***")
    return text
