"""A buildspec that CodeBuild would refuse for its length is refused before it is deployed."""

from __future__ import annotations

import pytest

from cfngen.errors import PayloadError
from cfngen.patterns.buildspec import MAX_CHARACTERS, buildspec

TEXT = "version: 0.2\nphases:\n  build:\n    commands:\n      - python3 tool.py\n"


def program(characters: int) -> str:
    """Return a program of so many characters."""
    return "#" * (characters - 1) + "\n"


def test_the_limit_leaves_some_of_what_codebuild_takes() -> None:
    """CodeBuild takes 25,600 characters of a project's own buildspec, which it says nowhere."""
    assert MAX_CHARACTERS == 25_000


def test_the_last_character_that_fits_is_carried_and_the_next_is_not() -> None:
    """Files count, with all that the buildspec puts around them; the message says what to do."""
    around = len(buildspec(TEXT, {"tool.py": program(2)})) - 2
    assert len(buildspec(TEXT, {"tool.py": program(MAX_CHARACTERS - around)})) == MAX_CHARACTERS
    with pytest.raises(PayloadError) as refused:
        buildspec(TEXT, {"tool.py": program(MAX_CHARACTERS - around + 1)})
    message = str(refused.value)
    assert "has 25,001 characters, of at most 25,000" in message
    assert "an archive in S3" in message


def test_a_text_that_carries_nothing_is_counted_as_well() -> None:
    """A long buildspec is as long by itself."""
    with pytest.raises(PayloadError, match="characters, of at most 25,000"):
        buildspec(TEXT + program(25_000))
