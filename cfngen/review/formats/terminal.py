"""Lines of a terminal as a type: what a terminal or a log would obey is spelled out in them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from cfngen.escaping import escape_controls, escape_line
from cfngen.review.formats.columns import broken, columns, folded
from cfngen.review.formats.written import Written

Style = Callable[..., str]

SIGN_COLOURS = {
    "+": "green", "-": "red", "~": "yellow", "→": "cyan", "-/+": "red", "-/+?": "yellow",
    "!": "red",
}  # fmt: skip
MIN_COLUMNS = 16  # that a text is folded to, whatever its margin


class Line(Written):
    """A line of a terminal, or a part of one."""

    __slots__ = ()

    @classmethod
    def escaped(cls, text: str) -> str:
        """Return a text on one line, in which nothing is hidden."""
        return escape_controls(text)


NOTHING = Line("")


def joined(parts: Iterable[str], separator: str = "") -> Line:
    """Return parts as a line, one after the other."""
    return Line(separator).join(parts)


def margin_of(width: int) -> Line:
    """Return as many spaces."""
    return Line(" " * width)


def padded(text: str, width: int) -> Line:
    """Return a text with spaces behind it up to some width."""
    line = Line.escape(text)
    return line + margin_of(width - columns(line))


class LinePrinter:
    """Lines of a terminal, with a width and colours."""

    def __init__(self, style: Style, width: int) -> None:
        """Take a style, such as `click.style`, and so many columns."""
        self._style = style
        self.width = width

    def style(self, text: str, **colours: object) -> Line:
        """Return a text in colours."""
        return Line(self._style(Line.escape(text), **colours))

    def folded(self, text: str, margin: int, **colours: object) -> Iterator[Line]:
        """Yield a text in lines behind a margin."""
        for line in self.wrapped(text, margin):
            yield margin_of(margin) + self.style(line, **colours)

    def wrapped(self, text: str, margin: int) -> list[Line]:
        """Return a text in lines that leave room for a margin."""
        return [*map(Line, folded(Line.escape(text), max(self.width - margin, MIN_COLUMNS)))]

    def grouped(self, text: str, **colours: object) -> Iterator[Line]:
        """Yield a text in lines that end only between its groups, which ` · ` parts."""
        together = Line.escape(text).replace(" ", "\0").replace("\0·\0", " · ")
        for line in folded(together, max(self.width, MIN_COLUMNS)):
            yield self.style(line.replace("\0", " "), **colours)

    def coloured(self, lines: Sequence[str], margin: int) -> Iterator[Line]:
        """Yield lines of a diff, the long ones in pieces."""
        for line in lines:
            colour = SIGN_COLOURS.get(line[:1]) if line[:3] not in ("---", "+++") else None
            colours = {"fg": "cyan" if line.startswith("@@") else colour}
            text = escape_line(line).expandtabs(4)
            first, *rest = broken(text, max(self.width - margin, MIN_COLUMNS))
            yield margin_of(margin) + self.style(first, **colours)
            for piece in broken("".join(rest), max(self.width - margin - 3, MIN_COLUMNS)):
                if piece:
                    yield margin_of(margin + 3) + self.style(piece, **colours)
