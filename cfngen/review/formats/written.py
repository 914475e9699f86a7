"""What a format is written in, as a type: every text that becomes a part of it is escaped."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Self


class Written(str):
    """A literal of ours, or what `escape`, `%`, `+` and `join` make of it and any texts.

    A format has a class of its own. What `str` itself makes of one, such as an f-string, is a text
    again, which is escaped where it is used; so forgetting is seen, and is never an injection. The
    type of `markupsafe` is much the same for HTML only, and takes three times as long.
    """

    __slots__ = ()

    @classmethod
    def escaped(cls, text: str) -> str:
        """Return what a text is written as."""
        raise NotImplementedError

    @classmethod
    def escape(cls, text: object) -> Self:
        """Return a text escaped; what is written already, as it is."""
        return text if isinstance(text, cls) else cls(cls.escaped(str(text)))

    def __mod__(self, parts: object) -> Self:
        """Return it with a part, or a tuple of them, for each `%s`."""
        cls = type(self)
        values = parts if isinstance(parts, tuple) else (parts,)
        # Most are written already; this runs for each part of a page.
        return cls(
            super().__mod__(tuple([v if type(v) is cls else cls.escaped(str(v)) for v in values]))
        )

    def __add__(self, other: str) -> Self:
        """Return it with another part behind."""
        return type(self)(str.__add__(self, self.escape(other)))

    def join(self, parts: Iterable[str]) -> Self:
        """Return parts with it between them."""
        cls = type(self)
        return cls(super().join([p if type(p) is cls else cls.escaped(str(p)) for p in parts]))

    def rstrip(self, characters: str | None = None, /) -> Self:
        """Return it without the space, or the characters, at its end."""
        return type(self)(super().rstrip(characters))
