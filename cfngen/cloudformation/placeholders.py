"""Words in place of references, for texts that a parser of JSON or YAML has to read first."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from cfngen.cloudformation.text import (
    AnyText,
    Part,
    digest,
    join,
    parts_of,
    readable_text,
    text_key,
)


@dataclass(frozen=True)
class Masked:
    """A text without references, and how to give them back to what is read from it."""

    text: str
    mark: str = ""  # what each word begins with
    parts: Mapping[str, Part] = field(default_factory=dict)

    @property
    def marked(self) -> tuple[str, Mapping[str, Part]]:
        """What is equal where equal texts have equal references."""
        return self.mark, self.parts

    def restored_text(self, text: str) -> AnyText:
        """Return a text that was read, with its references."""
        if not self.parts or self.mark not in text:
            return text
        pieces = re.split(rf"{self.mark}\(([^()]*)\)", text)
        return join(
            self.parts.get(piece, piece) if number % 2 else piece
            for number, piece in enumerate(pieces)
        )

    def restored_key(self, key: str) -> str:
        """Return a key that was read; a reference in it is written as for people."""
        return readable_text(self.restored_text(key))

    def restored(self, value: Any) -> Any:
        """Return data that was read, with its references."""
        if not self.parts:
            return value
        if isinstance(value, str):
            return self.restored_text(value)
        if isinstance(value, dict):
            return {self.restored_key(key): self.restored(item) for key, item in value.items()}
        return [self.restored(item) for item in value] if isinstance(value, list) else value


NOTHING_MASKED = Masked("")


def masked(
    text: AnyText,
    label: Callable[[Part], str] | None = None,
    replacement: Callable[[Part], Part] = lambda part: part,
) -> Masked:
    """Return a text with a word for each reference, which nothing else in the text can be read as.

    Args:
        text: what is to be read.
        label: what a word has in it of a reference; letters, digits, colons, dots, spaces.
        replacement: what to give back instead of a reference.

    >>> from cfngen.cloudformation.text import reference
    >>> both = masked(join(['{"ref0": "', reference("Topic"), '"}']))
    >>> both.text
    '{"ref0": "ref00(0)"}'
    >>> both.restored({"ref0": "ref00(0)"})["ref0"].readable
    '${Topic}'
    """
    if isinstance(text, str):
        return Masked(text)
    literal = "".join(text.literals)
    mark = f"ref{digest(text_key(text))}"  # a text cannot contain its own digest, however escaped
    if "\\" not in literal:  # the same one before and after a change elsewhere in the text
        mark = "ref0" + max(re.findall("ref(0*)", literal), key=len, default="")
    parts: dict[str, Part] = {}
    pieces: list[str] = []
    numbers: dict[Part, str] = {}
    for part in parts_of(text):
        if isinstance(part, str):
            pieces.append(part)
            continue
        name = label(part) if label else numbers.setdefault(part, str(len(numbers)))
        parts[name] = replacement(part)
        pieces.append(f"{mark}({name})")
    return Masked("".join(pieces), mark, parts)
