"""What a rule looks at that is about the comparison itself, and about no single template."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass

MAX_NAMED = 3  # directories


@dataclass(frozen=True)
class UnreadableText:
    """A template that cannot be read on one side, and is not the same on both."""

    name: str
    file: str  # as a person would type it
    side: str  # what that side is called
    error: str  # why it cannot be read
    refused: bool  # whether it is head's, and CloudFormation cannot read it either


class Doubt(enum.StrEnum):
    """Why a file could hide a change."""

    LEFT_OUT = "left out"  # it was not read, or is nothing that can be
    AMBIGUOUS = "ambiguous"  # nobody knows which of several new files it has become
    LEFT_BEHIND = "left behind"  # in the directory that was the output directory


@dataclass(frozen=True)
class UncomparedFile:
    """A file that may be a template, and was not compared."""

    file: str  # as a person would type it
    doubt: Doubt
    side: str = ""  # what the side is called that has it
    reason: str = ""  # for which it was left out
    accepted_as: str = ""  # by what name the project can accept it; not where a template was
    candidates: tuple[str, ...] = ()  # the files that it may have become


@dataclass(frozen=True)
class EmptySide:
    """A side without a template, where the other has some."""

    directory: str  # as a person would type it
    described: str  # the same, with the revision that it is in
    elsewhere: tuple[str, ...] = ()  # the directories of that side which do have templates
    other: str = ""  # what the other side is called, if this one is head
    count: int = 0  # how many templates that has


@dataclass(frozen=True)
class ComparisonFacts:
    """What could not be compared, of all templates and files of both sides."""

    unreadable: tuple[UnreadableText, ...] = ()
    uncompared: tuple[UncomparedFile, ...] = ()
    empty: tuple[EmptySide, ...] = ()


NOTHING_MORE = ComparisonFacts()


def some_directories(directories: Sequence[str]) -> str:
    """Return the first of some directories, and how many more there are.

    >>> some_directories(["a/", "b/", "c/", "d/", "e/"])
    'a/, b/, c/ and 2 more directories'
    """
    more = len(directories) - MAX_NAMED
    rest = f" and {more} more directories" if more > 0 else ""
    return f"{', '.join(directories[:MAX_NAMED])}{rest}"
