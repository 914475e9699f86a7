"""Works out the intrinsic functions of CloudFormation as far as their arguments are known."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cfngen.cloudformation.conditions import Conditions, equal, short_text
from cfngen.cloudformation.mappings import differing_cells
from cfngen.cloudformation.placeholders import NOTHING_MASKED, Masked
from cfngen.cloudformation.text import (
    NAME,
    AnyText,
    Part,
    Ref,
    Text,
    digest,
    join,
    part_length,
    parts_of,
    reference,
    unknown,
)
from cfngen.cloudformation.values import (
    argument_text,
    canonical,
    flat,
    has_functions,
    is_known,
    references,
    scalar,
)

SUB = re.compile(r"\$\{(!?)([^}]*)\}")
NO_VALUE = {"Ref": "AWS::NoValue"}
NOTHING: Any = object()  # what `AWS::NoValue` leaves, once an `Fn::If` is decided
MAX_TEXT = 1_000_000  # characters of one text: no template may have more in it
MAX_UNKNOWN = 50_000  # characters of a function that is left for deploy time, written out


@dataclass(frozen=True)
class OtherSide:
    """What of the other side of a review counts for what values mean.

    `mappings` are its own; `names` has what conditions are called that both sides have, by the
    names that they have on this side.
    """

    mappings: Mapping[str, Any] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)


NO_OTHER_SIDE = OtherSide()


class Resolver:
    """Works out the values of one template.

    `changed` names the conditions and mappings that are not the same on both sides of a review:
    what depends on them carries their meaning, so that it is seen to change with them.
    `parameters` are those whose value is known, as resolved values: what an outer template passes
    to this one. An attribute that is known, such as an output of a nested stack, is among them as
    `Name.Attribute`. `outer` has what stands in the text of this template, if it is inside of
    another, for references of the outer's: they refer to nothing of this one. `other` is the other
    side of a review.
    """

    def __init__(
        self,
        mappings: dict[str, Any],
        conditions: dict[str, Any],
        changed: frozenset[str] = frozenset(),
        parameters: Mapping[str, Any] | None = None,
        outer: Masked = NOTHING_MASKED,
        other: OtherSide = NO_OTHER_SIDE,
    ) -> None:
        """Keep the sections that values refer to, as plain data."""
        self.other = other
        self.outer = outer
        self.parameters = parameters or {}
        self._flat = {name: flat(value) for name, value in self.parameters.items()}
        self.mappings = mappings
        self.conditions = Conditions(conditions, self.resolve, changed, other.names)
        self.changed = changed
        # Arguments, which are kept so that no other gets their place, and what functions make of
        # them. What is asked for again on each level would take twice as long with each.
        self._results: dict[tuple[str, int], tuple[Any, Any]] = {}
        self._meanings: dict[tuple[AnyText, AnyText, AnyText], str] = {}

    def resolve(self, value: Any) -> Any:
        """Return a value with all functions worked out whose arguments are known.

        >>> from cfngen.cloudformation.values import shown
        >>> resolver = Resolver({"Sizes": {"prod": {"disk": 50}}}, {})
        >>> resolver.resolve({"Fn::FindInMap": ["Sizes", "prod", "disk"]})
        50
        >>> shown(resolver.resolve({"Fn::Join": ["-", ["a", {"Ref": "Stage"}]]}))
        'a-${Stage}'
        >>> resolver.resolve({"Fn::If": ["Large", 1, {"Ref": "AWS::NoValue"}]})
        {'Fn::If': ['Large', 1, None]}
        """
        resolved = self._value(value)
        return None if resolved is NOTHING else resolved

    def _value(self, value: Any) -> Any:
        if isinstance(value, dict):
            if len(value) == 1:
                ((name, argument),) = value.items()
                if name == "Ref":
                    return self._ref(argument)
                if isinstance(name, str) and name.startswith("Fn::"):
                    return self._function(name, argument)
            items = (
                (self.outer.restored_key(str(key)), self._value(item))
                for key, item in value.items()
            )
            return {key: item for key, item in items if item is not NOTHING}
        if isinstance(value, list):
            return [item for item in map(self._value, value) if item is not NOTHING]
        if isinstance(value, str):
            return self.outer.restored_text(value)
        return value

    def _ref(self, argument: Any) -> Any:
        """Return a reference; with `AWS::LanguageExtensions`, its name may be a function."""
        if argument == "AWS::NoValue":
            return NOTHING
        name = self.resolve(argument)
        if not isinstance(name, str):
            return {"Ref": name}
        return self.parameters[name] if name in self.parameters else reference(name)

    def _function(self, name: str, argument: Any) -> Any:
        key = name, id(argument)
        if key not in self._results:
            self._results[key] = argument, self._called(name, argument)
        return self._results[key][1]

    def _called(self, name: str, argument: Any) -> Any:
        function = {
            "Fn::GetAtt": self._get_att,
            "Fn::Sub": self._sub,
            "Fn::Join": self._join,
            "Fn::Select": self._select,
            "Fn::Split": self._split,
            "Fn::FindInMap": self._find_in_map,
            "Fn::If": self._if,
            "Fn::Equals": self._equals,
            "Fn::ToJsonString": self._to_json_string,
            "Fn::Length": self._length,
        }.get(name)
        result = function(argument) if function else None
        return self._unknown(name, argument) if result is None else result

    def _unknown(self, name: str, argument: Any) -> Any:
        resolved = self.resolve(argument)
        if name in ("Fn::Base64", "Fn::Transform", "Fn::And", "Fn::Or", "Fn::Not", "Fn::Equals"):
            return {name: resolved}
        text = argument_text(resolved)
        if name == "Fn::GetAZs" and text == "":  # is the same, says its page
            text = reference("AWS::Region")
        if sum(map(part_length, parts_of(text))) > MAX_UNKNOWN:
            names = sorted(f"{name}.{of}".rstrip(".") for name, of in references([text]))
            spaced = [part for name in names for part in (" ", reference(name))]
            return unknown(name, f"{digest(canonical(text))} of", *spaced)
        return unknown(name, text)

    def _get_att(self, argument: Any) -> Any:
        parts = argument.split(".", 1) if isinstance(argument, str) else argument
        if isinstance(parts, list) and len(parts) >= 2:
            name, *rest = (self.resolve(part) for part in parts)
            dotted = (part for item in rest for part in (".", scalar(item)))
            attribute = join([*dotted][1:])
            if isinstance(name, str):
                if isinstance(attribute, Text):
                    return Text((Ref(name, attribute),)) if NAME.fullmatch(name) else None
                value = self.parameters.get(f"{name}.{attribute}")
                return reference(f"{name}.{attribute}") if value is None else value
        return None

    def _sub(self, argument: Any) -> Any:
        text, own = argument, {}
        if isinstance(argument, list) and len(argument) == 2 and isinstance(argument[1], dict):
            text, own = argument
        if not isinstance(text, str):
            return None

        values = self._flat | {name: flat(self.resolve(value)) for name, value in own.items()}
        parts: list[Part | Text] = []
        for part in parts_of(self.outer.restored_text(text)):
            parts += self._substituted(part, values) if isinstance(part, str) else [part]
        return join(parts) if sum(map(_length, parts)) <= MAX_TEXT else None

    def _substituted(self, text: str, values: Mapping[str, AnyText]) -> list[Part | Text]:
        last = text.rfind("}") + 1  # without a brace behind them, many `${` would take long
        parts: list[Part | Text] = []
        start = length = 0
        for match in SUB.finditer(text, 0, last):
            name = match[2].strip()
            parts.append(text[start : match.start()])
            if match[1]:
                parts.append(f"${{{match[2]}}}")
            else:
                parts.append(values[name] if name in values else reference(name))
            start = match.end()
            length += _length(parts[-1])
            if length > MAX_TEXT:
                break
        return [*parts, text[start:]]

    def _to_json_string(self, argument: Any) -> AnyText | None:
        resolved = self.resolve(argument)
        return None if has_functions(resolved) else flat(resolved)

    def _length(self, argument: Any) -> int | None:
        resolved = self.resolve(argument)
        return len(resolved) if isinstance(resolved, list) and is_known(resolved) else None

    def _join(self, argument: Any) -> Any:
        if not (isinstance(argument, list) and len(argument) == 2):
            return None
        delimiter, items = argument[0], self.resolve(argument[1])
        if not (isinstance(delimiter, str) and isinstance(items, list)):
            return None
        between = self.outer.restored_text(delimiter)
        return join([part for item in items for part in (between, flat(item))][1:])

    def _select(self, argument: Any) -> Any:
        if not (isinstance(argument, list) and len(argument) == 2):
            return None
        index, items = str(argument[0]), self.resolve(argument[1])
        if isinstance(items, list) and index.isdecimal() and int(index) < len(items):
            return items[int(index)]
        return None

    def _split(self, argument: Any) -> Any:
        if not (isinstance(argument, list) and len(argument) == 2):
            return None
        delimiter, text = argument[0], self.resolve(argument[1])
        if isinstance(delimiter, str) and delimiter and isinstance(text, str):
            return text.split(delimiter)
        return None

    def _find_in_map(self, argument: Any) -> Any:
        if not (isinstance(argument, list) and len(argument) in (3, 4)):
            return None
        keys = [self.resolve(key) for key in argument[:3]]
        if not all(isinstance(key, str | int | Text) for key in keys):
            return None
        name, first, second = map(scalar, keys)
        table = self.mappings.get(name) if isinstance(name, str) else None
        if isinstance(table, dict):
            rows = {str(key): row for key, row in table.items()}
            row = rows.get(str(first))
            if isinstance(row, dict) and second in row:
                return self.resolve(row[second])
        key = name, first, second
        if key not in self._meanings:
            cells = differing_cells(self.mappings, self.other.mappings, self.changed, key)
            self._meanings[key] = f" of {short_text(self.resolve(cells))}" if cells else ""
        of = self._meanings[key]
        others = [flat(self.resolve(default)) for default in argument[3:]]
        listed = [part for key in (first, second, *others) for part in (", ", key)]
        return unknown("Fn::FindInMap", name, *listed, of)

    def _if(self, argument: Any) -> Any:
        if not (isinstance(argument, list) and len(argument) == 3):
            return None
        condition = argument[0]
        branches = [self._value(branch) for branch in argument[1:]]
        if branches[0] == branches[1]:
            return branches[0]
        truth = self.truth(condition)
        if truth is not None:
            return branches[0 if truth else 1]
        name = self.condition(condition) if isinstance(condition, str) else self.resolve(condition)
        return {
            "Fn::If": [
                name,
                *(None if alternative is NOTHING else alternative for alternative in branches),
            ]
        }

    def condition(self, name: str) -> str:
        """Return the name of a condition; with its meaning, if that differs between the sides."""
        return self.conditions.described(name)

    def truth(self, condition: Any) -> bool | None:
        """Return whether a condition holds; `None` if that is known only at deploy time.

        >>> resolver = Resolver({}, {"Prod": {"Fn::Equals": ["a", "a"]}})
        >>> resolver.truth("Prod"), resolver.truth({"Fn::Not": [{"Condition": "Prod"}]})
        (True, False)
        >>> Resolver({}, {"Prod": {"Fn::Equals": [{"Ref": "Stage"}, "a"]}}).truth("Prod") is None
        True
        """
        return self.conditions.truth(condition)

    def _equals(self, argument: Any) -> bool | None:
        return equal(argument, self.resolve)


def _length(part: Part | Text) -> int:
    return len(part) if isinstance(part, str | Text) else part_length(part)
