"""Texts of which a part is known only to the deployment: references stand in them as objects.

What is known is a plain `str`; a `Text` always has something that only a deployment can replace.
So no text of a template, whatever its characters, can be taken for a reference.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from json.encoder import encode_basestring_ascii as quoted

NAME = re.compile(r"([A-Za-z0-9:]+)(?:\.([A-Za-z0-9.:]+))?")


@dataclass(frozen=True)
class Ref:
    """A reference by a name of the template; its attribute may itself be known only later."""

    name: str
    attribute: str | Text = ""

    @cached_property
    def written(self) -> str:
        """What stands in the braces of `${...}`, for a person."""
        return f"{self.name}.{readable_text(self.attribute)}" if self.attribute else self.name

    @property
    def key(self) -> str:
        """A text that no other part has."""
        return f"${quoted(self.name)}.{text_key(self.attribute)}"


@dataclass(frozen=True)
class Unknown:
    """A function that is left for deploy time, with its argument; or whatever equals only itself.

    The latter has no `function`.
    """

    function: str
    argument: tuple[Part, ...] = ()

    @cached_property
    def _hash(self) -> int:
        return hash((self.function, self.argument))

    def __hash__(self) -> int:
        """Return a hash that is worked out once, whatever is inside."""
        return self._hash

    @cached_property
    def written(self) -> str:
        """What stands in the braces of `${...}`, for a person."""
        return " ".join((*([self.function] if self.function else ()), _written(self.argument)))

    @cached_property
    def key(self) -> str:
        """A text that no other part has."""
        return f"${quoted(self.function)}{_key(self.argument)}"

    @cached_property
    def length(self) -> int:
        """The characters of it, those that are in functions inside of it included."""
        return len(self.function) + sum(map(part_length, self.argument))


Part = str | Ref | Unknown


@dataclass(frozen=True)
class Text:
    """A text with at least one reference or function in it that is left for deploy time.

    Its methods are those of `str` that hold whatever the deployment puts there.
    """

    parts: tuple[Part, ...]

    @cached_property
    def _hash(self) -> int:
        return hash(self.parts)

    def __hash__(self) -> int:
        """Return a hash that is worked out once, whatever is inside."""
        return self._hash

    @cached_property
    def key(self) -> str:
        """A text that is the same for equal texts, and for no others."""
        return _key(self.parts)

    @cached_property
    def readable(self) -> str:
        """The text with its references written `${Name}`, as in `Fn::Sub`."""
        return _written(self.parts)

    def __str__(self) -> str:
        """Return it for a person."""
        return self.readable

    def __len__(self) -> int:
        """Return the characters of it, as far as they are known."""
        return sum(map(part_length, self.parts))

    def __lt__(self, other: str | Text) -> bool:
        """Whether it stands before another where texts are sorted."""
        return self.readable < str(other)

    def __gt__(self, other: str | Text) -> bool:
        """Whether it stands behind another where texts are sorted."""
        return self.readable > str(other)

    @property
    def beginning(self) -> str:
        """What is known to stand at the beginning."""
        return self.parts[0] if isinstance(self.parts[0], str) else ""

    @property
    def literals(self) -> Iterator[str]:
        """What is known of it, around what is not."""
        return (part for part in self.parts if isinstance(part, str))

    @property
    def alone(self) -> Ref | Unknown | None:
        """The one reference or function that the whole text is, if it is one."""
        part = self.parts[0]
        return part if len(self.parts) == 1 and not isinstance(part, str) else None

    def startswith(self, prefixes: str | tuple[str, ...]) -> bool:
        """Whether it certainly begins with a text, or one of several."""
        return self.beginning.startswith(prefixes)

    def endswith(self, suffixes: str | tuple[str, ...]) -> bool:
        """Whether it certainly ends with a text, or one of several."""
        last = self.parts[-1]
        return isinstance(last, str) and last.endswith(suffixes)

    def lower(self) -> Text:
        """Return it with what is known in lower case."""
        return Text(tuple(part.lower() if isinstance(part, str) else part for part in self.parts))

    def upper(self) -> Text:
        """Return it with what is known in upper case."""
        return Text(tuple(part.upper() if isinstance(part, str) else part for part in self.parts))


AnyText = str | Text


def join(parts: Iterable[Part | Text]) -> AnyText:
    """Return parts as one text, a plain one if all of it is known.

    >>> join(["a", "-", "b"])
    'a-b'
    >>> join(["a-", reference("Stage"), join(["-", "b"])]).parts
    ('a-', Ref(name='Stage', attribute=''), '-b')
    """
    merged: list[Part] = []
    literals: list[str] = []
    for item in parts:
        for part in item.parts if isinstance(item, Text) else (item,):
            if isinstance(part, str):
                literals.append(part)
                continue
            if before := "".join(literals):
                merged.append(before)
            literals.clear()
            merged.append(part)
    last = "".join(literals)
    if not merged:
        return last
    return Text((*merged, last) if last else tuple(merged))


def reference(name: str) -> Text:
    """Return a reference as `Fn::Sub` has it: to a name, or an attribute of one.

    >>> reference("Bucket.Arn").parts
    (Ref(name='Bucket', attribute='Arn'),)
    """
    match = NAME.fullmatch(name)
    return Text((Ref(match[1], match[2] or "") if match else Unknown("", (name,)),))


def unknown(function: str, *argument: Part | Text) -> Text:
    """Return a function that is left for deploy time."""
    text = join(argument)
    parts = text.parts if isinstance(text, Text) else (text,) if text else ()
    return Text((Unknown(function, parts),))


def parts_of(text: AnyText) -> tuple[Part, ...]:
    """Return the parts of a text, whether all of it is known or not."""
    return text.parts if isinstance(text, Text) else (text,)


def elements(text: AnyText) -> Iterator[Part]:
    """Yield the characters of a text, each reference as one of them.

    >>> list(elements(join(["a:", reference("AWS::Region")])))
    ['a', ':', Ref(name='AWS::Region', attribute='')]
    """
    for part in parts_of(text):
        if isinstance(part, str):
            yield from part
        else:
            yield part


def split(text: AnyText, separator: str, limit: int) -> list[AnyText]:
    """Return what stands between separators, `limit` of which count; none in references does.

    >>> [*map(str, split(join(["a:", reference("AWS::Region"), ":b:c"]), ":", 2))]
    ['a', '${AWS::Region}', 'b:c']
    """
    pieces: list[list[Part]] = [[]]
    for part in parts_of(text):
        if isinstance(part, str):
            first, *rest = part.split(separator, limit + 1 - len(pieces))
            pieces[-1].append(first)
            pieces += [[piece] for piece in rest]
        else:
            pieces[-1].append(part)
    return [*map(join, pieces)]


def readable_text(text: AnyText) -> str:
    """Return a text for a person: references as `Fn::Sub` writes them."""
    return text.readable if isinstance(text, Text) else text


def text_key(text: AnyText) -> str:
    """Return a text that is the same for equal texts, and for no others."""
    return text.key if isinstance(text, Text) else quoted(text)


def part_length(part: Part) -> int:
    """Return the characters of a part, as far as they are known."""
    if isinstance(part, str):
        return len(part)
    return part.length if isinstance(part, Unknown) else len(part.name)


def inner_parts(part: Ref | Unknown) -> tuple[Part, ...]:
    """Return the parts that are inside of a reference or function."""
    if isinstance(part, Unknown):
        return part.argument
    return part.attribute.parts if isinstance(part.attribute, Text) else ()


def digest(text: str) -> str:
    """Return a short digest, which stands for a text that is too long."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _written(parts: tuple[Part, ...]) -> str:
    return "".join(
        part.replace("${", "${!") if isinstance(part, str) else f"${{{part.written}}}"
        for part in parts
    )


def _key(parts: tuple[Part, ...]) -> str:
    inner = ",".join(quoted(part) if isinstance(part, str) else part.key for part in parts)
    return f"({inner})"
